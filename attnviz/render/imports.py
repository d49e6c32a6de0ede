"""Which files a file of Python depends on, read without importing any of them."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import attnviz
from attnviz.render.limits import folder, limits
from attnviz.render.workspace import FolderError, workspace

PROJECT = Path(attnviz.__file__).resolve().parent.parent
MEMORY = "imports.json"
"""The file in the store's folder that remembers what sources import, by their digests."""

_PACKAGES = ("attnviz", "scenes")
_UNREAD = frozenset({".py", ".pyc", ".md"})
_INIT = "__init__.py"
_FOLDER, _FILE = "folder", "file"
_MOST_REMEMBERED = 2_000


class Reader:
    """Files as they stand at one time: each is read once, and named by the digest of its bytes.

    What a source imports follows from its bytes, so that it is remembered from run to run under
    their digest; reading Python is the slow part.

    Parameters
    ----------
    memory
        The file that remembers; None: nothing is remembered. By default the user's store has it.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._digests: dict[Path, str] = {}
        self._names: dict[Path, tuple[str, ...]] = {}
        self._edges: dict[tuple[Path, Path], tuple[Path, ...]] = {}
        self._modules: dict[tuple[str, Path], tuple[Path, ...]] = {}
        self._folders: dict[Path, Mapping[str, str]] = {}
        self._data: dict[Path, tuple[Path, ...]] = {}
        self._known = {} if memory is None else _remembered(memory)
        self._used: dict[str, tuple[str, ...]] = {}
        self._learned = False

    @classmethod
    def of_user(cls) -> Reader:
        """Return a reader that remembers in the user's store, where there is one."""
        place = folder() if limits().size else None
        return cls(None if place is None else place / MEMORY)

    def digest(self, path: Path) -> str:
        """Return the SHA-256 of a file's bytes, in hexadecimal."""
        if path not in self._digests:
            self._digests[path] = file_digest(path)
        return self._digests[path]

    def followed(self, files: Iterable[Path], beside: Path) -> set[Path]:
        """Return files of Python and all that they import, directly or not.

        Followed are imports, wherever they stand in a file, of attnviz, of scenes and of files in
        a folder.

        Parameters
        ----------
        files
            Where to begin.
        beside
            The folder.
        """
        found: set[Path] = set()
        waiting = list(files)
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting.extend(self._imported_files(path, beside))
        self._remember()
        return found

    def _imported_files(self, path: Path, beside: Path) -> tuple[Path, ...]:
        edge = path, beside
        if edge not in self._edges:
            found = (
                file
                for name in self._imported_names(path)
                for file in self._module_files(name, beside)
            )
            self._edges[edge] = tuple(dict.fromkeys(found))
        return self._edges[edge]

    def _imported_names(self, path: Path) -> tuple[str, ...]:
        if path not in self._names:
            source = path.read_bytes()
            # Of the same bytes as the names: the file may change at any time.
            self._digests[path] = digest = hashlib.sha256(source).hexdigest()
            package = _package(path)
            entry = f"{package} {digest}"
            if entry not in self._known:
                self._known[entry] = imported_names(source, package)
                self._learned = True
            self._names[path] = self._used[entry] = self._known[entry]
        return self._names[path]

    def _module_files(self, name: str, beside: Path) -> tuple[Path, ...]:
        """Return the file of a module and the ``__init__.py`` of each package above it."""
        module = name, beside
        if module not in self._modules:
            above, _, last = name.rpartition(".")
            files = self._module_files(above, beside) if above else ()
            root = PROJECT if name.partition(".")[0] in _PACKAGES else beside
            package = root.joinpath(*above.split("."))
            self._modules[module] = (*files, *self._own_files(package, last))
        return self._modules[module]

    def _own_files(self, package: Path, name: str) -> Iterator[Path]:
        """Yield the files of a name in a package; most names are no modules, and have none."""
        there = self._entries(package)
        if there.get(f"{name}.py") == _FILE:
            yield package / f"{name}.py"
        if there.get(name) == _FOLDER and self._entries(package / name).get(_INIT):
            yield package / name / _INIT

    def _entries(self, place: Path) -> Mapping[str, str]:
        """Return what a folder holds, the name of each to what it is."""
        if place not in self._folders:
            try:
                with os.scandir(place) as entries:
                    kinds = {entry.name: _FOLDER if entry.is_dir() else _FILE for entry in entries}
            except OSError:
                kinds = {}
            self._folders[place] = kinds
        return self._folders[place]

    def data_files(self, folder: Path) -> tuple[Path, ...]:
        """Return the files of a folder, and of those in it, that are neither code nor prose."""
        if folder not in self._data:
            files = (path for path in folder.rglob("*") if path.suffix not in _UNREAD)
            self._data[folder] = tuple(path for path in files if path.is_file())
        return self._data[folder]

    def _remember(self) -> None:
        """Write down what was learned; a memory that cannot be written is done without."""
        if self._memory is None or not self._learned:
            return
        self._learned = False
        names = self._known if len(self._known) <= _MOST_REMEMBERED else self._used
        with contextlib.suppress(OSError, FolderError), workspace(self._memory.parent) as private:
            written = private / MEMORY
            written.write_bytes(_sealed(json.dumps(names).encode()))
            written.replace(self._memory)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=512)
def imported_names(source: bytes, package: str) -> tuple[str, ...]:
    """Return the absolute names that a source imports, anywhere in it but for type checkers.

    Parameters
    ----------
    source
        The bytes of a file of Python.
    package
        The package that the file lies in; empty: none.
    """
    names: list[str] = []
    for node in _run_nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute_name(node, package)
            names.extend([module, *(f"{module}.{alias.name}" for alias in node.names)])
    return tuple(dict.fromkeys(names))


def _run_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree that can run: what stands under ``if TYPE_CHECKING`` never does."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _absolute_name(node: ast.ImportFrom, package: str) -> str:
    if node.level == 0 or not package:
        return node.module or ""
    return importlib.util.resolve_name("." * node.level + (node.module or ""), package)


def _package(path: Path) -> str:
    """Return the package that a file of the project lies in; empty for others."""
    if not path.is_relative_to(PROJECT):
        return ""
    return ".".join(path.parent.relative_to(PROJECT).parts)


def _remembered(memory: Path) -> dict[str, tuple[str, ...]]:
    """Return what a memory holds; nothing where it is damaged or of another version of this."""
    try:
        whole = memory.read_bytes()
        content = whole.partition(b"\n")[2]
        known = json.loads(content) if whole == _sealed(content) else {}
        return {entry: tuple(names) for entry, names in known.items()}
    except (OSError, ValueError):
        return {}


def _sealed(content: bytes) -> bytes:
    """Put before a memory's content what it must agree with: this module, Python, its digest."""
    made_by = f"{file_digest(Path(__file__))} {sys.version_info[:2]} ".encode()
    return hashlib.sha256(made_by + content).hexdigest().encode() + b"\n" + content
