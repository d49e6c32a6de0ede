"""What a training run is told: the same recipe and seed give the same model."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of a training run.

    Parameters
    ----------
    name
        The model's name.
    causal
        True where no token may look ahead.
    seed
        Of everything that chance decides.
    sentences
        How many sentences to draw for training.
    steps
        How many batches to learn from.
    batch
        Sentences a step.
    learning_rate
        Its highest value, after the warm-up; it falls to 0 along a cosine.
    warm_up
        Steps over which the learning rate rises.
    weight_decay, beta2, clip
        AdamW's decay and second moment; the longest gradient.
    masked
        Share of the tokens that a masked language model must restore.
    tell
        Weight of the loss at ambiguous words: *resolve* for a bidirectional model (restore the
        sense), the next word for a causal one.
    neighbours
        Weight of the loss of naming the neighbouring tokens from what attention brings; it makes
        heads that look one place back or ahead.
    neighbours_layer
        The layer whose attention is asked for them.
    entropy
        Weight of the mean entropy of the attention rows, in nats.
    entropy_from
        From which share of the steps on entropy counts.
    """

    name: str
    causal: bool
    seed: int
    sentences: int
    steps: int
    batch: int
    learning_rate: float
    warm_up: int
    weight_decay: float
    beta2: float
    clip: float
    masked: float
    tell: float
    neighbours: float
    neighbours_layer: int
    entropy: float
    entropy_from: float

    def to_json(self) -> Mapping[str, str | bool | int | float]:
        """Give the settings as plain data.

        Returns
        -------
        Mapping
            Field name to value.
        """
        return asdict(self)
