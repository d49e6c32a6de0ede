"""`render.py preview` as a process: it starts at once, tells one line, and leaves nothing."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from attnviz.studio.guard import LOOPBACK
from attnviz.studio.listening import listen

ROOT = Path(__file__).resolve().parent.parent
OWN = "tests/fixtures/own_scene.py"
SECONDS = 60
LONGEST_END = 5
"""Seconds for the end of a preview, on a machine with much other work: a tenth of it without."""

_LINE = re.compile(r"preview: http:" + r"//([^/\s]+):(\d+)/(\?token=\S+)?  \(Ctrl-C ends it\)\n")


@dataclass
class Preview:
    """A preview that runs."""

    process: subprocess.Popen[str]
    host: str
    port: int
    query: str
    folder: Path

    def ask(self, method: str, path: str, order: object = None, **headers: str) -> tuple[int, Any]:
        with closing(http.client.HTTPConnection(LOOPBACK, self.port, timeout=SECONDS)) as line:
            if order is not None:
                origin = "http:" + f"//{LOOPBACK}:{self.port}"
                headers |= {"Content-Type": "application/json", "Origin": origin}
            body = None if order is None else json.dumps(order)
            line.request(method, path, body, headers)
            answer = line.getresponse()
            content = answer.read()
        is_json = answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(content) if is_json else content

    @contextmanager
    def events(self) -> Iterator[Callable[[], dict[str, Any]]]:
        """Open the line of events; give what waits for the next."""
        with closing(http.client.HTTPConnection(LOOPBACK, self.port, timeout=SECONDS)) as line:
            line.request("GET", "/api/events")
            answer = line.getresponse()

            def next_event() -> dict[str, Any]:
                while not (text := answer.readline()).startswith(b"data: "):
                    assert text, "the line was closed"
                told: dict[str, Any] = json.loads(text.removeprefix(b"data: "))
                return told

            yield next_event

    def end(self, number: signal.Signals) -> tuple[int, str, str, float]:
        """End it; return the exit code, what else it printed, and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out, err, time.monotonic() - began

    def left(self) -> list[str]:
        """Return the command lines of the processes of its session that still run."""
        return [name for session, name in sessions() if session == self.process.pid]


def sessions() -> Iterator[tuple[int, str]]:
    """Yield the session and the command line of each process that runs."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if fields[0] != "Z":
            yield int(fields[3]), command


@contextmanager
def preview(tmp_path: Path, *words: str, port: str = "0") -> Iterator[Preview]:
    """Run a preview until the end of the block, with private folders of its own."""
    for name in ("tmp", "films"):
        (tmp_path / name).mkdir(exist_ok=True)
    command = [sys.executable, "render.py", "preview", *words, "--no-open", "--port", port]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "films")],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = _LINE.fullmatch(line)
        assert found, line or process.communicate()[1]
        yield Preview(process, found[1], int(found[2]), found[3] or "", tmp_path)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.communicate(timeout=SECONDS)
            finally:
                process.kill()


def gone(running: Preview) -> bool:
    """Tell whether nothing is left: no process, no file."""
    limit = time.monotonic() + LONGEST_END
    while running.left() and time.monotonic() < limit:
        time.sleep(0.05)
    return not running.left() and not [*(running.folder / "tmp").iterdir()]


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_it_serves_before_it_is_warm_and_ends_on_a_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    with preview(tmp_path, "softmax", "--theme", "light") as running:
        assert running.ask("GET", "/")[0] == 200
        status, told = running.ask("GET", "/api/choices")
        assert status == 200
        assert told["start"]["scene"] == "softmax"
        assert told["start"]["theme"] == "light"
        with running.events() as next_event:
            assert next_event()["state"] == "warming"
            code, out, err, seconds = running.end(number)
        assert (code, out, err) == (128 + number, "", "")
        assert seconds < LONGEST_END
        assert gone(running)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0, 3.0, 4.0])
def test_it_ends_at_any_moment_of_its_warming_up(tmp_path: Path, seconds: float) -> None:
    with preview(tmp_path) as running:
        time.sleep(seconds)
        code, out, err, took = running.end(signal.SIGINT)
        assert (code, out, err) == (130, "", "")
        assert took < LONGEST_END
        assert gone(running)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no-such-scene"], "unknown scene 'no-such-scene'"),
        (["--model", "no/such.py:model"], "there is no file 'no/such.py'"),
        (["--text", " "], "give at least one word"),
        (["--theme", "drak"], "did you mean 'dark'"),
        (["--port", "70000"], "70000"),
        (["--host", "192.0.2.7"], "192.0.2.7"),
        (["--host", ""], "give an address"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(
    tmp_path: Path, words: list[str], message: str
) -> None:
    command = [sys.executable, "render.py", "preview", "--no-open", *words]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("render.py: ")
    assert message in line
    assert [*tmp_path.iterdir()] == []


def test_a_port_in_use_is_one_line() -> None:
    with closing(listen(LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "render.py", "preview", "--no-open", "--port", str(port)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"render.py: port {port} is in use, perhaps by another preview; give another with --port\n"
    )


def test_another_address_warns_and_wants_the_token_of_the_line(tmp_path: Path) -> None:
    with preview(tmp_path, "--host", "0.0.0.0") as running:
        assert running.query.startswith("?token=")
        assert running.ask("GET", "/")[0] == 401
        assert running.ask("GET", "/" + running.query)[0] == 200
        _, _, err, _ = running.end(signal.SIGTERM)
    (line,) = err.splitlines()
    assert "reached by others" in line


def test_the_server_itself_loads_neither_torch_nor_manim() -> None:
    code = (
        "import sys, attnviz.studio.serving, attnviz.studio.markup, attnviz.studio.inspector;"
        "heavy = {'torch', 'manim'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# -- with the engine, from an order to pictures and files -------------------------------------


@pytest.mark.slow
def test_it_draws_exports_and_keeps_up_with_a_file_and_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    source = (ROOT / OWN).read_text("utf-8")
    file.write_text(source, "utf-8")
    with preview(tmp_path, f"{file}:TwoBeats", f"{file}:Endless") as running:
        with running.events() as next_event:
            state = next_event()
            while state["state"] != "ready":
                state = next_event()
            status, film = running.ask("POST", "/api/render", {"scene": "two-beats"})
            assert status == 200
            status, records = running.ask("GET", f"/api/films/{film['film']}/records")
            assert status == 200
            assert b'"kind":"done"' in records.replace(b'": "', b'":"')
            address = "layers%5B1%5D.weights%5B2,%201,%201%5D"
            status, value = running.ask("GET", f"/api/films/{film['film']}/value?address={address}")
            assert status == 200
            assert 0 < value["value"] <= 1

            file.write_text(source.replace("A square &", "Another square &"), "utf-8")
            told = next_event()
            assert told["kind"] == "code"
            assert [Path(name).name for name in told["files"]] == ["mine.py"]
            _, newer = running.ask("POST", "/api/render", {"scene": "two-beats"})
            assert newer["film"] != film["film"]
            _, records = running.ask("GET", f"/api/films/{newer['film']}/records")
            assert b"Another square" in records

            file.write_text(source + "def (:\n", "utf-8")
            assert next_event()["kind"] == "code"
            status, broken = running.ask("POST", "/api/render", {"scene": "two-beats"})
            assert status == 200
            _, records = running.ask("GET", f"/api/films/{broken['film']}/records")
            assert f'"line": {1 + source.count(chr(10))}'.encode() in records
            file.write_text(source, "utf-8")
            assert next_event()["kind"] == "code"

            order = {"scene": "two-beats", "quality": "draft"}
            status, export = running.ask("POST", "/api/export", order)
            assert status == 200
            assert not [*(tmp_path / "films").iterdir()]
            states = [next_event(), next_event()]
            assert [event["state"] for event in states] == ["running", "done"]
            assert {event["id"] for event in states} == {export["id"]}
            assert all(Path(path).is_file() for path in states[1]["files"].values())

            running.ask("POST", "/api/export", {"scene": "endless", "quality": "draft"})
            assert next_event()["state"] == "running"
            limit = time.monotonic() + SECONDS
            while not [*(tmp_path / "films").glob(".attnviz-*/manim")]:
                assert time.monotonic() < limit
                time.sleep(0.1)
        code, out, err, seconds = running.end(signal.SIGINT)
        assert (code, out) == (130, "")
        assert set(err.splitlines()) == {"a scene may print: it must not reach stdout"}
        assert seconds < LONGEST_END
        assert gone(running)
    assert [path.name for path in (tmp_path / "films").iterdir()] == ["two-beats"]
    assert not [name for _, name in sessions() if str(tmp_path) in name]
