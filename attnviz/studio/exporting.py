"""Clips that the page asks for: the command line itself is run, one process after another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from attnviz.errors import UserError
from attnviz.render.imports import PROJECT
from attnviz.studio.events import Event

MOST_WAITING: Final = 4
"""Exports that may wait for the one that runs."""

_LONGEST: Final = 3_600.0
"""Seconds that a clip may take; the longest there is, at 4k, takes a part of it."""

_GRACE: Final = 4.0
"""Seconds in which a process that was asked to end clears its private folder away."""

_PROGRAM: Final = PROJECT / "render.py"
_LONGEST_ERROR: Final = 400
_ID_BYTES: Final = 8


class BusyError(UserError):
    """So many exports wait that no other is taken."""


class NoClipError(UserError):
    """There is no clip yet that the markup could show."""


@dataclass(frozen=True, slots=True)
class _Export:
    id: str
    words: Sequence[str]


class Exports:
    """Runs exports one at a time, in the order in which they were asked for.

    Parameters
    ----------
    tell
        Hears how each goes on.
    program
        The command line, as the words before its arguments.
    """

    def __init__(
        self,
        tell: Callable[[Event], None],
        program: Sequence[str] = (sys.executable, str(_PROGRAM)),
    ) -> None:
        self._tell = tell
        self._program = tuple(program)
        self._waiting: list[_Export] = []
        self._running: _Export | None = None
        self._work: asyncio.Task[None] | None = None

    def add(self, words: Sequence[str]) -> str:
        """Have a command line run when those before it are done; return the export's name.

        Raises
        ------
        BusyError
            If too many wait already.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise BusyError(f"{MOST_WAITING} exports wait already; ask again when one is done")
        export = _Export(secrets.token_hex(_ID_BYTES), tuple(words))
        self._waiting.append(export)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._run_all())
        return export.id

    def standing(self) -> list[Event]:
        """Return what a page that comes later must know: which exports are not done."""
        unfinished = [*filter(None, [self._running]), *self._waiting]
        return [_event(export, "running") for export in unfinished]

    async def close(self) -> None:
        """End the process that runs, and run no other."""
        self._waiting.clear()
        if self._work is not None:
            self._work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._work

    async def _run_all(self) -> None:
        while self._waiting:
            export = self._running = self._waiting.pop(0)
            self._tell(_event(export, "running"))
            try:
                self._tell(await self._run(export))
            except OSError as error:
                self._tell(_event(export, "failed", error=f"no process begins ({error})"))
            finally:
                self._running = None

    async def _run(self, export: _Export) -> Event:
        """Run one command line; return how it ended."""
        # A session of its own: what comes from the terminal comes to the server, which then ends
        # the process in order, its workers with it.
        process = await asyncio.create_subprocess_exec(
            *(*self._program, *export.words, "--json"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(_LONGEST):
                out, err = await process.communicate()
        except TimeoutError:
            return _event(export, "failed", error="it took more than an hour and was ended")
        finally:
            await _end(process)
        return _ended(export, process.returncode, out, err)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process: with its consent, or soon without it."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    # Not asyncio.timeout: in a task that was cancelled it fails before Python 3.11.3.
    ended = asyncio.ensure_future(process.wait())
    await asyncio.wait({ended}, timeout=_GRACE)
    if not ended.done():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    await ended


def _ended(export: _Export, code: int | None, out: bytes, err: bytes) -> Event:
    told = _last_json(out)
    files = told.get("files")
    if code == 0 and isinstance(files, dict):
        return _event(export, "done", files=files)
    lines = err.decode("utf-8", "replace").strip().splitlines()
    why = told.get("error") or (lines[-1] if lines else f"it ended with exit code {code}")
    return _event(export, "failed", error=str(why)[:_LONGEST_ERROR])


def _last_json(out: bytes) -> dict[str, Any]:
    lines = out.decode("utf-8", "replace").strip().splitlines()
    with contextlib.suppress(ValueError, IndexError):
        found = json.loads(lines[-1])
        if isinstance(found, dict):
            return found
    return {}


def _event(export: _Export, state: str, **more: Any) -> Event:
    return {"kind": "export", "id": export.id, "state": state, **more}
