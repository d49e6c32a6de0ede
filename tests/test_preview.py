"""Films in a player in a notebook: whole in one cell, and exact to the beat and to the frame."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import attnviz
from attnviz.errors import UserError
from attnviz.records import ModelTrace
from attnviz.studio.inline import InlinePlayer
from tests.browser import PATIENCE
from tests.builders import random_trace, unchecked

if TYPE_CHECKING:
    from playwright.sync_api import Frame

    from tests.browser import Page

ROOT = Path(__file__).resolve().parent.parent
SMALLEST = f"{ROOT}/docs/template_scene.py:SharpestRow"
TEXT = 'three "words" </script>'


def words(text: str = TEXT) -> ModelTrace:
    return replace(random_trace(3), text=text)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> InlinePlayer:
    return attnviz.preview(
        words(), SMALLEST, head=np.int64(1), folder=tmp_path_factory.mktemp("films")
    )


def told(made: InlinePlayer) -> dict:
    return json.loads(made.clip.files["manifest"].read_text("utf-8"))


def test_it_is_the_film_that_clip_makes(made: InlinePlayer) -> None:
    folder = made.clip.files["trace"].parent.parent
    again = attnviz.clip(SMALLEST, words(), head=1, folder=folder)
    assert again.cached
    assert again.files == made.clip.files
    assert repr(made) == f"<preview of {again.seconds:.1f} s: {again.files['video']}>"
    assert told(made)["output"]["quality"] == "draft"


def test_the_cell_is_one_frame_that_may_run_scripts_and_nothing_else(made: InlinePlayer) -> None:
    cell = made._repr_html_()
    assert cell.count("<iframe") == 1
    assert 'sandbox="allow-scripts"' in cell
    page = unescape(cell.partition('srcdoc="')[2].partition('"></iframe>')[0])
    assert page.startswith("<!doctype html>")
    assert page.count("</script>") == 1, "no text of the user's ends the script"
    assert "default-src 'none'" in page
    assert "http:" not in page
    assert "https:" not in page


@pytest.mark.parametrize(
    ("scene", "options", "message"),
    [
        ("casual-mask", {}, "unknown scene 'casual-mask', did you mean 'causal-mask'?"),
        ("causal-mask", {"quality": "drafts"}, "unknown quality 'drafts', did you mean 'draft'?"),
        ("causal-mask", {"theme": "drak"}, "unknown theme 'drak', did you mean 'dark'?"),
        ("causal-mask", {"head": 5}, "head 5: layer 1 of random has heads 0–2"),
        ("cross-attention", {}, "film it with self-attention"),
    ],
)
def test_what_cannot_be_filmed_is_said_in_one_line(
    scene: str, options: dict[str, object], message: str, tmp_path: Path
) -> None:
    with unchecked(), pytest.raises(UserError) as caught:
        attnviz.preview(random_trace(3), scene, folder=tmp_path, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


# -- in a browser ----------------------------------------------------------------------------------


@pytest.fixture
def shown(made: InlinePlayer, tmp_path: Path, open_page: Callable[..., Page]) -> tuple[Page, Frame]:
    """Open a notebook's page with the cell in it."""
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><title>cells</title>{made._repr_html_()}", "utf-8")
    page = open_page(notebook)
    frame = page.tab.frames[1]
    until(frame, "video.readyState >= 2")
    return page, frame


def until(frame: Frame, truth: str) -> None:
    """Look until something is true; Playwright's own wait would need a page that lets eval in."""
    end = time.monotonic() + 3 * PATIENCE
    while not frame.evaluate(truth):
        assert time.monotonic() < end, truth
        frame.page.wait_for_timeout(20)


def at(frame: Frame) -> int:
    """Return the frame that stands, once the film has come to it."""
    until(frame, "!video.seeking")
    return int(frame.evaluate("video.currentTime * fps"))


@pytest.mark.slow
def test_it_steps_to_the_exact_beats_and_frames(
    made: InlinePlayer, shown: tuple[Page, Frame]
) -> None:
    page, frame = shown
    film = told(made)
    fps = film["output"]["fps"]
    starts = [round(beat["start"] * fps) for beat in film["beats"]]
    frame.locator("[role=region]").focus()
    for beat, start in enumerate(starts):
        if beat:
            page.tab.keyboard.press(".")
        assert at(frame) == start
        assert frame.locator("p").inner_text() == film["beats"][beat]["caption"]
        marked = frame.locator("nav button[aria-current=step]")
        assert marked.get_attribute("aria-label") == film["beats"][beat]["caption"]
    page.tab.keyboard.press("ArrowRight")
    page.tab.keyboard.press("ArrowRight")
    page.tab.keyboard.press("ArrowLeft")
    assert at(frame) == starts[-1] + 1
    page.tab.keyboard.press("End")
    assert at(frame) == film["frames"] - 1
    page.tab.keyboard.press("Shift+ArrowLeft")
    assert at(frame) == starts[-1]
    page.tab.keyboard.press("Home")
    assert at(frame) == 0
    frame.locator("nav button").nth(1).click()
    assert at(frame) == starts[1]
    assert not page.errors


@pytest.mark.slow
def test_the_picture_is_the_films_own_frame(
    made: InlinePlayer, shown: tuple[Page, Frame], tmp_path: Path
) -> None:
    import av
    from PIL import Image

    page, frame = shown
    with av.open(made.clip.files["video"]) as film:
        pictures = [one.to_ndarray(format="rgb24") for one in film.decode(video=0)]
    assert len(pictures) == told(made)["frames"]
    moving = [n for n in range(1, len(pictures)) if _apart(pictures[n - 1], pictures[n]) > 0.5]
    frame.locator("input").focus()
    for n in (moving[0], moving[len(moving) // 2]):
        frame.evaluate("n => go(n)", n)
        assert at(frame) == n
        page.tab.wait_for_timeout(200)
        file = tmp_path / f"{n}.png"
        frame.locator("video").screenshot(path=file)
        seen = np.asarray(Image.open(file).convert("RGB"))
        near = {m: _apart(seen, pictures[m]) for m in range(n - 1, n + 2)}
        assert min(near, key=near.__getitem__) == n, near


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.slow
def test_the_numbers_of_the_beat_stand_beside_it_exactly(
    made: InlinePlayer, shown: tuple[Page, Frame]
) -> None:
    _, frame = shown
    frame.locator("nav button").last.click()
    beat = told(made)["beats"][-1]
    rows = frame.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
    )
    wanted = [[n["text"], str(n["value"]), n["address"]] for n in beat["numbers"]]
    assert rows == wanted


@pytest.mark.slow
def test_it_plays_to_the_end_and_begins_again(shown: tuple[Page, Frame]) -> None:
    page, frame = shown
    frame.evaluate("go(frames - 8)")
    frame.locator("[role=region]").focus()
    page.tab.keyboard.press("Space")
    until(frame, "frame === frames - 1 && video.paused")
    page.tab.keyboard.press("Space")
    until(frame, "!video.paused && frame > 0 && frame < 60")
    page.tab.keyboard.press("Space")
    assert frame.evaluate("video.paused")


@pytest.mark.slow
def test_it_has_no_fault_that_axe_finds(made: InlinePlayer, tmp_path: Path, open_page) -> None:
    from attnviz.studio.player import player
    from tests.browser import foreign_requests, violations

    file = tmp_path / "player.html"
    page = player(told(made), made.clip.files["video"], made.clip.alt)
    # axe-core comes from outside the page, which lets nothing in.
    file.write_text(page.replace("<meta http-equiv", "<meta data-was"), "utf-8")
    opened = open_page(file)
    assert violations(opened) == ()
    assert foreign_requests(opened) == ()
