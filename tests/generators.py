"""The real static site generators, offline: each builds a site and returns the built folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests import needs

# Seconds: a small site takes one or two.
TIME_LIMIT = 120


def build_jekyll(folder: Path) -> Path:
    """Build a Jekyll site; gems come from the system alone, whatever the site's Gemfile says."""
    built = folder / "_site"
    place = ("--source", str(folder), "--destination", str(built))
    command = [needs.program("jekyll"), "build", *place, "--disable-disk-cache"]
    _run(command, folder, JEKYLL_NO_BUNDLER_REQUIRE="true", LANG="C.UTF-8")
    return built


def build_hugo(folder: Path) -> Path:
    """Build a Hugo site."""
    built = folder / "public"
    place = ("--source", str(folder), "--destination", str(built))
    _run([needs.program("hugo"), *place, "--cacheDir", str(folder / ".hugo_cache")], folder)
    return built


def build_mkdocs(folder: Path) -> Path:
    """Build a MkDocs site."""
    built = folder / "site"
    command = [sys.executable, "-m", needs.module("mkdocs"), "build", "--quiet"]
    _run([*command, "--site-dir", str(built)], folder)
    return built


def _run(command: list[str], folder: Path, **environment: str) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}{done.stderr}"
