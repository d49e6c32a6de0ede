"""Motion of products: a row meets a column, their number drops in, one row becomes many."""

from __future__ import annotations

from manim import (
    LEFT,
    PI,
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    Rectangle,
    ReplacementTransform,
    Transform,
    VMobject,
)

from attnviz.animations import EASE_ARRIVE, EASE_MOVE
from attnviz.mobjects.matrices import HeatMatrix
from attnviz.mobjects.product import ShapedMatrix
from attnviz.theme import Theme


def lay_on(row: Mobject, column: Rectangle, theme: Theme) -> Animation:
    """Turn a row upright and lay it beside a column, as tall and as wide as that is."""
    upright = row.copy().rotate(-PI / 2)
    upright.stretch_to_fit_width(column.width).stretch_to_fit_height(column.height)
    upright.next_to(column, LEFT, buff=theme.space.cell_gap)
    return Transform(row, upright, rate_func=EASE_MOVE)


def drop_in(number: VMobject, matrix: ShapedMatrix) -> Animation:
    """Let a number fall into the first element of a matrix of one row, which takes its colour."""
    cell = matrix.outline(row=0, column=0)
    falling = FadeOut(number.copy(), target_position=cell.get_center(), rate_func=EASE_MOVE)
    cells = [matrix.body.cell(0, 0)] if isinstance(matrix.body, HeatMatrix) else []
    return AnimationGroup(falling, FadeIn(matrix.title, *cells, rate_func=EASE_ARRIVE))


def fill_up(matrix: ShapedMatrix, theme: Theme) -> Animation:
    """Let the other elements of a matrix of one row follow the first."""
    if not isinstance(matrix.body, HeatMatrix):
        return FadeIn(matrix.body)
    _first, *others = matrix.body.row(0)
    return LaggedStart(*(FadeIn(cell) for cell in others), lag_ratio=3 * theme.timing.stagger)


def place_among(one: ShapedMatrix, many: ShapedMatrix, row: int) -> Animation:
    """Move a matrix of one row to its place among the rows of a larger one."""
    frame = many.outline(row=row)
    body = one.body.copy().stretch_to_fit_width(frame.width).stretch_to_fit_height(frame.height)
    return AnimationGroup(
        Transform(one.body, body.move_to(frame)),
        FadeOut(one.title),
        FadeIn(many.title),
        rate_func=EASE_MOVE,
    )


def become(one: ShapedMatrix, other: ShapedMatrix) -> Animation:
    """Move and stretch a matrix to where the same one stands next."""
    return AnimationGroup(
        ReplacementTransform(one.body, other.body),
        ReplacementTransform(one.title, other.title),
        rate_func=EASE_MOVE,
    )
