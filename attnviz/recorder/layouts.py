"""Where the numbers of heads stand in the products that made them, and in those they go into.

All that is here depends on how tensors are laid out and not on what they hold: the numbers of an
index are laid out as the model laid out its own, and show where they came from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from attnviz.recorder.paths import Linear, indices, layout_root, replay, signature
from attnviz.recorder.tape import Node, Tape


@dataclass(frozen=True, slots=True)
class Place:
    """Where the heads of one item stand in a product ``[row, column]``.

    Parameters
    ----------
    rows
        The row of each token.
    columns
        The columns, one head after another; heads that share keys are there once.
    groups
        How many heads are there.
    """

    rows: Tensor
    columns: Tensor
    groups: int

    def of_columns(self, weight: Tensor) -> Tensor:
        """Return the matrix's columns, a view where they stand together."""
        return _chosen(weight.mT, self.columns).mT

    def of_rows(self, weight: Tensor) -> Tensor:
        """Return the matrix's rows in the order of the columns here."""
        return _chosen(weight, self.columns)


def place_in(
    made: Linear, blocks: Sequence[int], tape: Tape, *, transposed: bool = False
) -> Place | None:
    """Find heads in the product that they are laid out from.

    Parameters
    ----------
    made
        The product.
    blocks
        The block of each head.
    tape
        Remembers what was found.
    transposed
        True where a block is ``[d, token]``.

    Returns
    -------
    Place or None
        None where a head is no block of whole columns.
    """
    key = "place", tuple(made.result.shape), signature(made.path), tuple(blocks), transposed
    return tape.once(key, lambda: _place_in(made, blocks, transposed))


def rows_of_blocks(made: Linear, tape: Tape) -> list[tuple[int, ...]]:
    """Return the rows of a product that each block ``[token, d]`` laid out from it has."""
    key = "rows", tuple(made.result.shape), signature(made.path)

    def find() -> list[tuple[int, ...]]:
        rows = _blocks(made, transposed=False) // made.result.shape[-1]
        return [tuple(block) for block in rows[:, :, 0].tolist()]

    return tape.once(key, find)


def place_after(heads: Node, blocks: Sequence[int], joined: Node, tape: Tape) -> Place | None:
    """Find heads in the matrix ``[row, head*d_v]`` in which they stand side by side.

    Parameters
    ----------
    heads
        Where they were computed, ``[…, query, d_v]``.
    blocks
        The block of each head.
    joined
        The matrix, laid out from the heads.
    tape
        Remembers what was found.

    Returns
    -------
    Place or None
        None where it is not made of all heads, each in whole columns.
    """
    path = layout_root(joined)[1]
    key = "after", tuple(heads.shape), signature(path), tuple(blocks)
    return tape.once(key, lambda: _place_after(heads, blocks, path, joined.shape[-1]))


def _place_in(made: Linear, blocks: Sequence[int], transposed: bool) -> Place | None:
    laid_out, width = _blocks(made, transposed)[list(blocks)], made.result.shape[-1]
    rows, columns = laid_out // width, laid_out % width
    if not _are_columns(rows, columns):
        return None
    groups: list[list[int]] = []
    order = []
    for own in columns[:, 0].tolist():
        if own not in groups:
            groups.append(own)
        order.append(groups.index(own))
    share, rest = divmod(len(order), len(groups))
    if rest or order != [head // share for head in range(len(order))]:
        return None
    return Place(rows[0, :, 0], torch.tensor(groups).flatten(), len(groups))


def _place_after(
    heads: Node, blocks: Sequence[int], path: Sequence[Node], width: int
) -> Place | None:
    laid_out = replay(path, indices(heads.shape)).flatten()
    if len(laid_out) != math.prod(heads.shape):
        return None
    place = torch.empty_like(laid_out)
    place[laid_out] = torch.arange(len(laid_out))
    own = place.reshape(-1, *heads.shape[-2:])[list(blocks)]
    rows, columns = own // width, own % width
    chosen = columns[:, 0].flatten()
    if not _are_columns(rows, columns) or len(chosen) != width:
        return None
    return Place(rows[0, :, 0], chosen, len(blocks))


def _blocks(made: Linear, transposed: bool) -> Tensor:
    laid_out = replay(made.path, indices(made.result.shape))
    laid_out = laid_out.reshape(-1, *laid_out.shape[-2:])
    return laid_out.mT if transposed else laid_out


def _are_columns(rows: Tensor, columns: Tensor) -> bool:
    """Tell whether all heads have the same rows, and each the same columns in all of them."""
    return bool((rows == rows[:1, :, :1]).all()) and bool((columns == columns[:, :1]).all())


def _chosen(rows: Tensor, places: Tensor) -> Tensor:
    first = int(places[0])
    if bool((places == torch.arange(first, first + len(places))).all()):
        return rows[first : first + len(places)]
    return rows[places]
