"""The gallery: loops that are small, true to their scenes, and known to be stale when not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import render
from attnviz.errors import AttnvizError, UserError
from attnviz.render import catalogue, gallery_table, loops
from attnviz.render.catalogue import SceneRef
from attnviz.render.gallery import gallery, read_index, staleness
from attnviz.render.jobs import Job
from attnviz.render.loops import difference, frame_at, make_loop
from attnviz.render.output import Output

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SHIPPED = ROOT / "media" / "gallery"

SCENE = """
from typing import ClassVar
from manim import FadeIn, Square
from tests.fixtures.own_scene import TwoBeats

class Mine(TwoBeats):
    loop: ClassVar[tuple[str, ...]] = ("square", "words")

    def construct(self) -> None:
        with self.beat("empty", "Nothing yet."):
            self.wait(1)
        square = Square(fill_opacity=1, stroke_width=0, color=self.theme.palette.query)
        with self.beat("square", "A square comes in."):
            self.play(FadeIn(square), run_time=0.5)
        with self.beat("words", "The weight is {weight}.", weight="layers[1].weights[2, 1, 1]"):
            self.play(square.animate.shift((2, 0, 0)), run_time=0.5)
        with self.beat("after", "Too late."):
            self.wait(1)
"""


@dataclass(frozen=True)
class Own:
    """A scene file that a test may edit, and the gallery of it."""

    source: Path
    folder: Path
    private: Path

    def ref(self) -> SceneRef:
        return catalogue.find(f"{self.source}:Mine")

    def edit(self, old: str, new: str) -> None:
        code = self.source.read_text()
        assert old in code
        self.source.write_text(code.replace(old, new))

    def staleness(self) -> str:
        return staleness(self.ref(), self.folder, self.private)


@pytest.fixture
def own(tmp_path: Path) -> Own:
    source = tmp_path / "code" / "mine.py"
    source.parent.mkdir()
    source.write_text(SCENE)
    return Own(source, tmp_path / "gallery", tmp_path / "private")


def test_a_loop_shows_its_beats_and_holds(own: Own) -> None:
    (made,) = gallery([own.ref()], own.folder)
    assert sorted(path.name for path in own.folder.iterdir()) == ["gallery.json", "mine.webp"]
    entry = read_index(own.folder)["mine"]
    assert [beat["name"] for beat in entry["beats"]] == ["square", "words"]
    assert made.seconds == entry["seconds"] == entry["beats"][-1]["end"]
    with Image.open(made.path) as image:
        assert (image.format, image.size, image.info["loop"]) == ("WEBP", (640, 360), 0)
        durations = []
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            durations.append(image.info["duration"])
    assert sum(durations) / 1000 == pytest.approx(made.seconds)
    assert durations[-1] >= 2500
    assert max(durations[:-1]) <= 1600
    # Until the first beat ends the square stands in the middle, at the end right of it.
    middle, right = (slice(160, 200), slice(300, 340)), (slice(160, 200), slice(390, 430))
    first = frame_at(made.path, entry["beats"][0]["end"]).astype(int)
    last = frame_at(made.path, made.seconds).astype(int)
    blue = np.array([0x56, 0xB4, 0xE9])
    assert np.abs(first[middle] - blue).mean() < 12
    assert np.abs(last[right] - blue).mean() < 12
    assert np.abs(first[right] - blue).mean() > 60


def test_what_is_there_is_not_drawn_again(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not gallery([own.ref()], own.folder)[0].cached
    index = (own.folder / "gallery.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(loops, "make_loop", None)
        assert gallery([own.ref()], own.folder)[0].cached
    assert (own.folder / "gallery.json").read_bytes() == index
    (own.folder / "mine.webp").write_bytes(b"touched")
    assert not gallery([own.ref()], own.folder)[0].cached
    own.edit("comes in", "moves in")
    assert not gallery([own.ref()], own.folder)[0].cached


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("comes in", "goes out", "beat square of mine looks otherwise"),
        ("palette.query", "palette.output", "beat square of mine looks otherwise"),
        ("weights[2, 1, 1]", "weights[2, 2, 1]", "beat words of mine looks otherwise"),
        ('("square", "words")', '("words",)', "now loops words, the picture shows square, words"),
    ],
)
def test_a_changed_scene_makes_its_picture_stale(own: Own, old: str, new: str, said: str) -> None:
    gallery([own.ref()], own.folder)
    assert own.staleness() == ""
    own.edit(old, new)
    assert said in own.staleness()


def test_what_is_not_looped_may_change(own: Own) -> None:
    gallery([own.ref()], own.folder)
    own.edit("Too late.", "Other words.")
    assert own.staleness() == ""


def test_a_picture_that_is_missing_or_touched_is_stale(own: Own) -> None:
    assert "is missing" in own.staleness()
    gallery([own.ref()], own.folder)
    (own.folder / "mine.webp").write_bytes(b"touched")
    assert "is missing" in own.staleness()


@pytest.mark.parametrize("loop", ['("words", "square")', '("square", "after")', '("wrods",)'])
def test_beats_that_do_not_follow_one_another_are_refused(own: Own, loop: str) -> None:
    own.edit('("square", "words")', loop)
    with pytest.raises(AttnvizError, match="wanted consecutive beats of empty, square, words"):
        gallery([own.ref()], own.folder)
    assert not own.folder.exists() or list(own.folder.iterdir()) == []


def test_without_a_choice_the_last_beat_is_looped(own: Own) -> None:
    own.edit('("square", "words")', "()")
    gallery([own.ref()], own.folder)
    assert [beat["name"] for beat in read_index(own.folder)["mine"]["beats"]] == ["after"]
    assert own.staleness() == ""


def test_a_loop_that_is_too_big_loses_frames_and_then_quality(
    own: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(own.ref(), catalogue.default_spec(own.ref()), Output())
    tried: list[tuple[int, int]] = []
    sizes = {count: n for n, count in enumerate([12, 10, 8])}
    counts: list[int] = []

    def encoded(frames: list[loops.Frame], quality: int) -> bytes:
        if len(frames) not in counts:
            counts.append(len(frames))
        tried.append((counts.index(len(frames)), quality))
        return bytes(loops.MOST_BYTES + (0 if len(tried) == 5 else 1))

    monkeypatch.setattr(loops, "encode", encoded)
    loop = make_loop(job, tmp_path)
    full = [(sizes[12], 90), (sizes[12], 80)]
    assert tried == [*full, (sizes[10], 80), (sizes[8], 80), (sizes[8], 65)]
    assert (loop.fps, loop.quality) == (8, 65)
    monkeypatch.setattr(loops, "encode", lambda *_: bytes(loops.MOST_BYTES + 1))
    with pytest.raises(AttnvizError, match=r"has 400 kB, wanted 400 kB; name fewer beats in Mine"):
        make_loop(job, tmp_path)


def test_a_long_loop_is_played_faster(own: Own) -> None:
    long = "self.play(square.animate.shift((2, 0, 0)), run_time=20)"
    own.edit("self.play(square.animate.shift((2, 0, 0)), run_time=0.5)", long)
    (made,) = gallery([own.ref()], own.folder)
    assert made.seconds == pytest.approx(loops.LONGEST_MOTION + loops.HOLD, abs=0.1)
    assert own.staleness() == ""


def test_the_difference_is_that_of_the_worst_square() -> None:
    one = np.zeros((7, 9, 3), np.uint8)
    other = one.copy()
    other[3:6, 3:6, :] = 90  # one whole square of three by three
    assert difference(one, other, 3) == 90
    other[3:6, 3:6, 1:] = 0
    assert difference(one, other, 3) == 30
    assert difference(one, one, 3) == 0


# -- the page --------------------------------------------------------------------------------


def test_the_table_stands_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{gallery_table.BEGIN}\nold\n{gallery_table.END}\nafter\n")
    refs = [SceneRef(f"s{n}", Path("x.py"), "X") for n in range(4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery_table, "summary", lambda ref: f"About {ref.name}.")
        gallery_table.write_table(page, refs, "pics")
        once = page.read_text()
        gallery_table.write_table(page, refs, "pics")
    assert page.read_text() == once
    lines = once.splitlines()
    assert (lines[0], lines[-1]) == ("before", "after")
    assert "old" not in lines
    rows = [line for line in lines if ".webp" in line]
    assert [row.count(".webp") for row in rows] == [3, 1]
    assert "| ![About s1.](pics/s1.webp)<br>About s1.<br>[`python render.py s1`](#render) |" in once


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("nothing")
    for name in ("page.md", "missing.md"):
        with pytest.raises(UserError, match=name):
            gallery_table.write_table(tmp_path / name, catalogue.listed(), "pics")


# -- what is shipped; slow, for pictures are drawn last ---------------------------------------


@pytest.mark.slow
def test_every_listed_scene_has_its_picture_on_the_page() -> None:
    wanted = gallery_table.table(catalogue.listed(), "media/gallery")
    assert wanted in README.read_text("utf-8"), "run make gallery"
    names = {path.name for path in SHIPPED.iterdir()}
    assert names == {"gallery.json", *(f"{ref.name}.webp" for ref in catalogue.listed())}
    assert list(read_index(SHIPPED)) == [ref.name for ref in catalogue.listed()]


@pytest.mark.slow
@pytest.mark.parametrize("ref", catalogue.listed(), ids=lambda ref: ref.name)
def test_a_shipped_picture_is_small_and_current(ref: SceneRef, tmp_path: Path) -> None:
    path = SHIPPED / f"{ref.name}.webp"
    assert path.is_file(), "run make gallery"
    assert path.stat().st_size < 400_000
    assert 4 <= read_index(SHIPPED)[ref.name]["seconds"] <= 12  # long enough to be understood
    assert staleness(ref, SHIPPED, tmp_path) == "", "run make gallery"


def test_the_command_draws_what_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], own: Own
) -> None:
    words = ["gallery", f"{own.source}:Mine", "-o", str(own.folder)]
    assert render.main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"]["loop"] == str(own.folder.resolve() / "mine.webp")
    assert not told["cached"]
    assert render.main(words) == 0
    out = capsys.readouterr().out
    assert "mine: " in out
    assert "already there" in out
