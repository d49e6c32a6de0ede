"""Pictures to motion: functions that return an Animation and never play it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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

from attnviz.mobjects.grid import GridFace
from attnviz.mobjects.matrices import TitledMatrix
from attnviz.theme import Theme

EASE_MOVE = rate_functions.ease_in_out_cubic
EASE_ARRIVE = rate_functions.ease_out_cubic
QUIET = 0.22
_SEED = 0.3


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


def reach_out(links: VGroup, theme: Theme) -> Animation:
    """Draw the links of one query, outwards from the query."""
    return LaggedStart(*(Create(link) for link in links), lag_ratio=theme.timing.stagger)


def recolour(mobjects: Iterable[VMobject], colour: str) -> Animation:
    """Give lines of type another colour, in place."""
    return AnimationGroup(*(Transform(m, m.copy().set_fill(colour)) for m in mobjects))


def fold(links: Sequence[VGroup], rows: Sequence[VGroup], theme: Theme) -> Animation:
    """Fold every link into its cell, row by row: the cell comes out of the link's middle."""
    return LaggedStart(
        *(
            AnimationGroup(
                *(FadeOut(link, rate_func=EASE_ARRIVE) for link in ends),
                *(
                    FadeIn(
                        cell, target_position=link.get_center(), scale=_SEED, rate_func=EASE_MOVE
                    )
                    for link, cell in zip(ends, row, strict=True)
                ),
            )
            for ends, row in zip(links, rows, strict=True)
        ),
        lag_ratio=2 * theme.timing.stagger,
    )


class Glow(Animation):
    """Multiply the opacity of a mobject's whole family, without copying it.

    Parameters
    ----------
    mobject
        What gains or loses light.
    factor
        Of its opacities.
    """

    def __init__(self, mobject: VMobject, factor: float) -> None:
        super().__init__(mobject)
        self._family: list[Any] = mobject.get_family()
        self._factor = factor
        self._before: list[tuple[VMobject, np.ndarray, np.ndarray]] = []

    def create_starting_mobject(self) -> Any:
        """Return the mobject itself: only opacities are kept, in :meth:`begin`."""
        return self.mobject

    def begin(self) -> None:
        """Keep every opacity."""
        self._before = [
            (member, member.fill_rgbas[:, 3].copy(), member.stroke_rgbas[:, 3].copy())
            for member in self._family
        ]
        super().begin()

    def interpolate_mobject(self, alpha: float) -> None:
        """Set every opacity part of the way."""
        factor = 1 + (self._factor - 1) * self.rate_func(alpha)
        for member, fill, stroke in self._before:
            member.fill_rgbas[:, 3] = np.clip(fill * factor, 0, 1)
            member.stroke_rgbas[:, 3] = np.clip(stroke * factor, 0, 1)


def hush(*mobjects: VMobject) -> Animation:
    """Take the light from mobjects; :func:`relight` gives it back."""
    return AnimationGroup(*(Glow(mobject, QUIET) for mobject in mobjects))


def relight(*mobjects: VMobject) -> Animation:
    """Give back the light that :func:`hush` took."""
    return AnimationGroup(*(Glow(mobject, 1 / QUIET) for mobject in mobjects))


def pile(rows: VGroup, slices: VGroup, theme: Theme) -> Animation:
    """Cut a slice from every row and pile the slices up; the rows stay."""
    return LaggedStart(
        *(TransformFromCopy(row, piece) for row, piece in zip(rows, slices, strict=True)),
        lag_ratio=theme.timing.stagger,
        rate_func=EASE_MOVE,
    )


def mask_wave(
    before: GridFace,
    after: GridFace,
    hatches: Mapping[tuple[int, int], VMobject],
    theme: Theme,
) -> Animation:
    """Turn scores into masked scores; the masked pairs follow one another as one diagonal wave."""
    waves: dict[int, list[Animation]] = {}
    for query, key in np.ndindex(before.shape):
        masked = (query, key) in hatches
        changes = waves.setdefault(key - query if masked else 0, [])
        changes.append(ReplacementTransform(before.cell(query, key), after.cell(query, key)))
        if before.shows_digits:
            changes.append(ReplacementTransform(before.digit(query, key), after.digit(query, key)))
        if masked:
            changes.append(Create(hatches[query, key]))
    return LaggedStart(
        *(AnimationGroup(*waves[diagonal]) for diagonal in sorted(waves)),
        lag_ratio=3 * theme.timing.stagger,
    )


def normalise(
    scores: GridFace,
    weights: GridFace,
    hatches: Mapping[tuple[int, int], VMobject],
    theme: Theme,
) -> Animation:
    """Turn scores into weights, row by row; the marks of masked pairs go as their zeros come."""
    rows = []
    for query, (old, new) in enumerate(zip(scores.rows(), weights.rows(), strict=True)):
        changes: list[Animation] = [ReplacementTransform(old, new)]
        if scores.shows_digits:
            pairs = zip(scores.row_digits(query), weights.row_digits(query), strict=True)
            changes += [ReplacementTransform(digit, number) for digit, number in pairs]
        changes += [FadeOut(mark) for (asking, _), mark in hatches.items() if asking == query]
        rows.append(AnimationGroup(*changes))
    return LaggedStart(*rows, lag_ratio=3 * theme.timing.stagger)


def scatter(source: TitledMatrix, targets: Sequence[Mobject]) -> Animation:
    """Send a shrinking copy of a matrix into each of several pictures, which appear meanwhile."""
    copies = [
        FadeOut(source.body.copy(), target_position=target.get_center(), scale=1 / len(targets))
        for target in targets
    ]
    return AnimationGroup(
        FadeOut(source), *copies, *(FadeIn(target) for target in targets), rate_func=EASE_MOVE
    )


def slide(parts: Sequence[VMobject], places: Sequence[VMobject]) -> list[Animation]:
    """Move and stretch pictures to where their likenesses stand; the pictures stay themselves."""
    return [
        Transform(part, place, rate_func=EASE_MOVE)
        for part, place in zip(parts, places, strict=True)
    ]
