"""Products that share their left matrix: each right one stands above its own result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from manim import Group, VGroup

from attnviz.mobjects.pen import Pen
from attnviz.mobjects.product import Factor, ShapedMatrix, heading, join_sizes
from attnviz.mobjects.product_layout import Room, around_a_corner
from attnviz.text import Line
from attnviz.zones import Zone

_LABEL_CAPS = 1.4
_WIDEST_LABEL = 8
"""A label takes no more than this part of the zone's width."""


class SharedProduct(Group):
    """One left matrix that meets one right one or several: each stands above its own result.

    Parameters
    ----------
    pen
        Draws the type.
    left
        The matrix ``[n, d]``.
    rights, results
        Matrices ``[d, m]`` and ``[n, m]``, in the same order.
    zone
        The room.
    tokens
        Texts of the rows; as many as have room are written, the focused ones in any case.
    focused
        Rows that keep their label, the most important first.

    Attributes
    ----------
    corner
        The room that is left free: above the left matrix, beside the right ones.
    """

    def __init__(
        self,
        pen: Pen,
        left: Factor,
        rights: Sequence[Factor],
        results: Sequence[Factor],
        zone: Zone,
        *,
        tokens: Sequence[str] = (),
        focused: Sequence[int] = (),
    ) -> None:
        gap = pen.theme.space.gap
        lines = [
            pen.token(t, cap=pen.theme.sizes.label, longest=zone.width / _WIDEST_LABEL)
            for t in tokens
        ]
        if lines:
            # The last label's tail hangs below its row.
            zone = replace(zone, bottom=zone.bottom + gap)
        room = max((line.width for line in lines), default=0.0)
        least = max(heading(pen, factor, 0.0).width for factor in results)
        need = Room.of(pen, left, rights, labels=room + gap if lines else 0.0, least=least)
        first, *boxes = around_a_corner(zone, need)
        above, below = boxes[: len(rights)], boxes[len(rights) :]
        self.corner = Zone(first.left, first.right, first.top + gap, above[0].top)
        self.left = ShapedMatrix(pen, left, first, inner=1)
        self.rights = [
            ShapedMatrix(pen, factor, box, inner=0)
            for factor, box in zip(rights, above, strict=True)
        ]
        self.results = [
            ShapedMatrix(pen, factor, box) for factor, box in zip(results, below, strict=True)
        ]
        self.labels = VGroup(*self._labels(lines, focused, gap))
        self.join = join_sizes(pen, self.left, self.rights[0])
        super().__init__(self.left, *self.rights, *self.results, self.labels, self.join)

    def _labels(self, lines: Sequence[Line], focused: Sequence[int], gap: float) -> list[Line]:
        """Return the labels that have room, each before its row."""
        if not lines:
            return []
        pitch = self.left.body.height / len(lines)
        least = _LABEL_CAPS * lines[0].cap_height
        kept: list[int] = []
        for index in range(len(lines)) if pitch >= least else focused:
            if all(abs(index - other) * pitch >= least for other in kept):
                kept.append(index)
        return [
            lines[i]
            .end_at(float(self.left.body.get_left()[0]) - gap)
            .stand_on(float(self.left.outline(row=i).get_y()) - lines[i].cap_height / 2)
            for i in kept
        ]

    def lit(self, which: int, row: int, column: int) -> VGroup:
        """Return frames around a row, a column of one right matrix, and their element."""
        return VGroup(
            self.left.outline(row=row),
            self.rights[which].outline(column=column),
            self.results[which].outline(row=row, column=column),
        )
