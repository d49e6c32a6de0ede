"""The formats that a film is written in, all of them from one set of frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from attnviz.errors import UserError, require_known

VIDEO = "mp4"
"""The one that is always written: tours join it, and pages fall back on it."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file.

    Parameters
    ----------
    name
        As the command line has it.
    end
        What follows the stem in the file's name.
    summary
        What it is, for the help.
    """

    name: str
    end: str
    summary: str


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Format(VIDEO, ".mp4", "H.264 (always there)"),
            Format("webm", ".webm", "AV1, smaller"),
            Format("webp", ".webp", "an animated picture, 640 pixels, 12.5 frames a second"),
            Format("gif", ".gif", "the same for whatever plays nothing else"),
            Format("frames", ".frames.zip", "every frame as a PNG"),
            Format("still", ".still.png", "the last frame, of full size"),
        )
    }
)
"""By name."""


def parse_formats(text: str) -> tuple[str, ...]:
    """Read names of formats as the command line takes them.

    Parameters
    ----------
    text
        Names with commas between, e.g. ``"mp4,webm,gif"``.

    Returns
    -------
    tuple of str
        The names besides mp4, in the order of :data:`FORMATS`.

    Raises
    ------
    UserError
        If there is no such format; the nearest one is named.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UserError(f"format: no name given; give some of {', '.join(FORMATS)}")
    for name in names:
        require_known("format", name, FORMATS)
    return ordered(names)


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of further formats, each once, in the order of :data:`FORMATS`."""
    wanted = set(names)
    return tuple(name for name in FORMATS if name in wanted and name != VIDEO)


def ends(names: Sequence[str]) -> dict[str, str]:
    """Return name and file ending of some formats."""
    return {name: FORMATS[name].end for name in names}
