"""What a scene showed: its beats, their captions and times, and every number with its address."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """One number of a film: where it stands, its exact value, and the text it is printed as."""

    address: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat of a film.

    Parameters
    ----------
    name
        A short slug; also the name of manim's section.
    caption
        The caption line, as read.
    start, end
        Seconds of film.
    numbers
        Every number drawn while the beat lasted, in the order of drawing.
    """

    name: str
    caption: str
    start: float
    end: float
    numbers: tuple[PrintedNumber, ...] = ()


@dataclass
class Film:
    """What one scene showed, filled while it runs."""

    beats: list[Beat] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
