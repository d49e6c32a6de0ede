"""A real Chromium for tests: pages opened as a reader would, and what is true of them.

    with browser() as chromium, serve(folder) as address:
        page = chromium.open_page(address + "post.html", theme="light")
        assert violations(page) == ()

In a test the fixture ``open_page`` does the first and closes the pages of the test. Whatever
the helpers do not ask, ``page.tab`` does: it is Playwright's page.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from tests import needs

if TYPE_CHECKING:
    from playwright import sync_api

Theme = Literal["dark", "light"]

# Nothing leaves this machine: a third-party host is asked for, recorded, and not found.
CHROMIUM_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
# Seconds that a page may take to be ready, on a busy machine.
PATIENCE = 20.0
# Seconds between two looks at a page. Helpers look from here: a page may forbid its scripts.
LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Page:
    """An open page, and what it has done since before its first byte."""

    tab: sync_api.Page
    javascript: bool
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule of axe-core and the elements that break it, or that axe-core could not decide."""

    rule: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """A text track of a video; ``mode`` is what the page and the reader's browser chose."""

    kind: str
    label: str
    language: str
    mode: str
    loaded: bool
    cues: int


@dataclass(frozen=True, slots=True)
class Browser:
    """A running Chromium."""

    chromium: sync_api.Browser

    def open_page(
        self,
        place: str | Path,
        *,
        theme: Theme = "dark",
        reduced_motion: bool = False,
        width: int = 1280,
        height: int = 800,
        javascript: bool = True,
    ) -> Page:
        """Open an address or a file as a reader with these preferences; return once it has loaded.

        Every page has a profile of its own: no cache, no cookies.
        """
        context = self.chromium.new_context(
            color_scheme=theme,
            reduced_motion="reduce" if reduced_motion else "no-preference",
            viewport={"width": width, "height": height},
            java_script_enabled=javascript,
        )
        page = Page(context.new_page(), javascript)
        context.on("request", lambda request: page.requests.append(request.url))
        page.tab.on("pageerror", lambda error: page.errors.append(str(error)))
        page.tab.on("console", lambda said: _note_error(page, said))
        page.tab.goto(place.resolve().as_uri() if isinstance(place, Path) else place)
        return page

    def close_pages(self) -> None:
        """Close every page."""
        for context in self.chromium.contexts:
            context.close()


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium, headless; end it after the block."""
    executable = needs.program("chromium", "chromium-browser", "google-chrome")
    needs.module("playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # Playwright starts it without a sandbox, which root could not have.
        chromium = driver.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        try:
            yield Browser(chromium)
        finally:
            chromium.close()


def prefer(page: Page, *, theme: Theme | None = None, reduced_motion: bool | None = None) -> None:
    """Change the reader's preferences while the page is open; what is not named stays."""
    motion: dict[bool | None, Literal["reduce", "no-preference"] | None]
    motion = {None: None, True: "reduce", False: "no-preference"}
    page.tab.emulate_media(color_scheme=theme, reduced_motion=motion[reduced_motion])


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other: ``Tab``, ``Space``, ``ArrowRight``, ``Shift+Tab``."""
    for key in keys:
        page.tab.keyboard.press(key)


def screenshot(page: Page, path: Path, *, whole: bool = False) -> Path:
    """Save what the reader sees, or the whole page, as a PNG; return its path."""
    page.tab.screenshot(path=path, full_page=whole)
    return path


def requests_made(page: Page) -> tuple[str, ...]:
    """Return every address that the page has asked for, its own first."""
    return tuple(page.requests)


def foreign_requests(page: Page) -> tuple[str, ...]:
    """Return the addresses asked for on another host, or another port, than the page's own."""
    own = urlsplit(page.tab.url)[:2]
    split = [(address, urlsplit(address)) for address in page.requests]
    return tuple(a for a, s in split if s.scheme not in ("blob", "data") and s[:2] != own)


def console_errors(page: Page) -> tuple[str, ...]:
    """Return the errors on the page's console, a file not found and an uncaught one among them."""
    return tuple(page.errors)


def violations(page: Page, within: str = "html") -> tuple[Finding, ...]:
    """Return what axe-core finds against the page, or against the parts that a selector names."""
    return _audit(page, within, "violations")


def undecided(page: Page, within: str = "html") -> tuple[Finding, ...]:
    """Return what axe-core could not decide, such as the contrast of text upon a picture."""
    return _audit(page, within, "incomplete")


def layout_shift(page: Page) -> float:
    """Return the sum of all layout shifts from the first paint until the page is settled.

    Chromium counts what moves inside the window only: give a long page a high one.
    """
    _settle(page)
    shifts: list[float] = page.tab.evaluate("""() => {
        const observer = new PerformanceObserver(() => {});
        observer.observe({type: "layout-shift", buffered: true});
        return observer.takeRecords().filter(e => !e.hadRecentInput).map(e => e.value);
    }""")
    return sum(shifts)


def is_playing(page: Page, selector: str, within: float = PATIENCE) -> bool:
    """Tell whether a video begins to play, or goes on playing, within some seconds.

    It plays where its time has changed from look to look twice, so that a jump is no playing.
    """
    video = page.tab.locator(selector)
    end = time.monotonic() + within
    seen, moves = _playhead(video), 0
    while moves < 2 and time.monotonic() < end:
        page.tab.wait_for_timeout(LOOK_EVERY * 1000)
        now = _playhead(video)
        moves = moves + 1 if now is not None and now != seen else 0
        seen = now
    return moves == 2


def tracks(page: Page, selector: str = "video") -> tuple[Track, ...]:
    """Return the text tracks of the videos that a selector names, each loaded if it can be.

    A browser loads a track once it is chosen; this chooses each for as long as it looks.
    """
    elements = page.tab.locator(selector).locator("track")
    modes = elements.evaluate_all("""all => all.map(element => {
        const mode = element.track.mode;
        if (mode === "disabled") element.track.mode = "hidden";
        return mode;
    })""")
    loading = "all => all.filter(e => e.readyState < HTMLTrackElement.LOADED).map(e => e.src)"
    _wait_for_none(page, elements, loading)
    found = elements.evaluate_all(
        """(all, modes) => all.map((element, i) => {
        const {kind, label, language, cues} = element.track;
        const loaded = element.readyState === HTMLTrackElement.LOADED;
        const read = {kind, label, language, mode: modes[i], loaded, cues: cues?.length ?? 0};
        element.track.mode = modes[i];
        return read;
    })""",
        modes,
    )
    return tuple(Track(**track) for track in found)


def _note_error(page: Page, said: sync_api.ConsoleMessage) -> None:
    if said.type == "error":
        page.errors.append(f"{said.text} ({said.location['url']})")


def _playhead(video: sync_api.Locator) -> float | None:
    """Return where a video is, or None while it rests."""
    seconds: float | None = video.evaluate(
        "video => video.paused || video.ended || video.seeking ? null : video.currentTime"
    )
    return seconds


def _audit(page: Page, within: str, outcome: str) -> tuple[Finding, ...]:
    if not page.javascript:
        raise ValueError("axe-core needs a page that runs scripts: javascript=True")
    assert page.tab.locator(within).count() > 0, f"nothing on the page is {within}"
    page.tab.evaluate(needs.node_file("axe-core/axe.min.js").read_text("utf-8") + "; null")
    run = "within => axe.run({include: [within]})"
    results: dict[str, Sequence[dict[str, Any]]] = page.tab.evaluate(run, within)
    return tuple(
        Finding(found["id"], tuple(node["html"] for node in found["nodes"]))
        for found in results[outcome]
    )


def _settle(page: Page) -> None:
    """Wait until fonts, pictures and the beginnings of videos are there, and draw what came."""
    _wait_for_none(
        page,
        page.tab.locator("img, video"),
        """all => all.filter(e => e instanceof HTMLVideoElement
            ? e.networkState === e.NETWORK_LOADING && e.readyState === e.HAVE_NOTHING
            : e.loading !== "lazy" && !e.complete
        ).map(e => e.currentSrc).concat(document.fonts.status === "loading" ? ["fonts"] : [])""",
    )
    page.tab.screenshot()  # which waits for a frame


def _wait_for_none(page: Page, elements: sync_api.Locator, unready: str) -> None:
    end = time.monotonic() + PATIENCE
    while waiting := elements.evaluate_all(unready):
        assert time.monotonic() < end, f"not ready after {PATIENCE:.0f} s: {waiting}"
        page.tab.wait_for_timeout(LOOK_EVERY * 1000)
