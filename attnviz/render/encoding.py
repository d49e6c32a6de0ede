"""Frames encoded as they are drawn: what stands in the place of manim's own file writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
from manim._config.output import OutputFormat, OutputSpec
from manim.scene.section import Section

from attnviz.errors import AttnvizError
from attnviz.render.boxes import Box
from attnviz.render.conversion import Converter
from attnviz.render.formats import VIDEO
from attnviz.render.output import Output
from attnviz.render.reels import Piece, Reel, open_reel
from attnviz.render.streams import Shot
from attnviz.render.takes import WHOLE, Share

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


class BeatWriter(SilentWriter):
    """Counts the beats of a film and its frames; what comes before the first beat belongs to it.

    Attributes
    ----------
    frames
        Length of the film so far, beats that others draw included.
    """

    def __init__(self) -> None:
        super().__init__()
        self.frames = 0
        self._begun = 0

    @property
    def beat(self) -> int:
        """The beat that is played, from 0."""
        return max(0, self._begun - 1)

    @property
    def is_drawing(self) -> bool:
        """Whether this writer wants the frame that comes next."""
        return True

    def wants(self, frames: int, *, stands: bool) -> bool:  # for others
        """Tell whether any of the frames that come next is wanted; all are one where it stands."""
        return self.is_drawing

    def next_section(self, name: str, type_: str, skip_animations: bool) -> None:
        """Begin a beat."""
        super().next_section(name, type_, skip_animations)
        if self._begun:
            self._end_beat()
        self._begun += 1

    def pass_over(self, frames: int) -> None:
        """Count frames that someone else draws."""
        self.frames += frames

    def _end_beat(self) -> None:
        """Finish the beat that was played."""


class FilmWriter(BeatWriter):
    """Encodes each frame as it is drawn, beat by beat, at a constant frame rate.

    Use it as a context manager; a film left by an exception is not finished.

    Parameters
    ----------
    output
        Its size and frame rate are used.
    metadata
        Tags of what is a file by itself, e.g. title and comment.
    formats
        Names of formats besides the video.
    share
        Which beats are drawn; the frames of others are only counted.
    on_second
        Called with the seconds drawn, each time another full second of film is encoded.
    """

    def __init__(
        self,
        output: Output,
        metadata: Mapping[str, str],
        formats: Sequence[str] = (),
        share: Share = WHOLE,
        on_second: Callable[[int], None] = lambda _seconds: None,
    ) -> None:
        super().__init__()
        self.fps = output.quality.fps
        self.pieces: dict[int, dict[str, Piece]] = {}
        self.last_frame: np.ndarray | None = None
        self._output, self._metadata = output, metadata
        self._formats = (VIDEO, *formats)
        self._share, self._on_second = share, on_second
        self._drawn = 0
        self._reels: dict[str, Reel] = {}
        self._converter = Converter()

    @property
    def seconds(self) -> float:
        """Length of the film so far, beats of others included."""
        return self.frames / self.fps

    @property
    def is_drawing(self) -> bool:
        """Whether the beat is one of this writer's share."""
        return self._share.has(self.beat)

    def beats(self) -> list[dict[str, Piece]]:
        """Return the pieces of the beats drawn, in order: name of the format to its piece."""
        return [self.pieces[beat] for beat in sorted(self.pieces)]

    def pass_over(self, frames: int) -> None:
        """Count frames that someone else draws."""
        super().pass_over(frames)
        self.last_frame = None

    def write_frame(
        self, pixels: np.ndarray, *, repeat: int = 1, changed: Sequence[Box] | None = None
    ) -> None:
        """Encode a frame, RGBA from the top left, ``repeat`` times."""
        if repeat < 1:
            return
        if not self._reels:
            self._reels = {
                name: open_reel(name, self._output, self._metadata, self.frames)
                for name in self._formats
            }
        shot = Shot(pixels, self._converter.convert(pixels, changed))
        for reel in self._reels.values():
            reel.take(shot, repeat)
        self.last_frame = pixels
        self.frames += repeat
        before, self._drawn = self._drawn, self._drawn + repeat
        for second in range(before // self.fps + 1, self._drawn // self.fps + 1):
            self._on_second(second)

    def _end_beat(self) -> None:
        if self._reels:
            self.pieces[self.beat] = {name: reel.finish() for name, reel in self._reels.items()}
        self._close()

    def _close(self) -> None:
        for reel in self._reels.values():
            reel.close()
        self._reels = {}

    def __enter__(self) -> Self:
        """Begin a film."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the last beat; after an exception, only let go of it."""
        if kind is None:
            self._end_beat()
        else:
            self._close()
