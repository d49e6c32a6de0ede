"""The face of an attention grid: its cells and digits, and the lens that magnifies one row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import DOWN, LEFT, RIGHT, UP, Group, Mobject, RoundedRectangle, VGroup, VMobject

from attnviz.colour import hex_colour, ink_on
from attnviz.mobjects.cells import Fill, Pitch, VectorCells, colours, draw_cells
from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.pen import Pen, element
from attnviz.text import Number
from attnviz.theme import Theme

_HATCHES = 3
_HATCH_OPACITY = 0.5


class Patch(Group):
    """Cells of some pairs (query, key) of a matrix and, where wanted, their digits.

    Parameters
    ----------
    pen
        Draws the digits.
    address
        The matrix ``[query, key]``.
    queries, keys
        Which rows and which columns of it, in the order drawn.
    pitch
        Distance from cell to cell; the first cell stands at the origin.
    fill
        From a value to the colour of its cell.
    digits
        Whether the cells carry their numbers.
    places
        Decimal places of the digits.
    cap
        Cap height of the digits, in frame units.
    image
        Whether the cells are one image; above 32 rows or columns they always are.
    """

    def __init__(
        self,
        pen: Pen,
        address: str,
        queries: Sequence[int],
        keys: Sequence[int],
        pitch: Pitch,
        *,
        fill: Fill,
        digits: bool,
        places: int,
        cap: float,
        image: bool = False,
    ) -> None:
        self.theme: Theme = pen.theme
        self.address = address
        self.fill = fill
        self.queries, self.keys = tuple(queries), tuple(keys)
        self.pitch = pitch
        matrix = pen.array(address)
        values = matrix[np.ix_(self.queries, self.keys)]
        self.shape: tuple[int, int] = (values.shape[0], values.shape[1])
        self.painted = colours(values, fill)
        self.cells = draw_cells(self.painted, pitch, pen.theme.space, image=image)
        keep(self.cells, entries(address, matrix.shape, rows=self.queries, columns=self.keys))
        self.digits = VGroup()
        for pair in np.ndindex(self.shape) if digits else ():
            ink = ink_on(hex_colour(self.painted[pair]))
            place = element(address, self.queries[pair[0]], self.keys[pair[1]])
            number = pen.number(
                place, colour=ink if values[pair] else pen.theme.palette.dim, places=places, cap=cap
            )
            x, y, _ = pitch.place(*pair)
            self.digits.add(number.set_x(x).stand_on(y - number.cap_height / 2))
        super().__init__(self.cells, self.digits)

    @property
    def middle(self) -> np.ndarray:
        """Where the first cell stands now."""
        last = self.pitch.place(self.shape[0] - 1, self.shape[1] - 1)
        return np.asarray(self.cells.get_center() - last / 2)

    def numbers_of_patch(self) -> list[Number]:
        """Return the digits of this patch alone, row by row."""
        return [number for number in self.digits if isinstance(number, Number)]


class GridFace(Patch):
    """The cells of a whole matrix ``[query, key]``; large ones with a lens for their digits.

    Parameters
    ----------
    pen, address, pitch, fill, digits, places, image
        As for :class:`Patch`.
    lens
        The patch that magnifies a part of one row; it becomes a part of the face.
    """

    def __init__(
        self,
        pen: Pen,
        address: str,
        pitch: Pitch,
        *,
        fill: Fill,
        digits: bool,
        places: int,
        image: bool = False,
        lens: Patch | None = None,
    ) -> None:
        rows, columns = pen.array(address).shape
        super().__init__(
            pen,
            address,
            range(rows),
            range(columns),
            pitch,
            fill=fill,
            digits=digits,
            places=places,
            cap=pen.theme.sizes.cell,
            image=image,
        )
        # The lens is no part of a patch's own cells and digits.
        self.lens = lens
        if lens is not None:
            self.add(lens)

    @property
    def patches(self) -> list[Patch]:
        """The face itself and its lens, if it has one."""
        return [self] if self.lens is None else [self, self.lens]

    def numbers(self) -> list[Number]:
        """Return the digits, in the cells or in the lens."""
        return [number for patch in self.patches for number in patch.numbers_of_patch()]

    def cell(self, query: int, key: int) -> VMobject:
        """Return one cell (only where they are no image)."""
        return self._vectors.cell(query, key)

    def row(self, query: int) -> VGroup:
        """Return the cells of one query (only where they are no image)."""
        return self._vectors.row(query)

    def rows(self) -> list[VGroup]:
        """Return the cells, row by row (only where they are no image)."""
        return [self.row(query) for query in range(self.shape[0])]

    @property
    def _vectors(self) -> VectorCells:
        assert isinstance(self.cells, VectorCells), "cells of an image have no mobjects"
        return self.cells

    def take_row(self, query: int, other: GridFace) -> None:
        """Show one row as another face of the same cells shows it: colours and digits."""
        for patch, theirs in zip(self.patches, other.patches, strict=True):
            if query not in patch.queries:
                continue
            row, width = patch.queries.index(query), patch.shape[1]
            patch.painted[row] = theirs.painted[row]
            patch.cells.paint(patch.painted)
            for place in range(row * width, (row + 1) * width) if patch.digits else ():
                patch.digits.submobjects[place] = theirs.digits[place].copy()

    @property
    def shows_digits(self) -> bool:
        """Whether the cells carry their numbers."""
        return len(self.digits) > 0

    def row_digits(self, query: int) -> VGroup:
        """Return the numbers of one query; empty where the cells carry none."""
        width = self.shape[1]
        return VGroup(*self.digits[query * width : (query + 1) * width])

    def digit_rows(self) -> list[VGroup]:
        """Return the numbers, row by row; no rows where the cells carry none."""
        return [
            self.row_digits(query) for query in range(self.shape[0] if self.shows_digits else 0)
        ]

    def row_outline(self, query: int) -> RoundedRectangle:
        """Return a frame around one row, in the query's colour."""
        space = self.theme.space
        frame = RoundedRectangle(
            width=self.shape[1] * self.pitch.x + space.cell_gap,
            height=max(self.pitch.y, 2 * space.cell_gap),
            corner_radius=min(space.corner + space.cell_gap / 2, self.pitch.y / 2, space.cell_gap),
            color=self.theme.palette.query,
            stroke_width=space.outline,
        )
        return frame.move_to((self.cells.get_x(), self._height_of(query), 0.0))

    def row_of(self, mobject: Mobject) -> int:
        """Return the row at whose height a mobject stands."""
        return round(float(self.middle[1] - mobject.get_y()) / self.pitch.y)

    def _height_of(self, query: int) -> float:
        return float((self.middle + self.pitch.place(query, 0))[1])

    def row_totals(self, pen: Pen) -> VGroup:
        """Return every row's printed total, at its end; none where the rows are too low."""
        gap = 2 * self.theme.space.gap
        totals = VGroup()
        if self.pitch.y < 1.3 * self.theme.sizes.label:
            return totals
        for query in range(self.shape[0]):
            address = f"total({element(self.address, query)})"
            total = pen.number(address, cap=self.theme.sizes.label, colour=self.theme.palette.dim)
            total.begin_at(self.cells.get_right()[0] + gap)
            totals.add(total.stand_on(self._height_of(query) - total.cap_height / 2))
        return totals

    def hatches(self, masked: np.ndarray) -> dict[tuple[int, int], VMobject]:
        """Return the marks of all masked pairs, by ``(query, key)``; an image has none."""
        if not isinstance(self.cells, VectorCells):
            return {}
        return {(int(q), int(k)): self.hatch(int(q), int(k)) for q, k in np.argwhere(masked)}

    def hatch(self, query: int, key: int) -> VMobject:
        """Return diagonal strokes over one cell: the mark of a masked pair."""
        cell = self.cell(query, key)
        marks = VMobject(
            stroke_color=self.theme.palette.dim,
            stroke_width=self.theme.space.hairline,
            stroke_opacity=_HATCH_OPACITY,
        )
        corner, across, up = cell.get_corner(DOWN + LEFT), cell.width * RIGHT, cell.height * UP
        for step in range(1, 2 * _HATCHES):
            low, high = max(0.0, step / _HATCHES - 1), min(1.0, step / _HATCHES)
            marks.start_new_path(corner + low * across + high * up)
            marks.add_line_to(corner + high * across + low * up)
        return marks
