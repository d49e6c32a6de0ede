"""Addresses: the text that names a value of a trace, e.g. ``layers[1].weights[2, 6, 3]``.

An address is read with Python's own grammar, then walked through a closed list
of forms; nothing in it is ever executed.

=====================================  ==============================================
``token_embeddings[3, 7]``             an array of the trace, indexed from 0
``layers[1].w_o[0:12, 5]``             a slice of an array of a layer
``layers[1].scale``, ``focus.head``    a number of a layer, of the focus
``ids[3]``                             a token's id
``entropy(layers[1].weights[2, 6])``   a function of :data:`attnviz.derived.DERIVED`
``softmax(layers[1].scores[2, 6])[3]`` an entry of its result
``unmasked.layers[1].weights[2, 6]``   the same in another trace, by its prefix
=====================================  ==============================================
"""

import ast
import inspect
import re
from collections.abc import Iterable, Mapping

import numpy as np

from attnviz.derived import DERIVED, Values
from attnviz.errors import TensorError, UserError, closest, quoted
from attnviz.records import LAYER_ARRAYS, MODEL_ARRAYS, AttentionTrace, Focus, ModelTrace

MAX_CHARACTERS = 4_000
"""The longest address: a sum over the heads of a large layer."""

MAX_DEPTH = 100
"""The deepest nesting of an address; each level is one step of recursion here."""

_LONGEST_QUOTE = 120
_LONGEST_REASON = 500
"""An address may hold thousands of characters, an error line should not."""

_ALPHABET = re.compile(r"[A-Za-z0-9_.,:()\[\] -]*")
_NOT_WHOLE = re.compile(r"(?<![A-Za-z0-9_])[0-9]+[A-Za-z_.]")
"""Numbers that Python would read otherwise than as plain digits: 1.5, 0x1, 1e3, 1_000."""

_TOO_LONG = re.compile(r"[0-9]{19}")
"""More digits than any index of a tensor has."""

_TRACE_NAMES = (*MODEL_ARRAYS, "ids", "target_ids", "layers", "focus")
_LAYER_NAMES = (*LAYER_ARRAYS, "scale")
_FOCUS_NAMES = ("layer", "head", "query")

_Index = int | slice
_Part = Values | ModelTrace | AttentionTrace | Focus | tuple[AttentionTrace, ...]


class AddressError(UserError):
    """An address is not one, or names what the trace does not hold."""


def canonical(address: str) -> str:
    """Write an address in its one form: ``a[1,2]`` becomes ``a[1, 2]``.

    Parameters
    ----------
    address
        An address with any spacing.

    Returns
    -------
    str
        The same address with standard spacing and no needless parentheses.

    Raises
    ------
    AddressError
        If it is none.
    """
    return ast.unparse(_parsed(address))


def resolve(address: str, traces: Mapping[str, ModelTrace]) -> Values:
    """Look up the value that an address names.

    Parameters
    ----------
    address
        What to look up.
    traces
        The traces by their prefix; the main one is ``""``. A prefix that is
        also a part of a trace cannot be reached.

    Returns
    -------
    ndarray, numpy scalar, int or float
        The value. Arrays of a trace are read-only views of it, in its own
        precision; derived values are in double precision.

    Raises
    ------
    AddressError
        If the address is none, or names what is not there.
    """
    tree = _parsed(address)
    try:
        value = _evaluated(tree, traces)
    except (AddressError, TensorError) as error:
        raise _refusal(address, str(error)) from error
    if isinstance(value, ModelTrace | AttentionTrace | Focus | tuple):
        raise _refusal(address, f"it names {_kind(value)}; name a part of it")
    return value


def _refusal(address: str, reason: str) -> AddressError:
    cut = reason if len(reason) <= _LONGEST_REASON else reason[:_LONGEST_REASON] + "…"
    return AddressError(f"address {quoted(address, _LONGEST_QUOTE)}: {cut}")


def _parsed(address: str) -> ast.expr:
    text = " ".join(address.split())
    if not text:
        raise _refusal(address, "it is empty; name a value, e.g. layers[0].weights[0, 1, 2]")
    if len(text) > MAX_CHARACTERS:
        raise _refusal(address, f"it has {len(text):,} characters, at most {MAX_CHARACTERS:,} fit")
    if not _ALPHABET.fullmatch(text):
        wrong = next(character for character in text if not _ALPHABET.fullmatch(character))
        raise _refusal(address, f"{quoted(wrong)} has no place in an address")
    if number := _NOT_WHOLE.search(text):
        raise _refusal(address, f"{number[0]!r} does not begin a whole number; count from 0")
    if _TOO_LONG.search(text):
        raise _refusal(address, "a number in it is larger than any index")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it nests too deep"
        raise _refusal(address, f"it cannot be read ({reason})") from error
    try:
        _refuse_foreign(tree, MAX_DEPTH)
    except AddressError as error:
        raise _refusal(address, str(error)) from error
    return tree


def _refuse_foreign(node: ast.expr, depth: int) -> None:
    """Let through the forms of an address and no other part of Python's grammar."""
    if depth == 0:
        raise AddressError(f"it nests deeper than {MAX_DEPTH} levels")
    match node:
        case ast.Name():
            return
        case ast.Attribute(value=owner):
            _refuse_foreign(owner, depth - 1)
        case ast.Subscript(value=owner):
            _indices(node)
            _refuse_foreign(owner, depth - 1)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in DERIVED:
                raise AddressError(f"there is no function {name!r}{_nearest(name, DERIVED)}")
            for argument in arguments:
                if not _is_whole(argument):
                    _refuse_foreign(argument, depth - 1)
        case _:
            raise AddressError(f"{quoted(ast.unparse(node))} is no part of an address")


def _evaluated(node: ast.expr, traces: Mapping[str, ModelTrace]) -> _Part:
    match node:
        case ast.Name(id=name):
            return _root(name, traces)
        case ast.Attribute(value=owner, attr=name):
            return _member(_evaluated(owner, traces), name)
        case ast.Subscript(value=owner):
            return _entry(_evaluated(owner, traces), _indices(node), ast.unparse(owner))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _called(name, [_argument(argument, traces) for argument in arguments])
        case _:  # pragma: no cover - _refuse_foreign lets no other form through
            raise AssertionError(ast.dump(node))


def _root(name: str, traces: Mapping[str, ModelTrace]) -> _Part:
    if name in _TRACE_NAMES and "" in traces:
        return _member(traces[""], name)
    if name in traces:
        return traces[name]
    if name in DERIVED:
        raise AddressError(f"{name} is a function; give it arguments in parentheses")
    own = _TRACE_NAMES if "" in traces else ()
    raise AddressError(f"there is no {name!r}{_nearest(name, [*own, *traces, *DERIVED])}")


def _member(owner: _Part, name: str) -> _Part:
    match owner:
        case ModelTrace():
            names: Iterable[str] = _TRACE_NAMES
        case AttentionTrace():
            names = _LAYER_NAMES
        case Focus():
            names = _FOCUS_NAMES
        case _:
            raise AddressError(f"{_kind(owner)} has no part {name!r}")
    if name not in names:
        raise AddressError(f"{_kind(owner)} has no part {name!r}{_nearest(name, names)}")
    part: _Part | None = getattr(owner, name)
    if part is None:
        raise AddressError(f"this trace holds no {name}: its source does not know it")
    return np.array(part) if name in ("ids", "target_ids") else part


def _entry(owner: _Part, indices: tuple[_Index, ...], label: str) -> _Part:
    if isinstance(owner, tuple):
        _refuse_outside(indices, (len(owner),), label)
        if not isinstance(indices[0], int):
            raise AddressError(f"{label} takes one number, not a slice")
        return owner[indices[0]]
    if not isinstance(owner, np.ndarray):
        raise AddressError(f"{label} is {_kind(owner)} and has no entries")
    _refuse_outside(indices, owner.shape, label)
    entry: Values = owner[indices]
    return entry


def _refuse_outside(indices: tuple[_Index, ...], shape: tuple[int, ...], label: str) -> None:
    sizes = " × ".join(map(str, shape))
    if len(indices) > len(shape):
        raise AddressError(f"{label} has the sizes {sizes}: {len(indices)} indices are too many")
    for axis, (index, size) in enumerate(zip(indices, shape, strict=False)):
        if isinstance(index, int):
            inside = index < size
        else:
            start, stop = index.start or 0, size if index.stop is None else index.stop
            inside = start < stop <= size
        if not inside:
            shown = index if isinstance(index, int) else f"{index.start or 0}:{index.stop or ''}"
            raise AddressError(f"{label} has the sizes {sizes}: {shown} is outside axis {axis}")


def _called(name: str, arguments: list[Values]) -> Values:
    function = DERIVED[name]
    wanted = tuple(inspect.signature(function).parameters)
    if len(arguments) != len(wanted):
        raise AddressError(f"{name} takes ({', '.join(wanted)}), got {len(arguments)} arguments")
    # An overflow is an infinity in the result, not a warning on the user's screen.
    with np.errstate(over="ignore", invalid="ignore"):
        result: Values = function(*arguments)
    return result


def _argument(node: ast.expr, traces: Mapping[str, ModelTrace]) -> Values:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    value = _evaluated(node, traces)
    if isinstance(value, ModelTrace | AttentionTrace | Focus | tuple):
        raise AddressError(f"{ast.unparse(node)} is {_kind(value)}; a function takes numbers")
    return value


def _indices(node: ast.Subscript) -> tuple[_Index, ...]:
    written = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if not written:
        raise AddressError("brackets without an index")
    return tuple(_index(index) for index in written)


def _index(node: ast.expr) -> _Index:
    match node:
        case ast.Constant(value=int(number)) if _is_whole(node):
            return number
        case ast.Slice(lower=lower, upper=upper, step=None):
            return slice(_bound(lower), _bound(upper))
        case ast.UnaryOp(op=ast.USub()):
            raise AddressError(f"{ast.unparse(node)} is negative; indices count from 0")
        case _:
            raise AddressError(f"{quoted(ast.unparse(node))} is no index; give a whole number")


def _bound(node: ast.expr | None) -> int | None:
    if node is None:
        return None
    number = _index(node)
    if not isinstance(number, int):  # pragma: no cover - the grammar nests no slices
        raise AddressError("a slice within a slice")
    return number


def _is_whole(node: ast.expr) -> bool:
    # True and False are constants and integers too, but no numbers.
    return isinstance(node, ast.Constant) and type(node.value) is int


def _nearest(name: str, names: Iterable[str]) -> str:
    known = [known for known in names if known]
    return closest(name, known) or f"; there are {', '.join(known)}"


def _kind(value: _Part) -> str:
    match value:
        case ModelTrace():
            return "a whole trace"
        case AttentionTrace():
            return "a whole layer"
        case Focus():
            return "the focus"
        case tuple():
            return "the list of layers"
        case np.ndarray():
            return "an array"
        case _:
            return "a number"
