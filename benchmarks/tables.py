"""Tables of plain text: words to the left, numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows of text in columns, the first column's to the left."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """Return the median of some measurements, and between which they lie."""
    middle = format(median(values), form)
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):{form}}–{max(values):{form}})"


def megabytes(count: float) -> str:
    """Return a number of bytes in MB."""
    return f"{count / 1e6:.2f} MB"
