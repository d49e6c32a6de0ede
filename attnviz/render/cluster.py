"""A Dask cluster as those who draw: takes go out, footage comes back with a checksum."""

from __future__ import annotations

import itertools
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from attnviz.errors import AttnvizError, UserError
from attnviz.render.keys import content_key
from attnviz.render.takes import Footage, Take, Told, shoot

if TYPE_CHECKING:
    from distributed import Client

    from attnviz.render.films import Crew

_PATIENCE = "10s"
"""How long a scheduler may take to answer."""

Parcel = tuple[Footage, str]
"""Footage, and its digest where it was made."""


@contextmanager
def cluster(address: str) -> Iterator[Crew]:
    """Engage the workers of a Dask scheduler.

    Parameters
    ----------
    address
        Of the scheduler, e.g. ``"tcp://10.0.0.5:8786"``.

    Yields
    ------
    Crew
        What it was asked for is taken back at the end.

    Raises
    ------
    UserError
        If the package ``distributed`` is missing, or the address is none.
    AttnvizError
        If no scheduler answers, or it has no workers.
    """
    client = _client(address)
    try:
        count = len(client.scheduler_info(n_workers=-1)["workers"])
        if not count:
            raise AttnvizError(
                f"the Dask scheduler at {address} has no workers; "
                f"start one with: dask worker {address} --nthreads 1"
            )
        yield Cluster(client, count)
    finally:
        client.close()


def _client(address: str) -> Client:
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise UserError(
            "--cluster needs the package distributed: pip install 'attnviz[cluster]'"
        ) from error
    try:
        with redirect_stderr(StringIO()):  # it would tell each attempt
            return Client(address, timeout=_PATIENCE, set_as_default=False)
    except ValueError as error:
        raise UserError(f"--cluster {address}: {error}; give it as tcp://HOST:PORT") from error
    except OSError as error:  # TimeoutError too
        raise AttnvizError(
            f"no Dask scheduler answers at {address}; start one with: dask scheduler"
        ) from error


class Cluster:
    """The workers of a Dask scheduler, which itself sends a lost worker's takes to others.

    Parameters
    ----------
    client
        Connected to the scheduler.
    size
        How many workers it has.
    """

    def __init__(self, client: Client, size: int) -> None:
        self.size, self.room = size, 2 * size
        self._executor = client.get_executor(pure=False)
        self._listeners: dict[int, Told] = {}
        self._numbers = itertools.count()
        self._topic = f"attnviz-{uuid4()}"
        client.subscribe_topic(self._topic, self._hear)

    def submit(self, take: Take, scratch: Path, on_second: Told) -> Future[Footage]:
        """Have a take drawn, in a scratch folder of the worker's own."""
        number = next(self._numbers)
        self._listeners[number] = on_second
        answer: Future[Footage] = Future()
        sent = self._executor.submit(draw_far, take, self._topic, number)
        sent.add_done_callback(lambda done: _unpack(done, answer))
        return answer

    def renew(self) -> None:
        """Go on: the scheduler looks after its workers."""

    def _hear(self, event: tuple[float, Any]) -> None:
        number, seconds = event[1]
        self._listeners[number](seconds)


def _unpack(done: Future[Parcel], answer: Future[Footage]) -> None:
    """Hand on what came back, if it is whole."""
    if not answer.set_running_or_notify_cancel():
        return
    try:
        footage, digest = done.result()
        if footage.digest() != digest:
            raise AttnvizError("footage came back damaged from the cluster; render again")
        answer.set_result(footage)
    except Exception as error:
        answer.set_exception(_explained(error))


def _explained(error: Exception) -> Exception:
    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        return AttnvizError(
            "every worker of the cluster that drew it was lost, perhaps for want of memory; "
            "see the workers' logs"
        )
    if isinstance(error, ModuleNotFoundError):
        return AttnvizError(f"a worker of the cluster lacks a package: {error}; install attnviz")
    return error


# Manim's settings belong to the process: a worker of several threads draws one take at a time.
_ALONE = threading.Lock()


def draw_far(take: Take, topic: str, number: int) -> Parcel:
    """Draw a take in a worker of Dask.

    Parameters
    ----------
    take
        What is to be drawn.
    topic, number
        Under which the seconds drawn are told.

    Returns
    -------
    footage : Footage
        The beats.
    digest : str
        Of the footage as it was made.

    Raises
    ------
    AttnvizError
        If this machine would draw something else: other code, models or versions.
    """
    from distributed import get_worker

    worker = get_worker()
    with _ALONE, tempfile.TemporaryDirectory(dir=worker.local_directory) as scratch:
        job = take.job()
        if content_key(job.scene, job.spec, job.output) != take.key:
            raise AttnvizError(
                f"the worker at {worker.address} would draw another film: its code, models or "
                "versions differ from this machine's; install the same attnviz there"
            )
        footage = shoot(
            take, Path(scratch), lambda seconds: worker.log_event(topic, (number, seconds))
        )
    return footage, footage.digest()
