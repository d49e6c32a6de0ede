"""A post's file: what is read is written back byte for byte, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attnviz.embed.documents import read_document
from attnviz.errors import AttnvizError, UserError


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [b"", b"plain\n", b"\xef\xbb\xbfmarked\r\nlines\r\n", "é — 안녕\r".encode(), b"no end"],
)
def test_what_is_not_changed_stays(tmp_path: Path, content: bytes) -> None:
    document = read_document(written(tmp_path / "a.md", content))
    assert document.with_parts(document.parts) == content
    document.write(content)
    assert document.path.read_bytes() == content


def test_the_mark_and_the_line_ends_stay_where_the_text_changes(tmp_path: Path) -> None:
    document = read_document(written(tmp_path / "a.md", b"\xef\xbb\xbfone\r\ntwo\r\n"))
    assert document.parts == ("one\r\ntwo\r\n",)
    assert document.with_parts(["one\r\n2\r\n"]) == b"\xef\xbb\xbfone\r\n2\r\n"


def test_bytes_that_are_no_text_are_named_by_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.md", b"one\ntwo\nthr\xe9e\n")
    with pytest.raises(UserError, match="line 3: the post is not UTF-8"):
        read_document(path)


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_document(tmp_path / "none.md")
    with pytest.raises(UserError, match="cannot be read"):
        read_document(tmp_path)


def notebook(tmp_path: Path, **more: object) -> Path:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["one\n", "zwei é"]},
        {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": []},
        {"cell_type": "markdown", "metadata": {}, "source": "as one text"},
    ]
    content = {"cells": cells, "nbformat": 4, **more}
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return written(tmp_path / "a.ipynb", text.encode())


def test_a_notebooks_markdown_cells_are_its_parts(tmp_path: Path) -> None:
    path = notebook(tmp_path)
    document = read_document(path)
    assert document.parts == ("one\nzwei é", "as one text")
    assert document.place(1, 7) == "cell 3, line 7"
    before = path.read_text("utf-8")
    content = document.with_parts(["one\ntwo\nthree", "as one text"]).decode("utf-8")
    assert content == before.replace(
        '"one\\n",\n    "zwei é"', '"one\\n",\n    "two\\n",\n    "three"'
    )


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"cells": [1]}', b"[" * 100_000])
def test_what_is_no_notebook_is_said(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UserError, match="is no notebook"):
        read_document(written(tmp_path / "a.ipynb", content))


def test_a_post_that_was_changed_meanwhile_is_left(tmp_path: Path) -> None:
    document = read_document(written(tmp_path / "a.md", b"old"))
    document.path.write_bytes(b"edited")
    with pytest.raises(AttnvizError, match="was changed while"):
        document.write(b"new")
    assert document.path.read_bytes() == b"edited"
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


def test_a_post_keeps_its_rights(tmp_path: Path) -> None:
    path = written(tmp_path / "a.md", b"old")
    path.chmod(0o640)
    read_document(path).write(b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]
