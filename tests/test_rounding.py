import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from attnviz.errors import TensorError
from attnviz.rounding import MINUS, agrees, printed, printed_row

finite = st.floats(allow_nan=False, allow_infinity=False)
places = st.integers(0, 6)


def exact(text: str) -> Fraction:
    """Read a printed number, with no help from attnviz."""
    return Fraction(Decimal(text.replace("\u2212", "-")))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.614, 2, "0.61"),
        (-0.614, 2, "\u22120.61"),
        (0.125, 2, "0.12"),  # exactly half: to even
        (0.375, 2, "0.38"),
        (2.675, 2, "2.67"),  # the double lies below the half
        (-0.004, 2, "0.00"),
        (-0.0, 0, "0"),
        (0.0, 1, "0.0"),
        (49, 0, "49"),
        (np.float32(0.1), 9, "0.100000001"),
        (np.int64(-7), 1, "\u22127.0"),
        (1e22, 1, "10000000000000000000000.0"),
        (math.inf, 2, "∞"),
        (-math.inf, 2, "\u2212∞"),
    ],
)
def test_printed(value: float, digits: int, text: str) -> None:
    assert printed(value, digits) == text


def test_there_are_no_digits_for_nan_or_negative_places() -> None:
    with pytest.raises(TensorError, match="NaN"):
        printed(math.nan, 2)
    with pytest.raises(TensorError, match="places: wanted 0 or more"):
        printed(1.0, -1)
    with pytest.raises(TensorError, match="places: wanted 0 or more"):
        printed_row([1.0], -1)


@given(finite, places)
def test_what_is_printed_is_within_half_a_unit_and_agrees(value: float, digits: int) -> None:
    text = printed(value, digits)
    assert abs(exact(text) - Fraction(value)) <= Fraction(1, 2 * 10**digits)
    assert agrees(text, value)
    assert not (text.startswith(MINUS) and exact(text) == 0)
    assert "-" not in text


def test_thirds_add_up_to_one() -> None:
    assert printed_row([1 / 3, 1 / 3, 1 / 3]) == ["0.34", "0.33", "0.33"]


def test_the_term_that_lost_most_is_raised() -> None:
    assert printed_row([0.102, 0.208, 0.690]) == ["0.10", "0.21", "0.69"]
    assert printed_row([0.3334, 0.3336, 0.3330]) == ["0.33", "0.34", "0.33"]


def test_masked_weights_stay_zero() -> None:
    row = [0.0, 0.5 - 1e-8, 0.0, 0.5 + 0.9e-8, 0.0]
    assert printed_row(row) == ["0.00", "0.50", "0.00", "0.50", "0.00"]


def test_signed_terms_add_up_to_a_signed_total() -> None:
    terms = [-1.256, 0.127, 0.344, -0.006]
    assert printed_row(terms, 2, sum(terms)) == ["\u22121.26", "0.13", "0.34", "0.00"]
    assert printed(sum(terms), 2) == "\u22120.79"


def test_places_and_total_are_free() -> None:
    assert printed_row([2.4, 1.3, 3.3], 0, 7) == ["3", "1", "3"]
    assert printed_row([], 2, 0.0) == []


@pytest.mark.parametrize("row", [[0.5, 0.4], [0.5, 0.52], [1.0, 1.0], [0.98, 0.0, 0.0], []])
def test_a_row_that_does_not_add_up_is_refused(row: list[float]) -> None:
    with pytest.raises(TensorError, match="but its total is 1"):
        printed_row(row)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_row_has_finite_terms_and_a_finite_total(bad: float) -> None:
    with pytest.raises(TensorError, match="NaN or infinity"):
        printed_row([0.5, bad])
    with pytest.raises(TensorError, match="NaN or infinity"):
        printed_row([0.5, 0.5], 2, bad)


@given(st.lists(st.floats(-12, 12, width=32), min_size=1, max_size=40), st.booleans(), places)
def test_a_printed_row_of_weights_adds_up_exactly(
    scores: list[float], masked: bool, digits: int
) -> None:
    powers = np.exp(np.array(scores, np.float32))
    if masked:
        powers[1::2] = 0
    weights = powers / powers.sum()
    texts = printed_row(list(weights), digits)
    assert sum(map(exact, texts)) == 1
    unit = Fraction(1, 10**digits)
    for text, weight in zip(texts, weights, strict=True):
        assert abs(exact(text) - Fraction(float(weight))) < unit
        assert agrees(text, weight)
        assert weight != 0 or exact(text) == 0


@given(st.lists(st.floats(-1e6, 1e6), max_size=30), places)
def test_a_printed_sum_of_printed_terms_adds_up_exactly(terms: list[float], digits: int) -> None:
    total = math.fsum(terms)
    texts = printed_row(terms, digits, total)
    assert sum(map(exact, texts)) == exact(printed(total, digits))
    for text, term in zip(texts, terms, strict=True):
        assert abs(exact(text) - Fraction(term)) <= Fraction(1, 10**digits)
        assert "-" not in text
        assert not (text.startswith(MINUS) and exact(text) == 0)


@pytest.mark.parametrize(
    ("text", "value", "agreed"),
    [
        ("0.61", 0.6199, True),  # rounded down to let a row add up
        ("0.61", 0.6201, False),
        ("0.61", 0.6001, True),
        ("0.61", 0.5999, False),
        ("\u22120.61", -0.614, True),
        ("\u22120.61", 0.614, False),
        ("-0.61", -0.614, False),  # a hyphen is no minus
        ("\u22120.00", -0.001, False),
        ("0.00", -0.001, True),
        ("0.614", 0.6145, True),
        ("00.61", 0.61, False),
        (".61", 0.61, False),
        ("0.", 0.1, False),
        ("1e3", 1000.0, False),
        ("٣", 3, False),
        ("", 0.0, False),
        ("≈ 0.61", 0.61, False),
        ("∞", math.inf, True),
        ("\u2212∞", -math.inf, True),
        ("∞", -math.inf, False),
        ("∞", 1e308, False),
        ("0", math.nan, False),
        ("48", 48, True),
        ("48", 49, False),  # a count is exact
        ("48", np.int64(49), False),
        ("48", 49.0, True),
        ("1", np.True_, True),
        ("28.00", 28, True),
    ],
)
def test_agrees(text: str, value: float, agreed: bool) -> None:
    assert agrees(text, value) is agreed


@given(st.text(), st.floats())
def test_agrees_judges_any_text(text: str, value: float) -> None:
    assume(not any(character.isdecimal() or character == "∞" for character in text))
    assert not agrees(text, value)
