"""One attention layer on one input."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Literal, SupportsIndex

import numpy as np
from jaxtyping import Bool, Float

import attnviz.records.checks as checks
import attnviz.records.parts as parts
from attnviz.errors import TensorError
from attnviz.records.base import Record, freeze, put
from attnviz.spec import parse_mask
from attnviz.svg import Picture
from attnviz.svg.grid import DEFAULT_THEME, MOST, grid

LAYER_ARRAYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "q": ("head", "query", "d_k"),
        "k": ("head", "key", "d_k"),
        "v": ("head", "key", "d_v"),
        "mask": ("1 or head", "query", "key"),
        "bias": ("1 or head", "query", "key"),
        "scores": ("head", "query", "key"),
        "weights": ("head", "query", "key"),
        "dropout": ("head", "query", "key"),
        "heads": ("head", "query", "d_v"),
        "x_q": ("query", "d_model"),
        "x_kv": ("key", "d_source"),
        "w_q": ("d_model", "head*d_k"),
        "w_k": ("d_source", "groups*d_k"),
        "w_v": ("d_source", "groups*d_v"),
        "w_o": ("head*d_v", "d_out"),
        "b_q": ("head*d_k",),
        "b_k": ("groups*d_k",),
        "b_v": ("groups*d_v",),
        "b_o": ("d_out",),
        "output": ("query", "d_out"),
    }
)
"""The arrays of an AttentionTrace and the names of their axes."""

Precision = Literal["float64", "float32", "float16", "bfloat16"]
"""The types that a model may compute in, as torch names them."""


@dataclass(frozen=True, eq=False, kw_only=True)
class AttentionTrace(Record):
    """One attention layer on one input.

    Arrays become read-only contiguous copies; float32 and float64 are kept,
    half precision is widened to float32.

    Parameters
    ----------
    name
        The module's path in the model, e.g. ``"blocks.1.attention"``.
    kind
        ``"self"`` where queries and keys are one text, else ``"cross"``.
    query_tokens, key_tokens
        The words that ask and those that answer.
    q, k, v
        ``[head, query, d_k]``, ``[head, key, d_k]``, ``[head, key, d_v]`` as
        they meet: after rotary, expanded for grouped queries.
    scale
        The factor of q·k.
    mask
        ``[1 or head, query, key]``, True = may attend.
    scores
        ``[head, query, key]``, q·k·scale + bias, before the mask.
    weights
        ``[head, query, key]``, the softmax over keys that the mask leaves.
    heads
        ``[head, query, d_v]``, weights @ v; where there was dropout, (weights * dropout) @ v.
    bias
        ``[1 or head, query, key]``, added to the scaled scores, or None.
    dropout
        ``[head, query, key]``, the factors 0 and 1/(1 - p) of a pass in training, or None.
    output
        ``[query, d_out]``, concat(heads) @ w_o + b_o.
    w_q, w_k, w_v, w_o
        ``[d_model, head*d_k]``, ``[d_source, groups*d_k]``,
        ``[d_source, groups*d_v]``, ``[head*d_v, d_out]``, in the papers'
        orientation ``x @ w``; groups is head, or a divisor of it where heads
        share keys. None where the source does not know them.
    b_q, b_k, b_v, b_o
        Their biases, or None.
    x_q, x_kv
        ``[query, d_model]`` and ``[key, d_source]``, what the matrices really
        multiply (after the layer norm), or None.
    counterfactual_mask
        The mask, as ``--mask`` writes it, that replaced the model's own.
    precision
        The type that the model computed in: how far its steps may be from the equations.

    Raises
    ------
    TensorError
        If a shape, type or value does not fit, naming the layer, and the head
        and the row where there is one.
    UserError
        If the counterfactual mask is none.
    """

    name: str
    kind: Literal["self", "cross"]
    query_tokens: tuple[str, ...]
    key_tokens: tuple[str, ...]
    q: Float[np.ndarray, "H Q d_k"]
    k: Float[np.ndarray, "H K d_k"]
    v: Float[np.ndarray, "H K d_v"]
    scale: float
    mask: Bool[np.ndarray, "#H Q K"]
    scores: Float[np.ndarray, "H Q K"]
    weights: Float[np.ndarray, "H Q K"]
    heads: Float[np.ndarray, "H Q d_v"]
    bias: Float[np.ndarray, "#H Q K"] | None = None
    dropout: Float[np.ndarray, "H Q K"] | None = None
    output: Float[np.ndarray, "Q d_out"] | None = None
    w_q: Float[np.ndarray, "d_model H_d_k"] | None = None
    w_k: Float[np.ndarray, "d_source G_d_k"] | None = None
    w_v: Float[np.ndarray, "d_source G_d_v"] | None = None
    w_o: Float[np.ndarray, "H_d_v d_out"] | None = None
    b_q: Float[np.ndarray, " H_d_k"] | None = None
    b_k: Float[np.ndarray, " G_d_k"] | None = None
    b_v: Float[np.ndarray, " G_d_v"] | None = None
    b_o: Float[np.ndarray, " d_out"] | None = None
    x_q: Float[np.ndarray, "Q d_model"] | None = None
    x_kv: Float[np.ndarray, "K d_source"] | None = None
    counterfactual_mask: str | None = None
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        """Freeze the arrays and check them against the equations."""
        where = f"layer {parts.text('the name of a layer', self.name)!r}"
        if self.kind not in ("self", "cross"):
            raise TensorError(f"{where}: kind is 'self' or 'cross', got {self.kind!r}")
        if self.precision not in checks.TOLERANCES:
            raise TensorError(
                f"{where}: precision is one of {', '.join(checks.TOLERANCES)}, got"
                f" {self.precision!r}"
            )
        put(
            self,
            "query_tokens",
            parts.texts(f"{where}, query_tokens", self.query_tokens, at_least=1),
        )
        put(self, "key_tokens", parts.texts(f"{where}, key_tokens", self.key_tokens, at_least=1))
        put(self, "scale", parts.finite(f"{where}, scale", self.scale))
        if self.counterfactual_mask is not None:
            mask = parts.text(f"{where}, counterfactual_mask", self.counterfactual_mask)
            put(self, "counterfactual_mask", str(parse_mask(mask)))
        freeze(self, where, LAYER_ARRAYS, optional=_OPTIONAL_LAYER_ARRAYS)
        self._check(where)

    def _check(self, where: str) -> None:
        arrays = {name: getattr(self, name) for name in LAYER_ARRAYS}
        tokens = {"query": len(self.query_tokens), "key": len(self.key_tokens)}
        sizes = checks.check_sizes(where, arrays, LAYER_ARRAYS, tokens)
        if sizes["head"] % sizes.get("groups", 1):
            raise TensorError(
                f"{where}: {sizes['groups']} groups of keys for {sizes['head']} heads;"
                " the heads must share them evenly"
            )
        near = checks.TOLERANCES[self.precision]
        checks.check_scores(where, self.q, self.k, self.scale, self.bias, self.scores, near)
        checks.check_weights(where, self.scores, self.mask, self.weights, near)
        blended = self.weights if self.dropout is None else self.weights * self.dropout
        checks.check_heads(where, blended, self.v, self.heads, near)
        if self.output is not None and self.w_o is not None:
            checks.check_output(where, self.heads, self.w_o, self.b_o, self.output, near)

    def show(self, head: SupportsIndex = 0, *, theme: str = DEFAULT_THEME) -> Picture:
        """Draw the attention of one head: rows ask (queries), columns answer (keys).

        Parameters
        ----------
        head
            Counted from 0.
        theme
            ``"dark"`` or ``"light"``.

        Returns
        -------
        Picture
            An SVG that a notebook shows; ``save(path)`` writes it.

        Raises
        ------
        UserError
            If there is no such head or theme, or the text is too long for a picture.
        """
        return grid(f"{self.name}, head {head}", self, head, theme)

    def __repr__(self) -> str:
        """Name the layer and its sizes; its arrays are too long to read."""
        heads, queries, keys = self.weights.shape
        sizes = f"heads={heads}, queries={queries}, keys={keys}"
        return f"<{self.kind}-attention {self.name!r}, {sizes}>"

    def _repr_svg_(self) -> str | None:
        return str(self.show()) if max(self.weights.shape[1:]) <= MOST else None


_OPTIONAL_LAYER_ARRAYS = frozenset(
    field.name for field in fields(AttentionTrace) if field.default is None
)
