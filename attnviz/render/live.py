"""A film drawn while someone watches: each frame is told the moment it is drawn."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from attnviz.film import Beat
from attnviz.render import catalogue
from attnviz.render.drawings import digest_of
from attnviz.render.encoding import BeatWriter
from attnviz.render.jobs import Job
from attnviz.render.manifest import beat_facts
from attnviz.render.regions import regions
from attnviz.render.running import FilmRenderer, run
from attnviz.stage import AttentionScene

Tell = Callable[[Mapping[str, Any], "np.ndarray | None"], None]
"""Who hears what happens: a description, and the pixels of a frame that is new."""


Place = tuple[int, int]
"""Where in a film: the beat, and the frame of that beat, both from 0."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What lies between two places of a film.

    Parameters
    ----------
    start
        The first place.
    end
        The first one after it; None: it goes to the end of the film.
    """

    start: Place = (0, 0)
    end: Place | None = None

    def has(self, place: Place) -> bool:
        """Tell whether a place is in it."""
        return self.start <= place and not self.is_past(place)

    def is_past(self, place: Place) -> bool:
        """Tell whether a place comes after it."""
        return self.end is not None and place >= self.end


class _Enough(Exception):  # noqa: N818  # no error: the stretch has been played
    """Ends a scene whose rest someone else draws."""


def draw(job: Job, stretch: Stretch, known: frozenset[str], folder: Path, tell: Tell) -> None:
    """Run a scene and tell all that a stretch of it shows.

    Told are, each with its ``kind``: ``trace``, ``arrays`` (where a trace was written), ``beat``
    when one begins and when it ends, ``frame``, ``regions``, and at last ``part`` with the number
    of frames played. A stretch that begins in the midst of a beat also tells what stands still
    before: one frame each, and whoever looks for a place beyond the beat's end has its last.

    Parameters
    ----------
    job
        What is drawn.
    stretch
        From where to where; what comes before is played unseen.
    known
        Digests of frames whose pixels need not be told, nor drawn.
    folder
        A private place for traces and for what manim writes on the way.
    tell
        Hears it, in the order in which it is drawn.
    """
    writer = LiveWriter(stretch, known, tell)
    account = _Account(writer, folder, tell)
    with contextlib.suppress(_Enough):
        run(
            catalogue.load_class(job.scene),
            job.spec,
            job.output,
            lambda: LiveRenderer(writer, account),
            folder,
            account.end_beat,
        )
    tell({"kind": "part", "frames": writer.frames}, None)


class LiveWriter(BeatWriter):
    """Tells each frame of a stretch; the pixels of those that are known stay untold.

    Parameters
    ----------
    stretch, known, tell
        As for :func:`draw`.

    Attributes
    ----------
    digest
        Of the frame that comes next; None: it is not known before the pixels are.
    """

    def __init__(self, stretch: Stretch, known: frozenset[str], tell: Tell) -> None:
        super().__init__()
        self.stretch = stretch
        self.digest: str | None = None
        self._beat_begun = 0
        self._stands = False
        self._known = set(known)
        self._tell = tell

    @property
    def place(self) -> Place:
        """Of the frame that comes next."""
        return self.beat, self.frames - self._beat_begun

    @property
    def is_drawing(self) -> bool:
        """Whether the frame that comes next is told."""
        return self.stretch.has(self.place) or (self._stands and self.tells_beat)

    @property
    def tells_beat(self) -> bool:
        """Whether it tells of the beat that is played: one writer does, if two draw in it."""
        end = self.stretch.end
        return self.stretch.start[0] <= self.beat and (end is None or self.beat < end[0])

    def wants(self, frames: int, *, stands: bool) -> bool:
        """Tell whether any of the frames that come next is told; all are one where it stands."""
        self._stands = stands
        beat, frame = self.place
        return self.is_drawing or (
            self.stretch.start <= (beat, frame + frames - 1)
            and not self.stretch.is_past(self.place)
        )

    @property
    def knows_next(self) -> bool:
        """Whether the next frame's pixels are known, so that nobody need draw them."""
        return self.digest in self._known

    def next_section(self, name: str, type_: str, skip_animations: bool) -> None:
        """Begin a beat, or end the scene after the last of the stretch."""
        super().next_section(name, type_, skip_animations)
        self._beat_begun = self.frames if self.beat else 0
        self.stop_where_past()
        if self.tells_beat:
            told = {"kind": "beat", "number": self.beat, "name": name, "start": self.frames}
            self._tell(told, None)

    def write_frame(self, pixels: np.ndarray, *, repeat: int = 1, changed: object = None) -> None:
        """Tell a frame that is shown ``repeat`` times."""
        if repeat < 1:
            return
        new = None if self.knows_next else np.ascontiguousarray(pixels[..., :3])
        digest = self.digest or digest_of(pixels.tobytes()).hex()
        self._known.add(digest)
        told = {"kind": "frame", "beat": self.beat, "at": self.frames, "count": repeat}
        self._tell({**told, "digest": digest}, new)
        self.frames += repeat

    def stop_where_past(self) -> None:
        """End the scene where the stretch has come to its end."""
        if self.stretch.is_past(self.place):
            raise _Enough


class LiveRenderer(FilmRenderer):
    """Draws no frame that is known already, by what it would hold, and tells what stands still.

    Parameters
    ----------
    writer
        Takes the frames.
    account
        Hears of the scene.
    """

    def __init__(self, writer: LiveWriter, account: _Account) -> None:
        super().__init__(writer)
        self._live, self._account = writer, account
        self._scene: AttentionScene | None = None

    def play(self, scene: Any, *args: Any, **kwargs: Any) -> None:
        """Play animations, seen or unseen."""
        self._scene = scene
        self._account.tell_traces(scene)
        super().play(scene, *args, **kwargs)

    def show(self, drawings: Any) -> None:
        """Draw, unless the frame is known."""
        digest = self.camera.digest(drawings)
        self._live.digest = None if digest is None else digest.hex()
        if not self._live.knows_next:
            super().show(drawings)

    def _take(self, frame: Any, count: int) -> None:
        at, told = self._live.frames, self._live.is_drawing
        super()._take(frame, count)
        if count > 1 and told and self._scene is not None:
            self._account.tell_regions(self._scene, at)
        self._live.stop_where_past()


class _Account:
    """Tells what a scene says besides its frames."""

    def __init__(self, writer: LiveWriter, folder: Path, tell: Tell) -> None:
        self._writer, self._folder, self._tell = writer, folder, tell
        self._told: set[str] = set()

    def tell_traces(self, scene: AttentionScene) -> None:
        """Write down the traces that are new, for those who look values up."""
        for prefix, trace in scene.pen.traces.items():
            if prefix in self._told:
                continue
            self._told.add(prefix)
            if not prefix:
                self._tell(_trace_facts(scene), None)
            name = "-".join(map(str, (*self._writer.stretch.start, len(self._told))))
            file = self._folder / f"{name}.safetensors"
            trace.save(file)
            self._tell({"kind": "arrays", "prefix": prefix, "path": str(file)}, None)

    def tell_regions(self, scene: AttentionScene, at: int) -> None:
        """Tell what can be pointed at in a frame that stands still."""
        camera: Any = scene.renderer.camera
        found = regions(scene, camera.pixel_width, camera.pixel_height)
        self._tell({"kind": "regions", "at": at, "regions": found}, None)

    def end_beat(self, scene: AttentionScene, beat: Beat) -> None:
        """Tell what a beat showed."""
        if self._writer.tells_beat:
            fps = scene.renderer.camera.frame_rate
            facts = beat_facts(beat)
            facts |= {name: round(facts[name] * fps) for name in ("start", "end")}
            self._tell({"kind": "beat", "number": self._writer.beat, **facts}, None)


def _trace_facts(scene: AttentionScene) -> dict[str, Any]:
    trace = scene.trace
    target = trace.target_tokens
    return {
        "kind": "trace",
        "model": trace.model,
        "tokens": list(trace.tokens),
        "target_tokens": None if target is None else list(target),
        "layer": scene.layer,
        "head": scene.head,
        "query": scene.query,
        "row": {
            "address": scene.address("weights", scene.head, scene.query),
            "query": scene.attention.query_tokens[scene.query],
            "keys": list(scene.attention.key_tokens),
            "weights": scene.attention.weights[scene.head, scene.query].tolist(),
        },
        "layers": [
            {"kind": layer.kind, "heads": len(layer.weights), "name": layer.name}
            for layer in trace.layers
        ],
        "notes": list(scene.film.notes),
    }


_PNG: Final = {"compression_level": "1", "pred": "up"}
"""Quick: a frame is looked at once, on this machine."""


class FrameEncoder:
    """Frames of one size as PNG, every pixel as it was drawn."""

    def __init__(self) -> None:
        self._codec: av.VideoCodecContext | None = None

    def encode(self, pixels: np.ndarray) -> bytes:
        """Return a frame, height × width × RGB, as a PNG."""
        if self._codec is None:
            height, width, _ = pixels.shape
            codec = av.CodecContext.create("png", "w")
            assert isinstance(codec, av.VideoCodecContext)  # PNG is of pictures
            codec.width, codec.height, codec.pix_fmt = width, height, "rgb24"
            codec.time_base, codec.options, codec.thread_count = Fraction(1, 1), dict(_PNG), 1
            self._codec = codec
        (packet,) = self._codec.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24"))
        return bytes(packet)
