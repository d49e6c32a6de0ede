"""Where notes stand in the prose of a post: in emphasis or brackets, behind TODO, or alone."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attnviz.embed.inline import Part
from attnviz.embed.notes import MEDIA, MOST_CHARACTERS, is_reminder, scenes_for
from attnviz.errors import UserError

_MOST_LINES = 4
"""A note in emphasis runs over no more."""

_LINE = re.compile(r"[^\r\n]+")
_MARGIN = re.compile(r"[ \t>]*")
_LINE_BREAK = re.compile(r"[ \t]*(?:\r\n|[\r\n])[ \t>]*")
_SENTENCE_END = re.compile(r"[.!?…]\s+\S")
_MARKS = ("***", "___", "**", "__", "*", "_")
_BRACKETS = {"[": "]", "(": ")"}

_LONE_UNDERSCORE = re.compile(r"(?<!\w)_|_(?!\w)")
# One of these is in every note; most talk of films has none.
_HINT = re.compile(
    r"insert|add|put|show|include|embed|place|todo|fixme|tbd|note to|manim|attnviz|\[ ?\]",
    re.IGNORECASE,
)
# A note in emphasis or brackets, in the midst of other text.
_WITHIN = re.compile(
    r"(?<![\w\\*_])(?P<mark>\*{1,3}|_{1,3}|\[|\()(?=\W*(?:todo|please|insert|add|put|show|include|"
    r"embed|place|an?|manim|attnviz)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class LooseNote:
    """A note in the prose.

    Parameters
    ----------
    start, end
        Its offsets into the post.
    scenes
        What it asks for.
    is_alone
        Whether nothing else stands on its lines.
    """

    start: int
    end: int
    scenes: tuple[str, ...]
    is_alone: bool = True


def loose_notes(text: str, part: Part) -> Iterator[LooseNote]:
    """Yield the notes in a block of prose.

    Parameters
    ----------
    text
        The post.
    part
        The block.

    Raises
    ------
    UserError
        If what a note asks for is unknown or ambiguous.
    """
    span = part.start, part.end
    if not (MEDIA.search(text, *span) and _HINT.search(text, *span)):
        return
    lines = list(_lines(text, part))
    number = 0
    while number < len(lines):
        for unit in _units(lines, number):
            start, end = lines[unit.start][0], lines[unit.stop - 1][1]
            if (found := _note(text, part, start, end, len(unit) == len(lines))) is not None:
                yield LooseNote(start, end, found)
                number = unit.stop
                break
        else:
            yield from _within(text, part, *lines[number])
            number += 1


def own_words(source: str) -> str:
    """Return a note's words on one line, without the signs of emphasis around them."""
    return _unwrapped(source)[0]


def is_loose_note(line: str) -> bool:
    """Tell whether a line is a note, or means to be one."""
    words, is_marked = _unwrapped(line)
    try:
        return scenes_for(words, is_marked=is_marked) is not None
    except UserError:
        return True


def _lines(text: str, part: Part) -> Iterator[tuple[int, int]]:
    """Yield where each line's text begins and ends, without the margin of lists and quotes."""
    for line in _LINE.finditer(text, part.start, part.end):
        margin = _MARGIN.match(text, line.start(), line.end())
        assert margin is not None
        yield margin.end(), line.start() + len(line[0].rstrip())


def _units(lines: Sequence[tuple[int, int]], first: int) -> Iterator[range]:
    """Yield which lines may be one note: the whole block, one line, or a few."""
    if first == 0:
        yield range(len(lines))
    for stop in range(first + 1, min(first + _MOST_LINES, len(lines)) + 1):
        yield range(first, stop)


def _note(text: str, part: Part, start: int, end: int, is_block: bool) -> tuple[str, ...] | None:
    if end - start > MOST_CHARACTERS or not MEDIA.search(text, start, end):
        return None
    if not _is_prose(text, part, start, end):
        return None
    words, is_marked = _unwrapped(text[start:end])
    stands_out = is_marked or is_reminder(words)
    if not stands_out and (not is_block or _SENTENCE_END.search(words)):
        return None
    return scenes_for(words, is_marked=is_marked)


def _is_prose(text: str, part: Part, start: int, end: int) -> bool:
    """Tell whether nothing hidden is in a span but code spans among its words."""
    number = bisect_left(part.hidden, (end, end)) - 1
    while number >= 0 and part.hidden[number][1] > start:
        first, last = part.hidden[number]
        if first <= start or last > end or text[first] != "`":
            return False
        number -= 1
    return True


def _within(text: str, part: Part, start: int, end: int) -> Iterator[LooseNote]:
    """Yield the notes that share a line with other text."""
    for opening in _WITHIN.finditer(text, start, end):
        mark = opening["mark"]
        limit = min(end, opening.end() + MOST_CHARACTERS)
        closing = text.find(_BRACKETS.get(mark, mark), opening.end(), limit)
        stop = closing + len(mark)
        is_link = mark == "[" and text[stop : stop + 1] in ("(", "[")
        if closing < 0 or is_link:
            continue
        if (found := _note(text, part, opening.start(), stop, False)) is None:
            continue
        yield LooseNote(opening.start(), stop, found, is_alone=False)


def _unwrapped(source: str) -> tuple[str, bool]:
    """Return a text on one line without emphasis or brackets around it, and whether it had any."""
    words = _LINE_BREAK.sub(" ", source).strip()
    is_marked = False
    while (inner := _inner(words.removesuffix("."))) is not None:
        words, is_marked = inner.strip(), True
    return words, is_marked


def _inner(words: str) -> str | None:
    for mark in _MARKS:
        if words.startswith(mark) and words.endswith(mark) and len(words) > 2 * len(mark):
            inner = words[len(mark) : -len(mark)]
            lone = _LONE_UNDERSCORE.search(inner) if mark[0] == "_" else "*" in inner
            return None if lone and inner[:1] != mark[0] else inner
    closing = _BRACKETS.get(words[:1])
    if closing and words.endswith(closing) and not {words[0], closing} & set(words[1:-1]):
        return words[1:-1]
    return None
