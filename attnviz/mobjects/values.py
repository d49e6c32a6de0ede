"""The values of one head: a labelled row a key, cut into slices as thick as their weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from manim import LEFT, RIGHT, UP, Rectangle, VGroup

from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.mobjects.matrices import HeatMatrix, shape_title
from attnviz.mobjects.pen import Pen, element
from attnviz.text import Line, Number
from attnviz.zones import Zone

_TALLEST_ROW = 0.42
_WEIGHT_CAPS = 2.6
_RAMP_STEPS = 24
_THINNEST = 1e-4


class ValueRows(VGroup):
    """Every key's value vector as a labelled row of heat, with room for a weight before it.

    Above 12 tokens only the focused rows have a label.

    Parameters
    ----------
    pen
        Draws labels.
    address
        The values ``[key, d_v]``, e.g. ``layers[1].v[2]``.
    tokens
        The keys' texts.
    width, height
        The room, in frame units, for the weights, the labels and the rows.
    focused
        Rows that are labelled in any case.
    """

    def __init__(
        self,
        pen: Pen,
        address: str,
        tokens: Sequence[str],
        *,
        width: float,
        height: float,
        focused: Sequence[int] = (),
    ) -> None:
        super().__init__()
        theme = pen.theme
        self.extent = pen.value(f"extent({address})")
        self.ramp = theme.palette.signed
        self.gap = theme.space.gap
        self.labelled = [
            i for i in range(len(tokens)) if len(tokens) <= DIGITS_UP_TO or i in focused
        ]
        labels = [
            pen.token(
                tokens[i], colour=theme.palette.value, cap=theme.sizes.label, longest=width / 4
            )
            for i in self.labelled
        ]
        before = max(label.width for label in labels) + _WEIGHT_CAPS * theme.sizes.label
        values = pen.array(address)
        self.matrix = HeatMatrix(
            values,
            width=width - before - 4 * self.gap,
            height=min(height, _TALLEST_ROW * len(tokens)),
            ramp=self.ramp,
            extent=self.extent,
        )
        keep(self.matrix, entries(address, values.shape))
        self.labels = VGroup(
            *(self._before(i, label) for i, label in zip(self.labelled, labels, strict=True))
        )
        self.add(self.labels, self.matrix)

    def _before(self, index: int, line: Line, room: float = 0.0) -> Line:
        row = self.matrix.row(index)
        line.end_at(row.get_left()[0] - self.gap - room)
        return line.stand_on(float(row.get_y()) - line.cap_height / 2)

    def place_weight(self, index: int, weight: Number) -> Number:
        """Put a weight before the label of its row."""
        self._before(index, weight, room=self.labels.width + 2 * self.gap)
        return weight

    def weights(self, pen: Pen, address: str) -> VGroup:
        """Return the weights of one row ``[key]``, each before its value."""
        cap = pen.theme.sizes.label
        return VGroup(
            *(self.place_weight(i, pen.number(element(address, i), cap=cap)) for i in self.labelled)
        )

    def place_in(self, zone: Zone) -> ValueRows:
        """Put the rows at the top and the right of a zone."""
        edge = np.array([zone.right, zone.top, 0.0])
        self.shift(edge - self.matrix.get_corner(UP + RIGHT))
        return self

    def slices(self, weights: np.ndarray, zone: Zone) -> VGroup:
        """Return the rows cut to ``weight × height`` and stacked in a zone, top row first.

        As the weights add to 1, the stack is as tall as the zone.

        Parameters
        ----------
        weights
            One row of weights ``[key]``.
        zone
            Its height is the stack's; the width is that of the rows.
        """
        edges = zone.top - np.concatenate([[0.0], np.cumsum(weights)]) * zone.height
        stack = VGroup()
        for index, (top, bottom) in enumerate(pairwise(edges)):
            row = self.matrix.row(index).copy()
            row.stretch_to_fit_height(max(float(top - bottom), _THINNEST))
            stack.add(row.set_y((top + bottom) / 2))
        return stack

    def blended(self, pen: Pen, address: str, stack: VGroup) -> HeatMatrix:
        """Return the vector at ``address`` as one row in the place of the stack of slices."""
        vector = pen.array(address)
        row = HeatMatrix(
            vector[np.newaxis],
            width=self.matrix.width,
            height=stack.height,
            ramp=self.ramp,
            extent=self.extent,
        )
        keep(row, entries(address, vector.shape))
        row.move_to(stack)
        return row


class Blend(VGroup):
    """The values of one head, the weights of one query, and the vector that they make.

    Parameters
    ----------
    pen
        Draws the type.
    layer
        Address of the layer, e.g. ``layers[1]``.
    head, query
        Whose values, and whose weights.
    tokens
        The keys' texts.
    name
        What the new vector is called.
    zone
        The room.
    focused
        Rows that are labelled in any case.
    """

    def __init__(
        self,
        pen: Pen,
        layer: str,
        head: int,
        query: int,
        *,
        tokens: Sequence[str],
        name: Line,
        zone: Zone,
        focused: Sequence[int] = (),
    ) -> None:
        header, body, foot, result = zone.rows(0.9, 7.2, 0.8, 2.3)
        values, weights = f"{layer}.v[{head}]", f"{layer}.weights[{head}, {query}]"
        colour = pen.theme.palette.value
        self.rows = ValueRows(
            pen, values, tokens, width=zone.width, height=body.height, focused=focused
        ).place_in(body)
        self.title = shape_title(pen, "Values", values, colour).align_to(self.rows.matrix, LEFT)
        self.title.stand_on(header.bottom + pen.theme.space.gap)
        legend = ramp_legend(pen, values, width=zone.width / 6).move_to(foot.centre)
        self.standing = VGroup(self.rows, self.title, legend.align_to(self.rows.matrix, RIGHT))
        self.weights = self.rows.weights(pen, weights)
        self.slices = self.rows.slices(pen.array(weights), result)
        self.blended = self.rows.blended(pen, f"{layer}.heads[{head}, {query}]", self.slices)
        self.label = name.next_to(self.blended, LEFT, buff=pen.theme.space.wide_gap)
        super().__init__(self.standing, self.weights, self.blended, self.label)


def ramp_legend(pen: Pen, address: str, width: float) -> VGroup:
    """Return a bar of the signed ramp between the least and the greatest element at an address."""
    palette, sizes, gap = pen.theme.palette, pen.theme.sizes, pen.theme.space.gap
    least, greatest = (f"{name}({address})" for name in ("least", "greatest"))
    steps = np.linspace(pen.value(least), pen.value(greatest), _RAMP_STEPS)
    extent = pen.value(f"extent({address})")
    bar = VGroup(
        *(
            Rectangle(
                width=width / _RAMP_STEPS,
                height=sizes.label,
                stroke_width=0,
                fill_color=palette.signed(float(step) / extent),
                fill_opacity=1,
            )
            for step in steps
        )
    ).arrange(RIGHT, buff=0)
    low = pen.number(least, cap=sizes.label, colour=palette.dim)
    high = pen.number(greatest, cap=sizes.label, colour=palette.dim)
    low.next_to(bar, LEFT, buff=gap).stand_on(float(bar.get_bottom()[1]))
    high.next_to(bar, RIGHT, buff=gap).stand_on(float(bar.get_bottom()[1]))
    return VGroup(low, bar, high)
