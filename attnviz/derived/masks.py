"""What a mask hides and what it leaves."""

import numpy as np

from attnviz.derived.checks import Reals, Values, reals
from attnviz.errors import TensorError


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
    values = reals("masked", scores)
    if allowed.dtype != np.bool_ or allowed.shape != values.shape:
        raise TensorError(
            f"masked: wanted a mask of booleans of shape {list(values.shape)},"
            f" got {allowed.dtype} of shape {list(allowed.shape)}"
        )
    return np.where(allowed, values, -np.inf)


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
    lost: Reals = np.where(hidden, reals("hidden_shares", weights), 0.0).sum(axis=1)
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
