"""What must hold of the arrays of a record before it is one; errors name layer, head and row."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from attnviz.derived import softmax
from attnviz.errors import TensorError
from attnviz.records.parts import Bools, Floats


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far what a model computed may be from the equations.

    Parameters
    ----------
    total
        How far from 1 a row of weights may add up to.
    step
        How far one step may be, relative to its terms.
    """

    total: float
    step: float


_SINGLE = Tolerance(total=1e-5, step=1e-4)

# Half precision keeps 11 and 8 binary digits; scores and weights are rounded at each step.
TOLERANCES: Mapping[str, Tolerance] = MappingProxyType(
    {
        "float64": _SINGLE,
        "float32": _SINGLE,
        "float16": Tolerance(total=2e-3, step=4e-3),
        "bfloat16": Tolerance(total=2e-2, step=3e-2),
    }
)
"""By the type that the model computed in."""

_ROW_AXES = ("head", "query")


def check_sizes(
    where: str,
    arrays: Mapping[str, NDArray[np.generic] | None],
    axes: Mapping[str, Sequence[str]],
    sizes: Mapping[str, int],
) -> dict[str, int]:
    """Check that every axis of one name has one size.

    Parameters
    ----------
    where
        Whose arrays they are, for the error.
    arrays
        The arrays by name, in the order to read them; None is passed over.
    axes
        The names of each array's axes: ``"head"`` is of that size,
        ``"1 or head"`` of that size or 1, ``"head*d_v"`` of the product. A name that was
        not known takes the size that it meets first.
    sizes
        The sizes that are known beforehand.

    Returns
    -------
    dict
        The size of each name.

    Raises
    ------
    TensorError
        If one name has two sizes.
    """
    known = dict(sizes)
    for name, array in arrays.items():
        if array is None:
            continue
        for axis, found in zip(axes[name], array.shape, strict=True):
            base = axis.removeprefix("1 or ")
            wanted = _wanted_size(base.split("*"), found, known)
            if found != wanted and not (axis != base and found == 1):
                raise TensorError(
                    f"{where}: {name} has shape {list(array.shape)} for the axes"
                    f" {list(axes[name])}, but {axis} is {wanted}"
                )
    return known


def _wanted_size(factors: Sequence[str], found: int, known: dict[str, int]) -> int:
    """Multiply the sizes of an axis; a name that is new takes what is left over."""
    product = math.prod(known.get(factor, 1) for factor in factors)
    for factor in factors:
        if factor not in known:
            known[factor] = max(1, found // product)
            product *= known[factor]
    return product


def check_scores(
    where: str,
    q: Floats,
    k: Floats,
    scale: float,
    bias: Floats | None,
    scores: Floats,
    near: Tolerance = _SINGLE,
) -> None:
    """Check that the scores are q·k·scale + bias.

    Parameters
    ----------
    where
        Whose they are, for the error.
    q, k
        ``[head, query, d_k]`` and ``[head, key, d_k]``.
    scale
        The factor of the products.
    bias
        ``[1 or head, query, key]`` or None.
    scores
        ``[head, query, key]``.
    near
        How far they may be from the equation.

    Raises
    ------
    TensorError
        If a score is another, naming its head and query.
    """
    added = np.zeros(1, q.dtype) if bias is None else bias
    _check_product(where, "scores", scores, (q * scale, k.mT, added), "q·k·scale + bias", near)


def check_weights(
    where: str, scores: Floats, mask: Bools, weights: Floats, near: Tolerance = _SINGLE
) -> None:
    """Check that the weights are the softmax of the scores that the mask leaves.

    Parameters
    ----------
    where
        Whose they are, for the error.
    scores
        ``[head, query, key]``, before the mask.
    mask
        ``[1 or head, query, key]``, True = may attend.
    weights
        ``[head, query, key]``.
    near
        How far they may be from the equation.

    Raises
    ------
    TensorError
        If a row is fully masked, has a masked weight that is not exactly 0,
        a negative one, does not add up to 1, or is not the softmax: its head and query are named.
    """
    masked = np.where(mask, scores, -np.inf)
    empty = np.isneginf(masked).all(axis=-1)
    _refuse_rows(where, empty, lambda row: "every key is masked; leave it at least one")
    leaking = ((weights != 0) & np.isneginf(masked)).any(axis=-1)
    _refuse_rows(where, leaking, lambda row: "a masked key has a weight that is not exactly 0")
    _refuse_rows(where, (weights < 0).any(axis=-1), lambda row: "a weight is negative")
    sums = weights.sum(axis=-1, dtype=np.float64)
    _refuse_rows(
        where,
        np.abs(sums - 1) > near.total,
        lambda row: f"the weights add up to {sums[row]:.6f}, not 1",
    )
    wanted = softmax(masked)
    terms = np.ones_like(wanted)
    _check_close(where, "weights", weights, wanted, terms, "softmax(scores, mask)", near)


def check_heads(
    where: str, weights: Floats, v: Floats, heads: Floats, near: Tolerance = _SINGLE
) -> None:
    """Check that the heads are the weights times the values.

    Parameters
    ----------
    where
        Whose they are, for the error.
    weights, v, heads
        ``[head, query, key]``, ``[head, key, d_v]`` and ``[head, query, d_v]``.
    near
        How far they may be from the equation.

    Raises
    ------
    TensorError
        If a row is another, naming its head and query.
    """
    _check_product(where, "heads", heads, (weights, v, np.zeros(1, v.dtype)), "weights @ v", near)


def check_output(
    where: str,
    heads: Floats,
    w_o: Floats,
    b_o: Floats | None,
    output: Floats,
    near: Tolerance = _SINGLE,
) -> None:
    """Check that the output is the heads side by side times W_O.

    Parameters
    ----------
    where
        Whose it is, for the error.
    heads, w_o, b_o, output
        ``[head, query, d_v]``, ``[head*d_v, d_out]``, ``[d_out]`` or None and
        ``[query, d_out]``.
    near
        How far they may be from the equation.

    Raises
    ------
    TensorError
        If a row is another, naming its query.
    """
    merged = heads.transpose(1, 0, 2).reshape(heads.shape[1], -1)
    added = np.zeros(1, heads.dtype) if b_o is None else b_o
    _check_product(where, "output", output, (merged, w_o, added), "concat(heads) @ w_o + b_o", near)


def _check_product(
    where: str,
    name: str,
    found: Floats,
    parts: tuple[Floats, Floats, Floats],
    formula: str,
    near: Tolerance,
) -> None:
    """Compare a recorded step with a product of two matrices and what is added to it."""
    left, right, added = parts
    quick = left @ right + added
    # No product is larger than the sum of its terms' sizes: what is near even to it is near enough.
    if _is_close(found, quick, np.abs(quick), near).all():
        return
    wide_left, wide_right = left.astype(np.float64), right.astype(np.float64)
    wanted = wide_left @ wide_right + added
    terms = np.abs(wide_left) @ np.abs(wide_right) + np.abs(np.where(np.isinf(added), 0, added))
    _check_close(where, name, found, wanted, terms, formula, near)


def _is_close(found: Floats, wanted: Floats, terms: Floats, near: Tolerance) -> Bools:
    """Tell which numbers are as near as the size of their terms lets them be, or both −∞."""
    with np.errstate(invalid="ignore"):
        close = np.abs(found - wanted) <= near.step * np.maximum(1, terms)
    finite = np.isfinite(found) & np.isfinite(wanted)
    result: Bools = (close & finite) | (np.isneginf(found) & np.isneginf(wanted))
    return result


def _check_close(
    where: str,
    name: str,
    found: Floats,
    wanted: Floats,
    terms: Floats,
    formula: str,
    near: Tolerance,
) -> None:
    """Compare a recorded step with the equation, relative to the size of its terms."""
    far = ~_is_close(found, wanted, terms, near)

    def describe(row: tuple[int, ...]) -> str:
        column = int(np.flatnonzero(far[row])[0])
        return (
            f"{name} {[*row, column]} is {found[row][column]:.6g},"
            f" but {formula} is {wanted[row][column]:.6g}"
        )

    _refuse_rows(where, far.any(axis=-1), describe)


def _refuse_rows(
    where: str, bad: Bools | np.bool_, describe: Callable[[tuple[int, ...]], str]
) -> None:
    """Raise for the first bad row, ``[head, query]`` or ``[query]``."""
    if bad.any():
        row = tuple(np.argwhere(bad)[0].tolist())
        place = ", ".join(
            f"{axis} {i}" for axis, i in zip(_ROW_AXES[-len(row) :], row, strict=True)
        )
        raise TensorError(f"{where}, {place}: {describe(row)}")
