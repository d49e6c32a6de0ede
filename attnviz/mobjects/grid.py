"""The attention grid: rows ask (queries), columns answer (keys)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from manim import DOWN, LEFT, RIGHT, UP, RoundedRectangle, VGroup, VMobject

from attnviz.colour import ink_on
from attnviz.mobjects.pen import Pen
from attnviz.mobjects.tokens import ALL_LABELS_UP_TO
from attnviz.text import Line, Number
from attnviz.theme import Theme

DIGITS_UP_TO = 12
_TALLEST_ROW = 0.85
_WIDEST_COLUMN = 1.15
_HATCHES = 3


@dataclass(frozen=True)
class Pitch:
    """Distance from cell to cell, in frame units."""

    x: float
    y: float


class AttentionGrid(VGroup):
    """A matrix ``[query, key]`` as cells, with its labels and, up to 12 tokens, its digits.

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
    digits, labels, titles
        What to draw; by default the digits up to 12 tokens.
    focused
        Rows and columns that keep their label above 16 tokens.
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
        fill: Callable[[float], str],
        places: int = 2,
        digits: bool | None = None,
        labels: bool = True,
        titles: bool = True,
        focused: Collection[int] = (),
    ) -> None:
        super().__init__()
        self.address = address
        self.values = pen.array(address)
        self.shape = (len(queries), len(keys))
        self.theme: Theme = pen.theme
        self._fill = fill
        shows_digits = max(self.shape) <= DIGITS_UP_TO if digits is None else digits
        query_lines = self._labels(pen, queries, pen.theme.palette.query, labels, focused)
        title_lines = self._titles(pen) if labels and titles else None
        self.pitch = self._pitch(
            pen, keys, query_lines, title_lines, width, height, labels, shows_digits
        )
        key_lines = self._labels(
            pen,
            keys,
            pen.theme.palette.key,
            labels,
            focused,
            longest=self.pitch.x - pen.theme.space.cell_gap,
        )
        self.cells = VGroup(*(self._cell(q, k) for q, k in np.ndindex(self.shape)))
        self.digits = VGroup()
        if shows_digits:
            self.digits.add(*(self._digit(pen, q, k, places) for q, k in np.ndindex(self.shape)))
        self.query_labels = VGroup(*self._beside(query_lines))
        self.key_labels = VGroup(*self._above(key_lines))
        self.titles = VGroup(*self._entitled(title_lines))
        self.add(self.cells, self.digits, self.query_labels, self.key_labels, self.titles)
        self.center()

    # -- parts -------------------------------------------------------------------------------

    def cell(self, query: int, key: int) -> VMobject:
        """Return one cell."""
        found: VMobject = self.cells[query * self.shape[1] + key]
        return found

    def digit(self, query: int, key: int) -> Number:
        """Return one cell's number (only where the grid shows digits)."""
        found: Number = self.digits[query * self.shape[1] + key]
        return found

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
        return [self.row_digits(query) for query in range(self.shape[0] if self.digits else 0)]

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

    def hatch(self, query: int, key: int) -> VMobject:
        """Return diagonal strokes over one cell: the mark of a masked pair."""
        cell = self.cell(query, key)
        marks = VMobject(stroke_color=self.theme.palette.dim, stroke_width=self.theme.space.hairline)
        corner = cell.get_corner(DOWN + LEFT)
        for step in range(1, 2 * _HATCHES):
            low, high = max(0.0, step / _HATCHES - 1), min(1.0, step / _HATCHES)
            across, up = cell.width * RIGHT, cell.height * UP
            marks.start_new_path(corner + low * across + high * up)
            marks.add_line_to(corner + high * across + low * up)
        return marks.set_opacity(0.45)

    # -- layout ------------------------------------------------------------------------------

    def _labels(
        self,
        pen: Pen,
        tokens: Sequence[str],
        colour: str,
        wanted: bool,
        focused: Collection[int],
        longest: float | None = None,
    ) -> list[Line | None]:
        if not wanted:
            return [None] * len(tokens)
        sparse = len(tokens) > ALL_LABELS_UP_TO
        return [
            None
            if sparse and index not in focused
            else pen.token(
                token, colour=colour, cap=pen.theme.sizes.label, longest=None if sparse else longest
            )
            for index, token in enumerate(tokens)
        ]

    def _titles(self, pen: Pen) -> tuple[Line, Line]:
        palette = pen.theme.palette
        return pen.words("Query", colour=palette.dim), pen.words("Key", colour=palette.dim)

    def _pitch(
        self,
        pen: Pen,
        keys: Sequence[str],
        query_lines: list[Line | None],
        titles: tuple[Line, Line] | None,
        width: float,
        height: float,
        labels: bool,
        digits: bool,
    ) -> Pitch:
        space, sizes = pen.theme.space, pen.theme.sizes
        beside = [line.width for line in (*query_lines, *(titles or ())[:1]) if line is not None]
        self._label_room = max(beside, default=0.0) + space.gap if labels else 0.0
        header = (1 if labels else 0) + (1 if titles else 0)
        self._header = header * 2 * sizes.label
        most_y = min((height - self._header) / len(query_lines), _TALLEST_ROW)
        most_x = min((width - self._label_room) / len(keys), _WIDEST_COLUMN)
        wanted = [most_y]
        if labels and len(keys) <= ALL_LABELS_UP_TO:
            widest = max(pen.token(key, cap=sizes.label).width for key in keys)
            wanted.append(widest + 2 * space.gap)
        if digits:
            wanted.append(3.4 * sizes.cell + 2 * space.gap)
        return Pitch(x=min(most_x, max(wanted)), y=most_y)

    def _place(self, query: int, key: int) -> np.ndarray:
        return np.array([key * self.pitch.x, -query * self.pitch.y, 0.0])

    def _cell(self, query: int, key: int) -> VMobject:
        gap = min(self.theme.space.cell_gap, self.pitch.x / 8, self.pitch.y / 8)
        width, height = self.pitch.x - gap, self.pitch.y - gap
        cell = RoundedRectangle(
            width=width,
            height=height,
            corner_radius=min(self.theme.space.corner, width / 4, height / 4),
            stroke_width=0,
            fill_color=self._fill(float(self.values[query, key])),
            fill_opacity=1,
        )
        return cell.move_to(self._place(query, key))

    def _digit(self, pen: Pen, query: int, key: int, places: int) -> Number:
        address = f"{self.address[:-1]}, {query}, {key}]" if self.address.endswith(
            "]"
        ) else f"{self.address}[{query}, {key}]"
        colour = ink_on(self._fill(float(self.values[query, key])))
        number = pen.number(address, colour=colour, places=places)
        number.set_x(self._place(query, key)[0])
        number.stand_on(float(self._place(query, key)[1]) - number.cap_height / 2)
        return number

    def _beside(self, lines: list[Line | None]) -> list[Line]:
        edge = self.cells.get_left()[0] - self.theme.space.gap
        placed = []
        for query, line in enumerate(lines):
            if line is not None:
                line.shift([edge - line.get_right()[0], 0, 0])
                line.stand_on(float(self._place(query, 0)[1]) - line.cap_height / 2)
                placed.append(line)
        return placed

    def _above(self, lines: list[Line | None]) -> list[Line]:
        baseline = float(self.cells.get_top()[1]) + 0.7 * self.theme.sizes.label
        placed = []
        for key, line in enumerate(lines):
            if line is not None:
                placed.append(line.set_x(self._place(0, key)[0]).stand_on(baseline))
        return placed

    def _entitled(self, titles: tuple[Line, Line] | None) -> list[Line]:
        if titles is None:
            return []
        query, key = titles
        first = float(self.cells.get_top()[1]) + 0.7 * self.theme.sizes.label
        query.shift([self.cells.get_left()[0] - self.theme.space.gap - query.get_right()[0], 0, 0])
        query.stand_on(first)
        key.set_x(self.cells.get_x()).stand_on(first + 2 * self.theme.sizes.label)
        return [query, key]
