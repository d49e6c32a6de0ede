"""A studio with invented films, which speaks the page's protocol: the page's tests drive it.

A picture's colour says which frame of which drawing it is (see :func:`colour`), so that a test
can read from the canvas what is on it. Beats hold their last frame, as scenes do; there something
can be pointed at.
"""

from __future__ import annotations

import hashlib
import json
import queue
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import font_source_sans_pro
from PIL import Image, ImageDraw

from tests.serving import LOOPBACK

FONTS = Path(font_source_sans_pro.__file__).parent / "files"
PAGE = Path(__file__).resolve().parent.parent / "attnviz" / "studio" / "page"
FPS = 15
SIZES = {"16:9": (320, 180), "1:1": (180, 180), "9:16": (180, 320)}
# A beat: frames in motion, then one that stands for `STILL` frames.
STILL = 10
BEATS = (("twice", 20), ("fan", 30), ("fold", 25), ("blend", 15))
FRAMES = sum(moving + STILL for _, moving in BEATS)
TOKENS = ("he", "left", "the", "roses", "by", "the", "bank")
WEIGHTS = "layers[1].weights[2]"
# Every pane of the page rests; a test that waits for more than this waits in vain.
PATIENCE = 20.0
CSP = "default-src 'self'; img-src 'self' blob: data:"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}

SCENES = [
    {
        "name": name,
        "summary": summary,
        "tokens": [2, 12],
        "targets": targets,
        "spec": {
            "text": "he left the roses by the bank",
            "target": None,
            "model": "translator" if targets else "reader",
            "layer": None,
            "head": None,
            "mask": None,
            "hide_special": False,
        },
        "thumbnail": f"/api/thumbnails/{name}",
    }
    for name, summary, targets in (
        ("embeddings", "From words to vectors that know their place.", False),
        ("self-attention", "Every word looks at every word of the same sentence.", False),
        ("causal-mask", "A word that writes may not look ahead.", False),
        ("cross-attention", "A translation asks its source.", True),
    )
]
CHOICES = {
    "models": [
        {"name": "reader", "targets": False, "what": "reads a sentence"},
        {"name": "writer", "targets": False, "what": "writes the next word"},
        {"name": "translator", "targets": True, "what": "translates"},
    ],
    "heads": ["auto:previous", "auto:first", "auto:self", "auto:next", "auto:duplicate"],
    "masks": ["none", "causal", "window:3"],
    "themes": ["dark", "light"],
    "aspects": ["16:9", "1:1", "9:16"],
    "qualities": [
        {"name": "draft", "width": 854, "height": 480, "fps": 15},
        {"name": "high", "width": 1920, "height": 1080, "fps": 60},
    ],
    "formats": [{"name": "mp4", "summary": "video"}, {"name": "gif", "summary": "for mail"}],
    "sites": ["ghost", "hugo"],
    "start": {"scene": "self-attention", "spec": {}, "theme": "dark", "aspect": "16:9"},
}


@dataclass(frozen=True)
class FakeFilm:
    """An invented film: beat 0 is the same in all films of a size, the rest is its own."""

    id: str
    serial: int
    order: dict[str, Any]
    beats: tuple[tuple[str, int], ...]

    @property
    def size(self) -> tuple[int, int]:
        return SIZES[self.order["aspect"]]

    @property
    def frames(self) -> int:
        return sum(moving + STILL for _, moving in self.beats)

    def start(self, beat: int) -> int:
        return sum(moving + STILL for _, moving in self.beats[:beat])

    def drawing(self, beat: int) -> int:
        """Return what the pictures of a beat are known by."""
        return 0 if beat == 0 else self.serial

    def digest(self, beat: int, at: int) -> str:
        return hashlib.sha256(repr((self.drawing(beat), at, self.size)).encode()).hexdigest()


def colour(drawing: int, index: int) -> tuple[int, int, int]:
    """Return the colour of a drawing's frame in the corner of its picture."""
    return (index >> 8, index & 255, drawing & 255)


@cache
def png(drawing: int, index: int, size: tuple[int, int], light: bool) -> bytes:
    """Draw a frame: its colour in a corner, and its number for those who look."""
    image = Image.new("RGB", size, "#FBFAF6" if light else "#10141A")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 15, 15), fill=colour(drawing, index))
    pen.text((size[0] // 2, size[1] // 2), f"{drawing}: {index}", fill="#8A97A6")
    file = BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


@dataclass
class FakeStudio:
    """What the tests may set, and what the page has asked for."""

    pace: float = 0.0  # seconds between two frames
    beats: tuple[tuple[str, int], ...] = BEATS
    failure: dict[str, Any] | None = None  # the record that ends the next films
    fail_after: int = 0  # frames that come before it
    about: int = FRAMES + 7  # the number of frames that is told before they are counted
    forgets: bool = False  # leave out every picture, held by the page or not
    orders: list[dict[str, Any]] = field(default_factory=list)
    films: dict[str, FakeFilm] = field(default_factory=dict)
    reads: list[tuple[str, str | None]] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    exports: list[dict[str, Any]] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    listeners: list[queue.Queue[dict[str, Any] | None]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    hold_after: int | None = None  # frames that a film sends before it waits for the gate
    address: str = ""

    def tell(self, **event: Any) -> None:
        """Send an event to every page."""
        for listener in list(self.listeners):
            listener.put(event)

    def hang_up(self) -> None:
        """End every page's stream of events, as a server that stops would."""
        for listener in list(self.listeners):
            listener.put(None)

    def order(self, order: dict[str, Any]) -> FakeFilm:
        self.orders.append(order)
        serial = len(self.orders)
        film = FakeFilm(f"film{serial}", serial, order, self.beats)
        self.films[film.id] = film
        return film

    def records(self, film: FakeFilm) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield a film's records: two children draw, so they are not in order of time."""
        width, height = film.size
        yield (
            {
                "kind": "film",
                "id": film.id,
                "scene": film.order["scene"],
                "summary": "An invented film.",
                "width": width,
                "height": height,
                "fps": FPS,
                "theme": film.order["theme"],
                "about": self.about,
            },
            b"",
        )
        yield trace(film.order["spec"]), b""
        beat = min(film.order["beat"] or len(film.beats) // 2, len(film.beats) - 1)
        frame = min(film.order["frame"], film.beats[beat][1])
        later = (self._beat(film, n) for n in range(beat + 1, len(film.beats)))
        earlier = (self._beat(film, n) for n in range(beat))
        children = [
            chain(self._beat(film, beat, frame), *later),
            chain(*earlier, self._frames(film, beat, range(frame))),
        ]
        for records in zip_longest(*children):
            yield from (record for record in records if record is not None)
        yield {"kind": "done", "frames": film.frames}, b""

    def _beat(
        self, film: FakeFilm, number: int, first: int = 0
    ) -> Iterator[tuple[dict[str, Any], bytes]]:
        name, moving = film.beats[number]
        start = film.start(number)
        beat = {"kind": "beat", "number": number, "name": name, "start": start}
        yield beat, b""
        yield from self._frames(film, number, range(first, moving + 1))
        yield {"kind": "regions", "at": start + moving, "regions": regions(number)}, b""
        end = start + moving + STILL
        yield {**beat, "end": end, "caption": f"What {name} shows.", "numbers": NUMBERS}, b""

    def _frames(
        self, film: FakeFilm, number: int, frames: Iterable[int]
    ) -> Iterator[tuple[dict[str, Any], bytes]]:
        light = film.order["theme"] == "light"
        for frame in frames:
            at = film.start(number) + frame
            count = STILL if frame == film.beats[number][1] else 1
            head = {"kind": "frame", "beat": number, "at": at, "count": count}
            body = png(film.drawing(number), at, film.size, light)
            yield {**head, "digest": film.digest(number, at)}, body


NUMBERS = [
    {"address": f"{WEIGHTS[:-1]}, 6, {key}]", "value": key / 21, "text": f"{key / 21:.2f}"}
    for key in range(7)
]


def trace(spec: dict[str, Any]) -> dict[str, Any]:
    head = spec.get("head")
    tokens = spec.get("text", " ".join(TOKENS)).split()
    return {
        "kind": "trace",
        "model": spec.get("model", "reader"),
        "tokens": tokens,
        "target_tokens": None,
        "layer": 1,
        "head": head if isinstance(head, int) else 2,
        "query": 6,
        "row": {
            "address": f"{WEIGHTS[:-1]}, 6]",
            "query": tokens[-1],
            "keys": tokens,
            "weights": [key / sum(range(len(tokens))) for key in range(len(tokens))],
        },
        "layers": [{"kind": "self", "heads": 4, "name": f"block {i}"} for i in range(2)],
        "notes": [f"{spec['mask']} is not the model's own mask."] if "mask" in spec else [],
    }


def regions(beat: int) -> list[dict[str, Any]]:
    """Return a grid of 7 by 7 cells, one number printed in it, and one beside it."""
    grid = {"address": WEIGHTS, "rows": list(range(7)), "columns": list(range(7))}
    return [
        {**grid, "box": [100, 20, 140, 140]},
        {"address": f"{WEIGHTS[:-1]}, 6, 3]", "text": "0.14", "box": [164, 144, 12, 10]},
        {"address": f"entropy({WEIGHTS[:-1]}, 6])", "text": f"{beat}.5", "box": [270, 80, 30, 14]},
    ]


def value(address: str) -> dict[str, Any]:
    """Return what the inspector says of an address."""
    row = [key / 21 for key in range(7)]
    inside = address[address.rfind("[") + 1 : address.rfind("]")].split(", ")
    return {
        "address": address,
        "value": row[int(inside[-1])] if len(inside) == 3 else 1.5,
        "shape": [],
        "formula": "softmax over the keys of the scores",
        "from": [
            {"address": address.replace("weights", "scores"), "value": -1.25, "label": "its score"},
            {"address": "layers[1].scores[2, 6]", "shape": [7], "label": "the row of scores"},
        ],
        "row": {
            "address": f"{WEIGHTS[:-1]}, 6]",
            "labels": list(TOKENS),
            "values": row,
            "sum": sum(row),
        },
        "table": {
            "address": WEIGHTS,
            "row_labels": list(TOKENS),
            "column_labels": list(TOKENS),
            "values": [[q / 7 + k / 49 for k in range(7)] for q in range(7)],
        },
    }


class _Handler(BaseHTTPRequestHandler):
    studio: FakeStudio

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(split.query).items()}
        parts = [unquote(part) for part in split.path.split("/")[1:]]
        match parts:
            case [""]:
                self._file(PAGE / "index.html")
            case ["page", name]:
                self._file(PAGE / name)
            case ["api", "scenes"]:
                self._json(SCENES)
            case ["api", "choices"]:
                self._json(CHOICES)
            case ["api", "thumbnails", _]:
                self._send(HTTPStatus.OK, "image/png", png(0, 0, SIZES["16:9"], False))
            case ["api", "events"]:
                self._events()
            case ["api", "films", film, "records"] if film in self.studio.films:
                self._records(self.studio.films[film], asked.get("have"))
            case ["api", "films", film, "value"] if film in self.studio.films:
                self.studio.values.append(asked["address"])
                self._json(value(asked["address"]))
            case _:
                self._json({"error": f"nothing is at {split.path}"}, HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/render":
            text = order["spec"].get("text", "")
            if "zebra" in text:
                refusal = {"error": "unknown word 'zebra': did you mean 'bank'?", "field": "text"}
                self.studio.orders.append(order)
                self._json(refusal, HTTPStatus.UNPROCESSABLE_ENTITY)
                return
            film = self.studio.order(order)
            command = f"python render.py film {order['scene']} --text '{text}'"
            self._json({"film": film.id, "command": command})
        elif self.path == "/api/export":
            self.studio.exports.append(order)
            self._json({"id": "export1", "command": f"python render.py film {order['scene']}"})
        elif self.path == "/api/markup":
            self._json({"markup": "<video></video>", "command": "python render.py embed"})

    def _file(self, path: Path) -> None:
        if path.suffix == ".ttf":
            path = FONTS / path.name
        if not path.is_file():
            self._json({"error": f"no file {path.name}"}, HTTPStatus.NOT_FOUND)
            return
        self._send(HTTPStatus.OK, TYPES[path.suffix], path.read_bytes())

    def _json(self, content: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(status, "application/json", json.dumps(content).encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self._begin(status, kind, length=len(body))
        self._write(body)

    def _begin(self, status: HTTPStatus, kind: str, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", CSP)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _write(self, content: bytes) -> bool:
        try:
            self.wfile.write(content)
            self.wfile.flush()
        except OSError:  # the page has left
            return False
        return True

    def _events(self) -> None:
        self._begin(HTTPStatus.OK, "text/event-stream")
        listener: queue.Queue[dict[str, Any] | None] = queue.Queue()
        listener.put({"kind": "state", "state": "ready"})
        self.studio.listeners.append(listener)
        while event := listener.get():
            if not self._write(f"data: {json.dumps(event)}\n\n".encode()):
                break
        self.studio.listeners.remove(listener)

    def _records(self, film: FakeFilm, have: str | None) -> None:
        self._begin(HTTPStatus.OK, "application/octet-stream")
        studio = self.studio
        studio.reads.append((film.id, have))
        held = self._digests(studio.films[have]) if have in studio.films else set()
        failure, hold_after = studio.failure, studio.hold_after
        sent = 0
        for record, drawn in studio.records(film):
            body = drawn
            if record["kind"] == "frame":
                if failure is not None and sent >= studio.fail_after:
                    break
                if hold_after is not None and sent >= hold_after:
                    studio.gate.wait(PATIENCE)
                time.sleep(studio.pace)
                sent += 1
                if record["digest"] in held or (have and studio.forgets):
                    body = b""
            if not self._record(record, body):
                studio.given_up.append(film.id)
                return
        if failure is not None:
            self._record(failure, b"")

    def _digests(self, film: FakeFilm) -> set[str]:
        records = (record for record, _ in self.studio.records(film))
        return {record["digest"] for record in records if record["kind"] == "frame"}

    def _record(self, record: dict[str, Any], body: bytes) -> bool:
        header = json.dumps(record).encode()
        return self._write(struct.pack(">II", len(header), len(body)) + header + body)


@contextmanager
def fake_studio(**settings: Any) -> Iterator[FakeStudio]:
    """Run a studio with invented films on a free port of the loopback interface."""
    studio = FakeStudio(**settings)
    handler = type("Handler", (_Handler,), {"studio": studio})
    server = ThreadingHTTPServer((LOOPBACK, 0), handler)
    server.daemon_threads = True
    server.block_on_close = False  # a page may still listen
    studio.address = f"http://{LOOPBACK}:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield studio
    finally:
        studio.gate.set()
        studio.hang_up()
        server.shutdown()
        server.server_close()
        thread.join()
