"""Frames to one H.264 stream: what stands in the place of manim's own file writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from manim._config.output import OutputFormat, OutputSpec
from manim.scene.section import Section

from attnviz.errors import AttnvizError
from attnviz.render.output import Output

CODEC: Final = "libx264"
PIXEL_FORMAT = "yuv420p"

_KEYFRAME_SECONDS = 10  # at the most: every beat begins with one
# Colour carries values here, so chroma gets a finer quantiser than x264 would give it; flat
# colour and still frames make that cheap. tests/test_encoding.py holds the size and the fidelity.
_CODEC_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "preset": "medium",
        "tune": "animation",
        "crf": "28",
        "x264-params": "chroma-qp-offset=-8",
    }
)
# The bytes depend on the number of threads, so it is not left to the machine.
_THREADS = 2

_NO_FILE = OutputSpec(
    format=OutputFormat.NONE, transparent=False, save_sections=False, fallback_to_still=False
)


class SilentWriter:
    """Satisfies manim's renderer and writes nothing: no partial films, no sections, no cache.

    manim asks for a class and calls it with its own settings; :meth:`as_class` gives it one.
    """

    def __init__(self) -> None:
        self.output_spec = _NO_FILE
        self.subcaptions: list[Any] = []
        # manim asks the last section whether to skip.
        self.sections = [Section("", None, "", skip_animations=False)]

    def as_class(self) -> Any:
        """Return what ``CairoRenderer(file_writer_class=...)`` calls: it gives this writer."""
        return lambda _settings: self

    def next_section(self, name: str, type_: str, skip_animations: bool) -> None:
        """Note the section: its name is all that is needed here."""
        self.sections.append(Section(type_, None, name, skip_animations))

    def write_frame(self, pixels: np.ndarray, *, repeat: int = 1) -> None:
        """Leave the frame."""

    def begin_animation(self, allow_write: bool = False, *, animation_index: int) -> None:
        """Open no partial film."""

    def end_animation(self, allow_write: bool = False) -> None:
        """Close no partial film."""

    def add_partial_movie_file(self, hash_animation: str | None) -> None:
        """Plan no partial film."""

    def abort_encode_jobs(self, reraise_encoder_failures: bool = False) -> None:
        """Stop nothing: frames are encoded as they come."""

    def add_sound(self, *_args: object, **_options: object) -> None:
        """Refuse sound."""
        raise AttnvizError("the films are silent: a scene cannot add sound")


class FilmWriter(SilentWriter):
    """Encodes each frame as it is drawn, straight to one file, at a constant frame rate.

    Use it as a context manager; a film left by an exception is not finished.

    Parameters
    ----------
    path
        The file to write.
    output
        Its size and frame rate are used.
    metadata
        Tags of the file, e.g. title and comment.
    on_second
        Called with the seconds of film, each time another full second is encoded.
    """

    def __init__(
        self,
        path: Path,
        output: Output,
        metadata: Mapping[str, str],
        on_second: Callable[[int], None] = lambda _seconds: None,
    ) -> None:
        super().__init__()
        self.output = output
        self.fps = output.quality.fps
        self.frames = 0
        self.last_frame: np.ndarray | None = None
        self._on_second = on_second
        self._key_wanted = True
        self._time_base = Fraction(1, self.fps)
        # The index goes to the front, so that a browser plays before it has all.
        self._container = av.open(str(path), "w", "mp4", options={"movflags": "+faststart"})
        self._container.metadata.update(metadata)
        self._stream = self._open_stream()

    def _open_stream(self) -> av.VideoStream:
        options = {**_CODEC_OPTIONS, "g": str(_KEYFRAME_SECONDS * self.fps)}
        stream = self._container.add_stream(CODEC, rate=self.fps, options=options)
        stream.width, stream.height = self.output.width, self.output.height
        stream.pix_fmt = PIXEL_FORMAT
        context = stream.codec_context
        context.thread_count = _THREADS
        context.time_base = self._time_base
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        return stream

    @property
    def seconds(self) -> float:
        """Length of the film so far."""
        return self.frames / self.fps

    def next_section(self, name: str, type_: str, skip_animations: bool) -> None:
        """Begin a section with a key frame: a clip can be cut and stepped by beats."""
        super().next_section(name, type_, skip_animations)
        self._key_wanted = True

    def write_frame(self, pixels: np.ndarray, *, repeat: int = 1) -> None:
        """Encode a frame, RGBA from the top left, ``repeat`` times."""
        if repeat < 1:
            return
        self.last_frame = pixels
        frame = self._converted(pixels)
        for _ in range(repeat):
            frame.pts = self.frames
            frame.pict_type = PictureType.I if self._key_wanted else PictureType.NONE
            self._key_wanted = False
            self._container.mux(self._stream.encode(frame))
            self.frames += 1
            if self.frames % self.fps == 0:
                self._on_second(self.frames // self.fps)

    def _converted(self, pixels: np.ndarray) -> av.VideoFrame:
        frame = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(
            format=PIXEL_FORMAT,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            dst_colorspace=Colorspace.ITU709,
        )
        frame.time_base = self._time_base
        return frame

    def __enter__(self) -> Self:
        """Begin a film."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the file; after an exception, only close it."""
        if kind is None and self.frames:
            self._container.mux(self._stream.encode())
        self._container.close()
