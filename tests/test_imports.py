"""What a source depends on: followed by reading, remembered by the content alone."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from attnviz.render import catalogue, imports, keys
from attnviz.render.imports import MEMORY, Reader, imported_names
from attnviz.render.output import Output

ROOT = Path(__file__).resolve().parent.parent


def tree(folder: Path, **sources: str) -> Path:
    """Write files of Python; a name with two underscores lies in a package."""
    for name, source in sources.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    return folder


def followed(reader: Reader, folder: Path, name: str = "mine") -> set[str]:
    found = reader.followed([folder / f"{name}.py"], folder)
    return {path.relative_to(folder).as_posix() for path in found}


def test_imports_are_followed_wherever_they_stand(tmp_path: Path) -> None:
    tree(
        tmp_path,
        mine="import a, os.path\ndef f():\n    from pack import deep\n",
        a="if TYPE_CHECKING:\n    import b\nelse:\n    import c\n",
        b="",
        c="import a",
        pack__deep="",
        pack__other="",
    )
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "os").mkdir()  # no module of that name in it
    wanted = {"mine.py", "a.py", "c.py", "pack/__init__.py", "pack/deep.py"}
    assert followed(Reader(), tmp_path) == wanted


@pytest.mark.parametrize(
    ("source", "package", "names"),
    [
        ("import a.b as c, d", "", ("a.b", "d")),
        ("from a import b, c", "", ("a", "a.b", "a.c")),
        ("from . import b", "x.y", ("x.y", "x.y.b")),
        ("from ..z import b", "x.y", ("x.z", "x.z.b")),
        ("if TYPE_CHECKING:\n    import a\n", "", ()),
        ("if typing.TYPE_CHECKING:\n    import a\n", "", ("a",)),
    ],
)
def test_names_are_absolute(source: str, package: str, names: tuple[str, ...]) -> None:
    assert imported_names(source.encode(), package) == names


def test_a_memory_gives_the_same_answer_without_reading_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tree(tmp_path / "src", mine="import a", a="")
    memory = tmp_path / "cache" / MEMORY
    first = followed(Reader(memory), folder)
    assert first == {"mine.py", "a.py"}
    assert [path.name for path in memory.parent.iterdir()] == [MEMORY]

    def fail(*_: object) -> None:
        raise AssertionError("Python was read again")

    monkeypatch.setattr(imports, "imported_names", fail)
    assert followed(Reader(memory), folder) == first


def test_an_edit_in_the_same_tick_is_seen(tmp_path: Path) -> None:
    folder = tree(tmp_path / "src", mine="import a", a="", b="")
    memory = tmp_path / MEMORY
    before = (folder / "mine.py").stat()
    assert followed(Reader(memory), folder) == {"mine.py", "a.py"}
    (folder / "mine.py").write_text("import b")  # as long as before, and of the same time
    os.utime(folder / "mine.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert followed(Reader(memory), folder) == {"mine.py", "b.py"}


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "folder", "forged"])
def test_a_damaged_memory_is_none(tmp_path: Path, harm: str) -> None:
    folder = tree(tmp_path / "src", mine="import first", first="", other="")
    memory = tmp_path / MEMORY
    assert followed(Reader(memory), folder) == {"mine.py", "first.py"}
    whole = memory.read_bytes()
    forged = whole.replace(b"first", b"other")
    assert forged != whole
    seal = hashlib.sha256(forged.partition(b"\n")[2]).hexdigest().encode()
    broken = {
        "flip": forged,
        "cut": whole[:-1],
        "empty": b"",
        # Right of its content, but not of who made it.
        "forged": seal + b"\n" + forged.partition(b"\n")[2],
    }
    memory.unlink()
    if harm == "folder":
        memory.mkdir()
    else:
        memory.write_bytes(broken[harm])
    assert followed(Reader(memory), folder) == {"mine.py", "first.py"}


def test_a_memory_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    folder = tree(tmp_path / "src", mine="import a", a="")
    (tmp_path / "file").write_text("")
    assert followed(Reader(tmp_path / "file" / MEMORY), folder) == {"mine.py", "a.py"}


def test_a_memory_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "_MOST_REMEMBERED", 3)
    folder, memory = tree(tmp_path / "src", a=""), tmp_path / MEMORY
    for turn in range(5):
        tree(folder, mine=f"import a  # {turn}")
        followed(Reader(memory), folder)
    assert len(imports._remembered(memory)) <= 3
    assert hashlib.sha256(b"import a  # 4").hexdigest() in memory.read_text()


def test_one_reader_gives_the_keys_that_many_do(tmp_path: Path) -> None:
    memory = tmp_path / MEMORY
    shared = Reader(memory)
    for ref in catalogue.listed():
        spec = catalogue.default_spec(ref)
        key = keys.content_key(ref, spec, Output(), shared)
        assert keys.content_key(ref, spec, Output(), Reader()) == key
        assert keys.content_key(ref, spec, Output(), Reader(memory)) == key


def test_editing_one_scene_changes_the_key_of_that_one_alone(tmp_path: Path) -> None:
    for ref in catalogue.listed():
        (tmp_path / ref.source.name).write_bytes(ref.source.read_bytes())
    refs = [
        catalogue.SceneRef(ref.name, tmp_path / ref.source.name, ref.class_name)
        for ref in catalogue.listed()
    ]

    def found() -> list[str]:
        reader = Reader(tmp_path / MEMORY)
        return [
            keys.content_key(ref, catalogue.default_spec(ref), Output(), reader) for ref in refs
        ]

    before = found()
    assert len(set(before)) == len(refs)
    edited = refs[3].source
    edited.write_text(edited.read_text() + "\n# edited\n")
    after = found()
    assert [one != two for one, two in zip(before, after, strict=True)] == [
        number == 3 for number in range(len(refs))
    ]
