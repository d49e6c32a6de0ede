"""Title cards in the look of the films: what comes next, and where in the whole it stands."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from manim import DOWN, ManimColor, Mobject, Square, VGroup, smooth

from attnviz.render.encoding import FilmWriter
from attnviz.render.joining import fade
from attnviz.render.output import Output
from attnviz.render.running import draw
from attnviz.text import Typesetter
from attnviz.theme import THEMES, Theme
from attnviz.zones import Zones

# Rows of a title are of about one length; a little more than their share lets words fit in.
_LOOSE = 1.12
# Shares of the stage's width: a margin, the words, a margin.
_COLUMNS = (1, 12, 1)


@dataclass(frozen=True, slots=True)
class Card:
    """The words of a title card.

    Parameters
    ----------
    title
        The large line.
    label
        The small line: above the title of a scene, below that of the whole.
    place
        Which of the tour's scenes comes next, from 0; None: the card opens the whole.
    count
        How many scenes the tour has.
    """

    title: str
    label: str
    place: int | None
    count: int

    @property
    def words(self) -> int:
        """How many words there are to read."""
        return len(f"{self.label} {self.title}".split())


def card_frame(card: Card, output: Output, folder: Path) -> np.ndarray:
    """Draw a card: height × width × RGBA.

    Parameters
    ----------
    card
        Its words.
    output
        Size and theme.
    folder
        A private place for what manim writes on the way.
    """
    theme = THEMES[output.theme].for_frame(output.frame_width, output.frame_height)
    zones = Zones.of_frame(output.frame_width, output.frame_height, theme.space)
    width = zones.stage.columns(*_COLUMNS)[1].width
    return draw(output, lambda: [_picture(card, theme, width)], folder)


def write_card(
    writer: FilmWriter,
    picture: np.ndarray,
    card: Card,
    theme: Theme,
    before: np.ndarray | None,
    after: np.ndarray | None,
) -> None:
    """Write a card's frames: what stood before goes out, the card comes and goes again.

    Parameters
    ----------
    writer
        Where the frames go.
    picture
        The card as drawn.
    card
        Its words, which take their time to read.
    theme
        Gives the times.
    before, after
        The frames around it; None: the card itself is there at once, or stays to the end.
    """
    timing = theme.timing
    fading = round(timing.quick * writer.fps)
    empty = np.empty_like(picture)
    empty[:] = ManimColor(theme.palette.background).to_int_rgba()
    hold = max(timing.slow, timing.seconds_a_word * card.words)
    if before is not None:
        fade(writer, before, empty, fading, _ease)
        fade(writer, empty, picture, fading, _ease)
    writer.write_frame(picture, repeat=max(1, round(hold * writer.fps)))
    if after is not None:
        fade(writer, picture, empty, fading, _ease)
        fade(writer, empty, after, fading, _ease)


_ease: Callable[[float], float] = smooth


def _picture(card: Card, theme: Theme, width: float) -> Mobject:
    palette, sizes = theme.palette, theme.sizes
    type_ = Typesetter()
    whole = type_.line(card.title, sizes.title, palette.ink, weight="semibold").width
    rows = math.ceil(whole / width)
    even = min(width, _LOOSE * whole / rows)
    title = type_.line(card.title, sizes.title, palette.ink, weight="semibold", width=even)
    label = type_.line(card.label, sizes.token, palette.dim, width=width)
    lines = [title, label] if card.place is None else [label, title]
    steps = VGroup(*(_step(card, index, theme) for index in range(card.count)))
    steps.arrange(buff=theme.space.gap)
    picture = VGroup(*lines, steps).arrange(DOWN, buff=2 * theme.space.wide_gap)
    return picture.move_to((0.0, 0.0, 0.0))


def _step(card: Card, index: int, theme: Theme) -> Square:
    """Return the mark of one scene: seen, coming next, or still to come."""
    palette = theme.palette
    place = -1 if card.place is None else card.place
    colour = palette.ink if index == place else palette.dim if index < place else palette.cell
    return Square(
        theme.sizes.token,
        stroke_width=theme.space.hairline,
        stroke_color=palette.dim,
        fill_color=colour,
        fill_opacity=1,
    )
