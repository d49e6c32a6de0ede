"""What within a block of text is not prose: code spans, comments, tags of templates, formulas."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

Skip = Callable[[int, int], int]
"""Where to read on after a comment, given its start and its end."""

_TOKEN = re.compile(
    r"\\[!-/:-@\[-`{-~]|`+|<!--|\{/\*|\{%|\{\{[<%]?|\$\$|<(?P<name>[A-Za-z][\w-]*)[^<>]*>"
)
_TOKEN_IN_HTML = re.compile(r"<!--|\{/\*|\{%|\{\{[<%]?|<(?P<name>[A-Za-z][\w-]*)[^<>]*>")
_TICKS = re.compile("`+")
_SHORTEST_COMMENT = re.compile("<!--(?:-?>)")
_COMMENT_END = re.compile("-->")
_MODULE_COMMENT_END = re.compile(r"\*/\s*\}")
_FORMULA_END = re.compile(re.escape("$$"))
_TAG_ENDS = {
    "{%": re.compile(r"%\}"),
    "{{": re.compile(r"\}\}"),
    "{{<": re.compile(r">\}\}"),
    "{{%": re.compile(r"%\}\}"),
}
_TAG_NAME = re.compile(r"\{(?:%-?|\{[<%]-?)\s*(\w+)")
_RAW_TAG = "raw"
_HIDING_TAGS = frozenset({"comment", "highlight", "codeblock"})
_HIDING_ELEMENTS = frozenset({"code", "pre", "script", "style", "textarea"})


class Kind(Enum):
    """What a part of a post is."""

    PROSE = auto()
    COMMENT = auto()
    FENCE = auto()
    TAG = auto()


class Part(NamedTuple):
    """A part of a post.

    Parameters
    ----------
    kind
        What it is.
    start, end
        Its offsets into the text.
    info
        What stands behind the opening marks of a fenced block.
    body
        The offsets of what is in a fenced block.
    closed
        False for a comment or a fenced block that is never closed.
    raw
        Whether it stands between ``{% raw %}`` and ``{% endraw %}``.
    hidden
        Spans of a block of prose that are none of it, in order.
    """

    kind: Kind
    start: int
    end: int
    info: str = ""
    body: tuple[int, int] = (0, 0)
    closed: bool = True
    raw: bool = False
    hidden: tuple[tuple[int, int], ...] = ()


class Inline:
    """Reads blocks of text, one after the other.

    Parameters
    ----------
    text
        The whole post.
    skip
        Where to read on after a comment.
    """

    def __init__(self, text: str, skip: Skip) -> None:
        self._text = text
        self._skip = skip
        self._raw_end = 0
        # What was looked for in vain: it is not there further on either.
        self._missing: set[re.Pattern[str]] = set()
        self._missing_here: set[re.Pattern[str]] = set()

    def is_raw(self, place: int) -> bool:
        """Tell whether a place stands between ``{% raw %}`` and its end."""
        return place < self._raw_end

    def read(self, start: int, end: int, *, html: bool) -> tuple[list[Part], int]:
        """Return the parts of a block, and where to read on: its end, or further.

        Parameters
        ----------
        start, end
            The block.
        html
            Whether it is raw HTML, which has no prose.
        """
        pattern = _TOKEN_IN_HTML if html else _TOKEN
        token = pattern.search(self._text, start, end)
        if token is None and start >= self._raw_end:
            return [] if html else [Part(Kind.PROSE, start, end)], end
        block = _Block(end, html)
        if self.is_raw(start):
            block.hidden.append((start, min(end, self._raw_end)))
        self._missing_here.clear()
        place = start
        while token:
            place = self._after(token, block)
            token = pattern.search(self._text, place, end) if place < end else None
        if not html:
            block.parts.insert(0, Part(Kind.PROSE, start, end, hidden=_outermost(block.hidden)))
        return block.parts, max(place, end)

    def _after(self, token: re.Match[str], block: _Block) -> int:
        """Take what begins with a token; return where it ends."""
        sign = token[0]
        if sign in _TAG_ENDS:
            return self._tag(token, block)
        if sign == "<!--" or sign == "{/*":
            return self._comment(token, block)
        if sign[0] == "`":
            return self._code_span(token, block)
        if sign == "$$":
            return self._hide(token, _FORMULA_END, block)
        if (name := (token["name"] or "").lower()) in _HIDING_ELEMENTS:
            ending = _element_end(name)
            if block.html and not self._is_in(ending, token.end(), block.end):
                return self._jump(token, ending, block)
            return self._hide(token, ending, block)
        return token.end()  # an escape or a tag: no code span begins in it

    def _comment(self, token: re.Match[str], block: _Block) -> int:
        start = token.start()
        if _SHORTEST_COMMENT.match(self._text, start, block.end):
            return token.end()
        ending = _COMMENT_END if token[0] == "<!--" else _MODULE_COMMENT_END
        end = self._find(ending, token.end(), block.end)
        raw = self.is_raw(start)
        if end is None:
            block.parts.append(Part(Kind.COMMENT, start, block.end, closed=False, raw=raw))
            return block.end if block.html else token.end()
        block.parts.append(Part(Kind.COMMENT, start, end, raw=raw))
        after = max(end, self._skip(start, end))
        block.hidden.append((start, after))
        return after

    def _tag(self, token: re.Match[str], block: _Block) -> int:
        start = token.start()
        end = self._find(_TAG_ENDS[token[0]], token.end(), block.end)
        if end is None:
            return token.end()
        name = _TAG_NAME.match(self._text, start, end)
        if name and name[1] in _HIDING_TAGS:
            return self._jump(token, _tag_end(token[0], name[1]), block)
        block.parts.append(Part(Kind.TAG, start, end, raw=self.is_raw(start)))
        block.hidden.append((start, end))
        if name and token[0] == "{%" and name[1] == _RAW_TAG:
            raw_end = self._find_anywhere(_tag_end("{%", _RAW_TAG), end)
            if raw_end is not None:
                self._raw_end = raw_end
                block.hidden.append((end, min(raw_end, block.end)))
        return end

    def _code_span(self, token: re.Match[str], block: _Block) -> int:
        if block.ticks is None:
            block.ticks = defaultdict(list)
            for run in _TICKS.finditer(self._text, token.start(), block.end):
                block.ticks[len(run[0])].append(run.start())
        places = block.ticks.get(len(token[0]), [])
        index = bisect_left(places, token.end())
        if index == len(places):
            return token.end()
        end = places[index] + len(token[0])
        block.hidden.append((token.start(), end))
        return end

    def _hide(self, token: re.Match[str], ending: re.Pattern[str], block: _Block) -> int:
        end = self._find(ending, token.end(), block.end)
        if end is None:
            return token.end()
        block.hidden.append((token.start(), end))
        return end

    def _jump(self, token: re.Match[str], ending: re.Pattern[str], block: _Block) -> int:
        """Pass over what runs on to an ending anywhere in the post, over blank lines too."""
        end = self._find_anywhere(ending, token.end())
        if end is None:
            return token.end()
        block.hidden.append((token.start(), end))
        return end

    def _is_in(self, ending: re.Pattern[str], start: int, end: int) -> bool:
        return self._find(ending, start, end) is not None

    def _find(self, ending: re.Pattern[str], start: int, end: int) -> int | None:
        if ending in self._missing_here:
            return None
        found = ending.search(self._text, start, end)
        if found is None:
            self._missing_here.add(ending)
            return None
        return found.end()

    def _find_anywhere(self, ending: re.Pattern[str], start: int) -> int | None:
        if ending in self._missing:
            return None
        found = ending.search(self._text, start)
        if found is None:
            self._missing.add(ending)
            return None
        return found.end()


class _Block:
    """What was found in one block so far."""

    __slots__ = ("end", "hidden", "html", "parts", "ticks")

    def __init__(self, end: int, html: bool) -> None:
        self.end = end
        self.html = html
        self.parts: list[Part] = []
        self.hidden: list[tuple[int, int]] = []
        self.ticks: defaultdict[int, list[int]] | None = None


def _outermost(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return spans in order, without those that lie in another one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def _element_end(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}\s*>", re.IGNORECASE)


def _tag_end(sign: str, name: str) -> re.Pattern[str]:
    if sign == "{%":
        return re.compile(rf"\{{%-?\s*end{name}\s*-?%\}}")
    return re.compile(rf"\{{\{{[<%]\s*/\s*{name}\s*[>%]\}}\}}")
