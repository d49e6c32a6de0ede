"""Train a tiny model, reproducibly: ``python -m attnviz.models.training reader``."""

import math
import random
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import torch
from torch import nn

from attnviz.errors import AttnvizError, UserError
from attnviz.models import TRANSLATOR, check_name, checkpoint_path, recipe_of
from attnviz.models.checkpoint import Checkpoint
from attnviz.models.corpus import training_set
from attnviz.models.objectives import (
    PreviousReadout,
    batches,
    language_loss,
    legibility_cost,
)
from attnviz.models.recipe import Recipe
from attnviz.models.report import Report, measure
from attnviz.models.schedule import learning_rate_share
from attnviz.models.threads import one_thread
from attnviz.models.tokenizer import load_tokenizer
from attnviz.models.transformer import Config, Transformer
from attnviz.models.translator import training as translator
from attnviz.models.translator.checkpoint import TranslatorCheckpoint
from attnviz.models.translator.recipe import RECIPE
from attnviz.models.translator.report import Report as TranslatorReport
from attnviz.models.translator.report import measure as measure_translator

Progress = Callable[[int, int, str], None]
"""Called with the steps done, the steps in all, and what is being done."""

_REPORT_EVERY = 25
"""Steps between two calls of `on_progress`."""


def train(
    name: str,
    *,
    output: Path | None = None,
    on_progress: Progress = lambda done, of, what: None,
) -> Report | TranslatorReport:
    """Train a tiny model by its recipe, measure it and write its checkpoint.

    On one machine and one version of torch every run gives the same numbers, bit by bit.

    Parameters
    ----------
    name
        One of :func:`attnviz.models.names`.
    output
        The checkpoint to write; None: nothing is written, only measured.
    on_progress
        Called with the steps done, the steps in all, and what is being done.

    Returns
    -------
    Report
        What the new model measurably does; the translator has its own kind.

    Raises
    ------
    UserError
        If there is no such model, or `output` cannot be written: that is tried first.
    AttnvizError
        If the loss is not finite, or the checkpoint cannot be written after all.
    """
    train_one = _train_translator if check_name(name) == TRANSLATOR else _train_reader
    if output is not None:
        _refuse_unwritable(output)
    return train_one(name, output, on_progress)


def _train_reader(name: str, output: Path | None, on_progress: Progress) -> Report:
    recipe = recipe_of(name)
    start = time.monotonic()
    with one_thread():
        model = fit(recipe, on_progress)
    seconds = time.monotonic() - start
    on_progress(recipe.steps, recipe.steps, "measuring")
    report = measure(name, model, seconds)
    if output is not None:
        made = Checkpoint(model, report.choices(), report.general(), dict(recipe.to_json()))
        made.save(output)
    return report


def _train_translator(_name: str, output: Path | None, on_progress: Progress) -> TranslatorReport:
    start = time.monotonic()
    with one_thread():
        model = translator.fit(RECIPE, on_progress)
    seconds = time.monotonic() - start
    on_progress(RECIPE.steps, RECIPE.steps, "measuring")
    report = measure_translator(model, seconds)
    if output is not None:
        TranslatorCheckpoint(model, report.best(), RECIPE.to_json()).save(output)
    return report


def fit(recipe: Recipe, on_progress: Progress) -> Transformer:
    """Learn from the recipe's corpus.

    Parameters
    ----------
    recipe
        The settings.
    on_progress
        See :func:`train`.

    Returns
    -------
    Transformer
        The trained model.
    """
    tokenizer = load_tokenizer()
    on_progress(0, recipe.steps, "drawing sentences")
    examples = training_set(recipe.seed, recipe.sentences, recipe.causal)
    # The seeds of torch's global generator are put back: training changes nothing around it.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        model = Transformer(Config(vocabulary=len(tokenizer.vocabulary), causal=recipe.causal))
        previous = PreviousReadout(model.config, recipe.previous_layer)
    generator = torch.Generator().manual_seed(recipe.seed + 1)
    parameters = [*model.parameters(), *previous.parameters()]
    optimizer = torch.optim.AdamW(
        parameters, betas=(0.9, recipe.beta2), weight_decay=recipe.weight_decay
    )
    drawn = batches(examples, tokenizer, recipe, random.Random(recipe.seed + 2))
    for step, batch in enumerate(islice(drawn, recipe.steps)):
        loss, done = language_loss(model, batch, recipe, tokenizer, generator)
        if recipe.previous:
            loss = loss + recipe.previous * previous.loss(model, batch, done, generator)
        if step >= recipe.legible_from * recipe.steps:
            loss = loss + recipe.legible * legibility_cost(batch, done, recipe)
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


def _refuse_unwritable(output: Path) -> None:
    """Find out before minutes of training what would fail after them."""
    part = output.with_name(output.name + ".part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
        part.unlink()
    except OSError as error:
        raise UserError(f"cannot write {output}: {error.strerror}") from error
    if output.is_dir():
        raise UserError(f"cannot write {output}: it is a folder; name a file")


if __name__ == "__main__":
    for model_name in sys.argv[1:]:
        made = train(model_name, output=checkpoint_path(model_name))
        print("\n".join(made.lines()))
        print(f"\ntrained in {made.seconds:.0f} s", file=sys.stderr)
