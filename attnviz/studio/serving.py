"""The server from its first line to its last: it listens, draws, watches, and ends at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import active_children, forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attnviz.render import catalogue
from attnviz.render.jobs import Job
from attnviz.render.output import ASPECTS, Output
from attnviz.studio.app import Opening, Studio
from attnviz.studio.choices import Named, Shelf, scenes
from attnviz.studio.guard import LOOPBACK, Address, Guard
from attnviz.studio.listening import listen, server_of
from attnviz.studio.orders import LOOKED_AT
from attnviz.studio.watching import Hear, watch

if TYPE_CHECKING:
    from attnviz.records import ModelTrace

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SIGNAL_BASE: Final = 128  # what shells add to a signal's number
_DISPLAYS: Final = frozenset({"DISPLAY", "WAYLAND_DISPLAY"})
_LONGEST_CLOSING: Final = 6.0
"""Seconds in which all that was started must have ended."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the preview is served.

    Parameters
    ----------
    named
        What the command line named.
    folder
        Where clips go.
    host
        The address it listens on.
    port
        The port; None: a free one near :data:`attnviz.studio.listening.DEFAULT_PORT`.
    opens
        Whether a browser is opened.
    debug
        Whether errors bring their tracebacks.
    """

    named: Named = field(default_factory=Named)
    folder: Path = Path("media")
    host: str = LOOPBACK
    port: int | None = None
    opens: bool = True
    debug: bool = False


def serve(settings: Settings) -> int:
    """Serve the preview until the user ends it.

    Returns
    -------
    int
        The exit code of the signal that ended it, as shells have it: 130 after Ctrl-C.

    Raises
    ------
    UserError
        If the host or the port cannot be had, or the command line's scene cannot be read.
    """
    with contextlib.closing(listen(settings.host, settings.port)) as line:
        address = Address.of(settings.host, line.getsockname()[1])
        if address.token is not None:
            print(
                f"render.py: preview: {settings.host} is reached by others on the network, and what"
                " they read is not encrypted; whoever has the address below can draw and export",
                file=sys.stderr,
                flush=True,
            )
        return asyncio.run(_serve(settings, address, line))


async def _serve(settings: Settings, address: Address, line: socket.socket) -> int:
    shelf = Shelf(settings.named)
    job = _first(shelf)
    opening = Opening()
    server = server_of(Guard(opening, address))
    with _signals() as ended:
        answering = asyncio.create_task(server.serve([line]))
        print(f"preview: {address.url}  (Ctrl-C ends it)", flush=True)
        if settings.opens:
            _open(address.url)
        working = asyncio.create_task(_work(settings, shelf, job, opening))
        try:
            await _first_of(answering, ended, working)
            server.should_exit = True
            await answering
        finally:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
        return _SIGNAL_BASE + ended.result() if ended.done() else 1


async def _work(settings: Settings, shelf: Shelf, job: Job, opening: Opening) -> None:
    """Draw, export and watch until this is cancelled; then end all that was started."""
    # What draws takes a while to load: the page is on its way meanwhile.
    await asyncio.to_thread(import_module, "attnviz.studio.engine")
    from attnviz.studio.engine import Engine

    engine = Engine(job, debug=settings.debug)
    studio = Studio(engine, _inspect, shelf, settings.folder, debug=settings.debug)

    async def renew(changed: frozenset[Path]) -> None:
        await engine.renew(changed)
        studio.events.tell({"kind": "code", "files": sorted(map(os.path.relpath, changed))})

    try:
        opening.open(studio)
        await engine.start()
        await asyncio.to_thread(scenes, shelf)  # read before they are asked for
        await _watch(settings.named, renew)
    finally:
        if engine.state()["state"] == "warming":
            _stop_loading()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_CLOSING):
                await asyncio.gather(studio.exports.close(), engine.close(), return_exceptions=True)


async def _first_of(*awaited: asyncio.Future[Any]) -> None:
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)


@contextlib.contextmanager
def _signals() -> Iterator[asyncio.Future[int]]:
    """Give what holds the signal that ends the preview, once one came; a second changes nothing."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(number: int) -> None:
        if not ended.done():
            ended.set_result(number)

    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        loop.add_signal_handler(number, end, number)
    try:
        yield ended
    finally:
        for number in heard:
            loop.remove_signal_handler(number)


def _stop_loading() -> None:
    """End the processes that still load something: nothing else would, before they are done."""
    for process in active_children():
        process.kill()
    pid = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    if pid is not None:  # what they are forked from, which is no child to multiprocessing
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _inspect(address: str, traces: Mapping[str, ModelTrace]) -> dict[str, Any]:
    # Loaded late: the page is there before anything on it can be pointed at.
    from attnviz.studio.inspector import inspect

    return inspect(address, traces)


def _first(shelf: Shelf) -> Job:
    """Return what the page will ask for first."""
    named, ref = shelf.named, shelf.first
    output = Output(LOOKED_AT, named.theme, ASPECTS[named.aspect])
    return Job(ref, catalogue.subject(shelf.spec(ref), named.given), output)


async def _watch(named: Named, renew: Hear) -> None:
    """Watch the sources; where the machine cannot, say so and go on without."""
    try:
        await watch(named, renew)
    except* OSError as errors:
        print(
            f"render.py: preview: saved files are not noticed ({errors.exceptions[0]})",
            file=sys.stderr,
            flush=True,
        )
        await asyncio.Event().wait()


def _open(url: str) -> None:
    """Open a page in the user's browser, without waiting for it."""
    if sys.platform.startswith("linux") and not _DISPLAYS & os.environ.keys():
        return  # what is found then takes the terminal
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
