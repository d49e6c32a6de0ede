"""The studio's page in a real browser, against invented films whose pixels say which they are."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from attnviz.mobjects.pen import element
from attnviz.studio.replies import page_file
from tests.browser import Page, console_errors, foreign_requests, press, violations
from tests.studio_fake import (
    BEATS,
    FPS,
    FRAMES,
    NUMBERS,
    STILL,
    TOKENS,
    WEIGHTS,
    FakeFilm,
    FakeStudio,
    colour,
    fake_studio,
    value,
)

pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parent.parent / "attnviz" / "studio" / "page"
PATIENCE_MS = 20_000
# The first frame of the beat "fold", which no film shares with another.
FOLD = sum(moving + STILL for _, moving in BEATS[:2])
LINK = "#scene=self-attention&beat={beat}&frame={frame}"

Open = Callable[..., Page]


@pytest.fixture
def studio() -> Iterator[FakeStudio]:
    with fake_studio() as running:
        yield running


def open_at(
    open_page: Open, studio: FakeStudio, beat: str = "fold", frame: int = 0, **how: Any
) -> Page:
    """Open the page at a place, at rest, with its film whole."""
    page = open_page(studio.address + LINK.format(beat=beat, frame=frame), **how)
    wait_whole(page)
    return page


def wait_for(page: Page, condition: str, argument: Any = None) -> None:
    page.tab.wait_for_function(condition, arg=argument, timeout=PATIENCE_MS)


def wait_whole(page: Page, panes: int = 1) -> None:
    """Wait until every film is whole."""
    done = """panes => {
        const all = [...document.querySelectorAll(".pane")];
        return all.length === panes && all.every(pane => pane.ariaBusy === "false");
    }"""
    wait_for(page, done, panes)


def wait_frame(page: Page, frame: int, film: str | None = None, pane: int = 0) -> None:
    """Wait until this frame, of this film, is what the page says is on the canvas."""
    shown = """([pane, frame, film]) => {
        const {dataset} = document.querySelectorAll(".player")[pane];
        return dataset.frame === `${frame}` && (film === null || dataset.film === film);
    }"""
    wait_for(page, shown, [pane, frame, film])


def pixel(page: Page, pane: int = 0) -> tuple[int, ...]:
    """Return the colour that is on the canvas where a film says which frame it is."""
    seen = page.tab.evaluate(
        """pane => [...document.querySelectorAll("canvas")[pane]
            .getContext("2d").getImageData(4, 4, 1, 1).data]""",
        pane,
    )
    return tuple(seen[:3])


def drawn(film: FakeFilm, frame: int) -> tuple[int, int, int]:
    """Return the colour that a film's frame has."""
    number = max(n for n in range(len(film.beats)) if film.start(n) <= frame)
    last_moving = film.start(number) + film.beats[number][1]
    return colour(film.drawing(number), min(frame, last_moving))


def newest(studio: FakeStudio) -> FakeFilm:
    return list(studio.films.values())[-1]


def sentence(page: Page, pane: int = 0) -> Any:
    return page.tab.get_by_label("Sentence").nth(pane)


def ask(page: Page, studio: FakeStudio, text: str) -> str:
    """Write a sentence and wait until its film is asked for; return that film."""
    sentence(page).fill(text)
    end = time.monotonic() + PATIENCE_MS / 1000
    while newest(studio).order["spec"].get("text") != text:
        assert time.monotonic() < end, f"{text!r} was never asked for"
        page.tab.wait_for_timeout(5)
    return newest(studio).id


def test_the_first_picture_is_shown_before_the_film_is_drawn(
    open_page: Open, studio: FakeStudio
) -> None:
    studio.hold_after = 1
    page = open_page(studio.address)
    wait_for(page, "() => document.querySelector('.player').dataset.film === 'film1'")
    marks = page.tab.evaluate("performance.getEntriesByName('first-picture').length")
    assert marks == 1
    assert studio.orders == [
        {
            "scene": "self-attention",
            "spec": {},
            "theme": "dark",
            "aspect": "16:9",
            "beat": 0,
            "frame": 0,
            "base": None,
        }
    ]
    # The child that draws the middle was first: what there is, is shown.
    assert pixel(page) == drawn(studio.films["film1"], FOLD)
    studio.gate.set()
    wait_whole(page)
    assert console_errors(page) == ()
    assert foreign_requests(page) == ()


def test_it_plays_while_it_is_drawn_and_skips_nothing(open_page: Open, studio: FakeStudio) -> None:
    studio.pace = 0.02
    page = open_page(studio.address)
    page.tab.evaluate("""() => {
        const player = document.querySelector(".player");
        globalThis.seen = [];
        new MutationObserver(() => seen.push(Number(player.dataset.frame)))
            .observe(player, {attributeFilter: ["data-frame"]});
    }""")
    page.tab.get_by_label("Speed").select_option("2")
    wait_frame(page, FRAMES - 1)
    seen = page.tab.evaluate("seen")
    # Before the beginning is there, the newest picture is.
    playing = seen[seen.index(min(seen)) :]
    assert len(playing) > FRAMES / 2
    assert playing == sorted(playing)
    # Half a second of film: a busy machine draws no frame in every sixtieth of a second.
    assert max(b - a for a, b in pairwise(playing)) <= FPS
    page.tab.get_by_role("button", name="Play", exact=True).wait_for()


def test_reduced_motion_does_not_play_by_itself(open_page: Open, studio: FakeStudio) -> None:
    page = open_page(studio.address, reduced_motion=True)
    wait_whole(page)
    wait_frame(page, 0)
    page.tab.wait_for_timeout(400)
    wait_frame(page, 0)


def test_scrubbing_shows_the_exact_frame(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    film = newest(studio)
    box = page.tab.get_by_role("slider", name="Frame").bounding_box()
    assert box is not None
    # As far apart as no list of decoded pictures holds, forth and back.
    frames = [0, 7, 29, 30, 64, 69, 70, 99, FRAMES - 1, 55, 31, 12, 101, 1]
    page.tab.mouse.move(box["x"] + 1, box["y"] + 5)
    page.tab.mouse.down()
    for frame in frames:
        page.tab.mouse.move(box["x"] + box["width"] * frame / (FRAMES - 1), box["y"] + 5)
        wait_frame(page, frame)
        assert pixel(page) == drawn(film, frame)
    page.tab.mouse.up()


def test_many_seeks_at_once_end_at_the_last(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    slider = page.tab.get_by_role("slider", name="Frame")
    slider.focus()
    for _ in range(3):
        press(page, "Home", *["PageUp"] * 5, *["ArrowLeft"] * 9)
    # Fifteen frames a page: five of them and nine back.
    wait_frame(page, 66)
    assert pixel(page) == drawn(newest(studio), 66)
    wait_for(page, "() => document.querySelector('#timeline').ariaValueNow === '66'")
    assert slider.get_attribute("aria-valuetext") == f"frame 66 of {FRAMES - 1}, beat fan"


def test_keys_step_by_frame_and_by_beat(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    starts = [newest(studio).start(n) for n in range(len(BEATS))]
    for keys, frame in (
        ("Home", 0),
        ("ArrowRight", 1),
        ("ArrowLeft", 0),
        ("Shift+ArrowRight", starts[1]),
        (".", starts[2]),
        (",", starts[1]),
        ("Shift+ArrowLeft", starts[0]),
        ("End", FRAMES - 1),
        (",", starts[3]),
        (",", starts[2]),
    ):
        press(page, keys)
        wait_frame(page, frame)
        assert pixel(page) == drawn(newest(studio), frame)
    press(page, "Space")
    wait_for(
        page, "from => Number(document.querySelector('.player').dataset.frame) > from + 2", FOLD
    )
    press(page, "Space")
    assert page.tab.get_by_role("button", name="Play", exact=True).is_visible()


def test_keys_leave_typing_alone(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    press(page, "/")
    press(page, "End", "Space", ".", "l")
    assert sentence(page).input_value() == "he left the roses by the bank .l"
    wait_frame(page, FOLD)


def test_keys_can_be_turned_off(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    press(page, "?")
    page.tab.get_by_label("Use these keys").uncheck()
    press(page, "Escape")
    press(page, "Home")
    page.tab.wait_for_timeout(200)
    wait_frame(page, FOLD)


def test_a_beat_loops(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "blend", 20)
    page.tab.get_by_label("Speed").select_option("2")
    press(page, "l")
    press(page, "Space")
    start = newest(studio).start(3)
    wait_for(page, "at => Number(document.querySelector('.player').dataset.frame) < at", start + 3)
    looped = page.tab.evaluate("Number(document.querySelector('.player').dataset.frame)")
    assert looped >= start
    assert page.tab.get_by_role("button", name="Pause").is_visible()


def test_speed_changes_the_pace(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "twice")
    press(page, "+", "+")
    says = "speed => document.querySelector('[data-do=speed]').value === speed"
    wait_for(page, says, "1.5")
    press(page, *["-"] * 6)
    wait_for(page, says, "0.25")
    press(page, "Space")
    page.tab.wait_for_timeout(1000)
    press(page, "Space")
    # A quarter of fifteen frames in a second.
    assert 1 <= page.tab.evaluate("Number(document.querySelector('.player').dataset.frame)") <= 6


def test_typing_asks_once_and_keeps_the_place(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "fold", 4)
    # By the page's own clock: on a busy machine keys from outside may come after the pause.
    sentence(page).evaluate("""async field => {
        const text = "she left the roses";
        for (let letters = 1; letters <= text.length; letters += 1) {
            field.value = text.slice(0, letters);
            field.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise(resolve => setTimeout(resolve, 20));
        }
    }""")
    wait_frame(page, FOLD + 4, "film2")
    assert len(studio.orders) == 2
    assert studio.orders[1]["spec"] == {"text": "she left the roses"}
    assert studio.orders[1]["base"] == "film1"
    assert (studio.orders[1]["beat"], studio.orders[1]["frame"]) == (2, 4)
    assert studio.reads[1] == ("film2", "film1")
    assert pixel(page) == drawn(newest(studio), FOLD + 4)
    # The beat that both films share came without its pictures, and is there.
    press(page, "Escape")
    page.tab.get_by_role("slider", name="Frame").focus()
    press(page, "Home")
    wait_frame(page, 0, "film2")
    assert pixel(page) == colour(0, 0)


def test_enter_asks_at_once(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    page.tab.evaluate("addEventListener('keydown', e => (globalThis.pressed = e.timeStamp), true)")
    # In one task of the page: on a busy machine a key from outside may come after the pause.
    sentence(page).evaluate("""field => {
        field.value = "she left the bank";
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    }""")
    wait_frame(page, FOLD, "film2")
    asked = page.tab.evaluate("""performance.getEntriesByType("resource")
        .findLast(entry => entry.name.endsWith("/api/render")).startTime""")
    assert asked - page.tab.evaluate("pressed") < 200  # after a pause it would be 220
    page.tab.wait_for_timeout(400)
    assert len(studio.orders) == 2


def test_the_old_picture_stays_until_a_new_one_comes(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "fold", 4)
    studio.hold_after = 0
    page.tab.get_by_label("Head").select_option("3")
    wait_for(page, "() => document.querySelector('.pane').ariaBusy === 'true'")
    page.tab.wait_for_timeout(300)
    wait_frame(page, FOLD + 4, "film1")
    assert pixel(page) == drawn(studio.films["film1"], FOLD + 4)
    studio.gate.set()
    wait_frame(page, FOLD + 4, "film2")
    assert pixel(page) == drawn(studio.films["film2"], FOLD + 4)
    assert studio.orders[1]["spec"] == {"head": 3}


def test_pictures_that_the_page_has_lost_are_asked_for_again(
    open_page: Open, studio: FakeStudio
) -> None:
    page = open_at(open_page, studio, "fold", 4)
    studio.forgets = True
    page.tab.get_by_label("Head").select_option("1")
    wait_frame(page, FOLD + 4, "film2")
    assert studio.reads[1:] == [("film2", "film1"), ("film2", None)]
    assert pixel(page) == drawn(newest(studio), FOLD + 4)


def test_a_refusal_stands_by_its_field_and_the_film_stays(
    open_page: Open, studio: FakeStudio
) -> None:
    page = open_at(open_page, studio)
    sentence(page).fill("a zebra")
    refusal = page.tab.get_by_text("unknown word 'zebra'")
    refusal.wait_for()
    assert sentence(page).get_attribute("aria-invalid") == "true"
    assert sentence(page).get_attribute("aria-describedby") == refusal.get_attribute("id")
    wait_frame(page, FOLD, "film1")
    press(page, "Escape")
    sentence(page).fill("a bank")
    wait_frame(page, FOLD, "film3")
    assert page.tab.get_by_text("unknown word").count() == 0
    assert sentence(page).get_attribute("aria-invalid") is None


@pytest.mark.parametrize("fail_after", [0, 40])
def test_an_error_shows_over_the_last_good_film_and_clears(
    open_page: Open, studio: FakeStudio, fail_after: int
) -> None:
    page = open_at(open_page, studio, "fold", 4)
    studio.fail_after = fail_after
    studio.failure = {
        "kind": "error",
        "message": "NameError: name 'palete' is not defined",
        "file": "scenes/self_attention.py",
        "line": 41,
    }
    studio.tell(kind="code", files=["scenes/self_attention.py"])
    alert = page.tab.get_by_role("alert").filter(has_text="palete")
    alert.wait_for()
    assert "scenes/self_attention.py:41" in alert.inner_text()
    wait_frame(page, FOLD + 4, "film1")
    assert pixel(page) == drawn(studio.films["film1"], FOLD + 4)
    assert violations(page) == ()
    studio.failure = None
    studio.tell(kind="code", files=["scenes/self_attention.py"])
    wait_frame(page, FOLD + 4, "film3")
    wait_whole(page)
    assert not alert.is_visible()
    assert page.errors == []


def test_a_film_that_fails_does_not_lose_the_place(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    press(page, "End")
    wait_frame(page, FRAMES - 1, "film1")
    # Of a film that has come to nothing, the length was a guess.
    studio.about, studio.fail_after = 40, 1
    studio.failure = {"kind": "error", "message": "no such palete", "file": None, "line": None}
    studio.tell(kind="code", files=[])
    page.tab.get_by_role("alert").filter(has_text="palete").wait_for()
    wait_frame(page, FRAMES - 1, "film1")
    assert pixel(page) == drawn(studio.films["film1"], FRAMES - 1)


def test_code_that_does_not_load_shows_where(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    error = {"message": "SyntaxError: invalid syntax", "file": "attnviz/theme.py", "line": 7}
    studio.tell(kind="state", state="broken", error=error)
    alert = page.tab.get_by_role("alert").filter(has_text="SyntaxError")
    alert.wait_for()
    assert "attnviz/theme.py:7" in alert.inner_text()
    studio.tell(kind="state", state="ready")
    wait_frame(page, FOLD, "film2")
    assert not alert.is_visible()


def test_the_page_comes_back_after_the_server(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    # A server that was started again gives the names of the films from the first on.
    studio.orders.clear()
    studio.hang_up()
    again = time.monotonic() + PATIENCE_MS / 1000
    while len(studio.reads) < 2 and time.monotonic() < again:
        page.tab.wait_for_timeout(50)
    wait_for(page, "() => document.querySelector('#state').dataset.state === 'ready'")
    wait_whole(page)
    wait_frame(page, FOLD, "film1")
    assert [name for name, _ in studio.reads] == ["film1", "film1"]


def test_two_films_go_in_step(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    page.tab.get_by_role("button", name="Compare").click()
    # Its third beat is longer: the first film's last picture waits for it.
    studio.beats = (*BEATS[:2], ("fold", 35), BEATS[3])
    page.tab.get_by_role("button", name="Another head").click()
    wait_whole(page, panes=2)
    assert studio.orders[1]["spec"] == {"layer": 1, "head": 3}
    first, second = studio.films["film1"], studio.films["film2"]
    press(page, "Home")
    for moves, at, other in (
        ((".",), first.start(1), second.start(1)),
        ((".",), first.start(2), second.start(2)),
        (("ArrowRight",) * 3, first.start(2) + 3, second.start(2) + 3),
        ((".",), first.start(3), second.start(3)),
        (("ArrowLeft",) * 4, first.start(3) - 1, second.start(3) - 4),
    ):
        press(page, *moves)
        wait_frame(page, at)
        wait_frame(page, other, pane=1)
        assert pixel(page) == drawn(first, at)
        assert pixel(page, 1) == drawn(second, other)
    assert violations(page) == ()
    page.tab.get_by_role("button", name="Close this film").last.click()
    wait_whole(page, panes=1)
    assert page.tab.evaluate("attnvizCounts().panes") == 1


def test_the_second_film_may_be_without_the_mask_or_of_another_sentence(
    open_page: Open, studio: FakeStudio
) -> None:
    page = open_at(open_page, studio)
    page.tab.get_by_role("button", name="Compare").click()
    page.tab.get_by_role("button", name="Without the mask").click()
    wait_whole(page, panes=2)
    assert studio.orders[-1]["spec"] == {"mask": "none"}
    # What is not the model's own is said.
    assert page.tab.get_by_text("none is not the model's own mask.").is_visible()
    page.tab.get_by_role("button", name="Close this film").last.click()
    page.tab.get_by_role("button", name="Compare").click()
    page.tab.get_by_role("button", name="Another sentence").click()
    wait_whole(page, panes=2)
    page.tab.keyboard.insert_text("a bank")
    wait_frame(page, FOLD, "film4", pane=1)
    wait_whole(page, panes=2)
    assert newest(studio).order["spec"] == {"text": "a bank"}
    wait_frame(page, FOLD, "film1")


def test_the_address_keeps_the_place_and_both_films(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "fan", 5)
    page.tab.get_by_role("button", name="Compare").click()
    page.tab.get_by_role("button", name="Without the mask").click()
    wait_whole(page, panes=2)
    sentence(page).fill("a bank & a river")
    wait_frame(page, newest(studio).start(1) + 5, "film3")
    press(page, "Tab", "Escape")
    page.tab.get_by_role("slider", name="Frame").focus()
    press(page, "ArrowRight")
    wait_for(page, "() => location.hash.includes('frame=6')")
    page.tab.reload()
    wait_whole(page, panes=2)
    wait_frame(page, studio.films["film1"].start(1) + 6)
    assert [order["spec"] for order in studio.orders[-2:]] == [
        {"text": "a bank & a river"},
        {"mask": "none"},
    ]


def test_another_scene_begins_at_its_beginning(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, reduced_motion=True)
    page.tab.get_by_role("button", name=re.compile("^causal-mask")).click()
    wait_frame(page, 0, "film2")
    assert studio.orders[-1]["scene"] == "causal-mask"
    current = page.tab.get_by_role("navigation").locator("[aria-current=true]")
    assert current.inner_text().startswith("causal-mask")


def test_the_form_follows_the_scene_and_the_model(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    tab = page.tab
    assert not tab.get_by_label("Target").is_visible()
    heads = tab.get_by_label("Head").locator("option").all_inner_texts()
    assert heads[:5] == ["auto (2)", "0", "1", "2", "3"]
    assert "auto:duplicate" in heads
    tab.get_by_label("Mask").select_option("window")
    tab.locator("[name=window]").fill("2")
    wait_frame(page, FOLD, "film3")
    assert studio.orders[-1]["spec"] == {"mask": "window:2"}
    tab.get_by_label("Head").select_option("auto:pair")
    tab.get_by_label("Word > word").fill("bank>roses")
    wait_frame(page, FOLD, "film4")
    assert studio.orders[-1]["spec"] == {"mask": "window:2", "head": "auto:bank>roses"}
    tab.get_by_role("button", name=re.compile("^cross-attention")).click()
    tab.get_by_label("Target").fill("il partit")
    wait_for(page, "() => document.querySelector('.player').dataset.film === 'film6'")
    assert studio.orders[-1]["spec"] == {"target": "il partit"}
    tab.get_by_label("Aspect").select_option("9:16")
    wait_for(page, "() => document.querySelector('canvas').height === 320")


def point_at(page: Page, x: float, y: float) -> None:
    """Move the pointer to a place of the picture."""
    box = page.tab.locator("canvas").bounding_box()
    assert box is not None
    page.tab.mouse.move(box["x"] + x * box["width"] / 320, box["y"] + y * box["height"] / 180)


def inspected(page: Page) -> str:
    return page.tab.locator("[data-part=address]").inner_text()


def wait_inspected(page: Page, address: str) -> None:
    says = "at => document.querySelector('[data-part=address]').textContent === at"
    wait_for(page, says, address)


def test_hovering_inspects_a_cell(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "fold", 30)
    # A cell of the grid at (100, 20) that is 20 wide and high: row 2, column 5.
    point_at(page, 210, 70)
    address = f"{WEIGHTS[:-1]}, 2, 5]"
    wait_inspected(page, address)
    panel = page.tab.get_by_role("complementary", name="Inspector")
    said = panel.inner_text()
    assert f"{value(address)['value']}" in said
    assert "softmax over the keys of the scores" in said
    row = panel.get_by_role("table", name="Row layers[1].weights[2, 6]")
    assert row.get_by_role("row").last.inner_text().split() == ["sum", "1.0000"]
    outline = page.tab.locator(".outline").bounding_box()
    canvas = page.tab.locator("canvas").bounding_box()
    assert outline is not None
    assert canvas is not None
    assert outline["x"] - canvas["x"] == pytest.approx(200 * canvas["width"] / 320, abs=1)
    assert outline["width"] == pytest.approx(20 * canvas["width"] / 320, abs=1)
    point_at(page, 5, 170)
    panel.get_by_text("Point at a number or a cell").wait_for()
    assert not page.tab.locator(".outline").is_visible()


def test_a_printed_number_comes_before_the_cell_beneath(
    open_page: Open, studio: FakeStudio
) -> None:
    page = open_at(open_page, studio, "fold", 30)
    point_at(page, 285, 87)
    wait_inspected(page, f"entropy({WEIGHTS[:-1]}, 6])")


def test_a_cells_address_is_that_of_its_element(open_page: Open, studio: FakeStudio) -> None:
    page = open_page(studio.address)
    for address, indices in (
        ("layers[1].weights[2]", (6, 3)),
        ("token_embeddings", (4, 7)),
        ("dot_products(layers[0].q[1], layers[0].k[1])", (2, 5)),
        ("column(layers[1].w_q, 36)", (11,)),
    ):
        made = page.tab.evaluate(
            "async told => (await import('/page/regions.js')).elementAddress(...told)",
            [address, list(indices)],
        )
        assert made == element(address, *indices)


def test_the_keyboard_inspects(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "fold", 30)
    page.tab.get_by_label("Aspect").focus()
    press(page, "Tab", "Tab")
    wait_inspected(page, f"{WEIGHTS[:-1]}, 0, 0]")
    press(page, *["ArrowDown"] * 6, *["ArrowRight"] * 3)
    address = f"{WEIGHTS[:-1]}, 6, 3]"
    wait_inspected(page, address)
    assert page.tab.get_by_role("status").inner_text() == f"0.14 {address}"
    # The film has not moved: the arrows were the picker's.
    wait_frame(page, FOLD + 30)
    page.tab.get_by_role("button", name="its score").press("Enter")
    wait_inspected(page, address.replace("weights", "scores"))
    page.tab.get_by_role("button", name="← Back").press("Enter")
    wait_inspected(page, address)
    press(page, "Escape")
    page.tab.get_by_text("Point at a number or a cell").wait_for()


def test_a_sentence_is_seen_in_attention_at_a_glance(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "fold", 30)
    glance = page.tab.get_by_role("group", name="Where bank looks")
    words = glance.get_by_role("listitem")
    assert [words.nth(key).inner_text().split() for key in (0, 3)] == [
        ["he", "0"],
        ["roses", f"{3 / 21}"],
    ]
    heights = """bars => bars.map(bar => Number.parseFloat(getComputedStyle(bar, "::before").height)
        / Number.parseFloat(getComputedStyle(bar, null).height))"""
    shares = glance.locator(".bar").evaluate_all(heights)
    assert shares == pytest.approx([24 / 25 * key / 21 for key in range(7)], abs=1e-3)
    words.nth(3).hover()
    wait_inspected(page, f"{WEIGHTS[:-1]}, 6, 3]")
    # The same number is marked in the picture.
    assert page.tab.locator(".outline").is_visible()
    sentence(page).hover()
    page.tab.get_by_text("Point at a number or a cell").wait_for()
    words.nth(5).click()
    sentence(page).hover()
    page.tab.wait_for_timeout(200)
    wait_inspected(page, f"{WEIGHTS[:-1]}, 6, 5]")


def test_the_glance_is_there_before_the_first_picture_and_the_last_good_one_stays(
    open_page: Open, studio: FakeStudio
) -> None:
    page = open_at(open_page, studio)
    studio.hold_after = 0
    ask(page, studio, "she left the river")
    page.tab.get_by_role("group", name="Where river looks").wait_for()
    wait_frame(page, FOLD, "film1")
    studio.gate.set()
    wait_whole(page)
    studio.hold_after = None
    studio.failure = {"kind": "error", "message": "no such palete", "file": None, "line": None}
    ask(page, studio, "a bank")
    page.tab.get_by_text("no such palete").wait_for()
    page.tab.get_by_role("group", name="Where river looks").wait_for()


def test_a_beats_numbers_are_listed(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "fold", 30)
    listed = page.tab.get_by_role("complementary").get_by_role("listitem")
    assert listed.count() == len(NUMBERS)
    listed.nth(4).get_by_role("button").press("Enter")
    wait_inspected(page, NUMBERS[4]["address"])


def test_a_picture_in_motion_leads_to_one_that_stands(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "fold", 3)
    page.tab.get_by_role("button", name="Go to where it stands still").click()
    wait_frame(page, FOLD + BEATS[2][1])


def test_the_table_is_copied_exactly(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "fold", 30)
    page.tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    point_at(page, 210, 70)
    page.tab.mouse.down()
    page.tab.mouse.up()
    page.tab.get_by_text("As a table").click()
    page.tab.get_by_role("button", name="Copy", exact=True).click()
    page.tab.get_by_role("button", name="Copied").wait_for()
    lines = page.tab.evaluate("navigator.clipboard.readText()").split("\n")
    cells = [line.split("\t") for line in lines]
    assert cells[0] == ["", *TOKENS]
    assert [row[0] for row in cells[1:]] == list(TOKENS)
    table = value(WEIGHTS)["table"]["values"]
    assert [[float(cell) for cell in row[1:]] for row in cells[1:]] == table


def test_export_and_markup(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    tab = page.tab
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.get_by_role("button", name="Export").click()
    tab.get_by_label("Quality").select_option("high")
    tab.get_by_role("button", name="Render to media/").click()
    tab.get_by_role("progressbar").wait_for()
    studio.tell(kind="export", id="export1", state="done", files={"film": "media/x.mp4"})
    tab.get_by_text("media/x.mp4").wait_for()
    asked = studio.exports[0]
    assert (asked["quality"], asked["formats"]) == ("high", ["mp4"])
    tab.get_by_role("button", name="Copy the markup").click()
    tab.locator("#export").get_by_text("The markup is on the clipboard.").wait_for()
    assert tab.evaluate("navigator.clipboard.readText()") == "<video></video>"
    assert violations(page) == ()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (800, 600), (360, 740)])
def test_it_is_accessible_and_fits(
    open_page: Open, studio: FakeStudio, theme: str, width: int, height: int
) -> None:
    page = open_at(open_page, studio, "fold", 30, theme=theme, width=width, height=height)
    page.tab.locator(".picker").focus()
    page.tab.get_by_text("As a table").click()
    assert violations(page) == ()
    assert page.tab.evaluate("document.documentElement.scrollWidth") == width
    assert console_errors(page) == ()
    assert foreign_requests(page) == ()


def test_the_theme_switch_is_kept(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, theme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    page.tab.get_by_role("button", name="Switch to the light theme").click()
    light = page.tab.evaluate(ground)
    page.tab.reload()
    assert page.tab.evaluate(ground) == light == "rgb(251, 250, 246)"
    page.tab.get_by_role("button", name="Switch to the dark theme").wait_for()


def test_two_pages_do_not_disturb_each_other(open_page: Open, studio: FakeStudio) -> None:
    one, other = open_at(open_page, studio, "fold", 3), open_at(open_page, studio, "fan", 9)
    sentence(one).fill("a bank")
    wait_frame(one, FOLD + 3, "film3")
    wait_frame(other, newest(studio).start(1) + 9, "film2")
    assert sentence(other).input_value() == "he left the roses by the bank"


def test_memory_is_level_over_many_films(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio, "fold", 4)
    counts = []
    for i in range(40):
        studio.pace = 0.05
        film = ask(page, studio, f"bank {i}")
        # Every other one is written over before it is whole.
        if i % 2:
            studio.pace = 0.0
            wait_frame(page, FOLD + 4, film)
            wait_whole(page)
            page.tab.wait_for_timeout(50)
            counts.append(page.tab.evaluate("attnvizCounts()"))
    assert len({count["blobs"] for count in counts}) == 1
    assert counts[0]["blobs"] == sum(moving + 1 for _, moving in BEATS)
    assert max(count["bitmaps"] for count in counts) <= 32


def test_a_film_that_nobody_waits_for_is_given_up(open_page: Open, studio: FakeStudio) -> None:
    page = open_at(open_page, studio)
    studio.pace = 0.05
    for text, film in (("a bank", "film2"), ("a river", "film3")):
        assert ask(page, studio, text) == film
        wait_for(page, "film => document.querySelector('.player').dataset.film === film", film)
    studio.pace = 0.0
    wait_whole(page)
    assert studio.given_up == ["film2"]


def test_the_server_has_all_that_the_page_asks_for() -> None:
    source = "".join((PAGE / name).read_text("utf-8") for name in ("index.html", "studio.css"))
    names = set(re.findall(r'"/page/([^"]+)"', source))
    assert {"studio.css", "early.js", "SourceSansPro-Regular.ttf"} <= names
    for name in names:
        assert page_file(name).status_code == HTTPStatus.OK


def test_every_module_is_loaded_ahead_and_short() -> None:
    index = (PAGE / "index.html").read_text("utf-8")
    modules = {path.name for path in PAGE.glob("*.js")}
    ahead = set(re.findall(r'modulepreload" fetchpriority="low" href="/page/([a-z]+\.js)"', index))
    assert modules - {"early.js", "studio.js"} == ahead
    assert max(len(path.read_text("utf-8").splitlines()) for path in PAGE.glob("*.js")) <= 300
    # The policy of the page allows neither.
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script>", index)
