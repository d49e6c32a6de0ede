"""A film that is being drawn: what was told of it, for all who watch and come late."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from attnviz.records import ModelTrace
from attnviz.render.jobs import Job
from attnviz.studio.framing import framed
from attnviz.trace_files import read as read_trace

Header = Mapping[str, Any]


class Film:
    """What is told of one film.

    Parameters
    ----------
    film_id
        Its name among the films of this studio.
    job
        What is drawn.
    folder
        A private place of its own.
    parts
        How many draw it.
    begins
        The first record.
    base
        A film whose frames are not told again.

    Attributes
    ----------
    pixels
        Digest of each frame to its PNG.
    size
        Bytes of all of them.
    readers
        How many are reading.
    is_whole
        Whether somebody has read it to its end.
    """

    def __init__(
        self, film_id: str, job: Job, folder: Path, parts: int, begins: Header, base: Film | None
    ) -> None:
        self.id, self.job, self.folder = film_id, job, folder
        self.pixels: dict[str, bytes] = {}
        self.size = 0
        self.readers = 0
        self.is_whole = False
        self.when_left: Callable[[], None] = lambda: None
        self._waiting = parts
        self._has_trace = False
        self._frames = 0
        self._base: Mapping[str, bytes] = base.pixels if base else {}
        self._told: list[tuple[Header, bytes]] = [(begins, b"")]
        self._news = asyncio.Event()
        self._files: dict[str, Path] = {}
        self._traces: dict[str, ModelTrace] = {}
        self.ended: str | None = None
        """How it ended: ``done``, ``error`` or ``cancelled``."""

    @property
    def traces(self) -> Mapping[str, ModelTrace]:
        """What the model computed, by prefix, as far as it has been told."""
        self._read()
        return self._traces

    def _read(self) -> None:
        for prefix, file in self._files.items():
            if prefix not in self._traces:
                self._traces[prefix] = read_trace(file)

    def take(self, header: Header, body: bytes) -> None:
        """Hear a record of those who draw."""
        if self.ended:
            return
        match header["kind"]:
            case "trace" if self._has_trace:
                pass  # each who draws tells of it
            case "arrays":
                self._files.setdefault(header["prefix"], Path(header["path"]))
            case "part":
                self._end_part(header["frames"])
            case "error":
                self._end(header)
            case "frame":
                self._tell(header, self._settled(header["digest"], body))
            case kind:
                self._has_trace |= kind == "trace"
                self._tell(header, body)

    def cancel(self) -> None:
        """End it, whatever is drawn of it."""
        self._end({"kind": "cancelled"})

    def let_go(self) -> None:
        """Remove its files."""
        self._read()  # whoever still holds the film may ask for values
        shutil.rmtree(self.folder, ignore_errors=True)

    async def records(self, have: Film | None = None) -> AsyncIterator[bytes]:
        """Yield its records, from the first to the last, as they are told.

        Parameters
        ----------
        have
            A film that the reader holds: frames which are that one's come without their pixels.
        """
        held = dict(have.pixels) if have and have.is_whole else {}
        self.readers += 1
        try:
            number = 0
            while True:
                news = self._news
                while number < len(self._told):
                    header, body = self._told[number]
                    number += 1
                    yield framed(header, b"" if header.get("digest") in held else body)
                if self.ended:
                    break
                await news.wait()
            self.is_whole = self.ended == "done"
        finally:
            self.readers -= 1
            if not self.readers:
                self.when_left()

    def _settled(self, digest: str, body: bytes) -> bytes:
        """Return a frame's pixels, also where they were known to those who drew."""
        if digest not in self.pixels:
            self.pixels[digest] = body or self._base[digest]
            self.size += len(self.pixels[digest])
        return self.pixels[digest]

    def _end_part(self, frames: int) -> None:
        self._waiting -= 1
        self._frames = max(self._frames, frames)
        if not self._waiting:
            self._end({"kind": "done", "frames": self._frames})

    def _end(self, header: Header) -> None:
        if not self.ended:
            self.ended = header["kind"]
            self._base = {}
            self._tell(header, b"")

    def _tell(self, header: Header, body: bytes) -> None:
        self._told.append((header, body))
        self._news.set()
        self._news = asyncio.Event()
