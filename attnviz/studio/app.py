"""What the server answers: one small function for each thing that a page may ask."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from attnviz.errors import AttnvizError
from attnviz.studio import choices as offered
from attnviz.studio import replies
from attnviz.studio.bodies import FieldError
from attnviz.studio.commands import export_words, film_words, markup_words, shown
from attnviz.studio.events import Events
from attnviz.studio.exporting import Exports
from attnviz.studio.orders import MarkupOrder, Orders
from attnviz.studio.replies import Json
from attnviz.studio.thumbnails import MEDIA_TYPE, Thumbnails

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from attnviz.records import ModelTrace
    from attnviz.render.jobs import Job

MOST_LISTENERS: Final = 16
"""Pages that may listen at a time."""

MOST_READERS: Final = 16
"""Films that may be read at a time."""

_LONGEST_ADDRESS: Final = 1_000
_FILM_ID: Final = re.compile(r"[\w-]{1,64}", re.ASCII)


class OneFilm(Protocol):
    """A film that is being drawn, as the server sees it."""

    id: str

    @property
    def traces(self) -> Mapping[str, ModelTrace]:
        """What the model computed, by prefix."""
        ...

    def records(self, have: Any) -> AsyncIterator[bytes]:
        """Yield its records."""
        ...


class Drawing(Protocol):
    """Who draws films, as the server sees it."""

    def state(self) -> dict[str, Any]:
        """Return how it is, as an event."""
        ...

    def on_state(self, call: Callable[[dict[str, Any]], None]) -> None:
        """Have changes of the state told."""
        ...

    def film(self, job: Job, place: tuple[int, int] = (0, 0), base: str | None = None) -> OneFilm:
        """Begin to draw a film, or return the one that is there."""
        ...

    def find(self, film_id: str) -> OneFilm | None:
        """Return a film that is kept."""
        ...


Inspect = Callable[[str, "Mapping[str, ModelTrace]"], "dict[str, Any]"]


class Studio:
    """The answers.

    Parameters
    ----------
    engine
        Draws films.
    inspect
        Tells of an address what it is, and where it comes from.
    shelf
        The scenes, and what else the command line named.
    folder
        Where clips go.
    debug
        Whether faults of the server's own bring their tracebacks.
    """

    def __init__(
        self,
        engine: Drawing,
        inspect: Inspect,
        shelf: offered.Shelf,
        folder: Path,
        *,
        debug: bool = False,
    ) -> None:
        self._engine, self._inspect = engine, inspect
        self._shelf, self._folder, self._debug = shelf, folder, debug
        self._orders = Orders(shelf)
        self._thumbnails = Thumbnails()
        self._listeners = replies.Places(MOST_LISTENERS, "pages listen")
        self._readers = replies.Places(MOST_READERS, "films are read")
        self.events = Events(lambda: [engine.state(), *self.exports.standing()])
        self.exports = Exports(self.events.tell)
        engine.on_state(self.events.tell)

    def app(self) -> ASGIApp:
        """Return what answers all that is no file of the page."""
        get, post = ["GET"], ["POST"]
        routes = [
            Route("/api/scenes", self._scenes, methods=get),
            Route("/api/thumbnails/{name}", self._thumbnail, methods=get),
            Route("/api/choices", self._choices, methods=get),
            Route("/api/events", self._listen, methods=get),
            Route("/api/films/{film}/records", self._records, methods=get),
            Route("/api/films/{film}/value", self._value, methods=get),
            Route("/api/render", self._render, methods=post),
            Route("/api/export", self._export, methods=post),
            Route("/api/markup", self._markup, methods=post),
        ]
        return _answering(routes, debug=self._debug)

    # -- what is offered ---------------------------------------------------------------------

    async def _scenes(self, _request: Request) -> Response:
        return Json(offered.scenes(self._shelf))

    async def _choices(self, _request: Request) -> Response:
        return Json(offered.choices(self._shelf))

    async def _thumbnail(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._shelf.scenes:
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such scene")
        still = await run_in_threadpool(self._thumbnails.still, name)
        return Response(still, media_type=MEDIA_TYPE)

    async def _listen(self, _request: Request) -> Response:
        return replies.Stream(self.events.listen(), self._listeners, "text/event-stream")

    # -- films -------------------------------------------------------------------------------

    async def _render(self, request: Request) -> Response:
        order = self._orders.render(await replies.body_of(request))
        film = self._engine.film(order.job, order.place, order.base)
        return Json({"film": film.id, "command": shown(film_words(order))})

    async def _records(self, request: Request) -> Response:
        film = self._film(request)
        have = request.query_params.get("have", "")
        held = self._engine.find(have) if _FILM_ID.fullmatch(have) else None
        return replies.Stream(film.records(held), self._readers, "application/octet-stream")

    async def _value(self, request: Request) -> Response:
        film = self._film(request)
        address = request.query_params.get("address", "")
        if not 0 < len(address) <= _LONGEST_ADDRESS:
            raise FieldError("address", "address: give that of a value, e.g. layers[1].weights[2]")
        return Json(await run_in_threadpool(lambda: self._inspect(address, film.traces)))

    def _film(self, request: Request) -> OneFilm:
        name = request.path_params["film"]
        film = self._engine.find(name) if _FILM_ID.fullmatch(name) else None
        if film is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such film any more")
        return film

    # -- files -------------------------------------------------------------------------------

    async def _export(self, request: Request) -> Response:
        order = self._orders.export(await replies.body_of(request))
        words = export_words(order, self._folder)
        return Json({"id": self.exports.add(words), "command": shown(words)})

    async def _markup(self, request: Request) -> Response:
        order = self._orders.markup(await replies.body_of(request))
        command = shown(markup_words(order, self._folder))
        text = await run_in_threadpool(_markup_of, order, self._folder)
        return Json({"markup": text, "command": command})


class Opening:
    """Answers with the page at once; what needs the studio waits until it is there."""

    def __init__(self) -> None:
        routes = [
            Route("/", self._index, methods=["GET"]),
            Route("/page/{name}", self._page, methods=["GET"]),
        ]
        self._files = _answering(routes)
        self._rest: ASGIApp | None = None
        self._there = asyncio.Event()

    def open(self, studio: Studio) -> None:
        """Let the studio answer what has waited, and all that comes."""
        self._rest = studio.app()
        self._there.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["path"].startswith("/api/"):
            await self._there.wait()
            assert self._rest is not None
            await self._rest(scope, receive, send)
        else:
            await self._files(scope, receive, send)

    async def _index(self, _request: Request) -> Response:
        return replies.page_file("index.html")

    async def _page(self, request: Request) -> Response:
        return replies.page_file(request.path_params["name"])


def _answering(routes: Sequence[Route], *, debug: bool = False) -> Starlette:
    app = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: replies.on_http_error,
            AttnvizError: replies.on_attnviz_error,
            Exception: replies.on_any_error(debug=debug),
        },
    )
    app.router.redirect_slashes = False
    return app


def _markup_of(order: MarkupOrder, folder: Path) -> str:
    # Loaded late: it takes half a second, and most pages never ask.
    from attnviz.studio.markup import markup

    return markup(order, folder)
