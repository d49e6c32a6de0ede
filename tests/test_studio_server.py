"""What the studio's server answers, what it hands on, and what it leaves behind: nothing."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.types import Message

import render
from attnviz.errors import UserError
from attnviz.render import catalogue
from attnviz.render.batch import Batch
from attnviz.render.formats import FORMATS
from attnviz.render.jobs import Job
from attnviz.render.output import ASPECTS, QUALITIES, Output
from attnviz.spec import Spec
from attnviz.studio import replies
from attnviz.studio.app import MOST_LISTENERS, MOST_READERS, Opening, Studio
from attnviz.studio.choices import Named, Shelf
from attnviz.studio.events import Events
from attnviz.studio.exporting import MOST_WAITING, BusyError, Exports
from attnviz.studio.listening import DEFAULT_PORT, listen
from attnviz.studio.thumbnails import Thumbnails
from attnviz.studio.watching import watch
from tests.studios import RECORDS, SECONDS, Served, StandInEngine, serve

ROOT = Path(__file__).resolve().parent.parent
OWN = "tests/fixtures/own_scene.py"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def studio() -> Served:
    with serve() as served:
        yield served


# -- what is offered --------------------------------------------------------------------------


def test_scenes_are_told_as_the_readme_has_them(studio: Served) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "README.md").read_text("utf-8").splitlines()
        if line.startswith("| `")
    ]
    listed = [[name.strip("`"), summary, tokens] for name, summary, tokens in rows if "–" in tokens]
    told = studio.get("/api/scenes").json
    assert [
        [scene["name"], scene["summary"], "–".join(map(str, scene["tokens"]))] for scene in told
    ] == listed
    by_name = {scene["name"]: scene for scene in told}
    assert by_name["cross-attention"]["targets"] is True
    assert by_name["self-attention"]["targets"] is False
    assert by_name["causal-mask"]["spec"] == {
        "text": "he left the roses by the bank",
        "target": None,
        "model": "writer",
        "layer": None,
        "head": None,
        "mask": "causal",
        "hide_special": False,
    }


def test_a_scene_of_ones_own_comes_last_and_only_where_it_was_named(studio: Served) -> None:
    assert "two-beats" not in {scene["name"] for scene in studio.get("/api/scenes").json}
    named = Named(
        (catalogue.find(f"{OWN}:TwoBeats"),), {"text": "mine", "layer": 1}, "light", "1:1"
    )
    with serve(named) as own:
        *_, last = own.get("/api/scenes").json
        assert (last["name"], last["spec"]["model"]) == ("two-beats", "random")
        start = own.get("/api/choices").json["start"]
    assert start == {
        "scene": "two-beats",
        "spec": {"text": "mine", "layer": 1},
        "theme": "light",
        "aspect": "1:1",
    }


def test_choices_are_those_of_the_command_line(studio: Served) -> None:
    told = studio.get("/api/choices").json
    assert [model["name"] for model in told["models"]] == ["reader", "writer", "translator"]
    assert [model["name"] for model in told["models"] if model["targets"]] == ["translator"]
    assert told["heads"][0] == "auto:previous"
    assert told["themes"] == ["dark", "light"]
    assert told["aspects"] == ["16:9", "1:1", "9:16"]
    assert {"name": "draft", "width": 854, "height": 480, "fps": 15} in told["qualities"]
    assert [kind["name"] for kind in told["formats"]] == list(FORMATS)
    assert "auto" not in told["sites"]
    assert told["start"] == {
        "scene": "self-attention",
        "spec": {},
        "theme": "dark",
        "aspect": "16:9",
    }


def test_a_model_that_was_named_is_offered_with_what_it_is(tmp_path: Path) -> None:
    saved = tmp_path / "bank.safetensors"
    with serve(Named((), {"model": str(saved)})) as studio:
        *_, last = studio.get("/api/choices").json["models"]
    assert last == {"name": str(saved), "targets": False, "what": "a saved trace"}


def test_two_scenes_of_one_name_are_refused(tmp_path: Path) -> None:
    source = (
        "from attnviz.stage import AttentionScene\nclass Twin(AttentionScene):\n    '''It.'''\n"
    )
    refs = []
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(source, "utf-8")
        refs.append(catalogue.find(f"{tmp_path / name}:Twin"))
    with pytest.raises(UserError, match="are both called twin"):
        Shelf(Named(tuple(refs)))


def test_a_broken_file_leaves_the_form_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    good = (
        "from attnviz.stage import AttentionScene\nfrom attnviz.spec import Spec\n"
        "class Mine(AttentionScene):\n    '''What it shows.'''\n    spec = Spec(text='my words')\n"
    )
    file.write_text(good, "utf-8")
    with serve(Named((catalogue.find(f"{file}:Mine"),))) as studio:
        before = studio.get("/api/scenes").json[-1]
        assert before["spec"]["text"] == "my words"
        file.write_text(good + "    def (:\n", "utf-8")
        assert studio.get("/api/scenes").json[-1] == before
        assert studio.post("/api/render", {"scene": "mine"}).status == 200
        file.write_text(good.replace("my words", "other words"), "utf-8")
        assert studio.get("/api/scenes").json[-1]["spec"]["text"] == "other words"
    file.write_text(good + "    def (:\n", "utf-8")
    with pytest.raises(UserError, match="line 6: this is no Python"):
        Shelf(Named((catalogue.SceneRef("mine", file, "Mine"),)))


COMPUTED = """\
from attnviz.spec import Spec
from attnviz.stage import AttentionScene
print("a file may print")
class Base(AttentionScene):
    'A base.'
    spec = Spec(text="of the base", layer=1)
    tokens = range(3, 9)
    kind = "self"
class Derived(Base):
    'Derived.'
class Computed(Base):
    'Computed.'
    spec = Spec(text=" ".join(["two", "words"]))
class Failing(Base):
    'Failing.'
    spec = Spec(text=1 / 0)
"""


def test_a_scene_has_what_its_base_in_the_same_file_has(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(COMPUTED, "utf-8")
    ref = catalogue.find(f"{tmp_path / 'mine.py'}:Derived")
    shelf = Shelf(Named((ref,)))
    assert shelf.spec(ref) == Spec(text="of the base", layer=1)
    assert shelf.tokens(ref) == range(3, 9)
    assert shelf.takes_target(ref) is False


def test_what_only_running_a_file_can_tell_another_process_tells(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(COMPUTED, "utf-8")
    with pytest.raises(UserError, match="ZeroDivisionError"):
        Shelf(Named((catalogue.find(f"{file}:Failing"),)))
    file.write_text(COMPUTED.partition("class Failing")[0], "utf-8")
    ref = catalogue.find(f"{file}:Computed")
    assert Shelf(Named((ref,))).spec(ref) == Spec(text="two words")


# -- pictures and pages -----------------------------------------------------------------------


@pytest.mark.parametrize("ref", catalogue.listed(), ids=lambda ref: ref.name)
def test_a_thumbnail_is_a_small_still_of_the_gallery(studio: Served, ref: Any) -> None:
    answer = studio.get(f"/api/thumbnails/{ref.name}")
    assert (answer.status, answer.kind) == (200, "image/webp")
    with Image.open(BytesIO(answer.body)) as still:
        assert getattr(still, "n_frames", 1) == 1
        assert still.size == (320, 180)
        small = still.convert("RGB").resize((16, 9), Image.Resampling.BOX)
    with Image.open(ROOT / "media" / "gallery" / f"{ref.name}.webp") as loop:
        loop.seek(loop.n_frames - 1)
        last = loop.convert("RGB").resize((16, 9), Image.Resampling.BOX)
    pairs = zip(small.tobytes(), last.tobytes(), strict=True)
    assert max(abs(ours - theirs) for ours, theirs in pairs) < 12


def test_a_scene_without_a_picture_has_a_card_with_its_name(tmp_path: Path) -> None:
    cards = [Image.open(BytesIO(Thumbnails(tmp_path).still(name))) for name in ("mine", "yours")]
    for card in cards:
        assert card.format == "WEBP"
        assert card.size == (320, 180)
        assert max(high for _, high in card.convert("RGB").getextrema()) > 200, "letters"
    assert cards[0].tobytes() != cards[1].tobytes()


def test_a_new_picture_of_a_scene_is_seen(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path)
    card = thumbnails.still("mine")
    Image.new("RGB", (640, 360), "red").save(tmp_path / "mine.webp")
    assert thumbnails.still("mine") != card
    (tmp_path / "mine.webp").unlink()
    assert thumbnails.still("mine") == card


def test_files_of_the_page_have_their_types(
    studio: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("index.html", "studio.css", "studio.js", "icon.svg", "notes.md", "code.py"):
        (tmp_path / name).write_text(f"this is {name}", "utf-8")
    monkeypatch.setattr(replies, "PAGE", tmp_path)
    for name, kind in {
        "index.html": "text/html; charset=utf-8",
        "studio.css": "text/css; charset=utf-8",
        "studio.js": "text/javascript; charset=utf-8",
        "icon.svg": "image/svg+xml",
    }.items():
        answer = studio.get(f"/page/{name}")
        assert (answer.status, answer.kind) == (200, kind)
        assert answer.body.decode() == f"this is {name}"
    assert studio.get("/").body == b"this is index.html"
    assert studio.get("/page/notes.md").status == 404
    assert studio.get("/page/code.py").status == 404


def test_the_page_is_there_before_what_draws_is_loaded() -> None:
    async def ask(opening: Opening, path: str) -> int:
        told: list[Message] = []

        async def send(message: Message) -> None:
            told.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
        await opening(scope, receive, send)
        status: int = told[0]["status"]
        return status

    async def run() -> None:
        opening = Opening()
        waiting = asyncio.create_task(ask(opening, "/api/choices"))
        assert await ask(opening, "/page/nothing.js") == 404
        assert not waiting.done()
        opening.open(Studio(StandInEngine(), lambda *_: {}, Shelf(Named()), Path("media")))
        assert await waiting == 200

    asyncio.run(run())


# -- films ------------------------------------------------------------------------------------


def test_an_order_becomes_the_job_of_the_command_line() -> None:
    with serve() as studio:
        spec = {"text": "  she ate\nthe apple ", "layer": 1, "head": "2", "mask": "window:03"}
        order = {"scene": "softmax", "spec": spec, "theme": "light", "aspect": "9:16"}
        answer = studio.post("/api/render", order | {"beat": 3, "frame": 40})
        ((job, place, base),) = studio.engine.drawn
        assert answer.json["film"] == "1-1"
        again = studio.post("/api/render", order | {"base": "1-1", "spec": spec | {"mask": None}})
        assert studio.engine.drawn[1][1:] == ((0, 0), "1-1")
        assert studio.engine.drawn[1][0].spec.mask is None
        assert again.json["film"] == "1-2"
    assert (place, base) == ((3, 40), None)
    assert job.scene.name == "softmax"
    assert job.spec == Spec(text="she ate the apple", layer=1, head=2, mask="window:3")
    assert job.output == Output(QUALITIES["draft"], "light", ASPECTS["9:16"])


@pytest.mark.parametrize(
    ("order", "line"),
    [
        ({"scene": "softmax"}, "python render.py softmax"),
        (
            {"scene": "softmax", "spec": {"layer": 0, "head": 3, "hide_special": False}},
            "python render.py softmax",
        ),
        (
            {"scene": "self-attention", "spec": {"head": "auto:bank>roses"}, "theme": "light"},
            "python render.py self-attention --head 'auto:bank>roses' --theme light",
        ),
        (
            {"scene": "causal-mask", "spec": {"text": 'it\'s -- "me" $HOME;`ls`', "mask": "none"}},
            None,
        ),
        ({"scene": "self-attention", "spec": {"text": "--force"}, "aspect": "1:1"}, None),
        ({"scene": "self-attention", "spec": {"text": "-o", "hide_special": True}}, None),
        ({"scene": "causal-mask", "spec": {"model": "writer", "layer": 1, "head": 0}}, None),
        (
            {
                "scene": "cross-attention",
                "spec": {"model": "translator", "text": "안녕 !", "target": "hi"},
            },
            None,
        ),
        (
            {"scene": "two-beats", "spec": {"text": "my own"}},
            f"python render.py {OWN}:TwoBeats --text 'my own'",
        ),
    ],
)
def test_the_command_that_is_shown_renders_the_very_film(
    order: dict[str, Any], line: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = Named((catalogue.find(f"{OWN}:TwoBeats"),))
    with serve(named) as studio:
        told = studio.post("/api/render", order)
        ((job, _, _),) = studio.engine.drawn
    assert line is None or told.json["command"] == line
    assert jobs_of(told.json["command"], monkeypatch) == [
        Job(job.scene, job.spec, Output(QUALITIES["web"], job.output.theme, job.output.aspect))
    ]


def jobs_of(line: str, monkeypatch: pytest.MonkeyPatch) -> Sequence[Job]:
    """Return what the command line makes of a line for a shell; nothing is rendered."""
    found: list[Job] = []

    def films(_batch: Batch, jobs: Sequence[Job], **_options: Any) -> int:
        found.extend(jobs)
        return 0

    monkeypatch.setattr(Batch, "films", films)
    python, program, *words = shlex.split(line)
    assert (python, program) == ("python", "render.py")
    assert render.main(words) == 0
    return found


@pytest.mark.parametrize(
    ("order", "field", "message"),
    [
        ({"scene": "sofmax"}, "scene", "unknown scene 'sofmax', did you mean 'softmax'?"),
        ({"scene": "softmax", "theme": "drak"}, "theme", "did you mean 'dark'?"),
        ({"scene": "softmax", "spec": {"mask": "causl"}}, "mask", "did you mean 'causal'?"),
        ({"scene": "softmax", "spec": {"head": "auto:previos"}}, "head", "auto:previous"),
        ({"scene": "softmax", "spec": {"model": "raeder"}}, "model", "did you mean 'reader'?"),
        ({"scene": "softmax", "spec": {"text": " "}}, "text", "at least one word"),
        ({"scene": "softmax", "spec": {"layer": "1"}}, "layer", "wanted a whole number, got '1'"),
        ({}, "scene", "no scene named"),
    ],
)
def test_a_refusal_names_the_field_and_what_to_do(
    studio: Served, order: dict[str, Any], field: str, message: str
) -> None:
    refused = studio.post("/api/render", order)
    assert refused.status == 422
    assert refused.json["field"] == field
    assert message in refused.json["error"]


def test_records_are_handed_on_as_they_come() -> None:
    with serve() as studio:
        film = studio.post("/api/render", {"scene": "softmax"}).json["film"]
        answer = studio.get(f"/api/films/{film}/records")
        assert (answer.status, answer.kind) == (200, "application/octet-stream")
        assert answer.body == b"".join(RECORDS)
        held = studio.engine.films[film]
        studio.get(f"/api/films/{film}/records?have={film}")
        studio.get(f"/api/films/{film}/records?have=9-9")
        studio.get(f"/api/films/{film}/records?have=../{film}")
        assert held.asked == [None, held, None, None]
        assert held.left == 4
        assert studio.get("/api/films/9-9/records").status == 404


def test_a_page_that_goes_away_leaves_its_film() -> None:
    with serve() as studio:
        studio.engine.endless = True
        film = studio.post("/api/render", {"scene": "softmax"}).json["film"]
        with pytest.raises(TimeoutError):
            read_on(studio, f"/api/films/{film}/records", 0.3)
        wait_until(lambda: studio.engine.films[film].left == 1)


@pytest.mark.parametrize(
    ("path", "most"),
    [("/api/films/1-1/records", MOST_READERS), ("/api/events", MOST_LISTENERS)],
)
def test_so_many_streams_and_no_more_go_on_at_a_time(path: str, most: int) -> None:
    with serve() as studio, ExitStack() as lines:
        studio.engine.endless = True
        studio.post("/api/render", {"scene": "softmax"})
        request = f"GET {path} HTTP/1.1\r\nHost: {studio.host}\r\n\r\n".encode()

        def status() -> bytes:
            line = socket.create_connection(("127.0.0.1", studio.address.port), SECONDS)
            lines.enter_context(line).sendall(request)
            return line.recv(12)[-3:]

        assert [status() for _ in range(most + 3)] == [b"200"] * most + [b"429"] * 3
        lines.close()
        wait_until(lambda: status() == b"200")


def test_a_value_is_inspected_in_the_films_own_tensors() -> None:
    with serve() as studio:
        film = studio.post("/api/render", {"scene": "softmax"}).json["film"]
        address = "layers%5B1%5D.weights%5B2,%206,%203%5D"
        told = studio.get(f"/api/films/{film}/value?address={address}")
        assert told.json == {"address": "layers[1].weights[2, 6, 3]", "value": 0.25, "of": [""]}
        assert studio.inspected == ["layers[1].weights[2, 6, 3]"]
        assert studio.get(f"/api/films/{film}/value").status == 422


# -- events -----------------------------------------------------------------------------------


def read_on(studio: Served, path: str, seconds: float) -> bytes:
    """Read an answer that has no end; return what came, or time out where nothing more comes."""
    connection = http.client.HTTPConnection("127.0.0.1", studio.address.port, timeout=seconds)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read()
    finally:
        connection.close()


def wait_until(done: Any) -> None:
    limit = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.01)


async def heard(events: Events, count: int) -> list[dict[str, Any]]:
    found = []
    async for line in events.listen():
        assert line.startswith(b"data: ")
        assert line.endswith(b"\n\n")
        found.append(json.loads(line.removeprefix(b"data: ")))
        if len(found) == count:
            break
    return found


def test_every_page_hears_the_state_and_then_all_that_happens() -> None:
    async def listening() -> None:
        events = Events(lambda: [{"kind": "state", "state": "warming"}])
        pages = [asyncio.create_task(heard(events, 3)) for _ in range(2)]
        await asyncio.sleep(0.01)
        events.tell({"kind": "state", "state": "ready"})
        events.tell({"kind": "code", "files": ["é\u2028\n.py"]})
        for page in await asyncio.gather(*pages):
            assert [event.get("state") for event in page] == ["warming", "ready", None]
            assert page[2] == {"kind": "code", "files": ["é\u2028\n.py"]}

    asyncio.run(listening())


def test_a_page_that_does_not_listen_costs_little_and_holds_nobody_up() -> None:
    async def listening() -> None:
        events = Events(lambda: [{"kind": "state", "state": "ready"}])
        slow = events.listen()
        await anext(slow)
        for number in range(10_000):
            events.tell({"kind": "code", "files": [str(number)]})
        assert len([line async for line in slow]) < 100

    asyncio.run(listening())


# -- exports ----------------------------------------------------------------------------------


def program(tmp_path: Path, code: str) -> list[str]:
    """Return a stand-in for the command line, which gets the words after its own."""
    file = tmp_path / "program.py"
    file.write_text("import json, os, signal, sys, time\n" + code, "utf-8")
    return [sys.executable, str(file)]


def exported(
    stand_in: Sequence[str], orders: Sequence[Sequence[str]], enough: int
) -> list[dict[str, Any]]:
    """Return what is told of some exports."""

    async def run() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        exports = Exports(lambda event: told.append(dict(event)), stand_in)
        names = [exports.add(words) for words in orders]
        async with asyncio.timeout(SECONDS):
            while len(told) < enough:
                await asyncio.sleep(0.01)
        assert [event["id"] for event in told] == [name for name in names for _ in (0, 1)][:enough]
        await exports.close()
        return told

    return asyncio.run(run())


def test_exports_run_one_after_another_and_tell_where_the_files_are(tmp_path: Path) -> None:
    stand_in = program(
        tmp_path,
        f"lock = {str(tmp_path / 'lock')!r}\n"
        "os.mkdir(lock); time.sleep(0.1); os.rmdir(lock)\n"
        "print(json.dumps({'files': {'video': ' '.join(sys.argv[1:])}}))\n",
    )
    told = exported(stand_in, [["softmax"], ["--text", "a  b"]], 4)
    assert [event["state"] for event in told] == ["running", "done", "running", "done"]
    assert told[1]["files"] == {"video": "softmax --json"}
    assert told[3]["files"] == {"video": "--text a  b --json"}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("print(json.dumps({'error': 'no such head'})); sys.exit(2)", "no such head"),
        ("sys.exit('render.py: it cannot be')", "render.py: it cannot be"),
        ("os._exit(3)", "it ended with exit code 3"),
        ("print('no JSON')", "it ended with exit code 0"),
        ("os.kill(os.getpid(), 9)", "it ended with exit code -9"),
    ],
)
def test_a_failed_export_says_why_and_the_next_one_runs(
    tmp_path: Path, code: str, error: str
) -> None:
    told = exported(program(tmp_path, code), [["a"], ["b"]], 4)
    assert [event["state"] for event in told] == ["running", "failed"] * 2
    assert told[1]["error"] == error


def test_no_more_exports_wait_than_there_is_patience_for(tmp_path: Path) -> None:
    async def run() -> None:
        exports = Exports(lambda _event: None, program(tmp_path, "time.sleep(60)"))
        exports.add(["first"])
        await asyncio.sleep(0.05)
        for number in range(MOST_WAITING):
            exports.add([str(number)])
        with pytest.raises(BusyError):
            exports.add(["one too many"])
        assert len(exports.standing()) == 1 + MOST_WAITING
        await exports.close()

    asyncio.run(run())


@pytest.mark.parametrize("deaf", [False, True])
def test_closing_ends_the_export_that_runs(
    tmp_path: Path, deaf: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnviz.studio.exporting._GRACE", 0.5)
    left = tmp_path / "left"
    stand_in = program(
        tmp_path,
        f"left = {str(left)!r}\n"
        + ("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if deaf else "")
        + "open(left, 'w').write(str(os.getpid())); time.sleep(60)",
    )

    async def run() -> float:
        exports = Exports(lambda _event: None, stand_in)
        exports.add(["one"])
        async with asyncio.timeout(SECONDS):
            while not (left.exists() and left.read_text()):
                await asyncio.sleep(0.01)
        began = time.monotonic()
        await exports.close()
        return time.monotonic() - began

    assert asyncio.run(run()) < 3
    with pytest.raises(ProcessLookupError):
        os.kill(int(left.read_text()), 0)


def test_an_export_is_the_command_with_its_quality_formats_and_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my films"
    with serve(folder=folder) as studio:
        asked: list[Sequence[str]] = []
        studio.studio.exports.add = lambda words: asked.append(words) or "7"  # type: ignore[method-assign]
        order = {
            "scene": "softmax",
            "spec": {"text": "a b"},
            "quality": "hd",
            "formats": ["gif", "webm", "mp4"],
        }
        told = studio.post("/api/export", order).json
        assert told["id"] == "7"
        expected = [
            "softmax", "--text", "a b", "--quality", "hd", "--format", "mp4,webm,gif",
            "--output", str(folder),
        ]  # fmt: skip
        assert asked == [expected]
        assert shlex.split(told["command"]) == ["python", "render.py", *expected]
        assert studio.engine.drawn == []


# -- markup -----------------------------------------------------------------------------------


def test_markup_of_a_clip_that_is_not_there_says_which_command_makes_it(tmp_path: Path) -> None:
    with serve(folder=tmp_path) as studio:
        order = {"scene": "softmax", "spec": {"head": 2}, "site": "hugo"}
        told = studio.post("/api/markup", order)
    assert told.status == 409
    command = (
        f"python render.py embed softmax --head 2 --theme dark --site hugo --output {tmp_path}"
    )
    assert command in told.json["error"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_markup_is_what_the_command_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = Named((catalogue.find(f"{OWN}:TwoBeats"),))
    with serve(named, tmp_path) as studio:
        order = {"scene": "two-beats", "theme": "light", "site": "html"}
        words = shlex.split(
            studio.post("/api/markup", order).json["error"].partition(" makes it")[0]
        )
        assert render.main(words[words.index("embed") :]) == 0
        printed = capsys.readouterr().out
        told = studio.post("/api/markup", order)
        assert told.status == 200
        assert told.json["markup"].strip() == printed.strip()
        assert "<video" in printed


# -- what is saved ----------------------------------------------------------------------------


def test_saved_sources_are_told_within_a_moment(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    source = (
        "from attnviz.stage import AttentionScene\nclass Mine(AttentionScene):\n    '''It.'''\n"
    )
    file.write_text(source, "utf-8")
    (tmp_path / "inside").mkdir()
    named = Named((catalogue.find(f"{file}:Mine"),))

    async def run() -> list[float]:
        told: asyncio.Queue[frozenset[Path]] = asyncio.Queue()

        async def hear(changed: frozenset[Path]) -> None:
            told.put_nowait(changed)

        watching = asyncio.create_task(watch(named, hear))
        await asyncio.sleep(0.5)
        seconds = []
        for number in range(5):
            (tmp_path / "notes.txt").write_text("not a source", "utf-8")
            (tmp_path / ".#mine.py").write_text("an editor's own", "utf-8")
            (tmp_path / "inside" / "other.py").write_text(f"{number}", "utf-8")
            saved = tmp_path / "saved.tmp"
            saved.write_text(f"{source}# {number}", "utf-8")
            began = time.monotonic()
            saved.replace(file)  # as editors save
            async with asyncio.timeout(SECONDS):
                assert await told.get() == {file}
            seconds.append(time.monotonic() - began)
            await asyncio.sleep(0.15)
        assert told.empty()
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching
        return seconds

    # The quickest of them: the machine may be busy with other things meanwhile.
    assert min(asyncio.run(run())) < 0.2


def test_answers_do_not_wait_for_one_another_on_a_kept_line(studio: Served) -> None:
    """Nagle's algorithm and a delayed acknowledgement would make each wait for 40 ms."""
    seconds = []
    with closing(http.client.HTTPConnection("127.0.0.1", studio.address.port)) as line:
        for _ in range(50):
            began = time.monotonic()
            line.request("GET", "/api/choices")
            line.getresponse().read()
            seconds.append(time.monotonic() - began)
    assert sorted(seconds)[2] < 0.03  # of those that a busy machine did not hold up


# -- sockets ----------------------------------------------------------------------------------


def test_a_port_is_free_near_the_usual_one_or_the_one_that_was_asked_for() -> None:
    lines = [listen("127.0.0.1", None) for _ in range(2)]
    try:
        ports = [line.getsockname()[1] for line in lines]
        assert len(set(ports)) == 2
        assert all(DEFAULT_PORT <= port < DEFAULT_PORT + 20 for port in ports)
        with pytest.raises(UserError, match=rf"port {ports[0]} is in use.*--port"):
            listen("127.0.0.1", ports[0])
    finally:
        for line in lines:
            line.close()


@pytest.mark.parametrize("host", ["no.such.example", "192.0.2.7", "\x00", "x" * 300, ""])
def test_a_host_that_is_none_of_this_machine_is_refused_in_one_line(host: str) -> None:
    with pytest.raises(UserError) as refused:
        listen(host, 0)
    assert "\n" not in str(refused.value)


def test_signals_are_the_usual_ones() -> None:
    assert (128 + signal.SIGINT, 128 + signal.SIGTERM) == (130, 143)
