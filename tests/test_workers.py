"""Films side by side and in shares: the same bytes whoever draws them, and nothing left behind."""

from __future__ import annotations

import inspect
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import pytest

from attnviz.errors import AttnvizError
from attnviz.render import catalogue
from attnviz.render.estimates import Estimate, estimate, shares
from attnviz.render.films import ATTEMPTS, Crew, film, films
from attnviz.render.jobs import Clip, Job
from attnviz.render.manifest import read
from attnviz.render.output import Output, Quality
from attnviz.render.workers import Pool, alone, workers
from benchmarks.memory import peaks

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "tests" / "fixtures" / "own_scene.py"
TINY = Quality("tiny", 160, 90, 10)
PAIR = partial(workers, 2)


def own(class_name: str, **changes: str) -> Job:
    ref = catalogue.find(f"{OWN}:{class_name}")
    return Job(ref, catalogue.spec_for(ref, changes), Output(TINY))


def made(
    jobs: list[Job], folder: Path, crew: Callable[[], AbstractContextManager[Crew]] = PAIR
) -> dict[str, Clip | Exception]:
    return {job.scene.name: result for job, result in films(jobs, folder, crew, force=True)}


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_film_in_shares_is_the_film_of_one_process(tmp_path: Path) -> None:
    film(own("FourBeats"), tmp_path / "here", formats=("gif", "still", "frames"))
    for size in (2, 3):
        made([own("FourBeats")], tmp_path / "crew", partial(workers, size))
        list(
            films(
                [own("FourBeats")],
                tmp_path / "crew",
                partial(workers, size),
                formats=("gif", "still", "frames"),
            )
        )
        assert contents(tmp_path / "crew") == contents(tmp_path / "here")


def test_a_long_temporary_folder_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    results = made([own("TwoBeats")], tmp_path / "media")
    assert isinstance(results["two-beats"], Clip)
    assert list(deep.iterdir()) == []


def test_films_side_by_side_and_one_that_fails(tmp_path: Path) -> None:
    jobs = [own("TwoBeats"), own("Broken"), own("FourBeats")]
    results = made(jobs, tmp_path)
    assert isinstance(results["two-beats"], Clip)
    assert isinstance(results["four-beats"], Clip)
    assert isinstance(results["broken"], ZeroDivisionError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["four-beats", "two-beats"]
    # What is there is not drawn again, and nobody is engaged for it.
    again = films([jobs[0], jobs[2]], tmp_path, lambda: pytest.fail("nobody was needed"))
    assert [result.cached for _, result in again if isinstance(result, Clip)] == [True, True]


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    results = made([own("Grim", text=str(mark)), own("TwoBeats")], tmp_path / "media")
    assert mark.exists()
    assert {type(result) for result in results.values()} == {Clip}


def test_workers_killed_between_two_takes_are_replaced(tmp_path: Path) -> None:
    """The pool is broken when the next take is submitted, not while one is drawn."""
    jobs = [own("TwoBeats", text=text) for text in ("one", "two", "three")]
    with workers(2) as crew:
        assert isinstance(crew, Pool)
        crew.room = 1
        results = []
        for job, result in films(jobs, tmp_path, lambda: nullcontext(crew)):
            results.append((job.spec.text, type(result)))
            if len(results) == 1:
                for process in [*crew._executor._processes.values()]:
                    process.kill()
                    process.join()
    assert sorted(results) == [("one", Clip), ("three", Clip), ("two", Clip)]


def send_half() -> None:
    """Begin to send a result of a megabyte as a worker does, and be killed before its end."""
    frame = inspect.currentframe()
    while frame is not None and "result_queue" not in frame.f_locals:
        frame = frame.f_back
    assert frame is not None
    writer = frame.f_locals["result_queue"]._writer
    os.write(writer.fileno(), struct.pack("!i", 1_000_000) + b"half")
    time.sleep(60)


def test_a_worker_killed_while_it_sends_its_result_holds_nobody_up() -> None:
    pool = Pool(2)
    pool._executor.submit(send_half)
    reader = pool._executor._result_queue._reader
    manager = pool._executor._executor_manager_thread

    def in_the_midst() -> bool:
        """Say whether the message's beginning was taken, so that its end is waited for."""
        inside = sys._current_frames()[manager.ident]
        return inside.f_code.co_name == "_recv" and not reader.poll()

    deadline = time.monotonic() + 60
    while not in_the_midst():
        assert time.monotonic() < deadline, "it did not begin to send"
        time.sleep(0.01)
    ending = threading.Thread(target=pool.dismiss, daemon=True)
    ending.start()
    ending.join(10)
    assert not ending.is_alive()


def test_a_film_asked_for_twice_is_drawn_once(tmp_path: Path) -> None:
    ((_, clip),) = films([own("FourBeats")] * 2, tmp_path, PAIR)
    assert isinstance(clip, Clip)


def test_a_scene_that_kills_its_workers_ends(tmp_path: Path) -> None:
    results = made([own("Grim", text="again and again")], tmp_path / "media")
    error = results["grim"]
    assert isinstance(error, AttnvizError)
    assert f"killed {ATTEMPTS} times" in str(error)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("seconds", [1.5, pytest.param(7.0, marks=pytest.mark.slow)])
def test_stopped_at_any_moment_nothing_is_left(
    tmp_path: Path, sent: signal.Signals, code: int, seconds: float
) -> None:
    command = [sys.executable, "render.py", f"{OWN}:Endless", f"{OWN}:TwoBeats", "-o"]
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    run = subprocess.Popen(
        [*command, str(tmp_path / "media"), "--workers", "2"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    time.sleep(seconds)
    os.killpg(run.pid, sent) if sent == signal.SIGINT else run.send_signal(sent)
    _, said = run.communicate(timeout=30)
    assert run.returncode == code
    assert b"Traceback" not in said, said.decode()
    assert b"leaked" not in said
    left = [path for path in tmp_path.rglob("*") if path.is_file() or "attnviz-" in path.name]
    assert [path for path in left if "two-beats" not in path.parts] == []
    deadline = time.monotonic() + 10
    while _session(run.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _session(run.pid) == []


def _session(leader: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(entry.name))
    return found


@pytest.mark.slow
def test_the_workers_of_a_killed_command_end_too(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "render.py", f"{OWN}:Endless", "-o", str(tmp_path), "--workers", "2"],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(6)
    assert len(_session(run.pid)) > 1
    run.kill()
    run.wait()
    deadline = time.monotonic() + 20
    while _session(run.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _session(run.pid) == []


@pytest.mark.slow
def test_a_worker_at_1080p_takes_under_600_megabytes() -> None:
    found = sorted(peaks(["multi-head", "--quality", "hd", "--workers", "2"]).values())
    assert len(found) >= 4  # the command, what forks, and two workers at the least
    assert 200 < found[-1] < 600


def test_the_seconds_drawn_are_told_share_by_share(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []

    class Board:
        def expect(self, job: Job, seconds: float) -> None:
            told.append(("expect", 0, int(seconds)))

        def drawn(self, job: Job, share: object, seconds: int) -> None:
            told.append(("drawn", getattr(share, "number", -1), seconds))

        def done(self, job: Job, seconds: float) -> None:
            told.append(("done", 0, int(seconds)))

    list(films([own("FourBeats")], tmp_path, PAIR, board=lambda: nullcontext(Board())))
    assert told[0] == ("expect", 0, 28)  # four beats, seven seconds each
    (_, _, length), drawn = told[-1], [one for one in told if one[0] == "drawn"]
    assert told[-1][0] == "done"
    for number in (0, 1):
        seconds = [second for _, share, second in drawn if share == number]
        assert seconds == list(range(1, len(seconds) + 1)) != []
    assert length - 2 <= len(drawn) <= length


def test_long_films_are_cut_so_that_nobody_waits() -> None:
    long, short = Estimate(60, 5), Estimate(20, 3)
    assert shares([long], 1) == [1]
    assert shares([long], 2) == [2]
    assert shares([long], 64) == [5]  # never more than beats
    assert shares([short] * 9, 2) == [1] * 9
    assert shares([long, short, short, short], 3) == [2, 1, 1, 1]


def test_a_film_is_about_as_long_as_it_was(tmp_path: Path) -> None:
    job = own("FourBeats")
    assert estimate(job, None) == Estimate(4 * 7, 4)
    clip = film(job, tmp_path)
    found = estimate(job, read(clip.files["manifest"]))
    assert found == Estimate(clip.seconds, 4)


def test_the_command_line_says_what_failed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import render

    words = [f"{OWN}:Broken", f"{OWN}:TwoBeats", "--quality", "draft", "-o", str(tmp_path)]
    assert render.main([*words, "--json", "--workers", "1"]) == 1
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [("error" in line, line["scene"]) for line in lines] == [
        (False, "two-beats"),
        (True, "broken"),
    ]
    assert "1 of 2 films failed" in err
    assert list(films([], tmp_path, alone)) == []
