"""Where an address points: into which array, and at which entries of each of its axes."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.addresses import canonical, resolve
from attnviz.records import LAYER_ARRAYS, MODEL_ARRAYS, AttentionTrace, ModelTrace

Traces = Mapping[str, ModelTrace]
At = int | range
"""One entry of an axis, or several neighbours."""

_ID_AXES = {"ids": ("token",), "target_ids": ("answer",)}

_LIKE_FIRST = frozenset({"product", "add", "exp", "minus_max", "softmax", "masked"})
"""Functions whose result has the axes of their first argument."""


@dataclass(frozen=True)
class Place:
    """Entries of one array of a trace, or of the result of a function.

    Parameters
    ----------
    address
        In its one form.
    root
        The array's own address.
    trace
        The trace that it belongs to; of a function's result, the main one.
    prefix
        How addresses in this trace begin: ``""``, or the trace's name with a point.
    layer
        The layer's number, or None.
    name
        The field's or the function's name.
    arguments
        Of a function, as they are written; None: it is none.
    sizes
        Of the array.
    at
        Which entries of each axis.
    """

    address: str
    root: str
    trace: ModelTrace
    prefix: str
    layer: int | None
    name: str
    arguments: tuple[str, ...] | None
    sizes: tuple[int, ...]
    at: tuple[At, ...]

    @property
    def attention(self) -> AttentionTrace:
        """The layer."""
        assert self.layer is not None
        return self.trace.layers[self.layer]

    def beside(self, name: str, *at: At) -> str:
        """Return the address of entries of another array of the same layer."""
        return self.of_layer(self.layer, name, *at)

    def of_layer(self, layer: int | None, name: str, *at: At) -> str:
        """Return the address of entries of an array of a layer."""
        return entries_of(f"{self.prefix}layers[{layer}].{name}", at)

    def of_trace(self, name: str, *at: At) -> str:
        """Return the address of entries of an array of the trace itself."""
        return entries_of(f"{self.prefix}{name}", at)


def read(address: str, traces: Traces) -> Place:
    """Read an address.

    Parameters
    ----------
    address
        What :func:`attnviz.addresses.resolve` takes.
    traces
        The traces by their prefix; the main one is ``""``.

    Raises
    ------
    AddressError
        If the address is none, or names what is not there.
    """
    address = canonical(address)
    resolve(address, traces)
    node, indices = ast.parse(address, mode="eval").body, list[list[ast.expr]]()
    # The brackets after ``layers`` say which layer, not which entries.
    while isinstance(node, ast.Subscript):
        written = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        indices.insert(0, list(written))
        node = node.value
    root = ast.unparse(node)
    sizes = np.shape(resolve(root, traces))
    at = [range(size) for size in sizes]
    place: list[At] = list(at)
    for group in indices:
        axes = [axis for axis, taken in enumerate(place) if isinstance(taken, range)]
        for axis, index in zip(axes, group, strict=False):
            taken = place[axis]
            assert isinstance(taken, range)
            place[axis] = taken[_index(index)]
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        arguments = tuple(map(ast.unparse, node.args))
        main = traces.get("") or next(iter(traces.values()))
        return Place(address, root, main, "", None, node.func.id, arguments, sizes, tuple(place))
    prefix, layer, name = _named(node, traces)
    trace = traces[prefix.removesuffix(".")]
    return Place(address, root, trace, prefix, layer, name, None, sizes, tuple(place))


def _index(node: ast.expr) -> int | slice:
    if isinstance(node, ast.Slice):
        bounds = (node.lower, node.upper)
        start, stop = (None if b is None else int(ast.literal_eval(b)) for b in bounds)
        return slice(start, stop)
    return int(ast.literal_eval(node))


def _named(node: ast.expr, traces: Traces) -> tuple[str, int | None, str]:
    """Return prefix, layer and name of what stands in a trace; a focus has two names."""
    parts: list[str] = []
    layer: int | None = None
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Subscript):
            assert isinstance(node.slice, ast.Constant)
            layer = int(str(node.slice.value))
            node = node.value
        else:
            assert isinstance(node, ast.Attribute)
            parts.insert(0, node.attr)
            node = node.value
    parts.insert(0, node.id)
    own = {*MODEL_ARRAYS, *_ID_AXES, "layers", "focus"}
    has_prefix = not (parts[0] in own and "" in traces)
    prefix = f"{parts.pop(0)}." if has_prefix else ""
    return prefix, layer, ".".join(parts[1:] if layer is not None else parts)


def entries_of(root: str, at: Sequence[At], sizes: Sequence[int] = ()) -> str:
    """Write the address of some entries of an array.

    Parameters
    ----------
    root
        The array's address.
    at
        Which entries of each axis; axes that are left out are whole.
    sizes
        Of the array; with them, whole axes at the end are not written.
    """
    shown = list(at)
    while shown and len(shown) <= len(sizes) and shown[-1] == range(sizes[len(shown) - 1]):
        shown.pop()
    if not shown:
        return root
    written = (f"{a.start}:{a.stop}" if isinstance(a, range) else str(a) for a in shown)
    return f"{root}[{', '.join(written)}]"


def axis_names(place: Place, traces: Traces) -> tuple[str, ...]:
    """Return what the axes of an array are called; ``""`` where nobody knows.

    Those of a function's result follow from its arguments.
    """
    if place.arguments is None:
        names = LAYER_ARRAYS if place.layer is not None else {**MODEL_ARRAYS, **_ID_AXES}
        return names.get(place.name, ("",) * len(place.sizes))
    arguments = [_kept_axes(argument, traces) for argument in place.arguments]
    found: tuple[str, ...] = ()
    if place.name in _LIKE_FIRST:
        found = arguments[0]
    elif place.name == "scaled":
        found = arguments[1]
    elif place.name == "dot_products":
        found = (arguments[0][0], arguments[1][0])
    elif place.name == "concat":
        found = (arguments[0][1], "")
    elif place.name in ("column", "hidden_shares"):
        found = arguments[0][:1]
    return found if len(found) == len(place.sizes) else ("",) * len(place.sizes)


def _kept_axes(argument: str, traces: Traces) -> tuple[str, ...]:
    """Return the names of the axes that an argument still has."""
    if argument.isdecimal():
        return ()
    place = read(argument, traces)
    names = zip(axis_names(place, traces), place.at, strict=True)
    return tuple(name for name, at in names if isinstance(at, range))


def layer_of(place: Place, traces: Traces) -> AttentionTrace | None:
    """Return the layer whose tokens label a place: its own, or the first argument's that has one.

    Parameters
    ----------
    place
        Where.
    traces
        The traces by their prefix.
    """
    if place.layer is not None:
        return place.attention
    for argument in place.arguments or ():
        if not argument.isdecimal():
            found = layer_of(read(argument, traces), traces)
            if found is not None:
                return found
    return None
