"""The content key: a digest of all that a film is a function of, without torch or manim."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import attnviz
from attnviz.errors import UserError
from attnviz.model_choice import choose_model
from attnviz.render.catalogue import SceneRef
from attnviz.render.output import Output
from attnviz.spec import Spec

_PROJECT = Path(attnviz.__file__).resolve().parent.parent
_PACKAGES = ("attnviz", "scenes")
_MODELS = _PROJECT / "attnviz" / "models"
# A film depends on how it is made as well as on what it shows.
_MAKER = _PROJECT / "attnviz" / "render" / "jobs.py"

_LIBRARIES = ("transformers", "tokenizers", "safetensors")
"""Packages that a user's own model may come through."""

_DEPENDENCIES = ("manim", "torch", "typst", "font-source-sans-pro", "numpy", "pycairo", "av")


def versions() -> dict[str, str]:
    """Return the versions of attnviz and of the packages that a film depends on."""
    return {"attnviz": attnviz.__version__} | {name: _version(name) for name in _DEPENDENCIES}


def content_key(scene: SceneRef, spec: Spec, output: Output) -> str:
    """Return the digest that names a film's content.

    Parameters
    ----------
    scene, spec, output
        What is filmed, of what, and as what.

    Returns
    -------
    str
        64 hexadecimal digits; equal where scene code, the attnviz code it uses, Spec, models,
        output and versions are equal.
    """
    content = {
        "class": scene.class_name,
        "code": _digests(sorted(source_files(scene.source)), scene.source.parent),
        "models": _digests(sorted(model_files(spec.model)), scene.source.parent),
        "spec": asdict(spec),
        "output": asdict(output),
        "versions": versions(),
    }
    return plain_digest(content | _foreign_content(spec))


def _foreign_content(spec: Spec) -> dict[str, object]:
    """Return what else a film of a user's own model depends on.

    A factory may take its weights from anywhere: it is run, and what it computes counts.
    """
    kind = _kind(spec.model)
    if kind not in ("folder", "factory"):
        return {}
    content: dict[str, object] = {"libraries": {name: _version(name) for name in _LIBRARIES}}
    if kind == "factory":
        # Imported late: only such a key needs torch.
        from attnviz.sources import load_trace
        from attnviz.trace_files import digest

        content["trace"] = digest(load_trace(spec))
    return content


def _kind(model: str) -> str | None:
    """Return the kind of a model; None where a scene of a user's knows the model, nobody else."""
    try:
        return choose_model(model).kind
    except UserError:
        return None


def plain_digest(content: object) -> str:
    """Return the SHA-256 of plain data, in hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def code_digests(module: Path) -> dict[str, str]:
    """Return the digest of a module of the project and of every file that it depends on."""
    return _digests(sorted(source_files(module)), module.parent)


def source_files(scene: Path) -> set[Path]:
    """Return the files of Python that a scene and its render depend on.

    Followed are imports, wherever they stand in a file, of attnviz, of scenes and of files
    beside the scene.
    """
    return _followed([scene, _MAKER], scene.parent)


def _followed(files: Iterable[Path], beside: Path) -> set[Path]:
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(_imported_files(path, beside))
    return found


def _imported_files(path: Path, beside: Path) -> Iterator[Path]:
    package = ""
    if path.is_relative_to(_PROJECT):
        package = ".".join(path.parent.relative_to(_PROJECT).parts)
    for name in _imported_names(path.read_bytes(), package):
        yield from _module_files(name, beside)


# A pure function of the bytes, so that it may be remembered; reading Python is the slow part.
@lru_cache(maxsize=512)
def _imported_names(source: bytes, package: str) -> tuple[str, ...]:
    """Return the absolute names that a source imports, anywhere in it but for type checkers."""
    names: list[str] = []
    for node in _run_nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute_name(node, package)
            names.extend([module, *(f"{module}.{alias.name}" for alias in node.names)])
    return tuple(names)


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


def _module_files(name: str, beside: Path) -> Iterator[Path]:
    """Yield the file of a module and the ``__init__.py`` of each package above it."""
    parts = name.split(".")
    root = _PROJECT if parts[0] in _PACKAGES else beside
    for depth in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:depth])
        yield from (
            path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()
        )


def model_files(model: str) -> Iterator[Path]:
    """Yield the data files of the tiny models, and the files of a model named by its path.

    Of a factory's they are its own and what it imports beside it.
    """
    # All tiny models count, a few megabytes: a scene may ask for a second trace.
    yield from _data_files(_MODELS)
    named = Path(model)
    if _kind(model) == "factory":
        file = Path(model.rpartition(":")[0]).resolve()
        yield from _followed([file], file.parent)
    elif named.is_dir():
        yield from _data_files(named.resolve())
    elif named.is_file():
        yield named.resolve()


def _data_files(folder: Path) -> Iterator[Path]:
    unread = {".py", ".pyc", ".md"}
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix not in unread:
            yield path


def _digests(paths: Iterable[Path], beside: Path) -> dict[str, str]:
    return {_short(path, beside): file_digest(path) for path in paths}


def _short(path: Path, beside: Path) -> str:
    """Name a file so that the same tree in another place has the same key."""
    for root in (_PROJECT, beside):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return str(path)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
