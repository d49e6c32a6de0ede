"""Streams of video: frames in, packets of one codec out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Final

import av
import numpy as np
from av.video.frame import PictureType
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
    threads
        The bytes depend on the number of threads, so it is not left to the machine.
    """

    codec: str
    decoded: str
    container: str
    options: Mapping[str, str]
    file_options: Mapping[str, str]
    threads: int = 2


# Colour carries values here, so chroma gets a finer quantiser than x264 would give it; flat
# colour and still frames make that cheap. tests/test_encoding.py holds the size and the fidelity.
H264: Final = Encoding(
    "libx264",
    "h264",
    "mp4",
    MappingProxyType(
        {
            "preset": "medium",
            "tune": "animation",
            "crf": "28",
            "x264-params": "chroma-qp-offset=-8",
        }
    ),
    # The index goes to the front, so that a browser plays before it has all.
    MappingProxyType({"movflags": "+faststart"}),
)

# About as quick as H.264 above, and smaller; `scm`: the pictures are drawn, not filmed.
AV1: Final = Encoding(
    "libsvtav1",
    "libdav1d",
    "webm",
    MappingProxyType({"preset": "8", "crf": "38", "svtav1-params": "lp=2:tune=0:scm=1"}),
    MappingProxyType({}),
)


class VideoStream:
    """One film in one file, written frame by frame at a constant frame rate.

    Parameters
    ----------
    path
        The file to write.
    output
        Its size and frame rate are used.
    encoding
        How.
    metadata
        Tags of the file, e.g. title and comment.
    """

    def __init__(
        self, path: Path, output: Output, encoding: Encoding, metadata: Mapping[str, str]
    ) -> None:
        self.encoding = encoding
        self.frames = 0
        self._time_base = Fraction(1, output.quality.fps)
        self._container = av.open(
            str(path), "w", encoding.container, options=dict(encoding.file_options)
        )
        self._container.metadata.update(metadata)
        self._stream = self._open_stream(output)
        self._key_wanted = True

    def _open_stream(self, output: Output) -> av.VideoStream:
        os.environ.setdefault("SVT_LOG", "1")  # errors alone: this encoder writes to stderr itself
        fps = output.quality.fps
        options = {**self.encoding.options, "g": str(_KEYFRAME_SECONDS * fps)}
        stream = self._container.add_stream(self.encoding.codec, rate=fps, options=options)
        # PyAV types any codec's stream alike; those of these encodings are of pictures.
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = output.width, output.height
        stream.pix_fmt = PIXEL_FORMAT
        context = stream.codec_context
        context.thread_count = self.encoding.threads
        context.time_base = self._time_base
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        return stream

    def begin_beat(self) -> None:
        """Let the next frame be a key frame: a clip can be cut and stepped by beats."""
        self._key_wanted = True

    def write(self, frame: av.VideoFrame, repeat: int) -> None:
        """Encode a converted frame, ``repeat`` times."""
        frame.time_base = self._time_base
        for _ in range(repeat):
            frame.pts = self.frames
            frame.pict_type = PictureType.I if self._key_wanted else PictureType.NONE
            self._key_wanted = False
            self._container.mux(self._stream.encode(frame))
            self.frames += 1

    def finish(self) -> None:
        """Write what the encoder still holds."""
        if self.frames:
            self._container.mux(self._stream.encode())

    def close(self) -> None:
        """Close the file."""
        self._container.close()


def converted(pixels: np.ndarray) -> av.VideoFrame:
    """Return a frame, RGBA from the top left, as encoders take it."""
    return av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(
        format=PIXEL_FORMAT,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        dst_colorspace=Colorspace.ITU709,
    )
