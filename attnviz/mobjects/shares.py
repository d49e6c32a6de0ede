"""One row of attention as bars: each key's share, in one or more columns side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from manim import LEFT, Rectangle, VGroup

from attnviz.mobjects.entries import entries, keep
from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.mobjects.pen import Pen, element
from attnviz.zones import Zone

_LEAST_BAR = 1e-3
_NUMBER_CAPS = 3.2
_LARGEST = 10


class ShareTable(VGroup):
    """A line a key: its token, then for each column a bar (length = share) and the share.

    Of more than 12 keys the 10 with the largest shares show, and an ellipsis for the others.

    Parameters
    ----------
    pen
        Draws words and numbers.
    tokens
        The keys' texts.
    columns
        Title to the address of a row of weights.
    zone
        The room.
    """

    def __init__(
        self, pen: Pen, tokens: Sequence[str], columns: Mapping[str, str], zone: Zone
    ) -> None:
        theme = pen.theme
        sizes, palette, gap = theme.sizes, theme.palette, theme.space.gap
        shown = self._largest([pen.array(address) for address in columns.values()])
        lines = zone.rows(1.6, *[1.0] * len(shown), 1.0)
        labels = [
            pen.token(tokens[key], colour=palette.key, cap=sizes.label, longest=zone.width / 3)
            for key in shown
        ]
        names, rest = zone.beside(max(label.width for label in labels), gap=2 * gap)
        fields = rest.columns(*[1] * len(columns), gap=2 * gap)
        for label, line in zip(labels, lines[1:-1], strict=True):
            label.end_at(names.right).stand_in(line)
        if len(shown) < len(tokens):
            labels.append(
                pen.words("…", colour=palette.dim).end_at(names.right).stand_in(lines[-1])
            )
        self.labels = VGroup(*labels)
        self.columns = [
            ShareColumn(pen, title, address, shown, field, lines)
            for (title, address), field in zip(columns.items(), fields, strict=True)
        ]
        super().__init__(self.labels, *self.columns)

    @staticmethod
    def _largest(rows: Sequence[np.ndarray]) -> list[int]:
        largest = np.max(rows, axis=0)
        if len(largest) <= DIGITS_UP_TO:
            return list(range(len(largest)))
        return sorted(np.argsort(-largest, kind="stable")[:_LARGEST].tolist())


class ShareColumn(VGroup):
    """One row of weights as bars, each with its number; a title above, the total below.

    Parameters
    ----------
    pen
        Draws words and numbers.
    title
        What heads the column.
    address
        A row of weights ``[key]``.
    shown
        The keys that show.
    field
        Left and right edge.
    lines
        The title's line, one line a key, the total's.
    """

    def __init__(
        self,
        pen: Pen,
        title: str,
        address: str,
        shown: Sequence[int],
        field: Zone,
        lines: tuple[Zone, ...],
    ) -> None:
        theme = pen.theme
        sizes, palette, gap = theme.sizes, theme.palette, theme.space.gap
        full = field.width - _NUMBER_CAPS * sizes.label - gap
        header = pen.words(title, colour=palette.dim)
        header.begin_at(field.left).stand_in(lines[0])
        numbers = VGroup()
        self.bars = VGroup()
        shares = pen.array(address)
        for key, line in zip(shown, lines[1:-1], strict=True):
            bar = Rectangle(
                width=max(full * float(shares[key]), _LEAST_BAR),
                height=0.6 * line.height,
                stroke_width=0,
                fill_color=palette.key,
                fill_opacity=1,
            )
            self.bars.add(bar.move_to((field.left, line.centre[1], 0.0), aligned_edge=LEFT))
            number = pen.number(element(address, key), cap=sizes.label)
            numbers.add(number.end_at(field.right).stand_in(line))
        keep(self.bars, entries(address, shares.shape, rows=shown, upright=True))
        total = pen.number(f"total({address})", cap=sizes.label, colour=palette.dim)
        total.end_at(field.right).stand_in(lines[-1])
        self.type = VGroup(header, numbers, total)
        super().__init__(self.bars, self.type)
