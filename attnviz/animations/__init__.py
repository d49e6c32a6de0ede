"""Pictures to motion: functions that return an Animation and never play it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from manim import (
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    ImageMobject,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    Transform,
    TransformFromCopy,
    VGroup,
    VMobject,
    rate_functions,
)

from attnviz.mobjects.matrices import TitledMatrix
from attnviz.text import Line
from attnviz.theme import Theme

EASE_MOVE = rate_functions.ease_in_out_cubic
EASE_ARRIVE = rate_functions.ease_out_cubic
QUIET = 0.22

_ARRIVED = 0.6
"""The share of their time after which most of several numbers have come where they go."""


def appear(mobjects: Iterable[Mobject], theme: Theme, shift: float = 0.12) -> Animation:
    """Let mobjects rise into place one after another."""
    return LaggedStart(
        *(FadeIn(m, shift=np.array([0.0, shift, 0.0])) for m in mobjects),
        lag_ratio=theme.timing.stagger,
        rate_func=EASE_ARRIVE,
    )


def travel(number: VMobject, target: VMobject) -> Animation:
    """Move a number to where it is used next; it takes the target's size and colour."""
    return ReplacementTransform(number, target, rate_func=EASE_MOVE)


def travel_copy(number: VMobject, target: VMobject) -> Animation:
    """Send a copy of a number to where it is used next; the original stays."""
    return TransformFromCopy(number, target, rate_func=EASE_MOVE)


def gather(numbers: Iterable[VMobject], total: VMobject, theme: Theme) -> Animation:
    """Send copies of numbers to their sum, one after another; it appears as they arrive."""
    copies = [number.copy() for number in numbers]
    return LaggedStart(
        LaggedStart(
            *(FadeOut(copy, target_position=total.get_center()) for copy in copies),
            lag_ratio=theme.timing.stagger,
            rate_func=EASE_MOVE,
        ),
        FadeIn(total, rate_func=EASE_ARRIVE),
        lag_ratio=_ARRIVED,
    )


def reach_out(links: VGroup, theme: Theme) -> Animation:
    """Draw the links of one query, outwards from the query."""
    return LaggedStart(*(Create(link) for link in links), lag_ratio=theme.timing.stagger)


def recolour(mobjects: Iterable[VMobject], colour: str) -> Animation:
    """Give lines of type another colour, in place; muted ones keep theirs."""
    return AnimationGroup(*(Transform(m, _lit(m, colour)) for m in mobjects))


def _lit(mobject: VMobject, colour: str) -> VMobject:
    likeness: VMobject = mobject.copy()
    muted = isinstance(mobject, Line) and mobject.muted
    return likeness if muted else likeness.set_fill(colour)


class Glow(Animation):
    """Multiply the opacity of a mobject's whole family, without copying it.

    Parameters
    ----------
    mobject
        What gains or loses light.
    factor
        Of its opacities.
    """

    def __init__(self, mobject: Mobject, factor: float) -> None:
        super().__init__(mobject)
        self._family: list[Any] = mobject.get_family()
        self._factor = factor
        self._before: list[tuple[np.ndarray, np.ndarray]] = []

    def create_starting_mobject(self) -> Any:
        """Return the mobject itself: only opacities are kept, in :meth:`begin`."""
        return self.mobject

    def begin(self) -> None:
        """Keep every opacity."""
        self._before = [
            (channel, channel.copy()) for member in self._family for channel in _opacities(member)
        ]
        super().begin()

    def interpolate_mobject(self, alpha: float) -> None:
        """Set every opacity part of the way."""
        factor = 1 + (self._factor - 1) * self.rate_func(alpha)
        for channel, before in self._before:
            channel[...] = np.clip(before * factor, 0, 255 if channel.dtype == np.uint8 else 1)


def _opacities(member: Mobject) -> list[np.ndarray]:
    """Return views of a mobject's own opacities, which can be written to."""
    if isinstance(member, ImageMobject):
        return [member.pixel_array[:, :, 3]]
    if isinstance(member, VMobject):
        return [member.fill_rgbas[:, 3], member.stroke_rgbas[:, 3]]
    return []


def hush(*mobjects: Mobject) -> Animation:
    """Take the light from mobjects; :func:`relight` gives it back."""
    return AnimationGroup(*(Glow(mobject, QUIET) for mobject in mobjects))


def relight(*mobjects: Mobject) -> Animation:
    """Give back the light that :func:`hush` took."""
    return AnimationGroup(*(Glow(mobject, 1 / QUIET) for mobject in mobjects))


def pile(rows: VGroup, slices: VGroup, theme: Theme) -> Animation:
    """Cut a slice from every row and pile the slices up; the rows stay."""
    return LaggedStart(
        *(TransformFromCopy(row, piece) for row, piece in zip(rows, slices, strict=True)),
        lag_ratio=theme.timing.stagger,
        rate_func=EASE_MOVE,
    )


def scatter(source: TitledMatrix, targets: Sequence[Mobject]) -> Animation:
    """Send a shrinking copy of a matrix into each of several pictures, which appear meanwhile."""
    copies = [
        FadeOut(source.body.copy(), target_position=target.get_center(), scale=1 / len(targets))
        for target in targets
    ]
    return AnimationGroup(
        FadeOut(source), *copies, *(FadeIn(target) for target in targets), rate_func=EASE_MOVE
    )


def slide(parts: Sequence[Mobject], places: Sequence[Mobject]) -> list[Animation]:
    """Move and stretch pictures to where their likenesses stand; the pictures stay themselves."""
    return [
        Transform(part, place, rate_func=EASE_MOVE)
        for part, place in zip(parts, places, strict=True)
    ]
