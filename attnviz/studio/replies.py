"""How requests are read and errors answered, the same for all that may be asked."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

import font_source_sans_pro
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from attnviz.errors import AttnvizError, UserError
from attnviz.render.batch import describe
from attnviz.studio.bodies import BodyError, FieldError, ForbiddenError
from attnviz.studio.exporting import BusyError, NoClipError

PAGE: Final = Path(__file__).parent / "page"
"""The folder of the page's files."""

_FONTS: Final = MappingProxyType(
    {
        name: Path(font_source_sans_pro.__file__).parent / "files" / name
        for name in ("SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf")
    }
)
"""The fonts of the page, which are the films'."""

LARGEST_BODY: Final = 64 * 1024
"""Bytes that an order may have; one with the longest text has a tenth of it."""

_LONGEST_WAIT: Final = 10.0
"""Seconds in which an order must have come: a line that is held open costs room."""

_TYPES: Final = MappingProxyType(
    {
        ".html": "text/html",
        ".css": "text/css",
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".ttf": "font/ttf",
    }
)
_STATUSES: Final[Mapping[type[AttnvizError], HTTPStatus]] = MappingProxyType(
    {
        BodyError: HTTPStatus.BAD_REQUEST,
        ForbiddenError: HTTPStatus.FORBIDDEN,
        NoClipError: HTTPStatus.CONFLICT,
        BusyError: HTTPStatus.TOO_MANY_REQUESTS,
        UserError: HTTPStatus.UNPROCESSABLE_ENTITY,
        AttnvizError: HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)
"""What an error is to HTTP; an error of several classes is what comes first."""


class Json(Response):
    """JSON in ASCII: whatever stands in a text, it can be sent."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return a value as it is sent."""
        return json.dumps(content, allow_nan=False).encode("ascii")


class Places:
    """So many answers of a kind may be going on at a time.

    Parameters
    ----------
    most
        How many.
    what
        What they do, for the refusal.
    """

    def __init__(self, most: int, what: str) -> None:
        self._free, self._what = most, what

    def require(self) -> None:
        """Refuse where there is no place left."""
        if not self._free:
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, f"too many {self._what} at once")

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take a place until the end of the block."""
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


class Stream(StreamingResponse):
    """An answer that goes on, in one of a few places.

    Parameters
    ----------
    parts
        What is sent; it is closed as soon as the page goes away.
    places
        Where it finds a place.
    media_type
        What it is.
    """

    def __init__(self, parts: AsyncIterator[bytes], places: Places, media_type: str) -> None:
        places.require()
        super().__init__(_closed_after(parts), media_type=media_type)
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all of it; nothing comes between the question for a place and its being taken."""
        with self._places.taken():
            await super().__call__(scope, receive, send)


async def _closed_after(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(cast("AsyncGenerator[bytes, None]", parts)):
        async for part in parts:
            yield part


def page_file(name: str) -> Response:
    """Return one of the page's files, or one of its fonts.

    Raises
    ------
    HTTPException
        404, if there is no such file.
    """
    # Looked up among the names that there are: no name leads anywhere else.
    files = {path.name: path for path in PAGE.glob("*") if path.suffix in _TYPES}
    found = {**files, **_FONTS}.get(name)
    if found is None or not found.is_file():
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such file")
    return Response(found.read_bytes(), media_type=_TYPES[found.suffix])


async def body_of(request: Request) -> bytes:
    """Return the body of an order, which is small and comes at once.

    Raises
    ------
    HTTPException
        413 or 408, if it is not.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(_LONGEST_WAIT):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise HTTPException(
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "an order is not so large"
                    )
    except TimeoutError as error:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "the order did not come") from error
    except ClientDisconnect as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the order broke off") from error
    return bytes(body)


def refusal(status: HTTPStatus, why: str, **more: object) -> Json:
    """Return an error as the page takes it."""
    return Json({"error": why, **more}, status)


async def on_http_error(_request: Request, error: Exception) -> Response:
    """Answer what is not there, or comes in the wrong way."""
    assert isinstance(error, HTTPException)
    answer = refusal(HTTPStatus(error.status_code), str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def on_attnviz_error(_request: Request, error: Exception) -> Response:
    """Answer what was asked for and cannot be, naming the field where it is known."""
    status = next(status for kind, status in _STATUSES.items() if isinstance(error, kind))
    more = {"field": error.field} if isinstance(error, FieldError) else {}
    return refusal(status, str(error), **more)


def on_any_error(*, debug: bool) -> Callable[[Request, Exception], Any]:
    """Return what answers a fault of the server's own, and tells the terminal of it."""

    async def answer(_request: Request, error: Exception) -> Response:
        if debug:
            traceback.print_exception(error)
        print(f"render.py: preview: {describe(error)}", file=sys.stderr, flush=True)
        return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, describe(error))

    return answer
