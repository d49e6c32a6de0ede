"""Whole numbers: sizes, counts and indices."""

import sys

import numpy as np

from attnviz.derived.checks import Values, whole
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
