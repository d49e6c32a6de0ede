"""Small grids that compare masks: the cells, hatched where masked, and the count of kept pairs."""

from __future__ import annotations

from manim import Group, VGroup

from attnviz.mobjects.grid import DIGITS_UP_TO, AttentionGrid
from attnviz.mobjects.pen import Pen
from attnviz.text import Line
from attnviz.zones import Zone


class MaskedGrid(Group):
    """A small grid of weights under one mask, with its name above and its count below.

    Parameters
    ----------
    pen
        Draws the count.
    title
        The mask's name.
    weights, mask
        Addresses of two matrices ``[query, key]``.
    zone
        The room.
    """

    def __init__(self, pen: Pen, title: Line, weights: str, mask: str, zone: Zone) -> None:
        line = 2.5 * pen.theme.sizes.label
        allowed = pen.array(mask)
        rows, columns = allowed.shape
        grid = AttentionGrid(
            pen,
            weights,
            [""] * rows,
            [""] * columns,
            width=zone.width,
            height=zone.height - 2 * line,
            fill=pen.theme.palette.weights,
            small=True,
        ).move_to(zone.centre)
        self.face = grid.face
        hatches = self.face.hatches(~allowed) if max(allowed.shape) <= DIGITS_UP_TO else {}
        count = pen.phrase(
            "{kept} of {pairs} pairs",
            {"kept": f"count_true({mask})", "pairs": f"count({mask})"},
        )
        title.set_x(self.face.cells.get_x()).stand_on(float(grid.get_top()[1]) + line / 2)
        count.set_x(self.face.cells.get_x()).stand_on(float(grid.get_bottom()[1]) - 0.8 * line)
        self.around = VGroup(title, grid.labels, *hatches.values(), count)
        super().__init__(self.face, self.around)
