"""What a training run is told: the same recipe and seed give the same model."""

from dataclasses import dataclass

from attnviz.models.settings import Settings


@dataclass(frozen=True, slots=True)
class Recipe(Settings):
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
    previous
        Weight of the loss of naming the token before each one from what attention brings; it
        makes heads that look one place back.
    previous_layer
        The layer whose attention is asked for it.
    legible
        Weight of :func:`attnviz.models.objectives.legibility_cost`.
    legible_from
        From which share of the steps on it counts.
    most_entropy
        The entropy of an attention row that costs nothing, in nats.
    most_weight
        The largest weight of a row that costs nothing.
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
    previous: float
    previous_layer: int
    legible: float
    legible_from: float
    most_entropy: float
    most_weight: float
