"""A sentence as a line of tokens: a row on one baseline, or a column flush on one side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import Dot, VGroup, VMobject

from attnviz.mobjects.pen import Pen
from attnviz.text import Line
from attnviz.zones import Zone

ALL_LABELS_UP_TO = 16
EXCERPT = 8
"""How many words of a long sentence an excerpt shows."""

_WIDEST_SLOT = 1.9
_DOT_RADIUS = 0.04
# A weight printed under a token is about this many caps wide.
_NUMBER_CAPS = 3.0
_SHORTEN = 0.9
# Distances from line to line, in cap heights.
_TALLEST_LINE = 5.0
_LOWEST_LINE = 1.7


def spread(widths: Sequence[float], room: float, gap: float) -> list[float] | None:
    """Return the middles of things side by side: in equal slots, or else with equal gaps.

    Parameters
    ----------
    widths
        Of the things, in frame units.
    room
        For all of them.
    gap
        The least distance between two.

    Returns
    -------
    list of float or None
        The middles, about 0; None where the things do not fit.
    """
    slot = min(room / len(widths), _WIDEST_SLOT)
    if max(widths) + gap <= slot:
        middle = (len(widths) - 1) / 2
        return [(index - middle) * slot for index in range(len(widths))]
    free = (room - sum(widths)) / (len(widths) - 1)
    if free < gap:
        return None
    edges = np.cumsum([0.0, *widths[:-1]]) + free * np.arange(len(widths)) - room / 2
    return [float(edge + width / 2) for edge, width in zip(edges, widths, strict=True)]


def excerpt(tokens: Sequence[str], place: int, most: int = EXCERPT) -> str:
    """Return some words of a sentence about one of them, with an ellipsis for what is left out."""
    start = max(0, min(place - most // 2, len(tokens) - most))
    words = " ".join(tokens[start : start + most])
    return f"{'… ' if start else ''}{words}{' …' if start + most < len(tokens) else ''}"


class TokenLine(VGroup):
    """Tokens in a line, one submobject a token: text, or a dot where there is no room for it."""

    def middle(self, index: int) -> np.ndarray:
        """Return the middle of one token's place; along the line all are evenly reached."""
        raise NotImplementedError

    def port(self, index: int, side: np.ndarray, gap: float) -> np.ndarray:
        """Return the point ``gap`` beyond one token on a side; all tokens' ports are in one line.

        Parameters
        ----------
        index
            Which token.
        side
            The direction of the side, at right angles to the line.
        gap
            In frame units.
        """
        along = np.abs(np.array([side[1], side[0], 0.0]))
        edge = self.get_edge_center(side) + gap * side
        return np.asarray(self.middle(index) * along + edge * np.abs(side))

    @property
    def lines(self) -> list[Line]:
        """The tokens that are shown as text."""
        return [item for item in self.submobjects if isinstance(item, Line)]

    @property
    def baseline(self) -> float:
        """The first text's baseline."""
        return self.lines[0].baseline


class TokenRow(TokenLine):
    """Tokens side by side in equal slots.

    Above 16 tokens only the focused ones show their text; the others are dots.

    Parameters
    ----------
    pen
        Draws the tokens.
    tokens
        Their texts, as the tokenizer made them.
    width
        The room for the whole row, in frame units.
    colour
        Hex colour of the text.
    focused
        Indices whose text shows in any case, the most important first.
    cap
        Cap height; None: the theme's.
    numbers
        Indices under which a number will stand, which get its room too; None: all.
    """

    def __init__(
        self,
        pen: Pen,
        tokens: Sequence[str],
        *,
        width: float,
        colour: str,
        focused: Sequence[int] = (),
        cap: float | None = None,
        numbers: Sequence[int] | None = None,
    ) -> None:
        if len(tokens) > ALL_LABELS_UP_TO:
            items = self._sparse(pen, tokens, width, colour, focused, cap)
        else:
            items = self._full(pen, tokens, width, colour, cap, numbers)
        super().__init__(*items)

    @staticmethod
    def _full(
        pen: Pen,
        tokens: Sequence[str],
        width: float,
        colour: str,
        cap: float | None,
        numbers: Sequence[int] | None,
    ) -> list[VMobject]:
        gap, label = pen.theme.space.gap, pen.theme.sizes.label
        least = [
            (_NUMBER_CAPS if numbers is None or place in numbers else 1.0) * label
            for place in range(len(tokens))
        ]
        longest = width
        while True:
            lines = [pen.token(t, colour=colour, cap=cap, longest=longest) for t in tokens]
            rooms = [max(line.width, room) for line, room in zip(lines, least, strict=True)]
            centres = spread(rooms, width, gap)
            if centres is not None or longest < label:
                break
            longest *= _SHORTEN
        centres = centres or np.linspace(-width / 2, width / 2, len(lines)).tolist()
        return [line.set_x(x) for line, x in zip(lines, centres, strict=True)]

    @staticmethod
    def _sparse(
        pen: Pen,
        tokens: Sequence[str],
        width: float,
        colour: str,
        focused: Sequence[int],
        cap: float | None,
    ) -> list[VMobject]:
        xs = np.linspace(-width / 2, width / 2, len(tokens))
        items: list[VMobject] = [
            Dot((float(x), 0.0, 0.0), radius=_DOT_RADIUS, color=colour) for x in xs
        ]
        for index in focused:
            line = pen.token(tokens[index], colour=colour, cap=cap).set_x(float(xs[index]))
            near = [item for item in items if abs(item.get_x() - line.get_x()) < line.width]
            if any(isinstance(item, Line) for item in near):
                continue
            for place, item in enumerate(items):
                room = line.width / 2 + 2 * pen.theme.space.gap
                covered = abs(item.get_x() - line.get_x()) < room
                if covered and place != index:
                    item.set_opacity(0)
            items[index] = line
        return items

    def middle(self, index: int) -> np.ndarray:
        """Return the middle of one token's place."""
        return np.array([self[index].get_x(), self.get_y(), 0.0])


class TokenColumn(TokenLine):
    """Tokens one under another, in the height of a zone, flush on one side.

    Where the lines would be too low only the focused tokens show their text; the others are dots.

    Parameters
    ----------
    pen
        Draws the tokens.
    tokens
        Their texts, as the tokenizer made them.
    zone
        The room.
    colour
        Hex colour of the text.
    focused
        Indices whose text shows in any case, the most important first.
    inner
        The flush side, ``LEFT`` or ``RIGHT``, where links begin or end.
    """

    def __init__(
        self,
        pen: Pen,
        tokens: Sequence[str],
        *,
        zone: Zone,
        colour: str,
        focused: Sequence[int] = (),
        inner: np.ndarray,
    ) -> None:
        cap = pen.theme.sizes.token
        pitch = min(zone.height / len(tokens), _TALLEST_LINE * cap)
        self.inner = inner
        top = zone.centre[1] + pitch * (len(tokens) - 1) / 2
        self._heights = [float(top) - index * pitch for index in range(len(tokens))]
        shown = self._with_text(range(len(tokens)), focused, pitch, _LOWEST_LINE * cap)
        edge = zone.right if inner[0] > 0 else zone.left
        items: list[VMobject] = []
        for index, (token, height) in enumerate(zip(tokens, self._heights, strict=True)):
            if index in shown:
                line = pen.token(token, colour=colour, longest=zone.width)
                line.stand_on(height - line.cap_height / 2)
                items.append(line.end_at(edge) if inner[0] > 0 else line.begin_at(edge))
            else:
                covered = any(abs(index - lit) * pitch < 0.5 * _LOWEST_LINE * cap for lit in shown)
                dot = Dot(radius=_DOT_RADIUS, color=colour, fill_opacity=0 if covered else 1)
                items.append(dot.move_to((edge - inner[0] * _DOT_RADIUS, height, 0.0)))
        super().__init__(*items)
        self._zero = float(self[0].get_y()) - self._heights[0]

    @staticmethod
    def _with_text(
        places: Sequence[int], focused: Sequence[int], pitch: float, least: float
    ) -> list[int]:
        """Return all places, or where they are too near the focused that keep their distance."""
        if pitch >= least:
            return list(places)
        kept: list[int] = []
        for place in focused:
            if all(abs(place - other) * pitch >= least for other in kept):
                kept.append(place)
        return kept

    def middle(self, index: int) -> np.ndarray:
        """Return the middle of one token's place."""
        moved = float(self[0].get_y()) - self._heights[0] - self._zero
        return np.array([self.get_x(), self._heights[index] + moved, 0.0])
