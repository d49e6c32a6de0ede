"""What is kept of the trained translator."""

from dataclasses import dataclass
from typing import Any

from attnviz.models.saved import HeadChoice, Saved
from attnviz.models.translator.model import Config, EncoderDecoder


@dataclass(frozen=True, eq=False)
class TranslatorCheckpoint(Saved):
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

    def header(self) -> dict[str, Any]:
        """Give what is known of the model: see :meth:`Saved.header`."""
        return {
            "config": self.model.config.to_json(),
            "best": self.best.to_json(),
            "recipe": self.recipe,
        }

    @classmethod
    def from_header(cls, data: dict[str, Any]) -> "TranslatorCheckpoint":
        """Make a model that is still to be filled: see :meth:`Saved.from_header`."""
        return cls(
            model=EncoderDecoder(Config.from_json(data["config"])),
            best=HeadChoice.from_json(data["best"]),
            recipe=data["recipe"],
        )
