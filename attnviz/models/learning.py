"""How the tiny models learn: AdamW along a cosine, from losses that come one a step."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import torch
from torch import Tensor, nn

from attnviz.errors import AttnvizError
from attnviz.models.recipe import Recipe
from attnviz.models.schedule import learning_rate_share
from attnviz.models.translator.recipe import Recipe as TranslatorRecipe

Progress = Callable[[int, int, str], None]
"""Called with the steps done, the steps in all, and what is being done."""

_REPORT_EVERY = 25
"""Steps between two calls of `on_progress`."""


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let chance start from a seed in the block; outside, training changes nothing of it.

    Parameters
    ----------
    seed
        Of torch's global generator, which is put back afterwards.

    Yields
    ------
    None
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def descend(
    recipe: Recipe | TranslatorRecipe,
    parameters: Sequence[nn.Parameter],
    losses: Iterable[Tensor],
    on_progress: Progress,
) -> None:
    """Change parameters, step by step, so that the losses fall.

    Parameters
    ----------
    recipe
        The settings.
    parameters
        What learns.
    losses
        One scalar a step, each computed when it is asked for, with the parameters of that step.
    on_progress
        See :data:`Progress`.

    Raises
    ------
    AttnvizError
        If a loss is not finite.
    """
    optimizer = torch.optim.AdamW(
        parameters, betas=(0.9, recipe.beta2), weight_decay=recipe.weight_decay
    )
    for step, loss in enumerate(islice(losses, recipe.steps)):
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
