"""Settings of the whole test suite, and the language models that its tests share."""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.browser import Browser, Page

# A verdict changes with the code alone: not with the random seed, nor with a busy machine.
settings.register_profile("attnviz", deadline=None, derandomize=True)
settings.load_profile("attnviz")


@pytest.fixture(scope="session", autouse=True)
def _no_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep every test, and what it runs, away from the user's store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTNVIZ_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("ATTNVIZ_CACHE_SIZE", "0")
        patch.delenv("ATTNVIZ_CACHE_DAYS", raising=False)
        yield


@pytest.fixture(autouse=True)
def _own_manim_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let manim write where no other process of the suite writes files of the same names."""
    manim = sys.modules.get("manim")
    if manim is not None:
        manim.config.media_dir = str(tmp_path_factory.getbasetemp() / "manim")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Turn the store on for one test; return its folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ATTNVIZ_CACHE", str(folder))
    monkeypatch.delenv("ATTNVIZ_CACHE_SIZE")
    return folder


@pytest.fixture(scope="session")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what saves a tiny language model of a kind, once a session, and gives its folder."""
    # Imported here: transformers takes seconds, and most tests need none of it.
    from tests.language_models import build

    root = tmp_path_factory.mktemp("models")
    return cache(lambda kind: build(kind, root / f"tiny-{kind}"))


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """Return a running Chromium; not longer than a module, for its loop would disturb asyncio's."""
    from tests.browser import browser

    with browser() as running:
        yield running


@pytest.fixture
def open_page(chromium: "Browser") -> Iterator[Callable[..., "Page"]]:
    """Return what opens a page (see tests/browser.py); close the pages after the test."""
    yield chromium.open_page
    chromium.close_pages()
