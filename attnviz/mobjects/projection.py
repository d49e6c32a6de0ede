"""How one head's queries, keys and values come about: the same vectors times three matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from manim import DOWN, LEFT, VGroup

from attnviz.errors import UserError
from attnviz.mobjects.pen import Pen
from attnviz.mobjects.product import Factor
from attnviz.mobjects.shared_product import SharedProduct
from attnviz.records import AttentionTrace, ModelTrace
from attnviz.zones import Zone

Which = Literal["q", "k", "v"]
_WHICH: tuple[Which, ...] = ("q", "k", "v")

_INPUTS = {"q": "x_q", "k": "x_kv", "v": "x_kv"}
_NAMES = {"q": "queries", "k": "keys", "v": "values"}
_TOLERANCE = 1e-3
_ROOMY = 0.85


@dataclass(frozen=True)
class Projection:
    """``x · W + b`` of one head, by addresses.

    Parameters
    ----------
    which
        ``"q"``, ``"k"`` or ``"v"``.
    layer
        Address of the layer.
    head
        The head.
    d_model
        Rows of the matrix of all heads.
    first, last
        The head's columns of it.
    biased
        Whether a bias is added.
    """

    which: Which
    layer: str
    head: int
    d_model: int
    first: int
    last: int
    biased: bool

    @property
    def x(self) -> str:
        """Address of the vectors ``[token, d_model]``, as the matrix multiplies them."""
        return f"{self.layer}.{_INPUTS[self.which]}"

    @property
    def weights(self) -> str:
        """Address of the head's columns of the matrix ``[d_model, d_k]``."""
        return f"{self.layer}.w_{self.which}[0:{self.d_model}, {self.first}:{self.last}]"

    @property
    def result(self) -> str:
        """Address of the queries, keys or values ``[token, d_k]``."""
        return f"{self.layer}.{self.which}[{self.head}]"

    def column(self, index: int) -> str:
        """Return the address of one column of the matrix ``[d_model]``."""
        return f"column({self.layer}.w_{self.which}, {self.first + index})"

    def sum_of(self, token: int, index: int) -> str:
        """Return the address of a row times a column: an element of the result, less its bias."""
        if self.biased:
            return f"dot({self.x}[{token}], {self.column(index)})"
        return f"{self.result[:-1]}, {token}, {index}]"

    def one(self, token: int) -> tuple[str, str]:
        """Return the addresses of one token's vector and of its result, as matrices of one row."""
        row = f"{token}:{token + 1}"
        return f"{self.x}[{row}]", f"{self.result[:-1]}, {row}]"


def projection(layer: AttentionTrace, address: str, which: Which, head: int) -> Projection:
    """Return what makes the queries, keys or values of one head.

    Parameters
    ----------
    layer, address
        The layer, which knows its weights and inputs, and its address.
    which
        ``"q"``, ``"k"`` or ``"v"``.
    head
        The head; several may share one group of keys and values.

    Raises
    ------
    UserError
        If they are not simply vectors times weights: rotary models turn them afterwards.
    """
    found, x = getattr(layer, which), getattr(layer, _INPUTS[which])
    weights, bias = getattr(layer, f"w_{which}"), getattr(layer, f"b_{which}")
    heads, _, width = found.shape
    group = head * (weights.shape[1] // width) // heads
    first, last = group * width, (group + 1) * width
    product = x.astype(np.float64) @ weights[:, first:last]
    if bias is not None:
        product = product + bias[first:last]
    if not np.allclose(product, found[head], rtol=_TOLERANCE, atol=_TOLERANCE):
        raise UserError(
            f"the {_NAMES[which]} of {layer.name} are changed after their projection, by rotary "
            "positions or a norm; choose a model without, such as reader"
        )
    return Projection(which, address, head, len(weights), first, last, bias is not None)


def is_normed(trace: ModelTrace, layer: int) -> bool:
    """Tell whether a layer's matrices multiply something else than the hidden states it is given.

    Between the two stands the layer norm of models that normalise first.
    """
    states, x = trace.hidden_states, trace.layers[layer].x_q
    if states is None or x is None or layer >= len(states) - 1:
        return False
    if trace.layers[layer].query_tokens != trace.tokens or x.shape != states[layer].shape:
        return False
    return not np.allclose(x, states[layer], rtol=_TOLERANCE, atol=_TOLERANCE)


def shared_extent(pen: Pen, addresses: Iterable[str]) -> float:
    """Return the largest magnitude in some arrays, for one scale of colours over all of them."""
    return max(pen.value(f"extent({address})") for address in addresses)


class QueryKeyValue:
    """The three projections of one head, drawn for one token or for all.

    Parameters
    ----------
    pen
        Draws the pictures.
    layer, address
        The layer and its address.
    head
        The head.

    Raises
    ------
    UserError
        As :func:`projection`.
    """

    def __init__(self, pen: Pen, layer: AttentionTrace, address: str, head: int) -> None:
        self._pen = pen
        self._tokens = layer.query_tokens
        self.made = [projection(layer, address, which, head) for which in _WHICH]
        self._x_extent = shared_extent(pen, [self.made[0].x])
        self._weights_extent = shared_extent(pen, [made.weights for made in self.made])
        self._result_extent = shared_extent(pen, [made.result for made in self.made])

    def one(self, query: int, zone: Zone) -> SharedProduct:
        """Return how one token's query comes about."""
        x, q = self.made[0].one(query)
        token = self._tokens[query]
        vector = Factor(
            x, self._pen.theme.palette.ink, token=token, symbol="x", extent=self._x_extent
        )
        result = Factor(q, self.colour("q"), token=token, symbol="q", extent=self._result_extent)
        return SharedProduct(self._pen, vector, [self._matrix(self.made[0])], [result], zone)

    def all(self, zone: Zone, focused: Sequence[int]) -> SharedProduct:
        """Return how the queries, keys and values of all tokens come about."""
        ink, x = self._pen.theme.palette.ink, self.made[0].x
        vectors = Factor(x, ink, "vectors", symbol="X", extent=self._x_extent)
        return SharedProduct(
            self._pen,
            vectors,
            [self._matrix(made) for made in self.made],
            [self._result(made) for made in self.made],
            zone,
            tokens=self._tokens,
            focused=focused,
        )

    def roles(self, texts: Sequence[str], zone: Zone) -> VGroup:
        """Return what queries, keys and values are for, line by line in the middle of a zone."""
        sizes = self._pen.theme.sizes
        lines = VGroup()
        for cap in (sizes.token, sizes.label):
            lines = VGroup(
                *(
                    self._pen.words(text, colour=self.colour(made.which), cap=cap)
                    for text, made in zip(texts, self.made, strict=True)
                )
            ).arrange(DOWN, buff=self._pen.theme.space.wide_gap, aligned_edge=LEFT)
            if lines.width < _ROOMY * zone.width:
                break
        return lines.move_to(zone.centre)

    def colour(self, which: Which) -> str:
        """Return the hex colour of queries, keys or values."""
        palette = self._pen.theme.palette
        return {"q": palette.query, "k": palette.key, "v": palette.value}[which]

    def _matrix(self, made: Projection) -> Factor:
        colour, symbol = self.colour(made.which), f"W_{made.which.upper()}"
        return Factor(made.weights, colour, symbol=symbol, extent=self._weights_extent)

    def _result(self, made: Projection) -> Factor:
        return Factor(
            made.result,
            self.colour(made.which),
            _NAMES[made.which],
            symbol=made.which.upper(),
            extent=self._result_extent,
        )
