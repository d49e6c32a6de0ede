"""Two words side by side, each as its token vector, its position vector and their sum."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from manim import Group, VGroup

from attnviz.mobjects.cells import Fill
from attnviz.mobjects.columns import Columns
from attnviz.mobjects.pen import Pen
from attnviz.zones import Zone

_COLUMN_SHARE = 0.4
_WIDEST_COLUMN = 0.6
_MIDDLE = 1.2


class PairOfSums(Group):
    """``token + position = sum`` for two words.

    Parameters
    ----------
    pen
        Draws the words.
    addresses
        Of the token vectors, the position vectors and their sums, each ``[token, d]``.
    pair
        The two words' places.
    tokens
        The sentence.
    zone
        The room.
    fill
        From a value to the colour of its cell.
    """

    def __init__(
        self,
        pen: Pen,
        addresses: tuple[str, str, str],
        pair: tuple[int, int],
        *,
        tokens: Sequence[str],
        zone: Zone,
        fill: Fill,
    ) -> None:
        halves = zone.columns(1, 1, gap=2 * pen.theme.space.wide_gap)
        sizes, palette = pen.theme.sizes, pen.theme.palette
        body = Zone(
            zone.left, zone.right, zone.bottom + 2.5 * sizes.label, zone.top - 3 * sizes.label
        )
        fields = [half.columns(1, _MIDDLE, 1) for half in halves]
        colours = (palette.ink, palette.dim, palette.output)
        *self.terms, self.sums = (
            Columns(
                pen,
                address,
                [float(field[part].centre[0]) for field in fields],
                zone=body,
                width=min(_COLUMN_SHARE * fields[0][part].width, _WIDEST_COLUMN),
                fill=fill,
                colour=colour,
                tokens=pair,
            )
            for part, (address, colour) in enumerate(zip(addresses, colours, strict=True))
        )
        self.words, self.under, self.signs = VGroup(), VGroup(), VGroup()
        for place, field in zip(pair, fields, strict=True):
            word = pen.token(tokens[place], longest=field[0].width)
            self.words.add(word.set_x(field[0].centre[0]).stand_on(body.top + 1.2 * sizes.label))
            names = (
                pen.words("token", colour=palette.dim),
                pen.phrase("position {i}", {"i": f"index({place})"}, colour=palette.dim),
                pen.words("sum", colour=palette.output),
            )
            for name, part in zip(names, field, strict=True):
                self.under.add(name.set_x(part.centre[0]).stand_on(zone.bottom + sizes.label / 2))
            for sign, (left, right) in zip("+=", pairwise(field), strict=True):
                x = float(left.centre[0] + right.centre[0]) / 2
                self.signs.add(pen.words(sign, cap=sizes.token).move_to((x, body.centre[1], 0.0)))
        super().__init__(*self.terms, self.sums, self.words, self.under, self.signs)
