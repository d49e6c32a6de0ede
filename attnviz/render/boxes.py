"""Rectangles of pixels."""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle of whole pixels; right and bottom are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def pixels(self) -> tuple[slice, slice]:
        """What it cuts from an array ``[y, x]``."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def cells(self, size: int) -> tuple[slice, slice]:
        """Return the squares ``[row, column]`` of a grid that it reaches into."""
        return (
            slice(self.top // size, -(-self.bottom // size)),
            slice(self.left // size, -(-self.right // size)),
        )

    def within(self, width: int, height: int) -> Box | None:
        """Return what a frame shows of it, None if nothing."""
        left, top = max(self.left, 0), max(self.top, 0)
        right, bottom = min(self.right, width), min(self.bottom, height)
        return Box(left, top, right, bottom) if left < right and top < bottom else None
