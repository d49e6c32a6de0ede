"""Every derived function against values worked out by hand, and every refusal."""

import inspect
import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from attnviz import derived
from attnviz.derived import DERIVED
from attnviz.errors import TensorError
from tests.builders import unchecked

LN3 = math.log(3)
INF, NAN = float("inf"), float("nan")


def single(values: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array(values, np.float32)


GRID = single([[0.25, 0.5, 0.25], [0.75, 0.125, 0.125], [0.25, 0.625, 0.125]])
"""Weights of three tokens; all of them exact in binary."""

CROSS = single([[0, 7, 2], [0, 7, -2], [1, 7, 0], [-1, 7, 0]])
SOLID = np.diag([1.0, 3.0, 2.0])

BY_HAND: list[tuple[str, tuple[Any, ...], Any]] = [
    ("size", (np.ones((2, 3, 5)), 1), 3),
    ("size", (np.ones(2), np.int64(0)), 2),
    ("total", (single([[1, 2], [3, 4.5]]),), 10.5),
    ("total", (7,), 7.0),
    ("total", (np.array([-INF, 1.0]),), -INF),
    ("dot", (single([1, 2, 3]), single([4, -5, 6])), 12.0),
    ("running_dot", (single([1, 2, 3]), single([4, -5, 6]), 0), 0.0),
    ("running_dot", (single([1, 2, 3]), single([4, -5, 6]), 2), -6.0),
    ("running_dot", (single([1, 2, 3]), single([4, -5, 6]), 3), 12.0),
    ("product", (np.float32(0.5), 3), 1.5),
    ("product", (np.float32(0.5), single([2, 4])), [1.0, 2.0]),
    ("product", (single([2, 4]), single([3, 5])), [6.0, 20.0]),
    ("add", (1, np.float32(0.5)), 1.5),
    ("add", (single([1, 2]), 1), [2.0, 3.0]),
    ("add", (single([1, 2]), single([-1, 5])), [0.0, 7.0]),
    ("exp", (np.array([0.0, LN3, -INF]),), [1.0, 3.0, 0.0]),
    ("exp", (0,), 1.0),
    ("minus_max", (np.array([1.0, 4.0, -INF]),), [-3.0, 0.0, -INF]),
    ("minus_max", (np.array([[1.0, 2.0], [7.0, 5.0]]),), [[-1.0, 0.0], [0.0, -2.0]]),
    ("softmax", (np.array([0.0, LN3]),), [0.25, 0.75]),
    ("softmax", (np.array([-INF, 0.0, LN3]),), [0.0, 0.25, 0.75]),
    ("softmax", (np.array([[5.0, 5.0], [1000.0, 1000.0 + LN3]]),), [[0.5, 0.5], [0.25, 0.75]]),
    ("entropy", (np.array([0.5, 0.25, 0.25, 0.0]),), 1.5),
    ("entropy", (np.full(8, 0.125),), 3.0),
    ("entropy", (np.array([0.0, 1.0]),), 0.0),
    ("norm", (single([3, -4]),), 5.0),
    ("cosine", (single([1, 0]), single([3, 4])), 0.6),
    ("cosine", (single([2, 2]), single([-1, -1])), -1.0),
    ("angle", (single([0, 2]), single([3, 0])), 90.0),
    ("angle", (single([1, 0]), single([1, 1])), 45.0),
    ("angle", (single([1, 3]), single([-2, -6])), 180.0),
    (
        "dot_products",
        (single([[1, 2, 3], [0, -1, 1]]), single([[4, -5, 6], [1, 1, 1]])),
        [[12.0, 6.0], [11.0, 0.0]],
    ),
    ("root", (np.int64(49),), 7.0),
    ("count_true", (np.tril(np.ones((7, 7), bool)),), 28),
    ("count_true", (np.False_,), 0),
    ("previous_token", (GRID,), (0.75 + 0.625) / 2),
    ("itself", (GRID,), (0.25 + 0.125 + 0.125) / 3),
    ("itself", (single([[1]]),), 1.0),
    ("first_token", (GRID,), (0.75 + 0.25) / 2),
    ("next_token", (GRID,), (0.5 + 0.125) / 2),
    ("duplicate_token", (GRID, np.array([4, 9, 4]), np.ones((3, 3), bool)), 0.25),
    ("top", (single([1, 5, 5]),), 1),
    ("column", (single([[1, 2, 3], [4, 5, 6]]), 1), [2.0, 5.0]),
    ("lead", (np.array([1.0, -INF, 4.0, 3.5]),), 0.5),
    ("lead", (single([7, 7]),), 0.0),
    ("least", (single([[1, -5], [2, 5]]),), -5.0),
    ("greatest", (single([[1, -5], [2, 4]]),), 4.0),
    ("extent", (single([[1, -5], [2, 4]]),), 5.0),
    ("distance", (single([1, 5]), single([4, 1])), 5.0),
    ("scaled", (single([2, -1]), single([[1, 3, 5], [7, 0, 2]])), [[2, 6, 10], [-7, 0, -2]]),
    ("stacked", (single([[1, 2], [3, 4]]), single([5, 6])), [[1, 2], [3, 4], [5, 6]]),
    # A cross: 4 long along the third axis, 2 long along the first, its middle at (0, 7, 0).
    ("plane_coordinates", (CROSS,), [[2, 0], [-2, 0], [0, 1], [0, -1]]),
    ("plane_coordinates", (single([[3, 3], [1, 1]]),), [[2**0.5, 0], [-(2**0.5), 0]]),
    ("plane_coordinates", (single([[3], [1]]),), [[1, 0], [-1, 0]]),
    ("plane_share", (CROSS,), 1.0),
    # An octahedron of half axes 3, 2 and 1: 9 + 4 of 9 + 4 + 1.
    ("plane_share", (np.concatenate([SOLID, -SOLID]),), 13 / 14),
    ("masked", (GRID[:1, :2], np.array([[True, False]])), [[0.25, -INF]]),
]


@pytest.mark.parametrize(("name", "arguments", "wanted"), BY_HAND)
def test_by_hand(name: str, arguments: tuple[Any, ...], wanted: Any) -> None:
    found = DERIVED[name](*arguments)
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-15)
    if isinstance(wanted, int):
        assert type(found) is int


def test_the_functions_of_the_contract_are_named_as_they_are() -> None:
    assert {name for name, *_ in BY_HAND} <= DERIVED.keys()
    assert all(function is getattr(derived, name) for name, function in DERIVED.items())


def test_the_set_is_closed() -> None:
    with pytest.raises(TypeError, match="does not support item assignment"):
        DERIVED["more"] = len  # type: ignore[index]  # wrong on purpose


def test_entropy_has_no_negative_zero() -> None:
    assert math.copysign(1, derived.entropy(np.array([1.0]))) == 1


def test_single_precision_is_summed_in_double() -> None:
    # In single precision 2²⁴ + 1 is 2²⁴.
    assert derived.total(single([2**24, 1, 1])) == 2**24 + 2
    assert derived.dot(single([2**24, 1]), single([1, 1])) == 2**24 + 1
    assert derived.running_dot(single([2**24, 1, 5]), single([1, 1, 5]), 2) == 2**24 + 1


def test_bins_are_equal_and_closed_at_both_ends() -> None:
    found = derived.bins(np.array([[-6.0, -2.1, -1.9], [0.0, 2.1, 6.0]]), 6.0, 3)
    assert found.tolist() == [[0, 0, 1], [1, 2, 2]]
    assert derived.bins(np.zeros(2), 0.0, 5).tolist() == [2, 2]
    with pytest.raises(TensorError, match="a value lies beyond 6"):
        derived.bins(np.array([7.0]), 6.0, 3)
    with pytest.raises(TensorError, match="an odd number of bins, got 4"):
        derived.bins(np.array([1.0]), 6.0, 4)


def test_most_widened_takes_the_row_that_gains_most_bits() -> None:
    before = np.array([[1.0, 0.0], [0.5, 0.5], [0.75, 0.25]])
    after = np.array([[0.75, 0.25], [0.5, 0.5], [0.5, 0.5]])
    assert derived.most_widened(before, after) == 0
    assert derived.most_widened(before[1:], after[1:]) == 1
    assert derived.most_widened(after, after) == 0


def test_turning_finds_the_clearest_step_back() -> None:
    straight = np.array([[0.9, 0.1, 0.0], [0.5, 0.5, 0.0], [0.1, 0.2, 0.7]])
    assert derived.turning(straight) is None
    # Queries 0 and 1 look at keys 2 and 1 (weaker link 0.5), 2 and 3 at keys 2 and 0 (0.6).
    turned = np.array([[0.1, 0.2, 0.7], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [0.6, 0.3, 0.1]])
    assert derived.turning(turned) == 2
    assert derived.turning(turned[:2]) == 0
    assert derived.turning(turned[:1]) is None
    with pytest.raises(TensorError, match="turning: wanted weights"):
        derived.turning(turned[0])


def test_root_scales_tells_the_papers_scale_from_others() -> None:
    assert derived.root_scales(0.5, 4)
    assert derived.root_scales(np.float32(7**-0.5), 7)
    assert not derived.root_scales(1.0, 4)
    assert not derived.root_scales(0.25, 4)


def test_nothing_writes_to_its_arguments() -> None:
    frozen = GRID.copy()
    frozen.flags.writeable = False
    for name in ("exp", "minus_max", "softmax", "total", "itself"):
        DERIVED[name](frozen)
    assert np.array_equal(frozen, GRID)


NONE = np.ones((0,))
SQUARE = "wanted square weights"
REFUSED: list[tuple[str, tuple[Any, ...], str]] = [
    ("size", (np.ones(3), 1), "size: axis 1 is out of range, wanted 0 to 0"),
    ("size", (np.ones(3), -1), "size: axis -1 is out of range"),
    ("size", (np.ones(3), 0.0), "size: axis must be a whole number"),
    ("size", (np.ones(3), True), "size: axis must be a whole number"),
    ("size", (3, 0), "size: a single number has no axes"),
    ("total", (np.array([True]),), "total: wanted real numbers, got bool"),
    ("total", (np.array([1j]),), "total: wanted real numbers, got complex128"),
    ("total", (np.array(["a"]),), "total: wanted real numbers"),
    ("total", (np.array([NAN]),), "total: the array holds NaN"),
    ("dot", (np.ones(2), np.ones(3)), "dot: one vector has 2 entries, one 3"),
    ("dot", (np.ones((2, 2)), np.ones((2, 2))), r"dot: wanted a vector \[d\]"),
    ("dot", (1.0, 1.0), r"dot: wanted a vector \[d\]"),
    ("dot", (np.array([INF]), np.ones(1)), "of finite numbers"),
    ("running_dot", (np.ones(2), np.ones(2), 3), "n 3 is out of range, wanted 0 to 2"),
    ("running_dot", (np.ones(2), np.ones(2), -1), "n -1 is out of range"),
    ("running_dot", (np.ones(2), np.ones(3), 1), "one vector has 2 entries"),
    ("product", (np.ones(2), np.ones(3)), r"product: shapes \[2\] and \[3\] differ"),
    ("product", (np.ones(2), np.ones((2, 1))), "differ"),
    ("product", (0, np.array([-INF])), "product: the result has no value"),
    ("add", (np.ones((2, 3)), np.ones(3)), r"add: shapes \[2, 3\] and \[3\] differ"),
    ("add", (INF, np.array([-INF])), "add: the result has no value"),
    ("exp", (np.array([1000.0]),), "exp: e to so large a number overflows"),
    ("exp", (np.array([INF]),), "exp: e to so large a number overflows"),
    ("minus_max", (3.0,), r"minus_max: wanted rows \[..., key\]"),
    ("minus_max", (NONE,), "minus_max: the array is empty"),
    ("greatest", (np.ones((0, 3)),), "greatest: the array is empty"),
    ("hidden_shares", (GRID[0], GRID[0] > 0), r"hidden_shares: wanted \[query, key\], got 1 axes"),
    ("minus_max", (np.array([[0.0], [-INF]]),), "a row has no finite maximum"),
    ("softmax", (np.array([-INF, -INF]),), "a row has no finite maximum"),
    ("softmax", (np.array([0.0, INF]),), "a row has no finite maximum"),
    ("softmax", (np.array([0.0, NAN]),), "holds NaN"),
    ("entropy", (np.array([1.0, 2.0]),), "shares that add up to 1, got a sum of 3"),
    ("entropy", (np.array([1.5, -0.5]),), "shares that add up to 1"),
    ("entropy", (np.ones((1, 1)),), "wanted a vector"),
    ("norm", (np.ones((2, 2)),), "norm: wanted a vector"),
    ("cosine", (np.zeros(2), np.ones(2)), "a vector of zeros has no direction"),
    ("angle", (np.zeros(2), np.ones(2)), "a vector of zeros has no direction"),
    ("angle", (np.ones(2), np.zeros(2)), "a vector of zeros has no direction"),
    ("angle", (np.ones(2), np.ones(3)), "one vector has 2 entries"),
    ("distance", (np.ones(2), np.ones(3)), "distance: one vector has 2 entries, one 3"),
    ("scaled", (np.ones(2), np.ones((3, 5))), r"for 2 weights, got shape \[3, 5\]"),
    ("stacked", (np.ones((2, 3)), np.ones(2)), "rows of 3 entries and of 2 do not fit"),
    ("stacked", (1.0, np.ones(2)), r"stacked: wanted rows \[n, d\]"),
    ("plane_coordinates", (np.ones((3, 2)),), "all rows are alike"),
    ("plane_share", (np.ones((3, 2, 2)),), r"plane_share: wanted rows \[n, d\]"),
    ("plane_share", (np.array([[INF, 0], [1, 0]]),), "of finite numbers"),
    ("dot_products", (np.ones((2, 3)), np.ones((2, 5))), "of one width, got shapes"),
    ("dot_products", (np.ones(3), np.ones(3)), "dot_products: wanted queries"),
    ("dot_products", (np.array([[INF]]), np.array([[0.0]])), "the result has no value"),
    ("root", (-1,), "root: wanted one number of at least 0"),
    ("root", (np.ones(2),), "root: wanted one number of at least 0"),
    ("count_true", (np.ones(3),), "count_true: wanted a mask of booleans, got float64"),
    ("previous_token", (single([[1]]),), f"{SQUARE} .* at least 2 tokens"),
    ("first_token", (single([[1]]),), f"{SQUARE} .* at least 2 tokens"),
    ("next_token", (single([[1]]),), f"{SQUARE} .* at least 2 tokens"),
    ("previous_token", (GRID[:2],), rf"{SQUARE} .* got shape \[2, 3\]"),
    ("itself", (GRID[:2],), rf"{SQUARE} .* got shape \[2, 3\]"),
    ("itself", (GRID[None],), SQUARE),
    ("top", (GRID,), "top: wanted a vector"),
    ("column", (GRID[0], 0), r"column: wanted a matrix \[row, column\], got 1 axes"),
    ("column", (GRID, 3), "column: index 3 is out of range, wanted 0 to 2"),
    ("lead", (np.array([1.0, -INF]),), "lead: wanted at least two finite numbers, got 1"),
    ("masked", (GRID, GRID), "masked: wanted a mask of booleans"),
    ("masked", (GRID, np.ones((3, 2), bool)), r"of shape \[3, 2\]"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), REFUSED)
def test_what_has_no_answer_is_refused(name: str, arguments: tuple[Any, ...], message: str) -> None:
    with unchecked(), pytest.raises(TensorError, match=message):
        DERIVED[name](*arguments)


def test_the_second_greatest_is_never_the_greatest() -> None:
    assert derived.second(np.array([3.0, 9.0, 5.0])) == 2
    assert derived.second(np.array([7.0, 7.0, 7.0])) == 1
    assert derived.second(np.array([1.0, 7.0, 7.0])) == 2
    with pytest.raises(TensorError, match="second: wanted at least two numbers"):
        derived.second(np.array([1.0]))


def test_rows_are_ranked_by_their_spread_where_they_have_a_choice() -> None:
    weights = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.25, 0.5, 0.25], [0.9, 0.1, 0.0]])
    # The first row has one key: its zero entropy says nothing about its scores.
    assert derived.sharpest(weights) == 3
    assert derived.flattest(weights) == 2
    assert derived.sharpest(weights[:1]) == derived.flattest(weights[:1]) == 0
    with unchecked(), pytest.raises(TensorError, match=r"wanted weights \[query, key\]"):
        derived.sharpest(weights[0])


rows = arrays.arrays(np.float32, st.integers(1, 12), elements=st.floats(-80, 80, width=32))


@given(rows)
def test_softmax_is_a_distribution_that_the_maximum_does_not_change(
    row: np.ndarray[Any, np.dtype[np.float32]],
) -> None:
    shares = derived.softmax(row)
    assert abs(math.fsum(shares) - 1) < 1e-12
    np.testing.assert_allclose(derived.softmax(derived.minus_max(row)), shares, rtol=1e-12)
    powers = [math.exp(float(score)) for score in row]
    np.testing.assert_allclose(shares, [power / math.fsum(powers) for power in powers], rtol=1e-12)
    assert -1e-12 <= derived.entropy(shares) <= math.log2(row.size) + 1e-12


@given(rows, st.data())
def test_a_dot_product_is_lengths_times_cosine(
    a: np.ndarray[Any, np.dtype[np.float32]], data: st.DataObject
) -> None:
    b = data.draw(arrays.arrays(np.float32, a.size, elements=st.floats(-80, 80, width=32)))
    if not (a.any() and b.any()):
        return
    angle = math.radians(derived.angle(a, b))
    lengths = derived.norm(a) * derived.norm(b)
    assert derived.dot(a, b) == pytest.approx(lengths * math.cos(angle), abs=1e-7 * lengths + 1e-30)
    steps = [derived.running_dot(a, b, n) for n in range(a.size + 1)]
    terms = [float(x) * float(y) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(np.diff(steps), terms, atol=1e-9)


def test_the_plane_keeps_distances_of_what_lies_in_it_and_turns_with_nothing() -> None:
    rng = np.random.default_rng(5)
    flat = rng.standard_normal((7, 2)) @ rng.standard_normal((2, 11)) + rng.standard_normal(11)
    places = derived.plane_coordinates(flat)
    for (a, p), (b, q) in itertools.combinations(zip(flat, places, strict=True), 2):
        assert math.dist(p, q) == pytest.approx(derived.distance(a, b), rel=1e-9)
    assert derived.plane_share(flat) == pytest.approx(1.0)
    # The eigenvectors of the covariance are another way to the same axes, up to their signs.
    spatial = rng.standard_normal((13, 5))
    values, axes = np.linalg.eigh(np.cov(spatial.T))
    wanted = (spatial - spatial.mean(axis=0)) @ axes[:, [-1, -2]]
    np.testing.assert_allclose(
        np.abs(derived.plane_coordinates(spatial)), np.abs(wanted), atol=1e-9
    )
    assert derived.plane_share(spatial) == pytest.approx(values[-2:].sum() / values.sum())


def test_pairs_of_words() -> None:
    rows = single([[1, 0], [0, 1], [3, 4], [-1, 0], [6, 8.5]])
    assert derived.nearest_pair(rows) == (2, 4)
    assert derived.repeated_pair(np.array([7, 5, 3, 5, 7])) == (0, 4)
    assert derived.repeated_pair(np.array([7, 5, 3])) is None
    with pytest.raises(TensorError, match="wanted at least two rows"):
        derived.nearest_pair(rows[:1])
    with pytest.raises(TensorError, match="no direction"):
        derived.nearest_pair(np.zeros((3, 2)))


ANYTHING: list[Any] = [
    *(0, 1, -1, 2.5, np.float32(0.5), np.int64(2), np.True_, INF, -INF, NAN),
    *(NONE, np.ones((0, 3)), np.array([-INF, 0.0]), np.array([True, False]), np.arange(3)),
    *(GRID, GRID[0], GRID[:2], GRID > 0.3, GRID[None], np.tril(np.ones((3, 3), bool))),
]


@pytest.mark.parametrize("name", [*DERIVED])
def test_every_function_answers_or_refuses_whatever_it_is_given(name: str) -> None:
    function = DERIVED[name]
    n = len(inspect.signature(function).parameters)
    pool = ANYTHING if n < 3 else ANYTHING[::2]
    with np.errstate(over="ignore", invalid="ignore"):
        for arguments in itertools.product(pool, repeat=n):
            try:
                result = function(*arguments)
            except TensorError:
                continue
            assert isinstance(result, np.ndarray | np.generic | int | float | str | None)


def test_concat_puts_heads_side_by_side() -> None:
    heads = np.array([[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]]])
    assert derived.concat(heads).tolist() == [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]
    with pytest.raises(TensorError, match="axes"):
        derived.concat(heads[0])
