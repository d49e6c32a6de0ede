"""The heads of one layer side by side, and their outputs joined into one matrix."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from manim import DOWN, LEFT, UP, Group, Line, Mobject, Rectangle, VGroup, VMobject

from attnviz.derived import HABIT_FLOOR, habit
from attnviz.mobjects.grid import DIGITS_UP_TO, AttentionGrid
from attnviz.mobjects.matrices import HeatMatrix, TitledMatrix, outline
from attnviz.mobjects.pen import Pen, Slots, element
from attnviz.records import AttentionTrace
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
    """

    def __init__(
        self,
        pen: Pen,
        layer: str,
        head: int,
        tokens: Sequence[str],
        link: tuple[int, int],
        zone: Zone,
    ) -> None:
        top, middle, _foot = zone.rows(1, 9, 1)
        self.tint = pen.theme.palette.head(head)
        weights = f"{layer}.weights[{head}]"
        self.grid = AttentionGrid(
            pen,
            weights,
            tokens,
            tokens,
            width=middle.width,
            height=middle.height,
            fill=pen.theme.palette.weights,
            small=True,
            image=len(tokens) > DIGITS_UP_TO,
        ).move_to(middle.centre)
        self.title = pen.phrase("head {head}", {"head": f"index({head})"}, colour=self.tint)
        self.does = self._habit(pen, weights, tokens, link)
        centre = self.grid.face.get_x()
        self.title.set_x(centre).stand_in(top)
        self.does.set_x(centre).stand_on(self.grid.get_bottom()[1] - 2 * self.does.cap_height)
        super().__init__(self.title, self.grid, self.does)

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


def tint_bar(matrix: VMobject, tint: str, thickness: float) -> Rectangle:
    """Return a bar in a head's tint along the top of its part of a matrix."""
    bar = Rectangle(width=matrix.width, height=thickness, stroke_width=0)
    return bar.set_fill(tint, opacity=1).next_to(matrix, UP, buff=thickness)


class HeadOutput(VGroup):
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
        self.matrix = HeatMatrix(
            values,
            width=zone.width,
            height=min(zone.height - space.gap, _TALLEST_ROW * len(values)),
            ramp=palette.signed,
            extent=pen.value(f"extent({outputs})"),
        )
        self.bar = tint_bar(self.matrix, palette.head(head), space.cell_gap)
        super().__init__(self.matrix, self.bar)
        self.move_to(zone.centre).align_to((0.0, zone.top, 0.0), UP)


class Joined(VGroup):
    """The outputs of all heads side by side, without gaps, under one title.

    Parameters
    ----------
    pen
        Draws the title.
    outputs
        The heads' outputs; likenesses of them stand here, for motion to aim at.
    address
        Of all outputs ``[head, query, d_v]``.
    zone
        The room.
    """

    def __init__(self, pen: Pen, outputs: Sequence[HeadOutput], address: str, zone: Zone) -> None:
        heads, queries, width = pen.array(address).shape
        self.shape = (queries, heads * width)
        self._width = pen.theme.space.outline
        header = 2 * pen.theme.sizes.label
        slots = zone.columns(*[1] * heads)
        self.parts = []
        for output, slot in zip(outputs, slots, strict=True):
            part = output.copy().stretch_to_fit_width(slot.width).move_to(slot.centre)
            self.parts.append(part.align_to((0.0, zone.top - header, 0.0), UP))
        self.title = pen.words("concat")
        self.title.set_x(zone.centre[0]).stand_on(zone.top - header + pen.theme.space.gap)
        super().__init__(self.title, *self.parts)

    @property
    def body(self) -> VGroup:
        """The cells of all parts."""
        return VGroup(*(part.matrix for part in self.parts))

    def outline(self, *, row: int, colour: str) -> Rectangle:
        """Return a frame around one row of all parts."""
        return outline(self.body, self.shape, row=row, colour=colour, width=self._width)


def bands(matrix: Mobject, pen: Pen, heads: int) -> VGroup:
    """Return the tints of the heads beside the rows of the output projection that they meet."""
    thickness = pen.theme.space.cell_gap
    height = matrix.height / heads
    return VGroup(
        *(
            Rectangle(
                width=thickness,
                height=height,
                stroke_width=0,
                fill_color=pen.theme.palette.head(head),
                fill_opacity=1,
            )
            .next_to(matrix, LEFT, buff=thickness)
            .align_to(matrix, UP)
            .shift(head * height * DOWN)
            for head in range(heads)
        )
    )


def shares_of_output(layer: AttentionTrace, address: str, query: int, column: int) -> list[str]:
    """Return the addresses of what each head, and the bias, adds to one output element.

    Parameters
    ----------
    layer, address
        The layer and its address.
    query, column
        Which element of the output ``[query, d_model]``.
    """
    heads, _, width = layer.heads.shape
    terms = [
        f"dot({address}.heads[{head}, {query}], "
        f"{address}.w_o[{head * width}:{(head + 1) * width}, {column}])"
        for head in range(heads)
    ]
    return terms if layer.b_o is None else [*terms, f"{address}.b_o[{column}]"]


class Ruler(VGroup):
    """Widths that add up: the width of each head's part under it, the whole below a line.

    Parameters
    ----------
    pen
        Draws the numbers.
    joined
        The parts.
    address
        Of all outputs ``[head, query, d_v]``.
    whole
        Address of the whole width.
    """

    def __init__(self, pen: Pen, joined: Joined, address: str, whole: str) -> None:
        sizes, palette = pen.theme.sizes, pen.theme.palette
        foot = float(joined.body.get_bottom()[1])
        numbers = [
            pen.number(f"size({address}[{head}], 1)", cap=sizes.label, colour=palette.head(head))
            .set_x(part.get_x())
            .stand_on(foot - 2 * sizes.label)
            for head, part in enumerate(joined.parts)
        ]
        signs = [
            pen.words("+", colour=palette.dim)
            .set_x((one.get_x() + other.get_x()) / 2)
            .stand_on(foot - 2 * sizes.label)
            for one, other in pairwise(numbers)
        ]
        rule = Line(joined.body.get_left(), joined.body.get_right(), color=palette.dim)
        rule.set_stroke(width=pen.theme.space.hairline).set_y(foot - 2.8 * sizes.label)
        total = pen.number(whole, cap=sizes.label)
        total.set_x(joined.body.get_x()).stand_on(foot - 4.6 * sizes.label)
        super().__init__(*numbers, *signs, rule, total)


def signs_between(
    pen: Pen, signs: Sequence[str], matrices: Sequence[Joined | TitledMatrix]
) -> list[TypeLine]:
    """Return the signs that stand between matrices, at the height of the first one's middle."""
    y = matrices[0].body.get_y()
    lines = []
    for sign, (one, other) in zip(signs, pairwise(matrices), strict=True):
        line = pen.words(sign, cap=pen.theme.sizes.token, weight="bold")
        line.set_x((one.body.get_right()[0] + other.body.get_left()[0]) / 2)
        lines.append(line.set_y(y))
    return lines


def share_colours(pen: Pen, terms: Sequence[str]) -> list[str]:
    """Return the colours of :func:`shares_of_output`: each head's tint, and dim for the bias."""
    palette = pen.theme.palette
    return [
        palette.head(head) if term.startswith("dot(") else palette.dim
        for head, term in enumerate(terms)
    ]
