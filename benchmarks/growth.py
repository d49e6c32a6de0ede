"""Laws fitted to measurements, and what they foretell: growth with a size, gain with workers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the b of cost = a · size^b: least squares of the logarithms.

    Parameters
    ----------
    sizes, costs
        Two or more measurements, all above 0.
    """
    slope, _ = np.polyfit(np.log(sizes), np.log(costs), 1)
    return float(slope)


def serial_share(workers: Sequence[int], walls: Sequence[float]) -> float:
    """Return the share of a run that no further worker makes shorter.

    Amdahl's law (G. M. Amdahl, AFIPS 1967): wall(n) = wall(1) · (s + (1 − s) / n), linear in
    1 / n with the serial share s; a and b of wall = a + b / n are fitted by least squares, and
    s = a / (a + b), held to [0, 1].

    Parameters
    ----------
    workers, walls
        Two or more measurements with different numbers of workers.
    """
    slope, constant = np.polyfit(1 / np.asarray(workers, dtype=float), walls, 1)
    return float(np.clip(constant / (constant + slope), 0.0, 1.0))


def speed_up(workers: int, serial: float) -> float:
    """Return how many times faster Amdahl's law says that so many workers are than one.

    Parameters
    ----------
    workers
        How many.
    serial
        The serial share, 0 to 1.
    """
    return 1 / (serial + (1 - serial) / workers)
