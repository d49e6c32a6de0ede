"""A post's file: read as the texts that hold requests, and written back whole or not at all."""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError, UserError
from attnviz.render.workspace import publish, workspace

NOTEBOOK = ".ipynb"

_MOST_BYTES = 50_000_000
_WRITABLE = 0o222


@dataclass(frozen=True, slots=True)
class Document:
    """A post as it stands in its file.

    Parameters
    ----------
    path
        The file.
    content
        Its bytes.
    parts
        Its texts: one for Markdown, one for each Markdown cell of a notebook.
    cells
        For a notebook, the number of each part's cell, from 1; else empty.
    """

    path: Path
    content: bytes
    parts: tuple[str, ...]
    cells: tuple[int, ...] = ()

    def place(self, part: int, line: int) -> str:
        """Name a line for an error message."""
        return f"cell {self.cells[part]}, line {line}" if self.cells else f"line {line}"

    def with_parts(self, parts: Sequence[str]) -> bytes:
        """Return the file's bytes with other texts; with its own, the very same bytes."""
        if tuple(parts) == self.parts:
            return self.content
        if self.path.suffix == NOTEBOOK:
            return _notebook(self.content, dict(zip(self.cells, parts, strict=True)))
        mark = codecs.BOM_UTF8 if self.content.startswith(codecs.BOM_UTF8) else b""
        return mark + parts[0].encode("utf-8")

    def require_writable(self) -> None:
        """Stop where the file is read-only: a rename would replace it all the same.

        Raises
        ------
        UserError
            If nobody may write it.
        """
        if not self.path.stat().st_mode & _WRITABLE:
            raise UserError(f"{self.path} is read-only; allow writing, or look with --dry-run")

    def write(self, content: bytes) -> None:
        """Put other content into the file, if it still is as it was read.

        Raises
        ------
        AttnvizError
            If the file was changed meanwhile; nothing is written.
        """
        if content == self.content:
            return
        with workspace(self.path.parent) as private:
            made = private / self.path.name
            made.write_bytes(content)
            made.chmod(self.path.stat().st_mode)
            if self.path.read_bytes() != self.content:
                raise AttnvizError(
                    f"{self.path} was changed while its clips were rendered and is left as it is; "
                    "run the command again: the clips are there"
                )
            publish({made: self.path}, self.path.parent)


def read_document(path: Path) -> Document:
    """Read a post.

    Parameters
    ----------
    path
        Markdown of any kind, or a notebook.

    Raises
    ------
    UserError
        If there is no such file, or it is no text in UTF-8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: the post cannot be read ({error.strerror})") from error
    if len(content) > _MOST_BYTES:
        raise UserError(f"{path}: {len(content):,} bytes are no post; at most {_MOST_BYTES:,}")
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}: the post is not UTF-8; save it as UTF-8") from error
    if path.suffix != NOTEBOOK:
        return Document(path, content, (text,))
    cells = _markdown_cells(path, text)
    return Document(path, content, tuple(cells.values()), tuple(cells))


def _markdown_cells(path: Path, text: str) -> dict[int, str]:
    """Return the text of each Markdown cell, by its number from 1."""
    try:
        cells = json.loads(text)["cells"]
        return {
            number: _joined(cell["source"])
            for number, cell in enumerate(cells, start=1)
            if cell["cell_type"] == "markdown"
        }
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{path} is no notebook of format 4: it has no list of cells") from error


def _joined(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)


def _notebook(content: bytes, texts: dict[int, str]) -> bytes:
    """Return a notebook with other texts in some cells, laid out as Jupyter does."""
    notebook = json.loads(content)
    for number, text in texts.items():
        cell = notebook["cells"][number - 1]
        if _joined(cell["source"]) != text:
            as_text = isinstance(cell["source"], str)
            cell["source"] = text if as_text else text.splitlines(keepends=True)
    end = "\n" if content.endswith(b"\n") else ""
    told = json.dumps(notebook, ensure_ascii=False, indent=1) + end
    return told.encode("utf-8", "backslashreplace")  # an unpaired surrogate as its escape
