"""One row of scores or of shares: its softmax, its spread, its greatest."""

import numpy as np

from attnviz.derived.checks import Reals, Values, reals, vector
from attnviz.errors import TensorError

_SHARE_TOLERANCE = 1e-4
"""How far from 1 the shares of an entropy may add up to."""


def exp(array: Values) -> Reals:
    """Raise e to each entry; e^−∞ is 0.

    Parameters
    ----------
    array
        Any array of numbers.

    Returns
    -------
    NDArray[float64]
        e^array, entry by entry.

    Raises
    ------
    TensorError
        If a result is too large for a double.
    """
    with np.errstate(over="ignore"):
        result = np.asarray(np.exp(reals("exp", array)))
    if np.isinf(result).any():
        raise TensorError("exp: e to so large a number overflows; subtract the maximum first")
    return result


def minus_max(row: Values) -> Reals:
    """Subtract from each row its largest entry, which leaves its softmax the same.

    Parameters
    ----------
    row
        ``[..., key]``; −∞ where a key is masked.

    Returns
    -------
    NDArray[float64]
        The row, its largest entry 0.

    Raises
    ------
    TensorError
        If a row is all −∞, or there is no row.
    """
    rows = reals("minus_max", row)
    if rows.ndim == 0:
        raise TensorError("minus_max: wanted rows [..., key], got a single number")
    largest = rows.max(axis=-1, keepdims=True)
    if not np.isfinite(largest).all():
        raise TensorError("minus_max: a row has no finite maximum; leave each row a key")
    return np.asarray(rows - largest)


def softmax(row: Values) -> Reals:
    """Turn each row of scores to shares that add up to 1.

    Parameters
    ----------
    row
        ``[..., key]``; −∞ where a key is masked.

    Returns
    -------
    NDArray[float64]
        Shares; exactly 0 where the score is −∞.

    Raises
    ------
    TensorError
        If a row is all −∞, or there is no row.
    """
    powers = np.exp(minus_max(row))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def entropy(row: Values) -> float:
    """Measure how widely a row of shares is spread, in bits.

    Shannon, "A Mathematical Theory of Communication", 1948: −Σ p log₂ p with
    0 log 0 = 0. Zero bits: all on one key. log₂ n bits: all n keys alike.

    Parameters
    ----------
    row
        ``[key]``, shares that add up to 1.

    Returns
    -------
    float
        The entropy, 0 to log₂ n bits.

    Raises
    ------
    TensorError
        If the row is not one of shares.
    """
    shares = vector("entropy", row)
    if (shares < 0).any() or abs(shares.sum() - 1) > _SHARE_TOLERANCE:
        raise TensorError(
            f"entropy: wanted shares that add up to 1, got a sum of {shares.sum():.4g};"
            " take the softmax of scores first"
        )
    some = shares[shares > 0]
    # Adding 0 turns the −0.0 of a one-hot row to 0.0.
    return float(-(some * np.log2(some)).sum()) + 0.0


def most_widened(before: Values, after: Values) -> int:
    """Find the row of shares whose entropy grows most from one matrix to another.

    Parameters
    ----------
    before, after
        Shares ``[query, key]`` of one shape; each row adds up to 1.

    Returns
    -------
    int
        The row's index; of equals, the first.

    Raises
    ------
    TensorError
        If they are not two matrices of shares with as many rows.
    """
    rows = zip(reals("most_widened", before), reals("most_widened", after), strict=True)
    return int(np.argmax([entropy(late) - entropy(early) for early, late in rows]))


def top(row: Values) -> int:
    """Find the index of the greatest element of a row; of equals, the first.

    Parameters
    ----------
    row
        A row ``[key]`` of finite numbers, at least one.

    Returns
    -------
    int
        The index, counted from 0.

    Raises
    ------
    TensorError
        If it is not a row of finite numbers.
    """
    return int(vector("top", row).argmax())


def second(row: Values) -> int:
    """Find the index of the second greatest element of a row; of equals, the first.

    Parameters
    ----------
    row
        A row ``[key]`` of finite numbers, at least two.

    Returns
    -------
    int
        The index, counted from 0; never that of :func:`top`.

    Raises
    ------
    TensorError
        If it is not a row of two finite numbers or more.
    """
    numbers = vector("second", row)
    if numbers.size < 2:
        raise TensorError("second: wanted at least two numbers, got one")
    return int(np.argsort(-numbers, kind="stable")[1])


def lead(row: Values) -> float:
    """Measure by how much the greatest number of a row exceeds the second greatest.

    Parameters
    ----------
    row
        ``[key]``; −∞ where a key is masked; two keys or more are not.

    Returns
    -------
    float
        The difference, 0 or more.

    Raises
    ------
    TensorError
        If fewer than two keys are left.
    """
    numbers = reals("lead", row).ravel()
    left = np.sort(numbers[np.isfinite(numbers)])
    if left.size < 2:
        raise TensorError(f"lead: wanted at least two finite numbers, got {left.size}")
    return float(left[-1] - left[-2])


def sharpest(weights: Values) -> int:
    """Find the query whose shares have the least entropy, of those that have a choice.

    Parameters
    ----------
    weights
        Weights ``[query, key]``.

    Returns
    -------
    int
        The query's index. A query with one key (all others masked) has no choice; where no query
        has one, the first query.

    Raises
    ------
    TensorError
        If a row does not add up to 1.
    """
    spreads = _spreads("sharpest", weights)
    return min(spreads, key=spreads.__getitem__, default=0)


def flattest(weights: Values) -> int:
    """Find the query whose shares have the greatest entropy.

    Parameters
    ----------
    weights
        Weights ``[query, key]``.

    Returns
    -------
    int
        The query's index; where no query has a choice, the first query.

    Raises
    ------
    TensorError
        If a row does not add up to 1.
    """
    spreads = _spreads("flattest", weights)
    return max(spreads, key=spreads.__getitem__, default=0)


def _spreads(function: str, weights: Values) -> dict[int, float]:
    """Return the entropy of every query that has more than one key."""
    rows = reals(function, weights)
    if rows.ndim != 2:
        raise TensorError(f"{function}: wanted weights [query, key], got {rows.ndim} axes")
    return {query: entropy(row) for query, row in enumerate(rows) if (row > 0).sum() > 1}


def top_magnitude(row: Values) -> int:
    """Find the index of the element of greatest magnitude; of equals, the first.

    Parameters
    ----------
    row
        A row ``[d]`` of finite numbers, at least one.

    Returns
    -------
    int
        The index, counted from 0.

    Raises
    ------
    TensorError
        If it is not a row of finite numbers.
    """
    return int(np.abs(vector("top_magnitude", row)).argmax())
