"""Products of matrices as heat: a row of the left one meets a column of the right one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from manim import DOWN, RIGHT, UP, Group, Rectangle, VGroup, VMobject

from attnviz.mobjects.matrices import Ramp, heat, outline
from attnviz.mobjects.pen import Pen
from attnviz.text import Line
from attnviz.zones import Zone

_TALLEST_ROW = 0.075
"""Of the zone's height."""

_WIDEST_COLUMN = 0.55
# A zone that is at least so many times as wide as it is tall shows left · right = result.
_WIDE = 1.6
# Where the right matrix stands above the result, their heights are no more unlike than this.
_LEAST_SHARE, _MOST_SHARE = 0.4, 0.62
# And the left matrix takes no more than this of the width.
_WIDEST_LEFT = 0.58
_HEADER_CAPS = 4.6
_SHAPE_CAPS = 1.6


@dataclass(frozen=True)
class Factor:
    """One matrix of a product; it has a name, a symbol or both.

    Parameters
    ----------
    address
        The matrix ``[row, column]``.
    colour
        Hex colour of its name, its mark and its outlines.
    name
        What it is called, in words.
    symbol
        Its symbol, in Typst mathematics; drawn after the name.
    ramp
        Colours of its cells by ``value / extent``; None: the theme's for signed numbers.
    extent
        The magnitude that takes the ramp's end; None: the matrix's own largest.
    """

    address: str
    colour: str
    name: str = ""
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
        top = zone.top - header_height(pen)
        self.body = heat(
            self.values,
            width=zone.width,
            height=top - zone.bottom,
            ramp=factor.ramp or theme.palette.signed,
            extent=factor.extent or pen.value(f"extent({factor.address})") or 1.0,
        )
        self.body.move_to((zone.centre[0], (top + zone.bottom) / 2, 0.0))
        self.bar = Rectangle(width=zone.width, height=theme.space.cell_gap, stroke_width=0)
        self.bar.set_fill(factor.colour, opacity=1).next_to(self.body, UP, theme.space.cell_gap)
        baseline = float(self.bar.get_top()[1]) + theme.sizes.label / 2 + theme.space.cell_gap
        self.sizes = VGroup(*(self._size(pen, axis, axis == inner) for axis in (0, 1)))
        cross = pen.words("×", colour=theme.palette.dim)
        self.shape = VGroup(self.sizes[0], cross, self.sizes[1]).arrange(buff=theme.space.gap)
        self.shape.set_x(zone.centre[0])
        for line in self.shape:
            line.stand_on(baseline)
        self.heading = _name(pen, factor, baseline + _SHAPE_CAPS * theme.sizes.label)
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


def header_height(pen: Pen) -> float:
    """Return the height of a matrix's name and shape together, in frame units."""
    return _HEADER_CAPS * pen.theme.sizes.label


def _name(pen: Pen, factor: Factor, baseline: float) -> VGroup:
    """Return the words and the symbol of a matrix on one baseline."""
    parts = VGroup()
    if factor.name:
        parts.add(pen.words(factor.name, colour=factor.colour).stand_on(baseline))
    if factor.symbol:
        symbol = pen.formula(factor.symbol, {}, cap=pen.theme.sizes.label)
        symbol.set_color(factor.colour)
        # A subscript or a tail hangs below the baseline: the capital's top tells the height.
        top = baseline + pen.theme.sizes.label
        symbol.shift((0.0, top - float(symbol[0].get_top()[1]), 0.0))
        if len(parts):
            symbol.next_to(parts, RIGHT, buff=pen.theme.space.gap, coor_mask=RIGHT)
        parts.add(symbol)
    return parts


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
        side_by_side = zone.width >= _WIDE * zone.height
        place = _side_by_side if side_by_side else _around_a_corner
        boxes = place(pen, left, [right], zone)
        self.left = ShapedMatrix(pen, left, boxes[0], inner=1)
        self.right = ShapedMatrix(pen, right, boxes[1], inner=0)
        self.result = ShapedMatrix(pen, result, boxes[2])
        self.signs = VGroup()
        if side_by_side:
            self.signs.add(_between(pen, "·", self.left, self.right))
            self.signs.add(_between(pen, "=", self.right, self.result))
        self.join = _join(pen, self.left, self.right)
        super().__init__(self.left, self.right, self.result, self.signs, self.join)

    def lit(self, row: int, column: int) -> VGroup:
        """Return frames around a row of the left, a column of the right, and their element."""
        return VGroup(
            self.left.outline(row=row),
            self.right.outline(column=column),
            self.result.outline(row=row, column=column),
        )


class SharedProduct(Group):
    """One left matrix that meets several right ones: each stands above its own result.

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
    """

    def __init__(
        self,
        pen: Pen,
        left: Factor,
        rights: Sequence[Factor],
        results: Sequence[Factor],
        zone: Zone,
    ) -> None:
        first, *boxes = _around_a_corner(pen, left, rights, zone)
        above, below = boxes[: len(rights)], boxes[len(rights) :]
        self.left = ShapedMatrix(pen, left, first, inner=1)
        self.rights = [
            ShapedMatrix(pen, factor, box, inner=0)
            for factor, box in zip(rights, above, strict=True)
        ]
        self.results = [
            ShapedMatrix(pen, factor, box) for factor, box in zip(results, below, strict=True)
        ]
        self.join = _join(pen, self.left, self.rights[0])
        super().__init__(self.left, *self.rights, *self.results, self.join)

    def lit(self, which: int, row: int, column: int) -> VGroup:
        """Return frames around a row, a column of one right matrix, and their element."""
        return VGroup(
            self.left.outline(row=row),
            self.rights[which].outline(column=column),
            self.results[which].outline(row=row, column=column),
        )


def _side_by_side(pen: Pen, left: Factor, rights: Sequence[Factor], zone: Zone) -> list[Zone]:
    """Return the boxes of left, right and result, their tops level, all columns as wide."""
    rows, inner = pen.array(left.address).shape
    columns = pen.array(rights[0].address).shape[1]
    gap = 3 * pen.theme.space.wide_gap
    wide = min((zone.width - 2 * gap) / (inner + 2 * columns), _WIDEST_COLUMN)
    room = zone.height - header_height(pen)
    tallest = _TALLEST_ROW * zone.height
    heights = [min(room, tallest * count) for count in (rows, inner, rows)]
    widths = [wide * count for count in (inner, columns, columns)]
    top = zone.top - (room - max(heights)) / 2
    return [
        Zone(low, high, top - header_height(pen) - height, top)
        for (low, high), height in zip(_spans(zone, widths, gap), heights, strict=True)
    ]


def _around_a_corner(pen: Pen, left: Factor, rights: Sequence[Factor], zone: Zone) -> list[Zone]:
    """Return the boxes of the left matrix, of all right ones, and of all results below those."""
    rows, inner = pen.array(left.address).shape
    columns = [pen.array(right.address).shape[1] for right in rights]
    gap, between = 2 * pen.theme.space.wide_gap, pen.theme.space.wide_gap
    room = zone.width - len(rights) * gap
    share = min(inner / (inner + sum(columns)), _WIDEST_LEFT)
    ours = min(room * share / inner, _WIDEST_COLUMN)
    theirs = min(room * (1 - share) / sum(columns), _WIDEST_COLUMN)
    spans = _spans(zone, [inner * ours, *(count * theirs for count in columns)], gap)
    header, tallest = header_height(pen), _TALLEST_ROW * zone.height
    room = zone.height - 2 * header - between
    above = min(room * _above_share(rows, inner), tallest * inner)
    below = min(room - above, tallest * rows)
    top = zone.top - (room - above - below) / 2
    middle = top - header - above - between
    lowers = [Zone(low, high, middle - header - below, middle) for low, high in spans]
    uppers = [Zone(low, high, middle + between, top) for low, high in spans[1:]]
    return [lowers[0], *uppers, *lowers[1:]]


def _spans(zone: Zone, widths: Sequence[float], gap: float) -> list[tuple[float, float]]:
    """Return the left and right edges of things side by side in the middle of a zone."""
    x = float(zone.centre[0]) - (sum(widths) + gap * (len(widths) - 1)) / 2
    spans = []
    for width in widths:
        spans.append((x, x + width))
        x += width + gap
    return spans


def _above_share(rows: int, inner: int) -> float:
    return min(max(inner / (inner + rows), _LEAST_SHARE), _MOST_SHARE)


def _between(pen: Pen, sign: str, one: ShapedMatrix, other: ShapedMatrix) -> Line:
    """Return the sign between two matrices, at the height of the lower one's middle."""
    line = pen.words(sign, cap=pen.theme.sizes.token, weight="bold")
    line.set_x((float(one.body.get_right()[0]) + float(other.body.get_left()[0])) / 2)
    return line.set_y(max(float(one.body.get_y()), float(other.body.get_y())))


def _join(pen: Pen, left: ShapedMatrix, right: ShapedMatrix) -> VMobject:
    """Return the line between the two inner sizes, with one corner where one stands higher."""
    theme = pen.theme
    ours, theirs = left.sizes[1], right.sizes[0]
    gap = theme.space.cell_gap
    end = theirs.get_left() - gap * RIGHT
    level = abs(float(ours.get_y()) - float(theirs.get_y())) < theirs.height
    start = ours.get_right() + gap * RIGHT if level else ours.get_top() - gap * DOWN
    corner = (float(start[0]), float(end[1]), 0.0)
    line = VMobject(stroke_color=theme.palette.dim, stroke_width=theme.space.outline / 2)
    return line.set_points_as_corners([start, end] if level else [start, corner, end])
