"""What a head mostly does on one sentence."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from attnviz.derived.checks import Values, reals, square
from attnviz.errors import TensorError


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
    return float(np.diagonal(square("previous_token", w, 2), offset=-1).mean())


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
    return float(np.diagonal(square("itself", w, 1)).mean())


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
    return float(square("first_token", w, 2)[1:, 0].mean())


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
    return float(np.diagonal(square("next_token", w, 2), offset=1).mean())


def duplicate_token(w: Values, ids: Values, mask: Values) -> float:
    """Average the weight that a query gives to the other places of its own token.

    Parameters
    ----------
    w
        Weights ``[query, key]`` of a self-attention.
    ids
        ``[token]``, equal where two tokens are.
    mask
        ``[query, key]``, True = may attend.

    Returns
    -------
    float
        The mean of Σ_k w[q, k] over the k ≠ q with ids[k] = ids[q] and mask[q, k], 0 to 1; the
        mean is over the queries q that have such a key, so that a query whose twin comes later
        does not count against a causal head.

    Raises
    ------
    TensorError
        If the shapes do not fit, or no query has such a key.
    """
    weights, twins = square("duplicate_token", w, 1), same_token(ids)
    allowed = np.asarray(mask, dtype=bool)
    if not weights.shape == twins.shape == allowed.shape:
        raise TensorError(
            f"duplicate_token: weights {list(weights.shape)}, mask {list(allowed.shape)} and"
            f" {len(twins)} ids are not of one sentence"
        )
    reached = twins & allowed
    asking = reached.any(axis=1)
    if not asking.any():
        raise TensorError("duplicate_token: no query may attend another place of its token")
    return float(np.where(reached, weights, 0).sum(axis=1)[asking].mean())


def same_token(ids: Values) -> NDArray[np.bool_]:
    """Tell which other places hold the same token.

    Parameters
    ----------
    ids
        ``[token]``, equal where two tokens are.

    Returns
    -------
    ndarray
        ``[query, key]``, True where key ≠ query and ids[key] = ids[query].

    Raises
    ------
    TensorError
        If the ids are no vector.
    """
    places = reals("same_token", ids)
    if places.ndim != 1:
        raise TensorError(f"same_token: wanted ids [token], got shape {list(places.shape)}")
    return np.equal.outer(places, places) & ~np.eye(len(places), dtype=bool)


def strongest_pair(w: Values, pairs: NDArray[np.bool_]) -> tuple[int, int]:
    """Find the query and the key of the largest weight among some cells.

    Parameters
    ----------
    w
        Weights ``[query, key]``.
    pairs
        ``[query, key]``, True where a cell counts.

    Returns
    -------
    tuple of int
        The first argmax of w[q, k] over the cells that count.

    Raises
    ------
    TensorError
        If the shapes differ or no cell counts.
    """
    weights = reals("strongest_pair", w)
    if weights.shape != pairs.shape or weights.ndim != 2 or not pairs.any():
        raise TensorError(
            f"strongest_pair: wanted a cell of weights {list(weights.shape)} to count, got"
            f" {int(pairs.sum())} of {list(pairs.shape)}"
        )
    query, key = np.unravel_index(np.where(pairs, weights, -np.inf).argmax(), weights.shape)
    return int(query), int(key)


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
    measured = {name: HABITS[name](w) for name in HABITS}
    name = max(measured, key=measured.__getitem__)
    return name if measured[name] > HABIT_FLOOR else None


HABITS: Mapping[str, Callable[[Values], float]] = MappingProxyType(
    {function.__name__: function for function in (previous_token, next_token, first_token, itself)}
)
"""The functions that measure what a head does, by name."""

HABIT_FLOOR = 0.5
"""A head has a habit where it gives more than this share to it."""
