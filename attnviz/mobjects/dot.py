"""A dot product spelled out: two vectors, their products below them, and the sum as it grows."""

from __future__ import annotations

from collections.abc import Sequence

from manim import Line as Stroke
from manim import Rectangle, RoundedRectangle, VGroup

from attnviz.colour import ink_on
from attnviz.mobjects.entries import entry, keep
from attnviz.mobjects.named import NamedVector
from attnviz.mobjects.pen import Pen, element
from attnviz.text import Line, Number
from attnviz.zones import Zone

_WIDEST_COLUMN = 0.8
_LEAST_CELL_CAPS, _CELL_SHARE = 2.4, 0.1
_TITLE_CAPS = 2.2
_SIGN_CAPS = 2.4
_TOTAL_CAPS = 4.4
_CHART_SHARE = 0.86
_LEAST_COLUMNS = 3
_THINNEST = 0.02


class Strip(VGroup):
    """Cells side by side, each with its number; a cell without an address holds an ellipsis.

    Parameters
    ----------
    pen
        Draws the digits.
    addresses
        A number each; None: numbers that are left out.
    xs, y
        Middles of the cells.
    size
        Width and height of a cell, in frame units.
    extent
        The magnitude that takes the ramp's ends.
    places
        Decimal places.
    """

    def __init__(
        self,
        pen: Pen,
        addresses: Sequence[str | None],
        xs: Sequence[float],
        y: float,
        size: tuple[float, float],
        *,
        extent: float,
        places: int,
    ) -> None:
        palette, space = pen.theme.palette, pen.theme.space
        frame = RoundedRectangle(
            width=size[0] - space.cell_gap,
            height=size[1] - space.cell_gap,
            corner_radius=space.corner,
            stroke_width=0,
            fill_opacity=1,
        )
        self.cells, self.digits = VGroup(), VGroup()
        for address, x in zip(addresses, xs, strict=True):
            value = 0.0 if address is None else pen.value(address)
            fill = palette.signed(value / (extent or 1.0))
            cell = frame.copy().set_fill(fill).move_to((x, y, 0.0))
            self.cells.add(cell)
            number: Line
            if address is None:
                number = pen.words("…", colour=palette.dim)
            else:
                number = pen.number(address, colour=ink_on(fill), places=places)
                if (shown := entry(address)) is not None:
                    keep(cell, shown)
            self.digits.add(number.set_x(x).stand_on(y - number.cap_height / 2))
        super().__init__(self.cells, self.digits)


class DotProduct(VGroup):
    """``a · b``: the vectors one below the other, the products, and the running sum as a stair.

    Every bar of the stair is as long as its product and begins where the one before it ended; the
    last one ends at the sum. Of vectors too wide for the zone the first numbers and the last one
    show, and between them what all others add.

    Parameters
    ----------
    pen
        Draws the type.
    one, other
        The vectors.
    product
        Address of their dot product.
    zone
        The room.
    places
        Decimal places of all numbers.

    Attributes
    ----------
    vectors
        What stands before anything is multiplied: both vectors and their names.
    working
        Everything but the total.
    """

    def __init__(
        self,
        pen: Pen,
        one: NamedVector,
        other: NamedVector,
        product: str,
        zone: Zone,
        *,
        places: int,
    ) -> None:
        self._pen, self._places = pen, places
        self._vectors = (one, other)
        sizes, gap = pen.theme.sizes, pen.theme.space.gap
        signs, body = zone.beside(_SIGN_CAPS * sizes.label, gap=0)
        body, margin = body.beside(body.width - _TOTAL_CAPS * sizes.token, gap=gap)
        self._columns = self._choose(body.width)
        pitch = min(body.width / len(self._columns), _WIDEST_COLUMN)
        self._xs = [body.left + (place + 0.5) * pitch for place in range(len(self._columns))]
        cell = min(max(_CELL_SHARE * zone.height, _LEAST_CELL_CAPS * sizes.cell), pitch)
        title = _TITLE_CAPS * sizes.label
        tops = zone.rows(
            title, cell, title, cell, gap, cell, 2 * gap, self._rest(zone, title, cell)
        )
        self._size = (pitch, cell)
        self.titles = VGroup(
            *(
                vector.title(pen).begin_at(body.left).stand_on(row.bottom + gap)
                for vector, row in zip(self._vectors, (tops[0], tops[2]), strict=True)
            )
        )
        self.strips = [
            self._strip(vector.address, row)
            for vector, row in zip(self._vectors, (tops[1], tops[3]), strict=True)
        ]
        self.products = self._draw_products(product, tops[5])
        self._draw_stair(product, tops[7].shrunk(_CHART_SHARE), margin)
        self.signs = VGroup(
            *(
                pen.words(sign, colour=pen.theme.palette.dim).set_x(signs.centre[0]).stand_in(row)
                for sign, row in zip("×=", (tops[3], tops[5]), strict=True)
            )
        )
        self.omitted = self._say_omitted()
        self.vectors = VGroup(self.titles, *self.strips, self.omitted)
        self.working = VGroup(
            self.vectors,
            self.signs,
            self.products,
            self.ground,
            self.caption,
            self.steps,
            self.bars,
        )
        super().__init__(self.working, self.total)

    @staticmethod
    def _rest(zone: Zone, title: float, cell: float) -> float:
        return max(zone.height - 2 * title - 3.5 * cell, cell)

    def _choose(self, width: float) -> list[range]:
        """Return the entries that each column stands for: one, or all that are left out."""
        count = len(self._pen.array(self._vectors[0].address))
        widest = max(
            self._pen.number_width(element(vector.address, i), self._places)
            for vector in self._vectors
            for i in range(count)
        )
        fits = max(int(width / (widest + self._pen.theme.space.gap)), _LEAST_COLUMNS)
        if count <= fits:
            return [range(i, i + 1) for i in range(count)]
        first = fits - 2
        return [
            *(range(i, i + 1) for i in range(first)),
            range(first, count - 1),
            range(count - 1, count),
        ]

    def _strip(self, address: str, row: Zone) -> Strip:
        both = [self._pen.value(f"extent({vector.address})") for vector in self._vectors]
        return Strip(
            self._pen,
            [element(address, c[0]) if len(c) == 1 else None for c in self._columns],
            self._xs,
            float(row.centre[1]),
            self._size,
            extent=max(both),
            places=self._places,
        )

    def _draw_products(self, product: str, row: Zone) -> Strip:
        one, other = (vector.address for vector in self._vectors)
        terms = [
            f"product({one}, {other})[{c[0]}]"
            if len(c) == 1
            else f"dot({_part(one, c)}, {_part(other, c)})"
            for c in self._columns
        ]
        self._pen.print_sum(terms, product, self._places)
        return Strip(
            self._pen,
            terms,
            self._xs,
            float(row.centre[1]),
            self._size,
            extent=max(abs(self._pen.value(term)) for term in terms),
            places=self._places,
        )

    def _draw_stair(self, product: str, chart: Zone, margin: Zone) -> None:
        pen, palette, space = self._pen, self._pen.theme.palette, self._pen.theme.space
        one, other = (vector.address for vector in self._vectors)
        ends = [column[-1] + 1 for column in self._columns]
        levels = [pen.value(f"running_dot({one}, {other}, {n})") for n in (0, *ends)]
        low, high = min(levels), max(levels)
        unit = chart.height / ((high - low) or 1.0)
        ys = [chart.bottom + (level - low) * unit for level in levels]
        width = self._size[0] - space.cell_gap
        right = self._xs[-1] + width / 2
        ground = (self._xs[0] - width / 2, ys[0], 0.0)
        self.ground = Stroke(ground, (right, ys[0], 0.0))
        self.ground.set_stroke(palette.dim, width=space.hairline)
        self.caption = pen.words("running sum", colour=palette.dim).begin_at(float(ground[0]))
        # It stands in the corner that the stair leaves free: above its low end, or below its high.
        height = chart.top - self.caption.cap_height if levels[-1] >= 0 else chart.bottom
        self.caption.stand_on(height)
        self.bars, self.steps = VGroup(), VGroup()
        for place, x in enumerate(self._xs):
            before, after = ys[place], ys[place + 1]
            bar = Rectangle(width=width, height=max(abs(after - before), _THINNEST), stroke_width=0)
            bar.set_fill(palette.signed(1.0 if after >= before else -1.0), opacity=1)
            self.bars.add(bar.move_to((x, (before + after) / 2, 0.0)))
            end = margin.left if place + 1 == len(self._xs) else self._xs[place + 1] + width / 2
            step = Stroke((x - width / 2, after, 0.0), (end, after, 0.0))
            self.steps.add(step.set_stroke(palette.dim, width=space.hairline))
        self.total: Number = pen.number(
            product, cap=pen.theme.sizes.token, weight="semibold", places=self._places
        )
        self.total.begin_at(margin.left + space.gap)
        self.total.stand_on(ys[-1] - self.total.cap_height / 2)

    def _say_omitted(self) -> VGroup:
        """Return how many numbers are left out, above their column; nothing where none is."""
        said = VGroup()
        for column, x in zip(self._columns, self._xs, strict=True):
            if len(column) > 1:
                count = f"size({_part(self._vectors[0].address, column)}, 0)"
                line = self._pen.phrase(
                    "{count} more", {"count": count}, colour=self._pen.theme.palette.dim
                )
                title = self.titles[0]
                # Manim types every part of a group as a Mobject.
                assert isinstance(title, Line)
                line.set_x(x).stand_on(title.baseline)
                # A long title pushes it aside.
                free = float(title.get_right()[0]) + self._pen.theme.space.wide_gap
                said.add(line.begin_at(max(free, float(line.get_left()[0]))))
        return said


def _part(address: str, column: range) -> str:
    """Return the address of some neighbouring entries of a vector."""
    place = f"{column[0]}:{column[-1] + 1}]"
    return f"{address[:-1]}, {place}" if address.endswith("]") else f"{address}[{place}"
