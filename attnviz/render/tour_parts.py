"""The chapters of a tour: title cards between the films, and the captions of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.film import Beat
from attnviz.render import manifest as manifests
from attnviz.render.catalogue import summary
from attnviz.render.formats import VIDEO
from attnviz.render.jobs import Clip
from attnviz.render.output import Output

if TYPE_CHECKING:
    import numpy as np

    from attnviz.render.cards import Card

TITLE = "How attention works"
LABEL = "Every number on screen is a value of a tensor that a real model computed."


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter of the tour: a title card, and the film that it announces.

    Parameters
    ----------
    title
        As players list it.
    scene
        The scene's name; empty for the card that opens the whole.
    start, card_end, end
        In frames of the whole.
    beats
        What is read meanwhile, in seconds of the whole.
    manifest
        The manifest of the scene's own film.
    """

    title: str
    scene: str
    start: int
    card_end: int
    end: int
    beats: tuple[Beat, ...]
    manifest: Path | None = None


def cards(clips: Sequence[Clip]) -> list[Card]:
    """Return the title cards of a tour: one for the whole, one for each film."""
    from attnviz.render.cards import Card

    count = len(clips)
    opening = Card(TITLE, LABEL, None, count)
    return [
        opening,
        *(
            Card(summary(clip.job.scene), f"{place + 1}   {clip.job.scene.name}", place, count)
            for place, clip in enumerate(clips)
        ),
    ]


def film_parts(
    clips: Sequence[Clip], pictures: Sequence[np.ndarray], private: Path
) -> tuple[list[Path], list[Part]]:
    """Encode the cards between the films.

    Parameters
    ----------
    clips
        The films, in order.
    pictures
        The cards as drawn, in the order of :func:`cards`.
    private
        Where the cards' own films go.

    Returns
    -------
    films : list of Path
        Cards and films in the order of the tour.
    parts : list of Part
        Its chapters: each begins with the first frame of its card.
    """
    from attnviz.render.assembling import assemble
    from attnviz.render.cards import write_card
    from attnviz.render.encoding import FilmWriter
    from attnviz.render.joining import edge_frames
    from attnviz.theme import THEMES

    output = clips[0].job.output
    theme = THEMES[output.theme]
    films: list[Path] = []
    parts: list[Part] = []
    before: np.ndarray | None = None
    clip: Clip | None
    for place, (card, picture) in enumerate(zip(cards(clips), pictures, strict=True)):
        clip = clips[place - 1] if place else None
        first, last = edge_frames(clip.files["video"]) if clip else (None, picture)
        films.append(private / f"card-{place}.mp4")
        with FilmWriter(output, {}) as writer:
            write_card(writer, picture, card, theme, before, first)
        assemble(writer.beats(), {VIDEO: films[-1]}, output, {})
        start = parts[-1].end if parts else 0
        parts.append(_part(card, place, clip, start, start + writer.frames, output))
        if clip:
            films.append(clip.files["video"])
        before = last
    return films, parts


def _part(
    card: Card, number: int, clip: Clip | None, start: int, card_end: int, output: Output
) -> Part:
    """Return a chapter: its film's beats are those of the film's own manifest, later."""
    fps = output.quality.fps
    shown = Beat("title", card.title, start / fps, card_end / fps)
    if clip is None:
        return Part(card.title, "", start, card_end, card_end, (shown,))
    told = manifests.read(clip.files["manifest"])
    assert told is not None
    scene, late = clip.job.scene.name, card_end / fps
    beats = [
        Beat(f"{scene} {beat['name']}", beat["caption"], late + beat["start"], late + beat["end"])
        for beat in told["beats"]
    ]
    return Part(
        f"{number}. {card.title}",
        scene,
        start,
        card_end,
        card_end + told["frames"],
        (replace(shown, name=f"{scene} title"), *beats),
        clip.files["manifest"],
    )
