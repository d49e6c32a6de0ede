"""One row of scores on its way through the softmax: its bars and its arithmetic in each state."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.derived import flattest, second, sharpest, top
from attnviz.mobjects.bars import BarField, Bars, Scale
from attnviz.mobjects.equations import Equation
from attnviz.mobjects.full_bar import FullBar, ScoresAndShares
from attnviz.mobjects.pen import Pen, element
from attnviz.rounding import MINUS
from attnviz.text import Run
from attnviz.zones import Zone


class SoftmaxRow:
    """A row of scores, less its largest, as powers of e, and as shares.

    Its numbers are printed so that differences and the sum of the powers can be checked by hand.

    Parameters
    ----------
    pen
        Draws the type.
    scores, weights
        Addresses of the matrices ``[query, key]``; a masked score is −∞.
    query
        The row.
    tokens
        The keys' texts.
    zone
        The room: bars with their labels above, two lines of arithmetic below.

    Attributes
    ----------
    row, shifted, powers, shares
        Addresses of the row in its four states.
    largest, sum
        Addresses of the greatest score and of the sum of the powers.
    field
        Where the bars stand.
    total
        The line that says the sum.
    """

    def __init__(
        self, pen: Pen, scores: str, weights: str, query: int, tokens: Sequence[str], zone: Zone
    ) -> None:
        self._pen, self._tokens = pen, tokens
        self.row, self.shares = element(scores, query), element(weights, query)
        self.shifted = f"minus_max({self.row})"
        self.powers = f"exp({self.shifted})"
        self.largest, self.sum = f"greatest({self.row})", f"total({self.powers})"
        self._settle()
        shares = pen.array(self.shares)
        self._example = second(shares)
        room, foot = zone.rows(5, 1, gap=pen.theme.space.gap)
        sum_line, self._line = foot.rows(1, 1)
        self.field = BarField(
            pen,
            tokens,
            len(tokens),
            room,
            colour=pen.theme.palette.key,
            focused=[top(shares), self._example],
        )
        self._scale = Scale.around(pen.array(self.row))
        self.total = Equation(pen, "Σ = {sum}", {"sum": self.sum}).move_to(sum_line.centre)

    def _settle(self) -> None:
        keys = range(len(self._tokens))
        for key in keys:
            self._pen.print_difference(
                element(self.row, key), self.largest, element(self.shifted, key)
            )
        self._pen.print_sum([element(self.powers, key) for key in keys], self.sum)

    def standing(self) -> Bars:
        """Return the bars of the scores, up or down from zero."""
        return self.field.bars(self.row, self._scale)

    def hanging(self) -> Bars:
        """Return the bars less the largest score: they hang from it, and end where they did."""
        largest = self._pen.value(self.largest)
        return self.field.bars(self.shifted, self._scale.shifted(-largest))

    def raised(self) -> Bars:
        """Return the bars of the powers of e."""
        return self.field.bars(self.powers, Scale(0.0, 1.0))

    def divided(self) -> Bars:
        """Return the bars of the shares, on the scale of the powers."""
        return self.field.bars(self.shares, Scale(0.0, 1.0))

    def end_to_end(self, zone: Zone) -> FullBar:
        """Return the shares as one bar as long as a zone."""
        return FullBar(self._pen, self._tokens, self.shares, zone)

    def subtraction(self) -> Equation:
        """Return how one key's score loses the largest."""
        negative = self._pen.printed_text(self.largest).startswith(MINUS)
        taken = "({largest})" if negative else "{largest}"
        return self._arithmetic(
            f"{{key}}: {{score}} − {taken} = {{difference}}", ("score", "difference")
        )

    def power(self) -> Equation:
        """Return what e to the power of that is."""
        return self._arithmetic(
            "{key}: e to the power of {difference} ≈ {power}", ("difference", "power")
        )

    def division(self) -> Equation:
        """Return which share that is of the sum."""
        return self._arithmetic("{key}: {power} / {sum} ≈ {share}", ("power", "share"))

    def _arithmetic(self, template: str, parts: Sequence[str]) -> Equation:
        rows = {
            "score": self.row,
            "difference": self.shifted,
            "power": self.powers,
            "share": self.shares,
        }
        slots: dict[str, str | Run] = {part: element(rows[part], self._example) for part in parts}
        slots |= {
            "key": Run(self._tokens[self._example], "token"),
            "largest": self.largest,
            "sum": self.sum,
        }
        colours = {"key": self._pen.theme.palette.key}
        line = Equation(self._pen, template, slots, colours=colours)
        return line.move_to(self._line.centre)


class Extremes:
    """The sharpest and the flattest row of a matrix, of those that have a choice, side by side.

    Parameters
    ----------
    pen
        Draws the type.
    scores, weights
        Addresses of the matrices ``[query, key]``.
    queries, keys
        Texts of the rows and of the columns.
    zone
        The room.

    Attributes
    ----------
    rows
        Which rows: two, one, or none where every query has one key only.
    blocks
        The pictures of those rows.
    lead_decides
        Whether the best key leads by more in the sharper row than in the other.
    """

    def __init__(
        self,
        pen: Pen,
        scores: str,
        weights: str,
        queries: Sequence[str],
        keys: Sequence[str],
        zone: Zone,
    ) -> None:
        shares = pen.array(weights)
        ends = dict.fromkeys((sharpest(shares), flattest(shares)))
        self.rows = [row for row in ends if (shares[row] > 0).sum() > 1]
        leads = [pen.value(f"lead({element(scores, row)})") for row in self.rows]
        self.lead_decides = len(leads) > 1 and leads[0] > leads[1]
        scale = Scale.around(*(pen.array(element(scores, row)) for row in self.rows))
        gap = 3 * pen.theme.space.wide_gap
        zones = zone.split(*[1] * len(self.rows), gap=gap) if self.rows else ()
        self.blocks = [
            ScoresAndShares(
                pen,
                _said(pen, element(scores, row), element(weights, row), queries[row]),
                keys,
                element(scores, row),
                element(weights, row),
                scale,
                place,
            )
            for row, place in zip(self.rows, zones, strict=True)
        ]


def _said(pen: Pen, scores: str, shares: str, query: str) -> Equation:
    """Return a row's lead and its entropy in words."""
    slots: dict[str, str | Run] = {
        "query": Run(query, "token"),
        "lead": f"lead({scores})",
        "bits": f"entropy({shares})",
    }
    return Equation(
        pen,
        "{query}: lead {lead}, entropy {bits} bits",
        slots,
        colours={"query": pen.theme.palette.query},
    )
