"""Whole numbers: sizes, counts and indices."""

import sys

import numpy as np
from numpy.typing import NDArray

from attnviz.derived.checks import Values, reals, whole
from attnviz.errors import TensorError


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
    return shape[whole("size", "axis", axis, len(shape) - 1)]


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
    return whole("index", "number", number, sys.maxsize)


def bins(values: Values, reach: float, count: int) -> NDArray[np.int64]:
    """Sort numbers into equal bins from −reach to reach, for a histogram.

    Parameters
    ----------
    values
        Finite numbers of any shape, of magnitude up to ``reach``.
    reach
        Where the last bin ends; 0 puts all into the middle.
    count
        How many bins; odd, so that 0 is the middle of one.

    Returns
    -------
    ndarray
        Each number's bin, 0 to ``count`` - 1, in the shape of ``values``.

    Raises
    ------
    TensorError
        If a value lies beyond ``reach``, or ``count`` is not odd.
    """
    array = reals("bins", values)
    if count % 2 == 0:
        raise TensorError(f"bins: wanted an odd number of bins, got {count}")
    if np.abs(array).max() > reach:
        raise TensorError(f"bins: a value lies beyond {reach:.4g}")
    share = array / (2 * reach) + 0.5 if reach else np.full(array.shape, 0.5)
    return np.minimum(np.floor(share * count), count - 1).astype(np.int64)
