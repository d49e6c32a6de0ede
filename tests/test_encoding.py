"""The film writer: every frame once, in true colours, in a file that browsers play."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from attnviz.errors import AttnvizError
from attnviz.render.assembling import assemble
from attnviz.render.checking import FilmFacts, box_names, decode, require
from attnviz.render.encoding import FilmWriter, SilentWriter
from attnviz.render.formats import VIDEO
from attnviz.render.output import Output, Quality
from attnviz.render.poster import MOST_BYTES, poster
from attnviz.render.reels import Piece
from attnviz.render.takes import WHOLE, Share
from attnviz.theme import THEMES

TINY = Quality("tiny", 160, 90, 5)
TAGS = {"title": "a title", "comment": json.dumps({"scene": "s"})}
# H.264 stores 4:2:0 chroma and 16–235 luma: a flat colour comes back within this, of 255.
NEAR = 4


def flat(colour: tuple[int, int, int], quality: Quality = TINY) -> np.ndarray:
    frame = np.full((quality.height, quality.width, 4), 255, np.uint8)
    frame[..., :3] = colour
    return frame


def write(path: Path, frames: list[tuple[tuple[int, int, int], int]]) -> FilmWriter:
    with FilmWriter(Output(TINY), TAGS) as writer:
        for colour, repeat in frames:
            writer.write_frame(flat(colour), repeat=repeat)
    assemble(writer.beats(), {VIDEO: path}, Output(TINY), TAGS)
    return writer


def test_each_frame_is_there_as_often_as_asked(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    writer = write(path, [((255, 0, 0), 3), ((0, 255, 0), 0), ((0, 0, 255), 4)])
    assert (writer.frames, writer.seconds) == (7, 7 / 5)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    reds = [int(frame.to_ndarray(format="rgb24")[45, 80, 0]) for frame in frames]
    assert [red > 128 for red in reds] == [True] * 3 + [False] * 4
    # A constant frame rate from 0 on.
    times = [float(frame.time) for frame in frames]
    assert times == pytest.approx([index / 5 for index in range(7)])


def test_the_file_is_what_browsers_play(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write(path, [((1, 2, 3), 6)])
    assert decode(path) == FilmFacts("h264", "yuv420p", 160, 90, 5, 6, True)
    names = box_names(path)
    assert names.index("moov") < names.index("mdat")
    with av.open(str(path)) as container:
        assert len(container.streams) == 1
        assert container.metadata["title"] == "a title"
        assert json.loads(container.metadata["comment"]) == {"scene": "s"}
        context = container.streams.video[0].codec_context
        bt709, limited = 1, 1
        tags = (context.colorspace, context.color_primaries, context.color_trc)
        assert (*tags, context.color_range) == (bt709, bt709, bt709, limited)


@pytest.mark.parametrize("name", THEMES)
def test_the_colours_of_the_themes_come_back(tmp_path: Path, name: str) -> None:
    palette = THEMES[name].palette
    hues = (palette.background, palette.ink, palette.query, palette.key, palette.value)
    wanted = [tuple(int(hue[i : i + 2], 16) for i in (1, 3, 5)) for hue in hues]
    write(tmp_path / "film.mp4", [(colour, 5) for colour in wanted])
    with av.open(str(tmp_path / "film.mp4")) as container:
        frames = list(container.decode(video=0))[::5]
    for frame, colour in zip(frames, wanted, strict=True):
        found = frame.to_ndarray(format="rgb24")[45, 80].astype(int)
        assert np.abs(found - colour).max() <= NEAR, (colour, found)


def test_every_section_begins_with_a_key_frame(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with FilmWriter(Output(TINY), TAGS) as writer:
        for count in (3, 4, 1, 1, 2):
            writer.next_section("beat", "", skip_animations=False)
            writer.write_frame(flat((9, 9, 9)), repeat=count)
    assemble(writer.beats(), {VIDEO: path}, Output(TINY), TAGS)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert [i for i, frame in enumerate(frames) if frame.key_frame] == [0, 3, 7, 8, 9]
    assert [float(frame.time) for frame in frames] == pytest.approx([i / 5 for i in range(11)])


@pytest.mark.parametrize("shares", [2, 3, 5])
def test_shares_of_a_film_make_the_same_bytes(tmp_path: Path, shares: int) -> None:
    def drawn(share: Share) -> dict[int, dict[str, Piece]]:
        with FilmWriter(Output(TINY), TAGS, ("gif", "frames"), share) as writer:
            # One frame before the first beat, a part of it.
            writer.write_frame(flat((1, 2, 3))) if writer.is_drawing else writer.pass_over(1)
            for beat, count in enumerate((3, 4, 1, 2)):
                writer.next_section("beat", "", skip_animations=False)
                if writer.is_drawing:
                    writer.write_frame(flat((60 * beat, 99, 9)), repeat=count)
                else:
                    writer.pass_over(count)
        assert writer.frames == 11
        return writer.pieces

    whole = drawn(WHOLE)
    parts: dict[int, dict[str, Piece]] = {}
    for number in range(shares):
        own = drawn(Share(number, shares))
        assert set(own) == {beat for beat in range(4) if beat % shares == number}
        parts |= own
    assert parts == whole


def test_the_same_frames_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.mp4", "two.mp4"):
        write(tmp_path / name, [((200, 100, 50), 3), ((50, 100, 200), 3)])
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_seconds_are_told_as_they_are_drawn(tmp_path: Path) -> None:
    told: list[int] = []
    with FilmWriter(Output(TINY), TAGS, on_second=told.append) as writer:
        writer.write_frame(flat((0, 0, 0)), repeat=11)
    assert told == [1, 2]


def test_a_damaged_film_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write(path, [((i * 20, 100, 50), 1) for i in range(10)])
    whole = decode(path)
    require(whole, whole)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(AttnvizError, match="does not decode"):
        decode(path)
    with pytest.raises(AttnvizError, match="wanted"):
        require(whole, FilmFacts("h264", "yuv420p", 160, 90, 5, 11, True))


def test_most_flipped_bits_are_found_out(tmp_path: Path) -> None:
    chance = np.random.default_rng(11)
    path, damaged = tmp_path / "film.mp4", tmp_path / "damaged.mp4"
    with FilmWriter(Output(TINY), TAGS) as writer:
        for _ in range(10):
            writer.write_frame(chance.integers(0, 256, flat((0, 0, 0)).shape).astype(np.uint8))
    assemble(writer.beats(), {VIDEO: path}, Output(TINY), TAGS)
    content, whole = path.read_bytes(), decode(path)
    begin, found = content.index(b"mdat") + 4, 0
    for place in chance.integers(begin, len(content), 30).tolist():
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(chance.integers(8))
        damaged.write_bytes(flipped)
        try:
            found += decode(damaged) != whole
        except AttnvizError:
            found += 1
    # A decoder left to itself hides nearly all of them; some change a pixel's value and no more.
    assert found >= 10


def test_sound_is_refused() -> None:
    with pytest.raises(AttnvizError, match="silent"):
        SilentWriter().add_sound("a.wav", 0.0)


def test_a_poster_of_few_colours_is_exact_and_of_many_small() -> None:
    from io import BytesIO

    from PIL import Image

    frame = flat((12, 34, 56), Quality("hd", 1280, 720, 1))
    assert np.array_equal(np.array(Image.open(BytesIO(poster(frame)))), frame[..., :3])
    noise = np.random.default_rng(0).integers(0, 256, frame.shape).astype(np.uint8)
    written = poster(noise)
    assert len(written) <= MOST_BYTES
    assert Image.open(BytesIO(written)).width >= 320
