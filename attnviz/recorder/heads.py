"""Which blocks of a batched product are the heads of one item of the batch."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.errors import UserError


def heads_of_item(
    leading: Sequence[int], rows: Sequence[tuple[int, ...]] | None, n_heads: int | None, item: int
) -> list[int]:
    """List the blocks of one item, a block a head.

    Parameters
    ----------
    leading
        The axes before ``[query, key]``: batch and heads, or one axis for both, or none.
    rows
        For each block, the rows of the input that its queries are made of, where that is known.
    n_heads
        The number of heads that the module has, where it says so.
    item
        Which item of the batch.

    Raises
    ------
    UserError
        If the batch has fewer items.
    """
    count = 1
    for size in leading:
        count *= size
    if len(leading) >= 2:
        items = leading[0]
        groups = [list(range(i * count // items, (i + 1) * count // items)) for i in range(items)]
    elif rows is not None:
        by_rows: dict[tuple[int, ...], list[int]] = {}
        for block, own in enumerate(rows):
            by_rows.setdefault(own, []).append(block)
        groups = list(by_rows.values())
    else:
        step = n_heads if n_heads and count % n_heads == 0 else 1
        groups = [list(range(start, start + step)) for start in range(0, count, step)]
    if not 0 <= item < len(groups):
        raise UserError(
            f"item {item}: the batch has {len(groups)}; count from 0, or leave item out"
        )
    return groups[item]
