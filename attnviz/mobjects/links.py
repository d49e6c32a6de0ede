"""Links from queries to keys, as wide as the weight is large."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import CubicBezier, VMobject

from attnviz.theme import Theme


class Link(CubicBezier):
    """One link from a query to a key.

    Parameters
    ----------
    start, end
        Points in the frame: beyond the query, before the key.
    weight
        Its width is linear in this, and nothing else is.
    flow
        The direction in which it leaves the query and reaches the key, ``DOWN`` or ``RIGHT``.
    theme
        Gives the width at weight 1 and the two colours.
    """

    def __init__(
        self, start: np.ndarray, end: np.ndarray, weight: float, flow: np.ndarray, theme: Theme
    ) -> None:
        bend = np.dot(end - start, flow) / 2 * flow
        super().__init__(start, start + bend, end - bend, end)
        palette = theme.palette
        self.set_sheen_direction(-flow)
        # From the sheen's far end: the key's colour, then the query's.
        ends: Any = [palette.key, palette.query]
        self.set_stroke(color=ends, width=weight * theme.space.link_width).set_fill(opacity=0)
        self.weight = weight


def width_legend(theme: Theme, weight: float, length: float) -> VMobject:
    """Return a bar as wide as a link of the given weight."""
    bar = VMobject()
    bar.set_points_as_corners([(0.0, 0.0, 0.0), (length, 0.0, 0.0)])
    bar.set_stroke(theme.palette.dim, width=weight * theme.space.link_width)
    return bar
