"""Where the matrices of a product stand: side by side, or the right ones above their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from attnviz.mobjects.pen import Pen
from attnviz.theme import Theme
from attnviz.zones import Zone

_TALLEST_ROW = 0.075
"""Of the zone's height."""

_WIDEST_COLUMN = 0.55
# Where the right matrix stands above the result, their heights are no more unlike than this.
_LEAST_SHARE, _MOST_SHARE = 0.4, 0.62
# And the left matrix takes no more than this of the width.
_WIDEST_LEFT = 0.58
_HEADER_CAPS = 4.6
_LABELLED_CAPS = 1.5
_MOST_LABELLED = 0.68


class Named(Protocol):
    """What a matrix is found by."""

    @property
    def address(self) -> str:
        """The matrix ``[row, column]``."""


def header_height(theme: Theme) -> float:
    """Return the height of a matrix's name and shape together, in frame units."""
    return _HEADER_CAPS * theme.sizes.label


@dataclass(frozen=True)
class Room:
    """What the matrices of a product need.

    Parameters
    ----------
    theme
        Gaps and type sizes.
    rows, inner
        Shape of the left matrix.
    columns
        Of the right ones.
    labels
        Width of the labels before the rows of the left matrix; 0: none.
    least
        How wide a right matrix must be, for its result's name.
    """

    theme: Theme
    rows: int
    inner: int
    columns: tuple[int, ...]
    labels: float = 0.0
    least: float = 0.0

    @classmethod
    def of(
        cls,
        pen: Pen,
        left: Named,
        rights: Sequence[Named],
        *,
        labels: float = 0.0,
        least: float = 0.0,
    ) -> Room:
        """Return what some matrices need."""
        rows, inner = pen.array(left.address).shape
        columns = tuple(pen.array(right.address).shape[1] for right in rights)
        return cls(pen.theme, rows, inner, columns, labels, least)


def side_by_side(zone: Zone, need: Room) -> list[Zone]:
    """Return the boxes of left, right and result, their tops level, all columns as wide."""
    counts = (need.inner, need.columns[0], need.columns[0])
    gap, header = 3 * need.theme.space.wide_gap, header_height(need.theme)
    wide = min((zone.width - 2 * gap) / sum(counts), _WIDEST_COLUMN)
    room, tallest = zone.height - header, _TALLEST_ROW * zone.height
    heights = [min(room, tallest * count) for count in (need.rows, need.inner, need.rows)]
    top = zone.top - (room - max(heights)) / 2
    spans = _spans(zone, [wide * count for count in counts], gap)
    return [
        Zone(low, high, top - header - height, top)
        for (low, high), height in zip(spans, heights, strict=True)
    ]


def around_a_corner(zone: Zone, need: Room) -> list[Zone]:
    """Return the boxes of the left matrix, of all right ones, and of all results below those."""
    space, header = need.theme.space, header_height(need.theme)
    gap, between = 2 * space.wide_gap, space.wide_gap
    _labels, zone = zone.beside(need.labels, gap=0.0)
    room = zone.width - len(need.columns) * gap
    share = min(need.inner / (need.inner + sum(need.columns)), _WIDEST_LEFT)
    share = min(share, 1 - need.least * sum(need.columns) / min(need.columns) / room)
    ours = min(room * share / need.inner, _WIDEST_COLUMN)
    theirs = min(room * (1 - share) / sum(need.columns), _WIDEST_COLUMN)
    widths = [need.inner * ours, *(count * theirs for count in need.columns)]
    spans = _spans(zone, widths, gap)
    above, below = _heights(zone, need, zone.height - 2 * header - between)
    top = float(zone.centre[1]) + header + (above + between + below) / 2
    middle = top - header - above - between
    lowers = [Zone(low, high, middle - header - below, middle) for low, high in spans]
    uppers = [Zone(low, high, middle + between, top) for low, high in spans[1:]]
    return [lowers[0], *uppers, *lowers[1:]]


def _heights(zone: Zone, need: Room, room: float) -> tuple[float, float]:
    """Return the heights of the cells above and below."""
    tallest = _TALLEST_ROW * zone.height
    share = min(max(need.inner / (need.inner + need.rows), _LEAST_SHARE), _MOST_SHARE)
    wanted = (1 - share) * room
    if need.labels:
        lines = need.rows * _LABELLED_CAPS * need.theme.sizes.label
        wanted = max(wanted, min(lines, _MOST_LABELLED * room))
    below = min(wanted, tallest * need.rows)
    return min(room - below, tallest * need.inner), below


def _spans(zone: Zone, widths: Sequence[float], gap: float) -> list[tuple[float, float]]:
    """Return the left and right edges of things side by side in the middle of a zone."""
    x = float(zone.centre[0]) - (sum(widths) + gap * (len(widths) - 1)) / 2
    spans = []
    for width in widths:
        spans.append((x, x + width))
        x += width + gap
    return spans
