"""Matrices as heat: one cell an element, coloured on the signed ramp of the theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import DOWN, LEFT, RIGHT, UP, Group, ImageMobject, Mobject, Rectangle, VGroup, VMobject

from attnviz.colour import rgb
from attnviz.mobjects.cells import CELLS_UP_TO, GAP_FROM
from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.pen import Pen
from attnviz.text import Line
from attnviz.zones import Zone

_PIXELS = 12
_GAP_SHARE = 0.08
_TALLEST_ROW = 0.3

Ramp = Callable[[float], str]


class HeatMatrix(VGroup):
    """A small matrix, a rectangle an element.

    Parameters
    ----------
    values
        ``[row, column]``.
    width, height
        Size of the whole, in frame units.
    ramp
        From a value's share of the extent to a colour.
    extent
        The magnitude that takes the ramp's ends.
    """

    def __init__(
        self,
        values: np.ndarray,
        *,
        width: float,
        height: float,
        ramp: Ramp,
        extent: float,
    ) -> None:
        rows, columns = values.shape
        self.matrix_shape = (rows, columns)
        pitch_x, pitch_y = width / columns, height / rows
        gap = _GAP_SHARE * min(pitch_x, pitch_y)
        corners = Rectangle(width=pitch_x - gap, height=pitch_y - gap).points
        plain = VMobject(stroke_width=0, fill_opacity=1).set_points(corners)
        cells = []
        for row, column in np.ndindex(rows, columns):
            cell = plain.copy().set_fill(ramp(float(values[row, column]) / extent), opacity=1)
            cells.append(cell.shift((column * pitch_x, -row * pitch_y, 0.0)))
        super().__init__(*(VGroup(*cells[r * columns : (r + 1) * columns]) for r in range(rows)))
        self.center()

    def row(self, index: int) -> VGroup:
        """Return the cells of one row."""
        row = self.submobjects[index]
        # Manim types every part of a group as a Mobject.
        assert isinstance(row, VGroup)
        return row

    def cell(self, row: int, column: int) -> VMobject:
        """Return one element's rectangle."""
        return self.row(row)[column]


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
        ramp: Ramp,
        extent: float,
    ) -> None:
        colours = np.array(
            [[[*rgb(ramp(float(value) / extent)), 1.0] for value in row] for row in values]
        )
        pixels = np.rint(255 * colours).astype(np.uint8).repeat(_PIXELS, 0).repeat(_PIXELS, 1)
        rows, columns = values.shape
        if min(width / columns, height / rows) >= GAP_FROM:
            pixels[_PIXELS - 1 : -1 : _PIXELS, :, 3] = 0
            pixels[:, _PIXELS - 1 : -1 : _PIXELS, 3] = 0
        super().__init__(pixels)
        self.stretch_to_fit_width(width).stretch_to_fit_height(height)


def outline(
    matrix: Mobject,
    shape: tuple[int, int],
    *,
    row: int | None = None,
    column: int | None = None,
    colour: str,
    width: float,
) -> Rectangle:
    """Return a frame around one row, one column or one element of a drawn matrix.

    Parameters
    ----------
    matrix
        Its cells, drawn as rectangles or as an image.
    shape
        Its numbers of rows and columns.
    row, column
        Which; None: all of them.
    colour, width
        Of the stroke.
    """
    rows, columns = shape
    cell_width, cell_height = matrix.width / columns, matrix.height / rows
    frame = Rectangle(
        width=matrix.width if column is None else cell_width,
        height=matrix.height if row is None else cell_height,
        color=colour,
        stroke_width=width,
    )
    corner = matrix.get_corner(UP + LEFT)
    right = 0.0 if column is None else column * cell_width
    down = 0.0 if row is None else row * cell_height
    return frame.move_to(corner + right * RIGHT + down * DOWN, aligned_edge=UP + LEFT)


def shape_title(pen: Pen, name: str, address: str, colour: str) -> Line:
    """Return a matrix's name with its numbers of rows and columns."""
    sizes = {"rows": f"size({address}, 0)", "columns": f"size({address}, 1)"}
    return pen.phrase(f"{name}  {{rows}} × {{columns}}", sizes, colour=colour)


class TitledMatrix(Group):
    """A matrix as heat that fills a zone, under its name and shape.

    Parameters
    ----------
    pen
        Draws the title.
    name
        What the matrix is called.
    address
        The matrix ``[row, column]``.
    zone
        The room for both.
    colour
        Hex colour of the title.
    """

    def __init__(self, pen: Pen, name: str, address: str, zone: Zone, colour: str) -> None:
        theme = pen.theme
        self.address = address
        self.values = pen.array(address)
        self.title = shape_title(pen, name, address, colour)
        header = 2 * theme.sizes.label
        self.body = heat(
            self.values,
            width=zone.width,
            height=min(zone.height - header, _TALLEST_ROW * len(self.values)),
            ramp=theme.palette.signed,
            extent=pen.value(f"extent({address})"),
        )
        keep(self.body, entries(address, self.values.shape))
        self.body.next_to(zone.centre, DOWN, buff=0).align_to((0.0, zone.top - header, 0.0), UP)
        self.title.set_x(zone.centre[0]).stand_on(zone.top - header + theme.space.gap)
        self._stroke = theme.space.outline
        super().__init__(self.title, self.body)

    def outline(
        self, *, row: int | None = None, column: int | None = None, colour: str
    ) -> Rectangle:
        """Return a frame around one row, one column or one element."""
        return outline(
            self.body,
            self.values.shape,
            row=row,
            column=column,
            colour=colour,
            width=self._stroke,
        )


def heat(values: np.ndarray, **layout: Any) -> HeatMatrix | HeatImage:
    """Return a matrix as heat: rectangles up to a side of 32, one image above."""
    kind = HeatMatrix if max(values.shape) <= CELLS_UP_TO else HeatImage
    return kind(values, **layout)
