"""Films end to end in one file, without encoding them again where one encoder made them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import av
import numpy as np

from attnviz.errors import AttnvizError
from attnviz.render.checking import FilmFacts, decode, require
from attnviz.render.encoding import FilmWriter
from attnviz.render.formats import VIDEO
from attnviz.render.output import Output
from attnviz.render.splicing import Chapter, parameters, splice
from attnviz.render.streams import H264


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
    pieces: list[bytes | Path] = [*parts]
    if len({parameters(part) for part in parts}) > 1:
        pieces, counts = _encoded_again(parts, output)
    splice(pieces, counts, path, H264, fps, tags, chapters)
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


def _encoded_again(parts: Sequence[Path], output: Output) -> tuple[list[bytes | Path], list[int]]:
    """Decode the parts and encode all their frames by one encoder."""
    with FilmWriter(output, {}) as writer:
        for part in parts:
            writer.next_section(part.stem, "", skip_animations=False)
            with av.open(str(part)) as source:
                for frame in source.decode(video=0):
                    writer.write_frame(frame.to_ndarray(format="rgba"))
    pieces = [piece for beat in writer.beats() for piece in beat[VIDEO]]
    return [content for content, _ in pieces], [count for _, count in pieces]


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
