"""A studio without a drawing process, on a real socket: what it is asked for is counted."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

from attnviz.render.jobs import Job
from attnviz.studio.app import Opening, Studio
from attnviz.studio.choices import Named, Shelf
from attnviz.studio.guard import LOOPBACK, Address, Guard
from attnviz.studio.listening import listen, server_of

SECONDS = 20
RECORDS = (b"the first record", b"the second", b"the last")


@dataclass
class StandInFilm:
    """Three records, or one and then nothing for ever."""

    id: str
    job: Job
    endless: bool = False
    asked: list[object] = field(default_factory=list)
    left: int = 0
    traces: Mapping[str, Any] = field(default_factory=lambda: {"": "the trace"})

    async def records(self, have: object) -> AsyncIterator[bytes]:
        self.asked.append(have)
        try:
            yield RECORDS[0]
            if self.endless:
                await asyncio.Event().wait()
            for record in RECORDS[1:]:
                yield record
        finally:
            self.left += 1


@dataclass
class StandInEngine:
    """Keeps what it is asked to draw; draws nothing."""

    drawn: list[tuple[Job, tuple[int, int], str | None]] = field(default_factory=list)
    films: dict[str, StandInFilm] = field(default_factory=dict)
    told: list[Callable[[dict[str, Any]], None]] = field(default_factory=list)
    endless: bool = False

    def state(self) -> dict[str, Any]:
        return {"kind": "state", "state": "ready"}

    def on_state(self, call: Callable[[dict[str, Any]], None]) -> None:
        self.told.append(call)

    def film(
        self, job: Job, place: tuple[int, int] = (0, 0), base: str | None = None
    ) -> StandInFilm:
        self.drawn.append((job, place, base))
        film = StandInFilm(f"1-{len(self.drawn)}", job, self.endless)
        return self.films.setdefault(film.id, film)

    def find(self, film_id: str) -> StandInFilm | None:
        return self.films.get(film_id)


@dataclass
class Served:
    """A studio that answers on a port."""

    engine: StandInEngine
    studio: Studio
    address: Address
    inspected: list[str]
    loop: asyncio.AbstractEventLoop

    @property
    def host(self) -> str:
        return f"{LOOPBACK}:{self.address.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        host: str | None = "own",
    ) -> SimpleNamespace:
        """Send a request as it stands, and return the status, headers and body of the answer."""
        with closing(http.client.HTTPConnection(LOOPBACK, self.address.port, timeout=SECONDS)) as c:
            c.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if host is not None:
                c.putheader("Host", self.host if host == "own" else host)
            for name, value in (headers or {}).items():
                c.putheader(name, value)
            if body is not None:
                c.putheader("Content-Length", str(len(body)))
            c.endheaders()
            if body is not None:
                c.send(body)
            answer = c.getresponse()
            content = answer.read()
        kind = answer.headers.get("Content-Type", "")
        told = json.loads(content) if kind == "application/json" and content else None
        return SimpleNamespace(
            status=answer.status, headers=answer.headers, body=content, json=told, kind=kind
        )

    def get(self, path: str, **headers: str) -> SimpleNamespace:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, order: object) -> SimpleNamespace:
        """Send an order as the page does."""
        headers = {"Content-Type": "application/json", "Origin": self.origin}
        return self.ask("POST", path, json.dumps(order).encode(), headers)


@contextmanager
def serve(
    named: Named | None = None, folder: Path = Path("media"), token: str | None = None
) -> Iterator[Served]:
    """Serve a studio until the end of the block."""
    engine, inspected = StandInEngine(), []

    def inspect(address: str, traces: Mapping[str, Any]) -> dict[str, Any]:
        inspected.append(address)
        return {"address": address, "value": 0.25, "of": list(traces)}

    studio = Studio(engine, inspect, Shelf(named or Named()), folder)
    line = listen(LOOPBACK, 0)
    address = Address(LOOPBACK, line.getsockname()[1], token)
    opening = Opening()
    opening.open(studio)
    server = server_of(Guard(opening, address))
    loop = asyncio.new_event_loop()

    async def run() -> None:
        await server.serve([line])
        await studio.exports.close()

    thread = Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        yield Served(engine, studio, address, inspected, loop)
    finally:
        server.should_exit = True
        thread.join(SECONDS)
        loop.close()
        line.close()
    assert not thread.is_alive()
