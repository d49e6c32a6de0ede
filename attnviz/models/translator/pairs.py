"""A phrase and its translation, put together piece by piece, with the words that match."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_MATCHES = "*"
"""Ends a word of a piece that matches the marked word on the other side."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A phrase in two languages.

    Parameters
    ----------
    source, target
        The words; each is one token.
    links
        ``(target position, source position)`` of content words that match. They are used to
        measure, never to train.
    combinations
        What training must not see together, if one of it is held out: see
        :func:`attnviz.models.translator.corpus.is_kept_out`.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    links: tuple[tuple[int, int], ...] = ()
    combinations: frozenset[str] = frozenset()

    def holding(self, *parts: str) -> "Pair":
        """Note a combination of words that the phrase holds.

        Parameters
        ----------
        *parts
            The words, in a fixed order; empty ones do not count, and fewer than two are no
            combination.

        Returns
        -------
        Pair
            The same phrase with the note.
        """
        words = [part for part in parts if part]
        if len(words) < 2:
            return self
        return replace(self, combinations=self.combinations | {" + ".join(words)})


def piece(source: str, target: str) -> Pair:
    """Make the smallest phrase.

    Parameters
    ----------
    source, target
        Words separated by spaces; those that match end in ``*``: ``"saw*"``, ``"a vu*"``.

    Returns
    -------
    Pair
        The phrase; without marks it has no links.
    """
    ours, theirs = source.split(), target.split()
    links = tuple(
        (there, here)
        for there, word in enumerate(theirs)
        for here, other in enumerate(ours)
        if word.endswith(_MATCHES) and other.endswith(_MATCHES)
    )
    return Pair(_plain(ours), _plain(theirs), links)


def arrange(source: Sequence[Pair], target: Sequence[Pair] | None = None) -> Pair:
    """Join pieces, in an order for each language.

    Parameters
    ----------
    source
        The pieces in the order of the source language.
    target
        The same pieces in the order of the target language; None: the same order.

    Returns
    -------
    Pair
        One phrase, with the links of all pieces.
    """
    order = source if target is None else target
    here, there = _starts(source, "source"), _starts(order, "target")
    links = [
        (there[id(part)] + theirs, here[id(part)] + ours)
        for part in order
        for theirs, ours in part.links
    ]
    return Pair(
        tuple(word for part in source for word in part.source),
        tuple(word for part in order for word in part.target),
        tuple(links),
        frozenset().union(*(part.combinations for part in source)),
    )


def _starts(parts: Iterable[Pair], side: str) -> dict[int, int]:
    """Give each part's place; a part is known by its identity, for two may be equal."""
    starts: dict[int, int] = {}
    position = 0
    for part in parts:
        starts[id(part)] = position
        position += len(getattr(part, side))
    return starts


def _plain(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word.removesuffix(_MATCHES) for word in words)
