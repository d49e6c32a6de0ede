"""Vectors as columns of cells that stand under their tokens, and the table they come from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import UP, Group, ImageMobject, Line, Mobject, Rectangle, VGroup

from attnviz.mobjects.cells import Fill, ImageCells, Pitch, colours
from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.mobjects.pen import Pen, element
from attnviz.mobjects.tokens import TokenRow
from attnviz.text import Line as TypeLine
from attnviz.text import Number
from attnviz.zones import Zone

_BAR_GAPS = 0.5
_COLUMN_SHARE = 0.26
_OFFSET_SHARE = 0.27
_WIDEST_COLUMN = 0.36
_SIGN_SHARE = 0.8
_FRAME_GAP = 0.06


def signed_fill(pen: Pen, address: str) -> Fill:
    """Return the colours of signed numbers, scaled to the largest magnitude at an address."""
    extent, ramp = pen.value(f"extent({address})") or 1.0, pen.theme.palette.signed
    return lambda value: ramp(value / extent)


class Columns(Group):
    """A vector a token, each as a column of cells under a bar in the colour of what it is.

    Parameters
    ----------
    pen
        Gives the values.
    address
        The vectors ``[token, d]``.
    middles
        Where each column stands, from left to right; a column may be left out.
    zone
        Its bottom and top are those of the cells.
    width
        Of a column, in frame units.
    fill
        From a value to the colour of its cell.
    colour
        Hex colour of the bars.
    tokens
        Rows of the address that are shown; None: all.
    """

    def __init__(
        self,
        pen: Pen,
        address: str,
        middles: Sequence[float],
        *,
        zone: Zone,
        width: float,
        fill: Fill,
        colour: str,
        tokens: Sequence[int] | None = None,
    ) -> None:
        self._stroke = pen.theme.space.outline
        shown = range(len(middles)) if tokens is None else tokens
        places = [element(address, token) for token in shown]
        vectors = [pen.array(place) for place in places]
        self._entries = len(vectors[0])
        pitch = Pitch(width, zone.height / self._entries)
        gap = _BAR_GAPS * pen.theme.space.cell_gap
        self.images: list[ImageMobject] = []
        self.bars = VGroup()
        for place, vector, x in zip(places, vectors, middles, strict=True):
            image = ImageCells(colours(vector[:, np.newaxis], fill), pitch)
            keep(image, entries(place, vector.shape, upright=True))
            self.images.append(image.move_to((x, zone.centre[1], 0.0)))
            bar = Rectangle(width=width, height=gap, stroke_width=0).set_fill(colour, opacity=1)
            self.bars.add(bar.next_to(image, UP, buff=gap))
        super().__init__(*self.images, self.bars)

    def but(self, places: Sequence[int]) -> list[Group]:
        """Return all columns with their bars, some left out."""
        return [self.column(place) for place in range(len(self.images)) if place not in places]

    def column(self, place: int) -> Group:
        """Return one column with its bar."""
        return Group(self.images[place], self.bars[place])

    def frame(self, place: int, entry: int, colour: str) -> Rectangle:
        """Return a frame around one element of one column."""
        image = self.images[place]
        height = image.height / self._entries
        frame = Rectangle(
            width=image.width + _FRAME_GAP,
            height=height + _FRAME_GAP,
            color=colour,
            stroke_width=self._stroke,
        )
        y = float(image.get_top()[1]) - (entry + 0.5) * height
        return frame.move_to((float(image.get_x()), y, 0.0))


class EmbeddingTable(Group):
    """The whole table of embeddings as one strip, lying on its side: a column a word.

    Parameters
    ----------
    pen
        Draws the title.
    zone
        The room for the strip and its title.
    fill
        From a value to the colour of its cell.
    """

    def __init__(self, pen: Pen, zone: Zone, fill: Fill) -> None:
        theme = pen.theme
        table = pen.array("embedding_table")
        self._words = len(table)
        header = 2 * theme.sizes.label
        pitch = Pitch(zone.width / len(table), (zone.height - header) / table.shape[1])
        self.strip = ImageCells(colours(table.T, fill), pitch)
        self.strip.move_to((zone.centre[0], (zone.bottom + zone.top - header) / 2, 0.0))
        sizes = {name: f"size(embedding_table, {axis})" for axis, name in enumerate(("n", "d"))}
        self.title: TypeLine = pen.phrase(
            "the embedding table: {n} tokens, {d} numbers each", sizes, colour=theme.palette.dim
        )
        self.title.set_x(zone.centre[0])
        self.title.stand_on(float(self.strip.get_top()[1]) + theme.space.gap)
        self._ink, self._dim = theme.palette.ink, theme.palette.dim
        self._hairline = theme.space.hairline
        super().__init__(self.title, self.strip)

    def mark(self, word: int) -> Rectangle:
        """Return a line over the strip at one word's place."""
        width = max(self.strip.width / self._words, 0.02)
        mark = Rectangle(width=width, height=self.strip.height, stroke_width=0)
        return mark.set_fill(self._ink, opacity=1).move_to((self._x(word), self.strip.get_y(), 0.0))

    def way(self, word: int, column: Mobject) -> Line:
        """Return the line from one word's place in the strip to the top of its column."""
        start = (self._x(word), float(self.strip.get_bottom()[1]), 0.0)
        return Line(start, column.get_top()).set_stroke(self._dim, width=self._hairline)

    def taken(self, word: int, image: ImageMobject) -> ImageMobject:
        """Return a likeness of a column, as thin and tall as its place in the strip."""
        likeness: ImageMobject = image.copy()
        likeness.stretch_to_fit_width(max(self.strip.width / self._words, 0.02))
        likeness.stretch_to_fit_height(self.strip.height)
        return likeness.move_to((self._x(word), self.strip.get_y(), 0.0))

    def _x(self, word: int) -> float:
        left = float(self.strip.get_left()[0])
        return left + (word + 0.5) * float(self.strip.width) / self._words


class TokenSlots(VGroup):
    """A sentence in a row with its tokens' ids, and room below for columns under each token.

    Above 12 tokens only the lit ones show their id.

    Parameters
    ----------
    pen
        Draws the tokens and the ids.
    tokens
        Their texts.
    zone
        The room for all; tokens stand at its top.
    focused
        The tokens that are lit.
    """

    def __init__(self, pen: Pen, tokens: Sequence[str], zone: Zone, focused: Sequence[int]) -> None:
        sizes, palette = pen.theme.sizes, pen.theme.palette
        self.row = TokenRow(
            pen, tokens, width=zone.width, colour=palette.ink, focused=focused, cap=sizes.label
        )
        self.row.set_x(zone.centre[0])
        self.row.shift((0.0, zone.top - 1.5 * sizes.label - self.row.baseline, 0.0))
        self._foot = zone.top - 4 * sizes.label
        self.shown = [i for i in range(len(tokens)) if len(tokens) <= DIGITS_UP_TO or i in focused]
        self.ids = {i: self.number(pen, f"ids[{i}]", i, self._foot) for i in self.shown}
        self.below = Zone(zone.left, zone.right, zone.bottom, self._foot - 1.5 * sizes.label)
        self.middles = [float(self.row.middle(i)[0]) for i in range(len(tokens))]
        self.pitch = float(np.diff(self.middles).min())
        self.width_of_column = min(_COLUMN_SHARE * self.pitch, _WIDEST_COLUMN)
        self.offset = min(_OFFSET_SHARE * self.pitch, 1.5 * self.width_of_column)
        super().__init__(self.row, *self.ids.values())

    def number(self, pen: Pen, address: str, token: int, baseline: float) -> Number:
        """Return a number under one token."""
        number = pen.number(address, cap=pen.theme.sizes.label, colour=pen.theme.palette.dim)
        return number.set_x(float(self.row.middle(token)[0])).stand_on(baseline)

    def put_under(self, line: TypeLine, token: int, zone: Zone) -> TypeLine:
        """Put a line of type under one token, in a zone's height and within its width."""
        line.set_x(self.middles[token]).stand_in(zone)
        left, right = float(line.get_left()[0]), float(line.get_right()[0])
        shift = max(zone.left - left, 0.0) + min(zone.right - right, 0.0)
        return line.shift((shift, 0.0, 0.0))

    def beside(self, side: int) -> list[float]:
        """Return where columns stand that share each slot with others, left (−1) or right (1)."""
        return [x + side * self.offset for x in self.middles]

    def signs(self, pen: Pen, zone: Zone) -> VGroup:
        """Return the plus signs between columns that share a slot; none where there is no room."""
        signs = VGroup(*(pen.words("+", colour=pen.theme.palette.dim) for _ in self.middles))
        room = 2 * self.offset - self.width_of_column
        if signs[0].width > _SIGN_SHARE * room:
            return VGroup()
        for sign, x in zip(signs, self.middles, strict=True):
            sign.move_to((x, zone.centre[1], 0.0))
        return signs
