"""The content key: a digest of all that a film is a function of, without torch or manim."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import attnviz
from attnviz.errors import UserError
from attnviz.model_choice import choose_model
from attnviz.render.catalogue import SceneRef
from attnviz.render.imports import PROJECT, Reader
from attnviz.render.output import Output
from attnviz.spec import Spec

_MODELS = PROJECT / "attnviz" / "models"
# A film depends on how it is made as well as on what it shows.
_MAKERS = [PROJECT / "attnviz" / "render" / name for name in ("takes.py", "finishing.py")]

_LIBRARIES = ("transformers", "tokenizers", "safetensors")
"""Packages that a user's own model may come through."""

_DEPENDENCIES = ("manim", "torch", "typst", "font-source-sans-pro", "numpy", "pycairo", "av")


def versions() -> dict[str, str]:
    """Return the versions of attnviz and of the packages that a film depends on."""
    return {"attnviz": attnviz.__version__} | {name: _version(name) for name in _DEPENDENCIES}


def content_key(scene: SceneRef, spec: Spec, output: Output, reader: Reader | None = None) -> str:
    """Return the digest that names a film's content.

    Parameters
    ----------
    scene, spec, output
        What is filmed, of what, and as what.
    reader
        Has read the files; the keys of many films share one. None: they are read now.

    Returns
    -------
    str
        64 hexadecimal digits; equal where scene code, the attnviz code it uses, Spec, models,
        output and versions are equal.
    """
    reader, beside = reader or Reader.of_user(), scene.source.parent
    content = {
        "class": scene.class_name,
        "code": _digests(source_files(scene.source, reader), beside, reader),
        "models": _digests(model_files(spec.model, reader), beside, reader),
        "spec": asdict(spec),
        "output": asdict(output),
        "versions": versions(),
    }
    return plain_digest(content | _foreign_content(spec))


def _foreign_content(spec: Spec) -> dict[str, object]:
    """Return what else a film of a user's own model depends on.

    A factory may take its weights from anywhere: it is run, and what it computes counts.
    """
    kind = model_kind(spec.model)
    if kind not in ("folder", "factory"):
        return {}
    content: dict[str, object] = {"libraries": {name: _version(name) for name in _LIBRARIES}}
    if kind == "factory":
        # Imported late: only such a key needs torch.
        from attnviz.sources import load_trace
        from attnviz.trace_files import digest

        content["trace"] = digest(load_trace(spec))
    return content


def model_kind(model: str) -> str | None:
    """Return the kind of a model; None where a scene of a user's knows the model, nobody else."""
    try:
        return choose_model(model).kind
    except UserError:
        return None


def plain_digest(content: object) -> str:
    """Return the SHA-256 of plain data, in hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def code_digests(module: Path, reader: Reader | None = None) -> dict[str, str]:
    """Return the digest of a module of the project and of every file that it depends on."""
    reader = reader or Reader.of_user()
    return _digests(source_files(module, reader), module.parent, reader)


def source_files(scene: Path, reader: Reader | None = None) -> set[Path]:
    """Return the files of Python that a scene and its render depend on.

    Followed are imports, wherever they stand in a file, of attnviz, of scenes and of files
    beside the scene.
    """
    return (reader or Reader.of_user()).followed([scene, *_MAKERS], scene.parent)


def model_files(model: str, reader: Reader | None = None) -> Iterator[Path]:
    """Yield the data files of the tiny models, and the files of a model named by its path.

    Of a factory's they are its own and what it imports beside it.
    """
    reader = reader or Reader.of_user()
    # All tiny models count, a few megabytes: a scene may ask for a second trace.
    yield from reader.data_files(_MODELS)
    named = Path(model)
    if model_kind(model) == "factory":
        file = Path(model.rpartition(":")[0]).resolve()
        yield from reader.followed([file], file.parent)
    elif named.is_dir():
        yield from reader.data_files(named.resolve())
    elif named.is_file():
        yield named.resolve()


def _digests(paths: Iterable[Path], beside: Path, reader: Reader) -> dict[str, str]:
    return {_short(path, beside): reader.digest(path) for path in sorted(paths)}


def _short(path: Path, beside: Path) -> str:
    """Name a file so that the same tree in another place has the same key."""
    for root in (PROJECT, beside):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return str(path)


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
