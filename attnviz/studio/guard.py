"""Who may ask what of the server: this machine's user, through the studio's own page."""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from attnviz.studio.replies import refusal

LOOPBACK: Final = "127.0.0.1"
_LOOPBACK_NAMES: Final = (LOOPBACK, "localhost", "[::1]")
_HTTP_PORT: Final = "80"  # which browsers leave out
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.ASCII)

_METHODS: Final = ("GET", "HEAD", "POST")
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_TOKEN_BYTES: Final = 24
_LONGEST_QUERY: Final = 4_096

_HEADERS: Final = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none';"
            " form-action 'self'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
    }
)

_WELCOME: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>attnviz</title>'
    '<link rel="icon" href="data:,">'
    '<meta http-equiv="refresh" content="0; url=/"><p><a href="/">Open the studio</a></p></html>'
)
"""What a right token gets: a page that goes on to the studio, so that the address has no token."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens, and by which names it may be called.

    Parameters
    ----------
    host
        The address it listens on.
    port
        The port.
    token
        What a visitor must show; None: nothing, on the loopback interface.
    """

    host: str
    port: int
    token: str | None = None

    @classmethod
    def of(cls, host: str, port: int) -> Address:
        """Return an address with a token where others than this machine can reach it."""
        token = None if is_loopback(host) else secrets.token_urlsafe(_TOKEN_BYTES)
        return cls(host, port, token)

    @property
    def url(self) -> str:
        """What the user opens."""
        host = LOOPBACK if _is_any(self.host) else _in_url(self.host)
        query = "" if self.token is None else f"?token={self.token}"
        return f"http://{host}:{self.port}/{query}"

    @property
    def cookie(self) -> str:
        """The name of the cookie that keeps the token: cookies of all ports are mixed."""
        return f"attnviz-{self.port}"

    def is_named(self, host: str) -> bool:
        """Tell whether a ``Host`` header names this server.

        A foreign page whose name was made to lead here (DNS rebinding) still sends its own name.
        """
        written = _HOST.fullmatch(host.casefold())
        if written is None or (written[2] or _HTTP_PORT) != str(self.port):
            return False
        name = written[1]
        if name in _LOOPBACK_NAMES and (is_loopback(self.host) or _is_any(self.host)):
            return True
        # On all interfaces the machine has many addresses; an address, unlike a name, is no trick.
        return _is_literal(name) if _is_any(self.host) else name == _in_url(self.host).casefold()

    def admits(self, shown: str | None) -> bool:
        """Tell whether a visitor showed the token, in a time that tells nothing about it."""
        if self.token is None:
            return True
        return shown is not None and hmac.compare_digest(shown.encode(), self.token.encode())


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine alone."""
    if host.casefold() == "localhost":
        return True
    return _is_literal(_in_url(host)) and ipaddress.ip_address(host).is_loopback


def _is_any(host: str) -> bool:
    return _is_literal(_in_url(host)) and ipaddress.ip_address(host).is_unspecified


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_literal(name: str) -> bool:
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    try:
        return (":" in bare) == (bare != name) and bool(ipaddress.ip_address(bare))
    except ValueError:
        return False


class Guard:
    """Lets through what the studio's own page may ask, and nothing else.

    Parameters
    ----------
    app
        What is guarded.
    address
        Where it is served.
    """

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self._app = app
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it before anything else looks at it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        answer = self._refuse(scope) or self._welcome(scope)
        await (self._app if answer is None else answer)(scope, receive, send_guarded)

    def _refuse(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._address.is_named(hosts[0]):
            return refusal(
                HTTPStatus.FORBIDDEN, "open the address that the terminal shows, in its own words"
            )
        if scope["method"] not in _METHODS:
            answer = refusal(HTTPStatus.METHOD_NOT_ALLOWED, "there is no such method here")
            answer.headers["Allow"] = ", ".join(_METHODS)
            return answer
        if len(scope["query_string"]) > _LONGEST_QUERY:
            return refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long")
        for why in _foreign(scope, headers, hosts[0]):
            return refusal(HTTPStatus.FORBIDDEN, why)
        if scope["method"] == "POST" and not _is_json(headers):
            return refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
        return None

    def _welcome(self, scope: Scope) -> Response | None:
        """Ask for the token where there is one; keep it in a cookie where it is right."""
        address = self._address
        if address.token is None or address.admits(_cookie(scope, address.cookie)):
            return None
        shown = parse_qs(scope["query_string"].decode("latin-1")).get("token", [None])[0]
        if scope["path"] != "/" or not address.admits(shown):
            return refusal(
                HTTPStatus.UNAUTHORIZED, "open the address that the terminal shows, with its token"
            )
        answer = HTMLResponse(_WELCOME)
        answer.set_cookie(address.cookie, address.token, httponly=True, samesite="strict")
        return answer


def _foreign(scope: Scope, headers: Headers, host: str) -> Iterator[str]:
    """Yield why a request comes from a page that is not the studio's, if it does."""
    origins = headers.getlist("origin")
    acts = scope["method"] == "POST"
    if len(origins) > 1 or any(origin.casefold() != _origin(host) for origin in origins):
        yield "only the studio's own page may ask"
    sites = headers.getlist("sec-fetch-site")
    if sites and not set(sites) <= _OWN_SITES and not _is_navigation(scope, headers):
        yield "only the studio's own page may ask"
    if acts and not origins and sites != ["same-origin"]:
        yield "the request does not say which page it comes from"


def _origin(host: str) -> str:
    """Return the origin of a page that was served under a ``Host``."""
    return f"http://{host}".casefold()


def _is_navigation(scope: Scope, headers: Headers) -> bool:
    """Tell whether a link elsewhere was followed to the studio's page, in a tab of its own."""
    return (
        scope["method"] in ("GET", "HEAD")
        and scope["path"] == "/"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _is_json(headers: Headers) -> bool:
    kinds = headers.getlist("content-type")
    return len(kinds) == 1 and kinds[0].partition(";")[0].strip().casefold() == "application/json"


def _cookie(scope: Scope, name: str) -> str | None:
    """Return a cookie's value; a header that is no list of cookies holds none."""
    try:
        found = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(name)
    except CookieError:
        return None
    return None if found is None else found.value
