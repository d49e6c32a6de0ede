"""An entry of the store: a clip's files in one folder, and an index of their digests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnviz.render import manifest as manifests
from attnviz.render.limits import Limits
from attnviz.render.workspace import FULL

INDEX = "index.json"
MANIFEST = "manifest"
"""What the manifest is among a clip's files."""

_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Entry:
    """A clip in the store.

    Parameters
    ----------
    path
        Its folder, named by the content key.
    size
        Bytes of its files.
    used
        When it was put there or last taken, in seconds since 1970.
    """

    path: Path
    size: int
    used: float

    def manifest(self) -> dict[str, Any]:
        """Return what the clip's manifest says; empty where it cannot be read."""
        return read_manifest(self.path, read_index(self.path)) or {}


def excess(entries: Iterable[Entry], allowed: Limits, now: float) -> list[Entry]:
    """Return what must go: what is too old or too large, then the longest unused of too much.

    Parameters
    ----------
    entries
        The clips, the last used first.
    allowed
        How much may stay.
    now
        Seconds since 1970.
    """
    gone, size = [], 0
    for entry in entries:
        if entry.size > allowed.size or now - entry.used > allowed.days * _DAY:
            gone.append(entry)
            continue
        size += entry.size
        if size > allowed.size:
            gone.append(entry)
    return gone


def read_index(entry: Path) -> dict[str, Any]:
    """Return what each file of an entry is to its name, size and digest; empty where unsound."""
    try:
        content = json.loads((entry / INDEX).read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def read_manifest(entry: Path, index: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the manifest of an entry, or None where it is not the one that was put there."""
    try:
        path = entry / index[MANIFEST]["name"]
        return manifests.read(path) if manifests.file_facts(path) == index[MANIFEST] else None
    except (KeyError, TypeError, OSError):
        return None


def copied(entry: Path, facts: object, path: Path) -> bool:
    """Copy a file out of an entry and tell whether the copy is what was put there."""
    try:
        shutil.copyfile(entry / path.name, path)
        return bool(manifests.file_facts(path) == facts)
    except OSError as error:
        if error.errno in FULL:
            raise
        return False


def gather(made: Path, key: str, files: Mapping[str, Path], entry: Path) -> bool:
    """Make an entry in a private folder; tell whether the files are those of the key."""
    made.mkdir()
    for path in files.values():
        shutil.copyfile(path, made / path.name)
    copies = {what: made / path.name for what, path in files.items()}
    content = manifests.read(copies[MANIFEST])
    others = {what: path for what, path in copies.items() if what != MANIFEST}
    if content is None or not manifests.vouches(content, key, others):
        return False
    index = {what: manifests.file_facts(path) for what, path in copies.items()}
    known = read_index(entry)
    for what in known.keys() - index.keys():
        path = made / Path(known[what]["name"]).name
        if copied(entry, known[what], path):
            index[what] = known[what]
    (made / INDEX).write_text(json.dumps(index, indent=1), encoding="utf-8")
    return True
