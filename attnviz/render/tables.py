"""A trace as readable tables: Q, K, V, scores and weights of the head in focus."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from attnviz.records import AttentionTrace, Focus, ModelTrace
from attnviz.rounding import printed, printed_row

_PLACES = 2
_GAP = 2


def print_trace(trace: ModelTrace, console: Console | None = None) -> None:
    """Print the tables of one head; wide ones are cut into blocks of columns.

    Parameters
    ----------
    trace
        The trace; its focus says which head, without one the first.
    console
        Where to print; None: stdout.
    """
    console = console or Console()
    focus = trace.focus or Focus(0, 0, 0, "the trace names no head to look at")
    layer = trace.layers[focus.layer]
    console.print(Text(f"{trace.text}\n", style="bold"), soft_wrap=True)
    about = f"model {trace.model}, layer {focus.layer}, head {focus.head} ({focus.reason})"
    console.print(Text(about), soft_wrap=True)
    for note in trace.notes:
        console.print(Text(note), soft_wrap=True)
    for title, rows, columns, cells in _arrays(layer, focus.head):
        console.print()
        console.print(Text(title, style="bold"), soft_wrap=True)
        for table in _blocks(rows, columns, cells, console.width):
            console.print(table)


def _arrays(
    layer: AttentionTrace, head: int
) -> Iterator[tuple[str, Sequence[str], Sequence[str], list[list[str]]]]:
    """Yield each table's title, row labels, column labels and printed cells."""
    queries, keys = layer.query_tokens, layer.key_tokens
    for name, tokens in (("q", queries), ("k", keys), ("v", keys)):
        array = getattr(layer, name)[head]
        columns = [str(column) for column in range(array.shape[1])]
        yield f"{name.upper()}  {_size(array)}", tokens, columns, _cells(array)
    scores = layer.scores[head]
    title = f"scores  {_size(scores)}  q·k × {layer.scale:.4g}, before the mask"
    yield title, queries, keys, _cells(scores)
    weights = layer.weights[head]
    shares = [printed_row(row.tolist(), _PLACES) for row in weights]
    yield f"weights  {_size(weights)}  softmax over the keys{_masked(layer)}", queries, keys, shares


def _masked(layer: AttentionTrace) -> str:
    if layer.counterfactual_mask:
        return f", under the counterfactual mask {layer.counterfactual_mask}"
    return "" if layer.mask.all() else ", after the mask"


def _size(array: np.ndarray) -> str:
    return f"{array.shape[0]} × {array.shape[1]}"


def _cells(array: np.ndarray) -> list[list[str]]:
    return [[printed(value, _PLACES) for value in row] for row in array]


def _blocks(
    rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[str]], width: int
) -> Iterator[Table]:
    """Cut a table into blocks of columns that fit a width."""
    label = max(Text(row).cell_len for row in rows)
    widest = max(Text(text).cell_len for text in [*columns, *(c for row in cells for c in row)])
    most = max(1, (width - label) // (widest + _GAP))
    count = math.ceil(len(columns) / math.ceil(len(columns) / most))  # blocks of even size
    for start in range(0, len(columns), count):
        part = slice(start, start + count)
        table = Table(box=None, padding=(0, 0, 0, _GAP), pad_edge=False, header_style="dim")
        table.add_column("", no_wrap=True, style="bold")
        for column in columns[part]:
            table.add_column(Text(column), justify="right", no_wrap=True, min_width=widest)
        for row, texts in zip(rows, cells, strict=True):
            table.add_row(Text(row), *map(Text, texts[part]))
        yield table
