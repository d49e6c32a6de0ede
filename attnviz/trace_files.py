"""A ModelTrace as one safetensors file: arrays, and everything else as JSON metadata."""

import hashlib
import json
import uuid
from contextlib import suppress
from dataclasses import asdict, fields
from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from attnviz.errors import AttnvizError, UserError, quoted
from attnviz.records import LAYER_ARRAYS, MODEL_ARRAYS, AttentionTrace, Focus, ModelTrace

_KEY = "attnviz"
"""The one entry of the file's metadata; one, for safetensors does not keep an order."""

_FORMAT = "attnviz trace"
_VERSION = 1
_WANTED = "wanted a trace that `python render.py trace -o FILE` wrote"

_LONGEST_PATH = 400
"""Characters of a path that an error repeats."""

_FOREIGN = (
    (b"PK\x03\x04", "a zip archive, as PyTorch's .pt and numpy's .npz are"),
    (b"\x80", "a Python pickle"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x93NUMPY", "a numpy .npy array"),
    (b"\x89HDF", "an HDF5 file"),
)
"""How files that are often mistaken for a trace begin; nothing opens them."""

_HEADER_START = slice(8, 9)
"""Where a safetensors file's JSON header begins, after 8 bytes of its length."""

_TYPES = ("F32", "F64", "BOOL")
"""The types of array that a trace holds, as safetensors calls them."""

_LAYER_FIELDS = tuple(f.name for f in fields(AttentionTrace) if f.name not in LAYER_ARRAYS)
_MODEL_FIELDS = tuple(f.name for f in fields(ModelTrace) if f.name not in MODEL_ARRAYS)
_FOCUS_FIELDS = tuple(f.name for f in fields(Focus))

_LATER = frozenset({"precision", "special", "target_special"})
"""Fields that files of before them lack: their defaults are what held then."""


class TraceFileError(UserError):
    """A file is not a trace that can be read, or cannot be written."""


def write(trace: ModelTrace, path: str | PathLike[str]) -> None:
    """Write a trace to one safetensors file, whole or not at all.

    The same trace gives the same bytes.

    Parameters
    ----------
    trace
        What to write.
    path
        The file; one that is there is replaced.

    Raises
    ------
    TraceFileError
        If the file cannot be written.
    """
    target = Path(path)
    content = _content(trace)
    # Beside the target, for only a rename within one file system is atomic.
    part = target.parent / f".attnviz-{uuid.uuid4().hex}.part"
    try:
        part.write_bytes(content)
        part.replace(target)
    except (OSError, ValueError) as error:
        raise TraceFileError(
            f"{quoted(str(target), _LONGEST_PATH)} cannot be written ({_reason(error)});"
            " give a file in a folder that exists and is yours to write in"
        ) from error
    finally:
        with suppress(OSError, ValueError):
            part.unlink(missing_ok=True)


def read(path: str | PathLike[str]) -> ModelTrace:
    """Read a trace that :func:`write` wrote; nothing in the file is executed.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    ModelTrace
        The same trace, bit by bit, checked anew.

    Raises
    ------
    TraceFileError
        If the file cannot be read, is of another kind, is truncated or
        malformed, or holds what no forward pass can have produced.
    """
    file = Path(path)
    name = quoted(str(file), _LONGEST_PATH)
    try:
        contents = _contents(file)
    except (OSError, ValueError) as error:
        raise TraceFileError(f"{name} cannot be read ({_reason(error)}); {_WANTED}") from error
    except SafetensorError as error:
        raise TraceFileError(f"{name} is {_what_came(file, error)}; {_WANTED}") from error
    try:
        return _trace(*contents)
    except AttnvizError as error:
        raise TraceFileError(f"{name} holds no valid trace: {error}; {_WANTED}") from error


def digest(trace: ModelTrace) -> str:
    """Return the SHA-256, in hexadecimal, of the file that :func:`write` would write."""
    return hashlib.sha256(_content(trace)).hexdigest()


def _content(trace: ModelTrace) -> bytes:
    return to_bytes(_arrays(trace), {_KEY: json.dumps(_description(trace), allow_nan=False)})


def _arrays(trace: ModelTrace) -> dict[str, NDArray[Any]]:
    named = {name: getattr(trace, name) for name in MODEL_ARRAYS}
    for i, layer in enumerate(trace.layers):
        named |= {_array_name(i, name): getattr(layer, name) for name in LAYER_ARRAYS}
    return {name: array for name, array in named.items() if array is not None}


def _description(trace: ModelTrace) -> dict[str, Any]:
    plain = {name: getattr(trace, name) for name in _MODEL_FIELDS}
    layers = [{name: getattr(layer, name) for name in _LAYER_FIELDS} for layer in trace.layers]
    focus = None if trace.focus is None else asdict(trace.focus)
    marks = {"format": _FORMAT, "version": _VERSION}
    return marks | plain | {"layers": layers, "focus": focus}


def _array_name(layer: int, name: str) -> str:
    return f"layers.{layer}.{name}"


def _contents(file: Path) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    if not file.is_file():
        raise OSError("it is not a file" if file.exists() else "there is no such file")
    with safe_open(file, framework="np") as content:
        names = content.keys()
        for name in names:
            found = content.get_slice(name).get_dtype()
            if found not in _TYPES:
                raise SafetensorError(f"array {name!r} is {found}, not {' or '.join(_TYPES)}")
        return content.metadata() or {}, {name: content.get_tensor(name) for name in names}


def _what_came(file: Path, error: SafetensorError) -> str:
    """Name the kind of a file that is not safetensors, or what is wrong in one that is."""
    content = file.read_bytes()
    if not content:
        return "an empty file"
    # Before the list of others: a length may begin with another kind's first byte.
    if content[_HEADER_START] == b"{":
        return f"a truncated or malformed safetensors file of {len(content):,} bytes ({error})"
    for start, kind in _FOREIGN:
        if content.startswith(start):
            return kind
    return f"no safetensors file ({len(content):,} bytes, beginning with {content[:8]!r})"


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _trace(metadata: dict[str, str], arrays: dict[str, NDArray[Any]]) -> ModelTrace:
    """Build the trace; all that is in the file must be used, and nothing be missing."""
    described = _parsed(metadata)
    marks = described.pop("format", None), described.pop("version", None)
    if marks != (_FORMAT, _VERSION):
        raise TraceFileError(f"its format is {marks}, not {(_FORMAT, _VERSION)}")
    plain = _exactly("the trace", described, _MODEL_FIELDS)
    layers = plain.pop("layers")
    if not isinstance(layers, tuple):
        raise TraceFileError(f"its layers are a {type(layers).__name__}, not a list")
    rest = dict(arrays)
    plain["layers"] = tuple(_layer(i, layer, rest) for i, layer in enumerate(layers))
    if plain["focus"] is not None:
        plain["focus"] = Focus(**_exactly("focus", plain["focus"], _FOCUS_FIELDS))
    own: dict[str, Any] = {name: rest.pop(name, None) for name in MODEL_ARRAYS}
    if rest:
        raise TraceFileError(f"array {quoted(min(rest))} belongs to no part of it")
    return ModelTrace(**plain, **own)


def _layer(i: int, described: object, rest: dict[str, NDArray[Any]]) -> AttentionTrace:
    plain = _exactly(f"layer {i}", described, _LAYER_FIELDS)
    own: dict[str, Any] = {name: rest.pop(_array_name(i, name), None) for name in LAYER_ARRAYS}
    return AttentionTrace(**plain, **own)


def _parsed(metadata: dict[str, str]) -> dict[str, Any]:
    if _KEY not in metadata:
        raise TraceFileError(f"its metadata has no entry {_KEY!r}")
    try:
        described = json.loads(metadata[_KEY], parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise TraceFileError(f"its metadata is not JSON ({error})") from error
    if not isinstance(described, dict):
        raise TraceFileError(f"its metadata is a {type(described).__name__}, not an object")
    return described


def _refuse_constant(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _exactly(where: str, described: object, names: tuple[str, ...]) -> dict[str, Any]:
    wanted = set(names)
    if not isinstance(described, dict) or not wanted - _LATER <= described.keys() <= wanted:
        found = sorted(described) if isinstance(described, dict) else type(described).__name__
        raise TraceFileError(f"{where} has the fields {found}, wanted {sorted(names)}")
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in described.items()
    }
