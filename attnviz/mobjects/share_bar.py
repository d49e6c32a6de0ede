"""One row of shares as a single bar of length one, under a title and above its entropy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from manim import VGroup

from attnviz.mobjects.pen import Pen, element
from attnviz.mobjects.segments import Segments
from attnviz.text import Line, Run
from attnviz.zones import Zone

_LEAST_NAMED = 0.01
_BAR_CAPS, _LABEL_CAPS = 2.6, 2.2


class ShareBar(VGroup):
    """Segments as long as their shares, in the keys' order; the largest are named below.

    Parameters
    ----------
    pen
        Draws the type.
    address
        The row of shares ``[key]``.
    tokens
        The keys' texts.
    title
        What the shares are; it stands above the bar, the shares' entropy below it.
    zone
        The room.
    """

    def __init__(
        self,
        pen: Pen,
        address: str,
        tokens: Sequence[str],
        *,
        title: str,
        zone: Zone,
    ) -> None:
        label = pen.theme.sizes.label
        parts = (_LABEL_CAPS, _BAR_CAPS, _LABEL_CAPS, _LABEL_CAPS)
        room = min(zone.height, 1.4 * label * sum(parts))
        zone = Zone(zone.left, zone.right, zone.centre[1] - room / 2, zone.centre[1] + room / 2)
        top, body, names, foot = zone.rows(*parts)
        dim = pen.theme.palette.dim
        self.title = pen.words(title, colour=dim).begin_at(body.left).stand_in(top)
        self.entropy = pen.phrase(
            "entropy (spread) {bits} bits", {"bits": f"entropy({address})"}, colour=dim
        )
        self.entropy.begin_at(body.left).stand_in(foot)
        self.segments = Segments(pen, address, body)
        self.names = self._name(pen, address, tokens, names)
        super().__init__(self.title, self.segments, self.names, self.entropy)

    def _name(self, pen: Pen, address: str, tokens: Sequence[str], names: Zone) -> VGroup:
        """Return names with shares, the largest first, as long as there is room under the bar."""
        gap, shares = pen.theme.space.wide_gap, pen.array(address)
        named: list[Line] = []
        for key in np.argsort(-shares, kind="stable"):
            if shares[key] < _LEAST_NAMED:
                break
            line = pen.phrase(
                "{token} {share}",
                {"token": Run(tokens[key], "token"), "share": element(address, int(key))},
                colour=pen.theme.palette.key,
            )
            line.set_x(self.segments.middle(int(key))).stand_in(names)
            line.shift((max(names.left - float(line.get_left()[0]), 0.0), 0.0, 0.0))
            line.shift((min(names.right - float(line.get_right()[0]), 0.0), 0.0, 0.0))
            if any(_meet(line, other, gap) for other in named):
                break
            named.append(line)
        return VGroup(*named)


def _meet(one: Line, other: Line, gap: float) -> bool:
    apart = abs(float(one.get_x()) - float(other.get_x()))
    return apart < (one.width + other.width) / 2 + gap


def share_bars(
    pen: Pen, columns: Mapping[str, str], tokens: Sequence[str], zones: Sequence[Zone]
) -> list[ShareBar]:
    """Return a bar for each of several rows of shares.

    Parameters
    ----------
    pen
        Draws the type.
    columns
        Title to the address of a row of shares ``[key]``.
    tokens
        The keys' texts.
    zones
        The rooms, one a row.
    """
    return [
        ShareBar(pen, address, tokens, title=title, zone=zone)
        for (title, address), zone in zip(columns.items(), zones, strict=True)
    ]
