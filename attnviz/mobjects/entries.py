"""What a picture shows: the entries of a tensor, kept on the mobject that stands for them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self

from manim import ImageMobject, Mobject

_KEY = "entries"

Places = tuple[int, ...]


@dataclass(frozen=True)
class Entries:
    """Entries of an array, in rows and columns.

    Parameters
    ----------
    address
        The array, without a slice: an entry's address takes its place in brackets.
    rows, columns
        Places in the array, in the order drawn; None where it has no such axis. A vector has one.
    """

    address: str
    rows: Places | None
    columns: Places | None

    def __deepcopy__(self, memo: object) -> Self:
        """Return itself: nothing in it can change, and mobjects are copied often."""
        return self

    def each(self) -> Iterator[Entries]:
        """Yield every entry alone, row by row."""
        rows = [None] if self.rows is None else [(row,) for row in self.rows]
        columns = [None] if self.columns is None else [(column,) for column in self.columns]
        for row, column in product(rows, columns):
            yield Entries(self.address, row, column)


def entries(
    address: str,
    shape: Sequence[int],
    *,
    rows: Sequence[int] | None = None,
    columns: Sequence[int] | None = None,
    upright: bool = False,
) -> Entries:
    """Return the entries of an array of one or two axes.

    Parameters
    ----------
    address
        The array; its last brackets may hold slices.
    shape
        Its sizes.
    rows, columns
        Which entries of it; None: all.
    upright
        Whether a vector stands in a column.
    """
    shown: list[Sequence[int]] = [range(size) for size in shape]
    if len(shape) == 1:
        shown = [shown[0] if columns is None and rows is None else columns or rows or ()]
    else:
        shown = [shown[0] if rows is None else rows, shown[1] if columns is None else columns]
    owner, axes = _unsliced(address, shown)
    places = [tuple(axis) for axis in axes]
    if len(places) == 2:
        return Entries(owner, *places)
    return Entries(owner, places[0], None) if upright else Entries(owner, None, places[0])


def entry(address: str) -> Entries | None:
    """Return one entry of an array; None where a number belongs to none, such as a sum."""
    tree = ast.parse(address, mode="eval").body
    if not isinstance(tree, ast.Subscript):
        return None
    indices = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
    *before, last = map(ast.unparse, indices)
    owner = ast.unparse(tree.value)
    return Entries(f"{owner}[{', '.join(before)}]" if before else owner, None, (int(last),))


def _unsliced(address: str, shown: list[Sequence[int]]) -> tuple[str, list[Sequence[int]]]:
    """Take the slices off an address: their places count from the array's own beginning."""
    tree = ast.parse(address, mode="eval").body
    if not isinstance(tree, ast.Subscript):
        return address, shown
    indices = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
    first = next((i for i, index in enumerate(indices) if isinstance(index, ast.Slice)), None)
    if first is None:
        return address, shown
    axes: list[Sequence[int]] = []
    left = iter(shown)
    for index in indices[first:]:
        if isinstance(index, ast.Slice):
            start = 0 if index.lower is None else int(ast.unparse(index.lower))
            axes.append([start + place for place in next(left)])
        else:
            axes.append([int(ast.unparse(index))])
    kept = ", ".join(map(ast.unparse, indices[:first]))
    owner = ast.unparse(tree.value)
    return (f"{owner}[{kept}]" if kept else owner), [*axes, *left]


def keep(picture: Mobject, shown: Entries) -> None:
    """Keep on a picture which entries it shows.

    Parameters
    ----------
    picture
        One image of all entries, or a group with a shape an entry, row by row.
    shown
        The entries.
    """
    if isinstance(picture, ImageMobject):
        setattr(picture, _KEY, shown)
        return
    shapes = [member for member in picture.get_family() if not member.submobjects]
    for shape, entry in zip(shapes, shown.each(), strict=True):
        setattr(shape, _KEY, entry)


def entries_of(mobject: Mobject) -> Entries | None:
    """Return the entries that a shape or an image shows by itself."""
    found: Entries | None = vars(mobject).get(_KEY)
    return found
