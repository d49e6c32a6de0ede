"""Where the markup of a directive ends: at the closing comment that is its own."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property

from attnviz.embed.comments import CLOSING, OPENING
from attnviz.embed.loose import is_loose_note

BEFORE = re.compile(r"\ufeff?(?:[ \t]|>|[-+*](?=[ \t])|[0-9]{1,9}[.)](?=[ \t]))*")
"""What may stand before a request on its line: the marks of quotes and of list items."""

_INFO = re.compile(r"\.?attnviz(?=[\s,]|\Z)[\s,]*(.*)", re.IGNORECASE | re.DOTALL)
_FENCE_LINE = re.compile(r"[ \t>]*(`{3,}(?=[^`]*\Z)|~{3,})[ \t]*(.*)")
_LINE_END = re.compile(r"\r\n|[\r\n]")
_MARKUP_SIGNS = ("<", "{")


class Sections:
    """Finds the end of a directive's markup.

    Parameters
    ----------
    text
        The post.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _openings(self) -> list[int]:
        return [found.start() for found in OPENING.finditer(self._text)]

    @cached_property
    def _closings(self) -> list[tuple[int, int]]:
        return [found.span() for found in CLOSING.finditer(self._text)]

    def end(self, start: int, end: int) -> int:
        """Return where a directive's markup ends, its closing comment included.

        Parameters
        ----------
        start, end
            A comment. One that is no directive, or has no markup, ends by itself.
        """
        if not OPENING.match(self._text, start):
            return end
        closing = bisect_left(self._closings, (end, end))
        opening = bisect_left(self._openings, end)
        if closing == len(self._closings):
            return end
        place, after = self._closings[closing]
        if opening < len(self._openings) and self._openings[opening] < place:
            return end
        return after if self._is_markup(end, place) else end

    def _is_markup(self, start: int, end: int) -> bool:
        """Tell whether nothing of the author's lies between a directive and a closing comment."""
        *lines, before = _LINE_END.split(self._text[start:end])
        if not (lines and BEFORE.fullmatch(before)):
            return False
        open_fence = ""
        for line in lines:
            fence = _FENCE_LINE.match(line)
            if (fence and asks_in_fence(fence[2]) is not None) or is_loose_note(line):
                return False
            if fence and not open_fence:
                open_fence = fence[1]
            elif fence and fence[1].startswith(open_fence) and not fence[2]:
                open_fence = ""
        # A closing comment in a fenced block is an example; but markup may hold such marks too.
        first = next((line.strip(" \t>") for line in lines if line.strip(" \t>")), "")
        return not open_fence or first.startswith(_MARKUP_SIGNS)


def asks_in_fence(info: str) -> str | None:
    """Return what an info string says of the clip; None where the block asks for none."""
    if info.startswith("{") and info.endswith("}"):
        info = info[1:-1].strip()
    found = _INFO.match(info)
    return found[1] if found else None
