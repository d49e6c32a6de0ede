"""The studio whole: a real server, real films, a real browser."""

from __future__ import annotations

import base64
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attnviz.render import catalogue
from attnviz.render.films import film as render
from attnviz.render.jobs import Job
from attnviz.render.output import QUALITIES, Output
from attnviz.sources import load_trace
from tests.browser import Page, console_errors, foreign_requests, press
from tests.test_studio_process import Preview, gone, preview

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
OWN = "tests/fixtures/own_scene.py"
PATIENCE_MS = 180_000
RENDERS = 200
SETTLED = 50
"""Films after which nothing more may be kept: more than are kept at a time."""
MOST_BITMAPS = 32
"""Pictures that a page may hold decoded."""

Open = Callable[..., Page]

SCENE = """
from dataclasses import replace
from typing import ClassVar
from manim import FadeIn, Square
from attnviz.spec import Spec
from attnviz.stage import AttentionScene


class Tuned(AttentionScene):
    spec: ClassVar[Spec] = Spec(text="one two three")

    def construct(self) -> None:
        square = Square(color="{colour}", fill_opacity=1)
        with self.beat("same", "The same in all of them."):
            self.play(FadeIn(self.pen.token(self.spec.text)), run_time=0.4)
        with self.beat("square", "A square."):
            self.add(square){more}
"""


def write(file: Path, colour: str, more: str = "") -> None:
    """Save a scene as editors do."""
    beside = file.with_suffix(".saved")
    beside.write_text(SCENE.format(colour=colour, more=f"\n            {more}"), "utf-8")
    beside.replace(file)


@contextmanager
def studio(tmp_path: Path, *words: str) -> Iterator[Preview]:
    """Run a preview; at its end nothing of it is left."""
    with preview(tmp_path, *words) as running:
        yield running
        running.process.terminate()
        running.process.communicate(timeout=PATIENCE_MS / 1000)
        assert gone(running)


def opened(open_page: Open, running: Preview, **how: Any) -> Page:
    page = open_page("http:" + f"//{running.host}:{running.port}/", reduced_motion=True, **how)
    whole(page)
    return page


def whole(page: Page, after: str | None = None) -> str:
    """Wait until a film, another than ``after``, is there whole; return its name."""
    ready = """after => {
        const pane = document.querySelector(".pane");
        const film = pane?.querySelector(".player").dataset.film;
        return pane?.ariaBusy === "false" && film !== undefined && film !== after && film;
    }"""
    return str(page.tab.wait_for_function(ready, arg=after, timeout=PATIENCE_MS).json_value())


def at_frame(page: Page, frame: int) -> None:
    shown = "frame => document.querySelector('.player').dataset.frame === `${frame}`"
    page.tab.wait_for_function(shown, arg=frame, timeout=PATIENCE_MS)


def canvas(page: Page) -> np.ndarray:
    """Return what is on the canvas: height × width × RGB."""
    url = page.tab.evaluate("document.querySelector('canvas').toDataURL('image/png')")
    return np.asarray(Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB"))


def sentence(page: Page) -> Any:
    return page.tab.get_by_role("textbox", name="Sentence")


def test_each_frame_on_the_canvas_is_that_of_a_render(open_page: Open, tmp_path: Path) -> None:
    ref = catalogue.find(f"{ROOT / OWN}:FourBeats")
    job = Job(ref, catalogue.spec_for(ref, {}), Output(QUALITIES["draft"]))
    clip = render(job, tmp_path / "rendered", formats=("frames",))
    with zipfile.ZipFile(clip.files["frames"]) as archive:
        names = archive.namelist()
        frames = [np.asarray(Image.open(BytesIO(archive.read(name)))) for name in names]
    with studio(tmp_path, f"{OWN}:FourBeats") as running:
        page = opened(open_page, running)
        box = page.tab.get_by_role("slider", name="Frame").bounding_box()
        assert box is not None
        last = len(frames) - 1
        page.tab.mouse.move(box["x"] + 1, box["y"] + 5)
        page.tab.mouse.down()
        for frame in (0, 9, last, last // 2, last // 3, last - 1, 4, 11):
            page.tab.mouse.move(box["x"] + box["width"] * frame / last, box["y"] + 5)
            at_frame(page, frame)
            assert (canvas(page) == frames[frame]).all(), frame
        page.tab.mouse.up()
        assert console_errors(page) == ()
        assert foreign_requests(page) == ()


def test_a_sentence_that_is_typed_is_seen(open_page: Open, tmp_path: Path) -> None:
    with studio(tmp_path) as running:
        page = opened(open_page, running)
        assert sentence(page).input_value() == "he left the roses by the bank"
        before = whole(page)
        sentence(page).fill("she ate the apple by the river")
        after = whole(page, before)
        told = page.tab.evaluate("fetch('/api/choices').then(answer => answer.status)")
        assert told == 200
        status, body = running.ask("GET", f"/api/films/{after}/value?address=ids")
        assert status == 200
        assert len(body["table"]["values"][0]) == 7
        labels = json.dumps(body)
        assert "apple" in labels
        assert "roses" not in labels


def test_a_newcomer_sees_a_sentence_of_their_own_in_attention(
    open_page: Open, tmp_path: Path
) -> None:
    text = "she ate the apple by the river"
    with studio(tmp_path) as running:
        page = open_page("http:" + f"//{running.host}:{running.port}/")  # it plays
        whole(page)
        sentence(page).fill(text)
        page.tab.locator(".glance li", has_text="apple").wait_for(timeout=PATIENCE_MS)
        shown = [item.split() for item in page.tab.locator(".glance li").all_inner_texts()]
    trace = load_trace(catalogue.spec_for(catalogue.find("self-attention"), {"text": text}))
    assert trace.focus is not None
    layer, head, query = trace.focus.layer, trace.focus.head, trace.focus.query
    weights = trace.layers[layer].weights[head, query]
    assert [word for word, _ in shown] == text.split()
    assert [float(weight) for _, weight in shown] == weights.tolist()


def test_code_that_is_saved_is_seen_and_its_errors_come_and_go(
    open_page: Open, tmp_path: Path
) -> None:
    file = tmp_path / "tuned.py"
    write(file, "#FF0000")
    with studio(tmp_path, f"{file}:Tuned") as running:
        page = opened(open_page, running)
        press(page, "End")
        page.tab.wait_for_timeout(300)
        middle = np.s_[240, 427]
        assert tuple(canvas(page)[middle]) == (255, 0, 0)
        good = whole(page)
        alert = page.tab.locator(".error")
        assert not alert.is_visible()

        write(file, "#0000FF")
        good = whole(page, good)
        page.tab.wait_for_timeout(300)
        assert tuple(canvas(page)[middle]) == (0, 0, 255)

        for more, said in (("1 / 0", "ZeroDivisionError"), ("1 = 2 +", "SyntaxError")):
            write(file, "#00FF00", more)
            alert.get_by_text(said).wait_for(timeout=PATIENCE_MS)
            assert "tuned.py" in alert.inner_text()
            line = next(
                number
                for number, text in enumerate(file.read_text("utf-8").splitlines(), 1)
                if text.strip() == more
            )
            assert str(line) in alert.inner_text()
            page.tab.wait_for_timeout(500)
            assert tuple(canvas(page)[middle]) == (0, 0, 255)  # the last good film

        write(file, "#FFFF00")
        whole(page, good)
        alert.wait_for(state="hidden", timeout=PATIENCE_MS)
        page.tab.wait_for_timeout(300)
        assert tuple(canvas(page)[middle]) == (255, 255, 0)


def test_two_pages_show_what_each_asked_for(open_page: Open, tmp_path: Path) -> None:
    with studio(tmp_path, f"{OWN}:TwoBeats") as running:
        pages = [opened(open_page, running) for _ in range(2)]
        films = [whole(page) for page in pages]
        for turn in range(3):
            for number, page in enumerate(pages):
                sentence(page).fill(f"page {'ab'[number]} turn {'xyz'[turn]}")
            films = [whole(page, film) for page, film in zip(pages, films, strict=True)]
            assert len(set(films)) == 2
            for page in pages:
                press(page, "Escape")
                page.tab.locator("body").click(position={"x": 2, "y": 2})
                press(page, "End")
                page.tab.wait_for_timeout(300)
            one, other = (canvas(page) for page in pages)
            assert (one != other).any()


def memory(running: Preview) -> dict[str, float]:
    """Return megabytes of each process of the session, proportional, by its command line."""
    found: dict[str, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            session = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
            if session != running.process.pid:
                continue
            lines = (folder / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        found[folder.name] = kilobytes / 1000
    return found


def test_memory_is_level_over_many_films(open_page: Open, tmp_path: Path) -> None:
    with studio(tmp_path, f"{OWN}:TwoBeats") as running:
        page = opened(open_page, running)
        film = whole(page)
        server, page_counts = [], []
        for number in range(RENDERS):
            sentence(page).fill(f"words {number:03} of a sentence")
            film = whole(page, film)
            if number in (SETTLED, RENDERS - 1):
                time.sleep(1.0)  # children are gone
                found = memory(running)
                server.append((len(found), sum(found.values())))
                page_counts.append(page.tab.evaluate("attnvizCounts()"))
        (processes, before), (processes_at_end, after) = server
        assert processes == processes_at_end
        assert after < 1.05 * before, (before, after)
        # How many pictures stand decoded hangs on when the last one came; how many may does not.
        settled, at_end = page_counts
        assert at_end.pop("bitmaps") <= MOST_BITMAPS >= settled.pop("bitmaps")
        assert at_end == settled
        assert len([*(tmp_path / "tmp").iterdir()]) <= 4
