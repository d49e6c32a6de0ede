"""Arithmetic in one line, every number of it a mobject of its own that can be travelled to."""

from __future__ import annotations

import string
from collections.abc import Mapping

from manim import VGroup

from attnviz.mobjects.pen import VALUE_PLACES, Pen
from attnviz.text import Line, Run

Slot = str | Run

# Distances in caps.
_SPACE, _TIGHT = 0.5, 0.12


class Equation(VGroup):
    """A template such as ``"{token}: {score} − {largest} = {difference}"`` on one baseline.

    Parameters
    ----------
    pen
        Draws the type.
    template
        The author's words and signs with named slots; words stand a space apart.
    slots
        For each slot the address of a number, or a run (a token).
    colours
        Slot to hex colour; the others, and the words, are in ink.
    cap
        Cap height; None: a label's.
    places
        Decimal places of numbers whose text is not fixed yet.
    """

    def __init__(
        self,
        pen: Pen,
        template: str,
        slots: Mapping[str, Slot],
        *,
        colours: Mapping[str, str] | None = None,
        cap: float | None = None,
        places: int = VALUE_PLACES,
    ) -> None:
        cap = cap or pen.theme.sizes.label
        self.parts: dict[str, Line] = {}
        pieces: list[Line] = []
        x = 0.0
        for text, slot, _, _ in string.Formatter().parse(template):
            for place, word in enumerate(text.split()):
                # A comma or a colon follows its slot without a space.
                apart = place or text[0].isspace() or not pieces
                x += cap * (_SPACE if apart else _TIGHT)
                pieces.append(pen.words(word, cap=cap).begin_at(x).stand_on(0))
                x = float(pieces[-1].get_right()[0])
            if slot is not None:
                piece = _drawn(pen, slots[slot], cap, (colours or {}).get(slot), places)
                # A bracket opens close to what it holds.
                opened = text.endswith("(")
                x += cap * (_TIGHT if opened else _SPACE)
                pieces.append(piece.begin_at(x).stand_on(0))
                x = float(piece.get_right()[0])
                self.parts[slot] = piece
        super().__init__(*pieces)
        self.center()

    def words(self) -> VGroup:
        """Return everything that stands in no slot."""
        filled = {id(part) for part in self.parts.values()}
        return VGroup(*(piece for piece in self if id(piece) not in filled))


def _drawn(pen: Pen, slot: Slot, cap: float, colour: str | None, places: int) -> Line:
    if isinstance(slot, Run):
        return pen.token(slot.text, cap=cap, colour=colour)
    return pen.number(slot, cap=cap, colour=colour, places=places)
