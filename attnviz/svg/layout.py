"""Where the parts of an attention grid stand, in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from jaxtyping import Bool, Float
from numpy import ndarray

from attnviz.rounding import printed_row
from attnviz.svg import lettering
from attnviz.theme import Theme

DIGITS_UP_TO = 12
"""Most queries or keys of a grid whose cells carry their digits, as in the films."""

PIXELS = 48.0
"""Pixels of a frame unit, in which the theme gives its sizes."""

_ROW = 0.6
_LONGEST_LABEL = 3.0
_WIDEST_COLUMN = 1.5
_WIDEST_GRID = 16.0
"""Sizes in frame units: height of a row with digits, and the longest of what is measured."""


@dataclass(frozen=True)
class Layout:
    """The weights of one head, and where each part of their picture stands.

    Parameters
    ----------
    title
        What stands above it, e.g. ``layer 1, head 3``.
    queries, keys
        The tokens of the rows and of the columns.
    weights
        ``[query, key]``.
    mask
        ``[query, key]``, True = may attend.
    theme
        Colours and sizes.
    """

    title: str
    queries: Sequence[str]
    keys: Sequence[str]
    weights: Float[ndarray, "Q K"]
    mask: Bool[ndarray, "Q K"]
    theme: Theme

    @property
    def side(self) -> int:
        """Number of queries or of keys, whichever is larger."""
        return max(len(self.queries), len(self.keys))

    @property
    def has_digits(self) -> bool:
        """Whether the cells carry their numbers."""
        return self.side <= DIGITS_UP_TO

    @cached_property
    def label(self) -> float:
        """Type size of tokens and titles."""
        return self.theme.sizes.label * PIXELS / lettering.CAP_HEIGHT

    @cached_property
    def digit(self) -> float:
        """Type size of the digits."""
        return self.theme.sizes.cell * PIXELS / lettering.CAP_HEIGHT

    @cached_property
    def gap(self) -> float:
        """The least distance between two parts."""
        return self.theme.space.gap * PIXELS

    @cached_property
    def pitch(self) -> tuple[float, float]:
        """Distance from cell to cell, across and down."""
        if not self.has_digits:
            side = min(self.label * lettering.LINE, _WIDEST_GRID * PIXELS / self.side)
            return side, side
        texts = [lettering.width(text, self.digit) for row in self.texts for text in row]
        labels = [lettering.width(key, self.label) for key in self.keys]
        across = max(max(texts), min(max(labels), _WIDEST_COLUMN * PIXELS)) + 2 * self.gap
        return across, _ROW * PIXELS

    @cached_property
    def query_labels(self) -> list[str]:
        """The tokens of the rows, cut where they are long."""
        return [lettering.shortened(q, self.label, _LONGEST_LABEL * PIXELS) for q in self.queries]

    @cached_property
    def key_labels(self) -> list[str]:
        """The tokens of the columns, cut where they are long."""
        longest = self.pitch[0] - self.gap if self.has_digits else _LONGEST_LABEL * PIXELS
        return [lettering.shortened(key, self.label, longest) for key in self.keys]

    @cached_property
    def corner(self) -> tuple[float, float]:
        """Where the first cell begins."""
        beside = max(lettering.width(label, self.label) for label in ("Query", *self.query_labels))
        above = 2 * lettering.LINE * self.label
        if self.has_digits:
            above += lettering.LINE * self.label
        else:
            above += max(lettering.width(label, self.label) for label in self.key_labels)
        return beside + 3 * self.gap, above + 3 * self.gap

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        (x, y), (across, down) = self.corner, self.pitch
        legend = 0.0 if self.has_digits else lettering.LINE * self.label + self.gap
        title = lettering.width(self.title, self.label) + 4 * self.gap
        wide = max(x + across * len(self.keys) + 2 * self.gap, title)
        return round(wide), round(y + down * len(self.queries) + legend + 2 * self.gap)

    @cached_property
    def texts(self) -> list[list[str]]:
        """The weights as printed: each row adds to 1.00, and an exact 0 stands bare."""
        return [
            [text if share else "0" for share, text in zip(row, printed_row(row), strict=True)]
            for row in self.weights.tolist()
        ]
