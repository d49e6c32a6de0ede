"""The shares of one row end to end as one full bar, alone or below the scores they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from manim import Line, VGroup

from attnviz.mobjects.bars import BarField, Scale
from attnviz.mobjects.pen import Pen, element
from attnviz.mobjects.segments import Segments
from attnviz.zones import Zone

_BAR_SHARE = 0.3
_LOW_BAR_SHARE = 0.45


class FullBar(VGroup):
    """The shares of one row end to end: together one bar, as long as the zone is wide.

    A share has its token above it and its number below it where both have room.

    Parameters
    ----------
    pen
        Draws words and numbers.
    tokens
        The keys' texts.
    address
        The row of weights.
    zone
        The room; the bar lies in its middle.
    share
        How thick the bar is, of the zone's height.
    """

    def __init__(
        self,
        pen: Pen,
        tokens: Sequence[str],
        address: str,
        zone: Zone,
        share: float = _BAR_SHARE,
    ) -> None:
        theme = pen.theme
        cap, palette, gap = theme.sizes.label, theme.palette, theme.space.gap
        y, thickness = float(zone.centre[1]), share * zone.height
        body = replace(zone, bottom=y - thickness / 2, top=y + thickness / 2)
        self.segments, self.labels, self.shares = Segments(pen, address, body), {}, {}
        for key, segment in enumerate(self.segments):
            label = pen.token(tokens[key], colour=palette.key, cap=cap)
            number = pen.number(element(address, key), cap=cap)
            if max(label.width, number.width) + gap <= segment.width:
                x = self.segments.middle(key)
                self.labels[key] = label.set_x(x).stand_on(body.top + cap / 2)
                self.shares[key] = number.set_x(x).stand_on(body.bottom - 1.6 * cap)
        self.rule = self._rule(pen, zone, body.bottom - 2.4 * cap)
        self.total = pen.number(f"total({address})", cap=cap, weight="semibold")
        self.total.set_x(zone.centre[0]).stand_on(float(self.rule.get_bottom()[1]) - 1.6 * cap)
        super().__init__(
            self.segments, *self.labels.values(), *self.shares.values(), self.rule, self.total
        )

    @staticmethod
    def _rule(pen: Pen, zone: Zone, y: float) -> VGroup:
        """Return a line from end to end with a tick at each, so that the length reads as one."""
        tick = pen.theme.sizes.label / 2
        ends = ((zone.left, y, 0.0), (zone.right, y, 0.0))
        lines = [Line(*ends)] + [Line((x, y - tick, 0.0), (x, y + tick, 0.0)) for x, _, _ in ends]
        rule = VGroup(*lines)
        return rule.set_stroke(pen.theme.palette.dim, width=pen.theme.space.outline / 2)


class ScoresAndShares(VGroup):
    """One row twice, under a line of words: its scores as bars, its shares as one full bar.

    The bar of the greatest score has its token; so have the shares with room for one.

    Parameters
    ----------
    pen
        Draws words and numbers.
    title
        The words.
    tokens
        The keys' texts.
    scores, shares
        Addresses of the row.
    scale
        Of the scores; shared by the rows that are compared.
    zone
        The room.
    """

    def __init__(
        self,
        pen: Pen,
        title: VGroup,
        tokens: Sequence[str],
        scores: str,
        shares: str,
        scale: Scale,
        zone: Zone,
    ) -> None:
        head, body, foot = zone.rows(1, 5, 3)
        field = BarField(pen, (), len(tokens), body, colour=pen.theme.palette.key)
        full = FullBar(pen, tokens, shares, foot, share=_LOW_BAR_SHARE)
        self.title = title.move_to(head.centre)
        self.bars = field.bars(scores, scale, values=False)
        best = int(np.argmax(pen.array(scores)))
        self.best = field.named(best, tokens[best], self.bars)
        self.shares = full.segments
        self.names = VGroup(*full.labels.values(), *full.shares.values())
        super().__init__(self.title, self.bars, self.best, self.shares, self.names)
