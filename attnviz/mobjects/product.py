"""Products of matrices as heat: a row of the left one meets a column of the right one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from manim import RIGHT, UP, Group, Rectangle, VGroup, VMobject

from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.matrices import Ramp, heat, outline
from attnviz.mobjects.pen import Pen
from attnviz.mobjects.product_layout import Room, around_a_corner, header_height, side_by_side
from attnviz.text import Line
from attnviz.zones import Zone

# A zone that is at least so many times as wide as it is tall shows left · right = result.
_WIDE = 1.6
_SHAPE_CAPS = 1.6
# A letter that stands flat on the baseline tells where that is.
_CAPITAL = "H "


@dataclass(frozen=True)
class Factor:
    """One matrix of a product; it has a name, a token or a symbol.

    Parameters
    ----------
    address
        The matrix ``[row, column]``.
    colour
        Hex colour of its name, its mark and its outlines.
    name
        What it is called, in words.
    token
        The text of the token that it belongs to; drawn after the name.
    symbol
        Its symbol, in Typst mathematics; drawn last.
    ramp
        Colours of its cells by ``value / extent``; None: the theme's for signed numbers.
    extent
        The magnitude that takes the ramp's end; None: the matrix's own largest.
    """

    address: str
    colour: str
    name: str = ""
    token: str = ""
    symbol: str = ""
    ramp: Ramp | None = None
    extent: float | None = None


class ShapedMatrix(Group):
    """A matrix as heat that fills a zone: its name, below it its shape, below that its cells.

    A bar in the matrix's colour runs along the top of the cells.

    Parameters
    ----------
    pen
        Draws the type.
    factor
        Which matrix.
    zone
        The room for all; the cells fill its lower part.
    inner
        The axis (0: rows, 1: columns) whose size must match its neighbour's: it is set in ink.
    """

    def __init__(self, pen: Pen, factor: Factor, zone: Zone, inner: int | None = None) -> None:
        theme = pen.theme
        self.factor = factor
        self.values = pen.array(factor.address)
        self._stroke = theme.space.outline
        top = zone.top - header_height(pen.theme)
        self.body = heat(
            self.values,
            width=zone.width,
            height=top - zone.bottom,
            ramp=factor.ramp or theme.palette.signed,
            extent=factor.extent or pen.value(f"extent({factor.address})") or 1.0,
        )
        self.body.move_to((zone.centre[0], (top + zone.bottom) / 2, 0.0))
        keep(self.body, entries(factor.address, self.values.shape))
        self.bar = Rectangle(width=zone.width, height=theme.space.cell_gap, stroke_width=0)
        self.bar.set_fill(factor.colour, opacity=1).next_to(self.body, UP, theme.space.cell_gap)
        baseline = float(self.bar.get_top()[1]) + theme.sizes.label / 2 + theme.space.cell_gap
        self.sizes = VGroup(*(self._size(pen, axis, axis == inner) for axis in (0, 1)))
        cross = pen.words("×", colour=theme.palette.dim)
        self.shape = VGroup(self.sizes[0], cross, self.sizes[1]).arrange(buff=theme.space.gap)
        self.shape.set_x(zone.centre[0])
        for line in self.shape:
            line.stand_on(baseline)
        self.heading = heading(pen, factor, baseline + _SHAPE_CAPS * theme.sizes.label)
        self.heading.set_x(zone.centre[0])
        self.title = VGroup(self.heading, self.shape, self.bar)
        super().__init__(self.title, self.body)

    def _size(self, pen: Pen, axis: int, matches: bool) -> Line:
        palette = pen.theme.palette
        return pen.number(
            f"size({self.factor.address}, {axis})",
            cap=pen.theme.sizes.label,
            colour=palette.ink if matches else palette.dim,
            weight="bold" if matches else "regular",
        )

    def outline(self, *, row: int | None = None, column: int | None = None) -> Rectangle:
        """Return a frame around one row, one column or one element, in the matrix's colour."""
        return outline(
            self.body,
            self.values.shape,
            row=row,
            column=column,
            colour=self.factor.colour,
            width=self._stroke,
        )


def heading(pen: Pen, factor: Factor, baseline: float) -> VGroup:
    """Return the words, the token and the symbol of a matrix on one baseline."""
    cap, gap = pen.theme.sizes.label, pen.theme.space.gap
    parts: list[VMobject] = []
    if factor.name:
        parts.append(pen.words(factor.name, colour=factor.colour).stand_on(baseline))
    if factor.token:
        token = pen.token(factor.token, colour=factor.colour, cap=cap)
        parts.append(token.stand_on(baseline))
    if factor.symbol:
        symbol = pen.formula(factor.symbol, {}, cap=cap).set_color(factor.colour)
        # Small letters, subscripts and tails end where they will: a capital tells the baseline.
        capital, letter, *_ = pen.formula(_CAPITAL + factor.symbol, {}, cap=cap)
        hanging = float(capital.get_bottom()[1]) - float(letter.get_bottom()[1])
        parts.append(
            symbol.shift((0.0, baseline - hanging - float(symbol[0].get_bottom()[1]), 0.0))
        )
    for one, other in pairwise(parts):
        other.next_to(one, RIGHT, buff=gap, coor_mask=RIGHT)
    return VGroup(*parts)


class Product(Group):
    """``left · right = result``, each with its name and shape; equal inner sizes are joined.

    In a wide zone the three stand side by side. In any other the right matrix stands above the
    result and the left one beside it, so that a row and a column meet in their element.

    Parameters
    ----------
    pen
        Draws the type.
    left, right, result
        Matrices ``[n, d]``, ``[d, m]`` and ``[n, m]``.
    zone
        The room.
    """

    def __init__(self, pen: Pen, left: Factor, right: Factor, result: Factor, zone: Zone) -> None:
        wide = zone.width >= _WIDE * zone.height
        place = side_by_side if wide else around_a_corner
        boxes = place(zone, Room.of(pen, left, [right]))
        self.left = ShapedMatrix(pen, left, boxes[0], inner=1)
        self.right = ShapedMatrix(pen, right, boxes[1], inner=0)
        self.result = ShapedMatrix(pen, result, boxes[2])
        self.signs = VGroup()
        if wide:
            self.signs.add(_between(pen, "·", self.left, self.right))
            self.signs.add(_between(pen, "=", self.right, self.result))
        self.join = join_sizes(pen, self.left, self.right)
        super().__init__(self.left, self.right, self.result, self.signs, self.join)

    def lit(self, row: int, column: int) -> VGroup:
        """Return frames around a row of the left, a column of the right, and their element."""
        return VGroup(
            self.left.outline(row=row),
            self.right.outline(column=column),
            self.result.outline(row=row, column=column),
        )


def _between(pen: Pen, sign: str, one: ShapedMatrix, other: ShapedMatrix) -> Line:
    """Return the sign between two matrices, at the height of the lower one's middle."""
    line = pen.words(sign, cap=pen.theme.sizes.token, weight="bold")
    line.set_x((float(one.body.get_right()[0]) + float(other.body.get_left()[0])) / 2)
    return line.set_y(max(float(one.body.get_y()), float(other.body.get_y())))


def join_sizes(pen: Pen, left: ShapedMatrix, right: ShapedMatrix) -> VMobject:
    """Return the line between the two inner sizes; it goes round the name where one is higher."""
    theme = pen.theme
    ours, theirs = left.sizes[1], right.sizes[0]
    gap = theme.space.gap
    start, end = ours.get_right() + gap * RIGHT, theirs.get_left() - gap * RIGHT
    beside = max(float(start[0]), float(left.heading.get_right()[0])) + gap
    bends = [(beside, float(point[1]), 0.0) for point in (start, end)]
    level = abs(float(start[1]) - float(end[1])) < theirs.height
    line = VMobject(stroke_color=theme.palette.dim, stroke_width=theme.space.outline / 2)
    return line.set_points_as_corners([start, *([] if level else bends), end])
