"""A scene of beats: captions, holds, and a list of every number that was on screen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from manim import (
    UP,
    Animation,
    Camera,
    FadeIn,
    FadeOut,
    LaggedStart,
    ManimColor,
    Scene,
    config,
)

from attnviz.film import Beat, Film, PrintedNumber
from attnviz.mobjects.pen import Pen
from attnviz.text import Formula, Line, Run
from attnviz.theme import DARK, Theme
from attnviz.zones import Zones

_RAGGED = 1.15
"""Wrapped lines of a caption may be this much longer than their mean."""


class PlayedScene(Scene):
    """A scene that plays beats in the zones of its frame, in one theme.

    Attributes
    ----------
    zones
        Formula, stage and caption.
    pen
        Draws all type.
    film
        What has been shown so far.
    beat_watchers
        Called with the scene and the beat at the end of every beat.
    """

    theme: Theme = DARK
    pen: Pen

    def setup(self) -> None:
        """Cut the frame into zones and begin the film."""
        self.theme = type(self).theme.for_frame(config.frame_width, config.frame_height)
        camera = self.renderer.camera
        # Manim has another camera for OpenGL; films are drawn with Cairo.
        assert isinstance(camera, Camera)
        camera.background_color = ManimColor(self.theme.palette.background)
        self.zones = Zones.of_frame(config.frame_width, config.frame_height, self.theme.space)
        self.film = Film()
        self._numbers: dict[PrintedNumber, None] = {}
        self.beat_watchers: list[Callable[[Any, Beat], None]] = []
        self._caption: Line | None = None

    @contextmanager
    def beat(self, name: str, caption: str, **slots: str | Run) -> Iterator[None]:
        """Play one beat: its own section, its caption, and a hold long enough to read it.

        The first caption stands from the first frame on, so that a film opens on a still.

        Parameters
        ----------
        name
            A short slug.
        caption
            A template filled from addresses, as :meth:`Pen.phrase` takes it.
        **slots
            What fills the template.
        """
        self.next_section(name)
        self._numbers = {}
        start = self.time
        line = self.caption_line(caption, **slots)
        if self._caption is None:
            self._caption = line
            self.add(line)
            self.wait(self.theme.timing.step)
        else:
            self.play(self._swap_caption(line), run_time=self.theme.timing.caption)
        yield
        timing = self.theme.timing
        reading = max(timing.least_hold, timing.seconds_a_word * len(line.text.split()))
        shown = self.time - start
        self.wait(max(timing.least_hold, reading - shown))
        beat = Beat(name, line.text, start, self.time, tuple(self._numbers))
        self.film.beats.append(beat)
        for watch in self.beat_watchers:
            watch(self, beat)

    def play(self, *animations: Any, **options: Any) -> None:
        """Play animations, and note every number that they leave on screen."""
        super().play(*animations, **options)
        self._numbers.update(dict.fromkeys(self.drawn_numbers()))

    def drawn_lines(self) -> Iterator[Line]:
        """Yield every line of type on screen, in drawing order."""
        for mobject in self.mobjects:
            yield from (member for member in mobject.get_family() if isinstance(member, Line))

    def drawn_numbers(self) -> Iterator[PrintedNumber]:
        """Yield every number on screen with its address."""
        for line in self.drawn_lines():
            for run in line.runs:
                if run.address is not None and run.value is not None:
                    yield PrintedNumber(run.address, run.value, run.text)

    def caption_line(self, template: str, **slots: str | Run) -> Line:
        """Set a caption in the caption zone."""
        zone = self.zones.caption
        line = self.pen.phrase(template, slots, role="caption")
        if line.width > zone.width:
            # Lines of one length, with some play for the words that will not break.
            lines = math.ceil(line.width / zone.width)
            even = min(zone.width, _RAGGED * line.width / lines)
            line = self.pen.phrase(template, slots, role="caption", wrap=even)
            return line.move_to(zone.centre)
        return line.stand_in(zone)

    def _swap_caption(self, line: Line) -> Animation:
        """Let the new caption rise once the old one is gone: the two are never read together."""
        shift = self.theme.space.gap * UP
        leaving = [FadeOut(self._caption, shift=shift)] if self._caption else []
        self._caption = line
        return LaggedStart(*leaving, FadeIn(line, shift=shift), lag_ratio=1.0)

    def formula(self, expression: str) -> Formula:
        """Return a formula in the formula zone, its terms in the colours of their meaning."""
        palette = self.theme.palette
        meanings = {
            "query": palette.query,
            "key": palette.key,
            "value": palette.value,
            "output": palette.output,
        }
        colours = {
            name: colour
            for name, colour in meanings.items()
            if f":{name}" in expression.replace(" ", "")
        }
        formula = self.pen.formula(expression, colours)
        formula.move_to(self.zones.formula.centre)
        return formula
