"""Requests that a studio must refuse, by what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from attnviz.studio.replies import LARGEST_BODY

ROOT = Path(__file__).resolve().parent.parent
OWN = "tests/fixtures/own_scene.py"
EVIL = "evil.example"
ORDERS = ("/api/render", "/api/export", "/api/markup")
GETS = (
    "/",
    "/page/index.html",
    "/api/scenes",
    "/api/choices",
    "/api/events",
    "/api/thumbnails/softmax",
)
SCENE = {"scene": "self-attention"}
PORT, ORIGIN = "{port}", "http:" + "//{host}"
"""Filled in when the port is known."""


@dataclass(frozen=True)
class Hostile:
    """A request that must be refused, and how."""

    name: str
    status: tuple[int, ...]
    method: str = "POST"
    path: str = "/api/render"
    body: bytes | None = json.dumps(SCENE).encode()
    host: str | None = "own"
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"Content-Type": "application/json", "Origin": ORIGIN}
    )


def foreign_hosts() -> Iterator[Hostile]:
    hosts = [
        None,
        "",
        EVIL,
        f"{EVIL}:{PORT}",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        f"127.0.0.1:{PORT}0",
        f"127.0.0.1.{EVIL}:{PORT}",
        f"localhost.{EVIL}:{PORT}",
        f"{EVIL}#127.0.0.1:{PORT}",
        f"user@127.0.0.1:{PORT}",
        f"127.0.0.1:{PORT}@{EVIL}",
        f"127.0.0.2:{PORT}",
        f"0.0.0.0:{PORT}",
        f"2130706433:{PORT}",
        f"0x7f.1:{PORT}",
        f"127.1:{PORT}",
        f"[::]:{PORT}",
        f"[::ffff:127.0.0.1]:{PORT}",
        f"::1:{PORT}",
        f"localhost.:{PORT}",
        f"127.0.0.1:{PORT}, {EVIL}",
        f" {EVIL}",
        f"127.0.0.1: {PORT}",
        f"127.0.0.1:+{PORT}",
        f"127.0.0.1:0{PORT}",
    ]
    for number, host in enumerate(hosts):
        path = GETS[number % len(GETS)]
        yield Hostile(f"host {host!r} GET {path}", (400, 403), "GET", path, None, host, {})
        order = ORDERS[number % len(ORDERS)]
        yield Hostile(f"host {host!r} POST {order}", (400, 403), path=order, host=host)


def foreign_origins() -> Iterator[Hostile]:
    origins = [
        "null",
        "http:" + f"//{EVIL}",
        "https:" + "//{host}",
        "http:" + "//127.0.0.1",
        "http:" + "//127.0.0.1:1",
        "http:" + "//localhost:{port}",
        "http:" + f"//127.0.0.1:{PORT}.{EVIL}",
        "{host}",
        "",
        "*",
        "file:" + "//",
    ]
    for origin in origins:
        for order in ORDERS:
            headers = {"Content-Type": "application/json", "Origin": origin}
            yield Hostile(f"origin {origin!r} {order}", (403,), path=order, headers=headers)
        yield Hostile(
            f"origin {origin!r} GET", (403,), "GET", "/api/scenes", None, headers={"Origin": origin}
        )
    for order in ORDERS:
        json_ = {"Content-Type": "application/json"}
        yield Hostile(f"no origin {order}", (403,), path=order, headers=json_)
        for site in ("cross-site", "same-site", "none"):
            headers = json_ | {"Sec-Fetch-Site": site}
            yield Hostile(f"no origin, {site} {order}", (403,), path=order, headers=headers)
            headers = headers | {"Origin": ORIGIN}
            if site != "none":
                yield Hostile(f"own origin, {site} {order}", (403,), path=order, headers=headers)


def foreign_pages() -> Iterator[Hostile]:
    for site in ("cross-site", "same-site", "nonsense"):
        for path in (*GETS[1:], "/api/films/1-1/records", "/api/films/1-1/value?address=a"):
            for mode, dest in (("no-cors", "script"), ("cors", "empty"), ("navigate", "document")):
                headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
                yield Hostile(f"{site} {dest} {path}", (403,), "GET", path, None, headers=headers)
        frame = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
        yield Hostile(f"{site} iframe /", (403,), "GET", "/", None, headers=frame)


def wrong_kinds() -> Iterator[Hostile]:
    kinds = [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/json",
        "application/json, text/plain",
        "text/plain; application/json",
        "application/xml",
    ]
    for kind in kinds:
        headers = {"Origin": ORIGIN} | ({} if kind is None else {"Content-Type": kind})
        yield Hostile(f"content type {kind!r}", (415,), headers=headers)


def wrong_methods() -> Iterator[Hostile]:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "CONNECT", "XYZ"):
        for path in ("/", "/api/render", "/api/scenes"):
            yield Hostile(f"{method} {path}", (400, 405), method, path, None)
    for path in (*GETS, "/api/films/1-1/records"):
        yield Hostile(f"POST {path}", (404, 405), path=path)
    for path in ORDERS:
        yield Hostile(f"GET {path}", (405,), "GET", path, None, headers={})


def traversals() -> Iterator[Hostile]:
    names = [
        "../../../render.py",
        "..%2f..%2f..%2frender.py",
        "..%2F..%2Fapp.py",
        "%2e%2e/app.py",
        "%2e%2e%2fapp.py",
        "..%5capp.py",
        "..\\app.py",
        "....//app.py",
        "%252e%252e%252fapp.py",
        "..%c0%afapp.py",
        "..%00/app.py",
        "index.html%00.js",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        "./index.html/",
        "index.html/..",
        ".",
        "..",
        "%2e",
        "%2e%2e",
        "",
        "~/.bashrc",
        "C:%5cWindows%5cwin.ini",
        "file:%2f%2f%2fetc%2fpasswd",
        "index.html;.js",
        "INDEX.HTML",
        "../__init__.py",
        "..;/app.py",
        "%u002e%u002e/app.py",
        "*",
        "?",
    ]
    for name in names:
        yield Hostile(f"page {name!r}", (400, 404), "GET", f"/page/{name}", None, headers={})
        yield Hostile(
            f"still {name!r}", (400, 404), "GET", f"/api/thumbnails/{name}", None, headers={}
        )
    for name in ("..", "../..", "%2e%2e", "1-1%00", "1-1/../1-1", "x" * 65, "é", "%00", "1 1"):
        path = f"/api/films/{name}/records".replace(" ", "%20").replace("é", "%C3%A9")
        yield Hostile(f"film {name!r}", (400, 404), "GET", path, None, headers={})
    for path in (
        "/attnviz/studio/app.py",
        "/.git/config",
        "/page",
        "/api",
        "//",
        "/api/scenes/",
        "/docs",
        "/openapi.json",
    ):
        yield Hostile(f"path {path!r}", (404,), "GET", path, None, headers={})
    yield Hostile("an address without end", (400, 414), "GET", "/?" + "a" * 8000, None, headers={})
    long = "/api/films/1-1/value?address=" + "a" * 2000
    yield Hostile("a value without end", (404, 422), "GET", long, None, headers={})


def no_orders() -> Iterator[Hostile]:
    deep = 20_000
    bodies = {
        "nothing": b"",
        "no JSON": b"{",
        "two": b"{}{}",
        "a list": b"[]",
        "a number": b"1",
        "null": b"null",
        "a text": b'"scene"',
        "NaN": b'{"scene": NaN}',
        "infinity": b'{"beat": Infinity}',
        "no UTF-8": b'{"scene": "\xff"}',
        "UTF-16": '{"scene": "softmax"}'.encode("utf-16"),
        "a mark": b"\xef\xbb\xbf{}",
        "deep lists": b"[" * deep,
        "deep lists, closed": b"[" * deep + b"]" * deep,
        "deep objects": b'{"spec":' * (deep // 3),
        "deep, closed": b'{"spec":' * 4000 + b"1" + b"}" * 4000,
        "a giant number": b'{"scene": "softmax", "beat": ' + b"9" * 5000 + b"}",
        "twins": b'{"scene": "softmax", "scene": "softmax"}',
        "a script": b"<script>",
        "a form": b"scene=softmax",
    }
    for name, body in bodies.items():
        for path in ORDERS:
            yield Hostile(f"{name} {path}", (400, 422), path=path, body=body)
    for extra in (1, LARGEST_BODY, 20 * LARGEST_BODY):
        body = json.dumps(SCENE | {"theme": "x" * (LARGEST_BODY + extra)}).encode()
        yield Hostile(f"{len(body):,} bytes", (413,), body=body)


def wrong_fields() -> Iterator[Hostile]:
    wrong: dict[str, object] = {
        "scene": [
            1,
            True,
            [],
            {},
            "",
            "nope",
            "self-attention ",
            "SELF-ATTENTION",
            "\u0000",
            "\ud800",
            "x" * 5000,
        ],
        "spec": [
            1,
            [],
            "text",
            True,
            {"txt": "a"},
            {"__class__": "x"},
            {"output": "x"},
            {"text": None, "a": None},
        ],
        "theme": [1, "drak", "both", {}, ["dark"]],
        "aspect": [1, "4:3", 1.5, {}],
        "beat": [-1, 1.5, "1", True, 10**7, [], {}],
        "frame": [-1, 1.5, "1", True, 10**7, [], {}],
        "base": [1, True, [], {}],
        "quality": ["hd"],
        "formats": [[]],
        "site": ["html"],
        "command": ["rm -rf"],
        "folder": ["/tmp"],
        "o": ["/tmp"],
        "--output": ["/tmp"],
        "model": ["reader"],
        "": [1],
        "\ud800": [1],
    }
    for name, values in wrong.items():
        for value in values:
            body = json.dumps(SCENE | {name: value}).encode()
            yield Hostile(f"{name} {value!r:.30}", (403, 422), body=body)
    wrong_spec: dict[str, list[object]] = {
        "text": [1, True, [], {}, "", "  ", "x" * 2001, "a\u0000b", "a\u202eb", "\ud800"],
        "target": [1, "", "\u001b[31m"],
        "model": [1, "", "raeder", [], {}, "gpt2", "\ud800"],
        "layer": ["1", -1, 1.0, True, 10**9, []],
        "head": [-1, 1.5, True, "nope", "auto:", "auto:nope", "9" * 50, "auto:" + "x" * 3000, []],
        "mask": [1, "causl", "window:", "window:0", "window:-1", "window:" + "9" * 3000, True],
        "hide_special": ["yes", 1, 0, []],
    }
    for name, values in wrong_spec.items():
        for value in values:
            body = json.dumps(SCENE | {"spec": {name: value}}).encode()
            yield Hostile(f"spec.{name} {value!r:.30}", (422,), body=body)
    exports: dict[str, list[object]] = {
        "quality": [1, "8k", "../hd", []],
        "formats": ["mp4", [1], [None], ["exe"], [["mp4"]], ["mp4", "--force"], {}],
        "folder": ["/tmp"],
        "output": ["/tmp"],
        "force": [True],
        "workers": [99],
        "cluster": ["tcp:" + "//evil.example"],
    }
    for name, values in exports.items():
        for value in values:
            body = json.dumps(SCENE | {name: value}).encode()
            yield Hostile(f"export {name} {value!r}", (422,), path="/api/export", body=body)
    for site in (1, "auto", "wordpress", "../html", []):
        body = json.dumps(SCENE | {"site": site}).encode()
        yield Hostile(f"markup {site!r}", (422,), path="/api/markup", body=body)


def code_not_named() -> Iterator[Hostile]:
    models = [
        "tests/test_factories.py:make",
        "nets.py:make_gpt",
        "/tmp/evil.py:main",
        "evil.py",
        "./reader",
        "~/model",
        "../model",
        "attnviz/models/reader/checkpoint.safetensors",
        "/etc",
        "saved.safetensors",
        ".",
        "a\\b",
        "tests/fixtures",
        "C:model",
        "reader/../writer",
    ]
    for model in models:
        for path in ORDERS:
            body = json.dumps(SCENE | {"spec": {"model": model}}).encode()
            yield Hostile(f"model {model!r} {path}", (403,), path=path, body=body)
    scenes = [
        f"{OWN}:TwoBeats",
        f"{ROOT / OWN}:TwoBeats",
        "two-beats.py",
        "/tmp/evil.py:Evil",
        "scenes/softmax.py:Softmax",
        "../scenes/softmax.py:Softmax",
        "evil.py",
        ":",
        "softmax:Softmax",
    ]
    for scene in scenes:
        for path in ORDERS:
            body = json.dumps({"scene": scene}).encode()
            yield Hostile(f"scene {scene!r} {path}", (403,), path=path, body=body)


HOSTILE = [
    *foreign_hosts(),
    *foreign_origins(),
    *foreign_pages(),
    *wrong_kinds(),
    *wrong_methods(),
    *traversals(),
    *no_orders(),
    *wrong_fields(),
    *code_not_named(),
]
