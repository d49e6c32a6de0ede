"""Things that follow one another in lines, as words do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from manim import Mobject

_NARROWER = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55)

Piece = TypeVar("Piece", bound=Mobject)


def in_lines(pieces: Sequence[Piece], width: float | None, gap: float) -> list[list[Piece]]:
    """Deal pieces into as few lines as fit a width, in order.

    Parameters
    ----------
    pieces
        What follows one another.
    width
        Of the lines, in frame units; None: one line.
    gap
        Between two pieces of a line.
    """
    lines: list[list[Piece]] = [[]]
    taken = 0.0
    for piece in pieces:
        if lines[-1] and width is not None and taken + piece.width > width:
            lines.append([])
            taken = 0.0
        lines[-1].append(piece)
        taken += piece.width + gap
    return lines


def in_even_lines(pieces: Sequence[Piece], width: float, gap: float) -> list[list[Piece]]:
    """Deal pieces into as few lines as fit a width, and make these as even as they get."""
    lines = in_lines(pieces, width, gap)
    for share in _NARROWER:
        narrower = in_lines(pieces, share * width, gap)
        if len(narrower) > len(lines):
            break
        lines = narrower
    return lines
