"""The tensor inspector: what stands at an address, what it was computed from, and around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from attnviz.addresses import resolve
from attnviz.records import AttentionTrace
from attnviz.studio.derivations import Derivation
from attnviz.studio.of_functions import of_function
from attnviz.studio.of_layers import of_layer
from attnviz.studio.of_traces import of_trace
from attnviz.studio.places import (
    At,
    Place,
    Traces,
    axis_names,
    entries_of,
    layer_of,
    read,
)

MOST = 64
"""Rows and columns of a table, and numbers of a row, at most: those around the value."""


def inspect(address: str, traces: Traces) -> dict[str, Any]:
    """Say what stands at an address.

    Parameters
    ----------
    address
        What was pointed at.
    traces
        The film's traces by their prefix; the main one is ``""``.

    Returns
    -------
    dict
        For JSON: ``address``, ``value`` (exact; None for an array), ``shape``, ``formula`` and
        ``from`` (what it was computed from), ``row`` (where it stands, with its sum) and ``table``
        (the tensor around it). Of what is larger than 64, the part around the value is there;
        ``first`` and ``length`` say which of how many, and ``cut`` is true.

    Raises
    ------
    AddressError
        If the address is none, or names what is not there.
    """
    place = read(address, traces)
    value = np.asarray(resolve(address, traces))
    made = _made(place, traces)
    return {
        "address": place.address,
        "value": None if value.ndim else plain(value),
        "shape": list(value.shape),
        "formula": made.formula,
        "from": [_described(one.address, one.label, traces) for one in made.parents],
        "row": _row(place, traces),
        "table": _table(place, traces),
    }


def _made(place: Place, traces: Traces) -> Derivation:
    """Return how a value was computed."""
    if place.arguments is not None:
        return of_function(place, traces)
    return of_trace(place, traces) if place.layer is None else of_layer(place, traces)


def plain(value: np.ndarray | np.generic | float) -> float | int | bool | str:
    """Return a number as JSON can say it, exactly; infinities and NaN are texts."""
    number = np.asarray(value).item()
    if isinstance(number, float) and not math.isfinite(number):
        return str(number)
    exact: float | int | bool = number
    return exact


def _described(address: str, label: str, traces: Traces) -> dict[str, Any]:
    """Return a parent with its value, or its shape where it is an array."""
    value = np.asarray(resolve(address, traces))
    said: dict[str, Any] = {"address": address, "label": label}
    return said | ({"shape": list(value.shape)} if value.ndim else {"value": plain(value)})


def _row(place: Place, traces: Traces) -> dict[str, Any] | None:
    """Return all entries along the last axis where the value stands."""
    if not place.sizes or any(isinstance(at, range) for at in place.at[:-1]):
        return None
    address = entries_of(place.root, place.at[:-1])
    values = np.asarray(resolve(address, traces))
    shown = _around(place.at[-1], len(values))
    labels = _labels(place, -1, traces)
    with np.errstate(invalid="ignore"):
        total = values.sum(dtype=np.int64 if values.dtype.kind in "bi" else np.float64)
    return {
        "address": address,
        "labels": [labels[i] for i in shown],
        "values": [plain(values[i]) for i in shown],
        "sum": plain(total),
        "first": shown.start,
        "length": len(values),
        "cut": len(shown) < len(values),
    }


def _table(place: Place, traces: Traces) -> dict[str, Any] | None:
    """Return the matrix in which the value stands: its last two axes; a vector is one row."""
    if not place.sizes or any(isinstance(at, range) for at in place.at[:-2]):
        return None
    address = entries_of(place.root, place.at[:-2])
    values = np.asarray(resolve(address, traces))
    matrix = np.atleast_2d(values)
    at: Sequence[At] = (0, *place.at)[-2:]
    rows, columns = (_around(a, size) for a, size in zip(at, matrix.shape, strict=True))
    row_labels = _labels(place, -2, traces) if values.ndim > 1 else [""]
    column_labels = _labels(place, -1, traces)
    return {
        "address": address,
        "row_labels": [row_labels[i] for i in rows],
        "column_labels": [column_labels[i] for i in columns],
        "values": [[plain(matrix[i, j]) for j in columns] for i in rows],
        "first": [rows.start, columns.start],
        "length": list(matrix.shape),
        "cut": len(rows) < matrix.shape[0] or len(columns) < matrix.shape[1],
    }


def _around(at: At, size: int) -> range:
    """Return as many entries as are shown, the value's own near their middle."""
    middle = at if isinstance(at, int) else at.start
    first = max(0, min(middle - MOST // 2, size - MOST))
    return range(first, min(first + MOST, size))


def _labels(place: Place, axis: int, traces: Traces) -> list[str]:
    """Return what the entries of an axis are called: words, or their numbers."""
    size, name = place.sizes[axis], axis_names(place, traces)[axis]
    words = _words(name, place, layer_of(place, traces))
    if words is not None and len(words) == size:
        return list(words)
    kind = name if name in ("head", "state") else ""
    return [f"{kind} {i}".strip() for i in range(size)]


def _words(name: str, place: Place, layer: AttentionTrace | None) -> Sequence[str] | None:
    """Return the words along an axis, where it is one of tokens."""
    if name == "query":
        return layer.query_tokens if layer else None
    if name == "key":
        return layer.key_tokens if layer else None
    if name == "token":
        return place.trace.tokens
    if name == "answer":
        return place.trace.target_tokens or place.trace.tokens
    return None
