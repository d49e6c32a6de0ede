"""Many small pictures that move at once: moved in place, for copies of them would be dear."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from manim import (
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    VGroup,
    VMobject,
)

from attnviz.animations import EASE_ARRIVE, EASE_MOVE
from attnviz.mobjects.dot import DotProduct
from attnviz.mobjects.face import GridFace

_SETTLE = 0.6
"""The share of a step's time after which the next step begins."""


class Pour(Animation):
    """Let blocks come out of as many others, block by block, and move and stretch to their places.

    Parameters
    ----------
    sources
        Where the blocks come from; they stay as they are.
    blocks
        As many; they stand in the scene at the end.
    """

    def __init__(self, sources: Iterable[VMobject], blocks: VGroup, **options: Any) -> None:
        super().__init__(blocks, introducer=True, rate_func=EASE_MOVE, **options)
        self._pairs = list(zip(sources, blocks, strict=True))

    def create_starting_mobject(self) -> Any:
        """Return the blocks themselves: what is needed of them is kept in :meth:`begin`."""
        return self.mobject

    def begin(self) -> None:
        """Keep where every block begins and ends."""
        self._ends = [(block, block.points.copy()) for _, block in self._pairs]
        self._corners = [
            (_corners(source), _corners(block), source.fill_rgbas[0], block.fill_rgbas[0].copy())
            for source, block in self._pairs
        ]
        super().begin()

    def interpolate_mobject(self, alpha: float) -> None:
        """Put every block part of the way."""
        share = self.rate_func(alpha)
        for (block, points), (begin, end, ink, colour) in zip(
            self._ends, self._corners, strict=True
        ):
            low, high = (1 - share) * begin + share * end
            stretch = (high - low) / np.maximum(end[1] - end[0], 1e-9)
            block.points = low + (points - end[0]) * stretch
            block.fill_rgbas[:] = (1 - share) * ink + share * colour


def pour_out(face: GridFace, blocks: VGroup) -> Pour:
    """Let every cell of a grid, row by row, become a block."""
    return Pour([cell for row in face.rows() for cell in row], blocks)


def _corners(block: VMobject) -> np.ndarray:
    """Return the lower left and the upper right corner."""
    return np.array([block.points.min(axis=0), block.points.max(axis=0)])


class Drift(Animation):
    """Shift a mobject's whole family, without copying it.

    Parameters
    ----------
    mobject
        What moves.
    shift
        How far, in frame units.
    """

    def __init__(self, mobject: Mobject, shift: np.ndarray, **options: Any) -> None:
        super().__init__(mobject, rate_func=EASE_MOVE, **options)
        self._shift = np.asarray(shift, dtype=float)
        self._moved = 0.0

    def create_starting_mobject(self) -> Any:
        """Return the mobject itself."""
        return self.mobject

    def interpolate_mobject(self, alpha: float) -> None:
        """Shift by what is still missing."""
        share = self.rate_func(alpha)
        self.mobject.shift((share - self._moved) * self._shift)
        self._moved = share


def multiply(dot: DotProduct) -> Animation:
    """Let each pair of cells become its product, and each product a bar of the running sum."""
    (one, other), products = dot.strips, dot.products
    columns = []
    for place, cell in enumerate(products.cells):
        pair = VGroup(one.digits[place], other.digits[place])
        arrive = AnimationGroup(
            FadeOut(pair.copy(), target_position=cell.get_center(), rate_func=EASE_MOVE),
            FadeIn(cell, products.digits[place], rate_func=EASE_ARRIVE),
        )
        bar = FadeIn(dot.bars[place], target_position=cell.get_center(), rate_func=EASE_MOVE)
        step = FadeIn(dot.steps[place])
        columns.append(AnimationGroup(arrive, bar, step, lag_ratio=_SETTLE))
    return LaggedStart(*columns, lag_ratio=_SETTLE)
