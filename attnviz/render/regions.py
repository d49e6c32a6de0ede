"""What can be pointed at in a scene as it stands: printed numbers and cells, in pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
from manim import ImageMobject, Mobject, VMobject

from attnviz.mobjects.entries import Entries, entries_of
from attnviz.mobjects.pen import element
from attnviz.stage.playing import PlayedScene
from attnviz.text import Line, Run
from attnviz.typeset import Weight, sign_outlines
from attnviz.zones import Zone

_LEAST_LIGHT = 0.1
"""What is less opaque is not seen."""

_SMALLEST = 2.0
"""Pixels of the side of a cell that can still be pointed at."""

_SLACK = 0.02
"""How far cells in even spacing may be off, by the size of a cell."""

_SLACK_OF_OUTLINES = 0.01
"""How far two drawings of one glyph may be off, in cap heights."""


@dataclass(frozen=True)
class _Block:
    """Entries in even spacing, and where they are."""

    shown: Entries
    place: Zone
    cell: Zone
    """The first of them, without the gaps."""


def regions(scene: PlayedScene, width: int, height: int) -> list[dict[str, Any]]:
    """Return what can be pointed at in a scene as it stands.

    Parameters
    ----------
    scene
        The scene.
    width, height
        Pixels of the film.

    Returns
    -------
    list of dict
        In drawing order, the topmost last. A printed number has ``address``, ``text`` and ``box``.
        Cells have the ``address`` of their array, ``rows`` and ``columns`` (places in it, in even
        spacing; None where the array has no such axis) and ``box``. Boxes are
        ``[x, y, width, height]`` in pixels from the top left.
    """
    camera: Any = scene.renderer.camera
    per_x, per_y = width / camera.frame_width, height / camera.frame_height

    def box(place: Zone) -> list[float]:
        x, y = width / 2 + place.left * per_x, height / 2 - place.top * per_y
        return [round(side, 2) for side in (x, y, place.width * per_x, place.height * per_y)]

    runs: list[Run] = []
    cells: list[Entries] = []
    glyphs: list[Sequence[np.ndarray]] = []
    shapes: list[Sequence[np.ndarray]] = []
    for mobject in _in_drawing_order([*scene.mobjects, *scene.foreground_mobjects]):
        if isinstance(mobject, Line):
            for run, own in _numbers(mobject):
                runs.append(run)
                glyphs.append([glyph.points for glyph in own])
        elif (shown := entries_of(mobject)) is not None and _is_seen(mobject):
            lies = _as_it_lies(shown, mobject) if isinstance(mobject, ImageMobject) else shown
            cells.append(lies)
            shapes.append([mobject.points])
    blocks = _blocks(map(_Block, cells, *[_rectangles(shapes)] * 2))
    pointable = (_described(block, box(block.place)) for block in blocks)
    # Numbers stand over cells, never under them.
    return [
        *(block for block in pointable if _can_be_pointed_at(block)),
        *(
            {"address": run.address, "text": run.text, "box": box(place)}
            for run, place in zip(runs, _rectangles(glyphs), strict=True)
        ),
    ]


def _rectangles(outlines: Sequence[Sequence[np.ndarray]]) -> list[Zone]:
    """Return the rectangle around each of many groups of outlines, all at once: it is quicker."""
    if not outlines:
        return []
    points = np.concatenate([outline for group in outlines for outline in group])[:, :2]
    sizes = [sum(map(len, group)) for group in outlines]
    starts = np.concatenate([[0], np.cumsum(sizes[:-1])]).astype(int)
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    left, bottom, right, top = np.concatenate([low, high], axis=1).T.tolist()
    return [Zone(*sides) for sides in zip(left, right, bottom, top, strict=True)]


def _in_drawing_order(mobjects: Sequence[Mobject]) -> list[Mobject]:
    """Return what may be pointed at, in the order in which it is drawn."""
    found: list[Mobject] = []
    seen: set[int] = set()

    def visit(mobject: Mobject) -> None:
        if id(mobject) in seen:
            return
        seen.add(id(mobject))
        if isinstance(mobject, Line):
            found.append(mobject)
            return
        for part in reversed(mobject.submobjects):
            visit(part)
        if entries_of(mobject) is not None:
            found.append(mobject)

    # What stands in two places is drawn at the later one.
    for mobject in reversed(mobjects):
        visit(mobject)
    found.reverse()
    found.sort(key=lambda mobject: float(mobject.z_index))  # those of one level keep their order
    return found


def _is_seen(mobject: Mobject) -> bool:
    if isinstance(mobject, ImageMobject):
        # Gaps between the cells of an image are clear; the first pixel is in the first cell.
        return bool(mobject.pixel_array[0, 0, 3] >= 255 * _LEAST_LIGHT)
    assert isinstance(mobject, VMobject)
    return bool(len(mobject.points) and mobject.fill_rgbas[0, 3] >= _LEAST_LIGHT)


# -- printed numbers -------------------------------------------------------------------------------


def _numbers(line: Line) -> Iterator[tuple[Run, Sequence[VMobject]]]:
    """Yield the printed numbers of a line, each with its own glyphs."""
    if not any(run.address for run in line.runs):
        return
    glyphs = [glyph for glyph in line.glyphs if len(glyph.points) and _is_seen(glyph)]
    if not glyphs:
        return
    # Spaces have no glyph, and letters may share one: so many stand before each run at most, and
    # so many after it.
    lengths = [len("".join(run.text.split())) for run in line.runs]
    for place, (run, length) in enumerate(zip(line.runs, lengths, strict=True)):
        if run.address is not None:
            most = sum(lengths[:place])
            least = len(glyphs) - sum(lengths[place:])
            start = _start(run, glyphs, range(max(least, 0), most + 1), line)
            yield run, glyphs if start is None else glyphs[start : start + length]


def _start(run: Run, glyphs: Sequence[VMobject], places: range, line: Line) -> int | None:
    """Return at which of some places a printed number begins; None where nobody can tell."""
    if len(places) == 1:
        return places[0]
    cap = line.cap_height
    for weight in get_args(Weight):
        signs = sign_outlines(weight)
        # Where a number is one glyph on its way to another, it has other outlines.
        wanted = [signs[sign][0].points for sign in run.text if sign in signs]
        for place in places:
            found = [glyph.points / cap for glyph in glyphs[place : place + len(wanted)]]
            if len(found) == len(run.text) and all(map(_same_outline, found, wanted)):
                return place
    return None


def _same_outline(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two glyphs have one outline, wherever they stand."""
    if one.shape != other.shape:
        return False
    return bool(np.allclose(one - one[0], other - other[0], atol=_SLACK_OF_OUTLINES))


# -- cells -----------------------------------------------------------------------------------------


def _as_it_lies(shown: Entries, image: ImageMobject) -> Entries:
    """Return the entries of an image as it lies: one row of a matrix may be turned upright."""
    left, right = image.points[0], image.points[1]
    if abs(right[0] - left[0]) > abs(right[1] - left[1]):
        return shown
    assert shown.columns is not None
    row = shown.address if shown.rows is None else element(shown.address, shown.rows[0])
    columns = shown.columns if right[1] < left[1] else shown.columns[::-1]
    return Entries(row, columns, None)


def _blocks(cells: Iterable[_Block]) -> Iterator[_Block]:
    """Join cells that lie in even rows, and rows that lie in even columns."""
    return _joined(_joined(cells, "columns"), "rows")


def _described(block: _Block, box: list[float]) -> dict[str, Any]:
    rows, columns = block.shown.rows, block.shown.columns
    return {
        "address": block.shown.address,
        "rows": None if rows is None else list(rows),
        "columns": None if columns is None else list(columns),
        "box": box,
    }


def _can_be_pointed_at(block: dict[str, Any]) -> bool:
    _, _, width, height = block["box"]
    sides = (width / len(block["columns"] or (0,)), height / len(block["rows"] or (0,)))
    return bool(min(sides) >= _SMALLEST)


def _joined(blocks: Iterable[_Block], axis: str) -> Iterator[_Block]:
    """Join neighbours along an axis as long as they are in even spacing."""
    run: list[_Block] = []
    for block in blocks:
        if run and not _continues(run, block, axis):
            yield _whole(run, axis)
            run = []
        run.append(block)
    if run:
        yield _whole(run, axis)


def _continues(run: Sequence[_Block], block: _Block, axis: str) -> bool:
    """Tell whether a block goes on where a run of them ends."""
    last = run[-1]
    ours, theirs = last.shown, block.shown
    across = axis == "columns"
    other_axis = (ours.rows, theirs.rows) if across else (ours.columns, theirs.columns)
    along = theirs.columns if across else theirs.rows
    if ours.address != theirs.address or other_axis[0] != other_axis[1] or along is None:
        return False
    if not across and len(along) > 1:
        return False
    step_x = block.cell.left - last.cell.left
    step_y = last.cell.top - block.cell.top
    step, aside = (step_x, step_y) if across else (step_y, step_x)
    size = last.cell.width if across else last.cell.height
    slack = _SLACK * size
    if step < size - slack or abs(aside) > slack or not _alike(last, block, slack):
        return False
    if len(run) == 1:
        return step < 2 * size
    before = run[-2].cell
    known = last.cell.left - before.left if across else before.top - last.cell.top
    return abs(step - known) <= slack


def _alike(one: _Block, other: _Block, slack: float) -> bool:
    """Tell whether two blocks are of one size."""
    return (
        abs(one.place.width - other.place.width) <= slack
        and abs(one.place.height - other.place.height) <= slack
    )


def _whole(run: Sequence[_Block], axis: str) -> _Block:
    """Return a run of neighbours as one block; half a gap belongs to each of its ends."""
    first, last = run[0], run[-1]
    if len(run) == 1:
        return first
    if axis == "columns":
        pitch = (last.cell.left - first.cell.left) / (len(run) - 1)
        half = (pitch - first.cell.width) / 2
        place = replace(first.place, left=first.cell.left - half, right=last.cell.right + half)
        columns = tuple(place for block in run for place in block.shown.columns or ())
        return replace(first, shown=replace(first.shown, columns=columns), place=place)
    pitch = (first.cell.top - last.cell.top) / (len(run) - 1)
    half = (pitch - first.cell.height) / 2
    place = replace(first.place, top=first.cell.top + half, bottom=last.cell.bottom - half)
    rows = tuple(place for block in run for place in block.shown.rows or ())
    return replace(first, shown=replace(first.shown, rows=rows), place=place)
