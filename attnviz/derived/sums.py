"""Arithmetic on numbers and arrays: sums, products, extremes."""

import numpy as np

from attnviz.derived.checks import (
    Reals,
    Values,
    known,
    reals,
    two_alike,
    two_vectors,
    vector,
    whole,
)
from attnviz.errors import TensorError


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
    return float(reals("total", array).sum())


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
    return float(np.dot(*two_vectors("dot", a, b)))


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
    left, right = two_vectors("running_dot", a, b)
    steps = whole("running_dot", "n", n, left.size)
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
    left, right = two_alike("product", a, b)
    with np.errstate(invalid="ignore"):
        return known("product", np.asarray(left * right))


def scaled(weights: Values, rows: Values) -> Reals:
    """Multiply each row by a weight of its own.

    Parameters
    ----------
    weights
        ``[n]``, one number a row.
    rows
        ``[n, d]``.

    Returns
    -------
    NDArray[float64]
        ``[n, d]``: weights[i] · rows[i].

    Raises
    ------
    TensorError
        If there is not one weight a row.
    """
    factors, array = vector("scaled", weights), reals("scaled", rows)
    if array.ndim != 2 or len(array) != len(factors):
        raise TensorError(
            f"scaled: wanted rows [n, d] for {len(factors)} weights, got shape {list(array.shape)}"
        )
    return known("scaled", factors[:, np.newaxis] * array)


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
    left, right = two_alike("add", a, b)
    with np.errstate(invalid="ignore"):
        return known("add", np.asarray(left + right))


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
    return float(reals("least", array).min())


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
    return float(reals("greatest", array).max())


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
    return float(np.abs(reals("extent", array)).max())
