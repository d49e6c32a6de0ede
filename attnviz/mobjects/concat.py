"""The outputs of all heads side by side as one matrix, and what each adds to the output."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from manim import DOWN, LEFT, UP, Group, Line, Mobject, Rectangle, VGroup

from attnviz.mobjects.heads import HeadOutput, tint_bar
from attnviz.mobjects.pen import Pen
from attnviz.mobjects.sums import FULL_UP_TO
from attnviz.records import AttentionTrace


class Concat(Group):
    """Likenesses of all heads' outputs side by side, without gaps, for motion to aim at.

    Parameters
    ----------
    pen
        Gives the theme.
    outputs
        The heads' outputs.
    place
        What they fill together.
    """

    def __init__(self, pen: Pen, outputs: Sequence[HeadOutput], place: Mobject) -> None:
        palette, thickness = pen.theme.palette, pen.theme.space.cell_gap
        width = place.width / len(outputs)
        self.parts: list[Group] = []
        for head, output in enumerate(outputs):
            matrix = output.matrix.copy().stretch_to_fit_width(width)
            matrix.stretch_to_fit_height(place.height).align_to(place, UP + LEFT)
            matrix.shift((head * width, 0.0, 0.0))
            self.parts.append(Group(matrix, tint_bar(matrix, palette.head(head), thickness)))
        super().__init__(*self.parts)


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


def unsaid_shares(layer: AttentionTrace, address: str) -> tuple[range, str] | None:
    """Return which shares a long sum leaves out, and the address of how many; None: none."""
    heads = len(layer.heads)
    if heads <= FULL_UP_TO:
        return None
    unsaid = range(3, heads - 1)
    return unsaid, f"size({address}.heads[{unsaid.start}:{unsaid.stop}], 0)"


class Ruler(VGroup):
    """Widths that add up: the width of each head's part under it, the whole below a line.

    Parameters
    ----------
    pen
        Draws the numbers.
    concat
        The parts.
    address
        Of all outputs ``[head, query, d_v]``.
    whole
        Address of the whole width.
    """

    def __init__(self, pen: Pen, concat: Concat, address: str, whole: str) -> None:
        sizes, palette = pen.theme.sizes, pen.theme.palette
        foot = float(concat.get_bottom()[1])
        numbers = [
            pen.number(f"size({address}[{head}], 1)", cap=sizes.label, colour=palette.head(head))
            .set_x(part.get_x())
            .stand_on(foot - 2 * sizes.label)
            for head, part in enumerate(concat.parts)
        ]
        signs = [
            pen.words("+", colour=palette.dim)
            .set_x((one.get_x() + other.get_x()) / 2)
            .stand_on(foot - 2 * sizes.label)
            for one, other in pairwise(numbers)
        ]
        rule = Line(concat.get_left(), concat.get_right(), color=palette.dim)
        rule.set_stroke(width=pen.theme.space.hairline).set_y(foot - 2.8 * sizes.label)
        total = pen.number(whole, cap=sizes.label)
        total.set_x(concat.get_x()).stand_on(foot - 4.6 * sizes.label)
        super().__init__(*numbers, *signs, rule, total)


def share_colours(pen: Pen, terms: Sequence[str]) -> list[str]:
    """Return the colours of :func:`shares_of_output`: each head's tint, and dim for the bias."""
    palette = pen.theme.palette
    return [
        palette.head(head) if term.startswith("dot(") else palette.dim
        for head, term in enumerate(terms)
    ]
