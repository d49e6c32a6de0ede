"""The contact sheet: one frame a beat with its caption, in seconds, without a video."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from attnviz.errors import AttnvizError
from attnviz.film import Beat
from attnviz.render.catalogue import load_class
from attnviz.render.films import Progress
from attnviz.render.jobs import Clip, Job
from attnviz.render.output import Output, Quality
from attnviz.render.workspace import publish, workspace

SUFFIX = ".sheet.png"

# Pixels of a tile, whatever the film's size is.
_TILE_SIDES = (640, 360)
_POINTS_PER_INCH = 72

# Lengths in points; a pixel of the sheet is a point. All words come as data, never as markup.
_TEMPLATE = """
#let sheet = json("sheet.json")
#set page(width: auto, height: auto, margin: 32pt, fill: rgb(sheet.background))
#set text(font: (sheet.family,), size: 20pt, fill: rgb(sheet.ink), number-width: "tabular")
#let tile(beat) = block(width: sheet.width * 1pt, breakable: false, {
  box(stroke: 1pt + rgb(sheet.line), image(beat.image, width: sheet.width * 1pt))
  block(above: 16pt, text(fill: rgb(sheet.dim), size: 16pt, beat.when + "   " + beat.name))
  block(above: 12pt, beat.caption)
})
#grid(columns: sheet.columns, gutter: 32pt, ..sheet.beats.map(tile))
"""


def sheet(job: Job, folder: Path, progress: Progress | None = None) -> Clip:
    """Draw a scene's contact sheet.

    Parameters
    ----------
    job
        The scene, its subject and its theme; the tiles have a size of their own.
    folder
        The output folder.
    progress
        Whom to tell of each beat.

    Returns
    -------
    Clip
        Its one file is ``"sheet"``; ``seconds`` is the length of the film it stands for.
    """
    folder = folder.resolve()
    place = folder / job.scene.name / (job.stem() + SUFFIX)
    with workspace(folder) as private:
        beats = _draw_tiles(job, private, progress or Progress())
        if not beats:
            raise AttnvizError(f"{job.scene.name} has no beats: there is no frame to show")
        finished = private / "sheet.png"
        finished.write_bytes(_compose(beats, job.output, private))
        publish({finished: place}, folder)
    return Clip(job, {"sheet": place}, beats[-1].end, cached=False)


def _draw_tiles(job: Job, private: Path, progress: Progress) -> list[Beat]:
    """Save the frame at the end of each beat as ``0.png``, ``1.png`` … and return the beats."""
    from PIL import Image

    from attnviz.render.running import StillRenderer, run
    from attnviz.stage import AttentionScene

    beats: list[Beat] = []

    def take(scene: AttentionScene, beat: Beat) -> None:
        # Manim types every scene's renderer as its own; run() gave it this one.
        assert isinstance(scene.renderer, StillRenderer)
        Image.fromarray(scene.renderer.still(scene)).save(_tile_path(private, len(beats)))
        beats.append(beat)
        progress.on_beat(beat)

    output = _tiled(job.output)
    scene_class = load_class(job.scene)
    run(scene_class, job.spec, output, StillRenderer, private / "manim", take)
    return beats


def _tiled(output: Output) -> Output:
    """Return an output of the tiles' size."""
    return replace(output, quality=Quality("tile", *_TILE_SIDES, output.quality.fps))


def _tile_path(private: Path, index: int) -> Path:
    return private / f"{index}.png"


def _compose(beats: Sequence[Beat], output: Output, private: Path) -> bytes:
    import typst

    from attnviz.theme import THEMES
    from attnviz.typeset import FAMILY, all_fonts

    palette = THEMES[output.theme].palette
    content = {
        "family": FAMILY,
        "background": palette.background,
        "ink": palette.ink,
        "dim": palette.dim,
        "line": palette.dim,
        "width": _tiled(output).width,
        "columns": math.ceil(math.sqrt(len(beats))),
        "beats": [
            {
                "image": _tile_path(private, index).name,
                "when": f"{beat.start:.1f} s",
                "name": beat.name,
                "caption": beat.caption,
            }
            for index, beat in enumerate(beats)
        ],
    }
    (private / "sheet.json").write_text(json.dumps(content), encoding="utf-8")
    document = private / "sheet.typ"
    document.write_text(_TEMPLATE, encoding="utf-8")
    png = typst.compile(
        str(document), root=str(private), format="png", ppi=_POINTS_PER_INCH, font_paths=all_fonts()
    )
    # Typst's types allow a list too, for documents of several pages; this has one.
    assert isinstance(png, bytes)
    return png
