"""What the result of a function was computed from: its arguments, or only some entries of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType

from attnviz.derived import DERIVED
from attnviz.studio.derivations import Derivation, derived_from
from attnviz.studio.places import At, Place, Traces, entries_of, read


def of_function(place: Place, traces: Traces) -> Derivation:
    """Return what a function was given: where it goes entry by entry, only those entries."""
    function = DERIVED[place.name]
    summary = (inspect.getdoc(function) or place.name).splitlines()[0]
    names = inspect.signature(function).parameters
    # A plain number in a call, an axis for instance, stands in no tensor.
    given = [
        (label, read(argument, traces))
        for label, argument in zip(names, place.arguments or (), strict=True)
        if not argument.isdecimal()
    ]
    taken = _ENTRIES[place.name](place, [a for _, a in given]) if place.name in _ENTRIES else None
    parents = [
        (_entry_of(argument, at), label)
        for (label, argument), at in zip(given, taken or [()] * len(given), strict=True)
    ]
    return derived_from(summary, *parents)


def _entry_of(argument: Place, taken: tuple[At, ...]) -> str:
    """Return the address of entries of an argument, which may itself be a part of an array."""
    free = iter(taken)
    at = [next(free, place) if isinstance(place, range) else place for place in argument.at]
    shifted = [
        _within(place, new) if isinstance(place, range) else new
        for place, new in zip(argument.at, at, strict=True)
    ]
    return entries_of(argument.root, shifted, argument.sizes)


def _within(place: range, new: At) -> At:
    """Return entries that are counted from where a slice begins."""
    if new is place:
        return place
    if isinstance(new, int):
        return place[new]
    return place[new.start : new.stop]


Taken = Callable[[Place, list[Place]], list[tuple[At, ...]]]


def _same(result: Place, arguments: list[Place]) -> list[tuple[At, ...]]:
    """Entry by entry; an argument that is one number goes with all."""
    return [result.at if any(isinstance(a, range) for a in one.at) else () for one in arguments]


def _along_rows(result: Place, _arguments: list[Place]) -> list[tuple[At, ...]]:
    """Row by row: an entry comes from all of its row."""
    return [result.at[:-1]]


def _concat(result: Place, arguments: list[Place]) -> list[tuple[At, ...]]:
    """Find the head that a column of all heads' outputs belongs to."""
    query, column = result.at
    if not isinstance(column, int):
        return [(range(arguments[0].sizes[0]), query)]
    width = arguments[0].sizes[2]
    return [(column // width, query, column % width)]


def _column(result: Place, _arguments: list[Place]) -> list[tuple[At, ...]]:
    assert result.arguments is not None
    return [(*result.at, int(result.arguments[1]))]


_ENTRIES: Mapping[str, Taken] = MappingProxyType(
    {
        "product": _same,
        "add": _same,
        "exp": _same,
        "masked": _same,
        "softmax": _along_rows,
        "minus_max": _along_rows,
        "scaled": lambda result, _: [result.at[:1], result.at],
        "dot_products": lambda result, _: [result.at[:1], result.at[1:]],
        "hidden_shares": lambda result, _: [result.at, result.at],
        "concat": _concat,
        "column": _column,
    }
)
"""For functions that give arrays: which entries of each argument made those of the result."""
