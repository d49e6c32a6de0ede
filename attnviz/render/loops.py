"""The loop of a scene: its most telling beats as a small animated WebP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from manim import CairoRenderer
from manim.scene.section import Section
from PIL import Image

from attnviz.errors import AttnvizError
from attnviz.film import Beat
from attnviz.render.boxes import Box
from attnviz.render.camera import FrugalRenderer
from attnviz.render.catalogue import load_class
from attnviz.render.encoding import SilentWriter
from attnviz.render.jobs import Job
from attnviz.render.output import Output, Quality
from attnviz.render.running import StillRenderer, Watcher, run
from attnviz.stage import AttentionScene

MOST_BYTES = 400_000
"""The size that a loop may have."""

LONGEST_STILL = 1.6
"""Seconds that a frame without motion stands at most: who looks at a loop waits less."""

HOLD = 2.5
"""Seconds that the last frame stands."""

LONGEST_MOTION = 9.0
"""Seconds that a loop lasts at most before it holds: longer beats are played faster."""

_SIDES = (640, 360)
# Frames a second and WebP's quality, the best first. At 90 nothing is left of frames before, at 80
# hardly anything; below that, fewer frames hurt less than blurred digits.
_LADDER = ((12, 90), (12, 80), (10, 80), (8, 80), (8, 65), (8, 50))
_METHOD = 4
_MILLISECONDS = 1000
_HALF_A_MILLISECOND = 0.0005

Frame = tuple[np.ndarray, float]


@dataclass(frozen=True, slots=True)
class Loop:
    """A small animated picture of some beats of a scene.

    Parameters
    ----------
    webp
        The file's bytes.
    fps, quality
        Frames a second, and WebP's quality.
    ends
        Name of each beat, and the second of the loop at which it ends.
    """

    webp: bytes
    fps: int
    quality: int
    ends: tuple[tuple[str, float], ...]


def loop_output(output: Output, fps: int = _LADDER[0][0]) -> Output:
    """Return the output of a loop: small, and otherwise as wanted."""
    return Output(Quality("loop", *_SIDES, fps), output.theme, output.aspect)


def make_loop(job: Job, folder: Path) -> Loop:
    """Draw a scene's loop.

    Parameters
    ----------
    job
        The scene, its subject, its theme and its shape; the loop has a size of its own.
    folder
        A private place for what manim writes on the way.

    Raises
    ------
    AttnvizError
        If the scene has no such beats, or the loop cannot be made small enough.
    """
    taken: dict[int, _LoopWriter] = {}
    smallest = 0
    for fps, quality in _LADDER:
        if fps not in taken:
            taken[fps] = _film(job, fps, folder)
        frames, ends = _retimed(taken[fps])
        webp = encode(frames, quality)
        if len(webp) <= MOST_BYTES:
            return Loop(webp, fps, quality, ends)
        smallest = len(webp)
    raise AttnvizError(
        f"the loop of {job.scene.name} has {smallest // 1000} kB, wanted {MOST_BYTES // 1000} kB; "
        f"name fewer beats in {job.scene.class_name}.loop"
    )


def encode(frames: Sequence[Frame], quality: int) -> bytes:
    """Write frames, each with its seconds, as one WebP that runs for ever."""
    images = [Image.fromarray(pixels) for pixels, _ in frames]
    buffer = BytesIO()
    images[0].save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=images[1:],
        duration=[round(seconds * _MILLISECONDS) for _, seconds in frames],
        loop=0,
        quality=quality,
        method=_METHOD,
        minimize_size=True,
    )
    return buffer.getvalue()


def stills(job: Job, folder: Path) -> dict[str, np.ndarray]:
    """Draw the frame at the end of each looped beat, as the scene is now: height × width × RGB.

    Raises
    ------
    AttnvizError
        If the scene has no such beats.
    """
    wanted = load_class(job.scene).loop
    drawn: dict[str, np.ndarray] = {}

    def take(scene: AttentionScene, beat: Beat) -> None:
        # Manim types every scene's renderer as its own; run() gave it this one.
        assert isinstance(scene.renderer, StillRenderer)
        if beat.name in wanted or not wanted:
            drawn[beat.name] = scene.renderer.still(scene)[..., :3]

    played = _run(job, loop_output(job.output), StillRenderer, folder, take)
    return {name: drawn[name] for name in _looped(job, played)}


def _looped(job: Job, played: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the looped beats among those that a scene played."""
    scene = load_class(job.scene)
    if not played:
        raise AttnvizError(f"{scene.__name__} has no beats: there is nothing to loop")
    wanted = scene.loop or (played[-1],)
    first = played.index(wanted[0]) if wanted[0] in played else 0
    if tuple(played[first : first + len(wanted)]) != wanted:
        raise AttnvizError(
            f"{scene.__name__}.loop names {', '.join(wanted)}; wanted consecutive beats of "
            f"{', '.join(played)}"
        )
    return wanted


def frame_at(path: Path, seconds: float) -> np.ndarray:
    """Return the frame of an animated picture that is shown until a time: height × width × RGB."""
    with Image.open(path) as image:
        end = 0.0
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            image.load()
            end += image.info["duration"] / _MILLISECONDS
            if end >= seconds - _HALF_A_MILLISECOND:
                break
        return np.array(image.convert("RGB"))


class _LoopWriter(SilentWriter):
    """Keeps the frames of some sections in memory; manim skips drawing the others."""

    def __init__(self, wanted: Sequence[str], fps: int) -> None:
        super().__init__()
        self.wanted = wanted
        self.fps = fps
        self.frames: list[tuple[np.ndarray, int]] = []
        self.ends: dict[str, int] = {}
        self.sections = [Section("", None, "", skip_animations=True)]

    def next_section(self, name: str, type_: str, skip_animations: bool) -> None:
        """Begin a section, to be skipped if it is not looped."""
        self.sections.append(Section(type_, None, name, name not in self.wanted))

    def write_frame(
        self, pixels: np.ndarray, *, repeat: int = 1, changed: Sequence[Box] | None = None
    ) -> None:
        """Keep a frame, and how often it is shown."""
        name = self.sections[-1].name
        if name not in self.wanted or repeat < 1:
            return
        rgb = pixels[..., :3].copy()
        if self.frames and np.array_equal(self.frames[-1][0], rgb):
            self.frames[-1] = (rgb, self.frames[-1][1] + repeat)
        else:
            self.frames.append((rgb, repeat))
        self.ends[name] = len(self.frames) - 1


def _film(job: Job, fps: int, folder: Path) -> _LoopWriter:
    """Play a scene, drawing its looped beats alone."""
    wanted = load_class(job.scene).loop
    if not wanted:  # which beat is the last is known only when all are played
        wanted = _looped(job, _run(job, loop_output(job.output), StillRenderer, folder))
    writer = _LoopWriter(wanted, fps)
    output = loop_output(job.output, fps)
    played = _run(job, output, lambda: FrugalRenderer(file_writer_class=writer.as_class()), folder)
    _looped(job, played)
    if not writer.frames:
        raise AttnvizError(f"{job.scene.class_name} plays nothing in its looped beats")
    return writer


def _retimed(writer: _LoopWriter) -> tuple[list[Frame], tuple[tuple[str, float], ...]]:
    """Return the frames with their seconds, waits cut short, and when each beat ends."""
    *before, _ = [min(count / writer.fps, LONGEST_STILL) for _, count in writer.frames]
    pace = max(1.0, sum(before) / LONGEST_MOTION)
    # On whole milliseconds, as the file keeps them: else the sums drift apart from its own.
    seconds = [*(round(time / pace, 3) for time in before), HOLD]
    frames = [(pixels, time) for (pixels, _), time in zip(writer.frames, seconds, strict=True)]
    ends = tuple((name, round(sum(seconds[: last + 1]), 3)) for name, last in writer.ends.items())
    return frames, ends


def _run(
    job: Job,
    output: Output,
    renderer: Callable[[], CairoRenderer],
    folder: Path,
    watcher: Watcher = lambda _scene, _beat: None,
) -> list[str]:
    """Run a scene; return the names of the beats that it played."""
    played: list[str] = []

    def watch(scene: AttentionScene, beat: Beat) -> None:
        played.append(beat.name)
        watcher(scene, beat)

    run(load_class(job.scene), job.spec, output, renderer, folder, watch)
    return played


def compressed(pixels: np.ndarray, quality: int) -> np.ndarray:
    """Return a frame as WebP's loss leaves it: height × width × RGB."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=_METHOD)
    with Image.open(buffer) as image:
        return np.array(image.convert("RGB"))


def difference(one: np.ndarray, other: np.ndarray, side: int) -> float:
    """Return how far apart two pictures of one size are where they differ most.

    Parameters
    ----------
    one, other
        Height × width × RGB.
    side
        Pixels of the side of the squares that are compared.

    Returns
    -------
    float
        The largest mean absolute difference of a square, of 255.
    """
    apart = np.abs(one.astype(float) - other).mean(axis=2)
    height, width = (length - length % side for length in apart.shape)
    squares = apart[:height, :width].reshape(height // side, side, width // side, side)
    return float(squares.mean(axis=(1, 3)).max())
