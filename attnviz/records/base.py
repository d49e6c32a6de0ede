"""What every record is: frozen, its arrays read-only, whole again after a copy."""

from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import Any

import attnviz.records.parts as parts

_MAY_MASK = frozenset({"bias", "scores"})
"""Arrays in which −∞ may stand: a bias may mask."""


class Record:
    """A frozen dataclass of arrays."""

    def __reduce__(self) -> tuple[Any, ...]:
        # numpy forgets the read-only flag in copies between processes; building
        # the record anew restores it, and checks what came.
        values = {name: getattr(self, name) for name in field_names(type(self))}
        return partial(type(self), **values), ()


def field_names(record: type[Any]) -> tuple[str, ...]:
    """Return the names of a record's fields."""
    return tuple(field.name for field in fields(record))


def put(record: object, name: str, value: object) -> None:
    """Set a field while a record is built."""
    # A frozen dataclass can only be normalised past its own lock.
    object.__setattr__(record, name, value)


def freeze(
    record: object, where: str, axes: Mapping[str, tuple[str, ...]], optional: frozenset[str]
) -> None:
    """Check a record's arrays one by one, and replace them by copies that nothing can write to.

    Parameters
    ----------
    record, where
        The record, and what errors call it.
    axes
        The names of each array's axes.
    optional
        Those that may be None.

    Raises
    ------
    TensorError
        If an array is missing or no such array.
    """
    for name, names in axes.items():
        array = getattr(record, name)
        if array is None and name in optional:
            continue
        what = f"{where}, {name}"
        if name == "mask":
            put(record, name, parts.frozen_bools(what, array, names))
        else:
            may_mask = name in _MAY_MASK
            put(record, name, parts.frozen_floats(what, array, names, minus_infinity=may_mask))
