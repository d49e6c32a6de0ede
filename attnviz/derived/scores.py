"""Scores before they are scaled, and what scales them."""

import math

import numpy as np

from attnviz.derived.checks import Reals, Values, known, reals
from attnviz.errors import TensorError

_SCALE_TOLERANCE = 1e-6


def dot_products(queries: Values, keys: Values) -> Reals:
    """Multiply every query with every key: Q Kᵀ (Vaswani et al. 2017, section 3.2.1).

    Parameters
    ----------
    queries, keys
        ``[query, d_k]`` and ``[key, d_k]``, of one width.

    Returns
    -------
    ndarray
        ``[query, key]``, the scores before they are scaled.

    Raises
    ------
    TensorError
        If they are not two matrices of one width.
    """
    left, right = reals("dot_products", queries), reals("dot_products", keys)
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[1]:
        raise TensorError(
            "dot_products: wanted queries [query, d_k] and keys [key, d_k] of one width,"
            f" got shapes {list(left.shape)} and {list(right.shape)}"
        )
    with np.errstate(invalid="ignore"):
        return known("dot_products", left @ right.T)


def root_scales(scale: Values, width: Values) -> bool:
    """Tell whether a layer's scale is the 1/√d_k of Vaswani et al. 2017, to six digits.

    Parameters
    ----------
    scale
        The factor of the layer's dot products.
    width
        d_k.

    Returns
    -------
    bool
        False where a model scales otherwise, or not at all.
    """
    return math.isclose(float(scale) * root(width), 1.0, rel_tol=_SCALE_TOLERANCE)


def root(number: Values) -> float:
    """Take the square root.

    Parameters
    ----------
    number
        A number of at least 0.

    Returns
    -------
    float
        √number.

    Raises
    ------
    TensorError
        If it is negative or an array.
    """
    value = reals("root", number)
    if value.ndim or value < 0:
        raise TensorError("root: wanted one number of at least 0")
    return math.sqrt(float(value))
