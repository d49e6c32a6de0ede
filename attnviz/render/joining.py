"""Films end to end in one file, without encoding them again where one encoder made them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from attnviz.errors import AttnvizError
from attnviz.render.checking import FilmFacts, decode, require
from attnviz.render.encoding import FilmWriter
from attnviz.render.output import Output

_CONTAINER_OPTIONS = {"movflags": "+faststart"}


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of a film with a title.

    Parameters
    ----------
    title
        As players list it.
    start, end
        In frames; the end is the next one's start.
    """

    title: str
    start: int
    end: int


def join(
    parts: Sequence[Path],
    path: Path,
    output: Output,
    chapters: Sequence[Chapter],
    tags: Mapping[str, str],
) -> FilmFacts:
    """Write films one after another, with chapter marks, and check the whole by decoding it.

    Parameters
    ----------
    parts
        Films of one size and frame rate, in order.
    path
        The file to write.
    output
        Its size and frame rate.
    chapters
        Its marks; the last one's end is the length of the whole.
    tags
        Tags of the file, e.g. title and comment.

    Returns
    -------
    FilmFacts
        What decoding found.

    Raises
    ------
    AttnvizError
        If a part has another size or frame rate, or the whole came out wrong.
    """
    fps = output.quality.fps
    counts = [_checked(part, output) for part in parts]
    if len({_parameters(part) for part in parts}) == 1:
        _copy(parts, counts, path, fps, chapters, tags)
    else:
        _encode_again(parts, path, output, tags)
        marked = path.with_name(f"marked-{path.name}")
        _copy([path], [sum(counts)], marked, fps, chapters, tags)
        marked.replace(path)
    found = decode(path)
    length = chapters[-1].end
    require(found, FilmFacts("h264", "yuv420p", output.width, output.height, fps, length, True))
    return found


def edge_frames(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return a film's first frame and its last: height × width × RGBA."""
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        first = next(frames)
        last = first
        for frame in frames:
            last = frame
        return first.to_ndarray(format="rgba"), last.to_ndarray(format="rgba")


def _checked(part: Path, output: Output) -> int:
    """Return how many frames a part has, or refuse one that does not fit."""
    found = decode(part)
    same_size = found.width == output.width and found.height == output.height
    if not same_size or found.fps != output.quality.fps:
        raise AttnvizError(
            f"{part.name} is {found.width}×{found.height} at {found.fps:g}, wanted "
            f"{output.width}×{output.height} at {output.quality.fps}; render it again with --force"
        )
    return found.frames


def _parameters(part: Path) -> tuple[object, ...]:
    """Return what must be equal where frames of two films stand in one stream."""
    with av.open(str(part)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        return context.name, context.extradata, context.pix_fmt, stream.time_base


def _copy(
    parts: Sequence[Path],
    counts: Sequence[int],
    path: Path,
    fps: int,
    chapters: Sequence[Chapter],
    tags: Mapping[str, str],
) -> None:
    """Copy the encoded frames of parts whose parameters are equal."""
    with ExitStack() as stack:
        target = stack.enter_context(av.open(str(path), "w", "mp4", options=_CONTAINER_OPTIONS))
        target.metadata.update(tags)
        first = stack.enter_context(av.open(str(parts[0])))
        stream = target.add_stream_from_template(first.streams.video[0])
        target.set_chapters(
            [
                {
                    "id": number,
                    "start": chapter.start,
                    "end": chapter.end,
                    "time_base": Fraction(1, fps),
                    "metadata": {"title": chapter.title},
                }
                for number, chapter in enumerate(chapters)
            ]
        )
        before = 0
        for part, count in zip(parts, counts, strict=True):
            with av.open(str(part)) as source:
                for packet in source.demux(source.streams.video[0]):
                    if not packet.size:  # the demuxer's last word
                        continue
                    assert packet.pts is not None
                    assert packet.dts is not None
                    shift = Fraction(before, fps) / packet.time_base
                    packet.pts += int(shift)
                    packet.dts += int(shift)
                    packet.stream = stream
                    target.mux(packet)
            before += count


def _encode_again(
    parts: Sequence[Path], path: Path, output: Output, tags: Mapping[str, str]
) -> None:
    """Decode the parts and encode all their frames by one encoder; each begins a section."""
    with FilmWriter(path, output, tags) as writer:
        for part in parts:
            writer.next_section(part.stem, "", skip_animations=False)
            with av.open(str(part)) as source:
                for frame in source.decode(video=0):
                    writer.write_frame(frame.to_ndarray(format="rgba"))


def blend(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """Return a frame that is ``share`` of the way from one frame to another."""
    mixed: np.ndarray = np.rint(one + share * (other.astype(float) - one)).astype(np.uint8)
    return mixed


def fade(
    writer: FilmWriter,
    one: np.ndarray,
    other: np.ndarray,
    frames: int,
    ease: Callable[[float], float],
) -> None:
    """Write a fade from one frame to another; both ends are left to what stands around it."""
    for index in range(1, frames + 1):
        writer.write_frame(blend(one, other, ease(index / (frames + 1))))
