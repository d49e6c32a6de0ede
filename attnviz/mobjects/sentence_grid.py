"""An attention grid without digits, under its name and shape: for grids that stand side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from manim import Group

from attnviz.mobjects.grid import AttentionGrid
from attnviz.mobjects.matrices import shape_title
from attnviz.mobjects.pen import Pen
from attnviz.zones import Zone

_TITLE_CAPS = 3.0
_LEAST_COLUMN_CAPS, _LEAST_ROW_CAPS = 2.8, 2.0
"""Narrower columns and lower rows have no room for tokens."""

Tokens = tuple[Sequence[str], Sequence[str]]


class SentenceGrid(Group):
    """The weights of one head as colours, with the tokens where they have room.

    Parameters
    ----------
    pen
        Draws the type.
    name
        Whose attention it is.
    address
        The weights ``[query, key]``.
    tokens
        Texts of the queries and of the keys.
    zone
        The room; the grid stands in its middle.
    small
        Leave the tokens out.
    """

    def __init__(
        self,
        pen: Pen,
        name: str,
        address: str,
        tokens: Tokens,
        zone: Zone,
        *,
        small: bool,
    ) -> None:
        label = pen.theme.sizes.label
        queries, keys = tokens
        header = _TITLE_CAPS * label
        self.grid = AttentionGrid(
            pen,
            address,
            queries,
            keys,
            width=zone.width,
            height=zone.height - header,
            fill=pen.theme.palette.weights,
            small=small,
            digits=False,
        ).move_to(zone.centre)
        self.title = shape_title(pen, name, address, pen.theme.palette.ink)
        half = (zone.width - self.title.width) / 2
        middle = float(zone.centre[0])
        self.title.set_x(min(max(float(self.grid.face.get_x()), middle - half), middle + half))
        self.title.stand_on(float(self.grid.get_top()[1]) + header - 2 * label)
        super().__init__(self.grid, self.title)
        self.set_y(float(zone.centre[1]))


def sentence_grids(
    pen: Pen, grids: Mapping[str, tuple[str, Tokens]], zones: Sequence[Zone]
) -> list[SentenceGrid]:
    """Return grids side by side, all with tokens or, where one has no room for them, all without.

    Parameters
    ----------
    pen
        Draws the type.
    grids
        The name of each to its address and its tokens.
    zones
        The rooms.
    """
    label = pen.theme.sizes.label
    small = any(
        zone.width < _LEAST_COLUMN_CAPS * label * len(keys)
        or zone.height < _LEAST_ROW_CAPS * label * len(queries)
        for (_, (queries, keys)), zone in zip(grids.values(), zones, strict=True)
    )
    return [
        SentenceGrid(pen, name, address, tokens, zone, small=small)
        for (name, (address, tokens)), zone in zip(grids.items(), zones, strict=True)
    ]
