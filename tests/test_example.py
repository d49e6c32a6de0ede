"""The worked example: the draft becomes the article that is shown, and the article a sound page."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import render
from attnviz.embed.requests import find_requests
from tests.browser import (
    Page,
    console_errors,
    foreign_requests,
    is_playing,
    layout_shift,
    violations,
)
from tests.serving import serve

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "post"


def digits_apart(text: str) -> str:
    """Return an article without the exact values, whose last digits differ by processor."""
    return re.sub(r"<td>[^<]*</td></tr>", "<td></td></tr>", text)


def test_the_draft_asks_in_each_of_the_three_ways() -> None:
    requests = find_requests((EXAMPLE / "draft.md").read_text("utf-8"))
    assert [request.form for request in requests] == ["note", "fence", "directive"]


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_the_draft_becomes_the_article_and_the_article_a_page(
    tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    (tmp_path / ".git").mkdir()
    shutil.copy(EXAMPLE / "draft.md", tmp_path / "article.md")
    assert render.main(["post", str(tmp_path / "article.md")]) == 0
    found = importlib.util.spec_from_file_location("build", EXAMPLE / "build.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    assert module.build(tmp_path) == tmp_path / "article.html"
    for name in ("article.md", "article.html"):
        shown, made = ((folder / name).read_text("utf-8") for folder in (EXAMPLE, tmp_path))
        assert digits_apart(made) == digits_apart(shown), f"{name}: see {EXAMPLE / 'README.md'}"
    with serve(tmp_path, lag=0.5) as address:
        page = open_page(address + "article.html", height=4000)
        assert layout_shift(page) == 0
        assert all(is_playing(page, f"video >> nth={number}") for number in range(3))
        assert (violations(page), foreign_requests(page), console_errors(page)) == ((), (), ())
