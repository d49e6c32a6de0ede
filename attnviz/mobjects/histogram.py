"""Histograms of several matrices on one scale: a block a number, blocks of one bin stacked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from manim import Line as Stroke
from manim import Rectangle, VGroup

from attnviz.derived import bins
from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.pen import Pen
from attnviz.zones import Zone

_FEWEST_BINS, _MOST_BINS = 11, 31
_TALLEST_BLOCK = 1.3
"""Height of a block by its width, at most: few numbers make low stacks, not tall blocks."""

_GAP_SHARE = 0.12
_TITLE_CAPS, _END_CAPS = 2.4, 2.2


class Histogram(VGroup):
    """The numbers of a matrix as blocks stacked over an axis, and where they begin and end.

    Parameters
    ----------
    pen
        Draws the type.
    title
        What the numbers are.
    address
        The matrix.
    zone
        The room.
    reach
        The magnitude at both ends of the axis.
    tallest
        How many blocks fill the height.
    places
        Decimal places of the ends.
    """

    def __init__(
        self,
        pen: Pen,
        title: str,
        address: str,
        zone: Zone,
        *,
        reach: float,
        tallest: int,
        places: int,
    ) -> None:
        sizes, palette = pen.theme.sizes, pen.theme.palette
        head, foot = _TITLE_CAPS * sizes.label, _END_CAPS * sizes.label
        top, body, below = zone.rows(head, zone.height - head - foot, foot)
        self.title = pen.words(title, colour=palette.dim).begin_at(zone.left).stand_in(top)
        matrix = pen.array(address)
        values = matrix.ravel()
        count = bin_count(len(values))
        width = body.width / count
        height = min(body.height / tallest, _TALLEST_BLOCK * width)
        gap = _GAP_SHARE * min(width, height)
        block = Rectangle(width=width - gap, height=height - gap, stroke_width=0, fill_opacity=1)
        stacked = [0] * count
        self.blocks = VGroup()
        for value, place in zip(values, bins(values, reach, count), strict=True):
            fill = palette.signed(1.0 if value >= 0 else -1.0)
            middle = (
                body.left + (place + 0.5) * width,
                body.bottom + (stacked[place] + 0.5) * height,
                0.0,
            )
            self.blocks.add(block.copy().set_fill(fill).move_to(middle))
            stacked[place] += 1
        keep(self.blocks, entries(address, matrix.shape))
        self.axis = Stroke((body.left, body.bottom, 0.0), (body.right, body.bottom, 0.0))
        self.axis.set_stroke(palette.dim, width=pen.theme.space.hairline)
        self.ends = self._draw_ends(pen, address, body, below, reach, places)
        super().__init__(self.title, self.axis, self.blocks, self.ends)

    @staticmethod
    def _draw_ends(
        pen: Pen, address: str, body: Zone, below: Zone, reach: float, places: int
    ) -> VGroup:
        """Return the least and the greatest number below their places, clear of each other."""
        cap, gap = pen.theme.sizes.label, pen.theme.space.gap
        ends = VGroup()
        for name in ("least", "greatest"):
            number = pen.number(f"{name}({address})", cap=cap, places=places)
            share = number.value / reach if reach else 0.0
            number.set_x(body.centre[0] + share * body.width / 2).stand_in(below)
            number.shift((max(below.left - float(number.get_left()[0]), 0.0), 0.0, 0.0))
            number.shift((min(below.right - float(number.get_right()[0]), 0.0), 0.0, 0.0))
            ends.add(number)
        low, high = ends
        overlap = float(low.get_right()[0]) + 2 * gap - float(high.get_left()[0])
        if overlap > 0:
            low.shift((-overlap / 2, 0.0, 0.0))
            high.shift((overlap / 2, 0.0, 0.0))
        return ends


def histograms(
    pen: Pen, columns: Mapping[str, str], zones: Sequence[Zone], *, places: int
) -> list[Histogram]:
    """Return histograms of matrices of one shape, on one scale across and upwards.

    Parameters
    ----------
    pen
        Draws the type.
    columns
        Title to the address of a matrix.
    zones
        Equal rooms, one a matrix.
    places
        Decimal places of the ends.
    """
    reach = max(pen.value(f"extent({address})") for address in columns.values())
    tallest = max(_tallest_stack(pen.array(address).ravel(), reach) for address in columns.values())
    return [
        Histogram(pen, title, address, zone, reach=reach, tallest=tallest, places=places)
        for (title, address), zone in zip(columns.items(), zones, strict=True)
    ]


def bin_count(numbers: int) -> int:
    """Return how many bins some numbers are sorted into: an odd count, more for more numbers."""
    wanted = 4 * math.isqrt(numbers) + 1
    return min(max(wanted, _FEWEST_BINS), _MOST_BINS)


def _tallest_stack(values: np.ndarray, reach: float) -> int:
    return int(np.bincount(bins(values, reach, bin_count(len(values)))).max())
