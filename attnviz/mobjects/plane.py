"""Vectors as points in the plane of their first two principal components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from manim import Arrow, Dot, Line, VGroup

from attnviz.mobjects.pen import Pen
from attnviz.text import Line as TypeLine
from attnviz.zones import Zone

_DOT_RADIUS = 0.08
_FAINT_RADIUS = 0.055
_TIP = 0.2
_SAMPLES = 24
# Of a label from its point, in gaps.
_DISTANCES = (0.5, 1.5, 3.0, 5.0)
_NOTE_CAPS = 2.4
# Right, left, above, below, then the corners.
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


@dataclass(frozen=True)
class Box:
    """A rectangle that a label takes, in frame units."""

    left: float
    right: float
    bottom: float
    top: float

    def holds(self, points: np.ndarray, margin: float) -> bool:
        """Tell whether any of some points ``[n, 2]`` lies in the box or within a margin of it."""
        x, y = points[:, 0], points[:, 1]
        inside = (self.left - margin < x) & (x < self.right + margin)
        inside &= (self.bottom - margin < y) & (y < self.top + margin)
        return bool(inside.any())

    def meets(self, other: Box, margin: float) -> bool:
        """Tell whether two boxes overlap or come nearer than a margin."""
        return (
            self.left < other.right + margin
            and other.left < self.right + margin
            and self.bottom < other.top + margin
            and other.bottom < self.top + margin
        )

    def inside(self, zone: Zone) -> bool:
        """Tell whether the box lies in a zone."""
        return (
            zone.left <= self.left
            and self.right <= zone.right
            and zone.bottom <= self.bottom
            and self.top <= zone.top
        )


class PlanePlot(VGroup):
    """Vectors as points in their plane, with labels that overlap neither each other nor a point.

    Both components have one scale, so that distances in the plane are true to each other, and the
    first runs along the longer side of the zone. A label
    that finds no room is left out; the first ones are placed first.

    Parameters
    ----------
    pen
        Draws the note, and gives the coordinates.
    rows
        Address of the vectors ``[n, d]``.
    labels
        Row to its label, the most important first.
    colours
        Of the points, hex.
    moves
        Pairs of rows that an arrow joins.
    zone
        The room.
    """

    def __init__(
        self,
        pen: Pen,
        rows: str,
        labels: Mapping[int, TypeLine],
        *,
        colours: Sequence[str],
        moves: Sequence[tuple[int, int]] = (),
        zone: Zone,
    ) -> None:
        theme = pen.theme
        self._gap = theme.space.gap
        note_height = _NOTE_CAPS * theme.sizes.label
        self._zone = Zone(zone.left, zone.right, zone.bottom + note_height, zone.top)
        places = pen.array(f"plane_coordinates({rows})")
        # The first component, along which points lie farthest apart, runs along the longer side.
        self.places = self._scaled(places[:, ::-1] if zone.is_tall else places, labels)
        moved = {row for move in moves for row in move}
        self.dots = VGroup(
            *(
                Dot((x, y, 0.0), radius=_DOT_RADIUS if i in moved else _FAINT_RADIUS, color=colour)
                for i, ((x, y), colour) in enumerate(zip(self.places, colours, strict=True))
            )
        )
        self.arrows = VGroup(*(self._arrow(*move, colours[move[1]]) for move in moves))
        self._taken: list[Box] = []
        self._points = np.concatenate([self.places, *(self._along(*move) for move in moves)])
        self._label_of = {row: line for row, line in labels.items() if self._find_room(row, line)}
        self.axes = self._axes(theme.palette.dim, theme.space.hairline)
        self.note = pen.phrase(
            "a flat view that keeps {kept} of the spread (variance) of {count} vectors",
            {"kept": f"plane_share({rows})", "count": f"size({rows}, 0)"},
            colour=theme.palette.dim,
            places=3,
        )
        self.note.set_x(zone.centre[0]).stand_on(zone.bottom + theme.space.gap)
        super().__init__(self.axes, self.arrows, *self.marks(), self.note)

    def mark(self, row: int) -> VGroup:
        """Return one vector's point with its label, where there was room for one."""
        label = [self._label_of[row]] if row in self._label_of else []
        return VGroup(self.dots[row], *label)

    def marks(self, but: Sequence[int] = ()) -> list[VGroup]:
        """Return all points with their labels, some left out."""
        return [self.mark(row) for row in range(len(self.dots)) if row not in but]

    def _scaled(self, places: np.ndarray, labels: Mapping[int, TypeLine]) -> np.ndarray:
        """Return the points in the frame: as large as the zone and the labels beside them allow."""
        low, high = places.min(axis=0), places.max(axis=0)
        spans = np.maximum(high - low, 1e-9)
        height = max((line.height for line in labels.values()), default=0.0)
        width = max((line.width for line in labels.values()), default=0.0)
        margin = np.array([width / 2, height]) + 2 * self._gap
        room = np.array([self._zone.width, self._zone.height]) - 2 * margin
        scale = float((room / spans).min())
        self._origin = self._zone.centre[:2] - scale * (low + high) / 2
        scaled: np.ndarray = places * scale + self._origin
        return scaled

    def _arrow(self, start: int, end: int, colour: str) -> Arrow:
        begin, finish = (np.array([*self.places[i], 0.0]) for i in (start, end))
        return Arrow(
            begin,
            finish,
            buff=_DOT_RADIUS,
            color=colour,
            stroke_width=4,
            tip_length=_TIP,
            max_tip_length_to_length_ratio=0.5,
            max_stroke_width_to_length_ratio=50,
        )

    def _along(self, start: int, end: int) -> np.ndarray:
        shares = np.linspace(0, 1, _SAMPLES)[:, np.newaxis]
        along: np.ndarray = self.places[start] * (1 - shares) + self.places[end] * shares
        return along

    def _find_room(self, row: int, line: TypeLine) -> bool:
        """Put a label beside its point where nothing is; tell whether there was room."""
        others = np.delete(self._points, row, axis=0)
        # Off the axes, and well off the points of others, where that can be.
        ways = (
            (np.concatenate([others, *self._axis_points()]), 1.5 * self._gap),
            (others, self._gap / 2),
        )
        for obstacles, margin in ways:
            for distance, direction in product(_DISTANCES, _DIRECTIONS):
                box = self._beside(row, line, distance, direction)
                free = not any(box.meets(other, self._gap / 2) for other in self._taken)
                if free and box.inside(self._zone) and not box.holds(obstacles, margin):
                    self._taken.append(box)
                    return True
        return False

    def _beside(self, row: int, line: TypeLine, distance: float, direction: tuple[int, int]) -> Box:
        """Put a label at a distance and in a direction from its point; return its box."""
        away = _DOT_RADIUS + distance * self._gap
        half = np.array([line.width, line.cap_height]) / 2
        x, y = self.places[row] + np.array(direction) * (away + half)
        line.set_x(x).stand_on(y - half[1])
        return Box(
            float(line.get_left()[0]),
            float(line.get_right()[0]),
            float(line.get_bottom()[1]),
            float(line.get_top()[1]),
        )

    def _axis_points(self) -> list[np.ndarray]:
        """Return points along both axes, nearer to each other than a label is high."""
        (x, y), zone = self._origin, self._zone
        across = np.linspace(zone.left, zone.right, 10 * _SAMPLES)
        upward = np.linspace(zone.bottom, zone.top, 10 * _SAMPLES)
        return [
            np.stack([across, np.full_like(across, y)], axis=1),
            np.stack([np.full_like(upward, x), upward], axis=1),
        ]

    def _axes(self, colour: str, width: float) -> VGroup:
        """Return the two components as faint lines through the mean of the vectors."""
        x, y = self._origin
        lines = VGroup(
            Line((self._zone.left, y, 0.0), (self._zone.right, y, 0.0)),
            Line((x, self._zone.bottom, 0.0), (x, self._zone.top, 0.0)),
        )
        return lines.set_stroke(colour, width=width, opacity=0.5)
