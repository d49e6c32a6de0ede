"""What a test needs of the machine: where it is absent the test is skipped, in CI it fails."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

NODE_MODULES = Path(__file__).resolve().parent / "node" / "node_modules"


def absent(what: str) -> NoReturn:
    """Skip the test that asks, saying why; where ``CI=true`` fail it instead."""
    reason = f"{what} is not installed; `make browsers` brings it"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def program(*names: str) -> str:
    """Return the path of the first of these programs that is there."""
    for name in names:
        if found := shutil.which(name):
            return found
    absent(names[0])


def module(name: str) -> str:
    """Return the name of a Python module, where it can be imported."""
    if importlib.util.find_spec(name) is None:
        absent(name)
    return name


def node_file(path: str) -> Path:
    """Return the path of a file of an npm package: ``axe-core/axe.min.js``."""
    found = NODE_MODULES / path
    if not found.is_file():
        absent(path.partition("/")[0])
    return found
