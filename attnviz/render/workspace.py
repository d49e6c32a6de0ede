"""A private folder for the work, and one atomic step from there to a file's place."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from attnviz.errors import AttnvizError

_PREFIX = ".attnviz-"
_RANDOM_BYTES = 8
_OWNER_ONLY = 0o700
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The errors of a disk, or of a user's share of it, that is full."""


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
        If the folder cannot be written, at once or while it is worked in: its disk may fill up.
    """
    made = _missing_folders(folder)
    # Named before it is made: whatever interrupts, there is no moment at which nobody removes it.
    private = folder / f"{_PREFIX}{os.urandom(_RANDOM_BYTES).hex()}"
    lock = None
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = _make_private(private)
        except OSError as error:
            raise _unwritable(folder, error) from error
        try:
            yield private
        except OSError as error:
            if concerns(folder, error):
                raise _unwritable(folder, error) from error
            raise
    finally:
        shutil.rmtree(private, ignore_errors=True)
        if lock is not None:
            os.close(lock)
        _remove_empty(made)


def concerns(folder: Path, error: BaseException) -> bool:
    """Tell whether an error is a folder's: it names a file there, or none and a full disk."""
    if not isinstance(error, OSError):
        return False
    if isinstance(error.filename, str | os.PathLike):
        return Path(error.filename).is_relative_to(folder)
    return error.filename is None and error.errno in {*FULL, errno.EROFS}


@contextlib.contextmanager
def naming(place: Path) -> Iterator[None]:
    """Let an error of a full disk that names no file name the place that was written to.

    What another process, or machine, could not write is then not taken for a fault of this one's.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in {*FULL, errno.EROFS}:
            raise OSError(error.errno, error.strerror, str(place)) from error
        raise


def publish(files: Mapping[Path, Path], folder: Path) -> None:
    """Put finished files in their places, each by one atomic rename, in the order given.

    Two processes do not mix their files, and where one rename fails those before it are undone.

    Parameters
    ----------
    files
        Finished file to its place; the finished files lie in a private folder.
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
        with _locked(folder):
            _exchange(files)
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


def _exchange(files: Mapping[Path, Path]) -> None:
    """Rename files to their places; a failure on the way puts back what stood there."""
    undo: list[tuple[Path, Path | None]] = []
    try:
        for finished, place in files.items():
            with contextlib.suppress(OSError):  # a file system without hard links: no way back
                undo.append((place, _set_aside(finished, place)))
            finished.replace(place)
    except BaseException:
        for place, before in reversed(undo):
            with contextlib.suppress(OSError):
                if before is None:
                    place.unlink()
                else:
                    before.replace(place)
        raise


def _set_aside(finished: Path, place: Path) -> Path | None:
    """Give the file at a place a second name beside the finished one; None: there is no file."""
    before = finished.with_name(f"{finished.name}.before")
    try:
        before.hardlink_to(place)
    except FileNotFoundError:
        return None
    return before


def _flush(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_private(private: Path) -> int:
    """Make a private folder and lock it; the lock tells others that its owner lives."""
    # Under the output folder's own lock nobody sees a private folder before it is locked.
    with _locked(private.parent):
        private.mkdir(mode=_OWNER_ONLY)
        lock = os.open(private, os.O_RDONLY)
        with contextlib.suppress(OSError):  # a file system without locks: nothing is swept there
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _sweep(private.parent)
    return lock


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
    if error.errno in FULL:
        return FolderError(
            f"the disk of the output folder {folder} is full; free some space there or give"
            " another folder with -o"
        )
    reason = error.strerror or str(error)
    return FolderError(
        f"the output folder {folder} cannot be written ({reason}); "
        "give another with -o, or of a post's clips with --assets"
    )
