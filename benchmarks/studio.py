"""How soon the studio shows what was changed, in a real browser: `python -m benchmarks.studio`.

A copy of the project is served by `render.py preview`; a headless Chromium opens its page, writes
another sentence into its form, and meanwhile a scene, and a value of the theme, are edited in the
copy. No sentence and no edit comes twice, so nothing can have been kept. Time runs from before
the deed to the first picture of the new film on the page's canvas, and on to the very frame that
was looked at: the end of a beat where all weights of the sentence stand in a grid. A sentence is
also seen in attention at a glance, above the film: the row of weights of its lit word. Medians of
10, draft quality; the exit code is 1 where a bound does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.cost import ROOT
from benchmarks.tables import spread, table
from tests.browser import browser

if TYPE_CHECKING:
    from tests.browser import Browser, Page

ROUNDS = 10
SCENE = "self-attention"
LOOKED_AT = 2
"""The beat of that scene at whose end the changes are looked at."""

BOUNDS = {"open": 1.0, "text": 1.0, "scene": 1.5, "theme": 1.5}
"""Seconds to the first picture, at the most."""

IN_ATTENTION = 2.0
"""Seconds until another sentence is seen in attention, at a glance and in the film, at the most."""

DEEDS = {
    "open": "the page is opened",
    "text": "another sentence is written",
    "scene": "a scene's file is saved",
    "theme": "a value of the theme is saved",
}

_LEFT_OUT = (".git", ".venv", "media", "node_modules", "__pycache__", ".*_cache")
_CAPTION = "each link becomes one cell of a grid"
_GROUND = 'background="#10141A"'
_PATIENCE = 120.0
_BUSY = "[aria-busy=true]"
_QUIET = 1.0
"""Seconds without a new picture after which, once the film is whole, the page is at rest."""

_NOTE = """
globalThis.seen = [];
new MutationObserver(() => {
  const shown = document.querySelector("[data-film]");
  if (!shown) return;
  const {film, frame, digest} = shown.dataset;
  const last = globalThis.seen.at(-1);
  if (last && last.film === film && last.digest === digest) return;
  const at = (performance.timeOrigin + performance.now()) / 1000;
  globalThis.seen.push({film, frame, digest, at});
}).observe(document, {attributes: true, subtree: true,
  attributeFilter: ["data-film", "data-frame", "data-digest"]});
globalThis.glances = [];
addEventListener("DOMContentLoaded", () => new MutationObserver((changes) => {
  if (!changes.some(({target}) => target.matches?.(".glance ol"))) return;
  globalThis.glances.push((performance.timeOrigin + performance.now()) / 1000);
}).observe(document, {childList: true, subtree: true}));
"""


@dataclass
class Times:
    """Seconds to a new film's first picture, to the frame looked at, and to its row of weights."""

    first: list[float] = field(default_factory=list)
    looked_at: list[float] = field(default_factory=list)
    glance: list[float] = field(default_factory=list)


def sentences() -> Iterator[str]:
    """Yield sentences of seven words that the model knows, no two alike."""
    nouns = ("letters", "keys", "books", "apples", "coins", "chairs")
    for verb, noun, place in product(("left", "saw", "found"), nouns, ("bank", "river", "door")):
        yield f"he {verb} the {noun} by the {place}"


@contextmanager
def serving(project: Path) -> Iterator[str]:
    """Serve a copy of the project; give its address, and end it and all it has started."""
    command = [sys.executable, "render.py", "preview", SCENE, "--no-open", "--port", "0"]
    server = subprocess.Popen(
        command,
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert server.stdout is not None
        found = re.search(r"http:" + r"//\S+", server.stdout.readline())
        if found is None:
            raise SystemExit("the preview has not said where it is")
        yield found[0]
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(_PATIENCE)
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)


def settled(page: Page, deed: Callable[[], object]) -> tuple[float, float, float]:
    """Do something, and wait until its film has come and the page is at rest.

    Returns
    -------
    tuple of float
        Seconds to its first picture, to the one that stays, and to its row of weights.
    """
    before = _seen(page)[-1]["film"] if _seen(page) else None
    began = time.time()
    deed()
    end = began + _PATIENCE
    while True:
        new = [one for one in _seen(page) if one["film"] != before and one["at"] > began]
        is_quiet = bool(new) and time.time() - new[-1]["at"] > _QUIET
        if is_quiet and not page.tab.locator(_BUSY).count():
            glances = page.tab.evaluate("globalThis.glances ?? []")
            glance = next(at for at in glances if at > began)
            return new[0]["at"] - began, new[-1]["at"] - began, glance - began
        if time.time() > end:
            lacking = "its film is not whole" if new else "no new picture has come"
            raise SystemExit(f"{lacking} after {_PATIENCE:.0f} s; the page says: {_told(page)}")
        page.tab.wait_for_timeout(20)


def _seen(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.tab.evaluate("globalThis.seen ?? []")
    return found


def _told(page: Page) -> str:
    return " ".join(" ".join(page.tab.locator("#state, .error").all_inner_texts()).split())


def opened(chromium: Browser, address: str) -> tuple[Page, float]:
    """Open the page, which then stands at its first frame; return when its picture had come."""
    page = chromium.open_page("about:blank", reduced_motion=True)
    page.tab.add_init_script(_NOTE)
    first, *_ = settled(page, lambda: page.tab.goto(address))
    return page, first


def measured(rounds: int) -> dict[str, Times]:
    """Do each deed so many times."""
    found = {deed: Times() for deed in BOUNDS}
    texts = sentences()
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        project = Path(folder) / "project"
        shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        with serving(project) as address:
            page, _ = opened(chromium, address)  # the first visit warms up
            page.tab.locator("#state[data-state=ready]").wait_for()
            chromium.close_pages()
            for _ in range(rounds):
                _, first = opened(chromium, address)
                found["open"].first.append(first)
                chromium.close_pages()
            page, _ = opened(chromium, address)
            _look_at(page)
            field_of_text = page.tab.locator("input[name=text]")
            edits: dict[str, Callable[[int], None]] = {
                "text": lambda _turn: field_of_text.fill(next(texts)),
                "scene": editor(project / "scenes/self_attention.py", _CAPTION, _caption),
                "theme": editor(project / "attnviz/theme.py", _GROUND, _ground),
            }
            # Deeds of one kind on end, as an author works; the first of each warms up.
            for deed, do in edits.items():
                print(f"{rounds} times: {DEEDS[deed]}", file=sys.stderr)
                for turn in range(rounds + 1):
                    first, last, glance = settled(page, partial(do, turn))
                    if turn:
                        found[deed].first.append(first)
                        found[deed].looked_at.append(last)
                        found[deed].glance.append(glance)
    return found


def _look_at(page: Page) -> None:
    """Go to the end of the beat that is looked at, where something stands still."""
    page.tab.locator("body").click(position={"x": 2, "y": 2})
    for _ in range(LOOKED_AT + 1):
        page.tab.keyboard.press(".")
    page.tab.keyboard.press("ArrowLeft")
    page.tab.wait_for_timeout(_QUIET * 1000)


def editor(file: Path, old: str, new: Callable[[int], str]) -> Callable[[int], None]:
    """Return what writes another text in the place of one, as an editor saves."""
    source = file.read_text("utf-8")
    if source.count(old) != 1:
        raise SystemExit(f"{file.name} no longer holds {old!r} once: change this benchmark")

    def save(turn: int) -> None:
        beside = file.with_suffix(".saved")
        beside.write_text(source.replace(old, new(turn)), "utf-8")
        beside.replace(file)

    return save


def _caption(turn: int) -> str:
    """Return the caption with other words: no digit may stand in one."""
    word = "".join(chr(ord("a") + int(digit)) for digit in str(turn))
    return f"each link becomes one cell {word} of a grid"


def _ground(turn: int) -> str:
    return f'background="#1014{0x1B + turn:02X}"'


def main() -> None:
    """Print the medians, and between which the times lie."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    found = measured(asked.rounds)
    if asked.as_json:
        print(json.dumps({deed: vars(times) for deed, times in found.items()}))
    else:
        head = ("after", "first picture (s)", "at most", "frame looked at (s)", "at a glance (s)")
        rows = [
            (
                DEEDS[deed],
                spread(times.first),
                f"{BOUNDS[deed]:.1f}",
                _or_dash(times.looked_at),
                _or_dash(times.glance),
            )
            for deed, times in found.items()
        ]
        print(table(head, rows))
        print(f"a sentence is to be seen in attention, both ways, after {IN_ATTENTION} s at most")
        print(f"medians of {asked.rounds} on {os.cpu_count()} cores, at draft quality")
    late = too_late(found)
    for deed in late:
        print(f"too late: {DEEDS[deed]}", file=sys.stderr)
    sys.exit(1 if late else 0)


def too_late(found: Mapping[str, Times]) -> list[str]:
    """Return the deeds after which something came later than it may, by the median."""
    late = [deed for deed, times in found.items() if median(times.first) > BOUNDS[deed]]
    seen = found["text"].looked_at, found["text"].glance
    if "text" not in late and any(median(times) > IN_ATTENTION for times in seen):
        late.append("text")
    return late


def _or_dash(values: list[float]) -> str:
    return spread(values) if values else "–"


if __name__ == "__main__":
    main()
