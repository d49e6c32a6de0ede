"""A sentence as a row of tokens, one slot a token, all on one baseline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import Dot, VGroup, VMobject

from attnviz.mobjects.pen import Pen
from attnviz.text import Line

ALL_LABELS_UP_TO = 16
_WIDEST_SLOT = 1.9
_DOT_RADIUS = 0.04
# A weight printed under a token is about this many caps wide.
_NUMBER_CAPS = 3.0
_SHORTEN = 0.9


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


class TokenRow(VGroup):
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
    ) -> None:
        if len(tokens) > ALL_LABELS_UP_TO:
            items = self._sparse(pen, tokens, width, colour, focused, cap)
        else:
            items = self._full(pen, tokens, width, colour, cap)
        super().__init__(*items)

    @staticmethod
    def _full(
        pen: Pen, tokens: Sequence[str], width: float, colour: str, cap: float | None
    ) -> list[VMobject]:
        gap = pen.theme.space.gap
        least = _NUMBER_CAPS * pen.theme.sizes.label
        longest = width
        while True:
            lines = [pen.token(t, colour=colour, cap=cap, longest=longest) for t in tokens]
            centres = spread([max(line.width, least) for line in lines], width, gap)
            if centres is not None or longest < least:
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
                covered = abs(item.get_x() - line.get_x()) < line.width / 2 + _DOT_RADIUS
                if covered and place != index:
                    item.set_opacity(0)
            items[index] = line
        return items

    def foot(self, index: int, gap: float) -> np.ndarray:
        """Return the point ``gap`` below one token; all tokens' feet are at one height."""
        return np.array([self[index].get_x(), self.get_bottom()[1] - gap, 0.0])

    def crown(self, index: int, gap: float) -> np.ndarray:
        """Return the point ``gap`` above one token; all tokens' crowns are at one height."""
        return np.array([self[index].get_x(), self.get_top()[1] + gap, 0.0])
