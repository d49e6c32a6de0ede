"""Motion of one row: as bars, as one full bar, as cells of its grid, and as arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from manim import (
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    LaggedStart,
    ReplacementTransform,
    TransformFromCopy,
    VGroup,
    VMobject,
    squish_rate_func,
)

from attnviz.animations import EASE_MOVE, travel, travel_copy
from attnviz.mobjects.bars import Bars
from attnviz.mobjects.equations import Equation
from attnviz.mobjects.face import GridFace
from attnviz.mobjects.full_bar import FullBar, ScoresAndShares
from attnviz.mobjects.grid import AttentionGrid
from attnviz.text import Line, Number

_HALF = 0.5
# What goes and what comes does so in the free half of a motion.
_first = squish_rate_func(EASE_MOVE, 0.0, _HALF)
_second = squish_rate_func(EASE_MOVE, _HALF, 1.0)


def replace_each(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Animation]:
    """Let what stands for a thing become what stands for it next; the others come and go."""
    return [
        *(_become(before[i], after[i]) for i in before.keys() & after.keys()),
        *(FadeOut(before[i]) for i in before.keys() - after.keys()),
        *(FadeIn(after[i]) for i in after.keys() - before.keys()),
    ]


def _become(before: Any, after: Any) -> Animation:
    """Let a thing move to its next place; a text that changes passes before the new one comes."""
    if not isinstance(before, Line) or before.text == after.text:
        return ReplacementTransform(before, after)
    half = (after.get_center() - before.get_center()) / 2
    return AnimationGroup(FadeOut(before, shift=half), FadeIn(after, shift=half), lag_ratio=1)


def say_next(before: Equation, after: Equation) -> Animation:
    """Let one line of arithmetic follow another: what both speak of goes along."""
    return AnimationGroup(
        *replace_each(before.parts, after.parts),
        FadeOut(before.words()),
        FadeIn(after.words()),
        rate_func=EASE_MOVE,
    )


def tell(line: Equation, bars: Bars) -> Animation:
    """Let a line of arithmetic appear: copies of the numbers that bars show come first."""
    shown = {number.address: number for number in bars.shown.values()}
    coming, others = [], [line.words()]
    for part in line.parts.values():
        if isinstance(part, Number) and part.address in shown:
            coming.append(travel_copy(shown[part.address], part))
        else:
            others.append(part)
    return LaggedStart(*coming, FadeIn(*others), lag_ratio=_HALF)


def slide_under(words: VGroup, places: VGroup) -> Animation:
    """Move the words of the keys to where bars will stand, behind whatever is on their way."""
    return ReplacementTransform(words.copy().set_z_index(-1), places, rate_func=EASE_MOVE)


def _in_cell(bar: VMobject, cell: VMobject) -> VMobject:
    """Return a bar that fills a cell: on its way from there it is only stretched, never folded."""
    likeness = bar.copy().set_fill(cell.get_fill_color(), opacity=bar.get_fill_opacity())
    return likeness.replace(cell, stretch=True)


def stand_up(grid: GridFace, query: int, bars: Bars) -> Animation:
    """Let one row of a grid stand up as bars, its numbers with it."""
    digits = {digit.address: digit for digit in grid.numbers()}
    return AnimationGroup(
        FadeIn(bars.line),
        *(
            ReplacementTransform(_in_cell(bar, cell), bar)
            for cell, bar in zip(grid.row(query), bars.bars, strict=True)
        ),
        *(
            TransformFromCopy(digits[number.address], number)
            if number.address in digits
            else FadeIn(number)
            for number in bars.shown.values()
        ),
        rate_func=EASE_MOVE,
    )


def restate(before: Bars, after: Bars) -> Animation:
    """Turn the bars of a row into those of its next state, and every number with its bar."""
    return AnimationGroup(
        ReplacementTransform(before.line, after.line),
        ReplacementTransform(before.bars, after.bars),
        *replace_each(before.shown, after.shown),
        rate_func=EASE_MOVE,
    )


def lay_down(bars: Bars, labels: Iterable[VMobject], full: FullBar) -> Animation:
    """Lay bars end to end as one full bar; labels and numbers go along where they have room."""
    return AnimationGroup(
        *(
            ReplacementTransform(bar, segment)
            for bar, segment in zip(bars.bars, full.segments, strict=True)
        ),
        *replace_each(dict(enumerate(labels)), full.labels),
        *replace_each(bars.shown, full.shares),
        rate_func=EASE_MOVE,
    )


def file_in(full: FullBar, grid: AttentionGrid, query: int) -> Animation:
    """Let the parts of a full bar become one row of a grid; the rest of the grid appears."""
    face = grid.face
    digits = {digit.address: digit for digit in face.numbers()}
    shares = {share.address: share for share in full.shares.values()}
    travelling = shares.keys() & digits.keys()
    others = [VGroup(row) for place, row in enumerate(face.rows()) if place != query]
    waiting = [digit for address, digit in digits.items() if address not in travelling]
    lens = [face.lens.cells] if face.lens else []
    return AnimationGroup(
        *(
            ReplacementTransform(segment, cell, rate_func=EASE_MOVE)
            for segment, cell in zip(full.segments, face.row(query), strict=True)
        ),
        *(travel(shares[address], digits[address]) for address in travelling),
        *(FadeOut(share) for address, share in shares.items() if address not in travelling),
        FadeOut(full.rule, full.total, *full.labels.values(), rate_func=_first),
        FadeIn(grid.around, *others, *lens, *waiting, rate_func=_second),
    )


def unfold(row: VGroup, block: ScoresAndShares) -> Animation:
    """Let one row of weights become its shares end to end, and its scores rise above them."""
    return AnimationGroup(
        ReplacementTransform(row, block.shares, rate_func=EASE_MOVE),
        FadeIn(block.title, block.bars, block.best, block.names, rate_func=_second),
    )
