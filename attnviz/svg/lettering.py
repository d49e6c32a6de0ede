"""Type in an SVG: the viewer's font draws it, so widths are estimates that err on the wide side."""

from __future__ import annotations

import unicodedata

from attnviz.svg import element, words

FONTS = "'Source Sans 3','Source Sans Pro','Noto Sans',system-ui,sans-serif"
CAP_HEIGHT = 0.66
"""Height of a capital, in ems (Source Sans: 0.66; the usual sans-serifs: up to 0.73)."""

LINE = 1.3
"""Distance from line to line, in ems."""

_EMS = 0.58
_WIDE_EMS = 0.9
_WIDE_LETTERS = frozenset("mwMW@%…—")


def width(text: str, size: float) -> float:
    """Estimate how wide a text is drawn, in the unit of its size."""
    return size * sum(map(_ems, text))


def shortened(text: str, size: float, longest: float) -> str:
    """Cut a text, with an ellipsis, to what fits a width; at least one character stays."""
    if width(text, size) <= longest:
        return text
    kept = len(text) - 1
    while kept > 1 and width(text[:kept] + "…", size) > longest:
        kept -= 1
    return text[:kept] + "…"


def line(text: str, x: float, baseline: float, size: float, colour: str, **more: object) -> str:
    """Draw a line of type; ``more`` are attributes of the element."""
    return element("text", words(text), x=x, y=baseline, font_size=size, fill=colour, **more)


def _ems(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return _WIDE_EMS if character in _WIDE_LETTERS else _EMS
