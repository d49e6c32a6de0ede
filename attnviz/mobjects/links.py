"""Links from queries to keys, as wide as the weight is large."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import DOWN, UP, CubicBezier, Line, VGroup, VMobject

from attnviz.mobjects.tokens import TokenRow
from attnviz.theme import Theme


class Link(CubicBezier):
    """One link from a query down to a key.

    Parameters
    ----------
    start, end
        Points in the frame: below the query, above the key.
    weight
        Its width is linear in this, and nothing else is.
    theme
        Gives the width at weight 1 and the two colours.
    """

    def __init__(self, start: np.ndarray, end: np.ndarray, weight: float, theme: Theme) -> None:
        bend = (start[1] - end[1]) / 2
        super().__init__(start, start + bend * DOWN, end + bend * UP, end)
        palette = theme.palette
        self.set_sheen_direction(UP)
        # From the sheen's far end: the key's colour below, the query's above.
        ends: Any = [palette.key, palette.query]
        self.set_stroke(color=ends, width=weight * theme.space.link_width).set_fill(opacity=0)
        self.weight = weight


def fan(weights: np.ndarray, query: int, queries: TokenRow, keys: TokenRow, theme: Theme) -> VGroup:
    """Return the links of one query, a link a key.

    Parameters
    ----------
    weights
        The query's row of weights ``[key]``.
    query
        Which token of ``queries`` asks.
    queries, keys
        The rows of tokens above and below.
    theme
        Widths and colours.
    """
    gap = theme.space.gap
    start = queries.foot(query, gap)
    return VGroup(
        *(Link(start, keys.crown(key, gap), float(w), theme) for key, w in enumerate(weights))
    )


def width_legend(theme: Theme, weight: float, length: float) -> VMobject:
    """Return a bar as wide as a link of the given weight."""
    bar = VMobject()
    bar.set_points_as_corners([(0.0, 0.0, 0.0), (length, 0.0, 0.0)])
    bar.set_stroke(theme.palette.dim, width=weight * theme.space.link_width)
    return bar


def same_word_lines(queries: TokenRow, keys: TokenRow, theme: Theme) -> VGroup:
    """Return faint lines from each word above to the same word below."""
    gap = theme.space.gap
    return VGroup(
        *(
            Line(queries.foot(i, gap), keys.crown(i, gap)).set_stroke(
                theme.palette.dim, width=theme.space.hairline
            )
            for i in range(len(queries))
        )
    )
