"""The tour: films end to end behind their cards, chapters and captions where they belong."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import render
from attnviz.errors import AttnvizError, UserError
from attnviz.render import catalogue, joining, reels
from attnviz.render.assembling import assemble
from attnviz.render.cards import Card, card_frame
from attnviz.render.checking import decode
from attnviz.render.encoding import FilmWriter
from attnviz.render.films import film
from attnviz.render.formats import VIDEO
from attnviz.render.jobs import Job
from attnviz.render.joining import blend, join
from attnviz.render.output import ASPECTS, QUALITIES, THEMES, Output, Quality
from attnviz.render.splicing import Chapter
from attnviz.render.tour import Tour, tour, tour_stem
from attnviz.theme import THEMES as LOOKS

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "tests" / "fixtures" / "own_scene.py"
TINY = Quality("tiny", 160, 90, 5)
RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)
# H.264 stores 4:2:0 chroma and 16–235 luma: a flat colour comes back within this, of 255.
NEAR = 8


def write(path: Path, colour: tuple[int, int, int], frames: int) -> Path:
    """Write a film of one colour, its last frame darker."""
    picture = np.full((TINY.height, TINY.width, 4), 255, np.uint8)
    picture[..., :3] = colour
    with FilmWriter(Output(TINY), {}) as writer:
        writer.write_frame(picture, repeat=frames - 1)
        writer.write_frame(picture // 2)
    assemble(writer.beats(), {VIDEO: path}, Output(TINY), {})
    return path


def decoded(path: Path) -> list[tuple[float, np.ndarray]]:
    """Return the time and the middle pixel of every frame."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time), frame.to_ndarray(format="rgb24")[45, 80].astype(int))
            for frame in container.decode(video=0)
        ]


def marks(path: Path) -> list[tuple[str, float, float]]:
    """Return title, start and end of every chapter mark."""
    with av.open(str(path)) as container:
        return [
            (
                mark["metadata"]["title"],
                float(mark["start"] * mark["time_base"]),
                float(mark["end"] * mark["time_base"]),
            )
            for mark in container.chapters()
        ]


# -- joining ---------------------------------------------------------------------------------

CHAPTERS = [Chapter("one", 0, 7), Chapter("two & <three>", 7, 23)]


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    sizes = [(RED, 7), (GREEN, 11), (BLUE, 5)]
    return [write(tmp_path / f"{n}.mp4", *size) for n, size in enumerate(sizes)]


def check_joined(path: Path) -> None:
    frames = decoded(path)
    assert [time for time, _ in frames] == pytest.approx([n / 5 for n in range(23)])
    wanted = [RED] * 6 + [(100, 0, 0)] + [GREEN] * 10 + [(0, 100, 0)] + [BLUE] * 4 + [(0, 0, 100)]
    for (_, found), colour in zip(frames, wanted, strict=True):
        assert np.abs(found - colour).max() <= NEAR
    assert marks(path) == [
        ("one", 0, pytest.approx(1.4)),
        ("two & <three>", pytest.approx(1.4), pytest.approx(4.6)),
    ]
    assert decode(path).index_first


def test_films_of_one_encoder_are_joined_without_encoding(
    parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "FilmWriter", None)
    found = join(parts, tmp_path / "all.mp4", Output(TINY), CHAPTERS, {"title": "all"})
    assert found.frames == 23
    check_joined(tmp_path / "all.mp4")
    sizes = []
    for path in [*parts, tmp_path / "all.mp4"]:
        with av.open(str(path)) as container:
            sizes.append(sum(packet.size for packet in container.demux(video=0)))
            title = container.metadata.get("title")
    assert sum(sizes[:-1]) == sizes[-1]
    assert title == "all"


def test_films_of_different_encoders_are_encoded_again(
    parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = replace(reels.H264, options={"preset": "ultrafast", "crf": "10"})
    with monkeypatch.context() as patch:
        patch.setattr(reels, "H264", quick)
        write(parts[1], GREEN, 11)
    join(parts, tmp_path / "all.mp4", Output(TINY), CHAPTERS, {})
    check_joined(tmp_path / "all.mp4")
    with av.open(str(tmp_path / "all.mp4")) as container:
        keys = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe]
        assert len(keys) >= 3


def test_a_part_of_another_size_or_a_damaged_one_is_refused(
    parts: list[Path], tmp_path: Path
) -> None:
    tall = Output(TINY, aspect=ASPECTS["9:16"])
    with pytest.raises(AttnvizError, match=r"0\.mp4 is 160×90 at 5, wanted 90×160 at 5"):
        join(parts, tmp_path / "all.mp4", tall, CHAPTERS, {})
    parts[1].write_bytes(parts[1].read_bytes()[:-900])
    with pytest.raises(AttnvizError):
        join(parts, tmp_path / "all.mp4", Output(TINY), CHAPTERS, {})


def test_a_blend_is_a_weighted_mean() -> None:
    one, other = np.full((2, 3, 4), 10, np.uint8), np.full((2, 3, 4), 200, np.uint8)
    assert (blend(one, other, 0.0) == 10).all()
    assert (blend(one, other, 0.5) == 105).all()
    assert (blend(other, one, 1.0) == 10).all()


# -- cards -----------------------------------------------------------------------------------


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("theme", THEMES)
def test_a_card_stands_inside_the_frame_in_its_theme(
    tmp_path: Path, aspect: str, theme: str
) -> None:
    output = Output(QUALITIES["draft"], theme, ASPECTS[aspect])
    title = "Several looks at once, and then one vector again, whatever the frame."
    card = Card(title, "8   multi-head", 7, 9)
    drawn = card_frame(card, output, tmp_path)[..., :3].astype(int)
    assert drawn.shape == (output.height, output.width, 3)
    palette = LOOKS[theme].palette
    background, ink = (
        [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        for colour in (palette.background, palette.ink)
    )
    rows, columns = np.nonzero((drawn != background).any(axis=2))
    margin = round(0.4 * output.height / output.frame_height)
    assert margin <= columns.min() <= columns.max() <= output.width - margin
    assert margin <= rows.min() <= rows.max() <= output.height - margin
    assert (np.abs(drawn - ink).max(axis=2) <= 2).sum() > 100
    # The middle of what is drawn is the middle of the frame.
    assert abs(rows.min() + rows.max() - output.height) <= 0.03 * output.height
    assert abs(columns.min() + columns.max() - output.width) <= 0.03 * output.width


# -- tours -----------------------------------------------------------------------------------


def own(text: str = "five words of a sentence", class_name: str = "TwoBeats") -> Job:
    ref = catalogue.find(f"{OWN}:{class_name}")
    return Job(ref, replace(catalogue.default_spec(ref), text=text), Output(TINY))


def everything_in(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


JOBS = [own(), own("other words")]


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tour]:
    folder = tmp_path_factory.mktemp("media")
    return folder, tour(JOBS, folder)


def test_a_tour_has_its_files(toured: tuple[Path, Tour]) -> None:
    folder, made = toured
    assert sorted(path.name for path in folder.iterdir()) == ["tour", "two-beats"]
    stem = tour_stem(JOBS)
    assert re.fullmatch(r"tour-[a-z2-7]{8}-tiny", stem)
    ends = ["chapters.vtt", "manifest.json", "mp4", "png", "vtt"]
    assert sorted(path.name for path in (folder / "tour").iterdir()) == [
        f"{stem}.{e}" for e in ends
    ]
    assert all(path.is_absolute() and path.is_file() for path in made.files.values())
    assert not made.cached


def test_the_whole_is_as_long_as_its_parts(toured: tuple[Path, Tour]) -> None:
    folder, made = toured
    told = json.loads(made.files["manifest"].read_text("utf-8"))
    facts = decode(made.files["video"])
    assert told["frames"] == facts.frames
    assert told["seconds"] == made.seconds == facts.seconds
    films = [film(job, folder) for job in JOBS]
    assert all(clip.cached for clip in films)
    chapters = told["chapters"]
    cards = sum(chapter["card_end"] - chapter["start"] for chapter in chapters)
    assert cards + sum(clip.seconds for clip in films) == pytest.approx(made.seconds)
    assert chapters[0]["start"] == 0
    assert all(one["end"] == other["start"] for one, other in pairwise(chapters))
    assert chapters[-1]["end"] == made.seconds
    for chapter, clip in zip(chapters[1:], films, strict=True):
        manifest = (made.files["manifest"].parent / chapter["manifest"]).resolve()
        assert manifest == clip.files["manifest"]


def test_chapters_start_at_their_cards(toured: tuple[Path, Tour]) -> None:
    _, made = toured
    title = "A square, then a weight and a masked score."
    titles = ["How attention works", f"1. {title}", f"2. {title}"]
    assert [name for name, _ in made.chapters] == titles
    found = marks(made.files["video"])
    assert [name for name, _, _ in found] == titles
    for (_, start), (_, marked, _) in zip(made.chapters, found, strict=True):
        assert marked == pytest.approx(start, abs=0.001)
        assert start * TINY.fps == pytest.approx(round(start * TINY.fps))
    cues = re.findall(r"(\S+) --> \S+\n(.*)", made.files["chapters"].read_text("utf-8"))
    assert [words for _, words in cues] == titles
    for (clock, _), (_, start) in zip(cues, made.chapters, strict=True):
        hours, minutes, seconds = map(float, clock.split(":"))
        assert 3600 * hours + 60 * minutes + seconds == pytest.approx(start, abs=0.001)
    # One frame before a chapter the last film still stands; a moment later its words are gone.
    with av.open(str(made.files["video"])) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    second = round(made.chapters[2][1] * TINY.fps)
    assert np.abs(frames[second - 1].astype(int) - frames[second - 2]).mean() < 1
    assert frames[second].max() < frames[second - 1].max()


def test_captions_are_those_of_the_films_later(toured: tuple[Path, Tour]) -> None:
    folder, made = toured
    text = made.files["captions"].read_text("utf-8")
    names = [block.split("\n")[0] for block in text.split("\n\n")[1:]]
    assert names == ["title"] + 2 * ["two-beats title", "two-beats square", "two-beats numbers"]
    told = json.loads(made.files["manifest"].read_text("utf-8"))
    own_film = json.loads(film(JOBS[1], folder).files["manifest"].read_text("utf-8"))
    late = told["chapters"][2]["card_end"] + own_film["beats"][1]["start"]
    minutes, seconds = divmod(late, 60)
    assert f"numbers\n00:{int(minutes):02}:{seconds:06.3f} -->" in text


def test_a_films_own_frames_are_in_the_tour(toured: tuple[Path, Tour]) -> None:
    folder, made = toured
    told = json.loads(made.files["manifest"].read_text("utf-8"))
    whole = decoded(made.files["video"])
    for chapter, job in zip(told["chapters"][1:], JOBS, strict=True):
        own_frames = decoded(film(job, folder).files["video"])
        first = round(chapter["card_end"] * TINY.fps)
        there = whole[first : first + len(own_frames)]
        assert len(there) == len(own_frames)
        for (_, one), (_, other) in zip(own_frames, there, strict=True):
            assert (one == other).all()


def test_the_poster_is_the_opening_card(toured: tuple[Path, Tour]) -> None:
    _, made = toured
    poster = np.array(Image.open(made.files["poster"]).convert("RGB")).astype(int)
    with av.open(str(made.files["video"])) as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(poster - first).mean() < 3


def test_the_same_tour_is_not_made_twice(toured: tuple[Path, Tour]) -> None:
    folder, made = toured
    before = everything_in(folder)
    again = tour(JOBS, folder)
    assert again == replace(made, cached=True)
    assert everything_in(folder) == before
    made.files["chapters"].write_text("WEBVTT\n")
    mended = tour(JOBS, folder)
    assert not mended.cached
    assert everything_in(folder) == before


def test_what_is_made_is_told(tmp_path: Path, toured: tuple[Path, Tour]) -> None:
    folder, made = toured
    told = json.loads(made.as_json())
    assert told["tour"] == ["two-beats", "two-beats"]
    assert told["files"]["video"] == str(made.files["video"])
    assert [chapter["start"] for chapter in told["chapters"]] == [s for _, s in made.chapters]
    done: list[tuple[str, float]] = []

    class Board:
        def expect(self, job: Job, seconds: float) -> None:
            assert (job.scene.name, seconds) == ("two-beats", clip.seconds)

        def drawn(self, job: Job, share: object, seconds: int) -> None:
            assert seconds <= clip.seconds

        def done(self, job: Job, seconds: float) -> None:
            done.append((job.scene.name, seconds))

    clip = film(JOBS[0], folder)
    tour(JOBS[:1], folder, force=True, board=lambda: nullcontext(Board()))
    assert done == [("two-beats", clip.seconds)]


@pytest.mark.parametrize(
    ("job", "kind", "said"),
    [
        (own(class_name="PlaysNothing"), AttnvizError, "plays-nothing: "),
        (own("ƿynn 𓀀"), UserError, "two-beats: no installed font"),
    ],
)
def test_a_scene_that_fails_is_named_and_nothing_of_the_tour_is_left(
    tmp_path: Path, job: Job, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=f"^{said}"):
        tour([own(), job], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["two-beats"]


def test_different_tours_have_different_names() -> None:
    listed = [Job(ref, catalogue.default_spec(ref), Output()) for ref in catalogue.listed()]
    light = [
        replace(job, output=Output(QUALITIES["hd"], "light", ASPECTS["1:1"])) for job in listed
    ]
    other = [replace(job, spec=replace(job.spec, text="other words")) for job in listed]
    assert tour_stem(listed) == "tour"
    assert tour_stem(light) == "tour-hd-light-square"
    stems = [tour_stem(jobs) for jobs in (listed, light, other, listed[:1], listed[1:])]
    assert len(set(stems)) == len(stems)


def test_the_command_takes_the_scenes_named_or_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def note(_batch: object, jobs: list[Job], *, force: bool) -> int:
        asked.append([job.scene.name for job in jobs])
        return 0

    monkeypatch.setattr("attnviz.render.batch.Batch.tour", note)
    assert render.main(["tour"]) == 0
    assert render.main(["tour", "multi-head", "causal-mask", "--theme", "light"]) == 0
    assert asked == [[ref.name for ref in catalogue.listed()], ["multi-head", "causal-mask"]]


@pytest.mark.slow
def test_a_real_tour_of_two_scenes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["tour", "causal-mask", "multi-head", "--quality", "draft", "-o", str(tmp_path)]
    assert render.main([*words, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    facts = decode(Path(made["files"]["video"]))
    assert facts.seconds == pytest.approx(made["seconds"])
    assert [start for _, start, _ in marks(Path(made["files"]["video"]))] == pytest.approx(
        [chapter["start"] for chapter in made["chapters"]], abs=0.001
    )
    assert render.main(words) == 0
    out = capsys.readouterr().out
    assert "already there" in out
    assert "00:00:00.000  How attention works" in out
    assert made["files"]["chapters"] in out
