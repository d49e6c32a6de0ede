"""Where the word order of two sentences turns."""

import numpy as np

from attnviz.derived.checks import Values, reals
from attnviz.errors import TensorError


def turning(weights: Values) -> int | None:
    """Find the query after which the strongest link leads back to an earlier key.

    Parameters
    ----------
    weights
        ``[query, key]``, finite.

    Returns
    -------
    int or None
        The query q whose strongest key lies behind that of q + 1; of several, the one where the
        weaker of both links is strongest. None where no query's strongest key lies before that of
        the query before it: then no two strongest links cross.

    Raises
    ------
    TensorError
        If the weights are no matrix.
    """
    rows = reals("turning", weights)
    if rows.ndim != 2:
        raise TensorError(f"turning: wanted weights [query, key], got {rows.ndim} axes")
    keys, strongest = rows.argmax(axis=1), rows.max(axis=1)
    turns = np.flatnonzero(keys[1:] < keys[:-1])
    if not turns.size:
        return None
    weaker = np.minimum(strongest[turns], strongest[turns + 1])
    return int(turns[weaker.argmax()])
