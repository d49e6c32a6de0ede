"""Motion of weights that scale values, and of values that add up."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from manim import (
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    TransformFromCopy,
    VGroup,
    VMobject,
    rate_functions,
)

from attnviz.animations import EASE_MOVE, travel, travel_copy
from attnviz.mobjects.grid import AttentionGrid
from attnviz.mobjects.matrices import HeatMatrix
from attnviz.mobjects.scaling import WeightedRows
from attnviz.mobjects.sums import ProductSum
from attnviz.text import Number
from attnviz.theme import Theme

_SEED = 0.3
"""How large a number is, of its size, when it comes out of its cell."""


def single_out(grid: AttentionGrid, query: int) -> Animation:
    """Take away everything of a grid but the cells of one row and the digits in them."""
    face = grid.face
    others = [*face.rows(), *face.digit_rows()]
    kept = {query, query + len(face.rows())}
    lens = [face.lens] if face.lens is not None else []
    leaving = [row for place, row in enumerate(others) if place not in kept]
    return FadeOut(grid.around, *lens, *leaving)


def turn(grid: AttentionGrid, query: int, rows: WeightedRows, theme: Theme) -> Animation:
    """Turn one row of a grid into the column of weights that stands beside the values."""
    face = grid.face
    pairs = zip(face.row_digits(query), rows.digits, strict=face.shows_digits)
    return AnimationGroup(
        _swung(face.row(query), rows.cells, theme),
        *(travel(digit, place) for digit, place in pairs),
    )


def turn_back(rows: WeightedRows, body: Mobject, query: int, theme: Theme) -> Animation:
    """Turn the column of weights back into its row of a matrix."""
    if not isinstance(body, HeatMatrix):
        return FadeOut(rows.cells, rows.digits)
    return AnimationGroup(_swung(rows.cells, body.row(query), theme), FadeOut(rows.digits))


def _swung(cells: VGroup, places: VGroup, theme: Theme) -> Animation:
    return LaggedStart(
        *(
            ReplacementTransform(cell, place, path_arc=-np.pi / 2, rate_func=EASE_MOVE)
            for cell, place in zip(cells, places, strict=True)
        ),
        lag_ratio=theme.timing.stagger / 2,
    )


def weigh(rows: WeightedRows, keys: Iterable[int], theme: Theme) -> Animation:
    """Let copies of some values go to where they stand multiplied by their weights."""
    return LaggedStart(
        *(
            TransformFromCopy(rows.values.row(key), rows.scaled.row(key), rate_func=EASE_MOVE)
            for key in keys
        ),
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


def become_row(old: HeatMatrix, body: Mobject, row: int) -> Animation:
    """Turn a matrix of one row into that row of a larger one; where that is an image, fade."""
    return become(old[0], body.row(row)) if isinstance(body, HeatMatrix) else FadeOut(old)


def fill_rows(body: Mobject, but: int, theme: Theme) -> Animation:
    """Let all rows of a matrix but one appear, one after another; an image appears at once."""
    if not isinstance(body, HeatMatrix):
        return FadeIn(body)
    others = [row for index, row in enumerate(body) if index != but]
    return LaggedStart(*map(FadeIn, others), lag_ratio=theme.timing.stagger)
