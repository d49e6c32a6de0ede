"""A sentence as the questions it asks a model that learns to go on."""

from __future__ import annotations

from collections.abc import Sequence

from manim import UP, Arrow, VGroup, VMobject

from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.mobjects.pen import Pen
from attnviz.text import Line
from attnviz.zones import Zone

_TIP = 0.18


class Questions(VGroup):
    """The sentence on top; below it one row a beginning, each ending in a question mark.

    Words stand in columns, so that every question mark is under the word that answers it.
    Of a sentence of more than 12 tokens the first 12 show.

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
        shown = min(len(tokens), DIGITS_UP_TO)
        lines = zone.rows(*[1.0] * (shown + 1))
        tokens = tokens[: shown + 1]
        slots = zone.columns(*[1.0] * (shown + 1))
        longest = slots[0].width - pen.theme.space.gap

        def word(text: str, row: int, column: int, colour: str) -> Line:
            line = pen.token(text, colour=colour, cap=sizes.label, longest=longest)
            line.set_x(slots[column].centre[0])
            line.stand_on(float(lines[row].centre[1]) - sizes.label / 2)
            return line

        def mark(row: int, column: int) -> Line:
            line = pen.words("?", colour=palette.ink, weight="bold")
            line.set_x(slots[column].centre[0])
            line.stand_on(float(lines[row].centre[1]) - sizes.label / 2)
            return line

        self.sentence = VGroup(*(word(t, 0, i, palette.key) for i, t in enumerate(tokens)))
        self.beginnings = VGroup(
            *(
                VGroup(
                    *(word(t, end + 1, i, palette.query) for i, t in enumerate(tokens[: end + 1]))
                )
                for end in range(shown)
            )
        )
        self.marks = VGroup(*(mark(end + 1, end + 1) for end in range(shown)))
        self._lift = pen.theme.space.gap * UP
        self._lit = (shown - 1) // 2
        self._arrow = (palette.key, pen.theme.space.outline)
        super().__init__(self.sentence, self.beginnings, self.marks)

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
