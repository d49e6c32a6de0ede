"""Colours, type sizes and timing, named by what they mean; a dark and a light set."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from attnviz.colour import Ramp, SignedRamp


@dataclass(frozen=True)
class Palette:
    """Colours of one theme, each named by its meaning."""

    background: str
    ink: str
    dim: str
    cell: str
    query: str
    key: str
    value: str
    output: str
    weights: Ramp
    signed: SignedRamp
    heads: tuple[str, ...]

    def head(self, index: int) -> str:
        """Return the tint of one head; beyond the last tint they come round again."""
        return self.heads[index % len(self.heads)]


@dataclass(frozen=True)
class TypeSizes:
    """Cap heights in frame units; the frame's shorter side is 8 units."""

    token: float = 0.24
    label: float = 0.2
    caption: float = 0.22
    formula: float = 0.22
    cell: float = 0.16
    lens: float = 0.2
    title: float = 0.4


@dataclass(frozen=True)
class Timing:
    """Durations in seconds."""

    step: float = 0.9
    quick: float = 0.4
    slow: float = 1.6
    turns: float = 3.5
    stagger: float = 0.08
    caption: float = 0.5
    seconds_a_word: float = 0.3
    least_hold: float = 1.2


@dataclass(frozen=True)
class Space:
    """Distances in frame units and stroke widths in manim's points."""

    margin: float = 0.4
    gap: float = 0.12
    wide_gap: float = 0.35
    cell_gap: float = 0.06
    corner: float = 0.05
    hairline: float = 1.0
    outline: float = 3.0
    link_width: float = 26.0
    formula_zone: float = 1.0
    caption_zone: float = 0.75


NARROW_SIZES = TypeSizes(
    token=0.19, label=0.15, caption=0.19, formula=0.19, cell=0.14, lens=0.16, title=0.3
)
"""Cap heights in a frame that is no wider than it is tall."""

NARROW_SPACE = Space(gap=0.1, wide_gap=0.25, link_width=20.0, formula_zone=0.9, caption_zone=1.1)
"""Distances in such a frame, whose captions have two lines."""


@dataclass(frozen=True)
class Theme:
    """Everything about the look that is not a position."""

    name: str
    palette: Palette
    sizes: TypeSizes = field(default_factory=TypeSizes)
    timing: Timing = field(default_factory=Timing)
    space: Space = field(default_factory=Space)

    def __deepcopy__(self, memo: object) -> Self:
        """Return itself: nothing in it can change, and mobjects that hold it are copied often."""
        return self

    def for_frame(self, width: float, height: float) -> Self:
        """Return the theme for a frame of that size: narrow ones have smaller type."""
        if width > height:
            return self
        return replace(self, sizes=NARROW_SIZES, space=NARROW_SPACE)


DARK = Theme(
    name="dark",
    palette=Palette(
        background="#10141A",
        ink="#E8EDF2",
        dim="#8A97A6",
        cell="#1B2430",
        query="#56B4E9",
        key="#F0A030",
        value="#2FBF8F",
        output="#CC79A7",
        weights=Ramp(("#18212C", "#23506B", "#2F8F8B", "#A8D08D", "#FFE08A")),
        signed=SignedRamp(negative="#8F7DF0", zero="#1B2430", positive="#EAD9A0"),
        heads=("#A79BF5", "#B7D24B", "#F28E6E", "#7AD3E6", "#E6A8D7", "#D8B45A"),
    ),
)

LIGHT = Theme(
    name="light",
    palette=Palette(
        background="#FBFAF6",
        ink="#1B2530",
        dim="#5C6A79",
        cell="#EEF0EE",
        query="#0B6FB0",
        key="#A05000",
        value="#0B7553",
        output="#A0407F",
        weights=Ramp(("#F1F3EF", "#BFDCE0", "#6FB3BF", "#2F7F9C", "#123F66")),
        signed=SignedRamp(negative="#5A48B5", zero="#EEF0EE", positive="#8A6200"),
        heads=("#5B4BC4", "#566B00", "#B04A22", "#0F6E85", "#9A3A86", "#7A5C00"),
    ),
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}
