"""Which kind of model ``--model`` names; light, for the command line and the content key."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from attnviz import models
from attnviz.errors import UserError, closest, quoted

CONFIG_FILE = "config.json"
"""What every folder with a Hugging Face model holds."""

SAVED = ".safetensors"
"""How the name of a saved trace ends."""

_FORMS = (
    f"a model is one of {', '.join(models.names())}, a folder with a Hugging Face model and its"
    " tokenizer, module.py:factory, or a saved trace"
)
_LONGEST_PATH = 400
"""Characters of a path that an error repeats."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model as the user named it.

    Parameters
    ----------
    kind
        A tiny model, a folder with a Hugging Face model, a file with a factory, or a saved trace.
    name
        What the user wrote.
    path
        The folder or file; None for a tiny model.
    function
        The factory's name; None for the other kinds.
    """

    kind: Literal["tiny", "folder", "factory", "saved"]
    name: str
    path: Path | None = None
    function: str | None = None


def choose_model(name: str) -> ModelChoice:
    """Tell which kind of model a name is, and that it is there.

    Nothing of the model is run: a factory's file is read, not imported.

    Parameters
    ----------
    name
        What the user wrote after ``--model``.

    Returns
    -------
    ModelChoice
        The model.

    Raises
    ------
    UserError
        If there is no such model; the message names the nearest, or what was wanted.
    """
    if name in models.names():
        return ModelChoice("tiny", name)
    file, _, function = name.rpartition(":") if ".py:" in name else (name, "", "")
    path = Path(file)
    if path.suffix == ".py":
        return _factory(name, path, function)
    if path.suffix == SAVED:
        return _saved(name, path)
    if name and path.is_dir():
        return _folder(name, path)
    if path.is_file():
        raise UserError(f"{_shown(path)} is no model: {_FORMS}")
    raise UserError(
        f"unknown model {quoted(name, _LONGEST_PATH)}{closest(name, models.names())}: {_FORMS};"
        " nothing is fetched from a network"
    )


def _folder(name: str, path: Path) -> ModelChoice:
    if not (path / CONFIG_FILE).is_file():
        raise UserError(
            f"folder {_shown(path)} has no {CONFIG_FILE}: wanted one that save_pretrained of a"
            " model and of its tokenizer wrote"
        )
    return ModelChoice("folder", name, path)


def _saved(name: str, path: Path) -> ModelChoice:
    if (path.parent / CONFIG_FILE).is_file():
        raise UserError(
            f"{_shown(path)} holds a model's weights, not a trace; give its folder,"
            f" {_shown(path.parent)}"
        )
    return ModelChoice("saved", name, path)


def _factory(name: str, path: Path, function: str) -> ModelChoice:
    if not path.is_file():
        raise UserError(f"there is no file {_shown(path)}; wanted module.py:factory")
    known = list(dict.fromkeys(_callables(path)))
    if function not in known:
        wanted = f"no function {quoted(function)}" if function else "no function named"
        raise UserError(
            f"{_shown(path)}: {wanted}{closest(function, known)} (there are"
            f" {', '.join(known) or 'none'}); wanted module.py:factory"
        )
    return ModelChoice("factory", name, path, function)


def _callables(path: Path) -> Iterator[str]:
    """Yield the names at the top of a file that a factory may have."""
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except OSError as error:
        raise UserError(f"{_shown(path)} cannot be read ({error.strerror})") from error
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise UserError(f"{_shown(path)}{line}: this is no Python ({error.args[0]})") from error
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _shown(path: Path) -> str:
    return quoted(str(path), _LONGEST_PATH)
