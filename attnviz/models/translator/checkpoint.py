"""The trained translator as one safetensors file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnviz.models.checkpoint import HeadChoice, reading, write_tensors
from attnviz.models.translator.model import Config, EncoderDecoder


@dataclass(frozen=True, eq=False)
class TranslatorCheckpoint:
    """The trained model and what is known of it.

    Parameters
    ----------
    model
        The model, ready to read.
    best
        The layer and head to film, chosen by measurement.
    recipe
        The settings of the training run, as plain data.
    """

    model: EncoderDecoder
    best: HeadChoice
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
            "best": self.best.to_json(),
            "recipe": self.recipe,
        }
        write_tensors(path, self.model, data)

    @classmethod
    def load(cls, path: Path) -> "TranslatorCheckpoint":
        """Read a file that :meth:`save` wrote.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        TranslatorCheckpoint
            The same model and choice.

        Raises
        ------
        AttnvizError
            If the file is missing or is not such a checkpoint.
        """
        with reading(path) as (data, tensors):
            model = EncoderDecoder(Config.from_json(data["config"]))
            model.load_state_dict(tensors)
            best, recipe = HeadChoice(**data["best"]), data["recipe"]
        model.eval().requires_grad_(False)
        return cls(model, best, recipe)
