"""A trained model as one safetensors file: tensors, and what was measured of them."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from attnviz.errors import AttnvizError
from attnviz.models.settings import Settings

_KEY = "attnviz"
"""Where the metadata stands in the file's header."""


@dataclass(frozen=True, slots=True)
class HeadChoice(Settings):
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


_Own = TypeVar("_Own", bound="Saved")
"""Not Self, which beartype only takes where it decorates the whole class."""


class Saved(ABC):
    """A model that is kept with what is known of it; a class below says what that is."""

    model: nn.Module

    @abstractmethod
    def header(self) -> dict[str, Any]:
        """Give what is known of the model as plain data.

        Returns
        -------
        dict
            What :meth:`from_header` reads.
        """

    @classmethod
    @abstractmethod
    def from_header(cls: type[_Own], data: dict[str, Any]) -> _Own:
        """Make a model of the right sizes, its numbers still to be filled in.

        Parameters
        ----------
        data
            From :meth:`header`.

        Returns
        -------
        Saved
            The model and what is known of it.
        """

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
        tensors = {name: t.contiguous() for name, t in self.model.state_dict().items()}
        part = path.with_name(path.name + ".part")
        try:
            part.write_bytes(save(tensors, metadata={_KEY: json.dumps(self.header())}))
            part.replace(path)
        except OSError as error:
            raise AttnvizError(f"cannot write {path}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls: type[_Own], path: Path) -> _Own:
        """Read a file that :meth:`save` wrote.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Saved
            The same model, ready to read, and what is known of it.

        Raises
        ------
        AttnvizError
            If the file is missing or is not such a checkpoint.
        """
        with _reading(path) as (data, tensors):
            made = cls.from_header(data)
            made.model.load_state_dict(tensors)
        made.model.eval().requires_grad_(False)
        return made


@contextmanager
def _reading(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Tensor]]]:
    """Read what :meth:`Saved.save` wrote; what does not fit inside the block is refused too.

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
            # Ruff takes keys() for a dict's (SIM118); a safetensors file has no iterator.
            names = list(file.keys())
            data = json.loads((file.metadata() or {})[_KEY])
            tensors = {name: file.get_tensor(name) for name in names}
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
