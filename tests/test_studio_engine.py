"""Films drawn live: the very frames of a render, told as they are drawn; nothing is left."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import textwrap
import time
import zipfile
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attnviz.addresses import resolve
from attnviz.render import catalogue
from attnviz.render.films import film as render
from attnviz.render.jobs import Job
from attnviz.render.live import Stretch, draw
from attnviz.render.output import QUALITIES, Output
from attnviz.studio.engine import _GRACE, MOST_DRAWN, Engine, _stretches
from attnviz.studio.films import Film

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "tests" / "fixtures" / "own_scene.py"
PATIENCE = 60.0


def job(scene: str, **changes: str) -> Job:
    ref = catalogue.find(scene)
    return Job(ref, catalogue.spec_for(ref, changes), Output(QUALITIES["draft"]))


@dataclass
class Heard:
    """What a page would know of a film."""

    records: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [header for header, _ in self.records if header["kind"] == kind]

    @property
    def frames(self) -> dict[int, str]:
        """Each frame of the film to its digest."""
        return {
            at: header["digest"]
            for header in self.of("frame")
            for at in range(header["at"], header["at"] + header["count"])
        }

    @property
    def pixels(self) -> dict[str, bytes]:
        return {header["digest"]: body for header, body in self.records if body}

    @property
    def end(self) -> dict[str, Any]:
        return self.records[-1][0]


async def hear(film: Film, have: Film | None = None) -> Heard:
    heard = Heard()
    async with asyncio.timeout(PATIENCE):
        async for record in film.records(have):
            header, body = struct.unpack("!II", record[:8])
            assert len(record) == 8 + header + body
            heard.records.append((json.loads(record[8 : 8 + header]), record[8 + header :]))
    return heard


def warm_ones(others: list[int]) -> list[int]:
    """Return the processes that are forked from this one's warm server, and from those."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(stat[1])
    server = forkserver._forkserver._forkserver_pid
    found = {server}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {server, *others})


def studio(work: Callable[[Engine], Coroutine[Any, Any, None]], start: Job) -> None:
    """Work with an engine; when it is closed no process and no file of it is left."""

    async def run() -> None:
        before = warm_ones([])
        engine = Engine(start)
        await engine.start()
        try:
            await work(engine)
        finally:
            await engine.close()
        assert not engine._folder.exists()
        assert warm_ones(before) == []

    asyncio.run(run())


@pytest.mark.parametrize("place", [(0, 0), (0, 14), (1, 0), (1, 15), (3, 4), (3, 999), (9, 0)])
def test_the_frames_are_those_of_a_render(tmp_path: Path, place: tuple[int, int]) -> None:
    wanted = job(f"{OWN}:FourBeats")
    clip = render(wanted, tmp_path, formats=("frames",))
    with zipfile.ZipFile(clip.files["frames"]) as archive:
        rendered = [np.asarray(Image.open(BytesIO(archive.read(n)))) for n in archive.namelist()]

    async def work(engine: Engine) -> None:
        film = engine.film(wanted, place)
        heard = await hear(film)
        assert heard.end == {"kind": "done", "frames": len(rendered)}
        assert sorted(heard.frames) == list(range(len(rendered)))
        drawn = {d: np.asarray(Image.open(BytesIO(body))) for d, body in heard.pixels.items()}
        for at, digest in heard.frames.items():
            assert (drawn[digest] == rendered[at]).all(), at
        manifest = json.loads(clip.files["manifest"].read_text("utf-8"))
        fps = wanted.output.quality.fps
        for number, told in enumerate(manifest["beats"]):
            ends = [b for b in heard.of("beat") if b["number"] == number and "end" in b]
            (end,) = ends
            assert (end["name"], end["caption"], end["numbers"]) == (
                told["name"],
                told["caption"],
                told["numbers"],
            )
            assert end["start"] == round(told["start"] * fps)
            assert end["end"] == round(told["end"] * fps)

    studio(work, wanted)


def test_what_a_page_holds_is_neither_drawn_nor_sent_again() -> None:
    first = job(f"{OWN}:TwoBeats", text="one")
    second = job(f"{OWN}:TwoBeats", text="two")

    async def work(engine: Engine) -> None:
        one = engine.film(first)
        before = await hear(one)
        assert engine.film(first) is one
        two = engine.film(second, base=one.id)
        after = await hear(two, one)
        # The first beat, a square, is the same in both; the second shows the text.
        (begins,) = [b["start"] for b in after.of("beat") if b["number"] == 1 and "end" in b]
        same = {at for at, digest in after.frames.items() if before.frames.get(at) == digest}
        assert same >= set(range(begins))
        assert set(after.frames) - same
        assert set(after.pixels) & set(before.pixels) == set()
        assert {*after.frames.values()} <= {*after.pixels, *before.pixels}
        # Who does not hold the first film gets all of it.
        assert {*(await hear(two)).pixels} == {*after.frames.values()}

    studio(work, first)


def test_values_can_be_looked_up() -> None:
    wanted = job(f"{OWN}:TwoBeats")

    async def work(engine: Engine) -> None:
        film = engine.film(wanted)
        heard = await hear(film)
        numbers = [n for beat in heard.of("beat") for n in beat.get("numbers", ())]
        assert numbers
        for number in numbers:
            value = float(np.asarray(resolve(number["address"], film.traces)))
            assert number["value"] == value or (value == -np.inf and number["value"] == "-inf")
        pointed = {r["address"] for told in heard.of("regions") for r in told["regions"]}
        assert pointed & {number["address"] for number in numbers}
        (trace,) = heard.of("trace")
        assert trace["layers"][trace["layer"]]["heads"] > trace["head"]
        row = trace["row"]
        assert row["weights"] == np.asarray(resolve(row["address"], film.traces)).tolist()
        assert row["keys"] == trace["tokens"]
        assert row["query"] == trace["tokens"][trace["query"]]

    studio(work, wanted)


SCENE = """
from manim import FadeIn, Square
from attnviz.stage import AttentionScene


class Tuned(AttentionScene):
    def construct(self) -> None:
        square = Square(color=self.theme.palette.{colour})
        with self.beat("first", "The first beat."):
            self.play(FadeIn(square.copy()), run_time=0.4)
        with self.beat("second", "The second one."):
            self.play(FadeIn(square), run_time=0.4)
{more}
"""


def write(file: Path, colour: str, more: str = "") -> None:
    file.write_text(SCENE.format(colour=colour, more=textwrap.indent(more, " " * 8)), "utf-8")


def test_an_edited_scene_is_drawn_as_it_stands_and_its_errors_are_told(tmp_path: Path) -> None:
    file = tmp_path / "tuned.py"
    write(file, "query")
    wanted = job(f"{file}:Tuned")

    async def again(engine: Engine, before: Film) -> tuple[Film, Heard]:
        await engine.renew([file])
        film = engine.film(job(f"{file}:Tuned"), base=before.id)
        assert film is not before
        return film, await hear(film, before)

    async def work(engine: Engine) -> None:
        film = engine.film(wanted)
        assert (await hear(film)).end["kind"] == "done"
        write(file, "value")  # at once, and of nearly the same length: no stale bytecode
        film, heard = await again(engine, film)
        assert heard.end["kind"] == "done"
        assert heard.pixels
        good = film
        write(file, "value", "1 / 0")
        film, heard = await again(engine, good)
        assert heard.end["kind"] == "error"
        assert heard.end["message"] == "ZeroDivisionError: division by zero"
        assert heard.end["file"] == str(file)
        lines = file.read_text("utf-8").splitlines()
        assert lines[heard.end["line"] - 1].strip() == "1 / 0"
        file.write_text("class Tuned(:\n", "utf-8")
        await engine.renew([file])
        film = engine.film(Job(wanted.scene, wanted.spec, wanted.output), base=good.id)
        heard = await hear(film)
        assert (heard.end["kind"], heard.end["file"]) == ("error", str(file)), heard.end
        assert heard.end["line"] == 1
        write(file, "value")
        film, heard = await again(engine, good)
        assert heard.end["kind"] == "done"
        assert set(heard.frames.values()) <= set(good.pixels)

    studio(work, wanted)


async def niceness(film: Film) -> set[int]:
    """Return how nice the studio's processes are, seen at any time until a film has ended."""
    found: set[int] = set()
    until = time.monotonic() + PATIENCE
    while film.ended is None and time.monotonic() < until:
        for process in warm_ones([]):
            with suppress(ProcessLookupError):
                found.add(os.getpriority(os.PRIO_PROCESS, process))
        await asyncio.sleep(0.01)
    return found


@pytest.mark.parametrize("place", [(0, 0), (3, 0)])
def test_who_draws_what_is_not_looked_at_gives_way(place: tuple[int, int]) -> None:
    wanted = job(f"{OWN}:FourBeats")

    async def work(engine: Engine) -> None:
        film = engine.film(wanted, place)
        listening = asyncio.create_task(hear(film))
        assert await niceness(film) == {0, 15}
        await listening

    studio(work, wanted)


def test_who_draws_what_nobody_reads_gives_way_at_once() -> None:
    wanted = job(f"{OWN}:Endless")

    async def work(engine: Engine) -> None:
        film = engine.film(wanted)
        listening = asyncio.create_task(hear(film))
        while not film.pixels:
            await asyncio.sleep(0.05)
        await asyncio.sleep(_GRACE)  # whoever began to read would have come by now
        listening.cancel()
        assert 19 in await niceness(film)

    studio(work, wanted)


def test_a_film_that_nobody_reads_is_given_up_and_so_are_too_many() -> None:
    start = job(f"{OWN}:Endless")

    async def work(engine: Engine) -> None:
        film = engine.film(start)
        listening = asyncio.create_task(hear(film))
        while not film.pixels:
            await asyncio.sleep(0.05)
        listening.cancel()
        until = time.monotonic() + PATIENCE
        while film.ended is None:
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        assert film.ended == "cancelled"
        films = [
            engine.film(job(f"{OWN}:Endless", text=f"text {n}")) for n in range(MOST_DRAWN + 2)
        ]
        assert [f.ended for f in films] == ["cancelled"] * 2 + [None] * MOST_DRAWN

    studio(work, start)


def test_a_kit_that_was_edited_is_loaded_anew() -> None:
    wanted = job(f"{OWN}:TwoBeats")

    async def work(engine: Engine) -> None:
        told: list[str] = []
        engine.on_state(lambda state: told.append(state["state"]))
        film = engine.film(wanted)
        assert (await hear(film)).end["kind"] == "done"
        process = engine._warm._process.pid if engine._warm else None
        await engine.renew([ROOT / "attnviz" / "theme.py"])
        again = engine.film(wanted, base=film.id)
        assert (await hear(again, film)).pixels == {}
        assert engine._warm is not None
        assert engine._warm._process.pid != process
        assert told == ["ready", "warming", "ready"]

    studio(work, wanted)


PLACES = [(0, 0), (0, 9), (1, 0), (1, 9), (2, 0)]


@pytest.mark.parametrize(
    ("stretch", "has"),
    [
        (Stretch(), [True] * 5),
        (Stretch((1, 0)), [False, False, True, True, True]),
        (Stretch((1, 1)), [False, False, False, True, True]),
        (Stretch(end=(1, 0)), [True, True, False, False, False]),
        (Stretch((0, 9), (1, 9)), [False, True, True, False, False]),
    ],
)
def test_a_stretch_has_its_places(stretch: Stretch, has: list[bool]) -> None:
    assert [stretch.has(place) for place in PLACES] == has


@pytest.mark.parametrize(
    ("place", "cuts"),
    [
        ((0, 0), [((0, 0), (3, 0)), ((3, 0), None)]),
        ((0, 7), [((0, 7), (3, 0)), ((3, 0), None), ((0, 0), (0, 7))]),
        ((1, 0), [((1, 0), (3, 0)), ((3, 0), None), ((0, 0), (1, 0))]),
        ((3, 7), [((3, 7), (4, 0)), ((4, 0), None), ((0, 0), (3, 7))]),
        ((4, 7), [((4, 7), None), ((0, 0), (4, 7))]),
        ((9, 7), [((4, 7), None), ((0, 0), (4, 7))]),
    ],
)
def test_a_film_is_cut_where_it_is_looked_at_and_midway_from_there(
    place: tuple[int, int], cuts: object
) -> None:
    assert _stretches(place, 5) == cuts


def test_a_film_of_one_beat_is_not_cut() -> None:
    assert _stretches((0, 0), 1) == [((0, 0), None)]


def told(place: tuple[int, int], folder: Path) -> list[tuple[int, int]]:
    """Return where each frame lies that is told from a place on, and for how long it stands."""
    found: list[tuple[int, int]] = []

    def tell(header: Mapping[str, Any], _pixels: object) -> None:
        if header["kind"] == "frame":
            found.append((header["at"], header["count"]))

    draw(job(f"{OWN}:FourBeats"), Stretch(place), frozenset(), folder, tell)
    return found


def test_frames_are_told_from_a_place_on(tmp_path: Path) -> None:
    whole = told((0, 0), tmp_path)
    begins = 50  # of the second beat
    assert told((1, 10), tmp_path) == [frame for frame in whole if frame[0] >= begins + 10]
    # What stands still before is told as well: the first frame stands for 13.
    assert told((0, 30), tmp_path) == [whole[0], *(frame for frame in whole if frame[0] >= 30)]
    # A beat that is shorter is looked at where it ends.
    assert told((3, 999), tmp_path) == [whole[-1]]
