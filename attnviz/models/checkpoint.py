"""What is kept of a trained reader or writer."""

from dataclasses import dataclass
from typing import Any

from attnviz.models.saved import HeadChoice, Saved
from attnviz.models.transformer import Config, Transformer


@dataclass(frozen=True, eq=False)
class Checkpoint(Saved):
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

    def header(self) -> dict[str, Any]:
        """Give what is known of the model: see :meth:`Saved.header`."""
        return {
            "config": self.model.config.to_json(),
            "asking": {word: choice.to_json() for word, choice in self.asking.items()},
            "general": self.general.to_json(),
            "recipe": self.recipe,
        }

    @classmethod
    def from_header(cls, data: dict[str, Any]) -> "Checkpoint":
        """Make a model that is still to be filled: see :meth:`Saved.from_header`."""
        return cls(
            model=Transformer(Config.from_json(data["config"])),
            asking={word: HeadChoice.from_json(own) for word, own in data["asking"].items()},
            general=HeadChoice.from_json(data["general"]),
            recipe=data["recipe"],
        )
