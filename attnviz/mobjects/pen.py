"""The pen: draws type in one theme from a set of traces, and keeps one printed text a number."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import numpy as np

from attnviz.addresses import canonical, resolve
from attnviz.derived import DERIVED
from attnviz.records import ModelTrace
from attnviz.rounding import MINUS, printed, printed_row
from attnviz.text import Formula, Line, Number, Run, Typesetter
from attnviz.theme import Theme
from attnviz.typeset import Weight

Role = Literal["token", "label", "caption"]
Slots = Mapping[str, str | Run]

WEIGHT_PLACES = 2
VALUE_PLACES = 2
EXACT_ZERO = "0"
# The result of a function takes its indices in brackets of its own.
_CALLS = tuple(f"{name}(" for name in DERIVED)
_SHARE = re.compile(r"(?P<row>.*\bweights\[\d+, \d+)(?P<key>, \d+)\]$")
_SHARE_OF_CALL = re.compile(r"(?P<row>softmax\(.*\))\[\d+\]$")


class Pen:
    """Draws words, numbers, captions and formulas.

    Parameters
    ----------
    theme
        Colours and sizes.
    traces
        The traces that addresses speak of, by prefix; the scene's own has the prefix ``""``.
    hide_special
        Whether tokens that the tokenizer added are dim, and stay so.
    """

    def __init__(
        self, theme: Theme, traces: Mapping[str, ModelTrace], *, hide_special: bool = False
    ) -> None:
        self.theme = theme
        self.hide_special = hide_special
        self.traces = traces
        self._type = Typesetter()
        self._texts: dict[str, str] = {}

    # -- values ------------------------------------------------------------------------------

    def value(self, address: str) -> float:
        """Return the exact value at an address."""
        return float(np.asarray(resolve(address, self.traces)))

    def is_count(self, address: str) -> bool:
        """Tell whether an address names a whole number: a size, a count, an index."""
        return np.asarray(resolve(address, self.traces)).dtype.kind in "iu"

    def array(self, address: str) -> np.ndarray:
        """Return the array at an address, for pictures that show it as colour."""
        return np.asarray(resolve(address, self.traces))

    # -- printed texts -----------------------------------------------------------------------

    def printed_text(self, address: str, places: int = VALUE_PLACES) -> str:
        """Return the one text under which an address is printed in this film.

        Whole numbers print without decimal places. Weights are rounded by rows, so that each
        printed row adds to 1.00.
        """
        address = canonical(address)
        if address not in self._texts:
            row = _SHARE.match(address) or _SHARE_OF_CALL.match(address)
            if row is None:
                places = 0 if self.is_count(address) else places
                self._settle(address, printed(self.value(address), places))
            elif row.re is _SHARE:
                self.print_row(row["row"] + "]")
            else:
                self.print_row(row["row"])
        return self._texts[address]

    def print_row(self, address: str) -> None:
        """Fix the texts of a row of shares by largest remainder; an exact 0 prints bare."""
        row = self.array(address).tolist()
        for key, (share, text) in enumerate(zip(row, printed_row(row, WEIGHT_PLACES), strict=True)):
            self._settle(element(address, key), text if share else EXACT_ZERO)

    def print_sum(self, terms: Sequence[str], total: str, places: int = VALUE_PLACES) -> None:
        """Fix the texts of a sum's terms so that, as printed, they add to the printed total.

        A term of exactly 0 prints bare.
        """
        values = [self.value(term) for term in terms]
        self._settle(canonical(total), printed(self.value(total), places))
        texts = printed_row(values, places, total=self.value(total))
        for term, value, text in zip(terms, values, texts, strict=True):
            self._settle(canonical(term), text if value else EXACT_ZERO)

    def print_difference(self, first: str, second: str, difference: str) -> None:
        """Fix the text of a difference: the difference of the two texts, as they are printed.

        So it is within one unit of the last place of its exact value, and can be re-derived.
        A difference of exactly 0 prints bare.
        """
        value, texts = self.value(difference), (self.printed_text(first), self.printed_text(second))
        if not value:
            self._settle(canonical(difference), EXACT_ZERO)
        elif math.isfinite(value):
            minuend, subtrahend = (Decimal(text.replace(MINUS, "-")) for text in texts)
            text = printed(minuend - subtrahend, VALUE_PLACES)
            self._settle(canonical(difference), text)

    def _settle(self, address: str, text: str) -> None:
        if self._texts.setdefault(address, text) != text:
            raise ValueError(
                f"{address} is already printed as {self._texts[address]} in this film, "
                f"now {text} is wanted; print the sum or the row before its members"
            )

    # -- type --------------------------------------------------------------------------------

    def number(
        self,
        address: str,
        *,
        cap: float | None = None,
        colour: str | None = None,
        places: int = VALUE_PLACES,
        weight: Weight = "regular",
    ) -> Number:
        """Draw the number at an address.

        Parameters
        ----------
        address
            Where its value stands.
        cap
            Cap height in frame units; None: as in a cell.
        colour
            Hex colour; None: ink.
        places
            Decimal places where nothing has fixed the text yet.
        weight
            Weight of the type.
        """
        address = canonical(address)
        text = self.printed_text(address, places)
        value = self.value(address)
        return self._type.number(
            text,
            value=value,
            address=address,
            cap_height=cap or self.theme.sizes.cell,
            colour=colour or self.theme.palette.ink,
            weight=weight,
        )

    def number_width(self, address: str, places: int = VALUE_PLACES) -> float:
        """Return how wide the number at an address is in a cell, in frame units."""
        return self._type.number_width(self.printed_text(address, places), self.theme.sizes.cell)

    def words(
        self,
        text: str,
        *,
        role: Role = "label",
        colour: str | None = None,
        weight: Weight = "regular",
        cap: float | None = None,
    ) -> Line:
        """Draw the author's words."""
        return self._line([Run(text)], role, colour, weight, cap)

    def token(
        self,
        text: str,
        *,
        colour: str | None = None,
        cap: float | None = None,
        weight: Weight = "semibold",
        longest: float | None = None,
    ) -> Line:
        """Draw a token, shortened by an ellipsis where it would be wider than ``longest``."""
        muted = self.hide_special and any(text in t.special_texts for t in self.traces.values())
        colour = self.theme.palette.dim if muted else colour
        line = self._line([Run(text, "token")], "token", colour, weight, cap)
        while longest is not None and line.width > longest and len(text.rstrip("…")) > 1:
            text = text.rstrip("…")[:-1] + "…"
            line = self._line([Run(text, "token")], "token", colour, weight, cap)
        line.muted = muted
        return line

    def phrase(
        self,
        template: str,
        slots: Slots,
        *,
        role: Role = "label",
        colour: str | None = None,
        cap: float | None = None,
        wrap: float | None = None,
        places: int = VALUE_PLACES,
        weight: Weight = "regular",
    ) -> Line:
        """Draw a template such as ``"{query} looks most at {key}"``, filled from its slots.

        Parameters
        ----------
        template
            The author's words with named slots.
        slots
            For each slot the address of a number, or a run (a token).
        role, colour, cap
            As for :meth:`words`.
        wrap
            Where to wrap, in frame units.
        places
            Decimal places of numbers whose text is not fixed yet.
        weight
            Weight of the type; strong runs are bold in any case.
        """
        runs = list(self._runs(template, slots, places))
        return self._line(runs, role, colour, weight, cap, wrap)

    def formula(
        self, expression: str, colours: Mapping[str, str], cap: float | None = None
    ) -> Formula:
        """Draw a formula; ``colours`` names its lit terms."""
        return self._type.formula(
            expression,
            cap_height=cap or self.theme.sizes.formula,
            ink=self.theme.palette.ink,
            colours=dict(colours),
        )

    def _line(
        self,
        runs: Sequence[Run],
        role: Role,
        colour: str | None,
        weight: Weight,
        cap: float | None,
        wrap: float | None = None,
    ) -> Line:
        return self._type.line(
            runs,
            cap or getattr(self.theme.sizes, role),
            colour or self.theme.palette.ink,
            weight=weight,
            width=wrap,
        )

    def _runs(self, template: str, slots: Slots, places: int) -> Iterable[Run]:
        for words, slot, _, _ in string.Formatter().parse(template):
            if words:
                yield Run(words)
            if slot is not None:
                yield self._filled(slots[slot], places)

    def _filled(self, slot: str | Run, places: int) -> Run:
        if isinstance(slot, Run):
            return slot
        address = canonical(slot)
        return Run(self.printed_text(address, places), "number", address, self.value(address))


def element(address: str, *index: int) -> str:
    """Return the address of an element, or of a row, of an array's address."""
    place = ", ".join(map(str, index))
    if address.endswith("]") and not address.startswith(_CALLS):
        return canonical(f"{address[:-1]}, {place}]")
    return canonical(f"{address}[{place}]")
