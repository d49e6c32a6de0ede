"""The closed set of pure functions that a film may show besides the tensors themselves.

Each takes the arrays of a record (or numbers) and computes in double precision,
so that a shown result can be re-derived from the values it is made of.
:data:`DERIVED` names them for :mod:`attnviz.addresses`.
"""

import math
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import TensorError

Values = NDArray[Any] | np.generic | int | float
"""An array of a record, one element of it, or a number."""

Reals = NDArray[np.float64]

_SHARE_TOLERANCE = 1e-4
"""How far from 1 the shares of an entropy may add up to."""


def size(array: Values, axis: Values) -> int:
    """Count the entries of an array along one axis.

    Parameters
    ----------
    array
        Any array.
    axis
        The axis, counted from 0.

    Returns
    -------
    int
        The size of that axis.

    Raises
    ------
    TensorError
        If the array has no such axis.
    """
    shape: tuple[int, ...] = np.shape(array)
    if not shape:
        raise TensorError("size: a single number has no axes")
    return shape[_whole("size", "axis", axis, len(shape) - 1)]


def total(array: Values) -> float:
    """Add up all entries of an array.

    Parameters
    ----------
    array
        Any array of numbers.

    Returns
    -------
    float
        The sum.

    Raises
    ------
    TensorError
        If the array holds no real numbers.
    """
    return float(_reals("total", array).sum())


def dot(a: Values, b: Values) -> float:
    """Multiply two vectors entry by entry and add up: a · b.

    Parameters
    ----------
    a, b
        Vectors ``[d]`` of one width.

    Returns
    -------
    float
        The dot product.

    Raises
    ------
    TensorError
        If they are not two vectors of one width.
    """
    return float(np.dot(*_two_vectors("dot", a, b)))


def running_dot(a: Values, b: Values, n: Values) -> float:
    """Add up the first products of a dot product, as it stands after n steps.

    Parameters
    ----------
    a, b
        Vectors ``[d]`` of one width.
    n
        How many products, 0 to d.

    Returns
    -------
    float
        a[0]·b[0] + … + a[n-1]·b[n-1].

    Raises
    ------
    TensorError
        If they are not two vectors of one width, or n is out of range.
    """
    left, right = _two_vectors("running_dot", a, b)
    steps = _whole("running_dot", "n", n, left.size)
    return float(np.dot(left[:steps], right[:steps]))


def product(a: Values, b: Values) -> Reals:
    """Multiply two numbers, two arrays entry by entry, or an array by a number.

    Parameters
    ----------
    a, b
        Numbers, or arrays of one shape.

    Returns
    -------
    NDArray[float64]
        a · b, in the shape of the arrays.

    Raises
    ------
    TensorError
        If the shapes differ, or a result has no value (∞ − ∞, 0 · ∞).
    """
    left, right = _two_alike("product", a, b)
    with np.errstate(invalid="ignore"):
        return _known("product", np.asarray(left * right))


def add(a: Values, b: Values) -> Reals:
    """Add two numbers, two arrays entry by entry, or a number to an array.

    Parameters
    ----------
    a, b
        Numbers, or arrays of one shape.

    Returns
    -------
    NDArray[float64]
        a + b, in the shape of the arrays.

    Raises
    ------
    TensorError
        If the shapes differ, or a result has no value (∞ − ∞, 0 · ∞).
    """
    left, right = _two_alike("add", a, b)
    with np.errstate(invalid="ignore"):
        return _known("add", np.asarray(left + right))


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
        result = np.asarray(np.exp(_reals("exp", array)))
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
    rows = _reals("minus_max", row)
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
    shares = _vector("entropy", row)
    if (shares < 0).any() or abs(shares.sum() - 1) > _SHARE_TOLERANCE:
        raise TensorError(
            f"entropy: wanted shares that add up to 1, got a sum of {shares.sum():.4g};"
            " take the softmax of scores first"
        )
    some = shares[shares > 0]
    # Adding 0 turns the −0.0 of a one-hot row to 0.0.
    return float(-(some * np.log2(some)).sum()) + 0.0


def norm(v: Values) -> float:
    """Measure the length of a vector: √Σ v².

    Parameters
    ----------
    v
        A vector ``[d]``.

    Returns
    -------
    float
        Its Euclidean length.

    Raises
    ------
    TensorError
        If it is not a vector.
    """
    return float(np.linalg.norm(_vector("norm", v)))


def cosine(a: Values, b: Values) -> float:
    """Measure how alike two vectors point: a · b / (|a| |b|).

    Parameters
    ----------
    a, b
        Vectors ``[d]`` of one width, neither all zero.

    Returns
    -------
    float
        The cosine of the angle between them, −1 to 1.

    Raises
    ------
    TensorError
        If they are not two vectors of one width, or one has no direction.
    """
    left, right = _two_vectors("cosine", a, b)
    lengths = float(np.linalg.norm(left) * np.linalg.norm(right))
    if lengths == 0:
        raise TensorError("cosine: a vector of zeros has no direction")
    # Rounding may leave the quotient a hair outside.
    return min(1.0, max(-1.0, float(np.dot(left, right)) / lengths))


def angle(a: Values, b: Values) -> float:
    """Measure the angle between two vectors, in degrees.

    Parameters
    ----------
    a, b
        Vectors ``[d]`` of one width, neither all zero.

    Returns
    -------
    float
        0 to 180 degrees.

    Raises
    ------
    TensorError
        If they are not two vectors of one width, or one has no direction.
    """
    left, right = _two_vectors("angle", a, b)
    lengths = float(np.linalg.norm(left)), float(np.linalg.norm(right))
    if 0 in lengths:
        raise TensorError("angle: a vector of zeros has no direction")
    left, right = left / lengths[0], right / lengths[1]
    # Kahan's form: the arc cosine loses half of its digits near 0° and 180°.
    return math.degrees(
        2 * math.atan2(float(np.linalg.norm(left - right)), float(np.linalg.norm(left + right)))
    )


def count_true(mask: Values) -> int:
    """Count the pairs that a mask leaves.

    Parameters
    ----------
    mask
        An array of booleans.

    Returns
    -------
    int
        How many are True.

    Raises
    ------
    TensorError
        If the array is not boolean.
    """
    array = np.asarray(mask)
    if array.dtype != np.bool_:
        raise TensorError(f"count_true: wanted a mask of booleans, got {array.dtype}")
    return int(np.count_nonzero(array))


def previous_token(w: Values) -> float:
    """Average the weight of each query on the token before it.

    Parameters
    ----------
    w
        Weights ``[query, key]`` of a self-attention over at least 2 tokens.

    Returns
    -------
    float
        The mean over q ≥ 1 of w[q, q-1], 0 to 1.

    Raises
    ------
    TensorError
        If the grid is not square or too small.
    """
    return float(np.diagonal(_square("previous_token", w, 2), offset=-1).mean())


def itself(w: Values) -> float:
    """Average the weight of each query on its own token.

    Parameters
    ----------
    w
        Weights ``[query, key]`` of a self-attention.

    Returns
    -------
    float
        The mean over q of w[q, q], 0 to 1.

    Raises
    ------
    TensorError
        If the grid is not square.
    """
    return float(np.diagonal(_square("itself", w, 1)).mean())


def first_token(w: Values) -> float:
    """Average the weight of each later query on the first token.

    Parameters
    ----------
    w
        Weights ``[query, key]`` of a self-attention over at least 2 tokens.

    Returns
    -------
    float
        The mean over q ≥ 1 of w[q, 0], 0 to 1.

    Raises
    ------
    TensorError
        If the grid is not square or too small.
    """
    return float(_square("first_token", w, 2)[1:, 0].mean())


def next_token(w: Values) -> float:
    """Average the weight of each query on the token after it.

    Parameters
    ----------
    w
        Weights ``[query, key]`` of a self-attention over at least 2 tokens.

    Returns
    -------
    float
        The mean over q < n - 1 of w[q, q+1], 0 to 1.

    Raises
    ------
    TensorError
        If the grid is not square or too small.
    """
    return float(np.diagonal(_square("next_token", w, 2), offset=1).mean())


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
    return int(_vector("top", row).argmax())


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
    return int(np.abs(_vector("top_magnitude", row)).argmax())


def least(array: Values) -> float:
    """Find the smallest element of an array.

    Parameters
    ----------
    array
        Real numbers of any shape, at least one.

    Returns
    -------
    float
        The minimum.

    Raises
    ------
    TensorError
        If it holds anything but real numbers.
    """
    return float(_reals("least", array).min())


def greatest(array: Values) -> float:
    """Find the largest element of an array.

    Parameters
    ----------
    array
        Real numbers of any shape, at least one.

    Returns
    -------
    float
        The maximum.

    Raises
    ------
    TensorError
        If it holds anything but real numbers.
    """
    return float(_reals("greatest", array).max())


def extent(array: Values) -> float:
    """Measure the largest magnitude in an array: max |x|.

    Parameters
    ----------
    array
        Real numbers of any shape, at least one.

    Returns
    -------
    float
        The magnitude, 0 or more.

    Raises
    ------
    TensorError
        If it holds anything but real numbers.
    """
    return float(np.abs(_reals("extent", array)).max())


def masked(scores: Values, mask: Values) -> Reals:
    """Put −∞ where a mask forbids, as before the softmax (Vaswani et al. 2017, section 3.2.3).

    Parameters
    ----------
    scores
        Scores ``[query, key]``.
    mask
        Booleans of the same shape, True where a query may attend.

    Returns
    -------
    ndarray
        The scores, −∞ where the mask is False.

    Raises
    ------
    TensorError
        If the shapes differ or the mask is not of booleans.
    """
    allowed = np.asarray(mask)
    values = _reals("masked", scores)
    if allowed.dtype != np.bool_ or allowed.shape != values.shape:
        raise TensorError(
            f"masked: wanted a mask of booleans of shape {list(values.shape)},"
            f" got {allowed.dtype} of shape {list(allowed.shape)}"
        )
    return np.where(allowed, values, -np.inf)


def index(number: Values) -> int:
    """Name a layer, a head or a position by its number, counted from 0.

    Parameters
    ----------
    number
        A whole number of at least 0.

    Returns
    -------
    int
        The same number.

    Raises
    ------
    TensorError
        If it is not a whole number of at least 0.
    """
    return _whole("index", "number", number, sys.maxsize)


def habit(w: Values) -> str | None:
    """Name what a head mostly does on one sentence.

    Parameters
    ----------
    w
        Weights ``[query, key]`` of a self-attention over at least 2 tokens.

    Returns
    -------
    str or None
        The name of the greatest of :data:`HABITS`, if it is over a half; else None.

    Raises
    ------
    TensorError
        If the grid is not square or too small.
    """
    measured = {name: DERIVED[name](w) for name in HABITS}
    name = max(measured, key=measured.__getitem__)
    return name if measured[name] > HABIT_FLOOR else None


def count(array: Values) -> int:
    """Count the elements of an array.

    Parameters
    ----------
    array
        An array of any shape.

    Returns
    -------
    int
        The product of its sizes.
    """
    return int(np.asarray(array).size)


def hidden_shares(weights: Values, mask: Values) -> Reals:
    """Measure how much of each query's unmasked attention a mask hides: Σ of the masked weights.

    Parameters
    ----------
    weights
        Weights ``[query, key]`` as they are without the mask.
    mask
        Booleans of the same shape, True where a query may attend.

    Returns
    -------
    ndarray
        ``[query]``, 0 to 1.

    Raises
    ------
    TensorError
        If the shapes differ or the mask is not of booleans.
    """
    hidden = np.isinf(masked(weights, mask))
    if hidden.ndim != 2:
        raise TensorError(f"hidden_shares: wanted [query, key], got {hidden.ndim} axes")
    lost: Reals = np.where(hidden, _reals("hidden_shares", weights), 0.0).sum(axis=1)
    return lost


def most_hidden(weights: Values, mask: Values) -> int:
    """Find the query that loses most to a mask, of those that keep more than one key.

    Parameters
    ----------
    weights, mask
        As for :func:`hidden_shares`.

    Returns
    -------
    int
        The query's index; where every query keeps one key only, the one that loses most.

    Raises
    ------
    TensorError
        If the shapes differ or the mask is not of booleans.
    """
    lost = hidden_shares(weights, mask)
    several = np.asarray(mask).sum(axis=1) > 1
    return int(np.where(several, lost, lost - 1.0).argmax())


HABITS = ("previous_token", "next_token", "first_token", "itself")
"""The functions that measure what a head does, by name."""

HABIT_FLOOR = 0.5
"""A head has a habit where it gives more than this share to it."""

DERIVED: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            size,
            total,
            dot,
            running_dot,
            product,
            add,
            exp,
            minus_max,
            softmax,
            entropy,
            norm,
            cosine,
            angle,
            count_true,
            previous_token,
            itself,
            first_token,
            next_token,
            top,
            least,
            greatest,
            extent,
            masked,
            hidden_shares,
            count,
            index,
        )
    }
)
"""Every function of this room by its name; nothing else can be addressed."""


def _reals(function: str, values: Values) -> Reals:
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TensorError(f"{function}: wanted real numbers, got {array.dtype}")
    if array.size == 0:
        raise TensorError(f"{function}: the array is empty")
    if np.isnan(array).any():
        raise TensorError(f"{function}: the array holds NaN")
    return array.astype(np.float64)


def _known(function: str, array: Reals) -> Reals:
    if np.isnan(array).any():
        raise TensorError(f"{function}: the result has no value, for an infinity is in it")
    return array


def _vector(function: str, values: Values) -> Reals:
    array = _reals(function, values)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise TensorError(
            f"{function}: wanted a vector [d] of finite numbers, got shape {list(array.shape)}"
        )
    return array


def _two_vectors(function: str, a: Values, b: Values) -> tuple[Reals, Reals]:
    left, right = _vector(function, a), _vector(function, b)
    if left.size != right.size:
        raise TensorError(f"{function}: one vector has {left.size} entries, one {right.size}")
    return left, right


def _two_alike(function: str, a: Values, b: Values) -> tuple[Reals, Reals]:
    left, right = _reals(function, a), _reals(function, b)
    if left.ndim and right.ndim and left.shape != right.shape:
        raise TensorError(f"{function}: shapes {list(left.shape)} and {list(right.shape)} differ")
    return left, right


def _square(function: str, values: Values, least: int) -> Reals:
    array = _reals(function, values)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or len(array) < least:
        raise TensorError(
            f"{function}: wanted square weights [query, key] of at least {least} tokens,"
            f" got shape {list(array.shape)}"
        )
    return array


def _whole(function: str, name: str, value: Values, most: int) -> int:
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TensorError(f"{function}: {name} must be a whole number, got {value!r}")
    if not 0 <= value <= most:
        raise TensorError(f"{function}: {name} {value} is out of range, wanted 0 to {most}")
    return int(value)
