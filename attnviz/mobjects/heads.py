"""The heads of one layer side by side, and their outputs joined into one matrix."""

from __future__ import annotations

from collections.abc import Sequence

from manim import UP, Group, Mobject, Rectangle, VGroup

from attnviz.derived import HABIT_FLOOR, habit
from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.grid import DIGITS_UP_TO, AttentionGrid
from attnviz.mobjects.matrices import HeatImage, HeatMatrix, shape_title
from attnviz.mobjects.pen import Pen, Slots, element
from attnviz.text import Line as TypeLine
from attnviz.text import Run
from attnviz.zones import Zone

HABIT_NAMES = {
    "previous_token": "previous word",
    "next_token": "next word",
    "first_token": "first word",
    "itself": "itself",
}
_TALLEST_ROW = 0.3

CROWDED = 8
"""More heads than this stand as images with nothing but their names."""


class HeadView(Group):
    """One head: its name in its tint, its small grid, and what it measurably does here.

    Parameters
    ----------
    pen
        Draws the type.
    layer
        Address of the layer, e.g. ``layers[1]``.
    head
        The head's number.
    tokens
        The sentence.
    link
        Query and key of the link that is named where the head has no habit.
    zone
        The room.
    crowded
        True where there are so many heads that each is an image with its name alone.
    """

    def __init__(
        self,
        pen: Pen,
        layer: str,
        head: int,
        tokens: Sequence[str],
        link: tuple[int, int],
        zone: Zone,
        *,
        crowded: bool = False,
    ) -> None:
        label = pen.theme.sizes.label
        line, foot = (1.6 * label, 0.0) if crowded else (2.5 * label, 2.5 * label)
        self.tint = pen.theme.palette.head(head)
        weights = f"{layer}.weights[{head}]"
        self.grid = AttentionGrid(
            pen,
            weights,
            tokens,
            tokens,
            width=zone.width,
            height=zone.height - line - foot,
            fill=pen.theme.palette.weights,
            small=True,
            image=len(tokens) > DIGITS_UP_TO,
        ).move_to(zone.centre + (foot - line) / 2 * UP)
        self.title = pen.phrase("head {head}", {"head": f"index({head})"}, colour=self.tint)
        centre = self.grid.face.get_x()
        gap = label / 4 if crowded else line / 2
        self.title.set_x(centre).stand_on(float(self.grid.get_top()[1]) + gap)
        super().__init__(self.title, self.grid)
        if not crowded:
            does = self._habit(pen, weights, tokens, link)
            self.add(does.set_x(centre).stand_on(float(self.grid.get_bottom()[1]) - 0.8 * line))

    @staticmethod
    def _habit(pen: Pen, weights: str, tokens: Sequence[str], link: tuple[int, int]) -> TypeLine:
        dim = pen.theme.palette.dim
        found = habit(pen.array(weights))
        if found is not None:
            shares = {"share": f"{found}({weights})"}
            return pen.phrase(f"{HABIT_NAMES[found]} {{share}}", shares, colour=dim)
        share = element(weights, *link)
        if pen.value(share) > HABIT_FLOOR:
            asking, answering = (Run(tokens[i], "token") for i in link)
            slots: Slots = {"query": asking, "key": answering, "share": share}
            return pen.phrase("{query} → {key} {share}", slots, colour=dim)
        return pen.words("no single habit", colour=dim)


def tint_bar(matrix: Mobject, tint: str, thickness: float) -> Rectangle:
    """Return a bar in a head's tint along the top of its part of a matrix."""
    bar = Rectangle(width=matrix.width, height=thickness, stroke_width=0)
    return bar.set_fill(tint, opacity=1).next_to(matrix, UP, buff=thickness)


class HeadOutput(Group):
    """One head's output ``[query, d_v]`` under a bar in the head's tint.

    Parameters
    ----------
    pen
        Gives the theme and the values.
    outputs
        Address of all heads' outputs, e.g. ``layers[1].heads``.
    head
        The head's number.
    zone
        The room.
    """

    def __init__(self, pen: Pen, outputs: str, head: int, zone: Zone) -> None:
        palette, space = pen.theme.palette, pen.theme.space
        values = pen.array(element(outputs, head))
        kind = HeatMatrix if len(values) <= DIGITS_UP_TO else HeatImage
        self.matrix = kind(
            values,
            width=zone.width,
            height=min(zone.height - 2 * space.cell_gap, _TALLEST_ROW * len(values)),
            ramp=palette.signed,
            extent=pen.value(f"extent({outputs})"),
        )
        keep(self.matrix, entries(element(outputs, head), values.shape))
        self.bar = tint_bar(self.matrix, palette.head(head), space.cell_gap)
        super().__init__(self.matrix, self.bar)
        self.move_to(zone.centre)


class HeadTile:
    """One head's place on the stage: its view in the middle, later beside or above its output.

    Parameters
    ----------
    pen
        Draws the type.
    layer
        Address of the layer, e.g. ``layers[1]``.
    head
        The head's number.
    tokens, link
        As for :class:`HeadView`.
    zone
        The room.
    """

    def __init__(
        self,
        pen: Pen,
        layer: str,
        head: int,
        tokens: Sequence[str],
        link: tuple[int, int],
        zone: Zone,
        *,
        crowded: bool = False,
    ) -> None:
        gap = pen.theme.space.wide_gap
        place, room = zone.rows(4, 1, gap=gap / 2) if crowded else zone.split(3, 2, gap=gap)
        self.view = HeadView(pen, layer, head, tokens, link, place, crowded=crowded)
        if not crowded:
            line = 2.5 * pen.theme.sizes.label
            _name, room = room.rows(line, room.height - line)
        self.output = HeadOutput(pen, f"{layer}.heads", head, room)
        self.name = VGroup()
        if not crowded:
            self.name = self._named(pen, f"{layer}.heads[{head}]", room)
        self.way = place.centre - zone.centre
        self.view.shift(-self.way)

    def _named(self, pen: Pen, output: str, room: Zone) -> VGroup:
        name = shape_title(pen, "output", output, self.view.tint)
        foot = float(self.output.get_top()[1]) + 0.6 * pen.theme.sizes.label
        name.set_x(self.output.get_x()).stand_on(foot)
        if name.width > room.width:
            name.end_at(room.right)
        return VGroup(name)
