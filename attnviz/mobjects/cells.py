"""Rectangles of colour in rows and columns: mobjects up to a size, one image above it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from manim import ImageMobject, RoundedRectangle, VGroup, VMobject

from attnviz.colour import rgb
from attnviz.theme import Space

CELLS_UP_TO = 32
"""The longest side of a matrix whose elements are mobjects of their own."""

Fill = Callable[[float], str]
"""From a value to the hex colour of its cell."""

_LEVELS = 512
"""An image tells this many values apart, which is more than a screen's 256 levels do."""

_IMAGE_SIDE = 768
_MOST_PIXELS = 12

GAP_FROM = 0.09
"""Cells of an image have gaps from this size on, in frame units; finer gaps would flicker."""


@dataclass(frozen=True)
class Pitch:
    """Distance from cell to cell, in frame units."""

    x: float
    y: float

    def place(self, row: int, column: int) -> np.ndarray:
        """Return the middle of a cell; the first cell's is the origin."""
        return np.array([column * self.x, -row * self.y, 0.0])


def colours(values: np.ndarray, fill: Fill) -> np.ndarray:
    """Return the colours of a matrix: ``[row, column, channel]`` in [0, 1]."""
    if values.size > _LEVELS:
        values = _in_levels(values)
    each, places = np.unique(values, return_inverse=True)
    table = np.array([rgb(fill(float(value))) for value in each])
    return np.asarray(table[places].reshape(*values.shape, 3))


def _in_levels(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    low, high = values[known].min(), values[known].max()
    step = (high - low) / _LEVELS or 1.0
    with np.errstate(invalid="ignore"):
        return np.where(known, low + np.rint((values - low) / step) * step, values)


class VectorCells(VGroup):
    """A matrix as rounded rectangles, row by row.

    Parameters
    ----------
    painted
        Colours ``[row, column, channel]``.
    pitch
        Distance from cell to cell; the first cell stands at the origin.
    space
        Gaps and corners.
    """

    def __init__(self, painted: np.ndarray, pitch: Pitch, space: Space) -> None:
        self.matrix_shape: tuple[int, int] = (painted.shape[0], painted.shape[1])
        outline = self._outline(pitch, space)
        super().__init__(
            *(outline.copy().move_to(pitch.place(*pair)) for pair in np.ndindex(self.matrix_shape))
        )
        self.paint(painted)

    @staticmethod
    def _outline(pitch: Pitch, space: Space) -> VMobject:
        """Return the outline of one cell, without the parts of manim's own that copies drag on."""
        gap = min(space.cell_gap, pitch.x / 8, pitch.y / 8)
        width, height = pitch.x - gap, pitch.y - gap
        radius = min(space.corner, width / 4, height / 4)
        rounded = RoundedRectangle(width=width, height=height, corner_radius=radius)
        return VMobject(stroke_width=0, fill_opacity=1).set_points(rounded.points)

    def paint(self, painted: np.ndarray) -> None:
        """Give every cell its colour ``[row, column, channel]``; opacities stay."""
        for cell, colour in zip(self.submobjects, painted.reshape(-1, 3), strict=True):
            # Manim types every part as a Mobject, which has no fill.
            assert isinstance(cell, VMobject)
            cell.fill_rgbas[:, :3] = colour

    def cell(self, row: int, column: int) -> VMobject:
        """Return one cell."""
        return self[row * self.matrix_shape[1] + column]

    def row(self, index: int) -> VGroup:
        """Return the cells of one row."""
        width = self.matrix_shape[1]
        return VGroup(*self[index * width : (index + 1) * width])


class ImageCells(ImageMobject):
    """A matrix as one image.

    Parameters
    ----------
    painted, pitch
        As for :class:`VectorCells`.
    """

    def __init__(self, painted: np.ndarray, pitch: Pitch) -> None:
        rows, columns = painted.shape[:2]
        self.matrix_shape: tuple[int, int] = (rows, columns)
        self._scale = max(1, min(_MOST_PIXELS, _IMAGE_SIDE // max(rows, columns)))
        self._gaps = min(pitch.x, pitch.y) >= GAP_FROM and self._scale == _MOST_PIXELS
        super().__init__(self._pixels(painted))
        self.stretch_to_fit_width(columns * pitch.x).stretch_to_fit_height(rows * pitch.y)
        self.move_to(pitch.place(rows - 1, columns - 1) / 2)

    def _pixels(self, painted: np.ndarray) -> np.ndarray:
        scale = self._scale
        opaque = np.concatenate([painted, np.ones((*painted.shape[:2], 1))], axis=2)
        pixels = np.rint(255 * opaque).astype(np.uint8).repeat(scale, 0).repeat(scale, 1)
        if self._gaps:
            pixels[scale - 1 : -1 : scale, :, 3] = 0
            pixels[:, scale - 1 : -1 : scale, 3] = 0
        return np.asarray(pixels)

    def paint(self, painted: np.ndarray) -> None:
        """Give every cell its colour ``[row, column, channel]``; opacities stay."""
        self.pixel_array[:, :, :3] = self._pixels(painted)[:, :, :3]


Cells = VectorCells | ImageCells


def draw_cells(painted: np.ndarray, pitch: Pitch, space: Space, *, image: bool = False) -> Cells:
    """Return a matrix of colours as mobjects, or as one image where it is large or so wanted."""
    if image or max(painted.shape[:2]) > CELLS_UP_TO:
        return ImageCells(painted, pitch)
    return VectorCells(painted, pitch, space)
