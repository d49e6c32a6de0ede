"""Pictures to motion: functions that return an Animation and never play it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from manim import (
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    Transform,
    TransformFromCopy,
    VGroup,
    VMobject,
    rate_functions,
)

from attnviz.theme import Theme

EASE_MOVE = rate_functions.ease_in_out_cubic
EASE_ARRIVE = rate_functions.ease_out_cubic
QUIET = 0.22


def appear(mobjects: Iterable[Mobject], theme: Theme, shift: float = 0.12) -> Animation:
    """Let mobjects rise into place one after another."""
    return LaggedStart(
        *(FadeIn(m, shift=np.array([0.0, shift, 0.0])) for m in mobjects),
        lag_ratio=theme.timing.stagger,
        rate_func=EASE_ARRIVE,
    )


def vanish(*mobjects: Mobject) -> Animation:
    """Let mobjects fade together."""
    return AnimationGroup(*(FadeOut(mobject) for mobject in mobjects))


def travel(number: VMobject, target: VMobject) -> Animation:
    """Move a number to where it is used next; it takes the target's size and colour."""
    return ReplacementTransform(number, target, rate_func=EASE_MOVE)


def travel_copy(number: VMobject, target: VMobject) -> Animation:
    """Send a copy of a number to where it is used next; the original stays."""
    return TransformFromCopy(number, target, rate_func=EASE_MOVE)


def reach_out(links: VGroup, theme: Theme) -> Animation:
    """Draw the links of one query, outwards from the query."""
    return LaggedStart(*(Create(link) for link in links), lag_ratio=theme.timing.stagger)


def recolour(mobjects: Iterable[VMobject], colour: str) -> Animation:
    """Give lines of type another colour, in place."""
    return AnimationGroup(*(Transform(m, m.copy().set_fill(colour)) for m in mobjects))


def fold(links: Sequence[VGroup], rows: Sequence[VGroup], theme: Theme) -> Animation:
    """Fold every link into its cell, row by row."""
    return LaggedStart(
        *(
            AnimationGroup(
                *(ReplacementTransform(link, cell) for link, cell in zip(ends, row, strict=True))
            )
            for ends, row in zip(links, rows, strict=True)
        ),
        lag_ratio=2 * theme.timing.stagger,
        rate_func=EASE_MOVE,
    )


def hush(*mobjects: Mobject) -> Animation:
    """Take the light from mobjects; :func:`relight` gives it back."""
    for mobject in mobjects:
        mobject.save_state()
    return AnimationGroup(*(m.animate.fade(1 - QUIET) for m in mobjects))


def relight(*mobjects: Mobject) -> Animation:
    """Give back the light that :func:`hush` took."""
    return AnimationGroup(*(mobject.animate.restore() for mobject in mobjects))


def pile(rows: VGroup, slices: VGroup, theme: Theme) -> Animation:
    """Cut a slice from every row and pile the slices up; the rows stay."""
    return LaggedStart(
        *(TransformFromCopy(row, piece) for row, piece in zip(rows, slices, strict=True)),
        lag_ratio=theme.timing.stagger,
        rate_func=EASE_MOVE,
    )
