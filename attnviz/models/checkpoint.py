"""A trained model as one safetensors file: tensors, and what was measured of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from attnviz.errors import AttnvizError
from attnviz.models.transformer import Config, Transformer

_KEY = "attnviz"
"""Where the metadata stands in the file's header."""


@dataclass(frozen=True, slots=True)
class HeadChoice:
    """The head worth looking at, chosen by measurement when the checkpoint was made.

    Parameters
    ----------
    layer, head
        Counted from 0.
    reason
        The measurement.
    """

    layer: int
    head: int
    reason: str

    def to_json(self) -> dict[str, int | str]:
        """Give the choice as plain data.

        Returns
        -------
        dict
            Field name to value.
        """
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained model and what is known of it.

    Parameters
    ----------
    model
        The model, ready to read.
    asking
        Asking word (*bank*, *she*) to its head, in the order a film prefers them.
    general
        The head for sentences without any such word.
    recipe
        The settings of the training run, as plain data.
    """

    model: Transformer
    asking: dict[str, HeadChoice]
    general: HeadChoice
    recipe: dict[str, Any]

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Parameters
        ----------
        path
            The file; one that is there is replaced.

        Raises
        ------
        AttnvizError
            If it cannot be written.
        """
        data = {
            "config": self.model.config.to_json(),
            "asking": {word: choice.to_json() for word, choice in self.asking.items()},
            "general": self.general.to_json(),
            "recipe": self.recipe,
        }
        write_tensors(path, self.model, data)

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """Read a file that :meth:`save` wrote.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Checkpoint
            The same model and choices.

        Raises
        ------
        AttnvizError
            If the file is missing or is not such a checkpoint.
        """
        with reading(path) as (data, tensors):
            model = Transformer(Config.from_json(data["config"]))
            model.load_state_dict(tensors)
            asking = {word: HeadChoice(**choice) for word, choice in data["asking"].items()}
            general = HeadChoice(**data["general"])
            recipe = data["recipe"]
        model.eval().requires_grad_(False)
        return cls(model, asking, general, recipe)


def write_tensors(path: Path, model: nn.Module, data: dict[str, Any]) -> None:
    """Write a model's tensors and what is known of them, whole or not at all.

    Parameters
    ----------
    path
        The file; one that is there is replaced.
    model
        The model.
    data
        Plain data for the header.

    Raises
    ------
    AttnvizError
        If it cannot be written.
    """
    tensors = {name: t.contiguous() for name, t in model.state_dict().items()}
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(save(tensors, metadata={_KEY: json.dumps(data)}))
        part.replace(path)
    except OSError as error:
        raise AttnvizError(f"cannot write {path}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Tensor]]]:
    """Read what :func:`write_tensors` wrote; what does not fit inside the block is refused too.

    Parameters
    ----------
    path
        The file.

    Yields
    ------
    tuple
        The plain data and the tensors.

    Raises
    ------
    AttnvizError
        If the file is missing or is not such a checkpoint.
    """
    try:
        with safe_open(path, framework="pt") as file:
            data = json.loads((file.metadata() or {})[_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        yield data, tensors
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise AttnvizError(
            f"{path} is not a checkpoint of a tiny model ({type(error).__name__}: {error});"
            " make it anew with `python render.py train`"
        ) from error


def same_tensors(a: nn.Module, b: nn.Module) -> bool:
    """Say whether two models hold the same numbers, bit by bit.

    Parameters
    ----------
    a, b
        The models.

    Returns
    -------
    bool
        True where every tensor is equal.
    """
    first, second = a.state_dict(), b.state_dict()
    return first.keys() == second.keys() and all(
        torch.equal(tensor, second[name]) for name, tensor in first.items()
    )
