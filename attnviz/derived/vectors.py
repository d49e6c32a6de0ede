"""Lengths, distances and angles of vectors."""

import math
from itertools import combinations

import numpy as np

from attnviz.derived.checks import Reals, Values, reals, two_vectors, vector, whole
from attnviz.errors import TensorError


def column(matrix: Values, index: Values) -> Reals:
    """Take one column of a matrix: m[:, index].

    Parameters
    ----------
    matrix
        Real numbers ``[row, column]``.
    index
        The column, counted from 0.

    Returns
    -------
    NDArray[float64]
        ``[row]``.

    Raises
    ------
    TensorError
        If it is no matrix, or has no such column.
    """
    rows = reals("column", matrix)
    if rows.ndim != 2:
        raise TensorError(f"column: wanted a matrix [row, column], got {rows.ndim} axes")
    return np.asarray(rows[:, whole("column", "index", index, rows.shape[1] - 1)])


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
    return float(np.linalg.norm(vector("norm", v)))


def distance(a: Values, b: Values) -> float:
    """Measure how far apart two vectors end: |a − b|.

    Parameters
    ----------
    a, b
        Vectors ``[d]`` of one width.

    Returns
    -------
    float
        Their Euclidean distance.

    Raises
    ------
    TensorError
        If they are not two vectors of one width.
    """
    left, right = two_vectors("distance", a, b)
    return float(np.linalg.norm(left - right))


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
    left, right = two_vectors("cosine", a, b)
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
    left, right = two_vectors("angle", a, b)
    lengths = float(np.linalg.norm(left)), float(np.linalg.norm(right))
    if 0 in lengths:
        raise TensorError("angle: a vector of zeros has no direction")
    left, right = left / lengths[0], right / lengths[1]
    # Kahan's form: the arc cosine loses half of its digits near 0° and 180°.
    return math.degrees(
        2 * math.atan2(float(np.linalg.norm(left - right)), float(np.linalg.norm(left + right)))
    )


def concat(heads: Values) -> Reals:
    """Put the outputs of all heads side by side (Vaswani et al. 2017, section 3.2.2).

    Parameters
    ----------
    heads
        Outputs ``[head, query, d_v]``.

    Returns
    -------
    NDArray[float64]
        ``[query, head*d_v]``, head 0 at the left.

    Raises
    ------
    TensorError
        If the array has not three axes.
    """
    outputs = reals("concat", heads)
    if outputs.ndim != 3:
        raise TensorError(f"concat: wanted [head, query, d_v], got {outputs.ndim} axes")
    return np.concatenate(list(outputs), axis=1)


def nearest_pair(rows: Values) -> tuple[int, int]:
    """Find the two vectors that point most alike; of equals, the first.

    Parameters
    ----------
    rows
        Vectors ``[n, d]``, at least two, none all zero.

    Returns
    -------
    tuple of int
        Their indices, counted from 0, the smaller one first.

    Raises
    ------
    TensorError
        If there are not two vectors, or one has no direction.
    """
    vectors = reals("nearest_pair", rows)
    if vectors.ndim != 2 or len(vectors) < 2:
        raise TensorError(
            f"nearest_pair: wanted at least two rows [n, d], got shape {list(vectors.shape)}"
        )
    pairs = combinations(range(len(vectors)), 2)
    return max(pairs, key=lambda pair: cosine(vectors[pair[0]], vectors[pair[1]]))


def repeated_pair(ids: Values) -> tuple[int, int] | None:
    """Find the first two places of one token.

    Parameters
    ----------
    ids
        ``[token]``, one number a token.

    Returns
    -------
    tuple of int, or None
        Their indices, counted from 0; None where every token occurs once.

    Raises
    ------
    TensorError
        If it is not a row of numbers.
    """
    row = vector("repeated_pair", ids)
    pairs = combinations(range(len(row)), 2)
    return next((pair for pair in pairs if row[pair[0]] == row[pair[1]]), None)
