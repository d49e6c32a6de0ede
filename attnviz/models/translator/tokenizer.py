"""Text to words and ids, for translator: every word it knows is one piece."""

import functools
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from attnviz.errors import UserError, closest, quoted
from attnviz.models.tokenizer import MAX_TOKENS, Tokens

PAD, START, END = "(pad)", "(start)", "(end)"
"""Read or written by the model alone; no text holds them."""

WORDS_PATH = Path(__file__).parent / "words.json"

_WORD = re.compile(r"[^\W_]+['’]?|[^\w\s]|_")
_HANGUL = re.compile("[ᄀ-ᇿ㄰-㆏가-힣]")
_WHOLE = ("aujourd'hui",)
"""French words with an apostrophe that no elision made."""


@dataclass(frozen=True, slots=True)
class Direction:
    """From one language to another.

    Parameters
    ----------
    source, target
        The languages' names.
    source_words, target_words
        The words the model was trained to read and to write, sorted.
    """

    source: str
    target: str
    source_words: tuple[str, ...]
    target_words: tuple[str, ...]


class Words:
    """The words of translator, those of each direction and all in one vocabulary.

    Parameters
    ----------
    directions
        From English, then from Korean.
    """

    def __init__(self, directions: Iterable[Direction]) -> None:
        self.from_english, self.from_korean = directions
        known = set[str]()
        for direction in (self.from_english, self.from_korean):
            known.update(direction.source_words, direction.target_words)
        self.vocabulary = (PAD, START, END, *sorted(known))
        self._ids = {word: i for i, word in enumerate(self.vocabulary)}
        self.pad_id, self.start_id, self.end_id = (self._ids[w] for w in (PAD, START, END))

    def ids(self, words: Iterable[str]) -> tuple[int, ...]:
        """Give the rows of known words in the embedding table.

        Parameters
        ----------
        words
            Words of the vocabulary.

        Returns
        -------
        tuple of int
            One id for each.
        """
        return tuple(self._ids[word] for word in words)

    def source(self, text: str) -> tuple[Tokens, Direction]:
        """Cut a source into words; its script tells its language.

        Parameters
        ----------
        text
            English or Korean.

        Returns
        -------
        tuple
            Its words and where they are translated to.

        Raises
        ------
        UserError
            If there is no word, too many, or one that the model does not know.
        """
        direction = self.from_korean if _HANGUL.search(text) else self.from_english
        words = cut(text)
        self._check("text", direction.source, words, direction.source_words)
        return Tokens(words, self.ids(words)), direction

    def target(self, text: str, direction: Direction) -> Tokens:
        """Cut a target into words.

        Parameters
        ----------
        text
            French for an English source, English for a Korean one.
        direction
            What :meth:`source` told.

        Returns
        -------
        Tokens
            Its words.

        Raises
        ------
        UserError
            If there is no word, too many, or one that the model does not know.
        """
        words = cut(text)
        self._check("target", direction.target, words, direction.target_words)
        return Tokens(words, self.ids(words))

    def _check(
        self, what: str, language: str, words: tuple[str, ...], known: tuple[str, ...]
    ) -> None:
        if not words:
            raise UserError(f"{what}: it holds no word; give at least one")
        if len(words) > MAX_TOKENS:
            raise UserError(
                f"{what}: it has {len(words):,} tokens, translator reads at most {MAX_TOKENS};"
                " give a shorter one"
            )
        strange = next((word for word in words if word not in known), None)
        if strange is not None:
            hint = closest(strange, known) or ";"
            raise UserError(
                f"{what}: translator does not know the {language} word {quoted(strange)}{hint}"
                " it reads short English or Korean phrases of its own small world, listed in"
                " attnviz/models/translator/README.md"
            )


def cut(text: str) -> tuple[str, ...]:
    """Cut a text at spaces, at punctuation, and after the apostrophe of an elision.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    tuple of str
        Lower-case pieces.
    """
    plain = unicodedata.normalize("NFC", text).lower().replace("’", "'")
    pieces: list[str] = []
    for word in plain.split():
        pieces += [word] if word in _WHOLE else _WORD.findall(word)
    return tuple(pieces)


def joined(words: Iterable[str]) -> str:
    """Write words as a text that :func:`cut` cuts into the same words.

    Parameters
    ----------
    words
        Words as the vocabulary holds them.

    Returns
    -------
    str
        With spaces, but none after an apostrophe: *l'homme*.
    """
    return " ".join(words).replace("' ", "'")


@functools.cache
def load_words() -> Words:
    """Read the words that ship with translator.

    Returns
    -------
    Words
        Read once.
    """
    data = json.loads(WORDS_PATH.read_text(encoding="utf-8"))
    return Words(
        Direction(
            entry["source"],
            entry["target"],
            tuple(entry["source_words"]),
            tuple(entry["target_words"]),
        )
        for entry in data
    )
