"""Everything one forward pass produced."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from types import MappingProxyType
from typing import SupportsIndex

import numpy as np
from jaxtyping import Float

import attnviz.records.checks as checks
import attnviz.records.parts as parts
from attnviz.errors import TensorError, UserError
from attnviz.records.attention import AttentionTrace
from attnviz.records.base import Record, freeze, put
from attnviz.records.focus import Focus
from attnviz.svg import Picture
from attnviz.svg.grid import DEFAULT_THEME, MOST, grid, position

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


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelTrace(Record):
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
        put(self, "tokens", parts.texts("tokens", self.tokens, at_least=1))
        put(self, "ids", parts.ids("ids", self.ids, len(self.tokens)))
        if (self.target_tokens is None) != (self.target_ids is None):
            raise TensorError("target_tokens and target_ids: give both or neither")
        if self.target_tokens is not None and self.target_ids is not None:
            words = parts.texts("target_tokens", self.target_tokens, at_least=1)
            put(self, "target_tokens", words)
            put(self, "target_ids", parts.ids("target_ids", self.target_ids, len(words)))
        put(self, "special", parts.positions("special", self.special, len(self.tokens)))
        ends = parts.positions("target_special", self.target_special, len(self.target_ids or ()))
        put(self, "target_special", ends)
        put(self, "layers", tuple(self.layers))
        put(self, "notes", parts.texts("notes", self.notes))
        where = f"the trace of {self.model!r}"
        freeze(self, where, MODEL_ARRAYS, optional=frozenset(MODEL_ARRAYS))
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
