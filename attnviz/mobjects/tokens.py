"""A sentence as a row of tokens, one slot a token, all on one baseline."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from manim import Dot, VGroup, VMobject

from attnviz.mobjects.pen import Pen

ALL_LABELS_UP_TO = 16
_WIDEST_SLOT = 1.9
_DOT_RADIUS = 0.04


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
        Indices whose text shows in any case.
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
        focused: Collection[int] = (),
        cap: float | None = None,
    ) -> None:
        self.slot = min(width / len(tokens), _WIDEST_SLOT)
        longest = self.slot - pen.theme.space.gap
        sparse = len(tokens) > ALL_LABELS_UP_TO
        middle = (len(tokens) - 1) / 2
        items: list[VMobject] = []
        for index, token in enumerate(tokens):
            if sparse and index not in focused:
                item: VMobject = Dot(radius=_DOT_RADIUS, color=colour)
            else:
                item = pen.token(token, colour=colour, cap=cap, longest=None if sparse else longest)
            items.append(item.shift(((index - middle) * self.slot, 0.0, 0.0)))
        super().__init__(*items)

    def foot(self, index: int, gap: float) -> np.ndarray:
        """Return the point ``gap`` below one token; all tokens' feet are at one height."""
        return np.array([self[index].get_x(), self.get_bottom()[1] - gap, 0.0])

    def crown(self, index: int, gap: float) -> np.ndarray:
        """Return the point ``gap`` above one token; all tokens' crowns are at one height."""
        return np.array([self[index].get_x(), self.get_top()[1] + gap, 0.0])
