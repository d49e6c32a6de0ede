"""Attention step by step: softmax(q·k) times v, as models write it themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from attnviz.attention import scaled_scores
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
from attnviz.recorder.layouts import rows_of_blocks
from attnviz.recorder.paths import is_layout, layout_root, linear, one_number, source, unscaled
from attnviz.recorder.scores import FACTORS, Explained, UnrecordableError, blocks, explain
from attnviz.recorder.tape import Node, Tape

SOFTMAXES = frozenset({"_softmax", "_safe_softmax"})

_NEAR = 4
"""Operations between a softmax and the values behind which it is still taken for attention."""


@dataclass(frozen=True, slots=True)
class Blend:
    """A product of weights and values.

    Parameters
    ----------
    softmax
        What made the weights.
    path
        How the weights were laid out since, the first step first.
    dropout
        What they were multiplied by in training, laid out as the softmax, or None.
    result
        The heads.
    """

    softmax: Node
    path: tuple[Node, ...]
    dropout: Tensor | None
    result: Node

    @property
    def values(self) -> Node:
        """What the weights blend, ``[…, key, d_v]``."""
        found = self.result.argument(FACTORS[self.result.op][1])
        # Arguments may be plain values; the factors of a product are tensors.
        assert isinstance(found, Node)
        return found


def find_blend(node: Node) -> Blend | None:
    """Return weights and values, where an operation multiplies them; else None.

    Raises
    ------
    UnrecordableError
        If something else was done to the weights before.
    """
    if node.op not in FACTORS:
        return None
    here = node.argument(FACTORS[node.op][0])
    steps: list[Node] = []
    dropout: tuple[Tensor, int] | None = None
    while here.op not in SOFTMAXES:
        dropped = _dropped(here)
        if is_layout(here):
            steps.append(here)
            here = source(here)
        elif dropped is not None and dropout is None:
            here, factors = dropped
            dropout = factors, len(steps)
        else:
            _refuse_changed(here)
            return None
    if here.argument("dim") % len(here.shape) != len(here.shape) - 1:
        raise UnrecordableError("its softmax does not run over the last axis, the keys")
    factors_laid_out = None
    if dropout is not None:
        factors, since = dropout
        if any(step.shape != here.shape for step in steps[since:]):
            raise UnrecordableError("its weights are laid out otherwise before the dropout")
        factors_laid_out = factors.expand(here.shape)
    return Blend(here, tuple(reversed(steps)), factors_laid_out, node)


def draft_of_steps(blend: Blend, name: str, n_heads: int | None, item: int, tape: Tape) -> Ending:
    """Write down an attention that was computed step by step.

    Parameters
    ----------
    blend
        Its end.
    name
        The module that made it.
    n_heads
        The number of heads that the module has, where it says so.
    item
        Which item of the batch.
    tape
        What was computed before.

    Raises
    ------
    UnrecordableError
        If its scores are not those of attention.
    UserError
        If the batch has fewer items.
    """
    before = blend.softmax.args[0]
    # Arguments may be plain values; what a softmax takes is a tensor.
    assert isinstance(before, Node)
    explained = explain(before, tape)
    frame = blend.softmax.shape
    of_product = blocks(_three(explained.product.value).shape, explained.path, frame, tape)
    met = (*_three(blend.result.value).shape[:-1], frame[-1])
    of_softmax = blocks(frame, blend.path, met, tape)
    to_result = {block: place for place, block in enumerate(of_softmax)}
    asks = linear(explained.q)
    rows = None
    if asks is not None and len(frame) == 3:  # batch and heads on one axis
        known = rows_of_blocks(asks, tape)
        rows = [known[block] for block in of_product]
    chosen = heads_of_item(frame[:-2], rows, n_heads, item)
    meeting = [of_product[block] for block in chosen]
    ending = [to_result[block] for block in chosen]
    draft = _draft(blend, explained, name, chosen, meeting, ending)
    parts: dict[Part, tuple[Node, list[int]]] = {
        "q": (explained.q, meeting),
        "k": (explained.k, meeting),
        "v": (blend.values, ending),
    }
    columns: tuple[Part, ...] = ("k",)
    project(draft, parts, tape, transposed=columns)
    return Ending(draft, blend.result, ending)


def _draft(
    blend: Blend,
    explained: Explained,
    name: str,
    chosen: Sequence[int],
    meeting: Sequence[int],
    ending: Sequence[int],
) -> Draft:
    frame, own = blend.softmax.shape, list(chosen)

    def heads(tensor: Tensor) -> Tensor:
        return tensor.expand(frame).reshape(-1, *frame[-2:])[own]

    q, by_q = unscaled(explained.q)
    k, by_k = unscaled(explained.k)
    q, k = kept(_three(q)[list(meeting)]), kept(_three(k).mT[list(meeting)])
    scale = explained.scale * by_q * by_k
    mask, bias = _mask_and_bias(explained, frame, own)
    before = kept(heads(blend.softmax.args[0].value))
    # What a mask hides was overwritten; what is seen is the model's own.
    scores = torch.where(mask & ~_hidden(before), before, scaled_scores(q, k, scale, bias))
    return Draft(
        name=name,
        q=q,
        k=k,
        v=kept(_three(blend.values.value)[list(ending)]),
        scale=scale,
        scores=scores,
        weights=kept(heads(blend.softmax.value)),
        heads=kept(_three(blend.result.value)[list(ending)]),
        mask=mask,
        kind=kind_of(explained.q, explained.k),
        precision=precision_of(explained.q.value),
        bias=bias,
        dropout=None if blend.dropout is None else kept(heads(blend.dropout)),
    )


def _mask_and_bias(
    explained: Explained, frame: Sequence[int], chosen: list[int]
) -> tuple[Tensor, Tensor | None]:
    def heads(tensor: Tensor) -> Tensor:
        return tensor.reshape(-1, *frame[-2:])[chosen].cpu()

    hidden = torch.zeros(1, *frame[-2:], dtype=torch.bool)
    for part in explained.hidden:
        hidden = hidden | heads(part)
    bias: Tensor | None = None
    for part in explained.biases:
        term = heads(part)
        bias = term if bias is None else bias + term
    return shared(~hidden), None if bias is None else shared(bias).contiguous()


def _hidden(scores: Tensor) -> Tensor:
    return torch.isneginf(scores)


def _three(tensor: Tensor) -> Tensor:
    """Return ``[block, row, column]`` of a tensor with any axes before, or none."""
    return tensor.reshape(-1, *tensor.shape[-2:])


def _dropped(node: Node) -> tuple[Node, Tensor] | None:
    """Return weights and what a dropout multiplied them by; None where there is no dropout."""
    if node.op == "native_dropout" and node.part == 0:
        weights, p = node.args[0], float(node.args[1])
        kept_ones = node.value != 0  # where a weight was 0, its factor does not matter
        return weights, kept_ones / (1 - p)
    if node.op == "mul":
        first, second = node.args[0], node.args[1]
        if isinstance(first, Node) and isinstance(second, Node) and _is_noise(second):
            return first, second.value
    return None


def _is_noise(node: Node) -> bool:
    root, _ = layout_root(node)
    while root.op in ("div", "mul") and one_number(root.args[1]) is not None:
        root, _ = layout_root(root.args[0])
    return root.op == "bernoulli"


def _refuse_changed(node: Node) -> None:
    """Say so where weights were changed before they met the values."""
    waiting, near = [node], _NEAR
    while waiting and near:
        near -= 1
        waiting = [
            parent
            for here in waiting
            for parent in here.parents()
            if here.op not in FACTORS and here.op != "addmm"
        ]
        if any(layout_root(parent)[0].op in SOFTMAXES for parent in waiting):
            raise UnrecordableError(
                f"its weights are changed ({node.op}) before they meet the values"
            )
