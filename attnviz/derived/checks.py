"""What the functions of this room take: checked arrays in double precision."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import TensorError

Values = NDArray[Any] | np.generic | int | float
"""An array of a record, one element of it, or a number."""

Reals = NDArray[np.float64]


def reals(function: str, values: Values) -> Reals:
    """Take in real numbers, none of them NaN, in double precision."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TensorError(f"{function}: wanted real numbers, got {array.dtype}")
    if array.size == 0:
        raise TensorError(f"{function}: the array is empty")
    if np.isnan(array).any():
        raise TensorError(f"{function}: the array holds NaN")
    return array.astype(np.float64)


def known(function: str, array: Reals) -> Reals:
    """Refuse a result that has no value."""
    if np.isnan(array).any():
        raise TensorError(f"{function}: the result has no value, for an infinity is in it")
    return array


def vector(function: str, values: Values) -> Reals:
    """Take in a vector ``[d]`` of finite numbers."""
    array = reals(function, values)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise TensorError(
            f"{function}: wanted a vector [d] of finite numbers, got shape {list(array.shape)}"
        )
    return array


def two_vectors(function: str, a: Values, b: Values) -> tuple[Reals, Reals]:
    """Take in two vectors ``[d]`` of one width."""
    left, right = vector(function, a), vector(function, b)
    if left.size != right.size:
        raise TensorError(f"{function}: one vector has {left.size} entries, one {right.size}")
    return left, right


def two_alike(function: str, a: Values, b: Values) -> tuple[Reals, Reals]:
    """Take in two arrays of one shape, or an array and a number."""
    left, right = reals(function, a), reals(function, b)
    if left.ndim and right.ndim and left.shape != right.shape:
        raise TensorError(f"{function}: shapes {list(left.shape)} and {list(right.shape)} differ")
    return left, right


def square(function: str, values: Values, least: int) -> Reals:
    """Take in square weights ``[query, key]`` of at least ``least`` tokens."""
    array = reals(function, values)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or len(array) < least:
        raise TensorError(
            f"{function}: wanted square weights [query, key] of at least {least} tokens,"
            f" got shape {list(array.shape)}"
        )
    return array


def whole(function: str, name: str, value: Values, most: int) -> int:
    """Take in a whole number from 0 to ``most``."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TensorError(f"{function}: {name} must be a whole number, got {value!r}")
    if not 0 <= value <= most:
        raise TensorError(f"{function}: {name} {value} is out of range, wanted 0 to {most}")
    return int(value)
