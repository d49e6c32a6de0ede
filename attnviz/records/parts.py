"""The parts of a record: values taken in, checked one by one, and frozen."""

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import TensorError, quoted

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]

_LARGEST = np.iinfo(np.int64).max
"""The largest id or index: what an integer tensor can hold."""


def frozen_floats(
    where: str, array: object, axes: Sequence[str], *, minus_infinity: bool
) -> Floats:
    """Copy an array of real numbers to one that nothing can write to.

    Parameters
    ----------
    where
        What the array is, for the error.
    array
        A numpy array; half precision is widened to float32.
    axes
        The names of its axes.
    minus_infinity
        Whether −∞ may stand in it.

    Returns
    -------
    NDArray[float32] or NDArray[float64]
        A contiguous read-only copy.

    Raises
    ------
    TensorError
        If it is no such array, empty, or holds NaN or a wrong infinity.
    """
    found = _checked_array(where, array, axes)
    if found.dtype == np.float16:
        found = found.astype(np.float32)
    if found.dtype not in (np.float32, np.float64):
        raise TensorError(f"{where}: wanted float32 or float64, got {found.dtype}")
    # A sum is finite where every term is; only where it is not are the terms looked at.
    if not np.isfinite(found.sum(dtype=np.float64)):
        _refuse_what_is_no_number(where, found, axes, minus_infinity=minus_infinity)
    return _frozen(found)


def _refuse_what_is_no_number(
    where: str, found: Floats, axes: Sequence[str], *, minus_infinity: bool
) -> None:
    wrong = np.isnan(found) | (found == math.inf)
    if not minus_infinity:
        wrong |= np.isinf(found)
    if wrong.any():
        index = tuple(np.argwhere(wrong)[0].tolist())
        place = ", ".join(f"{axis} {i}" for axis, i in zip(axes, index, strict=True))
        raise TensorError(f"{where} holds {found[index]} at {place}: the model's run is broken")


def frozen_bools(where: str, array: object, axes: Sequence[str]) -> Bools:
    """Copy a mask to one that nothing can write to.

    Parameters
    ----------
    where
        What the mask is, for the error.
    array
        A numpy array of booleans.
    axes
        The names of its axes.

    Returns
    -------
    NDArray[bool]
        A contiguous read-only copy.

    Raises
    ------
    TensorError
        If it is no such array, or empty.
    """
    found = _checked_array(where, array, axes)
    if found.dtype != np.bool_:
        raise TensorError(f"{where}: wanted booleans, True = may attend, got {found.dtype}")
    return _frozen(found)


def texts(where: str, value: object, *, at_least: int = 0) -> tuple[str, ...]:
    """Take in a list of texts, such as the tokens of one side of an attention.

    Parameters
    ----------
    where
        What they are, for the error.
    value
        A list or tuple of texts.
    at_least
        How many there must be.

    Returns
    -------
    tuple of str
        The texts.

    Raises
    ------
    TensorError
        If the value is no such list.
    """
    if not isinstance(value, tuple | list) or len(value) < at_least:
        raise TensorError(
            f"{where}: wanted a list of {at_least} or more texts, got {_short(value)}"
        )
    return tuple(text(f"{where}[{i}]", item) for i, item in enumerate(value))


def ids(where: str, value: object, n: int) -> tuple[int, ...]:
    """Take in the ids of tokens.

    Parameters
    ----------
    where
        Whose they are, for the error.
    value
        A list or tuple of whole numbers.
    n
        The number of tokens.

    Returns
    -------
    tuple of int
        The ids.

    Raises
    ------
    TensorError
        If the value is no such list of `n` numbers.
    """
    if not isinstance(value, tuple | list) or len(value) != n:
        raise TensorError(f"{where}: wanted one id for each of {n} tokens, got {_short(value)}")
    return tuple(count(where, number) for number in value)


def positions(where: str, value: object, n: int) -> tuple[int, ...]:
    """Take in positions of some tokens.

    Parameters
    ----------
    where
        Which tokens they are, for the error.
    value
        A list or tuple of whole numbers, in rising order.
    n
        The number of tokens.

    Returns
    -------
    tuple of int
        The positions.

    Raises
    ------
    TensorError
        If the value is no such list, or a position is not one of the `n`.
    """
    if not isinstance(value, tuple | list):
        raise TensorError(f"{where}: wanted a list of positions, got {_short(value)}")
    found = tuple(count(where, number) for number in value)
    if list(found) != sorted(set(found)) or any(place >= n for place in found):
        raise TensorError(f"{where}: wanted rising positions below {n}, got {_short(value)}")
    return found


def text(where: str, value: object) -> str:
    """Take in a text.

    Parameters
    ----------
    where
        What the text is, for the error.
    value
        Any text, the empty one included.

    Returns
    -------
    str
        The text.

    Raises
    ------
    TensorError
        If the value is not text.
    """
    if not isinstance(value, str):
        raise TensorError(f"{where}: wanted text, got {_short(value)}")
    return value


def finite(where: str, value: object) -> float:
    """Take in a number.

    Parameters
    ----------
    where
        What the number is, for the error.
    value
        A finite number of Python or numpy.

    Returns
    -------
    float
        The number.

    Raises
    ------
    TensorError
        If the value is not a finite number.
    """
    is_number = isinstance(value, int | float | np.floating | np.integer)
    number: Any = value
    # Compared before it is converted: a whole number may be too large for a float.
    if not is_number or isinstance(value, bool) or not abs(number) <= sys.float_info.max:
        raise TensorError(f"{where}: wanted a finite number, got {_short(value)}")
    return float(number)


def count(where: str, value: object) -> int:
    """Take in an index or an id.

    Parameters
    ----------
    where
        What the number is, for the error.
    value
        A whole number of Python or numpy, 0 or more.

    Returns
    -------
    int
        The number.

    Raises
    ------
    TensorError
        If the value is not such a number, or beyond an integer tensor's range.
    """
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    number: Any = value
    if not is_whole or not 0 <= number <= _LARGEST:
        raise TensorError(
            f"{where}: wanted a whole number from 0 to {_LARGEST}, got {_short(value)}"
        )
    return int(number)


def _short(value: object) -> str:
    return quoted(f"{type(value).__name__} {value!r}")


def _checked_array(where: str, array: object, axes: Sequence[str]) -> NDArray[Any]:
    if not isinstance(array, np.ndarray):
        raise TensorError(f"{where}: wanted a numpy array, got {type(array).__name__}")
    if array.ndim != len(axes) or array.size == 0:
        raise TensorError(
            f"{where}: wanted the axes [{', '.join(axes)}], none of them empty,"
            f" got shape {list(array.shape)}"
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    # An array over bytes stays read-only: its flag cannot be set back.
    return np.frombuffer(array.tobytes(order="C"), dtype=array.dtype).reshape(array.shape)
