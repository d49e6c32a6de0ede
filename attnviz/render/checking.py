"""A finished film is decoded, all of it, before anyone gets it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import av

from attnviz.errors import AttnvizError

_BOX_HEADER = 8
# A decoder hides damage where it can: it is to stop instead. It need not smooth what nobody sees.
_STRICT = MappingProxyType({"err_detect": "explode", "skip_loop_filter": "all"})
_LONG_BOX = 1  # the size field of a box whose size stands in 64 bits after the header


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What decoding a film found.

    Parameters
    ----------
    codec, pixel_format
        E.g. ``h264`` and ``yuv420p``.
    width, height
        Pixels.
    fps
        Frames a second.
    frames
        How many frames were decoded.
    index_first
        True where the index (``moov``) stands before the frames (``mdat``).
    """

    codec: str
    pixel_format: str
    width: int
    height: int
    fps: float
    frames: int
    index_first: bool

    @property
    def seconds(self) -> float:
        """Length of the film."""
        return self.frames / self.fps


def decode(path: Path) -> FilmFacts:
    """Decode a film from its first frame to its last.

    Raises
    ------
    AttnvizError
        If it is no film, or damaged.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            stream.codec_context.options = dict(_STRICT)
            frames = sum(1 for _ in container.decode(stream))
            context = stream.codec_context
            return FilmFacts(
                codec=context.name,
                pixel_format=str(context.pix_fmt),
                width=context.width,
                height=context.height,
                fps=float(stream.average_rate or 0),
                frames=frames,
                index_first=_index_first(path),
            )
    except (av.FFmpegError, IndexError) as error:
        raise AttnvizError(f"{path.name}: the film does not decode ({error})") from error


def require(found: FilmFacts, wanted: FilmFacts) -> None:
    """Stop where a film is not what it was meant to be."""
    if found != wanted:
        raise AttnvizError(f"the film came out wrong: wanted {wanted}, decoded {found}")


def _index_first(path: Path) -> bool:
    boxes = box_names(path)
    return {"moov", "mdat"} <= {*boxes} and boxes.index("moov") < boxes.index("mdat")


def box_names(path: Path) -> list[str]:
    """List the names of the outermost boxes of an MP4 file, in order."""
    names = []
    size_of_file = path.stat().st_size
    with path.open("rb") as file:
        position = 0
        while position + _BOX_HEADER <= size_of_file:
            file.seek(position)
            header = file.read(_BOX_HEADER)
            size = int.from_bytes(header[:4])
            if size == _LONG_BOX:
                size = int.from_bytes(file.read(8))
            names.append(header[4:].decode("latin-1"))
            position += max(size, _BOX_HEADER)
    return names
