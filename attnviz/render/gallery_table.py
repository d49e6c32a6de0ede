"""The gallery's table in a Markdown page: a picture a scene, in rows of three."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attnviz.errors import UserError
from attnviz.render.catalogue import SceneRef, summary
from attnviz.render.gallery import SUFFIX

BEGIN = "<!-- gallery: `make gallery` writes this table -->"
END = "<!-- end of gallery -->"

_COLUMNS = 3


def table(refs: Sequence[SceneRef], folder: str) -> str:
    """Return the table.

    Parameters
    ----------
    refs
        The scenes, in order.
    folder
        The pictures' folder as the page writes it, e.g. ``media/gallery``.
    """
    cells = [_cell(ref, folder) for ref in refs]
    rows = [cells[at : at + _COLUMNS] for at in range(0, len(cells), _COLUMNS)]
    lines = [" | ".join(["", *row, ""]).strip() for row in rows]
    head = ["|" + " |" * _COLUMNS, "|" + " --- |" * _COLUMNS]
    return "\n".join([*head, *lines])


def _cell(ref: SceneRef, folder: str) -> str:
    picture = f"![{summary(ref)}]({folder}/{ref.name}{SUFFIX})"
    return f"{picture}<br>{summary(ref)}<br>[`python render.py {ref.name}`](#render)"


def write_table(page: Path, refs: Sequence[SceneRef], folder: str) -> None:
    """Put the table between the marks of a page; what stands around them stays.

    Raises
    ------
    UserError
        If the page cannot be read or has no such marks.
    """
    try:
        text = page.read_text("utf-8")
    except OSError as error:
        raise UserError(f"{page} cannot be read ({error.strerror})") from error
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError(f"{page} has no place for the gallery; wanted the lines {BEGIN} and {END}")
    page.write_text(f"{before}{begin}\n\n{table(refs, folder)}\n\n{end}{after}", encoding="utf-8")
