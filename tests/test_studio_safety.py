"""The studio answers its own page alone: hundreds of hostile requests, none of which draws."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from attnviz.render import catalogue
from attnviz.studio.choices import Named
from attnviz.studio.guard import LOOPBACK, Address, is_loopback
from attnviz.studio.replies import LARGEST_BODY
from tests.hostile import EVIL, GETS, HOSTILE, OWN, PORT, SCENE, Hostile
from tests.studios import SECONDS, Served, serve


@pytest.fixture(scope="module")
def studio() -> Iterator[Served]:
    with serve() as served:
        yield served


def filled(text: str, studio: Served) -> str:
    return text.replace("{host}", studio.host).replace(PORT, str(studio.address.port))


def test_there_are_more_than_two_hundred() -> None:
    assert len({(h.name, h.path, h.method) for h in HOSTILE}) > 200


@pytest.mark.parametrize("request_", HOSTILE, ids=lambda h: h.name[:60])
def test_a_hostile_request_is_refused_and_nothing_is_drawn(
    studio: Served, request_: Hostile
) -> None:
    headers = {name: filled(value, studio) for name, value in request_.headers.items()}
    host = None if request_.host is None else filled(request_.host, studio)
    answer = studio.ask(request_.method, request_.path, request_.body, headers, host=host)
    assert answer.status in request_.status
    if answer.kind == "application/json" and answer.body:
        assert "\n" not in answer.json["error"]
        assert len(answer.json["error"]) < 1000
    assert answer.headers.get("Access-Control-Allow-Origin") is None
    assert studio.engine.drawn == []
    assert studio.studio.exports.standing() == []


def test_what_the_page_asks_is_answered_all_the_same() -> None:
    with serve() as studio:
        assert studio.post("/api/render", SCENE).status == 200
        for name in ("localhost", "LOCALHOST", "[::1]"):
            host = f"{name}:{studio.address.port}"
            assert studio.ask("GET", "/api/scenes", host=host).status == 200
        typed = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}
        assert studio.get("/api/choices", **typed).status == 200
        followed = {
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        }
        assert studio.get("/", **followed).status in (200, 404)
        without_origin = {
            "Content-Type": "application/json; charset=utf-8",
            "Sec-Fetch-Site": "same-origin",
        }
        body = json.dumps(SCENE).encode()
        assert studio.ask("POST", "/api/render", body, without_origin).status == 200
        assert len(studio.engine.drawn) == 2


def test_two_hosts_or_two_origins_are_refused(studio: Served) -> None:
    for twice in ("Host", "Origin", "Content-Type"):
        with closing(
            http.client.HTTPConnection(LOOPBACK, studio.address.port, timeout=SECONDS)
        ) as c:
            c.putrequest("POST", "/api/render", skip_host=True)
            sent = [("Host", studio.host), ("Origin", studio.origin)]
            sent += [("Content-Type", "application/json"), ("Content-Length", "2")]
            for name, value in sent:
                for _ in range(1 + (name == twice)):
                    c.putheader(name, value)
            c.endheaders(b"{}")
            assert c.getresponse().status in (400, 403, 415), twice
    assert studio.engine.drawn == []


def test_a_body_without_a_length_is_measured_as_it_comes(studio: Served) -> None:
    with closing(socket.create_connection((LOOPBACK, studio.address.port), SECONDS)) as line:
        head = (
            f"POST /api/render HTTP/1.1\r\nHost: {studio.host}\r\nOrigin: {studio.origin}\r\n"
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        line.sendall(head.encode())
        chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
        for _ in range(1 + LARGEST_BODY // 0x4000):
            line.sendall(chunk)
        assert b" 413 " in line.recv(1000)
    assert studio.engine.drawn == []


@pytest.mark.parametrize("path", ["/", "/api/scenes", "/api/nothing", "/page/nothing"])
@pytest.mark.parametrize("host", ["own", EVIL])
def test_every_answer_tells_the_browser_to_keep_others_out(
    studio: Served, path: str, host: str
) -> None:
    headers = studio.ask("GET", path, host=host).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers


def test_code_that_was_named_may_be_asked_for_and_nothing_beside_it(tmp_path: Path) -> None:
    factory = tmp_path / "nets.py"
    factory.write_text("def make():\n    raise SystemExit\n\ndef other():\n    ...\n", "utf-8")
    model, scene = f"{factory}:make", catalogue.find(f"{OWN}:TwoBeats")
    with serve(Named((scene,), {"model": model})) as studio:
        order = {"scene": "two-beats", "spec": {"model": model}}
        assert studio.post("/api/render", order).status == 200
        assert [job.spec.model for job, _, _ in studio.engine.drawn] == [model]
        for other in (
            f"{factory}:other",
            str(factory),
            f"{tmp_path}/../{tmp_path.name}/nets.py:make",
        ):
            refused = studio.post("/api/render", {"scene": "two-beats", "spec": {"model": other}})
            assert (refused.status, refused.json["field"]) == (403, "model")
        assert studio.post("/api/render", {"scene": f"{OWN}:Broken"}).status == 403
        assert len(studio.engine.drawn) == 1
        factory.unlink()
        assert studio.post("/api/render", order).status == 422


# -- the token --------------------------------------------------------------------------------


def test_a_token_is_asked_for_and_kept_in_a_cookie_that_scripts_cannot_read() -> None:
    with serve(token="the-right-one") as studio:
        for path in (*GETS, "/?token=wrong", "/?token=", "/?token=the-right-on", "/?token=%C3%A9"):
            assert studio.get(path).status == 401, path
        assert studio.post("/api/render", SCENE).status == 401
        assert studio.get("/api/scenes?token=the-right-one").status == 401
        entered = studio.get("/?token=the-right-one")
        assert entered.status == 200
        cookie = entered.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        kept = cookie.partition(";")[0]
        assert studio.get("/api/scenes", Cookie=kept).status == 200
        for other in (kept + "x", kept[:-1], "attnviz-1=the-right-one", ";;=;", 'a="\\', "\x7f"):
            assert studio.get("/api/scenes", Cookie=other).status == 401, other
        assert studio.engine.drawn == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1"])
def test_this_machine_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    assert Address.of(host, 8340).token is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "2001:db8::1", "somewhere", ""])
def test_any_other_address_has_a_token_that_differs_each_time(host: str) -> None:
    tokens = {Address.of(host, 8340).token for _ in range(3)}
    assert None not in tokens
    assert len(tokens) == 3
    assert all(len(token or "") >= 32 for token in tokens)


@pytest.mark.parametrize(
    ("host", "called", "known"),
    [
        ("192.0.2.7", "192.0.2.7:8340", True),
        ("192.0.2.7", "localhost:8340", False),
        ("192.0.2.7", "evil.example:8340", False),
        ("0.0.0.0", "192.0.2.7:8340", True),
        ("0.0.0.0", "localhost:8340", True),
        ("0.0.0.0", "evil.example:8340", False),
        ("::", "[2001:db8::1]:8340", True),
        ("2001:db8::1", "[2001:db8::1]:8340", True),
        ("2001:db8::1", "2001:db8::1:8340", False),
        ("my-laptop", "My-Laptop:8340", True),
        ("my-laptop", "127.0.0.1:8340", False),
    ],
)
def test_a_server_is_called_by_its_own_name_alone(host: str, called: str, known: bool) -> None:
    assert Address(host, 8340, "token").is_named(called) is known
