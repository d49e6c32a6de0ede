"""A place within a line of Markdown, whose white space is measured in columns."""

from __future__ import annotations

import re

_TAB_STOP = 4

_LINE_END = re.compile(r"\r\n|[\r\n]")
_WHOLE_LINE = re.compile(r"[ \t]*+()[^\r\n]*+()(?:\r\n|[\r\n])?")
_SPACES = re.compile(r"[ \t]*")


def line_end(text: str, start: int) -> tuple[int, int]:
    """Return where a line's characters end, and where the next line begins.

    Parameters
    ----------
    text
        The whole text; its lines end as on any system.
    start
        An offset within the line.
    """
    found = _LINE_END.search(text, start)
    return found.span() if found else (len(text), len(text))


class Line:
    """A place within one line, moving to the right.

    Parameters
    ----------
    text
        The whole text.
    start
        Where the line begins.
    """

    __slots__ = ("_column", "end", "following", "indent", "place", "sign", "text")

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self._column = 0
        line = _WHOLE_LINE.match(text, start)
        assert line is not None
        place, self.end, self.following = line.start(1), line.start(2), line.end()
        self._put(start, place)

    def _put(self, start: int, place: int) -> None:
        """Stand at a character that is no white space, with the white space before it ahead."""
        self.place = place
        self.indent = place - start
        if self.indent and "\t" in self.text[start:place]:
            column = self._column
            for character in self.text[start:place]:
                column += _TAB_STOP - column % _TAB_STOP if character == "\t" else 1
            self.indent = column - self._column
        self.sign = self.text[place] if place < self.end else ""

    def indent_by(self, columns: int) -> None:
        """Pass over columns of white space, at most as many as there are."""
        # A tab may be passed in part, so only how much is left is kept.
        columns = min(columns, self.indent)
        self.indent -= columns
        self._column += columns

    def pass_sign(self, length: int) -> None:
        """Pass over the white space and the characters of a mark."""
        self._column += self.indent + length
        start = self.place + length
        spaces = _SPACES.match(self.text, start, self.end)
        assert spaces is not None
        self._put(start, spaces.end())
