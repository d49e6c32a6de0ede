"""Films of a trace in a notebook: true to the trace, whole in one cell, safe in any page."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.addresses import resolve
from attnviz.errors import UserError
from attnviz.records import ModelTrace
from attnviz.render.inline import InlineClip
from attnviz.render.jobs import SUFFIXES
from attnviz.render.keys import source_files
from tests.builders import random_trace, unchecked

ROOT = Path(__file__).resolve().parent.parent
SMALLEST = f"{ROOT}/docs/template_scene.py:SharpestRow"


class Page(HTMLParser):
    """Notes the elements of a page and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: dict[str, dict[str, str | None]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] = dict(attrs)


def words(text: str, count: int = 3) -> ModelTrace:
    return replace(random_trace(count), text=text)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> InlineClip:
    trace = words('three "words" <b>')
    return attnviz.clip(SMALLEST, trace, head=np.int64(1), folder=tmp_path_factory.mktemp("films"))


def test_film_shows_the_numbers_of_the_trace(made: InlineClip) -> None:
    told = json.loads(made.files["manifest"].read_text("utf-8"))
    numbers = {n["address"]: n["value"] for beat in told["beats"] for n in beat["numbers"]}
    assert any(address.startswith("layers[1].weights[1,") for address in numbers)
    trace = {"": words("")}
    for address, value in numbers.items():
        assert value == resolve(address, trace)
    assert told["spec"]["text"] == 'three "words" <b>'


def test_cell_holds_the_whole_film(made: InlineClip) -> None:
    page = Page(made._repr_html_())
    assert set(page.elements) == {"figure", "video", "figcaption", "code"}
    video = page.elements["video"]
    assert {"controls", "loop", "muted", "playsinline"} <= set(video)
    for attribute, what in (("src", "video"), ("poster", "poster")):
        kind, _, content = str(video[attribute]).partition(";base64,")
        assert kind == {"video": "data:video/mp4", "poster": "data:image/png"}[what]
        assert base64.b64decode(content) == made.files[what].read_bytes()
    assert str(video["aria-label"]).endswith('The words: three "words" <b>')


def test_files_stand_in_the_folder_that_was_given(made: InlineClip) -> None:
    assert {*SUFFIXES, "trace"} == set(made.files)
    assert all(path.is_file() for path in made.files.values())
    assert repr(made) == f"<film of {made.seconds:.1f} s: {made.files['video']}>"


def test_same_film_is_not_rendered_again(made: InlineClip) -> None:
    folder = made.files["trace"].parent.parent
    again = attnviz.clip(SMALLEST, words('three "words" <b>'), head=1, folder=folder)
    assert again.cached
    assert again.files == made.files


@pytest.mark.slow
def test_listed_scene_is_filmed_to_a_folder_that_outlives_the_object() -> None:
    files = attnviz.clip("causal-mask", words("a text  that no Spec\ncan repeat")).files
    assert all(path.is_file() for path in files.values())


def test_temporary_folder_goes_when_python_ends() -> None:
    code = "from attnviz.render import inline; print(inline._session_folder())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    folder = Path(done.stdout.strip())
    assert folder.name.startswith("attnviz-")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("scene", "options", "message"),
    [
        ("casual-mask", {}, "unknown scene 'casual-mask', did you mean 'causal-mask'?"),
        ("causal-mask", {"quality": "drafts"}, "unknown quality 'drafts', did you mean 'draft'?"),
        ("causal-mask", {"theme": "drak"}, "unknown theme 'drak', did you mean 'dark'?"),
        ("causal-mask", {"aspect": "4:3"}, "unknown aspect '4:3'"),
        ("causal-mask", {"mask": "casual"}, "unknown mask 'casual', did you mean 'causal'?"),
        ("causal-mask", {"layer": 5}, "layer 5: random has layers 0–1"),
        ("causal-mask", {"head": 5}, "head 5: layer 1 of random has heads 0–2"),
        ("causal-mask", {"head": 1.5}, "head: wanted"),
        ("cross-attention", {}, "film it with self-attention"),
    ],
)
def test_what_cannot_be_filmed_is_said_in_one_line(
    scene: str, options: dict[str, object], message: str, tmp_path: Path
) -> None:
    with unchecked(), pytest.raises(UserError) as caught:
        attnviz.clip(scene, random_trace(3), folder=tmp_path, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_scene_that_needs_more_than_the_trace_holds_says_what(tmp_path: Path) -> None:
    whole = random_trace(3)
    layers = tuple(replace(layer, w_q=None, x_q=None) for layer in whole.layers)
    with pytest.raises(UserError, match="which the trace of random does not hold"):
        attnviz.clip("projections", replace(whole, layers=layers), folder=tmp_path)


def test_films_do_not_depend_on_what_only_type_checkers_read() -> None:
    known = {path.relative_to(ROOT).as_posix() for path in source_files(ROOT / "scenes/softmax.py")}
    assert "attnviz/__init__.py" in known
    assert "attnviz/stage/__init__.py" in known
    assert "attnviz/render/inline.py" not in known
