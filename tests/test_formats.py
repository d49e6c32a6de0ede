"""Further formats are the same frames: counted, timed, coloured and tagged like the film."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import render
from attnviz.errors import AttnvizError, UserError
from attnviz.render.assembling import assemble, require_picture
from attnviz.render.checking import decode
from attnviz.render.encoding import FilmWriter
from attnviz.render.formats import FORMATS, ends, parse_formats
from attnviz.render.jobs import SUFFIXES
from attnviz.render.output import Output, Quality

WIDE = Quality("wide", 1280, 720, 15)
TAGS = {"title": "a <title>", "comment": json.dumps({"scene": "s & t"})}
COLOURS = ((16, 20, 26), (86, 180, 233), (240, 160, 48))
NEAR = 6
FURTHER = tuple(name for name in FORMATS if name != "mp4")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A film of three flat colours for 1.0, 2.0 and 0.2 seconds, in every format."""
    return write(tmp_path_factory.mktemp("formats"))


def write(folder: Path) -> dict[str, Path]:
    made = {name: folder / f"film{end}" for name, end in ends(FURTHER).items()}
    output = Output(WIDE)
    with FilmWriter(output, TAGS, FURTHER) as writer:
        for colour, count in zip(COLOURS, (15, 30, 3), strict=True):
            writer.next_section("beat", "", skip_animations=False)
            frame = np.full((720, 1280, 4), 255, np.uint8)
            frame[..., :3] = colour
            writer.write_frame(frame, repeat=count)
    assemble(writer.beats(), made, output, TAGS)
    return made


def test_names_are_read_in_the_order_of_the_list() -> None:
    assert parse_formats(" gif,mp4, webm,gif ") == ("webm", "gif")
    with pytest.raises(UserError, match=r"unknown format 'gig', did you mean 'gif'\?"):
        parse_formats("mp4,gig")
    with pytest.raises(UserError, match="no name given"):
        parse_formats(" , ")


def test_webm_has_every_frame_and_begins_beats_with_key_frames(files: dict[str, Path]) -> None:
    facts = decode(files["webm"])
    assert (facts.width, facts.height, facts.fps, facts.frames) == (1280, 720, 15, 48)
    with av.open(str(files["webm"])) as container:
        frames = list(container.decode(video=0))
        assert container.metadata["title"] == TAGS["title"]
        assert container.metadata["COMMENT"] == TAGS["comment"]
        assert container.streams.video[0].codec_context.name == "libdav1d"
    for place, colour in ((7, COLOURS[0]), (30, COLOURS[1]), (47, COLOURS[2])):
        found = frames[place].to_ndarray(format="rgb24")[360, 640].astype(int)
        assert np.abs(found - colour).max() <= NEAR


@pytest.mark.parametrize("name", ["webp", "gif"])
def test_animated_pictures_keep_time_and_colour(files: dict[str, Path], name: str) -> None:
    shown, durations = [], []
    with Image.open(files[name]) as image:
        assert image.size == (640, 360)
        assert image.info["loop"] == 0
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            shown.append(np.array(image.convert("RGB"))[180, 320].astype(int))
            durations.append(image.info["duration"])
        exif = image.getexif()
        told = image.info["comment"].decode() if name == "gif" else exif[0x010E]
    assert np.abs(np.array(shown) - COLOURS).max() <= NEAR
    # The frame that is shown at each 0.08 s of 1.0, 2.0 and 0.2 s.
    assert durations == [13 * 80, 25 * 80, 2 * 80]
    assert told == TAGS["comment"]


def test_frames_are_all_there_and_the_still_is_the_last(files: dict[str, Path]) -> None:
    with zipfile.ZipFile(files["frames"]) as archive:
        names = archive.namelist()
        last = Image.open(io.BytesIO(archive.read(names[-1])))
    assert names == [f"{index:05}.png" for index in range(48)]
    still = Image.open(files["still"])
    assert still.size == last.size == (1280, 720)
    assert still.getpixel((640, 360)) == last.getpixel((0, 0)) == COLOURS[2]
    assert still.text == {"Title": TAGS["title"], "Comment": TAGS["comment"]}


def test_the_same_frames_give_the_same_bytes(files: dict[str, Path], tmp_path: Path) -> None:
    again = write(tmp_path)
    for name in ("webp", "gif", "frames", "still"):
        assert again[name].read_bytes() == files[name].read_bytes(), name
    with av.open(str(again["webm"])) as one, av.open(str(files["webm"])) as other:
        for mine, theirs in zip(one.decode(video=0), other.decode(video=0), strict=True):
            assert np.array_equal(mine.to_ndarray(), theirs.to_ndarray())


@pytest.mark.parametrize("name", ["webp", "gif", "frames", "still"])
def test_a_damaged_picture_is_found_out(files: dict[str, Path], name: str, tmp_path: Path) -> None:
    damaged = tmp_path / files[name].name
    damaged.write_bytes(files[name].read_bytes()[: files[name].stat().st_size // 2])
    with pytest.raises(AttnvizError, match="does not decode"):
        require_picture(name, damaged)


def test_the_command_line_makes_them_of_one_film_and_keeps_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scene = "tests/fixtures/own_scene.py:TwoBeats"
    wanted = ["--quality", "draft", "-o", str(tmp_path)]

    def told(*more: str) -> dict[str, object]:
        assert render.main([scene, *wanted, "--json", *more]) == 0
        return dict(json.loads(capfd.readouterr().out))

    first = told("--format", "gif,still")
    assert list(first["files"]) == [*[*SUFFIXES][:-1], "gif", "still", "manifest"]
    again = told()
    assert (again["cached"], again["files"]) == (True, first["files"])
    Path(first["files"]["gif"]).unlink()
    without = told()
    assert without["cached"]
    assert "gif" not in without["files"]
    assert "still" in without["files"]
    assert render.main([scene, *wanted, "--format", "gig"]) == 2
    assert "did you mean 'gif'?" in capfd.readouterr().err
