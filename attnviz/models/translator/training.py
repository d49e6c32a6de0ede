"""Train translator, reproducibly: ``python -m attnviz.models.training translator``."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional

from attnviz.attention import padding_mask
from attnviz.errors import AttnvizError
from attnviz.models.objectives import row_cost
from attnviz.models.schedule import learning_rate_share
from attnviz.models.tokenizer import MAX_TOKENS
from attnviz.models.translator.corpus import training_set
from attnviz.models.translator.model import Config, Decoded, EncoderDecoder
from attnviz.models.translator.pairs import Pair
from attnviz.models.translator.recipe import Recipe
from attnviz.models.translator.tokenizer import Words, load_words

_REPORT_EVERY = 25
"""Steps between two calls of `on_progress`."""

_NOTHING = -100
"""The target of padding, as torch's cross entropy takes it."""

Progress = Callable[[int, int, str], None]


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
    # The seeds of torch's global generator are put back: training changes nothing around it.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        model = EncoderDecoder(Config(vocabulary=len(words.vocabulary)))
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(
        parameters, betas=(0.9, recipe.beta2), weight_decay=recipe.weight_decay
    )
    drawn = _batches(pairs, words, recipe.batch, random.Random(recipe.seed + 2))
    for step, batch in enumerate(islice(drawn, recipe.steps)):
        memory = model.encode(batch.source, batch.padding, batch.source_positions).memory
        done = model.decode(batch.read, memory, batch.padding, batch.target_positions)
        loss = functional.cross_entropy(
            done.logits.flatten(0, 1), batch.written.flatten(), ignore_index=_NOTHING
        )
        if step >= recipe.legible_from * recipe.steps:
            loss = loss + recipe.legible * _legibility_cost(batch, done, recipe)
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * learning_rate_share(
                step, recipe.steps, recipe.warm_up
            )
        if not math.isfinite(loss.item()):
            raise AttnvizError(f"training {recipe.name}: the loss is {loss.item()} at step {step}")
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, recipe.clip)
        optimizer.step()
        if step % _REPORT_EVERY == 0:
            on_progress(step, recipe.steps, f"training, loss {loss.item():.2f}")
    return model.eval().requires_grad_(False)


def _legibility_cost(batch: Batch, done: Decoded, recipe: Recipe) -> Tensor:
    """Price the cross-attention's rows: see :func:`attnviz.models.objectives.legibility_cost`."""
    present = batch.written != _NOTHING
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
        written=_padded([(*target, words.end_id) for target in targets], _NOTHING),
        padding=padding_mask(lengths, max(lengths)),
        source_positions=_positions(offsets, source.shape[1]),
        target_positions=_positions(offsets, read.shape[1]),
    )


def _positions(offsets: Sequence[int], n: int) -> Tensor:
    # Padding may run past the last position; nothing reads it, so any position will do.
    return (torch.tensor(offsets)[:, None] + torch.arange(n)).clamp(max=MAX_TOKENS - 1)


def _padded(rows: Sequence[Sequence[int]], filling: int) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[filling] * (longest - len(row))] for row in rows])
