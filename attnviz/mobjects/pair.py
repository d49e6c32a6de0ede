"""Two sentences that face each other: one asks, the other answers; links run between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import DOWN, LEFT, RIGHT, Line, VGroup

from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.mobjects.links import Link
from attnviz.mobjects.pen import Pen, element
from attnviz.mobjects.tokens import TokenColumn, TokenLine, TokenRow
from attnviz.text import Line as TypeLine
from attnviz.zones import Zone

_ROWS_FROM = 1.8
"""A zone this many times as wide as tall has its sentences in rows, else in columns."""

_NUMBER_CAPS = 2.2
_ASCENDER = 1.2
"""How far a letter may reach above the baseline, in cap heights."""

_QUERIES_AT, _KEYS_AT = 0.18, 0.68


class TokenPair(VGroup):
    """Queries and keys as two lines of tokens, titled: above one another, or side by side.

    Parameters
    ----------
    pen
        Draws the type.
    queries, keys
        The tokens.
    zone
        The room: rows in a wide one, columns in a narrow one.
    colours
        Hex colours of the queries and of the keys.
    focused
        Queries and keys whose text shows in any case, the most important first.
    titles
        What stands beside the lines.
    """

    def __init__(
        self,
        pen: Pen,
        queries: Sequence[str],
        keys: Sequence[str],
        zone: Zone,
        *,
        colours: tuple[str, str],
        focused: tuple[Sequence[int], Sequence[int]] = ((), ()),
        titles: tuple[str, str] = ("Query", "Key"),
    ) -> None:
        self._pen = pen
        self._focused = focused
        self._zone, self._texts = zone, titles
        self.in_rows = zone.width > _ROWS_FROM * zone.height
        self._flow = DOWN if self.in_rows else RIGHT
        lines = zip((queries, keys), colours, focused, strict=True)
        draw = self._rows if self.in_rows else self._columns
        self.queries, self.keys = draw(
            zone, [(tuple(tokens), colour, tuple(lit)) for tokens, colour, lit in lines]
        )
        self.titles = VGroup(
            *(
                self._title(pen.words(title, colour=pen.theme.palette.dim), line)
                for title, line in zip(titles, (self.queries, self.keys), strict=True)
            )
        )
        super().__init__(self.queries, self.keys, self.titles)

    def _rows(
        self, zone: Zone, lines: Sequence[tuple[tuple[str, ...], str, tuple[int, ...]]]
    ) -> list[TokenLine]:
        title = max(self._pen.words(text).width for text in self._texts)
        space = self._pen.theme.space
        width = zone.width - 2 * (title + space.wide_gap + space.gap)
        heights = (zone.at(_QUERIES_AT), zone.at(_KEYS_AT))
        (queries, _, _), (keys, _, lit) = lines
        # Numbers stand under the keys; the same words stand above one another.
        under: tuple[int, ...] | None = None if len(keys) <= DIGITS_UP_TO else lit
        numbers = (under if queries == keys else (), under)
        return [
            TokenRow(
                self._pen, tokens, width=width, colour=colour, focused=lit, numbers=numbered
            ).move_to((zone.centre[0], height, 0.0))
            for (tokens, colour, lit), height, numbered in zip(lines, heights, numbers, strict=True)
        ]

    def _columns(
        self, zone: Zone, lines: Sequence[tuple[tuple[str, ...], str, tuple[int, ...]]]
    ) -> list[TokenLine]:
        sizes = self._pen.theme.sizes
        # Room for the titles above, and as much for a legend below.
        _title, body, _foot = zone.rows(1, zone.height / (2.5 * sizes.label), 1)
        left, _links, right, _numbers = body.columns(3, 5, 3, 1.6)
        return [
            TokenColumn(self._pen, tokens, zone=slot, colour=colour, focused=lit, inner=side)
            for (tokens, colour, lit), side, slot in zip(
                lines, (RIGHT, LEFT), (left, right), strict=True
            )
        ]

    def _title(self, title: TypeLine, line: TokenLine) -> TypeLine:
        theme = self._pen.theme
        if self.in_rows:
            title.end_at(line.get_left()[0] - theme.space.wide_gap).stand_on(line.baseline)
            # A word at the row's very end may reach beyond it.
            return title.begin_at(max(float(title.get_left()[0]), self._zone.left))
        highest = self._zone.top - _ASCENDER * title.cap_height
        title.stand_on(min(float(self._top) + theme.space.wide_gap, highest))
        at_left = line is self.queries
        return title.end_at(line.get_right()[0]) if at_left else title.begin_at(line.get_left()[0])

    @property
    def _top(self) -> float:
        return max(float(self.queries.get_top()[1]), float(self.keys.get_top()[1]))

    def sentence(self, colour: str) -> VGroup:
        """Return the queries' tokens as one line in the middle, between the two."""
        middle = (self.queries.get_center() + self.keys.get_center()) / 2
        return self.queries.copy().set_fill(colour).move_to(middle)

    def fan(self, weights: np.ndarray, query: int) -> VGroup:
        """Return the links of one query, as wide as its row of weights ``[key]``."""
        theme, flow = self._pen.theme, self._flow
        start = self.queries.port(query, flow, theme.space.gap)
        return VGroup(
            *(
                Link(start, self.keys.port(key, -flow, theme.space.gap), float(w), flow, theme)
                for key, w in enumerate(weights)
            )
        )

    def same_word_lines(self) -> VGroup:
        """Return faint lines from each word that asks to the same word that answers."""
        theme, flow = self._pen.theme, self._flow
        gap = theme.space.gap
        return VGroup(
            *(
                Line(self.queries.port(i, flow, gap), self.keys.port(i, -flow, gap)).set_stroke(
                    theme.palette.dim, width=theme.space.hairline
                )
                for i in range(len(self.queries))
            )
        )

    def numbers(self, address: str) -> VGroup:
        """Return one row of weights ``[key]``, each at its key; above 12 only at focused keys."""
        count = len(self.keys.submobjects)
        lit = self._focused[1]
        cap = self._pen.theme.sizes.label
        numbers = VGroup()
        for key in range(count):
            if count <= DIGITS_UP_TO or key in lit:
                number = self._pen.number(element(address, key), cap=cap)
                if self.in_rows:
                    number.set_x(self.keys[key].get_x())
                    number.stand_on(float(self.keys.get_bottom()[1]) - _NUMBER_CAPS * cap)
                else:
                    number.begin_at(self.keys.get_right()[0] + self._pen.theme.space.wide_gap)
                    number.stand_on(float(self.keys.middle(key)[1]) - number.cap_height / 2)
                numbers.add(number)
        return numbers
