"""Matrices as heat: one cell an element, coloured on the signed ramp of the theme."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import ImageMobject, Rectangle, VGroup, VMobject

from attnviz.colour import SignedRamp, rgb

CELLS_UP_TO = 32
_PIXELS = 12
_GAP_SHARE = 0.08


class HeatMatrix(VGroup):
    """A small matrix, a rectangle an element.

    Parameters
    ----------
    values
        ``[row, column]``.
    width, height
        Size of the whole, in frame units.
    ramp
        Colours of −1 … 1.
    extent
        The magnitude that takes the ramp's ends.
    """

    def __init__(
        self,
        values: np.ndarray,
        *,
        width: float,
        height: float,
        ramp: SignedRamp,
        extent: float,
    ) -> None:
        rows, columns = values.shape
        self.matrix_shape = (rows, columns)
        pitch_x, pitch_y = width / columns, height / rows
        gap = _GAP_SHARE * min(pitch_x, pitch_y)
        plain = Rectangle(width=pitch_x - gap, height=pitch_y - gap, stroke_width=0)
        cells = []
        for row, column in np.ndindex(rows, columns):
            cell = plain.copy().set_fill(ramp(float(values[row, column]) / extent), opacity=1)
            cells.append(cell.shift([column * pitch_x, -row * pitch_y, 0]))
        super().__init__(*(VGroup(*cells[r * columns : (r + 1) * columns]) for r in range(rows)))
        self.center()

    def row(self, index: int) -> VGroup:
        """Return the cells of one row."""
        found: VGroup = self.submobjects[index]
        return found

    def cell(self, row: int, column: int) -> VMobject:
        """Return one element's rectangle."""
        found: VMobject = self.submobjects[row][column]
        return found


class HeatImage(ImageMobject):
    """A large matrix as one image (a side over 32), with the same colours and gaps.

    Parameters
    ----------
    values, width, height, ramp, extent
        As for :class:`HeatMatrix`.
    """

    def __init__(
        self,
        values: np.ndarray,
        *,
        width: float,
        height: float,
        ramp: SignedRamp,
        extent: float,
    ) -> None:
        colours = np.array(
            [[[*rgb(ramp(float(value) / extent)), 1.0] for value in row] for row in values]
        )
        pixels = np.rint(255 * colours).astype(np.uint8).repeat(_PIXELS, 0).repeat(_PIXELS, 1)
        pixels[_PIXELS - 1 :: _PIXELS, :, 3] = 0
        pixels[:, _PIXELS - 1 :: _PIXELS, 3] = 0
        super().__init__(pixels)
        self.stretch_to_fit_width(width).stretch_to_fit_height(height)


def heat(values: np.ndarray, **layout: Any) -> HeatMatrix | HeatImage:
    """Return a matrix as heat: rectangles up to a side of 32, one image above."""
    kind = HeatMatrix if max(values.shape) <= CELLS_UP_TO else HeatImage
    return kind(values, **layout)
