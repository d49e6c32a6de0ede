"""The tiny models that ship with attnviz, by name. torch is imported only when one is loaded."""

import functools
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import UserError, closest, quoted
from attnviz.models.recipe import Recipe

if TYPE_CHECKING:
    from attnviz.models.tiny import TinyModel

_NAMES = ("reader", "writer")


def names() -> tuple[str, ...]:
    """List the tiny models.

    Returns
    -------
    tuple of str
        Their names.
    """
    return _NAMES


def check_name(name: str) -> str:
    """Refuse a name that no tiny model has.

    Parameters
    ----------
    name
        What the user wrote.

    Returns
    -------
    str
        The name.

    Raises
    ------
    UserError
        If there is no such model; the nearest one is named.
    """
    if name not in _NAMES:
        raise UserError(
            f"unknown model {quoted(name)}{closest(name, _NAMES)}: the models are"
            f" {', '.join(_NAMES)}"
        )
    return name


def recipe_of(name: str) -> Recipe:
    """Give the recipe that a model is trained by.

    Parameters
    ----------
    name
        One of :func:`names`.

    Returns
    -------
    Recipe
        Its settings.

    Raises
    ------
    UserError
        If there is no such model.
    """
    recipe = import_module(f"attnviz.models.{check_name(name)}.recipe").RECIPE
    if not isinstance(recipe, Recipe):
        raise TypeError(f"attnviz.models.{name}.recipe.RECIPE is a {type(recipe).__name__}")
    return recipe


def checkpoint_path(name: str) -> Path:
    """Say where a model's shipped checkpoint is.

    Parameters
    ----------
    name
        One of :func:`names`.

    Returns
    -------
    Path
        The safetensors file.

    Raises
    ------
    UserError
        If there is no such model.
    """
    return Path(__file__).parent / check_name(name) / "checkpoint.safetensors"


@functools.cache
def load(name: str) -> "TinyModel":
    """Load a tiny model that ships with attnviz; the second time is free.

    Parameters
    ----------
    name
        One of :func:`names`.

    Returns
    -------
    TinyModel
        The model, ready to read.

    Raises
    ------
    UserError
        If there is no such model.
    AttnvizError
        If its checkpoint cannot be read.
    """
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.tiny import TinyModel

    return TinyModel(name, Checkpoint.load(checkpoint_path(name)))
