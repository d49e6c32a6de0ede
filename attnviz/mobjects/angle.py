"""Two vectors in the plane that they span, true to their lengths and to their angle."""

from __future__ import annotations

import numpy as np
from manim import DOWN, RIGHT, Arc, Arrow, VGroup

from attnviz.mobjects.named import NamedVector
from attnviz.mobjects.pen import Pen
from attnviz.text import Line
from attnviz.zones import Zone

_TURNS = (0.0, 15.0, 30.0, 45.0)
"""Degrees by which the picture may turn to fill its room; an angle between vectors has no up."""

_ATTEMPTS = 4
_ARC_SHARE = 0.28
_WIDE = 1.9
_EQUATION_CAPS = 5.0


class SpannedPlane(VGroup):
    """Two vectors as arrows from one point: any two lie in a plane, so nothing is projected away.

    Their dot product is the product of their lengths and the cosine of their angle.

    Parameters
    ----------
    pen
        Draws the type.
    arms
        The two vectors; the angle is measured from the first.
    product
        Address of their dot product.
    zone
        The room: the equation stands below the arrows, or beside them in a wide zone.
    places
        Decimal places of the dot product.
    """

    def __init__(
        self,
        pen: Pen,
        arms: tuple[NamedVector, NamedVector],
        product: str,
        zone: Zone,
        *,
        places: int,
    ) -> None:
        self._pen = pen
        self._arms = arms
        one, other = (arm.address for arm in arms)
        self._lengths = [pen.value(f"norm({arm.address})") for arm in arms]
        self._degrees = pen.value(f"angle({one}, {other})")
        room = _EQUATION_CAPS * pen.theme.sizes.label
        if zone.width > _WIDE * zone.height:
            field, foot = zone.columns(1, 1)
        else:
            field, foot = zone.rows(zone.height - room, room)
        self._fit(field, f"angle({one}, {other})")
        self.equation = self._draw_equation(f"cosine({one}, {other})", product, places)
        self.equation.move_to(foot.centre)
        if self.equation.width > foot.width:
            self.equation.arrange(DOWN, buff=pen.theme.space.wide_gap).move_to(foot.centre)
        super().__init__(
            *self.arrows, self.names, self.lengths, self.arc, self.degrees, self.equation
        )

    def _fit(self, field: Zone, angle: str) -> None:
        """Draw the arrows and what is written at them as large as the field allows.

        Type keeps its size, so what is too wide or too high is drawn again with shorter arrows.
        """
        room = field
        for _ in range(_ATTEMPTS):
            self.arrows = self._draw_arrows(room)
            self.names, self.lengths = self._name(), self._measure()
            self.arc, self.degrees = self._draw_angle(angle)
            drawn = VGroup(*self.arrows, self.names, self.lengths, self.arc, self.degrees)
            wide, high = drawn.width - field.width, drawn.height - field.height
            if wide <= 0 and high <= 0:
                break
            room = room.inset(max(wide, 0.0) / 2, max(high, 0.0) / 2)
        drawn.move_to(field.centre)

    def _name(self) -> VGroup:
        """Return the vectors' names, beyond their tips."""
        words = [self._pen.words(arm.name, colour=arm.colour) for arm in self._arms]
        return VGroup(*(self._beyond(line, i) for i, line in enumerate(words)))

    def _measure(self) -> VGroup:
        """Return the vectors' lengths, beside them."""
        lines = [
            self._pen.phrase(
                f"|{arm.symbol}| = {{length}}",
                {"length": f"norm({arm.address})"},
                colour=arm.colour,
            )
            for arm in self._arms
        ]
        return VGroup(*(self._along(line, i) for i, line in enumerate(lines)))

    def _draw_arrows(self, field: Zone) -> list[Arrow]:
        """Return the arrows as large as the field allows, with room for type around them."""
        sizes, gap = self._pen.theme.sizes, self._pen.theme.space.gap
        widest = max(self._pen.words(arm.name).width for arm in self._arms)
        width = max(field.width - 2 * (widest + 2 * gap), sizes.label)
        height = max(field.height - 2 * (2 * sizes.label + gap), sizes.label)
        turns = [(self._scale(turn, width, height), -turn) for turn in _TURNS]
        scale, turn = max(turns)
        tips = self._tips(-turn) * scale
        low, high = np.minimum(tips.min(axis=0), 0), np.maximum(tips.max(axis=0), 0)
        self._origin = field.centre - (low + high) / 2
        self._ends = self._origin + tips
        self._turn = -turn
        theme = self._pen.theme
        return [
            Arrow(
                self._origin,
                end,
                buff=0,
                color=arm.colour,
                stroke_width=1.5 * theme.space.outline,
                tip_length=theme.sizes.label,
                max_tip_length_to_length_ratio=0.5,
                max_stroke_width_to_length_ratio=100,
            )
            for arm, end in zip(self._arms, self._ends, strict=True)
        ]

    def _tips(self, turn: float) -> np.ndarray:
        angles = np.radians([turn, turn + self._degrees])
        return np.array(
            [
                (length * np.cos(angle), length * np.sin(angle), 0.0)
                for length, angle in zip(self._lengths, angles, strict=True)
            ]
        )

    def _scale(self, turn: float, width: float, height: float) -> float:
        tips = np.concatenate([self._tips(turn), np.zeros((1, 3))])
        spans = np.ptp(tips, axis=0)
        return float(min(width / max(spans[0], 1e-9), height / max(spans[1], 1e-9)))

    def _outward(self, arm: int) -> np.ndarray:
        """Return the direction from an arrow's side away from the other arrow."""
        angle = np.radians(self._turn + (-90.0 if arm == 0 else self._degrees + 90.0))
        return np.array([np.cos(angle), np.sin(angle), 0.0])

    def _along(self, line: Line, arm: int) -> Line:
        """Put a line of type beside the middle of an arrow, on its outer side."""
        middle = (self._origin + self._ends[arm]) / 2
        return self._clear_of(line, middle, self._outward(arm))

    def _beyond(self, line: Line, arm: int) -> Line:
        """Put a line of type beyond the tip of an arrow."""
        way = self._ends[arm] - self._origin
        return self._clear_of(line, self._ends[arm], way / np.linalg.norm(way))

    def _clear_of(self, line: Line, point: np.ndarray, way: np.ndarray) -> Line:
        """Put the middle of a line of type so far along a way that its box is clear of a point."""
        half = abs(way[0]) * line.width / 2 + abs(way[1]) * line.height / 2
        line.move_to(point + (half + 1.5 * self._pen.theme.space.gap) * way)
        return line

    def _draw_angle(self, address: str) -> tuple[Arc, Line]:
        pen = self._pen
        reach = min(float(np.linalg.norm(end - self._origin)) for end in self._ends)
        radius = _ARC_SHARE * reach
        turn, sweep = np.radians(self._turn), np.radians(self._degrees)
        arc = Arc(
            radius=radius,
            start_angle=turn,
            angle=sweep,
            arc_center=self._origin,
            color=pen.theme.palette.ink,
            stroke_width=pen.theme.space.outline,
        )
        degrees = pen.phrase("{angle}°", {"angle": address}, places=0)
        middle = turn + sweep / 2
        way = np.array([np.cos(middle), np.sin(middle), 0.0])
        return arc, self._clear_of(degrees, self._origin + radius * way, way)

    def _draw_equation(self, cosine: str, product: str, places: int) -> VGroup:
        """Return ``|q| · |k| · cos ≈ q · k`` in numbers; its two parts may stand on two lines."""
        pen = self._pen
        cap = pen.theme.sizes.token
        one, other = (
            pen.number(f"norm({arm.address})", cap=cap, colour=arm.colour) for arm in self._arms
        )
        factors = _line(pen, [one, "·", other, "·", pen.number(cosine, cap=cap)], cap)
        self.product = pen.number(product, cap=cap, weight="semibold", places=places)
        result = _line(pen, ["≈", self.product], cap)
        self.factors = VGroup(*factors, result[0])
        return VGroup(factors, result).arrange(RIGHT, buff=pen.theme.space.gap)


def _line(pen: Pen, parts: list[Line | str], cap: float) -> VGroup:
    """Return numbers and signs on one baseline."""
    lines = [
        pen.words(part, cap=cap, colour=pen.theme.palette.dim) if isinstance(part, str) else part
        for part in parts
    ]
    row = VGroup(*lines).arrange(RIGHT, buff=pen.theme.space.gap)
    for line in lines:
        line.stand_on(0)
    return row
