"""Traces on disk: exact round trips, and every other file refused in one clear line."""

import dataclasses
import io
import json
import os
import pickle
import re
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save as to_bytes

from attnviz.records import LAYER_ARRAYS, MODEL_ARRAYS, ModelTrace
from attnviz.trace_files import TraceFileError
from tests.builders import random_trace, unchecked

WANTED = "wanted a trace that `python render.py trace -o FILE` wrote"


def written(trace: ModelTrace, folder: Path) -> bytes:
    trace.save(folder / "trace.safetensors")
    return (folder / "trace.safetensors").read_bytes()


def assert_same(found: Any, wanted: Any) -> None:
    """Compare two records bit by bit, types included."""
    assert type(found) is type(wanted)
    if dataclasses.is_dataclass(wanted):
        for field in dataclasses.fields(wanted):
            assert_same(getattr(found, field.name), getattr(wanted, field.name))
    elif isinstance(wanted, np.ndarray):
        assert found.dtype == wanted.dtype
        assert found.shape == wanted.shape
        assert found.tobytes() == wanted.tobytes()
        assert not found.flags.writeable
    elif isinstance(wanted, tuple):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_same(one, other)
    else:
        assert found == wanted


def bare() -> ModelTrace:
    unknown: dict[str, Any] = {
        name: None for name in LAYER_ARRAYS if name.startswith(("w_", "b_", "x_", "output"))
    }
    layers = tuple(
        dataclasses.replace(layer, counterfactual_mask="window:3", **unknown)
        for layer in random_trace(causal=True).layers
    )
    nothing: dict[str, Any] = dict.fromkeys(MODEL_ARRAYS)
    return dataclasses.replace(random_trace(), layers=layers, focus=None, notes=(), **nothing)


def strange() -> ModelTrace:
    """Double precision, −0, the smallest number there is, and text that breaks naive files."""
    trace = random_trace(n=4)
    table = np.array([[-0.0, 5e-324], [1e308, 0.1]])
    return dataclasses.replace(
        trace,
        model="漢/\x00\ud800\u2028",
        text='"quotes" \\ {braces}',
        tokens=("", "\ud83d", "\n", "👩\u200d💻"),
        ids=(0, 1, 1, 0),
        embedding_table=table,
        token_embeddings=None,
        position_embeddings=None,
        notes=("", "\x1b[31m"),
    )


@pytest.mark.parametrize(
    "make",
    [random_trace, lambda: random_trace(target=3, n_layers=3), bare, strange],
    ids=["full", "target", "bare", "strange"],
)
def test_a_round_trip_is_exact(make: Callable[[], ModelTrace], tmp_path: Path) -> None:
    trace = make()
    content = written(trace, tmp_path)
    loaded = ModelTrace.load(tmp_path / "trace.safetensors")
    assert_same(loaded, trace)
    assert written(loaded, tmp_path) == content
    assert [path.name for path in tmp_path.iterdir()] == ["trace.safetensors"]


def test_the_same_trace_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(random_trace(), tmp_path) == written(random_trace(), tmp_path)
    assert written(random_trace(seed=1), tmp_path) != written(random_trace(), tmp_path)


def test_other_programs_can_read_the_arrays(tmp_path: Path) -> None:
    trace = random_trace()
    written(trace, tmp_path)
    with safe_open(str(tmp_path / "trace.safetensors"), framework="np") as content:
        assert np.array_equal(content.get_tensor("layers.1.weights"), trace.layers[1].weights)
        described = json.loads(content.metadata()["attnviz"])
    assert described["tokens"] == list(trace.tokens)


def test_a_path_may_be_text(tmp_path: Path) -> None:
    path = os.fspath(tmp_path / "trace")
    random_trace().save(path)
    assert_same(ModelTrace.load(path), random_trace())


def test_a_saved_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    written(random_trace(), tmp_path)
    (tmp_path / "other").touch()
    assert (tmp_path / "trace.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode


# Writing that fails


@pytest.mark.parametrize("name", ["missing/trace", "file/trace", "folder", "n" * 300, "nul\0"])
def test_a_path_that_cannot_be_written_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(TraceFileError, match=r"cannot be written .*; give a file in a folder") as e:
        random_trace().save(tmp_path / name)
    assert e.value.exit_code == 2
    assert str(e.value).isprintable()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_failed_write_leaves_the_last_good_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = written(random_trace(), tmp_path)

    def full_disk(self: Path, data: bytes) -> int:
        with self.open("wb") as stream:
            stream.write(data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(TraceFileError, match="No space left on device"):
        random_trace(seed=1).save(tmp_path / "trace.safetensors")
    assert (tmp_path / "trace.safetensors").read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 1


# Files that are none


def refusal(path: Path) -> str:
    """Load a file with attnviz's own checks alone; give the error's line."""
    with unchecked(), pytest.raises(TraceFileError) as error:
        ModelTrace.load(path)
    assert error.value.exit_code == 2
    message = str(error.value)
    assert message.isprintable()
    assert message.endswith(WANTED)
    return message


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    content = written(random_trace(n=2, d_model=5, d_k=2, d_v=3, n_heads=1), tmp_path)
    path = tmp_path / "cut"
    header = 8 + int.from_bytes(content[:8], "little")
    lengths = {*range(30), header - 1, header, header + 1, *range(0, len(content), 53)}
    for length in sorted(lengths | {len(content) - 1}):
        path.write_bytes(content[:length])
        message = refusal(path)
        if length > 8:
            assert f"truncated or malformed safetensors file of {length:,} bytes" in message
        else:
            assert "an empty file" in message or f"({length:,} bytes" in message


def test_a_file_with_something_behind_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(written(random_trace(), tmp_path) + b"\0")
    assert "truncated or malformed safetensors" in refusal(path)


class Bomb:
    """Pickled code: whoever unpickles it, creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (os.fspath(self.path),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_and_never_run(protocol: int, tmp_path: Path) -> None:
    path, exploded = tmp_path / "trace.pkl", tmp_path / "exploded"
    path.write_bytes(pickle.dumps(Bomb(exploded), protocol))
    message = refusal(path)
    assert ("a Python pickle" if protocol >= 2 else "no safetensors file") in message
    assert not exploded.exists()


def test_a_torch_file_is_refused_by_name(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    exploded = tmp_path / "exploded"
    torch.save({"bomb": Bomb(exploded)}, tmp_path / "trace.pt")
    assert "a zip archive, as PyTorch's .pt" in refusal(tmp_path / "trace.pt")
    torch.save(Bomb(exploded), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert "a Python pickle" in refusal(tmp_path / "old.pt")
    assert not exploded.exists()


def saved_by(save: Callable[[io.BytesIO], object]) -> bytes:
    stream = io.BytesIO()
    save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (saved_by(lambda stream: np.save(stream, np.ones(3))), "a numpy .npy array"),
        (saved_by(lambda stream: np.savez(stream, a=np.ones(3))), "a zip archive"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"# a README\n" * 9, "no safetensors file"),
        (b'{"model": "x"}', "no safetensors file"),
        (b"\xff" * 100, "no safetensors file"),
        (b"\x10" + b"\0" * 7 + b"{" * 16, "malformed safetensors"),
        (b"\x02" + b"\0" * 7 + b"{}", "metadata has no entry 'attnviz'"),
        (to_bytes({"w": np.ones(3)}, {"format": "pt"}), "metadata has no entry 'attnviz'"),
    ],
)
def test_other_kinds_of_file_are_refused_by_name(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    assert message in refusal(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(tmp_path / "missing")
    assert "it is not a file" in refusal(tmp_path)
    assert "cannot be read" in refusal(tmp_path / ("n" * 300))
    assert "cannot be read" in refusal(tmp_path / "nul\0")
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe")
        assert "it is not a file" in refusal(tmp_path / "pipe")


# Files that nearly are


def parts() -> tuple[dict[str, Any], dict[str, Any]]:
    """Take a good file apart: its arrays, and its description."""
    trace = random_trace()
    arrays = {name: getattr(trace, name) for name in MODEL_ARRAYS}
    for i, layer in enumerate(trace.layers):
        arrays |= {f"layers.{i}.{name}": getattr(layer, name) for name in LAYER_ARRAYS}
    layers = [
        {
            "name": layer.name,
            "kind": layer.kind,
            "query_tokens": list(layer.query_tokens),
            "key_tokens": list(layer.key_tokens),
            "scale": layer.scale,
            "counterfactual_mask": None,
        }
        for layer in trace.layers
    ]
    assert trace.focus is not None
    described = {
        "format": "attnviz trace",
        "version": 1,
        "model": trace.model,
        "text": trace.text,
        "tokens": list(trace.tokens),
        "ids": list(trace.ids),
        "target_tokens": None,
        "target_ids": None,
        "notes": list(trace.notes),
        "focus": dataclasses.asdict(trace.focus),
        "layers": layers,
    }
    return {name: array for name, array in arrays.items() if array is not None}, described


def put_together(arrays: dict[str, Any], described: object, path: Path) -> Path:
    text = described if isinstance(described, str) else json.dumps(described)
    path.write_bytes(to_bytes(arrays, {"attnviz": text}))
    return path


def test_the_format_is_as_these_tests_write_it(tmp_path: Path) -> None:
    assert_same(ModelTrace.load(put_together(*parts(), tmp_path / "trace")), random_trace())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its metadata is not JSON"),
        ("{", "its metadata is not JSON"),
        ("[" * 100_000, "its metadata is not JSON"),
        ('{"version": NaN}', "its metadata is not JSON (NaN is not JSON)"),
        ("9" * 5000, "its metadata is not JSON"),
        ("[]", "its metadata is a list, not an object"),
        ("{}", "its format is (None, None), not ('attnviz trace', 1)"),
    ],
)
def test_metadata_that_is_none_is_refused(text: str, message: str, tmp_path: Path) -> None:
    assert message in refusal(put_together(parts()[0], text, tmp_path / "trace"))


WRONG: list[object] = [None, 3, -1, 0.5, "text", True, [], [1], ["a"], {}, {"a": 1}, [[]], 10**30]


@pytest.mark.parametrize(
    ("path", "harmless"),
    [
        (("format",), []),
        (("version",), [True]),  # Python's True is 1
        (("model",), ["text"]),
        (("text",), ["text"]),
        (("tokens",), []),
        (("ids",), []),
        (("ids", 0), [3]),
        (("target_tokens",), [None]),
        (("target_ids",), [None]),
        (("notes",), [[], ["a"]]),
        (("focus",), [None]),
        (("focus", "layer"), []),
        (("focus", "reason"), ["text"]),
        (("layers",), []),
        (("layers", 0), []),
        (("layers", 1, "name"), ["text"]),
        (("layers", 1, "kind"), []),
        (("layers", 1, "query_tokens"), []),
        (("layers", 1, "key_tokens", 0), ["text"]),
        (("layers", 1, "scale"), []),
        (("layers", 1, "counterfactual_mask"), [None]),
    ],
)
def test_a_wrong_value_anywhere_is_refused(
    path: tuple[str | int, ...], harmless: list[object], tmp_path: Path
) -> None:
    for value in WRONG:
        arrays, described = parts()
        owner: Any = described
        for step in path[:-1]:
            owner = owner[step]
        owner[path[-1]] = value
        file = put_together(arrays, described, tmp_path / "trace")
        if any(value is same or (value == same and value != 1) for same in harmless):
            with unchecked():
                assert isinstance(ModelTrace.load(file), ModelTrace)
        else:
            refusal(file)


def test_missing_and_surplus_fields_are_refused(tmp_path: Path) -> None:
    find: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
        lambda described: described,
        lambda described: described["focus"],
        lambda described: described["layers"][1],
    ]
    for owners in find:
        for name in [*owners(parts()[1])]:
            arrays, described = parts()
            del owners(described)[name]
            message = refusal(put_together(arrays, described, tmp_path / "trace"))
            assert (name if name not in ("format", "version") else "its format is") in message
        arrays, described = parts()
        owners(described)["surplus"] = 1
        assert "'surplus'" in refusal(put_together(arrays, described, tmp_path / "trace"))


def test_a_missing_array_is_refused_where_it_is_needed(tmp_path: Path) -> None:
    # Without b_o the output is not what w_o makes of the heads.
    needed = {"q", "k", "v", "mask", "scores", "weights", "heads", "b_o"}
    for name in parts()[0]:
        arrays, described = parts()
        del arrays[name]
        file = put_together(arrays, described, tmp_path / "trace")
        if name.startswith("layers.") and name.rsplit(".", 1)[1] in needed:
            assert re.search(rf"\b{name.rsplit('.', 1)[1]}\b", refusal(file))
        else:
            assert isinstance(ModelTrace.load(file), ModelTrace)


@pytest.mark.parametrize("name", ["surplus", "layers.2.q", "layers.00.q", "layers.0.scale", ""])
def test_a_surplus_array_is_refused(name: str, tmp_path: Path) -> None:
    arrays, described = parts()
    file = put_together(arrays | {name: np.ones(3)}, described, tmp_path / "trace")
    assert f"array '{name}' belongs to no part of it" in refusal(file)


@pytest.mark.parametrize("dtype", [np.float16, np.int64, np.uint8])
def test_an_array_of_another_type_is_refused(dtype: type, tmp_path: Path) -> None:
    arrays, described = parts()
    arrays["logits"] = arrays["logits"].astype(dtype)
    message = refusal(put_together(arrays, described, tmp_path / "trace"))
    assert "array 'logits' is" in message
    assert "not F32 or F64 or BOOL" in message


def test_arrays_in_brain_floats_are_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    described = json.dumps(parts()[1])
    tensors = {"logits": torch.ones(5, 17, dtype=torch.bfloat16)}
    save_file(tensors, tmp_path / "trace", {"attnviz": described})
    assert "array 'logits' is BF16" in refusal(tmp_path / "trace")


def test_arrays_that_no_forward_pass_can_give_are_refused(tmp_path: Path) -> None:
    arrays, described = parts()
    weights = arrays["layers.1.weights"].copy()
    weights[2, 3] = np.nan
    message = refusal(
        put_together(arrays | {"layers.1.weights": weights}, described, tmp_path / "t")
    )
    assert "weights holds nan at head 2, query 3, key 0" in message
    weights[2, 3] = 0.5
    message = refusal(
        put_together(arrays | {"layers.1.weights": weights}, described, tmp_path / "t")
    )
    assert "head 2, query 3: the weights add up to 2.5" in message


@cache
def small_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return written(random_trace(n=2, d_model=3, n_heads=1), Path(folder))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_still_a_valid_trace(
    data: st.DataObject, tmp_path: Path
) -> None:
    content = bytearray(small_file())
    header = 8 + int.from_bytes(content[:8], "little")
    places = st.integers(0, header - 1) | st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(content)
    with unchecked():
        try:
            assert isinstance(ModelTrace.load(path), ModelTrace)
        except TraceFileError as error:
            line = str(error)
        else:
            line = ""
    assert line.isprintable()
