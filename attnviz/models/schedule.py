"""How the learning rate rises and falls over a training run."""

import math


def learning_rate_share(step: int, steps: int, warm_up: int) -> float:
    """Give the share of the highest learning rate: a linear warm-up, then half a cosine.

    Parameters
    ----------
    step
        Counted from 0.
    steps
        Steps in all.
    warm_up
        Steps over which the rate rises.

    Returns
    -------
    float
        From 0 to 1.
    """
    warm = min(1.0, (step + 1) / warm_up)
    past = max(0, step - warm_up) / (steps - warm_up)
    return warm * (1 + math.cos(math.pi * past)) / 2
