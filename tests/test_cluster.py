"""Films drawn by a real Dask cluster of this machine: the same bytes, whoever is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import render
from attnviz.errors import AttnvizError, UserError
from attnviz.render import catalogue
from attnviz.render.cluster import cluster
from attnviz.render.films import film, films
from attnviz.render.jobs import Clip, Job
from attnviz.render.output import Output, Quality
from attnviz.render.store import Store
from attnviz.render.takes import Footage, Take, shoot

if TYPE_CHECKING:
    from distributed import LocalCluster

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "tests" / "fixtures" / "own_scene.py"
TINY = Quality("tiny", 160, 90, 10)
NOWHERE = Store(None)

pytestmark = [
    pytest.mark.xdist_group("cluster"),
    # Of distributed and tornado themselves, when a cluster is closed:
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def dask() -> Iterator[LocalCluster]:
    """Two workers of one thread each, as the README starts them."""
    from distributed import LocalCluster

    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)  # the workers know this copy of attnviz
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as started:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
        yield started


def own(class_name: str, **changes: str) -> Job:
    ref = catalogue.find(f"{OWN}:{class_name}")
    return Job(ref, catalogue.spec_for(ref, changes), Output(TINY))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_cluster_draws_the_film_of_one_process(dask: LocalCluster, tmp_path: Path) -> None:
    seconds: list[int] = []

    class Board:
        def expect(self, job: Job, seconds: float) -> None:
            """Hear nothing."""

        def drawn(self, job: Job, share: object, second: int) -> None:
            seconds.append(second)

        def done(self, job: Job, seconds: float) -> None:
            """Hear nothing."""

    film(own("FourBeats"), tmp_path / "here", formats=("gif",), store=NOWHERE)
    far = films(
        [own("FourBeats"), own("Broken")],
        tmp_path / "far",
        partial(cluster, dask.scheduler_address),
        formats=("gif",),
        store=NOWHERE,
        board=lambda: nullcontext(Board()),
    )
    results = {job.scene.name: result for job, result in far}
    assert isinstance(results["four-beats"], Clip)
    assert isinstance(results["broken"], ZeroDivisionError)
    assert contents(tmp_path / "far") == contents(tmp_path / "here")
    assert seconds


@pytest.mark.slow
def test_a_worker_that_is_killed_is_not_missed(
    dask: LocalCluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from distributed import Client

    with Client(dask, set_as_default=False) as client:
        processes = list(client.run(os.getpid).values())

        def busy(dask_worker: Any) -> bool:
            return bool(dask_worker.state.executing_count)

        killed: list[int] = []

        def kill() -> None:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                drawing = [*client.run(busy).values()]
                if any(drawing):
                    time.sleep(0.3)  # in the middle of it
                    killed.append(processes[drawing.index(True)])
                    os.kill(killed[0], signal.SIGKILL)
                    return
                time.sleep(0.05)

        killer = threading.Thread(target=kill)
        killer.start()
        words = ["causal-mask", f"{OWN}:TwoBeats", "--quality", "draft", "-o", str(tmp_path)]
        code = render.main([*words, "--json", "--cluster", dask.scheduler_address])
        killer.join()
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert killed
    assert code == 0
    assert {line["scene"] for line in told} == {"causal-mask", "two-beats"}
    assert all(Path(path).is_file() for line in told for path in line["files"].values())


def test_a_worker_with_other_code_is_refused(
    dask: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnviz.render.films.content_key", lambda *_: "0" * 64)
    far = films(
        [own("TwoBeats")], tmp_path, partial(cluster, dask.scheduler_address), store=NOWHERE
    )
    ((_, error),) = far
    assert isinstance(error, AttnvizError)
    assert "would draw another film" in str(error)
    assert contents(tmp_path) == {}


def test_addresses_that_lead_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = [f"{OWN}:TwoBeats", "--quality", "draft", "-o", str(tmp_path)]
    assert render.main([*words, "--cluster", "tcp://127.0.0.1:9"]) == 1
    said = capfd.readouterr().err
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in said
    assert "Traceback" not in said
    assert render.main([*words, "--cluster", "nonsense://x"]) == 2
    assert render.main([*words, "--cluster", "tcp://127.0.0.1:9", "--workers", "2"]) == 2
    assert "give one of them" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_footage_that_was_changed_on_the_way_is_noticed(tmp_path: Path) -> None:
    footage = shoot(Take(f"{OWN}:TwoBeats", own("TwoBeats").spec, Output(TINY), "key"), tmp_path)
    (content, count), *_ = footage.pieces[0]["mp4"]
    other = Footage(
        {**footage.pieces, 0: {"mp4": ((content[:-1] + b"x", count),)}},
        footage.frames,
        footage.film,
        footage.trace,
        footage.poster,
    )
    assert footage.digest() == footage.digest() != other.digest()


def test_without_distributed_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"attnviz\[cluster\]"), cluster("tcp://127.0.0.1:1"):
        pass
