"""Which sources were saved: told within a tenth of a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Final

from watchfiles import Change, awatch

from attnviz.model_choice import CONFIG_FILE, choose_model
from attnviz.render.catalogue import SCENES_FOLDER
from attnviz.render.imports import PROJECT
from attnviz.studio.choices import Named

SUFFIXES: Final = frozenset({".py", ".json", ".safetensors", ".toml"})
"""How the names of files end that a film is a function of."""

Hear = Callable[[frozenset[Path]], Awaitable[None]]

_QUIET: Final = 20
"""Milliseconds without another change, after which the changes are told."""

_LONGEST: Final = 80
"""Milliseconds after which they are told in any case."""


async def watch(named: Named, hear: Hear) -> None:
    """Tell of the sources that are saved, until this is cancelled.

    Parameters
    ----------
    named
        What the command line named. The folders of its files are watched beside the project's own,
        but not the folders in them: a scene may lie where its author keeps everything else.
    hear
        Is told of files that were saved together; what is saved meanwhile comes after.
    """
    ours = {PROJECT / "attnviz", SCENES_FOLDER}
    theirs = {
        folder
        for folder in _folders(named)
        if not any(folder.is_relative_to(other) for other in ours)
    }
    async with asyncio.TaskGroup() as watching:
        watching.create_task(_watch(ours, hear, recursive=True))
        if theirs:
            watching.create_task(_watch(theirs, hear, recursive=False))


async def _watch(folders: Collection[Path], hear: Hear, *, recursive: bool) -> None:
    async for told in awatch(
        *folders, watch_filter=_is_source, debounce=_LONGEST, step=_QUIET, recursive=recursive
    ):
        await hear(frozenset(Path(path) for _, path in told))


def _is_source(_change: Change, path: str) -> bool:
    """Tell whether a film may depend on a file: those that editors put beside it are hidden."""
    file = Path(path)
    return file.suffix in SUFFIXES and not file.name.startswith(".")


def _folders(named: Named) -> set[Path]:
    """Return the folders of the user's own scenes and model."""
    folders = {scene.source.parent for scene in named.scenes}
    for name in named.models:
        path = choose_model(name).path
        if path is not None:
            path = path.resolve()
            folders.add(path if (path / CONFIG_FILE).is_file() else path.parent)
    return folders
