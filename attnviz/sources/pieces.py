"""A tokenizer's pieces, as it made them: their texts, their ids, and which of them it added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from attnviz.errors import UserError, quoted

_NO_LIMIT = 10**9
"""Tokenizers that know no limit give a number above this."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text as a model reads it.

    Parameters
    ----------
    texts, ids
        The pieces and their rows in the embedding table.
    special
        The positions of those that the tokenizer added.
    inputs
        What the model is called with, by name.
    """

    texts: tuple[str, ...]
    ids: tuple[int, ...]
    special: tuple[int, ...]
    inputs: Mapping[str, Tensor]


def is_tokenizer(candidate: object) -> bool:
    """Tell whether something is a tokenizer of transformers, not just any callable."""
    return callable(candidate) and hasattr(candidate, "convert_ids_to_tokens")


def read_pieces(tokenizer: Any, *texts: str) -> Pieces:
    """Let a tokenizer of transformers cut a text, or a pair of texts.

    Parameters
    ----------
    tokenizer
        The tokenizer.
    texts
        One text, or two that are read as a pair.

    Returns
    -------
    Pieces
        As the tokenizer made them.

    Raises
    ------
    UserError
        If it finds nothing to read.
    """
    encoded = tokenizer(*texts, return_tensors="pt", return_special_tokens_mask=True)
    return _pieces(tokenizer, dict(encoded), " ".join(texts))


def read_target(tokenizer: Any, text: str) -> Pieces:
    """Let a tokenizer cut the sentence that a decoder writes.

    Parameters
    ----------
    tokenizer
        The tokenizer; some cut the target's language in another way than the source's.
    text
        The sentence.

    Returns
    -------
    Pieces
        As the tokenizer made them.
    """
    encoded = tokenizer(text_target=text, return_tensors="pt", return_special_tokens_mask=True)
    return _pieces(tokenizer, dict(encoded), text)


def written_pieces(tokenizer: Any, ids: Sequence[int]) -> Pieces:
    """Name the pieces that a model wrote.

    Parameters
    ----------
    tokenizer
        The tokenizer.
    ids
        The pieces' ids.

    Returns
    -------
    Pieces
        The pieces, without inputs; special are those that the tokenizer counts as such.
    """
    special = set(tokenizer.all_special_ids)
    return Pieces(
        tuple(tokenizer.convert_ids_to_tokens(list(ids))),
        tuple(ids),
        tuple(place for place, i in enumerate(ids) if i in special),
        {},
    )


def check_length(count: int, what: str, model_name: str, config: Any, tokenizer: Any) -> None:
    """Refuse a text that is longer than a model reads.

    Parameters
    ----------
    count
        How many tokens it has.
    what
        Which text, for the error.
    model_name
        The model's name, for the error.
    config, tokenizer
        The model's configuration and its tokenizer, which may both know a limit.

    Raises
    ------
    UserError
        If it is longer; the message has both numbers.
    """
    limits = [
        limit
        for limit in (
            getattr(config, "max_position_embeddings", None),
            getattr(tokenizer, "model_max_length", None),
        )
        if isinstance(limit, int) and 0 < limit < _NO_LIMIT
    ]
    if limits and count > min(limits):
        raise UserError(
            f"{what}: {count} tokens, but {model_name} reads at most {min(limits)};"
            f" give a shorter {what}"
        )


def pairs(whose: str, found: object) -> tuple[tuple[str, ...], list[int]]:
    """Take in (piece, id) pairs of a user's.

    Parameters
    ----------
    whose
        Where they come from, for the error.
    found
        What came.

    Returns
    -------
    tuple of str, list of int
        The pieces and their ids.

    Raises
    ------
    UserError
        If they are no such pairs.
    """
    if isinstance(found, Sequence) and found and all(map(_is_pair, found)):
        return tuple(str(piece) for piece, _ in found), [int(i) for _, i in found]
    raise UserError(
        f"{whose} gave {quoted(f'{type(found).__name__} {found!r}')}; wanted a list of (piece, id)"
        " pairs, a text and a whole number each"
    )


def _is_pair(candidate: object) -> bool:
    match candidate:
        case (str(), i):
            return hasattr(i, "__index__") and not isinstance(i, bool) and int(i) >= 0
    return False


def _pieces(tokenizer: Any, encoded: dict[str, Tensor], text: str) -> Pieces:
    ids = encoded["input_ids"][0].tolist()
    if not ids:
        raise UserError(f"text: the tokenizer makes no token of {quoted(text)}; give another text")
    named = written_pieces(tokenizer, ids)
    mask = encoded.pop("special_tokens_mask", None)
    if mask is None:  # a tokenizer that cannot tell which of them it added
        return replace(named, inputs=encoded)
    added = (place for place, is_added in enumerate(mask[0].tolist()) if is_added)
    return replace(named, special=tuple(added), inputs=encoded)
