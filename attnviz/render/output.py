"""Output: the size, the frame rate and the theme of a film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

FRAME_HEIGHT = 8.0
"""The frame's shorter side in manim's units, in every quality."""

FRAME_WIDTH = FRAME_HEIGHT * 16 / 9
"""The frame's longer side; draft's 854 × 480 is 16:9 by custom, so the layout is the same."""

THEMES = ("dark", "light")
"""The names of the themes; the command line offers them without loading the themes."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A size in pixels and a frame rate.

    Parameters
    ----------
    name
        As on the command line and in file names.
    width, height
        Pixels, even numbers: H.264's 4:2:0 halves both.
    fps
        Frames a second.
    """

    name: str
    width: int
    height: int
    fps: int


QUALITIES: Mapping[str, Quality] = MappingProxyType(
    {
        quality.name: quality
        for quality in (
            Quality("draft", 854, 480, 15),
            Quality("web", 1280, 720, 30),
            Quality("hd", 1920, 1080, 60),
            Quality("4k", 3840, 2160, 60),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Output:
    """What kind of files a film becomes.

    Parameters
    ----------
    quality
        Size and frame rate.
    theme
        One of :data:`THEMES`.
    """

    quality: Quality = QUALITIES["web"]
    theme: str = THEMES[0]

    def differences(self) -> list[str]:
        """List the names of what differs from the default output, in a fixed order."""
        default = Output()
        ours = (self.quality.name, self.theme)
        usual = (default.quality.name, default.theme)
        return [name for name, other in zip(ours, usual, strict=True) if name != other]
