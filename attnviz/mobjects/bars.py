"""One row of numbers as signed bars from a zero line, with their values and their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from manim import Line, VGroup, VMobject

from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.pen import VALUE_PLACES, Pen, element
from attnviz.mobjects.tokens import ALL_LABELS_UP_TO, TokenRow
from attnviz.text import Line as TypeLine
from attnviz.text import Number
from attnviz.zones import Zone

_LEAST_BAR = 1e-3
_BAR_SHARE = 0.55
_WIDEST_BAR = 0.8
_VALUE_CAPS = 1.7
_LABEL_CAPS = 2.4
# The outermost numbers stick out beyond their slots.
_EDGE_CAPS = 3.4


@dataclass(frozen=True)
class Scale:
    """From values to heights: ``low`` lies at the foot of the bars' room, ``high`` at its top."""

    low: float
    high: float

    @classmethod
    def around(cls, *rows: np.ndarray) -> Self:
        """Return the scale that just holds zero and all finite values of some rows."""
        values = np.concatenate([[0.0], *(np.ravel(row) for row in rows)])
        finite = values[np.isfinite(values)]
        low, high = float(finite.min()), float(finite.max())
        return cls(low, high if high > low else low + 1.0)

    def shifted(self, by: float) -> Scale:
        """Return the scale on which values greater by ``by`` are as high as before."""
        return Scale(self.low + by, self.high + by)

    def height(self, value: float, zone: Zone) -> float:
        """Return the height in the frame of a value."""
        share = (value - self.low) / (self.high - self.low)
        return zone.bottom + share * zone.height


class Bars(VGroup):
    """The bars of one row, the line that they stand on or hang from, and their values.

    A masked score, −∞, has no bar and its value stands at the foot.

    Parameters
    ----------
    bars
        A bar a number, in order; an invisible one for −∞.
    values
        Place in the row to its number, for those that show.
    line
        The zero line.
    """

    def __init__(self, bars: VGroup, values: dict[int, Number], line: Line) -> None:
        self.bars = bars
        self.shown = values
        self.values = VGroup(*values.values())
        self.line = line
        super().__init__(line, bars, self.values)


class BarField:
    """The room in which one row stands as bars, state after state, a slot a number.

    Up to 16 numbers have their tokens below, up to 16 their values if these have room; above,
    only the focused ones.

    Parameters
    ----------
    pen
        Draws the type.
    tokens
        The labels, one a number; an empty sequence for none.
    count
        How many numbers there are.
    zone
        The room for bars, values and labels.
    colour
        Hex colour of bars and labels.
    focused
        Places that keep label and value in any case, the most important first.
    """

    def __init__(
        self,
        pen: Pen,
        tokens: Sequence[str],
        count: int,
        zone: Zone,
        *,
        colour: str,
        focused: Sequence[int] = (),
    ) -> None:
        self._pen, self._colour = pen, colour
        self._focused = list(dict.fromkeys(focused))
        cap = pen.theme.sizes.label
        foot, head = (_LABEL_CAPS if tokens else 0.0) * cap, _VALUE_CAPS * cap
        self._left, self._right, self._bottom = zone.left, zone.right, zone.bottom + foot
        self.room = Zone(zone.left, zone.right, zone.bottom + foot + head, zone.top - head)
        self.labels = VGroup()
        if tokens:
            width = zone.width - _EDGE_CAPS * cap
            self.labels = TokenRow(
                pen, tokens, width=width, colour=colour, focused=self._focused, cap=cap
            ).set_x(zone.centre[0])
            for label in self.labels:
                _stand(label, zone.bottom, cap)
            self._centres = [float(label.get_x()) for label in self.labels]
        else:
            self._centres = [float(slot.centre[0]) for slot in zone.columns(*[1] * count)]
        slots = [b - a for a, b in pairwise(self._centres)]
        self._slot = min(slots, default=zone.width)

    def bars(
        self, address: str, scale: Scale, *, places: int = VALUE_PLACES, values: bool = True
    ) -> Bars:
        """Return the bars of the row at an address; ``values`` tells whether they are printed."""
        row = self._pen.array(address)
        bars = VGroup(
            *(
                self._bar(float(value), x, scale)
                for value, x in zip(row, self._centres, strict=True)
            )
        )
        keep(bars, entries(address, row.shape))
        shown = self._values(address, row, scale, places) if values else {}
        level = scale.height(0.0, self.room)
        line = Line(
            (self._left, level, 0.0),
            (self._right, level, 0.0),
            stroke_width=self._pen.theme.space.hairline,
            color=self._pen.theme.palette.dim,
        )
        return Bars(bars, shown, line)

    def named(self, index: int, token: str, bars: Bars) -> TypeLine:
        """Return the token of one bar, above its tip: where no labels stand below."""
        theme = self._pen.theme
        label = self._pen.token(token, colour=self._colour, cap=theme.sizes.label)
        label.set_x(self._centres[index])
        half = label.width / 2
        label.shift((max(0.0, self._left - self._centres[index] + half), 0.0, 0.0))
        label.shift((min(0.0, self._right - self._centres[index] - half), 0.0, 0.0))
        return label.stand_on(float(bars.bars[index].get_top()[1]) + theme.space.gap)

    def _bar(self, value: float, x: float, scale: Scale) -> VMobject:
        """Return a bar whose outline begins at its end: from state to state that end stays.

        A plain rectangle would slide, for its outline begins at its upper right.
        """
        finite = np.isfinite(value)
        zero = scale.height(0.0, self.room)
        tip = scale.height(value, self.room) if finite else zero
        half = min(_BAR_SHARE * self._slot, _WIDEST_BAR) / 2
        if abs(tip - zero) < _LEAST_BAR:
            tip = zero + _LEAST_BAR
        corners = [(half, tip), (-half, tip), (-half, zero), (half, zero), (half, tip)]
        bar = VMobject(stroke_width=0)
        bar.set_points_as_corners([(x + across, y, 0.0) for across, y in corners])
        return bar.set_fill(self._colour, opacity=1 if finite else 0)

    def _values(
        self, address: str, row: np.ndarray, scale: Scale, places: int
    ) -> dict[int, Number]:
        numbers = {
            index: self._value(element(address, index), float(row[index]), places)
            for index in self._candidates(len(row))
        }
        gap = self._pen.theme.space.cell_gap
        widest = max(number.width for number in numbers.values())
        if widest + gap > self._slot:
            numbers = {i: n for i, n in numbers.items() if i in self._focused}
        kept: dict[int, Number] = {}
        for index in [*self._focused, *numbers]:
            if index in kept or index not in numbers:
                continue
            number = numbers[index]
            self._place(number, float(row[index]), self._centres[index], scale)
            if all(abs(number.get_x() - n.get_x()) >= widest + gap for n in kept.values()):
                kept[index] = number
        return dict(sorted(kept.items()))

    def _candidates(self, count: int) -> list[int]:
        if count <= ALL_LABELS_UP_TO:
            return list(range(count))
        # A number means nothing where the token that it belongs to has no room.
        return [i for i in self._focused if not self.labels or isinstance(self.labels[i], TypeLine)]

    def _value(self, address: str, value: float, places: int) -> Number:
        theme = self._pen.theme
        colour = theme.palette.ink if np.isfinite(value) else theme.palette.dim
        exact_zero = value == 0.0
        return self._pen.number(
            address, cap=theme.sizes.label, colour=colour, places=0 if exact_zero else places
        )

    def _place(self, number: Number, value: float, x: float, scale: Scale) -> None:
        number.set_x(x)
        cap, gap = number.cap_height, (_VALUE_CAPS - 1) * number.cap_height / 2
        if not np.isfinite(value):
            number.stand_on(self._bottom + gap)
        elif value < 0:
            number.stand_on(scale.height(value, self.room) - gap - cap)
        else:
            number.stand_on(scale.height(value, self.room) + gap)


def _stand(label: VMobject, foot: float, cap: float) -> None:
    """Put a token on its baseline; a dot that stands for one goes to the middle of its capitals."""
    if isinstance(label, TypeLine):
        label.stand_on(foot + cap / 2)
    else:
        label.set_y(foot + cap)
