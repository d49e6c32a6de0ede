"""Streams of video: frames in, a film of one codec out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from types import MappingProxyType
from typing import Final

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from attnviz.render.output import Output

PIXEL_FORMAT: Final = "yuv420p"

_KEYFRAME_SECONDS = 10  # at the most: every beat begins with one


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a film is encoded.

    Parameters
    ----------
    codec
        The encoder's name.
    decoded
        What a decoder calls the codec.
    container
        The kind of file.
    options, file_options
        Of the encoder and of the file.
    for_pages
        Options of the encoder at the quality that web pages carry, in place of those: slower, and
        smaller for the same fidelity.
    threads
        The bytes depend on the number of threads, so it is not left to the machine.
    """

    codec: str
    decoded: str
    container: str
    options: Mapping[str, str]
    file_options: Mapping[str, str]
    for_pages: Mapping[str, str]
    threads: int = 1


# Colour carries values here, so chroma gets a finer quantiser than x264 would give it; flat
# colour and still frames make that cheap. `mbtree`: what stands still for long is worth more bits,
# which this preset leaves out to be quick. benchmarks/encoders.py measures the alternatives,
# tests/test_encoding.py holds the size and the fidelity.
H264: Final = Encoding(
    "libx264",
    "h264",
    "mp4",
    MappingProxyType(
        {
            "preset": "superfast",
            "crf": "23",
            "x264-params": "chroma-qp-offset=-8:mbtree=1:rc-lookahead=10",
        }
    ),
    # The index goes to the front, so that a browser plays before it has all.
    MappingProxyType({"movflags": "+faststart"}),
    MappingProxyType(
        {
            "preset": "medium",
            "tune": "animation",
            "crf": "27",
            "x264-params": "chroma-qp-offset=-8",
        }
    ),
)

# About as quick as H.264 above, and smaller; `scm`: the pictures are drawn, not filmed.
AV1: Final = Encoding(
    "libsvtav1",
    "libdav1d",
    "webm",
    MappingProxyType({"preset": "8", "crf": "38", "svtav1-params": "lp=1:tune=0:scm=1"}),
    MappingProxyType({}),
    MappingProxyType({"preset": "6", "crf": "41", "svtav1-params": "lp=1:tune=0:scm=1"}),
)


class VideoStream:
    """The frames of one beat as a small film in memory, at a constant frame rate.

    Every beat has an encoder of its own, so that a beat's bytes do not depend on what came before
    it, nor on who drew that; :func:`attnviz.render.splicing.splice` puts the pieces together.

    Parameters
    ----------
    output
        Its size and frame rate are used.
    encoding
        How.
    """

    def __init__(self, output: Output, encoding: Encoding) -> None:
        self.frames = 0
        self._encoding = encoding
        self._time_base = Fraction(1, output.quality.fps)
        self._file = BytesIO()
        # MP4 for all: it keeps the frames' times exactly.
        self._container = av.open(self._file, "w", "mp4")
        self._stream = self._open_stream(output)

    def _open_stream(self, output: Output) -> av.VideoStream:
        os.environ.setdefault("SVT_LOG", "1")  # errors alone: this encoder writes to stderr itself
        encoding, fps = self._encoding, output.quality.fps
        wanted = encoding.for_pages if output.quality == Output().quality else encoding.options
        options = {**wanted, "g": str(_KEYFRAME_SECONDS * fps)}
        stream = self._container.add_stream(encoding.codec, rate=fps, options=options)
        # PyAV types any codec's stream alike; those of these encodings are of pictures.
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = output.width, output.height
        stream.pix_fmt = PIXEL_FORMAT
        context = stream.codec_context
        context.thread_count = encoding.threads
        context.time_base = self._time_base
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        return stream

    def write(self, frame: av.VideoFrame, repeat: int) -> None:
        """Encode a converted frame, ``repeat`` times."""
        frame.time_base = self._time_base
        for _ in range(repeat):
            frame.pts = self.frames
            self._container.mux(self._stream.encode(frame))
            self.frames += 1

    def finish(self) -> bytes:
        """Write what the encoder still holds; return the film."""
        self._container.mux(self._stream.encode())
        self._container.close()
        return self._file.getvalue()

    def close(self) -> None:
        """Let go of the encoder."""
        self._container.close()


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame as drawn, and as encoders take it.

    Parameters
    ----------
    pixels
        Height × width × RGBA, from the top left.
    converted
        The same frame in :data:`PIXEL_FORMAT`.
    """

    pixels: np.ndarray
    converted: av.VideoFrame
