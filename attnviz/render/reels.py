"""What takes the frames of one beat, a reel for each format; a beat's piece of it can be sent."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import Protocol

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from attnviz.render.formats import VIDEO
from attnviz.render.output import Output
from attnviz.render.streams import AV1, H264, Encoding, Shot, VideoStream

Piece = tuple[tuple[bytes, int], ...]
"""A beat in one format: contents, and for how many frames or ticks each of them stands."""

LONGEST_SIDE = 640
"""Pixels of an animated picture: it is looked at inside a page."""

TICK = 80
"""Milliseconds that a frame of an animated picture stands at least: GIF counts hundredths."""

MILLISECONDS = 1000

ENCODINGS: Mapping[str, Encoding] = MappingProxyType({VIDEO: H264, "webm": AV1})
"""The formats that are videos."""


class Reel(Protocol):
    """Takes the frames of a beat in one format."""

    def take(self, shot: Shot, repeat: int) -> None:
        """Take a frame that is shown for ``repeat`` ticks of the film."""

    def finish(self) -> Piece:
        """Return what was taken."""

    def close(self) -> None:
        """Let go of everything, finished or not."""


def open_reel(name: str, output: Output, metadata: Mapping[str, str], start: int) -> Reel:
    """Open what takes a beat.

    Parameters
    ----------
    name
        Of a format.
    output
        Size and frame rate of the film.
    metadata
        Tags, for what is a file by itself.
    start
        The frame of the film that the beat begins with.
    """
    made: dict[str, Callable[[], Reel]] = {
        VIDEO: lambda: VideoReel(output, H264),
        "webm": lambda: VideoReel(output, AV1),
        "webp": lambda: PictureReel(output, start),
        "gif": lambda: PictureReel(output, start),
        "frames": lambda: FramesReel(metadata),
        "still": lambda: StillReel(metadata),
    }
    return made[name]()


class VideoReel:
    """A video of the frames, as one small film."""

    def __init__(self, output: Output, encoding: Encoding) -> None:
        self._stream = VideoStream(output, encoding)

    def take(self, shot: Shot, repeat: int) -> None:
        """Encode a frame."""
        self._stream.write(shot.converted, repeat)

    def finish(self) -> Piece:
        """Return the film and its length."""
        return ((self._stream.finish(), self._stream.frames),)

    def close(self) -> None:
        """Close the encoder."""
        self._stream.close()


class StillReel:
    """The last frame, every pixel of it."""

    def __init__(self, metadata: Mapping[str, str]) -> None:
        self._metadata = metadata
        self._last: np.ndarray | None = None

    def take(self, shot: Shot, repeat: int) -> None:
        """Remember the frame."""
        self._last = shot.pixels

    def finish(self) -> Piece:
        """Return the last one."""
        assert self._last is not None
        return ((png(self._last, self._metadata), 1),)

    def close(self) -> None:
        """Let go of the frame."""
        self._last = None


class FramesReel:
    """Every frame as a PNG."""

    def __init__(self, metadata: Mapping[str, str]) -> None:
        self._metadata = metadata
        self._taken: list[tuple[bytes, int]] = []

    def take(self, shot: Shot, repeat: int) -> None:
        """Encode the frame once, for as many frames as it is shown."""
        self._taken.append((png(shot.pixels, self._metadata), repeat))

    def finish(self) -> Piece:
        """Return all of them."""
        return tuple(self._taken)

    def close(self) -> None:
        """Let go of the frames."""
        self._taken.clear()


class PictureReel:
    """The frames of an animated picture: small, and at most 12.5 a second.

    They are kept compressed until the film ends, for a palette wants to have seen them all. Which
    are shown depends on the film's time, not the beat's, so that the beats keep step.
    """

    def __init__(self, output: Output, start: int) -> None:
        self._ticks_per_frame = MILLISECONDS / output.quality.fps / TICK
        self._size = picture_size(output)
        self._shown = start
        self._kept: list[tuple[bytes, int]] = []

    def take(self, shot: Shot, repeat: int) -> None:
        """Keep the frame, if the picture shows it."""
        first = int(np.ceil(self._shown * self._ticks_per_frame))
        self._shown += repeat
        ticks = int(np.ceil(self._shown * self._ticks_per_frame)) - first
        if ticks:
            image = Image.fromarray(np.ascontiguousarray(shot.pixels[..., :3]))
            small = image.resize(self._size, Image.Resampling.LANCZOS).tobytes()
            self._kept.append((zlib.compress(small, 1), ticks))

    def finish(self) -> Piece:
        """Return the frames, each compressed, and their ticks."""
        return tuple(self._kept)

    def close(self) -> None:
        """Let go of the frames."""
        self._kept.clear()


def picture_size(output: Output) -> tuple[int, int]:
    """Return width and height of an animated picture of a film."""
    scale = min(1.0, LONGEST_SIDE / max(output.width, output.height))
    return round(output.width * scale), round(output.height * scale)


def png(pixels: np.ndarray, metadata: Mapping[str, str]) -> bytes:
    """Return a frame as a PNG with tags."""
    told, buffer = PngInfo(), BytesIO()
    for name, value in metadata.items():
        told.add_itxt(name.capitalize(), value)
    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    image.save(buffer, "PNG", pnginfo=told, compress_level=6)
    return buffer.getvalue()
