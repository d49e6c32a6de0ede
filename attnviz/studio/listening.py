"""A socket of this machine, and the server that answers on it."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import uvicorn

from attnviz.errors import UserError, quoted

if TYPE_CHECKING:
    from starlette.types import ASGIApp

DEFAULT_PORT: Final = 8340
"""The port that is tried first where none is given."""

_PORTS_TRIED: Final = 20
_WAITING_LINES: Final = 64
_MOST_CONNECTIONS: Final = 128


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens.

    Parameters
    ----------
    host
        The address.
    port
        The port, 0: any that is free; None: a free one, as near to :data:`DEFAULT_PORT` as can be.

    Raises
    ------
    UserError
        If the address or the port cannot be had.
    """
    if not host:
        raise UserError("host '': give an address, e.g. 0.0.0.0 for all of this machine's")
    wanted = (*range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED), 0) if port is None else (port,)
    try:
        family, kind, _, _, _ = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    except (OSError, ValueError) as error:  # a name that cannot be one is a ValueError
        raise UserError(f"host {quoted(host)}: there is no such address ({error})") from error
    for number in wanted:
        # The protocol is named, or asyncio leaves Nagle's algorithm on: 40 ms more an answer.
        line = socket.socket(family, kind, socket.IPPROTO_TCP)
        try:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            line.bind((host, number))
            line.listen(_WAITING_LINES)
        except OSError as error:
            line.close()
            if error.errno == errno.EADDRINUSE and number != wanted[-1]:
                continue
            raise UserError(_why_not(host, number, error)) from error
        return line
    raise AssertionError("the last port is any that is free")


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use, perhaps by another preview; give another with --port"
    return f"{host}:{port}: nothing can be served there ({error.strerror}); see --host and --port"


class Server(uvicorn.Server):
    """Answers requests; signals are left to the preview, which has more to end than this."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Change nothing."""
        yield


def server_of(app: ASGIApp) -> Server:
    """Return what serves an app over HTTP and tells the terminal nothing."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=0,  # open streams have no end of their own to wait for
    )
    return Server(config)
