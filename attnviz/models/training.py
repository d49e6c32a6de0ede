"""Train a tiny model, reproducibly: ``python -m attnviz.models.training reader``."""

import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from attnviz.errors import UserError
from attnviz.models import TRANSLATOR, check_name, checkpoint_path, recipe_of
from attnviz.models.batches import Batch, batches
from attnviz.models.checkpoint import Checkpoint
from attnviz.models.corpus import training_set
from attnviz.models.learning import Progress, descend, seeded
from attnviz.models.objectives import (
    PreviousReadout,
    language_loss,
    legibility_cost,
)
from attnviz.models.recipe import Recipe
from attnviz.models.report import Report, measure
from attnviz.models.threads import one_thread
from attnviz.models.tokenizer import TinyTokenizer, load_tokenizer
from attnviz.models.transformer import Config, Transformer
from attnviz.models.translator import training as translator
from attnviz.models.translator.checkpoint import TranslatorCheckpoint
from attnviz.models.translator.recipe import RECIPE
from attnviz.models.translator.recipe import Recipe as TranslatorRecipe
from attnviz.models.translator.report import Report as TranslatorReport
from attnviz.models.translator.report import measure as measure_translator

_Recipe = TypeVar("_Recipe", Recipe, TranslatorRecipe)
_Model = TypeVar("_Model")


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
    model, seconds = _timed(fit, recipe, on_progress)
    report = measure(name, model, seconds)
    if output is not None:
        Checkpoint(model, report.choices(), report.general(), recipe.to_json()).save(output)
    return report


def _train_translator(_name: str, output: Path | None, on_progress: Progress) -> TranslatorReport:
    model, seconds = _timed(translator.fit, RECIPE, on_progress)
    report = measure_translator(model, seconds)
    if output is not None:
        TranslatorCheckpoint(model, report.best(), RECIPE.to_json()).save(output)
    return report


def _timed(
    fitting: Callable[[_Recipe, Progress], _Model], recipe: _Recipe, on_progress: Progress
) -> tuple[_Model, float]:
    """Return a trained model, and how many seconds that took."""
    start = time.monotonic()
    with one_thread():
        model = fitting(recipe, on_progress)
    seconds = time.monotonic() - start
    on_progress(recipe.steps, recipe.steps, "measuring")
    return model, seconds


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
    with seeded(recipe.seed):
        model = Transformer(Config(vocabulary=len(tokenizer.vocabulary), causal=recipe.causal))
        previous = PreviousReadout(model.config, recipe.previous_layer)
    drawn = batches(examples, tokenizer, recipe, random.Random(recipe.seed + 2))
    losses = _losses(model, previous, drawn, recipe, tokenizer)
    descend(recipe, [*model.parameters(), *previous.parameters()], losses, on_progress)
    return model.eval().requires_grad_(False)


def _losses(
    model: Transformer,
    previous: PreviousReadout,
    drawn: Iterable[Batch],
    recipe: Recipe,
    tokenizer: TinyTokenizer,
) -> Iterator[Tensor]:
    """Compute one loss a step, each with the parameters as they then are."""
    generator = torch.Generator().manual_seed(recipe.seed + 1)
    for step, batch in enumerate(drawn):
        loss, done = language_loss(model, batch, recipe, tokenizer, generator)
        if recipe.previous:
            loss = loss + recipe.previous * previous.loss(model, batch, done, generator)
        if step >= recipe.legible_from * recipe.steps:
            loss = loss + recipe.legible * legibility_cost(batch, done, recipe)
        yield loss


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
