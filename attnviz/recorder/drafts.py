"""A draft: one attention as it was seen, which becomes a record when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from attnviz.recorder.layouts import Place, place_after, place_in
from attnviz.recorder.paths import Linear, layout_root, linear, linear_ancestors
from attnviz.recorder.tape import Node, Tape
from attnviz.records import AttentionTrace, Precision
from attnviz.records.checks import TOLERANCES

Part = Literal["q", "k", "v"]

_PRECISIONS: dict[torch.dtype, Precision] = {
    torch.float64: "float64",
    torch.float32: "float32",
    torch.float16: "float16",
    torch.bfloat16: "bfloat16",
}


@dataclass(slots=True)
class Projection:
    """The matrix that made queries, keys or values, and what it multiplied.

    Parameters
    ----------
    x
        ``[token, d_in]``.
    weight, bias
        ``[d_in, group*d]`` and ``[group*d]`` or None.
    """

    x: Tensor
    weight: Tensor
    bias: Tensor | None


@dataclass(slots=True)
class Draft:
    """One attention, each tensor a copy of what the model computed; axes as in AttentionTrace.

    Parameters
    ----------
    name
        The module that made it.
    q, k, v, scores, weights, heads, mask
        As in :class:`attnviz.records.AttentionTrace`.
    scale
        The factor of q·k.
    kind
        Within one text, or from one to another.
    precision
        What the model computed in.
    bias, dropout, output
        Where there are any.
    projections
        ``"q"``, ``"k"``, ``"v"`` to the matrix that made it, where that was found.
    w_o, b_o
        What the heads side by side are multiplied by, where that was found.
    """

    name: str
    q: Tensor
    k: Tensor
    v: Tensor
    scale: float
    scores: Tensor
    weights: Tensor
    heads: Tensor
    mask: Tensor
    kind: Literal["self", "cross"]
    precision: Precision
    bias: Tensor | None = None
    dropout: Tensor | None = None
    output: Tensor | None = None
    projections: dict[Part, Projection] = field(default_factory=dict)
    w_o: Tensor | None = None
    b_o: Tensor | None = None

    def record(self, query_tokens: Sequence[str], key_tokens: Sequence[str]) -> AttentionTrace:
        """Write the record, which checks itself.

        Raises
        ------
        TensorError
            If the tensors do not hold the equations of attention.
        """
        asks, answers = self.projections.get("q"), self.projections.get("k")
        values = self.projections.get("v")
        source = answers or values
        if answers is not None and values is not None and not torch.equal(answers.x, values.x):
            values = None  # a record knows one source of keys and values
        # Where positions turn queries, W_Q does not give them; what it multiplied is known.
        asking = source if asks is None and self.kind == "self" else asks
        return AttentionTrace(
            name=self.name,
            kind=self.kind,
            query_tokens=tuple(query_tokens),
            key_tokens=tuple(key_tokens),
            q=_array(self.q),
            k=_array(self.k),
            v=_array(self.v),
            scale=self.scale,
            mask=self.mask.numpy(),
            scores=_array(self.scores),
            weights=_array(self.weights),
            heads=_array(self.heads),
            bias=_maybe(self.bias),
            dropout=_maybe(self.dropout),
            output=_maybe(self.output),
            x_q=_part(asking, "x"),
            x_kv=_part(source, "x"),
            w_q=_part(asks, "weight"),
            w_k=_part(answers, "weight"),
            w_v=_part(values, "weight"),
            w_o=_maybe(self.w_o),
            b_q=_part(asks, "bias"),
            b_k=_part(answers, "bias"),
            b_v=_part(values, "bias"),
            b_o=_maybe(self.b_o),
            precision=self.precision,
        )


def precision_of(tensor: Tensor) -> Precision:
    """Name the type that a tensor was computed in; other types than those known count as single."""
    return _PRECISIONS.get(tensor.dtype, "float32")


def kept(tensor: Tensor) -> Tensor:
    """Copy a tensor out of the model: in memory of its own, at least in single precision."""
    wide = tensor.dtype if tensor.dtype in (torch.float32, torch.float64) else torch.float32
    return tensor.detach().to(device="cpu", dtype=wide, copy=True).contiguous()


def copied(weight: Tensor) -> Tensor:
    """Copy a matrix as it lies in memory, which is the fastest; training may change the model's."""
    wide = weight.dtype if weight.dtype in (torch.float32, torch.float64) else torch.float32
    return weight.detach().to(device="cpu", dtype=wide, copy=True)


def shared(heads: Tensor) -> Tensor:
    """Return ``[1, …]`` where all heads have the same."""
    return heads[:1] if bool((heads == heads[:1]).all()) else heads


def projection(
    made: Linear, place: Place, first: Tensor, precision: Precision
) -> Projection | None:
    """Return the part of a matrix that made the heads of one item.

    Parameters
    ----------
    made
        The product that the heads are laid out from.
    place
        Where they stand in it.
    first
        The first head as it was used, ``[token, d]``: what the matrix must give.
    precision
        What the model computes in.

    Returns
    -------
    Projection or None
        None where the heads were changed in their place since.
    """
    x, weight = kept(rows_of(made.x, place.rows)), copied(place.of_columns(made.weight))
    bias = None if made.bias is None else copied(made.bias[place.columns])
    width = weight.shape[1] // place.groups
    wanted = x @ weight[:, :width]
    if bias is not None:
        wanted = wanted + bias[:width]
    near = TOLERANCES[precision].step * max(1.0, float(wanted.abs().max()))
    gives = float((first - wanted).abs().max()) <= near
    return Projection(x, weight, bias) if gives else None


def project(
    draft: Draft,
    parts: Mapping[Part, tuple[Node, Sequence[int]]],
    tape: Tape,
    *,
    transposed: Collection[Part] = (),
) -> None:
    """Find the matrices that made queries, keys and values.

    Parameters
    ----------
    draft
        Where they are put.
    parts
        Where each of the three was used, and the block of each head there.
    tape
        Remembers what was found.
    transposed
        Which of them stand there as ``[d, token]``.
    """
    used = {"q": draft.q, "k": draft.k, "v": draft.v}
    for part, (node, blocks) in parts.items():
        made = linear(node)
        place = made and place_in(made, blocks, tape, transposed=part in transposed)
        matrix = made and place and projection(made, place, used[part][0], draft.precision)
        if matrix:
            draft.projections[part] = matrix


def kind_of(asks: Node, answers: Node) -> Literal["self", "cross"]:
    """Tell whether queries and keys are made of one text.

    Parameters
    ----------
    asks, answers
        Queries ``[…, query, d]`` and keys, or values, ``[…, key, d]``.
    """
    asking, answering = (
        {id(layout_root(made.x)[0]) for made in linear_ancestors(node)} for node in (asks, answers)
    )
    if asking and answering:
        return "self" if asking & answering else "cross"
    return "self" if asks.shape[-2] in answers.shape[-2:] else "cross"


@dataclass(slots=True)
class Ending:
    """Heads that wait for the matrix which joins them.

    Parameters
    ----------
    draft
        Whose heads.
    heads
        Where they were computed, ``[…, query, d_v]``.
    blocks
        The block of each head.
    """

    draft: Draft
    heads: Node
    blocks: Sequence[int]

    def join(self, made: Linear, tape: Tape) -> Place | None:
        """Take W_O and the output from a product; return where the heads stand in its input.

        None where the product is not one of all heads side by side.
        """
        place = place_after(self.heads, self.blocks, made.x, tape)
        if place is not None:
            self.draft.w_o = copied(place.of_rows(made.weight))
            self.draft.b_o = None if made.bias is None else copied(made.bias)
            self.draft.output = kept(rows_of(made.result, place.rows))
        return place

    def add(self, bias: Tensor, result: Node, place: Place) -> None:
        """Take a bias that was added to the product after it was made."""
        self.draft.b_o = copied(bias)
        self.draft.output = kept(rows_of(result, place.rows))


def rows_of(node: Node, rows: Tensor) -> Tensor:
    """Return some rows of a tensor ``[…, d]``, its other axes taken as one."""
    return node.value.reshape(-1, node.shape[-1])[rows]


def _array(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.numpy()
    return array


def _maybe(tensor: Tensor | None) -> np.ndarray | None:
    return None if tensor is None else _array(tensor)


def _part(made: Projection | None, name: Literal["x", "weight", "bias"]) -> np.ndarray | None:
    return None if made is None else _maybe(getattr(made, name))
