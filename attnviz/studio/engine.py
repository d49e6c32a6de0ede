"""Has films drawn by children of a warm process, and begins anew where code has changed."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import socket
import tempfile
from collections.abc import Callable, Collection
from contextlib import suppress
from importlib.util import cache_from_source
from multiprocessing import reduction
from pathlib import Path
from typing import Any, Final

from attnviz.render import catalogue
from attnviz.render.estimates import Estimate, estimate
from attnviz.render.imports import PROJECT
from attnviz.render.jobs import Job
from attnviz.render.processes import deaf, one_thread_each, warm_context
from attnviz.studio import warm
from attnviz.studio.faults import fault
from attnviz.studio.films import Film
from attnviz.studio.framing import read

State = dict[str, Any]

_Place = tuple[int, int]
_Stretch = tuple[_Place, _Place | None]

_BEGINNING: Final = (0, 0)

MOST_FILMS: Final = 12
"""So many films are kept, the last looked at, if they are not too large."""

MOST_BYTES: Final = 300_000_000
"""What the frames of the films kept may take; one film may have half of it."""

MOST_DRAWN: Final = 4
"""So many films are drawn at a time: two pages with two films each."""

LONGEST: Final = 180.0
"""Seconds that a film may take to be drawn."""

_GRACE: Final = 2.0
"""Seconds for which a film is drawn that nobody reads: its reader may be on the way."""


class Engine:
    """Draws films for pages.

    Parameters
    ----------
    start
        What is likely to be asked for first.
    debug
        Whether tracebacks of scenes go to stderr.
    """

    def __init__(self, start: Job, *, debug: bool = False) -> None:
        self._start, self._debug = start, debug
        self._folder = Path(tempfile.mkdtemp(prefix="attnviz-")).resolve()
        self._films: dict[str, Film] = {}
        self._known: dict[tuple[Job, int], str] = {}
        self._count = 0
        self._revision = 0
        self._calls: list[Callable[[State], None]] = []
        self._state: State = {"state": "warming"}
        self._settled = asyncio.Event()
        self._context: Any = None
        self._warm: _Warm | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._loading = 0

    async def start(self) -> None:
        """Begin to warm up; it goes on when this returns."""
        self._load()

    async def close(self) -> None:
        """End all that was started, and remove what was written."""
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._warm is not None:
            await self._warm.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def state(self) -> State:
        """Return how it is: warming, ready, or broken by an error in the kit."""
        return {"kind": "state", **self._state}

    def on_state(self, call: Callable[[State], None]) -> None:
        """Have changes of the state told."""
        self._calls.append(call)

    def find(self, film_id: str) -> Film | None:
        """Return a film that is kept."""
        return self._films.get(film_id)

    def film(self, job: Job, place: _Place = _BEGINNING, base: str | None = None) -> Film:
        """Begin to draw a film, or return the one that is there.

        Parameters
        ----------
        job
            What is drawn; its size is the studio's.
        place
            The beat that is looked at, and the frame in it: it is drawn at once, beside the film's
            beginning.
        base
            A film whose frames need not be drawn again.
        """
        wanted = job, self._revision
        there = self._films.get(self._known.get(wanted, ""))
        if there and there.ended in (None, "done"):
            self._films[there.id] = self._films.pop(there.id)  # the last looked at
            return there
        film = self._new(job, place, self._films.get(base or ""))
        self._known[wanted] = film.id
        self._make_room()
        return film

    async def renew(self, changed: Collection[Path]) -> None:
        """Draw from now on with the code as it stands.

        Parameters
        ----------
        changed
            The files that have changed. Scenes are read for every drawing; anything else of the
            project is loaded anew.
        """
        self._revision += 1
        _forget_bytecode(changed)
        if all(_is_scene(path) for path in changed):
            return
        for film in self._films.values():
            film.cancel()
        self._load()

    # -- the warm process --------------------------------------------------------------------

    def _load(self) -> None:
        """Begin a warm process with the code as it stands, in place of the one there is."""
        self._settled.clear()
        self._tell({"state": "warming"})
        old, self._warm = self._warm, None
        if old is not None:
            self._begin(old.end())
        self._loading += 1
        self._begin(self._engage(self._loading))

    async def _engage(self, number: int) -> None:
        fresh: _Warm | None = None
        try:
            one_thread_each()
            if self._context is None:
                self._context = await asyncio.to_thread(warm_context)
            fresh = _Warm(self._context, self._start, self._folder / "warm")
            told = await fresh.begin()
        except Exception as error:
            told = {"state": "broken", "error": fault(error)}
        if number == self._loading:
            self._warm = fresh
            self._tell(told)
            self._settled.set()
        elif fresh is not None:  # overtaken by a later edit
            await fresh.end()

    def _tell(self, state: State) -> None:
        self._state = state
        for call in self._calls:
            call(self.state())

    # -- films -------------------------------------------------------------------------------

    def _new(self, job: Job, place: _Place, base: Film | None) -> Film:
        self._count += 1
        film_id = f"{self._revision}-{self._count}"
        about = _about(job)
        stretches = _stretches(place, about.beats)
        output = job.output
        begins = {
            "kind": "film",
            "id": film_id,
            "scene": job.scene.name,
            "width": output.width,
            "height": output.height,
            "fps": output.quality.fps,
            "theme": output.theme,
            "about": round(about.seconds * output.quality.fps),
        }
        folder = self._folder / film_id
        film = Film(film_id, job, folder, len(stretches), begins, base)
        self._films[film_id] = film
        known = list(base.pixels) if base else []
        self._begin(self._draw(film, stretches, known))
        return film

    async def _draw(self, film: Film, stretches: list[_Stretch], known: list[str]) -> None:
        """Have a film drawn; it has ended when this returns."""
        left = asyncio.Event()
        film.when_left = left.set
        drawing = asyncio.create_task(self._draw_parts(film, stretches, known))
        watching = asyncio.create_task(self._abandoned(film, left))
        try:
            async with asyncio.timeout(LONGEST):
                await asyncio.wait({drawing, watching}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            film.take(_error(f"drawn for {LONGEST:.0f} s and not done; give a shorter text"), b"")
        finally:
            watching.cancel()
            drawing.cancel()
            (ended,) = await asyncio.gather(drawing, return_exceptions=True)
            if isinstance(ended, Exception):
                film.take({"kind": "error", **fault(ended)}, b"")
            film.cancel()

    async def _draw_parts(self, film: Film, stretches: list[_Stretch], known: list[str]) -> None:
        looked_at, *others = stretches
        await asyncio.gather(
            self._draw_part(film, looked_at, known),
            *(self._draw_part(film, other, known, patient=True) for other in others),
        )

    async def _draw_part(
        self, film: Film, stretch: _Stretch, known: list[str], *, patient: bool = False
    ) -> None:
        await self._settled.wait()
        if self._warm is None or self._state["state"] == "broken":
            film.take({"kind": "error", **self._state["error"]}, b"")
            return
        beat, frame = stretch[0]
        order = {
            **warm.plain(film.job),
            "name": f"{film.id} {beat} {frame}",
            "stretch": stretch,
            "patient": patient,
            "known": known,
            "folder": str(film.folder / f"{beat}-{frame}"),
            "debug": self._debug,
        }
        drawer = self._warm
        reader, writer = await drawer.order(order)
        try:
            while told := await read(reader):
                film.take(*told)
                if film.ended or told[0]["kind"] == "part":
                    return
                if film.size > MOST_BYTES / 2:
                    film.take(_error("its frames are too many to keep; give a shorter text"), b"")
            film.take(_error("what drew it was ended, perhaps for want of memory; try again"), b"")
        finally:
            writer.close()
            drawer.stop(order["name"])

    async def _abandoned(self, film: Film, left: asyncio.Event) -> None:
        """Return when nobody reads a film, and nobody comes back to it."""
        while True:
            await asyncio.sleep(_GRACE)
            if not film.readers:
                return
            left.clear()
            await left.wait()
            if self._warm is not None:
                self._warm.hold_back(film.id)

    def _make_room(self) -> None:
        """Let go of what was not looked at for longest; stop what is drawn beyond what can be."""
        drawn = [film for film in self._films.values() if film.ended is None]
        for film in drawn[:-MOST_DRAWN]:
            film.cancel()
        total = 0
        for number, film in enumerate(reversed([*self._films.values()])):
            total += film.size
            if (number >= MOST_FILMS or total > MOST_BYTES) and not film.readers and film.ended:
                del self._films[film.id]
                film.let_go()
        self._known = {job: name for job, name in self._known.items() if name in self._films}

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Warm:
    """The warm process, from the server's side.

    Parameters
    ----------
    context
        Starts processes.
    start
        What it warms up with.
    folder
        A private place for it.
    """

    def __init__(self, context: Any, start: Job, folder: Path) -> None:
        self._line, self._far = context.Pipe()
        with deaf():
            self._process = context.Process(
                target=warm.serve, args=(self._far, warm.plain(start), str(folder)), daemon=True
            )

    async def begin(self) -> State:
        """Start it; return what it says when it is warm, or cannot be."""
        return await asyncio.to_thread(self._begin)

    def _begin(self) -> State:
        with deaf():
            self._process.start()
        self._far.close()
        try:
            told: State = json.loads(self._line.recv_bytes())
        except (EOFError, OSError):
            message = "the process that draws did not start; see the terminal"
            told = {"state": "broken", "error": {"message": message, "file": None, "line": None}}
        return told

    async def order(
        self, order: dict[str, Any]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Have something drawn; what is told comes on the stream."""
        near, far = socket.socketpair()
        with far:
            self._line.send_bytes(json.dumps(order).encode())
            reduction.send_handle(self._line, far.fileno(), self._process.pid)
        return await asyncio.open_connection(sock=near)

    def stop(self, name: str) -> None:
        """End who draws something, where it is not done."""
        self._tell({"end": name})

    def hold_back(self, film: str) -> None:
        """Let those who draw a film give way to all others."""
        self._tell({"hold back": film})

    def _tell(self, word: dict[str, str]) -> None:
        with suppress(OSError):
            self._line.send_bytes(json.dumps(word).encode())

    async def end(self) -> None:
        """End the process and all its children."""
        self._line.close()
        if self._process.pid is None:  # it was never started
            return
        await asyncio.to_thread(self._process.join, 1.0)
        if self._process.is_alive():
            self._process.kill()
            await asyncio.to_thread(self._process.join)


def _stretches(place: _Place, beats: int) -> list[_Stretch]:
    """Cut a film of about so many beats: where it is looked at, and midway from there.

    Returns
    -------
    list of stretches
        The one that is looked at first of all.
    """
    looked_at = min(place[0], beats - 1), place[1]
    midway = looked_at[0] + math.ceil((beats - looked_at[0]) / 2), 0
    found: list[_Stretch] = [(looked_at, None)]
    if midway < (beats, 0):
        found = [(looked_at, midway), (midway, None)]
    return [*found, (_BEGINNING, looked_at)] if looked_at > _BEGINNING else found


def _about(job: Job) -> Estimate:
    """Return about how long a film is; of a scene that cannot be read, whoever draws it tells."""
    try:
        return estimate(job, None)
    except (SyntaxError, ValueError, OSError):
        return Estimate(0.0, 1)


def _error(message: str) -> dict[str, Any]:
    return {"kind": "error", "message": message, "file": None, "line": None}


def _forget_bytecode(sources: Collection[Path]) -> None:
    """Remove what Python has compiled of sources: it tells edits of one second not apart."""
    for source in sources:
        if source.suffix == ".py":
            Path(cache_from_source(str(source))).unlink(missing_ok=True)


def _is_scene(path: Path) -> bool:
    """Tell whether a file is a scene, or beside an author's own: read for each drawing anyway."""
    path = path.resolve()
    if path.parent == catalogue.SCENES_FOLDER:
        return path.name != "__init__.py"
    return not path.is_relative_to(PROJECT / "attnviz")
