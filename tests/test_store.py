"""The store of finished clips: what is found, what is refused, what is kept and what must go."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attnviz.errors import UserError
from attnviz.film import Film
from attnviz.render import catalogue, films, manifest
from attnviz.render.entries import INDEX, Entry, excess
from attnviz.render.films import film
from attnviz.render.jobs import Job
from attnviz.render.limits import Limits, folder, limits, parse_days, parse_size
from attnviz.render.output import Output, Quality
from attnviz.render.store import Store
from attnviz.spec import Spec

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "tests" / "fixtures" / "own_scene.py"
TINY = Quality("tiny", 160, 90, 5)
KEYS = ("ab" + "0" * 62, "ab" + "1" * 62, "cd" + "2" * 62)
DAY = 24 * 60 * 60


def clip(place: Path, key: str, further: Mapping[str, str] | None = None) -> dict[str, Path]:
    """Make the files of a clip, small ones."""
    ends = {"video": ".mp4", "poster": ".png", **(further or {}), "manifest": ".manifest.json"}
    files = {what: place / f"film{end}" for what, end in ends.items()}
    place.mkdir(parents=True, exist_ok=True)
    for what, path in files.items():
        path.write_bytes(f"{what} of {key}".encode())
    subject = manifest.Subject({"name": "s"}, Spec(), Output(TINY), key, {"manim": "0"})
    others = {what: path for what, path in files.items() if what != "manifest"}
    manifest.write(manifest.manifest(subject, {}, Film(), others, 10), files["manifest"])
    return files


def elsewhere(files: Mapping[str, Path], place: Path) -> dict[str, Path]:
    place.mkdir(parents=True, exist_ok=True)
    return {what: place / path.name for what, path in files.items()}


def contents(files: Mapping[str, Path]) -> dict[str, bytes]:
    return {what: path.read_bytes() for what, path in files.items()}


def own() -> Job:
    ref = catalogue.find(f"{OWN}:TwoBeats")
    return Job(ref, catalogue.default_spec(ref), Output(TINY))


# -- what is found ---------------------------------------------------------------------------


def test_what_was_kept_is_found(tmp_path: Path) -> None:
    kept = Store(tmp_path / "cache")
    files = clip(tmp_path / "media", KEYS[0])
    kept.keep(KEYS[0], files)
    copies = elsewhere(files, tmp_path / "private")
    content = kept.find(KEYS[0], copies)
    assert content is not None
    assert content["seconds"] == 2.0
    assert contents(copies) == contents(files)
    assert kept.find(KEYS[1], copies) is None
    entry = tmp_path / "cache" / "clips" / "ab" / KEYS[0]
    assert sorted(path.name for path in entry.iterdir()) == [
        *("film.manifest.json", "film.mp4", "film.png", INDEX)
    ]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["clips"]


@pytest.mark.parametrize("what", ["video", "poster", "manifest", "index"])
@pytest.mark.parametrize("harm", ["flip", "cut", "gone"])
def test_a_damaged_clip_is_removed_and_counts_as_absent(
    tmp_path: Path, what: str, harm: str
) -> None:
    kept = Store(tmp_path / "cache")
    files = clip(tmp_path / "media", KEYS[0])
    kept.keep(KEYS[0], files)
    entry = tmp_path / "cache" / "clips" / "ab" / KEYS[0]
    path = entry / (INDEX if what == "index" else files[what].name)
    whole = path.read_bytes()
    # A digit of the digest in the index, some byte of the others.
    middle = whole.index(b"sha256") + 12 if what == "index" else len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(flipped if harm == "flip" else whole[:-3])
    assert kept.find(KEYS[0], elsewhere(files, tmp_path / "private")) is None
    assert not entry.exists()
    kept.keep(KEYS[0], files)
    assert kept.find(KEYS[0], elsewhere(files, tmp_path / "private")) is not None


def test_a_clip_of_another_key_is_not_handed_out(tmp_path: Path) -> None:
    kept = Store(tmp_path / "cache")
    files = clip(tmp_path / "media", KEYS[0])
    kept.keep(KEYS[0], files)
    clips = tmp_path / "cache" / "clips" / "ab"
    (clips / KEYS[0]).rename(clips / KEYS[1])
    assert kept.find(KEYS[1], elsewhere(files, tmp_path / "private")) is None


def test_formats_add_up(tmp_path: Path) -> None:
    kept = Store(tmp_path / "cache")
    plain = clip(tmp_path / "plain", KEYS[0])
    gif = clip(tmp_path / "gif", KEYS[0], {"gif": ".gif"})
    webm = clip(tmp_path / "webm", KEYS[0], {"webm": ".webm"})
    kept.keep(KEYS[0], plain)
    assert kept.find(KEYS[0], elsewhere(gif, tmp_path / "a")) is None
    kept.keep(KEYS[0], gif)
    kept.keep(KEYS[0], webm)
    for number, files in enumerate((plain, gif, webm)):
        copies = elsewhere(files, tmp_path / str(number))
        assert kept.find(KEYS[0], copies) is not None
        # The manifest is the one of a film with these formats alone.
        assert contents(copies) == contents(files)
    both = clip(tmp_path / "both", KEYS[0], {"webm": ".webm", "gif": ".gif"})
    copies = elsewhere(both, tmp_path / "c")
    assert kept.find(KEYS[0], copies) is not None
    assert contents(copies) == contents(both)


def test_files_that_are_not_those_of_the_manifest_are_not_kept(tmp_path: Path) -> None:
    kept = Store(tmp_path / "cache")
    files = clip(tmp_path / "media", KEYS[0])
    kept.keep(KEYS[1], files)
    files["video"].write_bytes(b"of another process")
    kept.keep(KEYS[0], files)
    assert kept.entries() == []


def test_two_at_once_keep_one_whole_clip(tmp_path: Path) -> None:
    kept = Store(tmp_path / "cache")
    files = clip(tmp_path / "media", KEYS[0])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: kept.keep(KEYS[0], files), range(40)))
    copies = elsewhere(files, tmp_path / "private")
    assert kept.find(KEYS[0], copies) is not None
    assert contents(copies) == contents(files)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["clips"]


# -- what must go ----------------------------------------------------------------------------


def test_the_longest_unused_goes_first() -> None:
    now = 100 * DAY
    entries = [
        Entry(Path(name), 10, now - age * DAY) for name, age in [("a", 1), ("b", 2), ("c", 9)]
    ]
    assert excess(entries, Limits(30, 9), now) == []
    assert excess(entries, Limits(29, 9), now) == entries[2:]
    assert excess(entries, Limits(10, 9), now) == entries[1:]
    assert excess(entries, Limits(9, 9), now) == entries
    assert excess(entries, Limits(30, 1.5), now) == entries[1:]
    # One that is too large by itself does not push the others out.
    huge = Entry(Path("huge"), 31, now)
    assert excess([huge, *entries], Limits(30, 9), now) == [huge]
    # Nothing older stays where something younger had to go.
    middle = Entry(Path("middle"), 25, now - 1.5 * DAY)
    assert excess([entries[0], middle, entries[1]], Limits(30, 9), now) == [middle, entries[1]]


def test_keeping_trims_and_using_renews(tmp_path: Path) -> None:
    sizes = Store(tmp_path / "probe")
    sizes.keep(KEYS[0], clip(tmp_path / "m0", KEYS[0]))
    size = sizes.entries()[0].size
    kept = Store(tmp_path / "cache", Limits(2 * size + size // 2))
    files = [clip(tmp_path / f"m{number}", key) for number, key in enumerate(KEYS)]
    for number in (0, 1):
        kept.keep(KEYS[number], files[number])
    first, second = (tmp_path / "cache" / "clips" / "ab" / key for key in KEYS[:2])
    os.utime(first, (1, 1 + 80 * DAY))  # long ago; the younger of the two is used now
    os.utime(second, (1, 1 + 81 * DAY))
    kept = Store(kept.folder, Limits(kept.limits.size, 10**9))
    assert kept.find(KEYS[0], elsewhere(files[0], tmp_path / "private")) is not None
    kept.keep(KEYS[2], files[2])
    assert [entry.path.name for entry in kept.entries()] == [KEYS[2], KEYS[0]]
    os.utime(first, (1, 1))
    Store(kept.folder, Limits(days=1)).keep(KEYS[2], files[2])
    assert [entry.path.name for entry in kept.entries()] == [KEYS[2]]


def test_no_store_finds_and_keeps_nothing(tmp_path: Path) -> None:
    files = clip(tmp_path / "media", KEYS[0])
    Store(None).keep(KEYS[0], files)
    assert Store(None).find(KEYS[0], files) is None
    assert Store(None).entries() == []


# -- a store that cannot be written ----------------------------------------------------------


def test_a_full_disk_fails_no_keeping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = clip(tmp_path / "media", KEYS[0])
    copyfile = shutil.copyfile

    def full(source: Path, target: Path) -> None:
        if target.suffix == ".png":
            raise OSError(errno.ENOSPC, "No space left on device", str(source), None, str(target))
        copyfile(source, target)

    monkeypatch.setattr("attnviz.render.entries.shutil.copyfile", full)
    kept = Store(tmp_path / "cache")
    kept.keep(KEYS[0], files)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "not kept" in said
    assert "ATTNVIZ_CACHE" in said
    assert "No space left on device" in said
    assert kept.entries() == []
    assert list((tmp_path / "cache").glob(".attnviz-*")) == []


def test_a_file_in_the_stores_place_fails_no_keeping(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cache").write_text("")
    Store(tmp_path / "cache").keep(KEYS[0], clip(tmp_path / "media", KEYS[0]))
    assert "not kept" in capsys.readouterr().err


def test_a_store_that_can_only_be_read_still_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Store(tmp_path / "cache")
    files = clip(tmp_path / "media", KEYS[0])
    kept.keep(KEYS[0], files)

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("attnviz.render.store.os.utime", refuse)
    assert kept.find(KEYS[0], elsewhere(files, tmp_path / "private")) is not None


# -- where it is and how large ---------------------------------------------------------------


def test_the_environment_places_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert folder({}) == tmp_path / ".cache" / "attnviz"
    assert folder({"XDG_CACHE_HOME": "relative"}) == tmp_path / ".cache" / "attnviz"
    assert folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/attnviz")
    assert folder({"XDG_CACHE_HOME": "/x", "ATTNVIZ_CACHE": "~/y"}) == tmp_path / "y"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert folder({"ATTNVIZ_CACHE": ""}) == tmp_path / "Library" / "Caches" / "attnviz"


def test_the_environment_sets_the_limits() -> None:
    assert limits({}) == Limits(2 * 10**9, 90)
    given = {"ATTNVIZ_CACHE_SIZE": "500MB", "ATTNVIZ_CACHE_DAYS": "7"}
    assert limits(given) == Limits(500 * 10**6, 7)
    with pytest.raises(UserError, match="ATTNVIZ_CACHE_SIZE: no size 'lots'"):
        limits({"ATTNVIZ_CACHE_SIZE": "lots"})


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("12", 12), ("1.5 GB", 1_500_000_000), ("3kb", 3000)]
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(("text", "days"), [("30", 30), ("30d", 30), ("2 w", 14), ("12h", 0.5)])
def test_ages(text: str, days: float) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "-1", "1e9", "5 parsec", "MB", "1,5GB", "9" * 99])
def test_what_is_no_size_or_age_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="no size"):
        parse_size(text)
    with pytest.raises(UserError, match="no age"):
        parse_days(text)


def test_a_size_of_nothing_turns_the_store_off(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Store.of_user().folder == store
    monkeypatch.setenv("ATTNVIZ_CACHE_SIZE", "0")
    assert Store.of_user().folder is None


# -- films -----------------------------------------------------------------------------------


def test_a_film_that_was_made_is_taken_from_the_store(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = film(own(), tmp_path / "one")
    assert not first.cached

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("it was rendered again")

    with monkeypatch.context() as patch:
        patch.setattr(films, "shoot", fail)
        second = film(own(), tmp_path / "two")
    assert second.cached
    assert second.seconds == first.seconds
    assert contents(second.files) == contents(first.files)
    assert [path.name for path in (tmp_path / "two").iterdir()] == ["two-beats"]
    # Another format is asked for: it is rendered, and both are kept.
    third = film(own(), tmp_path / "three", formats=("still",))
    assert not third.cached
    assert film(own(), tmp_path / "four", formats=("still",)).cached
    assert not film(own(), tmp_path / "two", force=True).cached


def test_a_damaged_clip_in_the_store_is_rendered_again(store: Path, tmp_path: Path) -> None:
    first = film(own(), tmp_path / "one")
    (video,) = store.glob("clips/*/*/*.mp4")
    video.write_bytes(video.read_bytes()[:-1])
    again = film(own(), tmp_path / "two")
    assert not again.cached
    assert contents(again.files) == contents(first.files)
    assert film(own(), tmp_path / "three").cached


def test_the_store_needs_neither_torch_nor_manim() -> None:
    code = (
        "import sys, attnviz.render.store;"
        "sys.exit(bool({'torch', 'manim', 'click', 'numpy', 'av'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
