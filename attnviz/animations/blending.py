"""Motion of weights that scale values, and of values that add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from manim import (
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    VGroup,
    VMobject,
    rate_functions,
    squish_rate_func,
)

from attnviz.animations import EASE_MOVE, travel_copy
from attnviz.animations.flows import Pour
from attnviz.animations.waves import leave
from attnviz.mobjects.grid import AttentionGrid
from attnviz.mobjects.matrices import HeatMatrix
from attnviz.mobjects.scaling import WeightedRows
from attnviz.mobjects.sums import ProductSum
from attnviz.text import Number
from attnviz.theme import Theme

_ARC = np.pi / 3
"""How far a row bends on its way to a column, away from the caption."""

_AWAY = 0.3
"""The share of a motion in which a name goes, and in which the next one comes."""

_SEED = 0.3
"""How large a number is, of its size, when it comes out of its cell."""


def single_out(grid: AttentionGrid, query: int, rows: WeightedRows) -> Animation:
    """Take away everything of a grid but what :func:`turn` carries to the values."""
    return leave(grid, *(part for part, _ in _carried(grid, query, rows)))


def turn(grid: AttentionGrid, query: int, rows: WeightedRows, theme: Theme) -> Animation:
    """Turn one row of a grid, with its words, into the column of weights beside the values."""
    carried = _carried(grid, query, rows)
    places = {id(place) for _, place in carried}
    late = [
        part for part in (*rows.labels, *rows.digits, rows.query_label) if id(part) not in places
    ]
    # Cells, digits and words of one key keep together: a group each, in the order of the keys.
    keys = len(rows.cells)
    pairs = [carried[first : first + keys] for first in range(0, len(carried), keys)]
    # Words meet the cells on the way, so they pass behind them; straight on, they keep apart.
    words = {id(word.set_z_index(-1)) for word in grid.key_labels}
    groups = [
        _moved(group) if id(group[0][0]) in words else _swung(group, theme) for group in pairs
    ]
    return AnimationGroup(*groups, *map(FadeIn, late))


def _carried(
    grid: AttentionGrid, query: int, rows: WeightedRows
) -> list[tuple[VMobject, VMobject]]:
    """Return the parts of a grid that go to the values, each with its place there.

    They are the cells of one row, its digits, the keys' words and the query's, as far as the grid
    and the values show the same ones.
    """
    face = grid.face
    carried = list(zip(face.row(query), rows.cells, strict=True))
    if face.shows_digits:
        carried += zip(face.row_digits(query), rows.digits, strict=True)
    if len(grid.key_labels) == len(rows.labels) == len(rows.cells):
        carried += zip(grid.key_labels, rows.labels, strict=True)
    if len(grid.query_labels) == face.shape[0]:
        carried.append((grid.query_labels[query], rows.query_label))
    return carried


def turn_back(rows: WeightedRows, body: Mobject, query: int, theme: Theme) -> Animation:
    """Turn the column of weights back into its row of a matrix."""
    if not isinstance(body, HeatMatrix):
        return FadeOut(rows.cells, rows.digits)
    pairs = list(zip(rows.cells, body.row(query), strict=True))
    return AnimationGroup(_swung(pairs, theme), FadeOut(rows.digits))


def _moved(pairs: Sequence[tuple[VMobject, VMobject]]) -> Animation:
    """Move parts to their places all together."""
    return AnimationGroup(*(become(part, place) for part, place in pairs))


def _swung(pairs: Sequence[tuple[VMobject, VMobject]], theme: Theme) -> Animation:
    """Move parts to their places on arcs, one after another."""
    return LaggedStart(
        *(
            ReplacementTransform(part, place, path_arc=_ARC, rate_func=EASE_MOVE)
            for part, place in pairs
        ),
        lag_ratio=theme.timing.stagger / 2,
    )


def weigh(rows: WeightedRows, keys: Iterable[int], theme: Theme) -> Animation:
    """Let copies of some values go to where they stand multiplied by their weights."""
    return LaggedStart(
        *(Pour(rows.values.row(key), rows.scaled.row(key)) for key in keys),
        lag_ratio=theme.timing.stagger,
    )


def gather(rows: WeightedRows, theme: Theme) -> Animation:
    """Slide copies of all weighted values on to one place, where their sum appears."""
    place = rows.sum.get_center()
    copies = [
        FadeOut(row.copy(), target_position=place, rate_func=EASE_MOVE) for row in rows.scaled
    ]
    return AnimationGroup(
        LaggedStart(*copies, lag_ratio=theme.timing.stagger),
        FadeIn(rows.sum, rate_func=rate_functions.ease_in_cubic),
    )


def spell_out(line: ProductSum, rows: WeightedRows, column: int, theme: Theme) -> Animation:
    """Bring a sum's weights and values from where they stand; signs and total follow."""
    products = [
        AnimationGroup(
            _fetched(rows.digit_of(key) or rows.cells[key], left),
            _fetched(rows.values.cell(key, column), right),
        )
        for key, left, right in zip(line.shown, line.lefts, line.rights, strict=True)
    ]
    return LaggedStart(
        LaggedStart(*products, lag_ratio=3 * theme.timing.stagger),
        FadeIn(line.joints),
        _fetched(rows.sum.cell(0, column), line.total),
        lag_ratio=0.8,
    )


def _fetched(source: VMobject, number: Number) -> Animation:
    """Bring a number from where it is printed, or else out of its cell."""
    if isinstance(source, Number):
        return travel_copy(source, number)
    return FadeIn(number, target_position=source, scale=_SEED, rate_func=EASE_MOVE)


def become(old: VMobject, new: Mobject) -> Animation:
    """Turn a picture into another of the same thing; an image takes its place by cross-fading."""
    if isinstance(new, VMobject):
        return ReplacementTransform(old, new, rate_func=EASE_MOVE)
    return AnimationGroup(FadeOut(old), FadeIn(new))


def reappear(old: VGroup, new: VGroup) -> Animation:
    """Move a point to its place in another picture; its name goes along, or another one comes."""
    (point, *name), (place, *other) = old, new
    moves = [become(point, place)]
    if name and other and name[0].text == other[0].text:
        return AnimationGroup(*moves, become(name[0], other[0]))
    return AnimationGroup(
        *moves,
        *(FadeOut(line, rate_func=squish_rate_func(EASE_MOVE, 0.0, _AWAY)) for line in name),
        *(FadeIn(line, rate_func=squish_rate_func(EASE_MOVE, 1 - _AWAY, 1.0)) for line in other),
    )


def become_row(old: HeatMatrix, body: Mobject, row: int) -> Animation:
    """Turn a matrix of one row into that row of a larger one; where that is an image, fade."""
    return become(old[0], body.row(row)) if isinstance(body, HeatMatrix) else FadeOut(old)


def fill_rows(body: Mobject, but: int, theme: Theme) -> Animation:
    """Let all rows of a matrix but one appear, one after another; an image appears at once."""
    if not isinstance(body, HeatMatrix):
        return FadeIn(body)
    others = [row for index, row in enumerate(body) if index != but]
    return LaggedStart(*map(FadeIn, others), lag_ratio=theme.timing.stagger)
