"""Train translator, reproducibly: ``python -m attnviz.models.training translator``."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from attnviz.attention import padding_mask
from attnviz.models.batches import NOTHING, positions_from
from attnviz.models.learning import Progress, descend, seeded
from attnviz.models.objectives import row_cost
from attnviz.models.tokenizer import MAX_TOKENS
from attnviz.models.translator.corpus import training_set
from attnviz.models.translator.model import Config, Decoded, EncoderDecoder
from attnviz.models.translator.pairs import Pair
from attnviz.models.translator.recipe import Recipe
from attnviz.models.translator.tokenizer import Words, load_words


@dataclass(frozen=True, eq=False)
class Batch:
    """Pairs side by side.

    Parameters
    ----------
    source, read, written
        ``[pair, token]``, padded at the end: the source, what the decoder reads (the start and
        the target) and what it is to write (the target and the end).
    padding
        ``[pair, 1, token]``, True where the source has a token.
    source_positions, target_positions
        ``[pair, token]``, both counted from one offset drawn by chance, so that every position
        is met often.
    """

    source: Tensor
    read: Tensor
    written: Tensor
    padding: Tensor
    source_positions: Tensor
    target_positions: Tensor


def fit(recipe: Recipe, on_progress: Progress) -> EncoderDecoder:
    """Learn from the recipe's corpus.

    Parameters
    ----------
    recipe
        The settings.
    on_progress
        Called with the steps done, the steps in all, and what is being done.

    Returns
    -------
    EncoderDecoder
        The trained model.

    Raises
    ------
    AttnvizError
        If the loss is not finite.
    """
    words = load_words()
    on_progress(0, recipe.steps, "drawing phrases")
    pairs = training_set(recipe.seed, recipe.phrases)
    with seeded(recipe.seed):
        model = EncoderDecoder(Config(vocabulary=len(words.vocabulary)))
    drawn = _batches(pairs, words, recipe.batch, random.Random(recipe.seed + 2))
    descend(recipe, list(model.parameters()), _losses(model, drawn, recipe), on_progress)
    return model.eval().requires_grad_(False)


def _losses(model: EncoderDecoder, drawn: Iterable[Batch], recipe: Recipe) -> Iterator[Tensor]:
    """Compute one loss a step, each with the parameters as they then are."""
    for step, batch in enumerate(drawn):
        memory = model.encode(batch.source, batch.padding, batch.source_positions).final
        done = model.decode(batch.read, memory, batch.padding, batch.target_positions)
        loss = functional.cross_entropy(
            done.logits.flatten(0, 1), batch.written.flatten(), ignore_index=NOTHING
        )
        if step >= recipe.legible_from * recipe.steps:
            loss = loss + recipe.legible * _legibility_cost(batch, done, recipe)
        yield loss


def _legibility_cost(batch: Batch, done: Decoded, recipe: Recipe) -> Tensor:
    """Price the cross-attention's rows: see :func:`attnviz.models.objectives.legibility_cost`."""
    present = batch.written != NOTHING
    costs = [
        row_cost(layer.cross_attention, recipe.most_entropy, recipe.most_weight)[present].mean()
        for layer in done.layers
    ]
    return torch.stack(costs).mean()


def _batches(pairs: Sequence[Pair], words: Words, size: int, rng: random.Random) -> Iterator[Batch]:
    """Draw batches without end; each pair comes once before any comes again.

    Pairs of about one length stand together, for padding is computed too.
    """
    while True:
        # Chance decides among pairs of one length, and then the order of the batches.
        order = sorted(pairs, key=lambda pair: len(pair.source) + len(pair.target) + rng.random())
        starts = list(range(0, len(order) - size + 1, size))
        rng.shuffle(starts)
        for start in starts:
            yield _batch(order[start : start + size], words, rng)


def _batch(pairs: Sequence[Pair], words: Words, rng: random.Random) -> Batch:
    sources = [words.ids(pair.source) for pair in pairs]
    targets = [words.ids(pair.target) for pair in pairs]
    lengths = [len(source) for source in sources]
    source = _padded(sources, words.pad_id)
    read = _padded([(words.start_id, *target) for target in targets], words.pad_id)
    longest = [max(len(s), len(t) + 1) for s, t in zip(sources, targets, strict=True)]
    # Half of them start where every phrase does that is not trained on.
    offsets = [rng.choice((0, rng.randrange(MAX_TOKENS - n + 1))) for n in longest]
    return Batch(
        source=source,
        read=read,
        written=_padded([(*target, words.end_id) for target in targets], NOTHING),
        padding=padding_mask(lengths, max(lengths)),
        source_positions=positions_from(offsets, source.shape[1]),
        target_positions=positions_from(offsets, read.shape[1]),
    )


def _padded(rows: Sequence[Sequence[int]], filling: int) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[filling] * (longest - len(row))] for row in rows])
