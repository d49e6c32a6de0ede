"""A trained model as one safetensors file: tensors, and what was measured of them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

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
            "asking": {word: _to_json(choice) for word, choice in self.asking.items()},
            "general": _to_json(self.general),
            "recipe": self.recipe,
        }
        tensors = {name: t.contiguous() for name, t in self.model.state_dict().items()}
        part = path.with_name(path.name + ".part")
        try:
            part.write_bytes(save(tensors, metadata={_KEY: json.dumps(data)}))
            part.replace(path)
        except OSError as error:
            raise AttnvizError(f"cannot write {path}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)

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
        try:
            with safe_open(path, framework="pt") as file:
                data = json.loads((file.metadata() or {})[_KEY])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            model = Transformer(Config.from_json(data["config"]))
            model.load_state_dict(tensors)
            asking = {word: HeadChoice(**choice) for word, choice in data["asking"].items()}
            general = HeadChoice(**data["general"])
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise AttnvizError(
                f"{path} is not a checkpoint of a tiny model ({type(error).__name__}: {error});"
                " make it anew with `python render.py train`"
            ) from error
        model.eval().requires_grad_(False)
        return cls(model, asking, general, data["recipe"])


def _to_json(choice: HeadChoice) -> dict[str, int | str]:
    return {"layer": choice.layer, "head": choice.head, "reason": choice.reason}


def same_tensors(a: Transformer, b: Transformer) -> bool:
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
