"""The heads of a model: which does what most, as one picture, as a table, as JSON."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from attnviz.head_rules import HeadRule
from attnviz.naming import digest, slug
from attnviz.ranking import Finding, Ranked
from attnviz.render.legibility import require_legible
from attnviz.render.names import stem
from attnviz.render.output import SHORTER_SIDE, Output, Quality
from attnviz.render.workspace import publish, workspace
from attnviz.rounding import printed
from attnviz.spec import Spec

if TYPE_CHECKING:
    from manim import Mobject

    from attnviz.mobjects.overview import Mark
    from attnviz.mobjects.pen import Pen
    from attnviz.records import ModelTrace
    from attnviz.zones import Zone

PLACES = 2
_HEIGHT = 1440
_MOST_HEIGHT = 4320
_HEAD_SHARE = 0.68
"""How much of the frame's height the grids of all layers have, about."""

_CELL = 2
"""Pixels that a cell should have, where the picture does not grow too large."""

_LEGEND_WIDTH = 4.1
_LONGEST_TITLE = 120
_SECOND_LINE = 0.46
"""Its distance from the first, of an entry's height, where there is little room."""

_WIDEST = 500
"""Characters of the table's widest line."""

_BADGE = 0.15
_ENTRY = 0.95
"""Height of an entry of the legend, where there is room."""

_RAMP_STEPS = 64


def file_name(spec: Spec, pairs: Sequence[HeadRule], theme: str) -> str:
    """Name a picture after what differs from the default, as films are named."""
    name = stem("heads", spec, Spec(), Output(theme=theme))
    words = [str(rule) for rule in pairs]
    return "-".join([name, *map(slug, words), *([digest(words)] if words else [])]) + ".png"


def draw_overview(
    trace: ModelTrace, spec: Spec, found: Sequence[Finding], theme: str, place: Path
) -> Path:
    """Draw all heads of a trace as one PNG, the best of each finding framed.

    Parameters
    ----------
    trace
        What the model computed.
    spec
        What the user chose.
    found
        What was looked for.
    theme
        Name of the theme.
    place
        The file to write.

    Returns
    -------
    Path
        The true path of the picture.
    """
    from PIL import Image

    from attnviz.render.running import draw

    require_legible(spec, trace)
    place = place.absolute()
    output = _output(trace, theme)
    with workspace(place.parent) as private:
        pixels = draw(output, lambda: _picture(trace, spec, found, output), private / "manim")
        finished = private / "overview.png"
        Image.fromarray(np.ascontiguousarray(pixels[..., :3])).save(finished, optimize=True)
        publish({finished: place}, place.parent)
    return place.resolve()


def _output(trace: ModelTrace, theme: str) -> Output:
    """Return a size in which every cell of the largest grid can be seen, where there is one."""
    cells = max(max(layer.weights.shape[1:]) for layer in trace.layers)
    rows = max(len(trace.layers), *(len(layer.weights) for layer in trace.layers))
    wanted = math.ceil(_CELL * cells * rows / _HEAD_SHARE)
    height = 2 * math.ceil(min(max(_HEIGHT, wanted), _MOST_HEIGHT) / 2)
    plain = Output()
    width = 2 * math.ceil(height * plain.aspect.width / plain.aspect.height / 2)
    return replace(plain, quality=Quality("overview", width, height, 1), theme=theme)


def _picture(
    trace: ModelTrace, spec: Spec, found: Sequence[Finding], output: Output
) -> list[Mobject]:
    from attnviz.mobjects.overview import Overview, marks
    from attnviz.mobjects.pen import Pen
    from attnviz.theme import THEMES
    from attnviz.zones import Zones

    theme = THEMES[output.theme]
    pen = Pen(theme, {"": trace}, hide_special=spec.hide_special)
    zones = Zones.of_frame(output.frame_width, output.frame_height, theme.space)
    whole = replace(zones.stage, bottom=zones.caption.bottom)
    _, grids = whole.beside(_LEGEND_WIDTH, 2 * theme.space.wide_gap)
    width = grids.width
    grids = replace(grids, left=whole.left, right=whole.left + width)
    done = [finding for finding in found if finding.heads]
    framed = marks([(one.heads[0].layer, one.heads[0].head) for one in done], theme)
    overview = Overview(pen, trace, framed, grids, output.height / SHORTER_SIDE)
    left = overview.right + 2 * theme.space.wide_gap
    legend = replace(whole, left=left, right=left + _LEGEND_WIDTH)
    keys = _legend(pen, trace, done, framed, legend)
    # What is left at the sides, and below few layers, is shared evenly.
    step = SHORTER_SIDE / output.height
    aside = step * round((whole.right - legend.right) / 2 / step)
    for part in (overview, *keys):
        part.shift((aside, 0.0, 0.0))
    spare = float(overview.get_bottom()[1]) - whole.bottom
    overview.shift((0.0, -step * round(spare / 2 / step), 0.0))
    return [overview, *keys, *_title(pen, trace, replace(zones.formula, left=whole.left + aside))]


def _title(pen: Pen, trace: ModelTrace, zone: Zone) -> list[Mobject]:
    text = trace.text
    if len(text) > _LONGEST_TITLE:
        text = text[:_LONGEST_TITLE].rstrip() + "…"
    name = pen.words(f"{trace.model}", colour=pen.theme.palette.dim).stand_in(zone)
    name.begin_at(zone.left)
    room = zone.width - name.width - pen.theme.space.wide_gap
    whole = pen.words(text, role="token").width
    text = text if whole <= room else text[: int(len(text) * room / whole)].rstrip() + "…"
    sentence = pen.token(text, longest=room, weight="regular").stand_in(zone)
    return [name, sentence.begin_at(float(name.get_right()[0]) + pen.theme.space.wide_gap)]


def _legend(
    pen: Pen, trace: ModelTrace, found: Sequence[Finding], framed: Sequence[Mark], zone: Zone
) -> list[Mobject]:
    from attnviz.mobjects.overview import badge

    theme, line = pen.theme, 1.9 * pen.theme.sizes.label
    title = pen.words("The head that looks most at", colour=theme.palette.dim)
    key = _key(pen, trace, zone)
    first = zone.top - theme.sizes.label
    room = first - float(key.get_top()[1]) - 2 * line
    pitch = min(_ENTRY, room / max(len(found), 1))
    indent = zone.left + 2 * _BADGE + theme.space.gap
    entries: list[Mobject] = []
    for place, (finding, mark) in enumerate(zip(found, framed, strict=True)):
        best, base = finding.heads[0], first - 1.5 * line - place * pitch
        measured = f"layer {best.layer}, head {best.head}: {printed(best.value, PLACES)}"
        what = pen.token(finding.rule.target, cap=theme.sizes.label, longest=zone.right - indent)
        where = pen.words(measured, colour=theme.palette.dim)
        disc = badge(pen, mark, _BADGE).move_to((0.0, base + theme.sizes.label / 2, 0.0))
        disc.set_x(zone.left + _BADGE)
        entries += [disc, what.begin_at(indent).stand_on(base)]
        entries.append(where.begin_at(indent).stand_on(base - min(line, _SECOND_LINE * pitch)))
    return [title.begin_at(zone.left).stand_on(first), *entries, key]


def _key(pen: Pen, trace: ModelTrace, zone: Zone) -> Mobject:
    """Return the ramp of the weights, and how a grid is read."""
    from manim import Group, ImageMobject

    from attnviz.mobjects.cells import colours

    theme = pen.theme
    line = 1.9 * theme.sizes.label
    steps = colours(np.linspace(0, 1, _RAMP_STEPS)[None], theme.palette.weights)
    ramp = ImageMobject(np.rint(255 * steps).astype(np.uint8))
    masked = not all(layer.mask.all() for layer in trace.layers)
    says = ["rows ask, columns answer", *(["empty: masked"] if masked else [])]
    notes = [pen.words(text, colour=theme.palette.dim) for text in says]
    low, high = (pen.words(text, colour=theme.palette.dim) for text in ("weight 0", "1"))
    base = zone.bottom + line * (len(notes) - 1)
    for index, note in enumerate(notes):
        note.begin_at(zone.left).stand_on(base - index * line)
    low.begin_at(zone.left).stand_on(base + 1.2 * line)
    ramp.stretch_to_fit_width(zone.width / 3).stretch_to_fit_height(theme.sizes.label)
    ramp.next_to(low, buff=theme.space.gap).set_y(low.baseline + theme.sizes.label / 2)
    high.begin_at(float(ramp.get_right()[0]) + theme.space.gap).stand_on(low.baseline)
    return Group(low, ramp, high, *notes)


def print_table(found: Sequence[Finding], top: int, console: Console | None = None) -> None:
    """Print the best heads of every finding, and how to film each.

    Parameters
    ----------
    found
        What was looked for.
    top
        How many heads of each.
    console
        Where to print; None: stdout.
    """
    # As wide as it is: what is to be typed must not be cut.
    console = console or Console(width=_WIDEST)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    for name in ("layer", "head", "value"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("to film it", no_wrap=True)
    for finding in found:
        if not finding.heads:
            table.add_row(Text(f"{finding.rule.plain}"), "", "", "–", Text(finding.why_not, "dim"))
        for place, one in enumerate(finding.heads[:top]):
            what = Text("" if place else finding.rule.plain, style="bold")
            value = printed(one.value, PLACES)
            table.add_row(what, str(one.layer), str(one.head), value, Text(_option(finding, place)))
    console.print(table)


def _option(finding: Finding, place: int) -> str:
    """Return what films one of the heads of a finding."""
    if place == 0:
        return f"--head {shlex.quote(str(finding.rule))}"
    one = finding.heads[place]
    return f"--layer {one.layer} --head {one.head}"


def as_json(trace: ModelTrace, found: Sequence[Finding], top: int, picture: Path) -> str:
    """Write what was found, and where the picture is, as one JSON object."""
    return json.dumps(
        {
            "model": trace.model,
            "text": trace.text,
            "tokens": list(trace.tokens),
            "behaviours": [
                {
                    "head": str(finding.rule),
                    "plain": finding.rule.plain,
                    "heads": [_plain(one) for one in finding.heads[:top]],
                    "why_not": finding.why_not or None,
                }
                for finding in found
            ],
            "files": {"picture": str(picture)},
        }
    )


def _plain(one: Ranked) -> dict[str, int | float]:
    return {"layer": one.layer, "head": one.head, "query": one.query, "value": one.value}
