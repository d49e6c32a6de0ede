"""Sentences side by side, as reader and writer learn from them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from attnviz.models.examples import Example
from attnviz.models.recipe import Recipe
from attnviz.models.tokenizer import MAX_TOKENS, TinyTokenizer

NOTHING = -100
"""The target of a token that has nothing to tell, as torch's cross entropy takes it."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Sentences side by side.

    Parameters
    ----------
    ids
        ``[sentence, token]``, padded at the end.
    lengths
        ``[sentence]``.
    positions
        ``[sentence, token]``, counted from an offset drawn by chance.
    meanings
        ``[sentence, token]``, the sense at ambiguous words, elsewhere nothing.
    labelled
        ``[sentence, token]``, True at ambiguous words and their cues.
    """

    ids: Tensor
    lengths: Tensor
    positions: Tensor
    meanings: Tensor
    labelled: Tensor

    @property
    def present(self) -> Tensor:
        """``[sentence, token]``, True where there is a token."""
        return torch.arange(self.ids.shape[1]) < self.lengths[:, None]


def batches(
    examples: Sequence[Example], tokenizer: TinyTokenizer, recipe: Recipe, rng: random.Random
) -> Iterator[Batch]:
    """Draw batches without end; each sentence comes once before any comes again.

    Parameters
    ----------
    examples
        The corpus; every word must be one piece.
    tokenizer
        Gives the ids.
    recipe
        Gives the size of a batch.
    rng
        The source of chance.

    Yields
    ------
    Batch
        The next batch.
    """
    ids_of = {piece: i for i, piece in enumerate(tokenizer.vocabulary)}
    short = [example for example in examples if len(example.words) <= MAX_TOKENS]
    order: list[int] = []
    while True:
        if len(order) < recipe.batch:
            order = list(range(len(short)))
            rng.shuffle(order)
        chosen = [short[order.pop()] for _ in range(recipe.batch)]
        yield _batch(chosen, ids_of, tokenizer.pad_id, rng)


def positions_from(offsets: Sequence[int], n: int) -> Tensor:
    """Count the positions of a batch's texts.

    Parameters
    ----------
    offsets
        The first position of each text.
    n
        Tokens of the longest text.

    Returns
    -------
    Tensor
        ``[text, token]``.
    """
    # Padding may run past the last position; nothing reads it, so any position will do.
    return (torch.tensor(offsets)[:, None] + torch.arange(n)).clamp(max=MAX_TOKENS - 1)


def _batch(
    examples: Sequence[Example], ids_of: dict[str, int], pad_id: int, rng: random.Random
) -> Batch:
    n = max(len(example.words) for example in examples)
    shape = (len(examples), n)
    ids = torch.full(shape, pad_id)
    meanings = torch.full(shape, NOTHING)
    labelled = torch.zeros(shape, dtype=torch.bool)
    offsets = []
    for row, example in enumerate(examples):
        ids[row, : len(example.words)] = torch.tensor([ids_of[word] for word in example.words])
        offsets.append(rng.randrange(MAX_TOKENS - len(example.words) + 1))
        for link in example.links:
            meanings[row, link.query] = ids_of[link.meaning]
            labelled[row, link.query] = labelled[row, link.key] = True
    lengths = torch.tensor([len(example.words) for example in examples])
    return Batch(ids, lengths, positions_from(offsets, n), meanings, labelled)
