"""The recipe of translator: the next word of the translation, and nothing else."""

from dataclasses import dataclass

from attnviz.models.settings import Settings


@dataclass(frozen=True, slots=True)
class Recipe(Settings):
    """The settings of a training run.

    Parameters
    ----------
    name
        The model's name.
    seed
        Of everything that chance decides.
    phrases
        How many pairs of phrases to draw for training, both directions together.
    steps
        How many batches to learn from.
    batch
        Pairs a step.
    learning_rate
        Its highest value, after the warm-up; it falls to 0 along a cosine.
    warm_up
        Steps over which the learning rate rises.
    weight_decay, beta2, clip
        AdamW's decay and second moment; the longest gradient.
    legible
        Weight of the price of cross-attention rows that are too spread or too sharp.
    legible_from
        From which share of the steps on it counts.
    most_entropy
        The entropy of a row that costs nothing, in nats.
    most_weight
        The largest weight of a row that costs nothing.
    """

    name: str
    seed: int
    phrases: int
    steps: int
    batch: int
    learning_rate: float
    warm_up: int
    weight_decay: float
    beta2: float
    clip: float
    legible: float
    legible_from: float
    most_entropy: float
    most_weight: float


RECIPE = Recipe(
    name="translator",
    seed=3,
    phrases=60_000,
    steps=8_000,
    batch=64,
    learning_rate=3e-3,
    warm_up=100,
    weight_decay=0.01,
    beta2=0.98,
    clip=1.0,
    legible=0.1,
    legible_from=0.4,
    most_entropy=0.9,
    most_weight=0.85,
)
"""translator: an encoder–decoder from English to French and from Korean to English."""
