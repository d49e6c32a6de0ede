"""`render.py cache`: what it shows of the store, and what it removes."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path

import pytest

from attnviz.film import Film
from attnviz.render import manifest
from attnviz.render.imports import MEMORY, Reader
from attnviz.render.limits import size_text
from attnviz.render.output import ASPECTS, QUALITIES, Output
from attnviz.render.store import Store
from attnviz.spec import Spec
from render import main

HOUR = 60 * 60
OUTPUTS = {"plain": Output(), "other": Output(QUALITIES["hd"], "light", ASPECTS["1:1"])}


def keep(store: Path, place: Path, scene: str, text: str, hours: float, output: str) -> Path:
    """Put a clip of 1000 bytes of film into the store, last used some hours ago."""
    key = f"{scene}-{output}".encode().hex().ljust(64, "0")
    place.mkdir(exist_ok=True)
    files = {"video": place / "a.mp4", "manifest": place / "a.manifest.json"}
    files["video"].write_bytes(bytes(1000))
    subject = manifest.Subject({"name": scene}, Spec(text=text), OUTPUTS[output], key, {})
    told = manifest.manifest(subject, {}, Film(), {"video": files["video"]}, 10)
    manifest.write(told, files["manifest"])
    Store(store).keep(key, files)
    (entry,) = store.glob(f"clips/*/{key}")
    os.utime(entry, (time.time() - hours * HOUR,) * 2)
    return entry


@pytest.fixture
def three(store: Path, tmp_path: Path) -> list[Path]:
    """Keep three clips: of two scenes, used 1, 30 and 100 hours ago."""
    given = [("softmax", "a b", 30, "plain"), ("tall-one", "c d", 100, "other")]
    given.append(("softmax", "안녕", 1, "other"))
    return [keep(store, tmp_path / "media", *one) for one in given]


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(["cache", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_the_clips_are_shown_with_the_last_used_first(
    three: list[Path], store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert str(store) in lines[0]
    assert lines[1].startswith("clips   3, ")
    assert "at most 2.0 GB" in lines[2]
    assert "90 days" in lines[2]
    assert "last 60 minutes ago, longest unused 4 days ago" in lines[3]
    assert [line.split()[0] for line in lines[6:]] == ["softmax", "softmax", "tall-one"]
    assert "hd light 1:1" in lines[6]
    assert lines[6].endswith("안녕")
    assert "30 hours ago" in lines[7]


def test_json_says_all_of_it(
    three: list[Path], store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys)
    entries = found["entries"]
    assert isinstance(entries, list)
    assert [entry["key"] for entry in entries] == [three[n].name for n in (2, 0, 1)]
    assert found["clips"] == 3
    assert found["bytes"] == sum(entry["bytes"] for entry in entries)
    assert entries[0]["bytes"] == sum(path.stat().st_size for path in three[2].iterdir()) > 1000
    assert found["newest_use"] == entries[0]["last_used"]
    assert found["limits"] == {"bytes": 2 * 10**9, "days": 90}
    assert found["folder"] == str(store)


def test_a_long_list_is_cut_unless_it_is_asked_for(
    three: list[Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnviz.render.holdings.MOST_SHOWN", 2)
    assert main(["cache"]) == 0
    assert "… 1 more" in capsys.readouterr().out
    assert main(["cache", "--list"]) == 0
    assert "more" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--clear"], set()),
        (["--clear", "softmax"], {1}),
        (["--older-than", "29h"], {2}),
        (["--older-than", "2d"], {0, 2}),
        (["softmax", "--older-than", "29h"], {1, 2}),
        (["--max-size", "0"], set()),
        (["--max-size", "1GB"], {0, 1, 2}),
    ],
)
def test_what_is_asked_for_is_removed_and_nothing_else(
    three: list[Path], words: list[str], left: set[int], capsys: pytest.CaptureFixture[str]
) -> None:
    before = told(capsys)["bytes"]
    found = told(capsys, *words)
    assert {number for number, entry in enumerate(three) if entry.exists()} == left
    assert found["clips"] == len(left)
    removed = found["removed"]
    assert isinstance(removed, dict)
    assert removed["clips"] == 3 - len(left)
    assert removed["bytes"] + found["bytes"] == before


def test_the_size_is_that_of_the_last_used(
    three: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    two = sum(path.stat().st_size for entry in (three[2], three[0]) for path in entry.iterdir())
    assert main(["cache", "--max-size", str(two)]) == 0
    assert capsys.readouterr().out.startswith("1 clip removed, 2.0 kB freed; 2 clips, 3.")
    assert [entry.exists() for entry in three] == [True, False, True]


def test_clearing_forgets_what_sources_import(store: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import json")
    Reader.of_user().followed([tmp_path / "mine.py"], tmp_path)
    assert (store / MEMORY).is_file()
    assert main(["cache", "--clear"]) == 0
    assert list(store.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["softmx"], "did you mean 'softmax'"),
        (["--clear", "softmx"], "no clip of 'softmx'"),
        (["--older-than", "soon"], "--older-than: no age 'soon'"),
        (["--max-size", "big"], "--max-size: no size 'big'"),
    ],
)
def test_what_is_not_there_is_refused(
    three: list[Path], words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
    assert all(entry.exists() for entry in three)


def test_a_damaged_clip_is_shown_and_can_be_cleared(
    three: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (three[0] / "a.manifest.json").write_text("{}")
    assert main(["cache"]) == 0
    assert "(damaged)" in capsys.readouterr().out
    assert main(["cache", "--clear"]) == 0
    assert not three[0].exists()


def test_a_store_that_cannot_be_cleared_is_told_by_its_name(
    three: list[Path],
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert main(["cache", "--clear"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"the store {store} cannot be written (Read-only file system)" in said
    assert all(entry.exists() for entry in three)


def test_an_empty_store_and_one_that_is_off(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache"]) == 0
    assert "clips   0, 0 B" in capsys.readouterr().out
    monkeypatch.setenv("ATTNVIZ_CACHE_SIZE", "0")
    assert main(["cache"]) == 0
    assert "nothing is kept" in capsys.readouterr().out
    assert not store.exists()


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1300, "1.3 kB"), (812_400, "812 kB"), (2 * 10**9, "2.0 GB")],
)
def test_sizes_have_two_or_three_digits(size: int, text: str) -> None:
    assert size_text(size) == text
