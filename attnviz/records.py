"""What a forward pass produced: frozen records of read-only numpy arrays.

Axes are ordered ``[head, query, key]``: rows ask, columns answer. A record is
checked when it is built, so whatever holds one holds the equations of attention.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from os import PathLike
from types import MappingProxyType
from typing import Any, Literal, SupportsIndex

import numpy as np
from jaxtyping import Bool, Float

from attnviz import record_checks as checks
from attnviz import record_parts as parts
from attnviz.errors import TensorError, UserError
from attnviz.spec import parse_mask
from attnviz.svg import Picture
from attnviz.svg.grid import DEFAULT_THEME, MOST, grid, position

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

MODEL_ARRAYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "token_embeddings": ("token", "d_embedding"),
        "position_embeddings": ("token", "d_embedding"),
        "embedding_table": ("vocabulary", "d_embedding"),
        "hidden_states": ("state", "token", "d_model"),
        "logits": ("answer", "choice"),
    }
)
"""The arrays of a ModelTrace itself and the names of their axes; each may be None."""

Precision = Literal["float64", "float32", "float16", "bfloat16"]
"""The types that a model may compute in, as torch names them."""

_MAY_MASK = frozenset({"bias", "scores"})
"""Arrays in which −∞ may stand: a bias may mask."""


class _Record:
    def __reduce__(self) -> tuple[Any, ...]:
        # numpy forgets the read-only flag in copies between processes; building
        # the record anew restores it, and checks what came.
        values = {name: getattr(self, name) for name in _field_names(type(self))}
        return partial(type(self), **values), ()


@dataclass(frozen=True, eq=False, kw_only=True)
class AttentionTrace(_Record):
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
        _put(
            self,
            "query_tokens",
            parts.texts(f"{where}, query_tokens", self.query_tokens, at_least=1),
        )
        _put(self, "key_tokens", parts.texts(f"{where}, key_tokens", self.key_tokens, at_least=1))
        _put(self, "scale", parts.finite(f"{where}, scale", self.scale))
        if self.counterfactual_mask is not None:
            mask = parts.text(f"{where}, counterfactual_mask", self.counterfactual_mask)
            _put(self, "counterfactual_mask", str(parse_mask(mask)))
        _freeze(self, where, LAYER_ARRAYS, optional=_OPTIONAL_LAYER_ARRAYS)
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


@dataclass(frozen=True)
class Focus:
    """What a scene lights by default.

    Parameters
    ----------
    layer, head, query
        Counted from 0.
    reason
        The measurement that chose them, for the manifest.

    Raises
    ------
    TensorError
        If a number is not a whole number of at least 0.
    """

    layer: int
    head: int
    query: int
    reason: str

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be positions."""
        parts.text("focus: reason", self.reason)
        for name in ("layer", "head", "query"):
            _put(self, name, parts.count(f"focus: {name}", getattr(self, name)))


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelTrace(_Record):
    """Everything one forward pass produced that a film may show.

    Parameters
    ----------
    model
        The model's name.
    text
        The sentence as the user gave it.
    tokens, ids
        Its pieces and their rows in the embedding table.
    layers
        The attention layers in the order they ran.
    token_embeddings, position_embeddings
        ``[token, d_embedding]``, or None.
    embedding_table
        ``[vocabulary, d_embedding]``, or None.
    hidden_states
        ``[layer + 1, token, d_model]``: before the first layer and after each
        one, or None.
    logits
        ``[token, choice]``, a row for each token of the target where there is
        one, else of the text; or None.
    target_tokens, target_ids
        The decoder's sentence, where there is a decoder.
    special, target_special
        The positions of the tokens that the tokenizer added to the text and to the target.
    focus
        What a scene lights by default, or None.
    notes
        Sentences that the manifest of a film must carry.

    Raises
    ------
    TensorError
        If the parts do not fit each other.
    """

    model: str
    text: str
    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    layers: tuple[AttentionTrace, ...]
    token_embeddings: Float[np.ndarray, "n d_embedding"] | None = None
    position_embeddings: Float[np.ndarray, "n d_embedding"] | None = None
    embedding_table: Float[np.ndarray, "V d_embedding"] | None = None
    hidden_states: Float[np.ndarray, "L_1 n d_model"] | None = None
    logits: Float[np.ndarray, "answers choices"] | None = None
    target_tokens: tuple[str, ...] | None = None
    target_ids: tuple[int, ...] | None = None
    special: tuple[int, ...] = ()
    target_special: tuple[int, ...] = ()
    focus: Focus | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the arrays and check that the parts fit."""
        parts.text("model", self.model)
        parts.text("text", self.text)
        _put(self, "tokens", parts.texts("tokens", self.tokens, at_least=1))
        _put(self, "ids", parts.ids("ids", self.ids, len(self.tokens)))
        if (self.target_tokens is None) != (self.target_ids is None):
            raise TensorError("target_tokens and target_ids: give both or neither")
        if self.target_tokens is not None and self.target_ids is not None:
            words = parts.texts("target_tokens", self.target_tokens, at_least=1)
            _put(self, "target_tokens", words)
            _put(self, "target_ids", parts.ids("target_ids", self.target_ids, len(words)))
        _put(self, "special", parts.positions("special", self.special, len(self.tokens)))
        ends = parts.positions("target_special", self.target_special, len(self.target_ids or ()))
        _put(self, "target_special", ends)
        _put(self, "layers", tuple(self.layers))
        _put(self, "notes", parts.texts("notes", self.notes))
        where = f"the trace of {self.model!r}"
        _freeze(self, where, MODEL_ARRAYS, optional=frozenset(MODEL_ARRAYS))
        answers = len(self.tokens if self.target_tokens is None else self.target_tokens)
        sizes = {"token": len(self.tokens), "answer": answers}
        arrays = {name: getattr(self, name) for name in MODEL_ARRAYS}
        sizes = checks.check_sizes(where, arrays, MODEL_ARRAYS, sizes)
        self._check_parts(where, sizes)

    def _check_parts(self, where: str, sizes: Mapping[str, int]) -> None:
        if "vocabulary" in sizes and max(self.ids) >= sizes["vocabulary"]:
            raise TensorError(
                f"{where}: id {max(self.ids)} is beyond the {sizes['vocabulary']} rows of the"
                " embedding table"
            )
        only_self = all(layer.kind == "self" for layer in self.layers)
        if "state" in sizes and only_self and sizes["state"] != len(self.layers) + 1:
            raise TensorError(
                f"{where}: {sizes['state']} hidden states for {len(self.layers)} layers,"
                f" wanted one before each layer and one after the last"
            )
        if self.focus is not None:
            self._check_focus(where, self.focus)

    def _check_focus(self, where: str, focus: Focus) -> None:
        if focus.layer >= len(self.layers):
            raise TensorError(
                f"{where}: focus on layer {focus.layer}, but there are {len(self.layers)}"
            )
        heads, queries, _ = self.layers[focus.layer].weights.shape
        if focus.head >= heads or focus.query >= queries:
            raise TensorError(
                f"{where}: focus on head {focus.head}, query {focus.query}, but layer"
                f" {focus.layer} has {heads} heads and {queries} queries"
            )

    @property
    def special_texts(self) -> frozenset[str]:
        """The texts of the tokens that the tokenizer added, and of those that begin a decoder."""
        written = self.target_tokens or ()
        found = [self.tokens[place] for place in self.special]
        found += [written[place] for place in self.target_special]
        for layer in self.layers:
            read = layer.query_tokens
            if layer.kind == "self" and len(read) == len(written) and read[1:] == written[:-1]:
                found.append(read[0])
        return frozenset(found)

    def show(
        self,
        layer: SupportsIndex | None = None,
        head: SupportsIndex | None = None,
        *,
        theme: str = DEFAULT_THEME,
    ) -> Picture:
        """Draw the attention of one head: rows ask (queries), columns answer (keys).

        Parameters
        ----------
        layer, head
            Counted from 0; None: those of the focus.
        theme
            ``"dark"`` or ``"light"``.

        Returns
        -------
        Picture
            An SVG that a notebook shows; ``save(path)`` writes it.

        Raises
        ------
        UserError
            If there is no such layer, head or theme, or the text is too long for a picture.
        """
        where = f"the trace of {self.model!r}"
        if not self.layers:
            raise UserError(f"{where} holds no attention layer: there is nothing to show")
        own = self.focus or Focus(len(self.layers) - 1, 0, 0, "the last layer's first head")
        layer = position("layer", own.layer if layer is None else layer, len(self.layers), where)
        shown = self.layers[layer]
        if head is None:
            head = own.head if own.head < len(shown.weights) else 0
        return grid(f"layer {layer}, head {head}", shown, head, theme)

    def __repr__(self) -> str:
        """Name the model and the sizes; the arrays are too long to read."""
        sizes = f"tokens={len(self.tokens)}, layers={len(self.layers)}"
        return f"<trace of {self.model!r}, {sizes}>"

    def _repr_svg_(self) -> str | None:
        if not self.layers or max(map(len, (self.tokens, self.target_tokens or ()))) > MOST:
            return None
        return str(self.show())

    def save(self, path: str | PathLike[str]) -> None:
        """Write the trace to one safetensors file, whole or not at all.

        Parameters
        ----------
        path
            The file to write; one that is there is replaced.

        Raises
        ------
        UserError
            If the file cannot be written.
        """
        # Imported late: the room of the files builds on this one.
        from attnviz import trace_files

        trace_files.write(self, path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "ModelTrace":
        """Read a trace that :meth:`save` wrote.

        Parameters
        ----------
        path
            The file to read.

        Returns
        -------
        ModelTrace
            The same trace, bit by bit, checked anew.

        Raises
        ------
        UserError
            If the file cannot be read or is not such a trace; nothing in it is
            ever executed.
        """
        from attnviz import trace_files

        return trace_files.read(path)


def _field_names(record: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))


def _put(record: object, name: str, value: object) -> None:
    # A frozen dataclass can only be normalised past its own lock.
    object.__setattr__(record, name, value)


def _freeze(
    record: object, where: str, axes: Mapping[str, tuple[str, ...]], optional: frozenset[str]
) -> None:
    for name, names in axes.items():
        array = getattr(record, name)
        if array is None and name in optional:
            continue
        what = f"{where}, {name}"
        if name == "mask":
            _put(record, name, parts.frozen_bools(what, array, names))
        else:
            may_mask = name in _MAY_MASK
            _put(record, name, parts.frozen_floats(what, array, names, minus_infinity=may_mask))
