"""The attention grid: rows ask (queries), columns answer (keys)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from manim import DOWN, LEFT, RIGHT, UP, RoundedRectangle, VGroup, VMobject

from attnviz.colour import ink_on
from attnviz.mobjects.pen import Pen, element
from attnviz.mobjects.tokens import ALL_LABELS_UP_TO
from attnviz.text import Line, Number
from attnviz.theme import Theme

DIGITS_UP_TO = 12
_TALLEST_ROW = 0.85
_WIDEST_COLUMN = 1.15
_HATCHES = 3
_HATCH_OPACITY = 0.5

Fill = Callable[[float], str]


@dataclass(frozen=True)
class Pitch:
    """Distance from cell to cell, in frame units."""

    x: float
    y: float

    def place(self, query: int, key: int) -> np.ndarray:
        """Return the middle of a cell; the first cell's is the origin."""
        return np.array([key * self.x, -query * self.y, 0.0])


class GridFace(VGroup):
    """The cells of a matrix ``[query, key]`` and, where wanted, their digits.

    Parameters
    ----------
    pen
        Draws the digits.
    address
        The matrix, e.g. ``layers[1].weights[2]``.
    pitch
        Distance from cell to cell.
    fill
        From a value to the colour of its cell.
    digits
        Whether the cells carry their numbers.
    places
        Decimal places of the digits.
    """

    def __init__(
        self, pen: Pen, address: str, pitch: Pitch, *, fill: Fill, digits: bool, places: int
    ) -> None:
        self.theme: Theme = pen.theme
        self.address = address
        values = pen.array(address)
        self.shape: tuple[int, int] = (values.shape[0], values.shape[1])
        self.pitch = pitch
        fills = [fill(float(value)) for value in values.flat]
        pairs = [(int(q), int(k)) for q, k in np.ndindex(self.shape)]
        outline = self._outline()
        self.cells = VGroup(
            *(
                outline.copy().set_fill(colour).move_to(pitch.place(*pair))
                for pair, colour in zip(pairs, fills, strict=True)
            )
        )
        self.digits = VGroup()
        for pair, colour in zip(pairs, fills, strict=True) if digits else ():
            ink = ink_on(colour) if values[pair] else pen.theme.palette.dim
            number = pen.number(element(address, *pair), colour=ink, places=places)
            self.digits.add(self._put(number, *pair))
        super().__init__(self.cells, self.digits)

    def _outline(self) -> VMobject:
        """Return the outline of one cell, without the parts of manim's own that copies drag on."""
        gap = min(self.theme.space.cell_gap, self.pitch.x / 8, self.pitch.y / 8)
        width, height = self.pitch.x - gap, self.pitch.y - gap
        radius = min(self.theme.space.corner, width / 4, height / 4)
        rounded = RoundedRectangle(width=width, height=height, corner_radius=radius)
        return VMobject(stroke_width=0, fill_opacity=1).set_points(rounded.points)

    def _put(self, number: Number, query: int, key: int) -> Number:
        x, y, _ = self.pitch.place(query, key)
        number.set_x(x).stand_on(y - number.cap_height / 2)
        return number

    def cell(self, query: int, key: int) -> VMobject:
        """Return one cell."""
        return self.cells[query * self.shape[1] + key]

    def digit(self, query: int, key: int) -> Number:
        """Return one cell's number (only where the grid shows digits)."""
        number = self.digits[query * self.shape[1] + key]
        assert isinstance(number, Number)
        return number

    @property
    def shows_digits(self) -> bool:
        """Whether the cells carry their numbers."""
        return len(self.digits) > 0

    def row(self, query: int) -> VGroup:
        """Return the cells of one query."""
        width = self.shape[1]
        return VGroup(*self.cells[query * width : (query + 1) * width])

    def row_digits(self, query: int) -> VGroup:
        """Return the numbers of one query; empty where the grid shows none."""
        width = self.shape[1]
        return VGroup(*self.digits[query * width : (query + 1) * width])

    def rows(self) -> list[VGroup]:
        """Return the cells, row by row."""
        return [self.row(query) for query in range(self.shape[0])]

    def digit_rows(self) -> list[VGroup]:
        """Return the numbers, row by row; no rows where the grid shows none."""
        return [
            self.row_digits(query) for query in range(self.shape[0] if self.shows_digits else 0)
        ]

    def row_outline(self, query: int) -> RoundedRectangle:
        """Return a frame around one row, in the query's colour."""
        row, space = self.row(query), self.theme.space
        frame = RoundedRectangle(
            width=row.width + 2 * space.cell_gap,
            height=row.height + 2 * space.cell_gap,
            corner_radius=space.corner + space.cell_gap,
            color=self.theme.palette.query,
            stroke_width=space.outline,
        )
        return frame.move_to(row)

    def row_totals(self, pen: Pen) -> VGroup:
        """Return every row's printed total, at its end; none where the rows are too low."""
        gap = 2 * self.theme.space.gap
        totals = VGroup()
        if self.pitch.y < 1.3 * self.theme.sizes.label:
            return totals
        for query, row in enumerate(self.rows()):
            address = f"total({element(self.address, query)})"
            total = pen.number(address, cap=self.theme.sizes.label, colour=self.theme.palette.dim)
            total.begin_at(row.get_right()[0] + gap)
            totals.add(total.stand_on(float(row.get_y()) - total.cap_height / 2))
        return totals

    def hatches(self, masked: np.ndarray) -> dict[tuple[int, int], VMobject]:
        """Return the marks of all masked pairs, by ``(query, key)``."""
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


class AttentionGrid(VGroup):
    """A face with the tokens beside it: queries at the left, keys on top, both titled.

    Above 12 tokens the cells lose their digits, above 16 only the focused labels show.

    Parameters
    ----------
    pen
        Draws labels and digits.
    address
        The matrix, e.g. ``layers[1].weights[2]``.
    queries, keys
        Token texts of the rows and of the columns.
    width, height
        The room for everything, in frame units.
    fill
        From a value to the colour of its cell.
    places
        Decimal places of the digits.
    small
        Draw neither digits nor tokens, only the cells and the titles.
    focused
        Rows and columns that keep their label above 16 tokens, the most important first.
    """

    def __init__(
        self,
        pen: Pen,
        address: str,
        queries: Sequence[str],
        keys: Sequence[str],
        *,
        width: float,
        height: float,
        fill: Fill,
        places: int = 2,
        small: bool = False,
        focused: Sequence[int] = (),
    ) -> None:
        self.theme: Theme = pen.theme
        self.address = address
        self._places = places
        self._digits = not small and max(len(queries), len(keys)) <= DIGITS_UP_TO
        palette = pen.theme.palette
        query_labels = {} if small else self._labels(pen, queries, palette.query, focused)
        titles = (pen.words("Query", colour=palette.dim), pen.words("Key", colour=palette.dim))
        beside = max(line.width for line in (titles[0], *query_labels.values()))
        widest = min((width - beside - pen.theme.space.gap) / len(keys), _WIDEST_COLUMN)
        self._tiers = self._count_tiers(pen, () if small else keys, widest)
        above = (2 if small else 2 + 2 * self._tiers) * pen.theme.sizes.label
        tall = min((height - above) / len(queries), _TALLEST_ROW)
        wanted = self._wanted_width(pen, () if small else keys, tall)
        self.pitch = Pitch(x=min(widest, wanted), y=tall)
        slot = self._tiers * self.pitch.x
        key_labels = {} if small else self._labels(pen, keys, palette.key, focused, slot)
        if max(len(queries), len(keys)) > ALL_LABELS_UP_TO:
            lines = 1.5 * pen.theme.sizes.label
            query_labels = self._apart(query_labels, lambda _line: lines, self.pitch.y)
            key_labels = self._apart(key_labels, lambda line: line.width, self.pitch.x)
        self.face = GridFace(
            pen, address, self.pitch, fill=fill, digits=self._digits, places=places
        )
        self.query_labels = VGroup(*(self._beside(q, line) for q, line in query_labels.items()))
        self.key_labels = VGroup(*(self._above(k, line) for k, line in key_labels.items()))
        self.titles = VGroup(*self._entitled(*titles, small=small))
        self.labels = VGroup(self.query_labels, self.key_labels, self.titles)
        super().__init__(self.face, self.labels)
        self.center()

    def redrawn(self, pen: Pen, address: str, *, fill: Fill, places: int = 2) -> GridFace:
        """Return a face of another matrix, cell on cell with this grid's."""
        face = GridFace(pen, address, self.pitch, fill=fill, digits=self._digits, places=places)
        face.shift(self.face.cell(0, 0).get_center() - face.cell(0, 0).get_center())
        return face

    def _labels(
        self,
        pen: Pen,
        tokens: Sequence[str],
        colour: str,
        focused: Sequence[int],
        slot: float | None = None,
    ) -> dict[int, Line]:
        sparse = len(tokens) > ALL_LABELS_UP_TO
        longest = None if sparse or slot is None else slot - pen.theme.space.cell_gap
        return {
            index: pen.token(
                tokens[index], colour=colour, cap=pen.theme.sizes.label, longest=longest
            )
            for index in (focused if sparse else range(len(tokens)))
        }

    @staticmethod
    def _count_tiers(pen: Pen, keys: Sequence[str], pitch: float) -> int:
        """Return 2 where the keys' labels must stand on two levels to have room, else 1."""
        if not keys or len(keys) > ALL_LABELS_UP_TO:
            return 1
        cap = pen.theme.sizes.label
        widest = max(pen.token(key, cap=cap).width for key in keys)
        return 1 if widest + pen.theme.space.cell_gap <= pitch else 2

    @staticmethod
    def _apart(
        labels: dict[int, Line], extent: Callable[[Line], float], pitch: float
    ) -> dict[int, Line]:
        """Drop every label that a more important one (it comes first) leaves no room for."""
        kept: dict[int, Line] = {}
        for index, line in labels.items():
            rooms = (abs(index - other) * pitch for other in kept)
            if all(room >= extent(line) for room in rooms):
                kept[index] = line
        return kept

    def _wanted_width(self, pen: Pen, keys: Sequence[str], height: float) -> float:
        space, sizes = pen.theme.space, pen.theme.sizes
        wanted = [height]
        if len(keys) <= ALL_LABELS_UP_TO:
            wanted += [pen.token(key, cap=sizes.label).width + 2 * space.gap for key in keys]
        if self._digits:
            digits = (
                pen.number_width(element(self.address, *pair), self._places)
                for pair in np.ndindex(pen.array(self.address).shape)
            )
            wanted.append(max(digits) + 2 * space.gap)
        return max(wanted)

    def _beside(self, query: int, line: Line) -> Line:
        y = float(self.pitch.place(query, 0)[1])
        return line.end_at(self._left_edge).stand_on(y - line.cap_height / 2)

    def _above(self, key: int, line: Line) -> Line:
        level = 2 * self.theme.sizes.label * (key % self._tiers)
        return line.set_x(self.pitch.place(0, key)[0]).stand_on(self._header + level)

    @property
    def _left_edge(self) -> float:
        return float(self.face.cells.get_left()[0]) - self.theme.space.gap

    @property
    def _header(self) -> float:
        return float(self.face.cells.get_top()[1]) + 0.7 * self.theme.sizes.label

    def _entitled(self, query: Line, key: Line, *, small: bool) -> list[Line]:
        query.end_at(self._left_edge)
        key.set_x(self.face.cells.get_x())
        if small:
            query.stand_on(float(self.face.cells.get_y()) - query.cap_height / 2)
            key.stand_on(self._header)
        else:
            query.stand_on(self._header)
            key.stand_on(self._header + 2 * self._tiers * self.theme.sizes.label)
        return [query, key]
