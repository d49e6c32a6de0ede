"""What the tiny models are asked to do, as losses.

No loss here is told where attention should point: the cue of an ambiguous word is never given.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from attnviz.attention import MultiHeadAttention, padding_mask
from attnviz.models.batches import NOTHING, Batch
from attnviz.models.layers import ForwardPass
from attnviz.models.recipe import Recipe
from attnviz.models.tokenizer import TinyTokenizer
from attnviz.models.transformer import Config, Transformer

_MASKED_SHARE, _SWAPPED_SHARE = 0.8, 0.1
"""Of the chosen tokens: masked, replaced by chance; the rest stay (Devlin et al., 2019)."""

_PREVIOUS_SHARE = 0.25
"""Share of the tokens whose previous one is asked for in a step: enough, and cheaper."""

_LEAST_WEIGHT = 1e-9
_MASKED_SCORE = -1e4
"""Finite, so that a row with nothing left has a gradient of 0 and not 0/0."""


class PreviousReadout(nn.Module):
    """Names the token before each one from what one attention brought to it; training only.

    Parameters
    ----------
    config
        The sizes of the model that is trained.
    layer
        Whose attention is asked.
    """

    def __init__(self, config: Config, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.readout = nn.Linear(config.d_model, config.d_model, bias=False)

    def loss(
        self, model: Transformer, batch: Batch, done: ForwardPass, generator: torch.Generator
    ) -> Tensor:
        """Cross entropy of the names, in nats.

        Parameters
        ----------
        model
            The model that is trained; its embedding table names the pieces.
        batch
            What it read.
        done
            What it computed.
        generator
            The source of chance.

        Returns
        -------
        Tensor
            A scalar.
        """
        brought = done.layers[self.layer].attention.output
        brought = functional.layer_norm(brought, brought.shape[-1:])
        asked = (torch.rand(batch.ids.shape, generator=generator) < _PREVIOUS_SHARE) & batch.present
        # The first token has none before it; the roll would wrap around.
        asked[:, 0] = False
        names = batch.ids.roll(1, 1)[asked]
        return functional.cross_entropy(model.logits(self.readout(brought[asked])), names)


def language_loss(
    model: Transformer,
    batch: Batch,
    recipe: Recipe,
    tokenizer: TinyTokenizer,
    generator: torch.Generator,
) -> tuple[Tensor, ForwardPass]:
    """Cross entropy of the words to restore or to foresee, and of what ambiguous words tell.

    Parameters
    ----------
    model
        The model that is trained.
    batch
        What it reads.
    recipe
        The weights of the parts.
    tokenizer
        Knows the mask's id.
    generator
        The source of chance.

    Returns
    -------
    tuple
        The loss in nats, a scalar, and what the model computed.
    """
    if recipe.causal:
        shown = batch.ids
        targets = _next_words(batch)
        telling = targets.where(batch.meanings != NOTHING, NOTHING)
    else:
        shown, targets = _masked(batch, recipe.masked, tokenizer, generator)
        telling = batch.meanings
    done = model(shown, batch.positions, padding_mask(batch.lengths, batch.ids.shape[1]))
    words = _cross_entropy(model, done.final, targets)
    return words + recipe.tell * _cross_entropy(model, done.final, telling), done


def legibility_cost(batch: Batch, done: ForwardPass, recipe: Recipe) -> Tensor:
    """Price rows that are too spread or too sharp to be looked at, over heads and layers.

    A row that looks at everything says nothing to a viewer; one that looks at a single key alone
    hides that attention blends. Which key a row looks at is free.

    Parameters
    ----------
    batch
        What the model read; padding does not count.
    done
        What it computed.
    recipe
        The most entropy and the largest weight that cost nothing.

    Returns
    -------
    Tensor
        A scalar: the entropy above the most, in nats, and the square of the log-odds of the
        largest weight above its limit.
    """
    cost = torch.zeros(batch.ids.shape)
    for layer in done.layers:
        cost = cost + row_cost(layer.attention, recipe.most_entropy, recipe.most_weight)
    return cost[batch.present].mean() / len(done.layers)


def row_cost(attention: MultiHeadAttention, most_entropy: float, most_weight: float) -> Tensor:
    """Price each row of an attention, a mean over its heads: see :func:`legibility_cost`.

    Parameters
    ----------
    attention
        What was computed.
    most_entropy
        The entropy that costs nothing, in nats.
    most_weight
        The largest weight that costs nothing.

    Returns
    -------
    Tensor
        ``[*batch, query]``.
    """
    limit = math.log(most_weight / (1 - most_weight))
    w = attention.weights
    # The gradient of w log w is −∞ at an exact 0, as masked weights are.
    entropy = -(w * (w + _LEAST_WEIGHT).log()).sum(-1)
    # From the scores, for a weight that has reached 1 has no gradient left.
    scores = attention.scores.masked_fill(w == 0, _MASKED_SCORE)
    top, at = scores.max(dim=-1, keepdim=True)
    others = scores.scatter(-1, at, _MASKED_SCORE).logsumexp(dim=-1)
    # Squared, so that the sharpest rows weigh most among the many that are not sharp at all.
    sharpness = functional.relu(top.squeeze(-1) - others - limit).square()
    # The first row of a causal model has one key: nothing to share with.
    sharpness = sharpness * ((w > 0).sum(-1) > 1)
    return (functional.relu(entropy - most_entropy) + sharpness).mean(dim=-2)


def _next_words(batch: Batch) -> Tensor:
    following = batch.ids.roll(-1, 1)
    has_next = batch.present.roll(-1, 1)
    has_next[:, -1] = False
    return following.where(has_next, NOTHING)


def _masked(
    batch: Batch, share: float, tokenizer: TinyTokenizer, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    draw = torch.rand(batch.ids.shape, generator=generator)
    # An ambiguous word and its cue stay readable, or its sense could not be told.
    chosen = (draw < share) & batch.present & ~batch.labelled
    fate = torch.rand(batch.ids.shape, generator=generator)
    swaps = torch.randint(len(tokenizer.vocabulary), batch.ids.shape, generator=generator)
    shown = batch.ids.masked_fill(chosen & (fate < _MASKED_SHARE), tokenizer.mask_id)
    swapped = chosen & (fate >= _MASKED_SHARE) & (fate < _MASKED_SHARE + _SWAPPED_SHARE)
    return shown.where(~swapped, swaps), batch.ids.where(chosen, NOTHING)


def _cross_entropy(model: Transformer, final: Tensor, targets: Tensor) -> Tensor:
    asked = targets != NOTHING
    if not asked.any():
        return final.new_zeros(())
    return functional.cross_entropy(model.logits(final[asked]), targets[asked])
