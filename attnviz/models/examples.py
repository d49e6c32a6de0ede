"""One labelled sentence, and the way a frame with holes becomes one."""

import random
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_HELD_OUT_SHARE = 6
"""One (frame, cue) pair in so many is kept from training, chosen by its checksum."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a word means in its sentence, and the word that tells.

    Parameters
    ----------
    query
        Position of the ambiguous word, counted from 0.
    key
        Position of its cue, or `query` where no word tells. It is used to measure and to keep
        the cue readable, never to say where attention should point.
    meaning
        The word that names the sense (*shore*, *nurse*), or the word itself where none tells:
        the target of *resolve*.
    """

    query: int
    key: int
    meaning: str

    @property
    def has_cue(self) -> bool:
        """Whether some word tells the sense."""
        return self.key != self.query


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence of the corpus.

    Parameters
    ----------
    words
        The words, each of them one token.
    links
        The labelled words; none in a plain sentence.
    kind
        ``"bank"``, ``"apple"``, ``"coreference"``, ``"both"`` or ``"plain"``.
    held_out
        True where the sentence is kept from training, to measure on.
    """

    words: tuple[str, ...]
    links: tuple[Link, ...]
    kind: str
    held_out: bool

    @property
    def text(self) -> str:
        """The sentence as it would be typed."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Frame:
    """A sentence with holes, e.g. ``"{who} left the {cue} by the bank"``.

    Parameters
    ----------
    text
        Words and holes, separated by single spaces; a hole is one whole word.
    query
        The word or hole that is ambiguous.
    """

    text: str
    query: str

    @property
    def cue_is_first(self) -> bool:
        """Whether the cue stands before the ambiguous word, as a causal model needs."""
        words = self.text.split()
        return words.index("{cue}") < words.index(self.query)

    def fill(self, holes: Mapping[str, str], kind: str, meaning: str, held_out: bool) -> Example:
        """Put words into the holes.

        Parameters
        ----------
        holes
            Hole name (without braces) to its words; several words may fill one hole.
        kind, meaning, held_out
            What the example says of itself.

        Returns
        -------
        Example
            The sentence with its link from the query to the cue.
        """
        words: list[str] = []
        places: dict[str, int] = {}
        for part in self.text.split():
            places.setdefault(part, len(words))
            words += holes[part[1:-1]].split() if part.startswith("{") else [part]
        query = places[self.query]
        # A meaning that is the word itself is none: then the word in the cue's place tells nothing.
        link = Link(query, query if meaning == self.query else places["{cue}"], meaning)
        return Example(tuple(words), (link,), kind, held_out)


def is_held_out(*parts: str) -> bool:
    """Decide by checksum whether a combination is kept from training.

    Parameters
    ----------
    *parts
        What makes the combination, e.g. a frame and a cue.

    Returns
    -------
    bool
        True for about one combination in six; always the same answer.
    """
    return zlib.crc32("|".join(parts).encode()) % _HELD_OUT_SHARE == 0


def join(parts: Sequence[Example], between: Sequence[str], kind: str) -> Example:
    """Lay sentences one after the other.

    Parameters
    ----------
    parts
        The sentences, in order.
    between
        The words put between two of them.
    kind
        What the whole is.

    Returns
    -------
    Example
        One sentence; it is held out where any part is.
    """
    words: list[str] = []
    links: list[Link] = []
    for part in parts:
        if words:
            words += between
        links += [
            Link(link.query + len(words), link.key + len(words), link.meaning)
            for link in part.links
        ]
        words += part.words
    return Example(tuple(words), tuple(links), kind, any(part.held_out for part in parts))


def plain(text: str) -> Example:
    """Make an unlabelled piece, to be joined to others.

    Parameters
    ----------
    text
        Words separated by spaces.

    Returns
    -------
    Example
        A plain example without links.
    """
    return Example(tuple(text.split()), (), "plain", False)


def pick(rng: random.Random, choices: Sequence[T]) -> T:
    """Choose one of several, each as likely as the others.

    Parameters
    ----------
    rng
        The source of chance.
    choices
        What to choose from.

    Returns
    -------
    T
        One of them.
    """
    return choices[rng.randrange(len(choices))]


def words(text: str, separator: str | None = None) -> tuple[str, ...]:
    """Read a list of words written as one text.

    Parameters
    ----------
    text
        The words.
    separator
        What stands between two of them; None: white space.

    Returns
    -------
    tuple of str
        The words, in order.
    """
    return tuple(" ".join(word.split()) for word in text.split(separator))
