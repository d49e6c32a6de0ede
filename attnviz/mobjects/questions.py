"""A sentence as the questions it asks a model that learns to go on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import UP, CurvedArrow, VGroup, VMobject

from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.mobjects.pen import Pen
from attnviz.text import Line
from attnviz.zones import Zone

_TIP_CAPS = 0.7


class Questions(VGroup):
    """The sentence on top; below it one row a beginning, each ending in a question mark.

    Words stand in columns, so that every question mark is under the word that answers it.
    Above 12 tokens the first 12 beginnings show.

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
        slots = zone.columns(*[1.0] * (len(tokens) + 1))
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
        self._lift = pen.theme.space.gap
        self._arrow_colour = palette.key
        super().__init__(self.sentence, self.beginnings, self.marks)

    def peek(self, row: int) -> VMobject:
        """Return the arrow from a question mark to the word that would give the answer away."""
        start = self.marks[row].get_top() + self._lift * UP
        end = self.sentence[row + 1].get_bottom() - self._lift * UP
        arrow = CurvedArrow(start, end, angle=np.pi / 8, color=self._arrow_colour)
        return arrow.set_stroke(width=3)
