"""One thread for small sums: faster for tiny models, and the same numbers on every machine."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread, then put its own number back.

    Sums over several threads differ in the last bit with their number, and on a busy machine
    waiting for each other costs a tiny model far more than its sums.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
