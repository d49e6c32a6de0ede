"""Motion of tokens that split off a sentence, and of columns that come out of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from manim import Animation as Motion
from manim import (
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    Scene,
    VGroup,
    VMobject,
)

from attnviz.animations import EASE_MOVE
from attnviz.mobjects.columns import Columns, EmbeddingTable
from attnviz.mobjects.sums import SumLine
from attnviz.mobjects.token_ids import TokenIds
from attnviz.mobjects.tokens import TokenLine
from attnviz.text import Line
from attnviz.theme import Theme

_SEED = 0.3
"""How large a number is, of its size, when it comes out of its element."""


class SplitUp(AnimationGroup):
    """Move the letters of a typed sentence to the tokens that they became.

    Where letters and tokens do not match one to one, the tokens take the sentence's place.

    Parameters
    ----------
    sentence
        As it was typed; it is gone at the end.
    tokens
        The tokens, which stand in the scene at the end.
    """

    def __init__(self, sentence: Line, tokens: TokenIds) -> None:
        self._sentence, self._words = sentence, tokens.words
        letters = [word.glyphs for word in tokens.words if isinstance(word, Line)]
        ends = np.cumsum([0, *map(len, letters)])
        moves: list[Motion]
        if ends[-1] == len(sentence.glyphs):
            moves = [
                ReplacementTransform(
                    VGroup(*sentence.glyphs[start:end]), VGroup(*word), rate_func=EASE_MOVE
                )
                for (start, end), word in zip(pairwise(ends), letters, strict=True)
            ]
        else:
            moves = [FadeOut(sentence), FadeIn(tokens.words)]
        super().__init__(*moves)

    def clean_up_from_scene(self, scene: Scene) -> None:
        """Leave the tokens as whole words."""
        super().clean_up_from_scene(scene)
        scene.remove(self._sentence, *self._words.get_family())
        scene.add(self._words)


def line_up(tokens: TokenIds, row: TokenLine, numbers: Mapping[int, VMobject]) -> Motion:
    """Bring tokens and ids to their places in a row; an id that has no place there goes."""
    moves: list[Motion] = [
        ReplacementTransform(word, place, rate_func=EASE_MOVE)
        for word, place in zip(tokens.words, row, strict=True)
    ]
    for token, number in enumerate(tokens.numbers):
        if token in numbers:
            moves.append(ReplacementTransform(number, numbers[token], rate_func=EASE_MOVE))
        else:
            moves.append(FadeOut(number))
    return AnimationGroup(FadeOut(tokens.chips), *moves)


def look_up(
    table: EmbeddingTable, columns: Columns, ids: Iterable[tuple[int, int]], theme: Theme
) -> Motion:
    """Let copies of a table's columns slide out of it, and stand under their tokens.

    Parameters
    ----------
    table, columns
        Where the vectors come from, and where they stand.
    ids
        Places among the columns, each with the id that stands there.
    theme
        Gives the times.
    """
    moves = [
        ReplacementTransform(
            table.taken(word, columns.images[place]), columns.images[place], rate_func=EASE_MOVE
        )
        for place, word in ids
    ]
    return LaggedStart(*moves, lag_ratio=theme.timing.stagger)


def point_out(marks: Iterable[Mobject], ways: Iterable[VMobject], theme: Theme) -> Motion:
    """Mark places in a table, and draw the ways from them."""
    return LaggedStart(
        *(AnimationGroup(FadeIn(mark), Create(way)) for mark, way in zip(marks, ways, strict=True)),
        lag_ratio=theme.timing.stagger,
    )


def merge(
    one: Columns, other: Columns, into: Columns, places: Iterable[int], theme: Theme
) -> Motion:
    """Slide pairs of columns on to each other, where their sums appear."""
    return LaggedStart(
        *(
            AnimationGroup(
                ReplacementTransform(one.images[i], into.images[i], rate_func=EASE_MOVE),
                FadeOut(other.column(i), target_position=into.images[i], rate_func=EASE_MOVE),
                ReplacementTransform(one.bars[i], into.bars[i], rate_func=EASE_MOVE),
            )
            for i in places
        ),
        lag_ratio=theme.timing.stagger,
    )


def resettle(columns: Columns, into: Columns, places: Iterable[int] | None = None) -> Motion:
    """Move and stretch columns, or those at some places, to where the same ones stand next."""
    shown = range(len(columns.images)) if places is None else places
    pairs = [
        pair
        for new, old in enumerate(shown)
        for pair in (
            (columns.images[old], into.images[new]),
            (columns.bars[old], into.bars[new]),
        )
    ]
    return AnimationGroup(
        *(ReplacementTransform(old, new, rate_func=EASE_MOVE) for old, new in pairs)
    )


def read_off(line: SumLine, frames: Sequence[Mobject], theme: Theme) -> Motion:
    """Let the terms of a sum come out of the elements that they are; signs and total follow."""
    terms = [
        FadeIn(term, target_position=frame, scale=_SEED, rate_func=EASE_MOVE)
        for term, frame in zip(line.terms, frames, strict=True)
    ]
    return LaggedStart(
        LaggedStart(*terms, lag_ratio=3 * theme.timing.stagger),
        FadeIn(*line.signs, line.relation),
        FadeIn(line.total),
        lag_ratio=0.7,
    )
