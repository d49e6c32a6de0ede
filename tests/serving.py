"""A folder served on the loopback interface, as a web host would serve it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO

LOOPBACK = "127.0.0.1"


class _Folder(SimpleHTTPRequestHandler):
    """Serves the files of one folder below one path, byte ranges too: a video seeks by them."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012  # the standard library's own attribute
        **SimpleHTTPRequestHandler.extensions_map,
        ".avif": "image/avif",
        ".vtt": "text/vtt",
        ".webm": "video/webm",
        ".webp": "image/webp",
    }

    def __init__(self, *arguments: Any, base: str, lag: float, **named: Any) -> None:
        self.base = base
        self.lag = lag
        super().__init__(*arguments, **named)  # which answers the request

    def translate_path(self, path: str) -> str:
        return super().translate_path("/" + path.removeprefix(self.base))

    def send_head(self) -> Any:
        if not self.path.startswith(self.base):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        path = Path(self.translate_path(self.path))
        if self.guess_type(str(path)).startswith(("image/", "video/")):
            time.sleep(self.lag)
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if asked is None or not path.is_file():
            return super().send_head()
        return self._send_part(path, *asked.groups())

    def _send_part(self, path: Path, first: str, last: str) -> BinaryIO | None:
        content = path.read_bytes()
        if first:
            span = range(int(first), min(int(last or len(content)) + 1, len(content)))
        else:
            span = range(max(len(content) - int(last or 0), 0), len(content))
        if not span:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Range", f"bytes {span[0]}-{span[-1]}/{len(content)}")
        self.send_header("Content-Length", str(len(span)))
        self.end_headers()
        return BytesIO(content[span[0] : span[-1] + 1])

    def end_headers(self) -> None:
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "no-store")  # a test may change the file
        super().end_headers()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        try:
            super().copyfile(source, outputfile)
        except ConnectionError:  # a browser leaves a video when it has enough
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing: the browser that went away is the only one who asked."""


@contextmanager
def serve(folder: Path, base: str = "/", *, lag: float = 0.0) -> Iterator[str]:
    """Serve a folder until the end of the block.

    Parameters
    ----------
    folder
        The folder.
    base
        The path below which it is served, as for a site that lives in a part of its host:
        ``/blog/``. Everything else is 404.
    lag
        Seconds that pictures and films wait for their first byte. Without it they may come before
        the first paint, and a page that shifts on a real line stands still.

    Yields
    ------
    str
        The address of the folder, which ends with a slash.
    """
    server = _Server((LOOPBACK, 0), partial(_Folder, directory=str(folder), base=base, lag=lag))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}{base}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
