"""Sums spelled out: their terms, or the products they are of, and the total; in several lines."""

from __future__ import annotations

from collections.abc import Sequence

from manim import RIGHT, VGroup

from attnviz.mobjects.flow import in_lines
from attnviz.mobjects.pen import Pen, element
from attnviz.text import Line, Number

FULL_UP_TO = 8
"""A sum of more terms shows the first three, how many more there are, the last, and the total."""

_FIRST = 3
_LINE_CAPS = 2.2


class SumLine(VGroup):
    """``term + term + … = total``, broken into lines where the room is too narrow for one.

    Parameters
    ----------
    pen
        Gives the theme.
    terms
        What is added: numbers, or groups of numbers and signs. A plus stands between two.
    total
        The sum.
    relation
        The sign before the total.
    cap
        Cap height of the signs.
    width
        The room, in frame units; None: as wide as it comes.
    """

    def __init__(
        self,
        pen: Pen,
        terms: Sequence[Line | VGroup],
        total: Number,
        *,
        relation: str,
        cap: float,
        width: float | None = None,
    ) -> None:
        gap, dim = pen.theme.space.gap, pen.theme.palette.dim
        self.terms = list(terms)
        self.total = total
        self.signs = [pen.words("+", colour=dim, cap=cap) for _ in terms[1:]]
        self.relation = pen.words(relation, colour=dim, cap=cap)
        pieces = [
            VGroup(*sign, term).arrange(RIGHT, buff=gap)
            for sign, term in zip([[], *([sign] for sign in self.signs)], terms, strict=True)
        ]
        pieces.append(VGroup(self.relation, total).arrange(RIGHT, buff=gap))
        for level, line in enumerate(in_lines(pieces, width, gap)):
            row = VGroup(*line).arrange(RIGHT, buff=gap).set_x(0.0)
            for member in row.get_family():
                if isinstance(member, Line):
                    member.stand_on(-level * _LINE_CAPS * cap)
        super().__init__(*pieces)


def sum_line(
    pen: Pen,
    terms: Sequence[str],
    total: str,
    colours: Sequence[str],
    width: float | None = None,
    *,
    left_out: tuple[range, str] | None = None,
) -> SumLine:
    """Return ``term + term + … = total``, printed so that the printed terms add up exactly.

    Parameters
    ----------
    pen
        Draws the numbers.
    terms, total
        Addresses.
    colours
        Of the terms, hex.
    width
        The room, in frame units.
    left_out
        Which of the terms are not spelled out, and the address of how many they are.
    """
    pen.print_sum(terms, total)
    cap, dim = pen.theme.sizes.token, pen.theme.palette.dim
    unsaid, count = left_out or (range(0), "")
    numbers: list[Line | VGroup] = [
        pen.number(term, cap=cap, colour=colour)
        for place, (term, colour) in enumerate(zip(terms, colours, strict=True))
        if place not in unsaid
    ]
    if unsaid:
        more = pen.phrase("… {more} more", {"more": count}, colour=dim, cap=cap)
        numbers.insert(unsaid.start, more)
    whole = pen.number(total, cap=cap, weight="semibold")
    return SumLine(pen, numbers, whole, relation="=", cap=cap, width=width)


class ProductSum(SumLine):
    """``a · b + a · b + … ≈ total``: a dot product with its factors as they are printed.

    The sign is ≈, for the printed factors are rounded. A long sum is abridged; as the order of a
    sum is free, it then begins with the products of largest magnitude and ends with the smallest.

    Parameters
    ----------
    pen
        Draws the numbers.
    row
        Address of the left factors, a vector named by an index: ``layers[1].weights[3, 6]``.
    rights
        Addresses of the right factors, one a term.
    total
        Address of the sum.
    colours
        Hex colours of left factors, of right factors, and of the total.
    width
        The room, in frame units.
    cap
        Cap height; None: a label's.
    """

    def __init__(
        self,
        pen: Pen,
        row: str,
        rights: Sequence[str],
        total: str,
        *,
        colours: tuple[str, str, str],
        width: float | None = None,
        cap: float | None = None,
    ) -> None:
        cap = cap or pen.theme.sizes.label
        left, right, whole = colours
        self.shown = _shown(pen, row, rights)
        self.lefts = [pen.number(element(row, i), cap=cap, colour=left) for i in self.shown]
        self.rights = [pen.number(rights[i], cap=cap, colour=right) for i in self.shown]
        dots = [pen.words("·", colour=pen.theme.palette.dim, cap=cap) for _ in self.shown]
        terms: list[Line | VGroup] = [
            VGroup(*product).arrange(RIGHT, buff=pen.theme.space.cell_gap)
            for product in zip(self.lefts, dots, self.rights, strict=True)
        ]
        more: list[Line] = []
        if len(self.shown) < len(rights):
            slots = {"more": f"count({row[:-1]}, {len(self.shown)}:])"}
            more = [pen.phrase("… {more} more", slots, colour=pen.theme.palette.dim, cap=cap)]
            terms[_FIRST:_FIRST] = more
        super().__init__(
            pen,
            terms,
            pen.number(total, cap=cap, colour=whole, weight="semibold"),
            relation="≈",
            cap=cap,
            width=width,
        )
        self.joints = VGroup(*dots, *more, *self.signs, self.relation)


def _shown(pen: Pen, row: str, rights: Sequence[str]) -> list[int]:
    """Return which terms are spelled out, in the order in which they stand."""
    if len(rights) <= FULL_UP_TO:
        return list(range(len(rights)))
    sizes = [
        pen.value(f"extent(product({element(row, i)}, {right}))") for i, right in enumerate(rights)
    ]
    order = sorted(range(len(rights)), key=lambda i: -sizes[i])
    return [*order[:_FIRST], order[-1]]
