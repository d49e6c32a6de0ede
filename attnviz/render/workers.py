"""Those who draw: this process itself, or a pool of processes that stay warm between takes."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.render.processes import deaf, nothing, one_thread_each, warm_context
from attnviz.render.takes import Footage, Take, Told, shoot

if TYPE_CHECKING:
    from attnviz.render.films import Crew

Heard = tuple[int, int]
"""Number of the take, and how many seconds of it are drawn."""


@contextmanager
def workers(count: int) -> Iterator[Crew]:
    """Engage workers on this machine.

    Parameters
    ----------
    count
        How many; 1: everything is drawn in this process.

    Yields
    ------
    Crew
        They are gone at the end, at once if it comes by an exception.
    """
    one_thread_each()
    if count == 1:
        with alone() as one:
            yield one
        return
    pool = Pool(count)
    try:
        yield pool
    except BaseException:
        pool.dismiss()
        raise
    pool.close()


@contextmanager
def alone() -> Iterator[Crew]:
    """Engage nobody: everything is drawn in this process."""
    yield Alone()


class Alone:
    """Draws each take in this process, when it is submitted."""

    size = 1
    room = 1

    def submit(
        self, take: Take, scratch: Path, on_second: Callable[[int], None]
    ) -> Future[Footage]:
        """Draw a take."""
        future: Future[Footage] = Future()
        try:
            future.set_result(shoot(take, scratch, on_second))
        except Exception as error:
            future.set_exception(error)
        return future

    def renew(self) -> None:
        """Go on: nobody was killed."""


class Pool:
    """Processes of this machine, each drawing one take at a time.

    Parameters
    ----------
    size
        How many.
    """

    def __init__(self, size: int) -> None:
        self.size, self.room = size, 2 * size
        self._context = warm_context()
        self._listeners: dict[int, Told] = {}
        self._engage()

    def submit(
        self, take: Take, scratch: Path, on_second: Callable[[int], None]
    ) -> Future[Footage]:
        """Have a take drawn."""
        number = len(self._listeners)
        self._listeners[number] = on_second
        try:
            with deaf():  # it may start a worker
                return self._executor.submit(_draw, take, scratch, number)
        except BrokenExecutor as error:  # killed since the last look: heard where results are
            lost: Future[Footage] = Future()
            lost.set_exception(error)
            return lost

    def renew(self) -> None:
        """Engage new processes."""
        self.dismiss()
        self._engage()

    def close(self) -> None:
        """Wait for what is being drawn, and end."""
        self._executor.shutdown(cancel_futures=True)
        self._let_go()
        self._hearing.join()

    def dismiss(self) -> None:
        """End at once, whatever is being drawn."""
        # Those that are still beginning would miss what is closed here, and say so on stderr. From
        # Python 3.14 on an executor has kill_workers().
        for process in [*(self._executor._processes or {}).values()]:
            process.kill()
        # Footage is megabytes: who listens would wait for the rest of what a killed one was
        # sending for as long as anyone, even this process, could still send it.
        self._executor._result_queue._writer.close()  # type: ignore[attr-defined]
        self._executor.shutdown(cancel_futures=True)
        self._let_go()

    def _engage(self) -> None:
        # A pipe without a lock: so short a message is written whole or not at all.
        ear, self._told = self._context.Pipe(duplex=False)
        # Whoever holds the other end hears when this process is gone, even if it was killed.
        self._far, self._lifeline = self._context.Pipe(duplex=False)
        self._hearing = threading.Thread(target=self._listen, args=(ear,), daemon=True)
        with deaf():  # a signal is for the main thread: no other is to take it in its stead
            self._hearing.start()
            self._executor = ProcessPoolExecutor(
                self.size,
                mp_context=self._context,
                initializer=_begin,
                initargs=(self._far, self._told),
            )
            for _ in range(self.size):
                self._executor.submit(nothing)

    def _let_go(self) -> None:
        for end in (self._lifeline, self._far, self._told):
            end.close()

    def _listen(self, ear: Connection[None, Heard]) -> None:
        with suppress(EOFError), ear:
            while True:
                number, seconds = ear.recv()
                self._listeners[number](seconds)


class _Link:
    """A worker's way to tell how far it is."""

    told: Connection[Heard, None] | None = None


def _begin(lifeline: Connection[None, None], told: Connection[Heard, None]) -> None:
    """Make a process a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    from tqdm import tqdm

    # Manim's progress bars would share a lock between processes, and leave it to the system.
    tqdm.set_lock(threading.RLock())
    _Link.told = told
    # Frameworks are hundreds of thousands of objects that stay: garbage is not among them.
    gc.freeze()


def _end_with(lifeline: Connection[None, None]) -> None:
    """End this process when the one that engaged it lets go or is gone."""
    with suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)


def _draw(take: Take, scratch: Path, number: int) -> Footage:
    def tell(seconds: int) -> None:
        if _Link.told is not None:
            _Link.told.send((number, seconds))

    own = scratch / str(os.getpid())  # manim's files of one name are not for two processes
    return shoot(take, own, tell)
