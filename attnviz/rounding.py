"""Numbers as they are printed: rounded so that a viewer can re-derive the sums."""

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import SupportsFloat

import numpy as np

from attnviz.errors import TensorError

MINUS = "−"
"""U+2212: a hyphen is shorter than the digits' plus and looks like a dash."""

_INFINITY = "∞"
_PRINTED = re.compile(rf"({MINUS}?)((?:0|[1-9][0-9]*)(?:\.([0-9]+))?)")


def printed(value: SupportsFloat, places: int) -> str:
    """Print a number as the films do.

    Parameters
    ----------
    value
        Any number but NaN.
    places
        Digits after the point, 0 or more.

    Returns
    -------
    str
        The value rounded to the nearest (halves to even, of the exact binary
        value), with a true minus sign and never a negative zero; infinities
        are ``"∞"`` and ``"−∞"``.

    Raises
    ------
    TensorError
        If the value is NaN or `places` is negative.
    """
    _refuse_negative_places(places)
    number = float(value)
    if math.isnan(number):
        raise TensorError("a number to print is NaN: it has no digits")
    if math.isinf(number):
        return _INFINITY if number > 0 else MINUS + _INFINITY
    return _typeset(f"{number:.{places}f}")


def printed_row(
    values: Sequence[SupportsFloat], places: int = 2, total: SupportsFloat = 1.0
) -> list[str]:
    """Print terms so that they add up to the printed total exactly.

    Largest-remainder rounding: every term is rounded down, then those that
    lost most are raised by one unit of the last place until the sum is right.
    A term that needs no rounding, a masked weight of 0 above all, stays.

    Parameters
    ----------
    values
        The terms, finite; a row of weights, for instance.
    places
        Digits after the point, 0 or more.
    total
        What the exact terms add up to; 1 for a row of weights.

    Returns
    -------
    list of str
        One text a term, each within one unit of the last place of its exact
        value; together they add to ``printed(total, places)``.

    Raises
    ------
    TensorError
        If a value is not finite, or the terms do not add up to the total, so
        that no such texts exist.
    """
    _refuse_negative_places(places)
    terms = [float(value) for value in values]
    if not all(map(math.isfinite, [*terms, float(total)])):
        raise TensorError("a row to print holds NaN or infinity: it has no sum")
    units = [Fraction(term) * 10**places for term in terms]
    floors = [math.floor(unit) for unit in units]
    missing = round(Fraction(float(total)) * 10**places) - sum(floors)
    # Largest remainder first; a tie goes to the earlier term, so that the
    # same row always prints the same.
    order = sorted(range(len(units)), key=lambda i: (floors[i] - units[i], i))
    raised = set(order[: max(missing, 0)])
    if len(raised) != missing or any(units[i] == floors[i] for i in raised):
        raise TensorError(
            f"a row to print adds up to {math.fsum(terms):.9g}, but its total is"
            f" {float(total):.9g}: no rounding to {places} places can hide that"
        )
    return [_units_text(floor + (i in raised), places) for i, floor in enumerate(floors)]


def agrees(text: str, value: SupportsFloat) -> bool:
    """Tell whether a printed text may stand for a value.

    Parameters
    ----------
    text
        What stands on screen.
    value
        The exact value.

    Returns
    -------
    bool
        True where the text is a number as :func:`printed` writes it, within
        one unit of its last place of the value. A value of a whole number's
        type (a count, a size, an index) must be met exactly.
    """
    number = float(value)
    if not math.isfinite(number):
        return not math.isnan(number) and text == printed(number, 0)
    match = _PRINTED.fullmatch(text)
    if match is None:
        return False
    sign, digits, decimals = match[1], match[2], match[3] or ""
    shown = Fraction(digits)
    if sign and shown == 0:
        return False
    distance = abs((-shown if sign else shown) - Fraction(number))
    if isinstance(value, int | np.integer | np.bool_):
        return distance == 0
    return distance <= Fraction(1, 10 ** len(decimals))


def _typeset(text: str) -> str:
    if not text.strip("-0."):
        return text.removeprefix("-")
    return text.replace("-", MINUS)


def _units_text(units: int, places: int) -> str:
    digits = str(abs(units)).zfill(places + 1)
    whole, decimals = digits[: len(digits) - places], digits[len(digits) - places :]
    return _typeset(("-" if units < 0 else "") + whole + ("." + decimals if places else ""))


def _refuse_negative_places(places: int) -> None:
    if places < 0:
        raise TensorError(f"places: wanted 0 or more digits after the point, got {places}")
