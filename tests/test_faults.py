"""Disks that fill up, folders that close, runs that meet or are broken off: nothing is lost."""

from __future__ import annotations

import errno
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import av
import pytest

from attnviz.render import catalogue
from attnviz.render.batch import describe
from attnviz.render.films import film, films
from attnviz.render.jobs import SUFFIXES, Job
from attnviz.render.output import Output, Quality
from attnviz.render.takes import Footage
from attnviz.render.workers import alone
from attnviz.render.workspace import FolderError, naming, publish, workspace

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "tests" / "fixtures" / "own_scene.py"
TINY = Quality("tiny", 160, 90, 5)
FILES = len(SUFFIXES)
PATIENCE = 120.0
PROMPT = 2.0

Fault = Callable[[pytest.MonkeyPatch, int], None]


def own(**subject: object) -> Job:
    ref = catalogue.find(f"{OWN}:TwoBeats")
    return Job(ref, replace(catalogue.default_spec(ref), **subject), Output(TINY))


def everything_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


# -- what can go wrong, where files are written ----------------------------------------------


def video(patch: pytest.MonkeyPatch, number: int) -> None:
    """Fail where a film is opened to be written."""
    opened = av.open

    def fail(file: object, mode: str = "r", *rest: object, **options: object) -> object:
        if mode == "w" and isinstance(file, str):
            raise OSError(number, os.strerror(number), file)
        return opened(file, mode, *rest, **options)

    patch.setattr(av, "open", fail)


def written(end: str) -> Fault:
    """Fail where a file of this end is written."""

    def fault(patch: pytest.MonkeyPatch, number: int) -> None:
        for name in ("write_bytes", "write_text"):
            whole = getattr(Path, name)

            def fail(
                path: Path, content: object, *rest: object, whole: object = whole, **more: object
            ) -> object:
                if path.name.endswith(end):
                    raise OSError(number, os.strerror(number))  # as write() does: it has no name
                assert callable(whole)
                return whole(path, content, *rest, **more)

            patch.setattr(Path, name, fail)

    return fault


def flushed(patch: pytest.MonkeyPatch, number: int) -> None:
    """Fail where the bytes are to reach the disk, as a disk does that promised too much."""

    def fail(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    patch.setattr(os, "fsync", fail)


def renamed(count: int) -> Fault:
    """Fail at the rename of this number; what undoes the ones before it goes well."""

    def fault(patch: pytest.MonkeyPatch, number: int) -> None:
        done: list[Path] = []
        whole = Path.replace

        def fail(path: Path, target: Path) -> Path:
            if len(done) == count and path.suffix != ".before":
                raise OSError(number, os.strerror(number), str(path), None, str(target))
            done.append(target)
            return whole(path, target)

        patch.setattr(Path, "replace", fail)

    return fault


FAULTS: dict[str, Fault] = {
    "video": video,
    "poster": written(".png"),
    "captions": written(".vtt"),
    "manifest": written(".manifest.json"),
    "fsync": flushed,
    **{f"rename {count}": renamed(count) for count in range(FILES)},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render a clip once; return its folder."""
    folder = tmp_path_factory.mktemp("whole")
    clip = film(own(), folder)
    clip.files["poster"].write_bytes(b"an old poster")  # so that old and new can be told apart
    return folder


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        *((fault, errno.ENOSPC) for fault in FAULTS),
        *((fault, errno.EROFS) for fault in ("captions", "rename 2")),
    ],
)
def test_a_disk_that_fails_leaves_the_last_good_clip(
    tmp_path: Path, whole: Path, fault: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = tmp_path / "media"
    shutil.copytree(whole, media)
    before = everything_in(media)
    FAULTS[fault](monkeypatch, number)
    with pytest.raises(FolderError) as caught:
        film(own(), media, force=True)
    assert everything_in(media) == before
    said = str(caught.value)
    assert str(media) in said
    assert ("free some space" if number == errno.ENOSPC else "Read-only") in said
    assert "-o" in said


@pytest.mark.parametrize("fault", ["video", "poster", "fsync", "rename 0", "rename 3"])
def test_a_disk_that_fails_at_first_leaves_nothing(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAULTS[fault](monkeypatch, errno.EDQUOT)
    with pytest.raises(FolderError, match="is full"):
        film(own(), tmp_path / "media")
    assert not list(tmp_path.glob("media/*/*"))
    assert not list(tmp_path.glob("media/.*"))


def test_a_folder_that_closes_is_told_by_its_name(tmp_path: Path) -> None:
    def closed(path: Path) -> None:
        with workspace(tmp_path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with pytest.raises(FolderError, match="cannot be written"):
        closed(tmp_path / ".attnviz-x" / "film.mp4")
    with pytest.raises(PermissionError):  # a model's file, say: another folder would not help
        closed(tmp_path.parent / "model.safetensors")


class Unlucky:
    """Draws nothing: every take ends in an error, as a worker's comes back."""

    size = room = 1

    def __init__(self, error: Exception) -> None:
        self.error = error

    def submit(self, *_: object) -> Future[Footage]:
        future: Future[Footage] = Future()
        future.set_exception(pickle.loads(pickle.dumps(self.error)))
        return future

    def renew(self) -> None:
        """Go on."""


@contextmanager
def unlucky(error: Exception) -> Iterator[Unlucky]:
    yield Unlucky(error)


def test_a_full_disk_that_workers_meet_is_the_folders_where_it_is_theirs(tmp_path: Path) -> None:
    jobs = [own(), own(text="other words")]
    ours, others = (
        OSError(errno.ENOSPC, "No space left on device", str(place / ".attnviz-1" / "a.svg"))
        for place in (tmp_path, tmp_path.parent / "other-machine")
    )
    with pytest.raises(FolderError, match="is full"):
        list(films(jobs, tmp_path, lambda: unlucky(ours)))
    told = list(films(jobs, tmp_path, lambda: unlucky(others)))
    assert [job for job, _ in told] == jobs
    for _, error in told:
        assert isinstance(error, OSError)
        said = describe(error)
        assert "no space left for" in said
        assert "other-machine" in said
    assert list(tmp_path.iterdir()) == []


def test_an_error_without_a_file_names_where_it_was(tmp_path: Path) -> None:
    def write(number: int) -> None:
        with naming(tmp_path):
            raise OSError(number, os.strerror(number))

    with pytest.raises(OSError, match="No space") as caught:
        write(errno.ENOSPC)
    assert caught.value.filename == str(tmp_path)
    with pytest.raises(OSError, match="Broken pipe") as caught:
        write(errno.EPIPE)
    assert caught.value.filename is None


@pytest.mark.parametrize("fault", ["video", "manifest", "rename 2"])
def test_a_disk_that_fills_up_stops_a_batch(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAULTS[fault](monkeypatch, errno.ENOSPC)
    with pytest.raises(FolderError, match="is full"):
        list(films([own()], tmp_path / "media", alone))
    assert not list(tmp_path.glob("media/.*"))


def test_an_interrupted_exchange_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media = tmp_path / "media"
    (media / "s").mkdir(parents=True)
    (media / "s" / "a").write_text("old a")
    whole = Path.replace

    def interrupt(path: Path, target: Path) -> Path:
        if path.name == "c":
            raise KeyboardInterrupt
        return whole(path, target)

    with workspace(media) as private:
        for name in "abc":
            (private / name).write_text(f"new {name}")
        places = {private / name: media / "s" / name for name in "abc"}
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", interrupt)
            with pytest.raises(KeyboardInterrupt):
                publish(places, media)
        assert {p.name: p.read_text() for p in (media / "s").iterdir()} == {"a": "old a"}


# -- real processes --------------------------------------------------------------------------


def start(scene: str, tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    """Begin a render as a terminal does: in a group of its own, with a place for what is brief."""
    brief = tmp_path / "brief"
    brief.mkdir(exist_ok=True)
    render = [sys.executable, "-X", "faulthandler", "render.py"]
    return subprocess.Popen(
        [*render, scene, "-o", str(tmp_path / "media"), *options],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(brief), "ATTNVIZ_CACHE": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def test_two_runs_on_one_folder_leave_one_whole_clip(tmp_path: Path) -> None:
    wanted = (f"{OWN}:TwoBeats", tmp_path, "--quality", "draft", "--workers", "1", "--json")
    runs = [start(*wanted) for _ in range(2)]
    for run in runs:
        out, err = run.communicate(timeout=PATIENCE)
        assert run.returncode == 0, err
        assert json.loads(out)["scene"] == "two-beats"
    assert [path.name for path in (tmp_path / "media").iterdir()] == ["two-beats"]
    assert len(list((tmp_path / "media" / "two-beats").iterdir())) == FILES
    again = start(*wanted)
    assert json.loads(again.communicate(timeout=PATIENCE)[0])["cached"]


@pytest.mark.parametrize(
    "after",
    [0.0, *(pytest.param(after, marks=pytest.mark.slow) for after in (1.5, 4.0, 9.0))],
    ids=lambda after: f"{after} s",
)
def test_ctrl_c_ends_at_once_and_leaves_nothing(tmp_path: Path, after: float) -> None:
    run = start("self-attention", tmp_path, "--quality", "hd")
    until(lambda: any(tmp_path.glob("media/.attnviz-*")))  # the work has begun
    time.sleep(after)
    os.killpg(run.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        run.wait(PROMPT)
    late = run.poll() is None
    if late:
        run.send_signal(signal.SIGABRT)  # and it says where it hangs
    out, err = run.communicate(timeout=PATIENCE)  # its workers too are gone
    assert not late, err
    assert run.returncode == 130, err
    assert (out, err.strip()) == ("", "")
    assert not (tmp_path / "media").exists()
    assert list((tmp_path / "brief").iterdir()) == []


# -- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["../../etc/passwd", "/etc/passwd", "..", ".", "a/../../b", "~/x", "C:\\x", "a\u2044b"]
)
def test_no_text_leads_out_of_the_folder(tmp_path: Path, text: str) -> None:
    job = own(text=text)
    place = tmp_path / job.scene.name / (job.stem() + ".mp4")
    assert place.resolve().parent == tmp_path / "two-beats"
    assert re.fullmatch(r"[a-z0-9-]+", job.stem())


@pytest.mark.parametrize("kind", ["scene", "file", "loop"])
def test_links_do_not_lead_out_of_the_folder(tmp_path: Path, kind: str) -> None:
    media, outside = tmp_path / "media", tmp_path / "outside"
    media.mkdir()
    outside.mkdir()
    (outside / "precious.mp4").write_bytes(b"precious")
    stem = own().stem()
    if kind == "file":
        (media / "two-beats").mkdir()
        (media / "two-beats" / f"{stem}.mp4").symlink_to(outside / "precious.mp4")
        clip = film(own(), media)  # the link goes, what it led to stays
        assert not clip.files["video"].is_symlink()
    else:
        target = outside if kind == "scene" else media / "two-beats"
        (media / "two-beats").symlink_to(target)
        with pytest.raises(FolderError):
            film(own(), media)
    assert everything_in(outside) == {"precious.mp4": b"precious"}
