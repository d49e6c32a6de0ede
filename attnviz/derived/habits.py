"""What a head mostly does on one sentence."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from attnviz.derived.checks import Values, square


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
