"""Processes that begin warm: forked from one that has imported what takes seconds."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from typing import Any

# Workers and encoders share the cores: one thread each, and as many workers as cores.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_WARM = ["torch", "manim"]
"""What takes seconds to import: it is imported once, and workers are forked from there."""

_LONGEST_FOLDER = 70
"""Letters of the temporary folder's path: a socket's may have 108, and multiprocessing adds 32."""


def one_thread_each() -> None:
    """Let this process and those that it starts compute in one thread, unless told otherwise."""
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")


def warm_context() -> Any:
    """Return how processes are started, once that is quick: forked, where that can be."""
    # Elsewhere frameworks do not survive a fork; and a long name leaves no room for its socket's.
    if not sys.platform.startswith("linux") or len(tempfile.gettempdir()) > _LONGEST_FOLDER:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_WARM)
    resource_tracker.ensure_running()  # at its start it would let the signals through again
    with deaf():
        forkserver.ensure_running()
    first = context.Process(target=nothing)
    first.start()  # returns when all is imported
    first.kill()
    first.join()
    return context


@contextmanager
def deaf() -> Iterator[None]:
    """Hold signals back; what is started meanwhile never hears them: this process tells it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def nothing() -> None:
    """Do nothing, in another process."""
