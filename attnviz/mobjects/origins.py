"""Sentences and what becomes of their vectors: queries of one, keys and values of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from manim import RIGHT, Arrow, Group, VGroup

from attnviz.mobjects.pen import Pen
from attnviz.mobjects.product import Factor, ShapedMatrix
from attnviz.mobjects.product_layout import header_height
from attnviz.mobjects.tokens import TokenColumn
from attnviz.records import AttentionTrace
from attnviz.zones import Zone

_HEADING_CAPS = 2.8
_TALLEST_ROW_CAPS = 3.2
_NAMES_SHARE = 0.32
_TOKENS_SHARE, _VECTORS_SHARE, _MATRIX_SHARE = 1.2, 2.4, 1.4


@dataclass(frozen=True)
class Side:
    """One sentence of an attention.

    Parameters
    ----------
    heading
        Whose sentence it is.
    tokens
        Their texts.
    vectors
        What its matrices are made of, ``[token, d_model]``; None: not known.
    matrices
        What is made of them, ``[token, d_k]``, the first one first.
    colour
        Hex colour of the tokens.
    focused
        Tokens whose text shows in any case, the most important first.
    """

    heading: str
    tokens: tuple[str, ...]
    vectors: Factor | None
    matrices: tuple[Factor, ...]
    colour: str
    focused: tuple[int, ...] = ()


class Origin(Group):
    """One sentence: its tokens, a row of vectors for each, an arrow, and what is made of them.

    Parameters
    ----------
    pen
        Draws the type.
    side
        The sentence.
    zone
        The room.
    row
        Height of a row, in frame units.
    longest
        How many rows the longest sentence has; the shorter ones begin at its height.

    Attributes
    ----------
    matter
        Everything but the tokens.
    """

    def __init__(self, pen: Pen, side: Side, zone: Zone, *, row: float, longest: int) -> None:
        sizes, space = pen.theme.sizes, pen.theme.space
        height = row * len(side.tokens)
        top, body = _parts(pen, zone, height, row * longest)
        self.heading = pen.words(side.heading, colour=pen.theme.palette.dim)
        self.heading.begin_at(zone.left).stand_in(top)
        names = body.columns(_NAMES_SHARE, 1 - _NAMES_SHARE)[0]
        _header, cells = names.rows(header_height(pen.theme), height)
        self.tokens = TokenColumn(
            pen, side.tokens, zone=cells, colour=side.colour, focused=side.focused, inner=RIGHT
        )
        edge = body.left + space.cell_gap
        self.tokens.shift((edge - float(self.tokens.get_left()[0]), 0.0, 0.0))
        _names, rest = body.beside(self.tokens.width + space.cell_gap, gap=2 * space.gap)
        # The last matrix's shape may be wider than its cells.
        rest, _margin = rest.beside(rest.width - sizes.label, gap=0)
        shares = [_MATRIX_SHARE] * len(side.matrices)
        if side.vectors:
            shares.insert(0, _VECTORS_SHARE)
        slots = list(rest.columns(*shares, gap=2 * space.wide_gap))
        self.vectors = Group()
        self.arrow = VGroup()
        if side.vectors:
            self.vectors.add(ShapedMatrix(pen, side.vectors, slots.pop(0)))
        self.matrices = [
            ShapedMatrix(pen, factor, slot)
            for factor, slot in zip(side.matrices, slots, strict=True)
        ]
        if side.vectors:
            arrow = Arrow(
                (float(self.vectors.get_right()[0]), cells.centre[1], 0.0),
                self.matrices[0].body.get_left(),
                buff=space.gap,
                color=pen.theme.palette.dim,
                stroke_width=space.outline,
                tip_length=sizes.label,
                max_tip_length_to_length_ratio=0.5,
                max_stroke_width_to_length_ratio=100,
            )
            self.arrow.add(arrow)
        self.matter = [self.heading, self.vectors, self.arrow, *self.matrices]
        super().__init__(self.tokens, *self.matter)


def two_sides(
    pen: Pen,
    layer: AttentionTrace,
    address: str,
    head: int,
    focused: tuple[Sequence[int], Sequence[int]],
) -> tuple[Side, Side]:
    """Return the two sides of a cross-attention: who asks, and who answers.

    Parameters
    ----------
    pen
        Gives the colours.
    layer, address
        The layer and its address, e.g. ``layers[2]``.
    head
        Whose queries, keys and values.
    focused
        Queries and keys whose text shows in any case.
    """
    palette = pen.theme.palette

    def made(field: str, colour: str) -> Factor:
        return Factor(f"{address}.{field}[{head}]", colour, symbol=field.upper())

    def vectors(field: str) -> Factor | None:
        known = getattr(layer, field) is not None
        return Factor(f"{address}.{field}", palette.ink, name="vectors") if known else None

    decoder = Side(
        heading="decoder",
        tokens=layer.query_tokens,
        vectors=vectors("x_q"),
        matrices=(made("q", palette.query),),
        colour=palette.query,
        focused=tuple(focused[0]),
    )
    encoder = Side(
        heading="encoder",
        tokens=layer.key_tokens,
        vectors=vectors("x_kv"),
        matrices=(made("k", palette.key), made("v", palette.value)),
        colour=palette.ink,
        focused=tuple(focused[1]),
    )
    return decoder, encoder


def origins(pen: Pen, sides: Sequence[Side], zone: Zone) -> list[Origin]:
    """Return sentences side by side in a wide zone, one below another in a tall one.

    All rows are as high, so that a longer sentence makes taller matrices.

    Parameters
    ----------
    pen
        Draws the type.
    sides
        The sentences.
    zone
        The room for all.
    """
    gap = 2 * pen.theme.space.wide_gap
    places = zone.split(*[1] * len(sides), gap=gap)
    if places[0].height == zone.height:
        places = zone.columns(*(_share(side) for side in sides), gap=gap)
    label = pen.theme.sizes.label
    # The last token may be taller than its row.
    around = _HEADING_CAPS * label + header_height(pen.theme) + pen.theme.sizes.token
    room = places[0].height - around
    longest = max(len(side.tokens) for side in sides)
    row = min(room / longest, _TALLEST_ROW_CAPS * label)
    return [
        Origin(pen, side, place, row=row, longest=longest)
        for side, place in zip(sides, places, strict=True)
    ]


def _share(side: Side) -> float:
    """Return how much of the width a sentence needs, so that all columns are about as wide."""
    vectors = _VECTORS_SHARE if side.vectors else 0.0
    return _TOKENS_SHARE + vectors + _MATRIX_SHARE * len(side.matrices)


def _parts(pen: Pen, zone: Zone, height: float, tallest: float) -> tuple[Zone, Zone]:
    """Return the heading's room and that of the matrices; the tallest would be in the middle."""
    heading, header = _HEADING_CAPS * pen.theme.sizes.label, header_height(pen.theme)
    spare = (zone.height - heading - header - tallest) / 2
    _above, top, body, _below = zone.rows(spare, heading, header + height, spare + tallest - height)
    return top, body
