"""The words of a note, each in one form, and the phrases in them that stand for scenes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from attnviz.embed import keywords
from attnviz.render import catalogue

_JOINED = re.compile(r"[+&,;/]")
_WORD = re.compile(r"[^\W_]+|\+")
AND = "+"
_ANDS = frozenset({"and", "plus", "then", "versus", "vs"})
_LEFT_OUT = frozenset(keywords.LEFT_OUT.split())
_SHORTEST_STEM = 3
_LEAST_OF_TITLE = 2  # words
_MOST_OF_NOTE = 0.75


@dataclass(frozen=True, slots=True)
class Match:
    """Words of a note, from `start` to `end`, that stand for scenes."""

    start: int
    end: int
    scenes: frozenset[str]
    is_name: bool
    is_one_word: bool


def words_of(text: str) -> list[str]:
    """Return the words of a text in one form each; what joins two things is a plus sign."""
    plain = _JOINED.sub(" + ", text.casefold())
    found = (AND if word in _ANDS else word for word in _WORD.findall(plain))
    return [word if word == AND else _stem(word) for word in found if word not in _LEFT_OUT]


def _stem(word: str) -> str:
    """Take the endings of number and of time from a word, roughly: both sides go through here."""
    stem = word.replace("isation", "ise").replace("ization", "ise").replace("iz", "is")
    if stem.endswith("ies"):
        return stem[:-3] + "y"
    for ending in ("s", "ing", "ed"):
        if stem.endswith(ending) and not stem.endswith("ss"):
            stem = stem[: -len(ending)] if len(stem) - len(ending) >= _SHORTEST_STEM else stem
    if stem[-1:] == stem[-2:-1] and len(stem) > _SHORTEST_STEM and stem[-1] not in "s":
        stem = stem[:-1]
    return stem[:-1] if stem.endswith("e") and len(stem) > _SHORTEST_STEM else stem


@cache
def phrases() -> Mapping[tuple[str, ...], frozenset[str]]:
    """Return the phrases of all scenes, each as its words, and the scenes that each stands for."""
    found: dict[tuple[str, ...], set[str]] = {}
    for ref in catalogue.listed():
        phrases = (*keywords.KEYWORDS.get(ref.name, ()), ref.name, catalogue.summary(ref))
        for phrase in phrases:
            found.setdefault(_phrase(phrase), set()).add(ref.name)
    found.update({_phrase(phrase): set() for phrase in keywords.NOTHING_HERE})
    return MappingProxyType({words: frozenset(scenes) for words, scenes in found.items()})


def _phrase(text: str) -> tuple[str, ...]:
    return tuple(word for word in words_of(text) if word != AND)


@cache
def _beginnings() -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Return the phrases by their first words, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in sorted(phrases(), key=len, reverse=True):
        found.setdefault(phrase[0], []).append(phrase)
    return MappingProxyType({word: tuple(phrases) for word, phrases in found.items()})


@cache
def known_words() -> frozenset[str]:
    """Return the words of all phrases, and further ones of the subject."""
    return frozenset(word for phrase in phrases() for word in phrase) | set(
        map(_stem, keywords.KNOWN.split())
    )


@cache
def _names() -> frozenset[tuple[str, ...]]:
    return frozenset(_phrase(ref.name) for ref in catalogue.listed())


@cache
def empty_words() -> frozenset[str]:
    """Return the words that tell nothing of what is asked for."""
    return frozenset(keywords.BETWEEN.split()) | set(map(_stem, keywords.EMPTY.split()))


def matches_in(words: Sequence[str]) -> Iterator[Match]:
    """Yield the phrases in a note, the longest that begins at each place; they do not overlap."""
    place = 0
    while place < len(words):
        for phrase in _beginnings().get(words[place], ()):
            if end := _end_of(phrase, words, place):
                scenes = phrases()[phrase]
                yield Match(place, end, scenes, phrase in _names(), len(phrase) == 1)
                place = end
                break
        else:
            place += 1


def _end_of(phrase: Sequence[str], words: Sequence[str], place: int) -> int | None:
    """Return where a phrase ends that begins here; its words may be joined by "and"."""
    for number, word in enumerate(phrase):
        while number and place < len(words) and words[place] == AND:
            place += 1
        if place == len(words) or words[place] != word:
            return None
        place += 1
    return place


@cache
def _titles() -> Mapping[str, frozenset[str]]:
    """Return the words of each scene's title that tell something."""
    titles = {ref.name: _phrase(catalogue.summary(ref)) for ref in catalogue.listed()}
    return MappingProxyType(
        {name: frozenset(words) - empty_words() for name, words in titles.items()}
    )


def scene_of_title(words: Sequence[str]) -> str | None:
    """Return the scene whose title has most of some words; None if none or several do."""
    shares = {name: len(title & set(words)) for name, title in _titles().items()}
    best = max(shares.values())
    if best < max(_LEAST_OF_TITLE, _MOST_OF_NOTE * len(set(words))):
        return None
    found = [name for name, share in shares.items() if share == best]
    return found[0] if len(found) == 1 else None
