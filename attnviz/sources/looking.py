"""Where to look in a trace that nobody measured: its largest weight that says something."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

import numpy as np

from attnviz.records import AttentionTrace, Focus

_WORD_MARKS = ("##", "Ġ", "▁", "</w>", "Ċ")
"""What tokenizers write at the ends of pieces."""

_NEXT_TO = 1
"""Places up to this far apart are neighbours."""


def striking_focus(
    layers: Sequence[AttentionTrace],
    kind: Literal["self", "cross"],
    quiet: Collection[str],
) -> Focus | None:
    """Find the largest weight of a word on another word that is not beside it.

    Parameters
    ----------
    layers
        The layers of a trace.
    kind
        The attention to look at.
    quiet
        Pieces that are not looked at: those that the tokenizer added.

    Returns
    -------
    Focus or None
        Its layer, head and query; None where no word has another to look at.
    """
    found = list(_candidates(layers, kind, quiet))
    if not found:
        return None
    weight, index, head, query, key = max(found, key=lambda candidate: candidate[0])
    layer = layers[index]
    what = "word of the other sentence" if kind == "cross" else "word that is not beside it"
    return Focus(
        index,
        head,
        query,
        f"the largest weight of a word on a {what}: {weight:.2f}, from"
        f" {layer.query_tokens[query]!r} to {layer.key_tokens[key]!r}",
    )


def _candidates(
    layers: Sequence[AttentionTrace], kind: str, quiet: Collection[str]
) -> Iterator[tuple[float, int, int, int, int]]:
    """Yield each layer's largest: weight, layer, head, query, key."""
    for index, layer in enumerate(layers):
        if layer.kind != kind:
            continue
        asks, answers = (
            np.array([_is_word(token, quiet) for token in side])
            for side in (layer.query_tokens, layer.key_tokens)
        )
        fit = asks[:, None] & answers
        if kind == "self":
            query, key = np.indices(fit.shape)
            fit &= abs(query - key) > _NEXT_TO
        if fit.any():
            weights = np.where(fit, layer.weights, -1.0)
            head, query, key = map(int, np.unravel_index(weights.argmax(), weights.shape))
            yield float(layer.weights[head, query, key]), index, head, query, key


def _is_word(token: str, quiet: Collection[str]) -> bool:
    """Tell whether a piece is part of a word: it is not added, and holds a letter or a digit."""
    if token in quiet:
        return False
    for mark in _WORD_MARKS:
        token = token.replace(mark, "")
    return any(unicodedata.category(character)[0] in "LN" for character in token)
