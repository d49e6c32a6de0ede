"""A private folder for the work, and one atomic step from there to a file's place."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from attnviz.errors import AttnvizError

_PREFIX = ".attnviz-"


class FolderError(AttnvizError):
    """The output folder cannot be written: no film can go there."""


@contextlib.contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """Give a private hidden folder inside an output folder, gone at the end whatever happens.

    It lies on the same file system as the results, so that a rename is atomic. What a killed
    process left behind is removed on the way.

    Parameters
    ----------
    folder
        The output folder, made where it is missing; a failure removes it again if it is empty.

    Raises
    ------
    FolderError
        If the folder cannot be written.
    """
    made = _missing_folders(folder)
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            private, lock = _private_folder(folder)
        except OSError as error:
            raise _unwritable(folder, error) from error
        try:
            yield private
        finally:
            shutil.rmtree(private, ignore_errors=True)
            os.close(lock)
    finally:
        _remove_empty(made)


def publish(files: Mapping[Path, Path], folder: Path) -> None:
    """Put finished files in their places, each by one atomic rename, in the order given.

    Parameters
    ----------
    files
        Finished file to its place.
    folder
        The output folder, which every place must lie in.

    Raises
    ------
    AttnvizError
        If a place lies outside (through a symbolic link, say) or cannot be written. Places
        are looked at before the first rename.
    """
    try:
        for place in files.values():
            _prepare(place, folder)
        for finished in files:
            _flush(finished)
        for finished, place in files.items():
            finished.replace(place)
        for parent in {place.parent for place in files.values()}:
            _flush(parent)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _prepare(place: Path, folder: Path) -> None:
    place.parent.mkdir(exist_ok=True)
    if not place.parent.resolve().is_relative_to(folder.resolve()):
        raise FolderError(
            f"{place.parent} leads out of the output folder, to {place.parent.resolve()}; "
            "remove the link or give another folder with -o"
        )
    if place.is_dir() and not place.is_symlink():
        raise AttnvizError(f"{place} is a folder; a file is to stand there: remove it")


def _flush(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _private_folder(folder: Path) -> tuple[Path, int]:
    """Make a private folder and lock it; the lock tells others that its owner lives."""
    # Under the output folder's own lock nobody sees a private folder before it is locked.
    with _locked(folder):
        private = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        lock = os.open(private, os.O_RDONLY)
        with contextlib.suppress(OSError):  # a file system without locks: nothing is swept there
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _sweep(folder)
    return private, lock


def _sweep(folder: Path) -> None:
    """Remove the private folders whose owner was killed."""
    for path in folder.glob(f"{_PREFIX}*"):
        if path.is_symlink() or not path.is_dir():
            continue
        handle = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue  # its owner lives
        finally:
            os.close(handle)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _missing_folders(folder: Path) -> list[Path]:
    """List the folders that are to be made, the innermost first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def _remove_empty(folders: list[Path]) -> None:
    for path in folders:
        with contextlib.suppress(OSError):
            path.rmdir()


def _unwritable(folder: Path, error: OSError) -> FolderError:
    reason = error.strerror or str(error)
    return FolderError(
        f"the output folder {folder} cannot be written ({reason}); give another with -o"
    )
