"""A sentence as the questions it asks a model that learns to go on."""

from __future__ import annotations

from collections.abc import Sequence

from manim import UP, Arrow, VGroup, VMobject

from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.mobjects.pen import Pen
from attnviz.mobjects.tokens import spread
from attnviz.text import Line
from attnviz.zones import Zone

_TIP = 0.18


class Questions(VGroup):
    """The sentence on top; below it one row a beginning, each ending in a question mark.

    Words stand in columns, so that every question mark is under the word that answers it. At most
    12 beginnings show, and no more than there is room for.

    Parameters
    ----------
    pen
        Draws the words.
    tokens
        The sentence.
    zone
        The room.
    """

    def __init__(self, pen: Pen, tokens: Sequence[str], zone: Zone) -> None:
        palette, sizes = pen.theme.palette, pen.theme.sizes
        columns, xs = self._columns(pen, tokens, zone)
        shown = len(columns) - 1
        lines = zone.rows(*[1.0] * (shown + 1))

        def place(line: Line, row: int, column: int) -> Line:
            return line.set_x(xs[column]).stand_in(lines[row])

        def word(column: int, row: int, colour: str) -> Line:
            token = pen.token(
                columns[column], colour=colour, cap=sizes.label, longest=zone.width / 4
            )
            return place(token, row, column)

        answers = range(min(len(tokens), shown + 1))
        self.sentence = VGroup(*(word(i, 0, palette.key) for i in answers))
        self.beginnings = VGroup(
            *(
                VGroup(*(word(i, end + 1, palette.query) for i in range(end + 1)))
                for end in range(shown)
            )
        )
        mark = pen.words("?", colour=palette.ink, weight="bold")
        self.marks = VGroup(*(place(mark.copy(), end + 1, end + 1) for end in range(shown)))
        self._lift = pen.theme.space.gap * UP
        self._lit = (shown - 1) // 2
        self._arrow = (palette.key, pen.theme.space.outline)
        super().__init__(self.sentence, self.beginnings, self.marks)

    @staticmethod
    def _columns(pen: Pen, tokens: Sequence[str], zone: Zone) -> tuple[list[str], list[float]]:
        """Return what heads each column, and the columns' middles; the last may be a mark's."""
        cap = pen.theme.sizes.label
        columns = [*tokens[: DIGITS_UP_TO + 1], "?"][: DIGITS_UP_TO + 1]
        while True:
            words = [pen.token(text, cap=cap, longest=zone.width / 4) for text in columns]
            middles = spread([word.width for word in words], zone.width, pen.theme.space.wide_gap)
            if middles is not None:
                return columns, [float(zone.centre[0]) + middle for middle in middles]
            columns = columns[:-1]

    @property
    def asked(self) -> list[VGroup]:
        """The rows of questions, from the top, without the sentence."""
        return [VGroup(row, mark) for row, mark in zip(self.beginnings, self.marks, strict=True)]

    @property
    def unlit(self) -> list[VMobject]:
        """All words of the questions but those of the one that :meth:`peek` is about."""
        return [word for end, row in enumerate(self.beginnings) if end != self._lit for word in row]

    def peek(self) -> VMobject:
        """Return the arrow from a question mark in the middle to the word that answers it."""
        colour, width = self._arrow
        start = self.marks[self._lit].get_top() + self._lift
        end = self.sentence[self._lit + 1].get_bottom() - self._lift
        return Arrow(start, end, buff=0, color=colour, stroke_width=width, tip_length=_TIP)
