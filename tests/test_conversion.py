"""Converting what changed gives what converting all gives; encoders are done with a frame."""

from __future__ import annotations

from io import BytesIO

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from attnviz.render.boxes import Box
from attnviz.render.camera import CELL
from attnviz.render.conversion import Converter
from attnviz.render.streams import PIXEL_FORMAT

SIZES = [(1920, 1080), (1080, 1080), (854, 480), (854, 854), (480, 854), (160, 90), (38, 26)]


def whole(pixels: np.ndarray) -> list[bytes]:
    frame = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(
        format=PIXEL_FORMAT,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        dst_colorspace=Colorspace.ITU709,
    )
    return planes(frame)


def planes(frame: av.VideoFrame) -> list[bytes]:
    return [
        np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width].tobytes()
        for plane in frame.planes
    ]


def random_box(chance: np.random.Generator, width: int, height: int) -> Box:
    """Return a box on the camera's grid."""
    columns, rows = -(-width // CELL), -(-height // CELL)
    left, top = int(chance.integers(columns)), int(chance.integers(rows))
    right, bottom = int(chance.integers(left, columns)) + 1, int(chance.integers(top, rows)) + 1
    return Box(left * CELL, top * CELL, min(right * CELL, width), min(bottom * CELL, height))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_change_is_converted_as_the_whole_is(width: int, height: int) -> None:
    chance = np.random.default_rng(width * height)
    pixels = chance.integers(0, 256, (height, width, 4)).astype(np.uint8)
    converter = Converter()
    assert planes(converter.convert(pixels)) == whole(pixels)
    for count in (1, 0, 2, 3, 1, 1, 2):
        boxes = [random_box(chance, width, height) for _ in range(count)]
        for box in boxes:
            pixels[box.pixels] = chance.integers(0, 256, pixels[box.pixels].shape)
        assert planes(converter.convert(pixels, boxes)) == whole(pixels)


def test_what_is_not_named_is_not_converted() -> None:
    pixels = np.zeros((90, 160, 4), np.uint8)
    converter = Converter()
    before = planes(converter.convert(pixels, []))
    pixels[:] = 255
    assert planes(converter.convert(pixels, [])) == before
    assert planes(converter.convert(pixels)) != before


@pytest.mark.parametrize("codec", ["libx264", "libsvtav1"])
def test_encoders_keep_no_hold_of_a_frame(codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVT_LOG", "1")
    chance = np.random.default_rng(5)
    pixels = chance.integers(0, 256, (90, 160, 4)).astype(np.uint8)

    def encoded(converter: Converter | None) -> bytes:
        content, shown = BytesIO(), pixels.copy()
        with av.open(content, "w", "mp4") as container:
            stream = container.add_stream(codec, rate=30)
            stream.width, stream.height, stream.pix_fmt = 160, 90, PIXEL_FORMAT
            stream.codec_context.thread_count = 1
            for index in range(40):
                shown[:32, :64] = index * 5
                if index % 3:
                    shown[64:90, 32:128] = 255 - index
                frame = (converter or Converter()).convert(
                    shown, [Box(0, 0, 64, 32), Box(32, 64, 128, 90)]
                )
                frame.pts = index
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return content.getvalue()

    assert encoded(Converter()) == encoded(None)
