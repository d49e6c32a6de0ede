"""Frames to files as they are drawn: what stands in the place of manim's own file writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from manim._config.output import OutputFormat, OutputSpec
from manim.scene.section import Section

from attnviz.errors import AttnvizError
from attnviz.render.conversion import Converter
from attnviz.render.drawings import Box
from attnviz.render.output import Output
from attnviz.render.streams import H264, VideoStream

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

    def write_frame(
        self, pixels: np.ndarray, *, repeat: int = 1, changed: Sequence[Box] | None = None
    ) -> None:
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


class Reel(Protocol):
    """What takes the frames of a film besides its video."""

    def begin_beat(self) -> None:
        """Note that the next frame begins a beat."""

    def take(self, pixels: np.ndarray, repeat: int) -> None:
        """Take a frame, RGBA from the top left, that is shown for ``repeat`` ticks of the film."""

    def finish(self) -> None:
        """Write the file."""

    def close(self) -> None:
        """Let go of everything, finished or not."""


class FilmWriter(SilentWriter):
    """Encodes each frame as it is drawn, straight to its files, at a constant frame rate.

    Use it as a context manager; a film left by an exception is not finished.

    Parameters
    ----------
    path
        The H.264 file to write.
    output
        Its size and frame rate are used.
    metadata
        Tags of the file, e.g. title and comment.
    on_second
        Called with the seconds of film, each time another full second is encoded.
    reels
        What else takes the frames.
    """

    def __init__(
        self,
        path: Path,
        output: Output,
        metadata: Mapping[str, str],
        on_second: Callable[[int], None] = lambda _seconds: None,
        reels: Sequence[Reel] = (),
    ) -> None:
        super().__init__()
        self.fps = output.quality.fps
        self.last_frame: np.ndarray | None = None
        self._on_second = on_second
        self._reels = reels
        self._converter = Converter()
        self._video = VideoStream(path, output, H264, metadata)

    @property
    def frames(self) -> int:
        """Length of the film so far, in frames."""
        return self._video.frames

    @property
    def seconds(self) -> float:
        """Length of the film so far."""
        return self.frames / self.fps

    def next_section(self, name: str, type_: str, skip_animations: bool) -> None:
        """Begin a section."""
        super().next_section(name, type_, skip_animations)
        self._video.begin_beat()
        for reel in self._reels:
            reel.begin_beat()

    def write_frame(
        self, pixels: np.ndarray, *, repeat: int = 1, changed: Sequence[Box] | None = None
    ) -> None:
        """Encode a frame, RGBA from the top left, ``repeat`` times."""
        if repeat < 1:
            return
        self.last_frame = pixels
        before = int(self.seconds)
        self._video.write(self._converter.convert(pixels, changed), repeat)
        for reel in self._reels:
            reel.take(pixels, repeat)
        for second in range(before + 1, int(self.seconds) + 1):
            self._on_second(second)

    def __enter__(self) -> Self:
        """Begin a film."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the files; after an exception, only close them."""
        try:
            if kind is None and self.frames:
                self._video.finish()
                for reel in self._reels:
                    reel.finish()
        finally:
            self._video.close()
            for reel in self._reels:
                reel.close()
