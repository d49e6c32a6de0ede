"""The lens under a grid that is too large for digits: the keys that one query scores highest."""

from __future__ import annotations

from collections.abc import Sequence

from manim import VGroup

from attnviz.mobjects.cells import Fill, Pitch
from attnviz.mobjects.face import Patch
from attnviz.mobjects.pen import Pen, element
from attnviz.text import Line

_MOST_KEYS = 8
_CELL_CAPS = 2.6
_CAPS = 6.5
"""Height of a lens with its labels, in cap heights of its digits."""


def lens_height(pen: Pen) -> float:
    """Return the room that a lens takes below a grid, in frame units."""
    return _CAPS * pen.theme.sizes.lens


class LensFrame(VGroup):
    """The labels of a lens: its query at the left, its keys above, an ellipsis for all others.

    The lens stands with its first cell at the origin; :meth:`patch` draws its cells.

    Parameters
    ----------
    pen
        Draws the labels.
    address
        The matrix ``[query, key]``.
    query
        The row in the lens.
    keys
        Columns, the most important first; as many as fit are shown, in the sentence's order.
    asking
        The query's text.
    answering
        The keys' texts.
    width
        The room, in frame units.
    places
        Decimal places of the digits.
    """

    def __init__(
        self,
        pen: Pen,
        address: str,
        query: int,
        keys: Sequence[int],
        *,
        asking: str,
        answering: Sequence[str],
        width: float,
        places: int,
    ) -> None:
        sizes, palette, gap = pen.theme.sizes, pen.theme.palette, pen.theme.space.gap
        longest = width / 5
        asks = pen.token(asking, colour=palette.query, cap=sizes.label, longest=longest)
        others = pen.words("…", colour=palette.dim)
        labels = {
            key: pen.token(answering[key], colour=palette.key, cap=sizes.label, longest=longest)
            for key in keys[:_MOST_KEYS]
        }
        digits = {
            key: pen.number_width(element(address, query, key), places) * sizes.lens / sizes.cell
            for key in labels
        }
        wanted = {key: max(digits[key], labels[key].width) + 2 * gap for key in labels}
        room = width - asks.width - others.width - 2 * gap
        self.query = query
        self.keys = self._fitting(wanted, room)
        self.pitch = Pitch(max(wanted[key] for key in self.keys), _CELL_CAPS * sizes.lens)
        asks.end_at(-self.pitch.x / 2 - gap).stand_on(-asks.cap_height / 2)
        others.begin_at((len(self.keys) - 0.5) * self.pitch.x + gap).stand_on(asks.baseline)
        above = self.pitch.y / 2 + gap
        answers: list[Line] = [
            labels[key].set_x(place * self.pitch.x).stand_on(above)
            for place, key in enumerate(self.keys)
        ]
        super().__init__(asks, *answers, *([others] if len(self.keys) < len(answering) else []))

    @staticmethod
    def _fitting(wanted: dict[int, float], room: float) -> list[int]:
        """Return as many of the first keys as fit side by side in equal slots, in order."""
        keys = list(wanted)
        while len(keys) > 1 and len(keys) * max(wanted[key] for key in keys) > room:
            keys.pop()
        return sorted(keys)

    def patch(self, pen: Pen, address: str, *, fill: Fill, places: int) -> Patch:
        """Return the cells and digits of a matrix in this lens, its first cell at the origin."""
        return Patch(
            pen,
            address,
            [self.query],
            self.keys,
            self.pitch,
            fill=fill,
            digits=True,
            places=places,
            cap=pen.theme.sizes.lens,
        )
