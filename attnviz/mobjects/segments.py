"""The shares of one row end to end, as one bar."""

from __future__ import annotations

import numpy as np
from manim import LEFT, Rectangle, VGroup

from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.pen import Pen
from attnviz.zones import Zone

_SHORTEST = 1e-4
"""Of a segment, in frame units: a shape without length cannot be drawn."""


class Segments(VGroup):
    """A bar that fills a zone, cut into a segment a share, from the left.

    Parameters
    ----------
    pen
        Knows the colours and the numbers.
    address
        The row of shares ``[key]``.
    body
        The room that the bar fills.
    """

    def __init__(self, pen: Pen, address: str, body: Zone) -> None:
        super().__init__()
        shares, gap = pen.array(address), pen.theme.space.cell_gap / 2
        lefts = body.left + body.width * np.concatenate([[0.0], np.cumsum(shares[:-1])])
        for left, share in zip(lefts, shares, strict=True):
            length = body.width * float(share)
            # The gap is taken from a segment only where it leaves most of it.
            width = max(length - min(gap, length / 2), _SHORTEST)
            segment = Rectangle(width=width, height=body.height, stroke_width=0)
            segment.set_fill(pen.theme.palette.key, opacity=1)
            self.add(segment.move_to((float(left), body.centre[1], 0.0), aligned_edge=LEFT))
        keep(self, entries(address, shares.shape))

    def middle(self, key: int) -> float:
        """Return where the middle of a key's segment is, left to right."""
        return float(self[key].get_x())
