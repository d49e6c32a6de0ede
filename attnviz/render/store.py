"""The content store: finished clips of one user by their content keys, whatever folder asks.

An entry is the folder ``clips/<first two digits of the key>/<key>`` with the clip's files under
their own names and an index of their digests. The store may be lost at any moment without harm:
what does not agree with its index is removed and rendered again.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError
from attnviz.render import manifest as manifests
from attnviz.render.entries import (
    MANIFEST,
    Entry,
    copied,
    excess,
    gather,
    read_index,
    read_manifest,
)
from attnviz.render.limits import PLACE, Limits, folder, limits
from attnviz.render.workspace import FolderError, publish, workspace

CLIPS = "clips"
_PREFIX = 2
_ATTEMPTS = 3  # at putting an entry where another process puts one too


class StoreError(AttnvizError):
    """The store cannot be written; films are made without it."""


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
        index = read_index(entry)
        content = read_manifest(entry, index)
        if content is None or content.get("key") != key:
            self._discard(entry)
            return None
        others = {what: path for what, path in files.items() if what != MANIFEST}
        if not others.keys() <= index.keys():
            return None
        if not all(copied(entry, index[what], path) for what, path in others.items()):
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
                if not gather(made, key, files, entry):
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
