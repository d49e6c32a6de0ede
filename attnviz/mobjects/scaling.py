"""Values multiplied by their weights: a column of weights, the rows they scale, and the sum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import Rectangle, RoundedRectangle, VGroup

from attnviz.colour import ink_on
from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.mobjects.matrices import HeatMatrix, outline, shape_title
from attnviz.mobjects.pen import Pen, element
from attnviz.text import Line, Number
from attnviz.zones import Zone

_TALLEST_ROW = 0.8
_HEADER_CAPS = 2.6
_SUM_ROWS = 1.0
_BARE_CELL_CAPS = 2.0
_MOST_LABELS = 4
_LABEL_CAPS = 1.7
_LABEL_SHARE = 6


class WeightedRows(VGroup):
    """One query's weights in a column, the values they meet, the weighted values and their sum.

    The weighted values stand beside the values, or below them in a tall zone. Colours of both and
    of the sum share one ramp, so that what a weight takes away is seen. Above 12 tokens only the
    rows with the largest weights carry a label and a number.

    Parameters
    ----------
    pen
        Draws the type.
    weights
        Address of one query's weights ``[key]``.
    values
        Address of the values ``[key, d_v]``.
    blend
        Address of their weighted sum ``[d_v]``.
    query
        The token that asks.
    tokens
        The keys' texts.
    zone
        The room.
    """

    def __init__(
        self,
        pen: Pen,
        weights: str,
        values: str,
        blend: str,
        *,
        query: str,
        tokens: Sequence[str],
        zone: Zone,
    ) -> None:
        self._pen = pen
        self._theme = pen.theme
        self._shares = pen.array(weights)
        self._shows_digits = len(tokens) <= DIGITS_UP_TO
        rows, header = len(tokens), _HEADER_CAPS * pen.theme.sizes.label
        wide_gap, stories = pen.theme.space.wide_gap, 1 if not zone.is_tall else 2
        room = zone.height - stories * header - wide_gap
        self.pitch = min(room / (stories * rows + _SUM_ROWS), _TALLEST_ROW)
        taken = stories * (header + rows * self.pitch) + _SUM_ROWS * self.pitch + wide_gap
        top = zone.top - (zone.height - taken) / 2 - header
        chosen = self._chosen(tokens)
        words = {i: self._word(tokens[i], zone) for i in chosen}
        digits = {i: self._digit(weights, i) for i in chosen}
        edge = self._place_weights(weights, words, digits, zone, top)
        self.query_label = pen.token(query, colour=pen.theme.palette.query)
        self.query_label.end_at(edge).stand_on(top + pen.theme.space.gap)
        body = Zone(edge + wide_gap, zone.right, top - rows * self.pitch, top)
        left, right = (body, body) if zone.is_tall else body.columns(1, 1, gap=2 * wide_gap)
        drop = rows * self.pitch + header if zone.is_tall else 0.0
        self.extent = pen.value(f"extent({values})")
        product = f"scaled({weights}, {values})"
        self.values = self._heat(values, left, top)
        self.scaled = self._heat(product, right, top - drop)
        foot = self.scaled.get_bottom()[1] - wide_gap
        self.sum = self._heat(blend, right, float(foot), height=_SUM_ROWS * self.pitch)
        palette = pen.theme.palette
        self.values_title = self._title("values", values, palette.value, self.values)
        self.scaled_title = self._title("weight · value", product, palette.ink, self.scaled)
        self.sum_label = pen.words("sum", colour=palette.output)
        self.sum_label.end_at(self.sum.get_left()[0] - pen.theme.space.gap)
        self.sum_label.stand_on(self.sum.get_y() - self.sum_label.cap_height / 2)
        self.signs = VGroup(self._sign("·", self.cells, self.values))
        if not zone.is_tall:
            self.signs.add(self._sign("=", self.values, self.scaled))
        titles = (self.values_title, self.scaled_title, self.sum_label)
        self.aside = VGroup(self.labels, self.query_label, self.signs, *titles, self.scaled)
        super().__init__(self.cells, self.digits, self.values, self.sum, self.aside)

    def _chosen(self, tokens: Sequence[str]) -> list[int]:
        """Return the rows with a label: all of a few, else those with the largest weights."""
        if self._shows_digits:
            return list(range(len(tokens)))
        chosen: list[int] = []
        apart = _LABEL_CAPS * self._theme.sizes.label / self.pitch
        for index in np.argsort(-self._shares, kind="stable").tolist():
            if len(chosen) < _MOST_LABELS and all(abs(index - i) >= apart for i in chosen):
                chosen.append(index)
        return sorted(chosen)

    def _word(self, token: str, zone: Zone) -> Line:
        theme = self._theme
        longest = min(zone.width, zone.height) / _LABEL_SHARE * 2
        return self._pen.token(
            token, colour=theme.palette.value, cap=theme.sizes.label, longest=longest
        )

    def _digit(self, weights: str, index: int) -> Number:
        theme = self._theme
        if not self._shows_digits:
            return self._pen.number(element(weights, index), cap=theme.sizes.label)
        ink = ink_on(self._fill(index)) if self._shares[index] else theme.palette.dim
        return self._pen.number(element(weights, index), colour=ink)

    def _fill(self, index: int) -> str:
        return self._theme.palette.weights(float(self._shares[index]))

    def _place_weights(
        self,
        weights: str,
        words: dict[int, Line],
        digits: dict[int, Number],
        zone: Zone,
        top: float,
    ) -> float:
        """Stand labels, cells and numbers in their columns; return the cells' right edge."""
        gap, sizes = self._theme.space.gap, self._theme.sizes
        widest = max(line.width for line in words.values())
        number = max(digit.width for digit in digits.values())
        wide = number + 2 * gap if self._shows_digits else _BARE_CELL_CAPS * sizes.label
        before = 0.0 if self._shows_digits else number + gap
        left = zone.left + before + widest + gap
        cell = self._cell(wide)
        self.cells = VGroup(
            *(
                cell.copy().set_fill(self._fill(i)).move_to((left + wide / 2, self._y(top, i), 0.0))
                for i in range(len(self._shares))
            )
        )
        keep(self.cells, entries(weights, self._shares.shape, upright=True))
        for index, word in words.items():
            y = self._y(top, index)
            word.end_at(left - gap).stand_on(y - word.cap_height / 2)
            number_edge = left - 2 * gap - widest
            digit = digits[index].set_x(left + wide / 2)
            if not self._shows_digits:
                digit.end_at(number_edge)
            digit.stand_on(y - digit.cap_height / 2)
        self.labels = VGroup(*words.values())
        self.digits = VGroup(*digits.values())
        self._digit_of = digits
        return left + wide

    def _y(self, top: float, index: int) -> float:
        return top - (index + 0.5) * self.pitch

    def _cell(self, width: float) -> RoundedRectangle:
        space = self._theme.space
        gap = min(space.cell_gap, self.pitch / 8)
        radius = min(space.corner, self.pitch / 4)
        return RoundedRectangle(
            width=width, height=self.pitch - gap, corner_radius=radius, stroke_width=0
        ).set_fill(opacity=1)

    def _heat(
        self, address: str, zone: Zone, top: float, height: float | None = None
    ) -> HeatMatrix:
        values = self._pen.array(address)
        rows = np.atleast_2d(values)
        matrix = HeatMatrix(
            rows,
            width=zone.width,
            height=height or self.pitch * len(rows),
            ramp=self._theme.palette.signed,
            extent=self.extent,
        )
        keep(matrix, entries(address, values.shape))
        return matrix.move_to((zone.centre[0], top - matrix.height / 2, 0.0))

    def _sign(self, text: str, left: VGroup, right: VGroup) -> Line:
        """Return a sign in the gap between two pictures, at half their height."""
        sign = self._pen.words(text, weight="bold")
        sign.set_x((left.get_right()[0] + right.get_left()[0]) / 2)
        return sign.set_y(right.get_y())

    def _title(self, name: str, address: str, colour: str, matrix: HeatMatrix) -> Line:
        title = shape_title(self._pen, name, address, colour).set_x(matrix.get_x())
        return title.stand_on(float(matrix.get_top()[1]) + self._theme.space.gap)

    def digit_of(self, index: int) -> Number | None:
        """Return one weight's number, where it is shown."""
        return self._digit_of.get(index)

    def column_outlines(self, column: int) -> VGroup:
        """Return frames around one column of the values and of the weighted values, and its sum."""
        palette, width = self._theme.palette, self._theme.space.outline
        return VGroup(
            *(
                self._outline(matrix, column, colour, width)
                for matrix, colour in (
                    (self.values, palette.value),
                    (self.scaled, palette.ink),
                    (self.sum, palette.output),
                )
            )
        )

    @staticmethod
    def _outline(matrix: HeatMatrix, column: int, colour: str, width: float) -> Rectangle:
        return outline(matrix, matrix.matrix_shape, column=column, colour=colour, width=width)
