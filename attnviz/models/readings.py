"""What a model makes of held-out sentences, to be measured."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from attnviz.models.corpus import held_out_set
from attnviz.models.examples import Example, Link
from attnviz.models.tokenizer import MAX_TOKENS, load_tokenizer
from attnviz.models.transformer import Transformer

HELD_OUT_KINDS = ("bank", "apple", "coreference", "both")
SAMPLE = 300
"""Held-out sentences of each kind."""

_SEED = 20_011
"""Of the held-out sample; no recipe trains with it."""

_CLEAR = 0.5
"""A weight above this on one key is what a viewer sees at a glance."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What a model made of one sentence.

    Parameters
    ----------
    example
        The sentence.
    weights
        ``[layer, head, query, key]``.
    last
        ``[token, d_model]``, the last hidden state.
    answers
        The piece with the highest logit, at each token.
    """

    example: Example
    weights: Tensor
    last: Tensor
    answers: tuple[str, ...]

    def clear(self, link: Link) -> Tensor:
        """Say which heads clearly look at a cue.

        Parameters
        ----------
        link
            The query and its cue.

        Returns
        -------
        Tensor
            ``[layer, head]``, True where the cue's weight is over 0.5 and no other key's is
            larger, the query's own aside.
        """
        rows = self.weights[:, :, link.query].clone()
        rows[..., link.query] = 0
        return (rows.argmax(-1) == link.key) & (rows[..., link.key] > _CLEAR)


@torch.no_grad()
def read(model: Transformer, examples: Iterable[Example]) -> list[Reading]:
    """Let a model read sentences; those of one length side by side.

    Parameters
    ----------
    model
        The model.
    examples
        Sentences whose words are one piece each.

    Returns
    -------
    list of Reading
        One for each sentence, the shortest first.
    """
    tokenizer = load_tokenizer()
    found = []
    by_length = sorted(examples, key=lambda example: len(example.words))
    for _, group in groupby(by_length, key=lambda example: len(example.words)):
        same = list(group)
        done = model(torch.tensor([tokenizer.encode(example.text).ids for example in same]))
        weights = torch.stack([layer.attention.weights for layer in done.layers], dim=1)
        best = model.logits(done.final).argmax(-1).tolist()
        for row, example in enumerate(same):
            answers = tuple(tokenizer.vocabulary[piece] for piece in best[row])
            found.append(Reading(example, weights[row], done.hidden_states[-1][row], answers))
    return found


def held_out(causal: bool) -> dict[str, list[Example]]:
    """Draw the sentences to measure on.

    Parameters
    ----------
    causal
        See :func:`attnviz.models.corpus.sample`.

    Returns
    -------
    dict
        Kind to sentences, always the same.
    """
    return {
        kind: [e for e in held_out_set(_SEED, SAMPLE, causal, kind) if len(e.words) <= MAX_TOKENS]
        for kind in HELD_OUT_KINDS
    }
