"""What happens on the server, told to every page that listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Final

Event = Mapping[str, object]

_ROOM: Final = 64
"""Events that wait for a slow page; one that is slower loses its line, and asks for a new one."""

_SILENCE: Final = 15.0
"""Seconds after which a line is tried: a page that is gone is noticed."""

_STILL_THERE: Final = b": still there\n\n"


class Events:
    """Hands each event to all who listen.

    Parameters
    ----------
    standing
        Gives what a page that begins to listen must know of before.
    """

    def __init__(self, standing: Callable[[], Iterable[Event]]) -> None:
        self._standing = standing
        self._lines: set[asyncio.Queue[Event | None]] = set()

    def tell(self, event: Event) -> None:
        """Hand an event to all who listen now."""
        for line in tuple(self._lines):
            try:
                line.put_nowait(event)
            except asyncio.QueueFull:
                self._lines.discard(line)
                line.get_nowait()
                line.put_nowait(None)

    async def listen(self) -> AsyncIterator[bytes]:
        """Yield server-sent events until the page goes away."""
        line: asyncio.Queue[Event | None] = asyncio.Queue(_ROOM)
        self._lines.add(line)
        try:
            for event in self._standing():
                yield _as_bytes(event)
            while True:
                try:
                    event_or_end = await asyncio.wait_for(line.get(), _SILENCE)
                except TimeoutError:
                    yield _STILL_THERE
                    continue
                if event_or_end is None:
                    return
                yield _as_bytes(event_or_end)
        finally:
            self._lines.discard(line)


def _as_bytes(event: Event) -> bytes:
    return f"data: {json.dumps(event)}\n\n".encode("ascii")
