"""Output: the size, the shape, the frame rate and the theme of a film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SHORTER_SIDE = 8.0
"""The frame's shorter side in manim's units, in every quality and aspect."""

THEMES = ("dark", "light")
"""The names of the themes; the command line offers them without loading the themes."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """A shape of the frame.

    Parameters
    ----------
    name
        As on the command line.
    slug
        As in file names.
    width, height
        The sides, in their proportion.
    """

    name: str
    slug: str
    width: int
    height: int


ASPECTS: Mapping[str, Aspect] = MappingProxyType(
    {
        aspect.name: aspect
        for aspect in (
            Aspect("16:9", "wide", 16, 9),
            Aspect("1:1", "square", 1, 1),
            Aspect("9:16", "tall", 9, 16),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Quality:
    """A size in pixels and a frame rate.

    Parameters
    ----------
    name
        As on the command line and in file names.
    width, height
        Pixels of the longer and of the shorter side, even numbers: H.264's 4:2:0 halves both.
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
    aspect
        The shape of the frame; the shorter side is the quality's in each.
    """

    quality: Quality = QUALITIES["web"]
    theme: str = THEMES[0]
    aspect: Aspect = ASPECTS["16:9"]

    @property
    def width(self) -> int:
        """Width in pixels."""
        wide = self.aspect.width > self.aspect.height
        return self.quality.width if wide else self.quality.height

    @property
    def height(self) -> int:
        """Height in pixels."""
        tall = self.aspect.height > self.aspect.width
        return self.quality.width if tall else self.quality.height

    @property
    def frame_width(self) -> float:
        """Width in manim's units, of the aspect alone: draft's 854 × 480 is 16:9 by custom."""
        return SHORTER_SIDE * max(1.0, self.aspect.width / self.aspect.height)

    @property
    def frame_height(self) -> float:
        """Height in manim's units, of the aspect alone."""
        return SHORTER_SIDE * max(1.0, self.aspect.height / self.aspect.width)

    def differences(self) -> list[str]:
        """List the names of what differs from the default output, in a fixed order."""
        default = Output()
        ours = (self.quality.name, self.theme, self.aspect.slug)
        usual = (default.quality.name, default.theme, default.aspect.slug)
        return [name for name, other in zip(ours, usual, strict=True) if name != other]
