"""torch's own layers in evaluation: a whole attention, or a whole encoder layer, in one operation.

Such an operation takes the input and the matrices and returns the output. Every step between is
computed again by the equations, and the last one is held against what the operation returned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from attnviz.attention import MultiHeadAttention, multi_head_attention
from attnviz.errors import TensorError, UserError
from attnviz.recorder.drafts import Draft, Projection, kept, precision_of, shared
from attnviz.recorder.scores import UnrecordableError
from attnviz.recorder.tape import Node
from attnviz.records import Precision
from attnviz.records.checks import TOLERANCES

_ENCODER_LAYER = "_transformer_encoder_layer_fwd"

LAYERS = frozenset({"_native_multi_head_attention", _ENCODER_LAYER})
"""The operations that are an attention with its four matrices, or an encoder layer."""


def draft_of_layer(result: Node, name: str, item: int) -> Draft:
    """Write down the attention of one such operation.

    Parameters
    ----------
    result
        What the operation returned.
    name
        The module that made it.
    item
        Which item of the batch.

    Raises
    ------
    UnrecordableError
        If the equations do not give what the operation returned.
    UserError
        If the batch has fewer items.
    """
    whole_layer = result.op == _ENCODER_LAYER
    names = ("src",) * 3 if whole_layer else ("query", "key", "value")
    inputs = [_item(result.argument(part).value, item) for part in names]
    x_q, x_k, x_v = map(kept, inputs)
    if not torch.equal(x_k, x_v):
        raise UnrecordableError("its keys and values are made of different tensors")
    if whole_layer and result.argument("norm_first"):
        x_q = x_k = _normed(result, x_q, 1)
    matrices = _matrices(result, x_q.shape[-1])
    hidden = _hidden(result, item, len(x_q), len(x_k))
    n_heads = int(result.argument("num_heads" if whole_layer else "num_head"))
    mask = shared(~hidden.expand(n_heads if len(hidden) > 1 else 1, -1, -1))
    try:
        made = multi_head_attention(x_q, x_k, **matrices, n_heads=n_heads, mask=mask)
    except TensorError as error:
        raise UnrecordableError(str(error)) from error
    wanted = _layer(result, kept(inputs[0]), made.output) if whole_layer else made.output
    precision = precision_of(inputs[0])
    _hold(wanted, kept(_item(result.value, item)), precision)
    return _draft(made, matrices, name, mask, x_q, x_k, precision)


def _draft(
    made: MultiHeadAttention,
    matrices: Mapping[str, Any],
    name: str,
    mask: Tensor,
    x_q: Tensor,
    x_k: Tensor,
    precision: Precision,
) -> Draft:
    return Draft(
        name=name,
        q=made.q,
        k=made.k,
        v=made.v,
        scale=made.scale,
        scores=made.scores,
        weights=made.weights,
        heads=made.heads,
        mask=mask,
        kind="self" if torch.equal(x_q, x_k) else "cross",
        precision=precision,
        output=made.output,
        projections={
            "q": Projection(x_q, matrices["w_q"], matrices["b_q"]),
            "k": Projection(x_k, matrices["w_k"], matrices["b_k"]),
            "v": Projection(x_k, matrices["w_v"], matrices["b_v"]),
        },
        w_o=matrices["w_o"],
        b_o=matrices["b_o"],
    )


def _item(batch: Tensor, item: int) -> Tensor:
    """Return one item of a batch, which may be of nested tensors: those have no padding."""
    items: Sequence[Tensor] = batch.unbind()
    if not 0 <= item < len(items):
        raise UserError(f"item {item}: the batch has {len(items)}; count from 0, or leave it out")
    return items[item]


def _matrices(result: Node, d_model: int) -> dict[str, Tensor]:
    w_q, w_k, w_v = (kept(part.mT) for part in result.argument("qkv_weight").value.split(d_model))
    b_q, b_k, b_v = (kept(part) for part in result.argument("qkv_bias").value.split(d_model))
    w_o, b_o = (
        kept(result.argument("proj_weight").value.mT),
        kept(result.argument("proj_bias").value),
    )
    named = {"w_q": w_q, "w_k": w_k, "w_v": w_v, "w_o": w_o}
    return named | {"b_q": b_q, "b_k": b_k, "b_v": b_v, "b_o": b_o}


def _hidden(result: Node, item: int, n_queries: int, n_keys: int) -> Tensor:
    """Return what the mask hides, ``[1 or head, query, key]``; here every number but 0 hides."""
    mask = result.argument("mask")
    if mask is None:
        return torch.zeros(1, n_queries, n_keys, dtype=torch.bool)
    hidden: Tensor = mask.value.bool().cpu()
    kind = result.argument("mask_type")
    if kind == 1:  # of keys: [batch, key]
        return hidden[item, None, None, :n_keys].expand(1, n_queries, n_keys)
    if hidden.ndim == 2:  # of pairs: [query, key]
        return hidden[None]
    return hidden[item] if hidden.ndim == 4 else hidden[item : item + 1]


def _layer(result: Node, x: Tensor, attended: Tensor) -> Tensor:
    """Finish an encoder layer: what is left of it after the attention."""
    first = result.argument("norm_first")
    x = x + attended
    if not first:
        x = _normed(result, x, 1)
    inner = _normed(result, x, 2) if first else x
    w_1, b_1, w_2, b_2 = (
        kept(result.argument(name).value)
        for name in ("ffn_weight_1", "ffn_bias_1", "ffn_weight_2", "ffn_bias_2")
    )
    curve = functional.gelu if result.argument("use_gelu") else functional.relu
    x = x + functional.linear(curve(functional.linear(inner, w_1, b_1)), w_2, b_2)
    return x if first else _normed(result, x, 2)


def _normed(result: Node, x: Tensor, which: int) -> Tensor:
    weight, bias = (
        kept(result.argument(f"norm_{part}_{which}").value) for part in ("weight", "bias")
    )
    return functional.layer_norm(x, x.shape[-1:], weight, bias, float(result.argument("eps")))


def _hold(ours: Tensor, theirs: Tensor, precision: Precision) -> None:
    apart = float((ours - theirs).abs().max()) / max(1.0, float(theirs.abs().max()))
    if not apart <= TOLERANCES[precision].step:
        raise UnrecordableError(
            f"a fused layer returned something else than the equations give ({apart:.2g} apart)"
        )
