"""Settings of the whole test suite, and the language models that its tests share."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

# A verdict changes with the code alone: not with the random seed, nor with a busy machine.
settings.register_profile("attnviz", deadline=None, derandomize=True)
settings.load_profile("attnviz")


@pytest.fixture(scope="session")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return what saves a tiny language model of a kind, once a session, and gives its folder."""
    # Imported here: transformers takes seconds, and most tests need none of it.
    from tests.language_models import build

    root = tmp_path_factory.mktemp("models")
    return cache(lambda kind: build(kind, root / f"tiny-{kind}"))
