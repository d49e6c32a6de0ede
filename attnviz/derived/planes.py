"""The plane that shows most of some vectors: their first two principal components."""

import numpy as np

from attnviz.derived.checks import Reals, Values, reals
from attnviz.errors import TensorError

_AXES = 2


def stacked(a: Values, b: Values) -> Reals:
    """Put rows on top of rows, so that a plane can be laid through all of them.

    Parameters
    ----------
    a, b
        Rows ``[n, d]``, or one vector ``[d]``, of one width.

    Returns
    -------
    NDArray[float64]
        ``[n_a + n_b, d]``, those of `a` first.

    Raises
    ------
    TensorError
        If they are no rows of one width.
    """
    upper, lower = (_rows("stacked", part) for part in (a, b))
    if upper.shape[1] != lower.shape[1]:
        raise TensorError(
            f"stacked: rows of {upper.shape[1]} entries and of {lower.shape[1]} do not fit"
        )
    return np.concatenate([upper, lower])


def plane_coordinates(rows: Values) -> Reals:
    """Project vectors on their first two principal components.

    Pearson, "On lines and planes of closest fit to systems of points in space", 1901. The
    mean of the rows is the origin. A component's sign is free: here its entry of largest
    magnitude is positive (of equals, the first), so that one input gives one picture.

    Parameters
    ----------
    rows
        Vectors ``[n, d]``, not all alike.

    Returns
    -------
    NDArray[float64]
        ``[n, 2]``; a component that the rows do not have is 0.

    Raises
    ------
    TensorError
        If they are no rows of finite numbers, or all alike.
    """
    centred, components = _principal("plane_coordinates", rows)
    found = components[:_AXES]
    largest = np.abs(found).argmax(axis=1)
    signs = np.where(found[np.arange(len(found)), largest] < 0, -1.0, 1.0)
    places = np.zeros((len(centred), _AXES))
    places[:, : len(found)] = centred @ (signs[:, np.newaxis] * found).T
    return places


def plane_share(rows: Values) -> float:
    """Measure what share of their variance some vectors keep in their plane.

    Parameters
    ----------
    rows
        Vectors ``[n, d]``, not all alike.

    Returns
    -------
    float
        The variance along the first two principal components over that along all, 0 to 1.

    Raises
    ------
    TensorError
        If they are no rows of finite numbers, or all alike.
    """
    centred, _ = _principal("plane_share", rows)
    kept = np.square(plane_coordinates(rows)).sum() / np.square(centred).sum()
    # Rounding may leave the quotient a hair above.
    return min(1.0, float(kept))


def _principal(function: str, rows: Values) -> tuple[Reals, Reals]:
    """Return the rows about their mean, and their principal components, the largest first."""
    array = _rows(function, rows)
    centred = array - array.mean(axis=0)
    if not centred.any():
        raise TensorError(f"{function}: all rows are alike, they span no plane")
    return centred, np.linalg.svd(centred, full_matrices=False)[2]


def _rows(function: str, values: Values) -> Reals:
    array = np.atleast_2d(reals(function, values))
    if array.ndim != _AXES or np.ndim(values) == 0 or not np.isfinite(array).all():
        raise TensorError(
            f"{function}: wanted rows [n, d] of finite numbers, got shape {list(np.shape(values))}"
        )
    return array
