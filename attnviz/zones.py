"""Zones: the rectangles of the frame in which formula, stage and caption live."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from attnviz.theme import Space


@dataclass(frozen=True)
class Zone:
    """A rectangle of the frame that its content never leaves, in frame units."""

    left: float
    right: float
    bottom: float
    top: float

    @property
    def width(self) -> float:
        """Width in frame units."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in frame units."""
        return self.top - self.bottom

    @property
    def centre(self) -> np.ndarray:
        """The middle, as manim's point."""
        return np.array([(self.left + self.right) / 2, (self.bottom + self.top) / 2, 0.0])

    def at(self, share: float) -> float:
        """Return the height that lies ``share`` of the way down from the top."""
        return self.top - share * self.height

    def beside(self, width: float, gap: float) -> tuple[Zone, Zone]:
        """Cut off a column of the given width at the left; return it and what is right of it."""
        edge = self.left + width
        return replace(self, right=edge), replace(self, left=edge + gap)

    def apart(self, width: float, height: float, gap: float) -> tuple[Zone, Zone]:
        """Cut off room for something at the left or at the top; return it and what is left.

        It is cut off where the rest is nearer to a square; a rest may have no room at all.
        """
        edge = self.top - height
        beside = self.beside(width, gap)
        below = replace(self, bottom=edge), replace(self, top=edge - gap)
        return max(beside, below, key=lambda cut: min(cut[1].width, cut[1].height))

    def shrunk(self, share: float) -> Zone:
        """Return a zone of ``share`` of both sides about the same middle."""
        x, y, _ = self.centre
        half_width, half_height = share * self.width / 2, share * self.height / 2
        return Zone(x - half_width, x + half_width, y - half_height, y + half_height)

    def inset(self, x: float, y: float) -> Zone:
        """Return the zone without a margin of the given widths at the sides, and above and below.

        It keeps its middle; a zone that is too small for the margins becomes a point.
        """
        x, y = min(x, self.width / 2), min(y, self.height / 2)
        return Zone(self.left + x, self.right - x, self.bottom + y, self.top - y)

    def columns(self, *shares: float, gap: float = 0.0) -> tuple[Zone, ...]:
        """Cut the zone into columns whose widths stand in the given proportion."""
        unit = (self.width - gap * (len(shares) - 1)) / sum(shares)
        edges = np.cumsum([0.0, *[share * unit + gap for share in shares]]) + self.left
        return tuple(
            replace(self, left=float(edge), right=float(edge + share * unit))
            for edge, share in zip(edges[:-1], shares, strict=True)
        )

    def rows(self, *shares: float, gap: float = 0.0) -> tuple[Zone, ...]:
        """Cut the zone into rows, from the top, whose heights stand in the given proportion."""
        unit = (self.height - gap * (len(shares) - 1)) / sum(shares)
        edges = self.top - np.cumsum([0.0, *[share * unit + gap for share in shares]])
        return tuple(
            replace(self, top=float(edge), bottom=float(edge - share * unit))
            for edge, share in zip(edges[:-1], shares, strict=True)
        )

    def split(self, *shares: float, gap: float = 0.0) -> tuple[Zone, ...]:
        """Cut the zone into columns or into rows, whichever leaves parts nearer to squares.

        So what stands side by side in a wide frame stands one above another in a tall one.
        """
        return min(self.columns(*shares, gap=gap), self.rows(*shares, gap=gap), key=_oblongness)

    def tiles(self, count: int, gap: float = 0.0) -> list[Zone]:
        """Cut the zone into equal tiles, row by row; they are squarish, and few stay empty."""
        tried = (
            self._tiled(columns, math.ceil(count / columns), gap) for columns in range(1, count + 1)
        )
        cuts = [cut for cut in tried if min(cut[0].width, cut[0].height) > 0]
        return min(cuts, key=lambda cut: _oblongness(cut) + (len(cut) - count) / count)[:count]

    def _tiled(self, columns: int, rows: int, gap: float) -> list[Zone]:
        lines = self.rows(*[1.0] * rows, gap=gap)
        return [tile for line in lines for tile in line.columns(*[1.0] * columns, gap=gap)]

    @property
    def is_tall(self) -> bool:
        """Whether the zone is taller than wide: then things stand one above another."""
        return self.height > self.width


def _oblongness(zones: Sequence[Zone]) -> float:
    """Return how far the most oblong of some zones is from a square."""
    return max(abs(math.log(zone.width / zone.height)) for zone in zones)


@dataclass(frozen=True)
class Zones:
    """Formula at the top, stage in the middle, caption at the bottom."""

    formula: Zone
    stage: Zone
    caption: Zone

    @classmethod
    def of_frame(cls, width: float, height: float, space: Space) -> Zones:
        """Cut a frame of the given size (frame units, the centre at 0)."""
        inner = Zone(
            left=-width / 2 + space.margin,
            right=width / 2 - space.margin,
            bottom=-height / 2 + space.margin,
            top=height / 2 - space.margin,
        )
        stage_top = inner.top - space.formula_zone
        stage_bottom = inner.bottom + space.caption_zone
        return cls(
            formula=replace(inner, bottom=stage_top),
            stage=replace(inner, top=stage_top - space.gap, bottom=stage_bottom + space.gap),
            caption=replace(inner, top=stage_bottom),
        )
