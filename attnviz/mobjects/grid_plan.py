"""What of an attention grid has room: how large its cells are, and which tokens show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from manim import PI

from attnviz.mobjects.cells import Pitch
from attnviz.mobjects.pen import Pen
from attnviz.mobjects.tokens import ALL_LABELS_UP_TO
from attnviz.text import Line

_TALLEST_ROW = 0.85
_WIDEST_COLUMN = 1.15
_WIDEST_CELL = 1.5
"""How wide a cell without label and digits may be, of its height."""

_LINE_CAPS = 1.5
"""From one label to the next below it, in cap heights."""


@dataclass(frozen=True, eq=False, slots=True)
class GridPlan:
    """The sizes and labels of a grid.

    Parameters
    ----------
    pitch
        From one cell to the next.
    tiers
        How many levels the keys' labels stand on.
    queries, keys
        Row, and column, to the label that it keeps; none is at its place yet.
    titles
        Of the queries' side and of the keys'.
    """

    pitch: Pitch
    tiers: int
    queries: dict[int, Line]
    keys: dict[int, Line]
    titles: tuple[Line, Line]


def plan_grid(
    pen: Pen,
    queries: Sequence[str],
    keys: Sequence[str],
    *,
    width: float,
    height: float,
    focused: tuple[Sequence[int], Sequence[int]],
    digits: float | None,
    small: bool,
) -> GridPlan:
    """Share out the room of a grid.

    Parameters
    ----------
    pen
        Draws the labels.
    queries, keys
        Token texts of the rows and of the columns.
    width, height
        The room for cells and labels, in frame units.
    focused
        Rows, and columns, that keep their label above 16 tokens, the most important first.
    digits
        How wide the widest digits are; None: cells carry none.
    small
        Draw no tokens, only titles.

    Returns
    -------
    GridPlan
        Its cells and labels fit the room.
    """
    palette, cap = pen.theme.palette, pen.theme.sizes.label
    query_labels = {} if small else _labels(pen, queries, palette.query, focused[0])
    titles = _titles(pen, small=small)
    beside = max(line.width for line in (titles[0], *query_labels.values()))
    room = width - beside - pen.theme.space.gap
    named = () if small else keys
    widest = min(_widest_column(pen, keys, named, focused[1], room), _WIDEST_COLUMN)
    tiers = _count_tiers(pen, named, widest)
    above = (2 if small else 2 + 2 * tiers) * cap
    tall = min((height - above) / len(queries), _TALLEST_ROW, widest)
    pitch = Pitch(x=min(widest, _wanted_width(pen, named, tall, digits)), y=tall)
    key_labels = {} if small else _labels(pen, keys, palette.key, focused[1], tiers * pitch.x)
    sparse = max(len(queries), len(keys)) > ALL_LABELS_UP_TO
    lines = _LINE_CAPS * cap
    if tall < lines and digits is None:
        query_labels = {q: query_labels[q] for q in focused[0] if q in query_labels}
    if sparse or len(query_labels) < len(queries):
        query_labels = _apart(query_labels, lambda _line: lines, pitch.y)
    if sparse:
        key_labels = _apart(key_labels, lambda line: line.width, pitch.x)
    return GridPlan(pitch, tiers, query_labels, key_labels, titles)


def _titles(pen: Pen, *, small: bool) -> tuple[Line, Line]:
    dim = pen.theme.palette.dim
    query, key = pen.words("Query", colour=dim), pen.words("Key", colour=dim)
    if small:
        query.rotate(PI / 2)
    return query, key


def _labels(
    pen: Pen,
    tokens: Sequence[str],
    colour: str,
    focused: Sequence[int],
    slot: float | None = None,
) -> dict[int, Line]:
    """Draw the tokens, of many only the focused; a slot limits how long one may be."""
    sparse = len(tokens) > ALL_LABELS_UP_TO
    longest = None if sparse or slot is None else slot - pen.theme.space.cell_gap
    return {
        index: pen.token(tokens[index], colour=colour, cap=pen.theme.sizes.label, longest=longest)
        for index in (focused if sparse else range(len(tokens)))
    }


def _widest_column(
    pen: Pen, keys: Sequence[str], named: Sequence[str], focused: Sequence[int], room: float
) -> float:
    """Return how wide a column may be, so that the labels end within the room."""
    count = len(keys)
    ends = [room / count]
    for key in focused if count > ALL_LABELS_UP_TO else [count - 1]:
        if named:
            half = pen.token(named[key], cap=pen.theme.sizes.label).width / 2
            # On two levels a label may be as wide as two columns.
            ends.append(max((room - half) / (key + 0.5), room / (count + 0.5)))
    return min(ends)


def _count_tiers(pen: Pen, keys: Sequence[str], pitch: float) -> int:
    """Return 2 where the keys' labels must stand on two levels to have room, else 1."""
    if not keys or len(keys) > ALL_LABELS_UP_TO:
        return 1
    cap = pen.theme.sizes.label
    widest = max(pen.token(key, cap=cap).width for key in keys)
    return 1 if widest + pen.theme.space.cell_gap <= pitch else 2


def _apart(
    labels: dict[int, Line], extent: Callable[[Line], float], pitch: float
) -> dict[int, Line]:
    """Drop every label that a more important one (it comes first) leaves no room for."""
    kept: dict[int, Line] = {}
    for index, line in labels.items():
        rooms = (abs(index - other) * pitch for other in kept)
        if all(room >= extent(line) for room in rooms):
            kept[index] = line
    return kept


def _wanted_width(pen: Pen, keys: Sequence[str], height: float, digits: float | None) -> float:
    """Return how wide a cell must be for its label and its digits to have room."""
    space, sizes = pen.theme.space, pen.theme.sizes
    wanted = [height]
    if len(keys) > ALL_LABELS_UP_TO:
        wanted.append(_WIDEST_CELL * height)
    else:
        wanted += [pen.token(key, cap=sizes.label).width + 2 * space.gap for key in keys]
    if digits is not None:
        wanted.append(digits + 2 * space.gap)
    return max(wanted)
