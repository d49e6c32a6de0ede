"""Attention in one operation: torch's fused kernels, whose steps nobody sees.

Scores and weights are computed again from the very queries and keys that the kernel took; what it
returned is held against them when the record is built.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from attnviz.attention import scaled_scores, softmax_weights
from attnviz.recorder.drafts import (
    Draft,
    Ending,
    Part,
    kept,
    kind_of,
    precision_of,
    project,
    shared,
)
from attnviz.recorder.heads import heads_of_item
from attnviz.recorder.paths import unscaled
from attnviz.recorder.scores import UnrecordableError, split_term
from attnviz.recorder.tape import Node, Tape

KERNELS = "_scaled_dot_product_"
"""How the kernels behind ``torch.nn.functional.scaled_dot_product_attention`` are called."""


def draft_of_kernel(result: Node, name: str, item: int, tape: Tape) -> Ending:
    """Write down an attention that one kernel computed.

    Parameters
    ----------
    result
        What the kernel returned, ``[batch, head, query, d_v]``.
    name
        The module that made it.
    item
        Which item of the batch.
    tape
        What was computed before.

    Raises
    ------
    UnrecordableError
        If there was dropout inside the kernel, or an argument that is not known.
    UserError
        If the batch has fewer items.
    """
    if _given(result, "dropout_p", 0.0):
        raise UnrecordableError("its dropout is drawn inside a fused kernel and cannot be seen")
    query, key, value = (result.argument(part) for part in ("query", "key", "value"))
    blocks = heads_of_item(result.shape[:-2], None, None, item)
    n_heads, n_groups = result.shape[1], key.shape[1]
    shares = [head * n_groups // n_heads for head in range(n_heads)]
    groups = [item * n_groups + group for group in shares]
    asked, by_q = unscaled(query)
    answered, by_k = unscaled(key)
    q, k, v = kept(asked[item]), kept(answered[item, shares]), kept(value.value[item, shares])
    scale = _given(result, "scale", None)
    scale = by_q * by_k * (1 / math.sqrt(q.shape[-1]) if scale is None else float(scale))
    mask, bias = _mask_and_bias(result, item, q, k)
    scores = scaled_scores(q, k, scale, bias)
    draft = Draft(
        name=name,
        q=q,
        k=k,
        v=v,
        scale=scale,
        scores=scores,
        weights=softmax_weights(scores, mask),
        heads=kept(result.value[item]),
        mask=mask,
        kind=kind_of(query, key),
        precision=precision_of(query.value),
        bias=bias,
    )
    parts: dict[Part, tuple[Node, list[int]]] = {
        "q": (query, blocks),
        "k": (key, groups),
        "v": (value, groups),
    }
    project(draft, parts, tape)
    return Ending(draft, result, blocks)


def _given(result: Node, name: str, default: Any) -> Any:
    """Return an argument of a kernel; kernels have different ones."""
    try:
        return result.argument(name)
    except LookupError:
        return default


def _mask_and_bias(result: Node, item: int, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor | None]:
    shape = (len(q), q.shape[1], k.shape[1])
    hidden = torch.zeros(1, *shape[1:], dtype=torch.bool)
    if _given(result, "is_causal", False):
        hidden = ~torch.ones(shape[1:], dtype=torch.bool).tril()[None]
    added = _given(result, "attn_mask", None)
    added = _given(result, "attn_bias", None) if added is None else added
    biases = []
    if isinstance(added, Node):
        for hides, bias in split_term(added):
            of_item = [
                part.expand(*result.shape[:2], *shape[1:])[item].cpu()
                for part in (hides, bias)
                if part is not None
            ]
            hidden = hidden | of_item[0]
            biases += of_item[1:]
    bias = torch.stack(biases).sum(dim=0) if biases else None
    return shared(~hidden), None if bias is None else shared(bias).contiguous()
