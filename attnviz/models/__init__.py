"""The tiny models that ship with attnviz, by name. torch is imported only when one is loaded."""

import functools
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import UserError, closest, quoted
from attnviz.models.recipe import Recipe

if TYPE_CHECKING:
    from attnviz.models.tiny import TinyModel
    from attnviz.models.translator.tracing import Translator
    from attnviz.records import ModelTrace

SENTENCE_MODELS = ("reader", "writer")
"""Those that read one sentence."""

TRANSLATOR = "translator"
"""The one with a decoder."""

_NAMES = (*SENTENCE_MODELS, TRANSLATOR)


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
    """Give the recipe that a model which reads one sentence is trained by.

    Parameters
    ----------
    name
        One of `SENTENCE_MODELS`.

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
    """Load a tiny model that reads one sentence; the second time is free.

    Parameters
    ----------
    name
        One of `SENTENCE_MODELS`.

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


@functools.cache
def load_translator() -> "Translator":
    """Load the encoder–decoder that ships with attnviz; the second time is free.

    Returns
    -------
    Translator
        The model, ready to read.

    Raises
    ------
    AttnvizError
        If its checkpoint cannot be read.
    """
    from attnviz.models.translator.checkpoint import TranslatorCheckpoint
    from attnviz.models.translator.tracing import Translator

    return Translator(TRANSLATOR, TranslatorCheckpoint.load(checkpoint_path(TRANSLATOR)))


def trace(name: str, text: str, target: str | None = None) -> "ModelTrace":
    """Let a tiny model read a text, and keep everything that was computed.

    Parameters
    ----------
    name
        One of :func:`names`.
    text
        What it reads.
    target
        What its decoder writes, where it has one; None: its own output.

    Returns
    -------
    ModelTrace
        The tensors.

    Raises
    ------
    UserError
        If there is no such model, a target is given to a model without a decoder, or a text does
        not fit the model.
    """
    if check_name(name) == TRANSLATOR:
        return load_translator().trace(text, target)
    if target is not None:
        raise UserError(
            f"target: {name} reads one sentence and has no decoder; leave it out, or choose"
            f" --model {TRANSLATOR}"
        )
    return load(name).trace(text)
