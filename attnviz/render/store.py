"""The content store: finished clips of one user by their content keys, whatever folder asks.

An entry is the folder ``clips/<first two digits of the key>/<key>`` with the clip's files under
their own names and an index of their digests. The store may be lost at any moment without harm:
what does not agree with its index is removed and rendered again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError
from attnviz.render import manifest as manifests
from attnviz.render.limits import PLACE, Limits, folder, limits
from attnviz.render.workspace import FULL, FolderError, publish, workspace

CLIPS = "clips"
INDEX = "index.json"
MANIFEST = "manifest"
"""What the manifest is among a clip's files."""

_DAY = 24 * 60 * 60
_PREFIX = 2
_ATTEMPTS = 3  # at putting an entry where another process puts one too


class StoreError(AttnvizError):
    """The store cannot be written; films are made without it."""


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
        return _manifest(self.path, _index(self.path)) or {}


@dataclass(frozen=True, slots=True)
class Store:
    """Finished clips by their content keys.

    Parameters
    ----------
    folder
        Where; None: nowhere, nothing is found or kept.
    limits
        How much it may hold.
    """

    folder: Path | None
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def of_user(cls) -> Store:
        """Return the user's store, as the environment has it.

        Raises
        ------
        UserError
            If a variable of the environment is no size or no age.
        """
        allowed = limits()
        return cls(folder() if allowed.size else None, allowed)

    @classmethod
    def at_users_place(cls) -> Store:
        """Return the user's store to be looked at, even where it is turned off.

        Raises
        ------
        UserError
            If a variable of the environment is no size or no age.
        """
        return cls(folder(), limits())

    def deliver(self, key: str, files: Mapping[str, Path], target: Path) -> dict[str, Any] | None:
        """Put a clip of the store in its place in an output folder.

        Parameters
        ----------
        key
            The content key.
        files
            What each file is to its place, in the order in which they reach it, the manifest last.
        target
            The output folder.

        Returns
        -------
        dict or None
            The manifest; None where the store has no whole clip with all these files. The output
            folder is then as it was.

        Raises
        ------
        FolderError
            If the output folder cannot be written.
        """
        entry = self._entry(key)
        if entry is None or not entry.is_dir():
            return None
        with workspace(target) as private:
            copies = {what: private / path.name for what, path in files.items()}
            content = self.find(key, copies)
            if content is not None:
                publish({copies[what]: files[what] for what in files}, target)
        return content

    def find(self, key: str, files: Mapping[str, Path]) -> dict[str, Any] | None:
        """Copy a clip out of the store.

        Parameters
        ----------
        key
            The content key.
        files
            What each file is to the private path that it is copied to, the manifest included.

        Returns
        -------
        dict or None
            The manifest, which tells of these files alone. None where there is no whole clip with
            all these files; a damaged one is removed.

        Raises
        ------
        OSError
            If the disk that is copied to is full.
        """
        entry = self._entry(key)
        if entry is None or not entry.is_dir():
            return None
        index = _index(entry)
        content = _manifest(entry, index)
        if content is None or content.get("key") != key:
            self._discard(entry)
            return None
        others = {what: path for what, path in files.items() if what != MANIFEST}
        if not others.keys() <= index.keys():
            return None
        if not all(_copied(entry, index[what], path) for what, path in others.items()):
            self._discard(entry)
            return None
        content["files"] = {what: index[what] for what in others}
        manifests.write(content, files[MANIFEST])
        with contextlib.suppress(OSError):  # a store that can only be read still serves
            os.utime(entry)
        return content

    def keep(self, key: str, files: Mapping[str, Path]) -> None:
        """Put a finished clip into the store; a store that cannot take it fails no render.

        Parameters
        ----------
        key
            The content key.
        files
            What each file is to its path, the manifest included. Files of other formats that the
            store has of this key stay.
        """
        entry = self._entry(key)
        if self.folder is None or entry is None:
            return
        try:
            with self._workspace() as private:
                made = private / key
                if not _gather(made, key, files, entry):
                    return  # another process has just put another film in their place
                _replace(made, entry, private)
                over = excess(self.entries(), self.limits, time.time())
                _move_away([one.path for one in over], private)
        except StoreError as error:
            print(f"attnviz: the clip is made, but not kept for reuse: {error}", file=sys.stderr)

    def entries(self) -> list[Entry]:
        """Return the clips in the store, the last used first."""
        if self.folder is None:
            return []
        found = []
        for path in self.folder.glob(f"{CLIPS}/*/*/"):
            with contextlib.suppress(OSError):  # removed by another process in this moment
                sizes = [file.stat().st_size for file in path.iterdir()]
                found.append(Entry(path, sum(sizes), path.stat().st_mtime))
        return sorted(found, key=lambda entry: entry.used, reverse=True)

    def remove(self, paths: Sequence[Path]) -> None:
        """Remove clips, by their folders, or a file of the store.

        Raises
        ------
        StoreError
            If the store cannot be written.
        """
        if self.folder is not None and paths:
            with self._workspace() as private:
                _move_away(paths, private)

    def _discard(self, path: Path) -> None:
        """Remove a damaged entry, where that is possible."""
        with contextlib.suppress(StoreError):
            self.remove([path])

    @contextlib.contextmanager
    def _workspace(self) -> Iterator[Path]:
        """Give a private folder in the store."""
        assert self.folder is not None
        try:
            with workspace(self.folder) as private:
                yield private
        except (OSError, FolderError) as error:
            cause = error.__cause__ if isinstance(error, FolderError) else error
            reason = cause.strerror if isinstance(cause, OSError) else error
            raise StoreError(
                f"the store {self.folder} cannot be written ({reason}); make room with `render.py"
                f" cache --clear`, or name another folder in {PLACE}"
            ) from error

    def _entry(self, key: str) -> Path | None:
        return None if self.folder is None else self.folder / CLIPS / key[:_PREFIX] / key


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


def _index(entry: Path) -> dict[str, Any]:
    """Return what each file of an entry is to its name, size and digest; empty where unsound."""
    try:
        content = json.loads((entry / INDEX).read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _manifest(entry: Path, index: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the manifest of an entry, or None where it is not the one that was put there."""
    try:
        path = entry / index[MANIFEST]["name"]
        return manifests.read(path) if manifests.file_facts(path) == index[MANIFEST] else None
    except (KeyError, TypeError, OSError):
        return None


def _copied(entry: Path, facts: object, path: Path) -> bool:
    """Copy a file out of an entry and tell whether the copy is what was put there."""
    try:
        shutil.copyfile(entry / path.name, path)
        return bool(manifests.file_facts(path) == facts)
    except OSError as error:
        if error.errno in FULL:
            raise
        return False


def _gather(made: Path, key: str, files: Mapping[str, Path], entry: Path) -> bool:
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
    known = _index(entry)
    for what in known.keys() - index.keys():
        path = made / Path(known[what]["name"]).name
        if _copied(entry, known[what], path):
            index[what] = known[what]
    (made / INDEX).write_text(json.dumps(index, indent=1), encoding="utf-8")
    return True


def _replace(made: Path, entry: Path, private: Path) -> None:
    """Put an entry in its place by one rename; whoever stands there is moved out of the way.

    Nothing waits for the disk here: what a power cut leaves half-written fails its digest.
    """
    for attempt in range(_ATTEMPTS):
        entry.parent.mkdir(parents=True, exist_ok=True)
        _move_away([entry], private)
        try:
            made.rename(entry)
        except OSError:
            if attempt + 1 == _ATTEMPTS:
                raise
        else:
            return


def _move_away(paths: Iterable[Path], private: Path) -> None:
    """Move folders into a private one, which is about to be removed."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            path.rename(Path(tempfile.mkdtemp(dir=private)) / path.name)
