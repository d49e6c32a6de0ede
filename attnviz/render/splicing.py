"""Films end to end in one file, their encoded frames copied as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from av.container import InputContainer

from attnviz.render.streams import Encoding

if TYPE_CHECKING:
    from av.container.core import Chapter as Mark


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


def splice(
    pieces: Sequence[Path | bytes],
    counts: Sequence[int],
    path: Path,
    encoding: Encoding,
    fps: int,
    tags: Mapping[str, str],
    chapters: Sequence[Chapter] = (),
) -> None:
    """Write films one after another.

    Parameters
    ----------
    pieces
        Files, or their content, all of one encoding, size and frame rate; each begins with a key
        frame.
    counts
        How many frames each has.
    path
        The file to write.
    encoding
        Gives the kind of file.
    fps
        Frames a second.
    tags
        Tags of the file, e.g. title and comment.
    chapters
        Marks of the file; none: no marks.
    """
    options = dict(encoding.file_options)
    with ExitStack() as stack:
        target = stack.enter_context(av.open(str(path), "w", encoding.container, options=options))
        target.metadata.update(tags)
        first = stack.enter_context(_opened(pieces[0]))
        # Opaque: what decodes a stream may be named otherwise than what encoded it.
        stream = target.add_stream_from_template(first.streams.video[0], opaque=True)
        if chapters:
            target.set_chapters(_marks(chapters, fps))
        packets = _packets(pieces, counts, fps)
        # A packet is decoded one frame after the one before it, and never after it is shown.
        late = max(number - shown for number, (_, shown) in enumerate(packets))
        for number, (packet, shown) in enumerate(packets):
            packet.time_base = Fraction(1, fps)
            packet.pts, packet.dts, packet.duration = shown, number - late, 1
            packet.stream = stream
            target.mux(packet)


def _packets(
    pieces: Sequence[Path | bytes], counts: Sequence[int], fps: int
) -> list[tuple[av.Packet[Any], int]]:
    """Return the encoded frames in the order of decoding, each with its place in the film."""
    found: list[tuple[av.Packet[Any], int]] = []
    before = 0
    for piece, count in zip(pieces, counts, strict=True):
        with _opened(piece) as source:
            for packet in source.demux(source.streams.video[0]):
                if packet.size:  # the demuxer's last word has none
                    assert packet.pts is not None
                    found.append((packet, before + round(packet.pts * packet.time_base * fps)))
        before += count
    return found


def _marks(chapters: Sequence[Chapter], fps: int) -> list[Mark]:
    return [
        {
            "id": number,
            "start": chapter.start,
            "end": chapter.end,
            "time_base": Fraction(1, fps),
            "metadata": {"title": chapter.title},
        }
        for number, chapter in enumerate(chapters)
    ]


def parameters(piece: Path | bytes) -> tuple[object, ...]:
    """Return what must be equal where frames of two films stand in one stream."""
    with _opened(piece) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        return context.name, context.extradata, context.pix_fmt, stream.time_base


def _opened(piece: Path | bytes) -> InputContainer:
    return av.open(BytesIO(piece) if isinstance(piece, bytes) else str(piece), "r")
