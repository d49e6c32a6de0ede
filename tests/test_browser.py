"""The browser kit tells a sound page from a faulty one; a page is what a reader would meet."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote

import av
import numpy as np
import pytest

from tests import needs
from tests.browser import (
    Finding,
    Page,
    console_errors,
    foreign_requests,
    is_playing,
    layout_shift,
    prefer,
    press,
    requests_made,
    screenshot,
    tracks,
    undecided,
    violations,
)
from tests.serving import serve

OpenPage = Callable[..., Page]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

# The name of a vocabulary, not an address that is asked for.
SVG = "http" + "://www.w3.org/2000/svg"
SPEECH = "WEBVTT\n\n00:00.000 --> 00:01.000\nBank looks at roses.\n\n00:01.000 --> 00:02.000\nSo.\n"
# Codec names as PyAV's, as a container's extension, and as a page announces them.
CODECS = {
    "libx264": (".mp4", 'video/mp4; codecs="avc1.42c00a"'),
    "libsvtav1": (".mp4", 'video/mp4; codecs="av01.0.00M.08"'),
    "libvpx-vp9": (".webm", 'video/webm; codecs="vp9"'),
}


def html(body: str, *, style: str = "", head: str = "") -> str:
    head = f"<meta charset=utf-8><title>A post</title><style>{style}</style>{head}"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def film(folder: Path, codec: str = "libx264", seconds: int = 2) -> str:
    """Encode a small film whose pictures differ; return its name."""
    name = f"{codec}{CODECS[codec][0]}"
    with av.open(str(folder / name), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(10))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for shade in np.linspace(0, 255, 10 * seconds, dtype=np.uint8):
            picture = np.full((96, 128, 3), shade, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return name


# What a test needs of the machine


@pytest.mark.parametrize("missing", ["program", "module", "node_file"])
@pytest.mark.parametrize("ci", ["true", "", None])
def test_what_is_absent_fails_in_ci_and_is_skipped_elsewhere(
    monkeypatch: pytest.MonkeyPatch, missing: str, ci: str | None
) -> None:
    if ci is None:
        monkeypatch.delenv("CI", raising=False)
    else:
        monkeypatch.setenv("CI", ci)
    outcome = pytest.fail.Exception if ci == "true" else pytest.skip.Exception
    with pytest.raises(outcome, match=r"nosuch.* is not installed; `make browsers`"):
        getattr(needs, missing)("nosuch")


# The server


def test_a_server_answers_a_part_of_a_file(tmp_path: Path, open_page: OpenPage) -> None:
    """Asked by the browser itself, so that what it makes of the answer counts."""
    write(tmp_path, "letters.txt", "abcdefghij")
    write(tmp_path, "index.html", html("<main>Here</main>"))
    asked = """async spans => Promise.all(spans.map(async Range => {
        const answer = await fetch("letters.txt", {headers: Range ? {Range} : {}});
        return [answer.status, await answer.text(), answer.headers.get("content-range")];
    }))"""
    spans = ["bytes=2-4", "bytes=7-", "bytes=-2", "bytes=8-99", "bytes=10-", "bytes=-0", ""]
    with serve(tmp_path, "/blog/") as address:
        page = open_page(address)
        answers = page.tab.evaluate(asked, spans)
        status = page.tab.evaluate("async () => (await fetch('/letters.txt')).status")
    assert answers == [
        [206, "cde", "bytes 2-4/10"],
        [206, "hij", "bytes 7-9/10"],
        [206, "ij", "bytes 8-9/10"],
        [206, "ij", "bytes 8-9/10"],
        [416, "", "bytes */10"],
        [416, "", "bytes */10"],
        [200, "abcdefghij", None],
    ]
    assert status == 404, "outside the path it is served below"


# The page


def test_axe_reports_a_faint_text_and_not_a_clear_one(tmp_path: Path, open_page: OpenPage) -> None:
    text = "<main><h1>A post</h1><p id=text>Some words</p></main>"
    faint = write(tmp_path, "faint.html", html(text, style="p { color: #ddd }"))
    clear = write(tmp_path, "clear.html", html(text, style="p { color: #222 }"))
    assert violations(open_page(clear)) == ()
    page = open_page(faint)
    assert violations(page) == (Finding("color-contrast", ('<p id="text">Some words</p>',)),)
    assert violations(page, within="h1") == ()
    with pytest.raises(AssertionError, match="nothing on the page is figure"):
        violations(page, within="figure")


def test_what_axe_cannot_decide_is_no_violation_but_said(
    tmp_path: Path, open_page: OpenPage
) -> None:
    style = "p { color: #ddd; background: linear-gradient(white, black) }"
    page = open_page(
        write(tmp_path, "page.html", html("<main><h1>A post</h1><p>Words</p></main>", style=style))
    )
    assert violations(page) == ()
    assert undecided(page) == (Finding("color-contrast", ("<p>Words</p>",)),)


def test_axe_is_refused_where_the_page_runs_no_script(tmp_path: Path, open_page: OpenPage) -> None:
    page = open_page(write(tmp_path, "page.html", html("Words")), javascript=False)
    with pytest.raises(ValueError, match="javascript=True"):
        violations(page)


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("media", ["film", "picture"])
def test_a_shifting_page_is_told_from_a_still_one(
    tmp_path: Path, open_page: OpenPage, media: str, javascript: bool
) -> None:
    """A box without a size opens once the first bytes come, after the words below were seen."""
    if media == "film":
        tag = f"<video src={film(tmp_path)} preload=metadata muted {{}}></video>"
    else:
        write(tmp_path, "picture.svg", f"<svg xmlns='{SVG}' width='128' height='96'/>")
        tag = "<img src=picture.svg alt='' {}>"
    style = "img, video { display: block; height: auto }"
    for name, size in (("shifts", ""), ("still", "width=128 height=96")):
        write(tmp_path, f"{name}.html", html(tag.format(size) + "<p>Words</p>", style=style))
    with serve(tmp_path, lag=0.5) as address:
        assert layout_shift(open_page(address + "still.html", javascript=javascript)) == 0
        assert layout_shift(open_page(address + "shifts.html", javascript=javascript)) > 0.001


def test_what_opens_later_is_measured_too(tmp_path: Path, open_page: OpenPage) -> None:
    style = "div { animation: open .3s step-end forwards } @keyframes open { to { height: 200px } }"
    page = open_page(write(tmp_path, "late.html", html("<div></div><p>Words</p>", style=style)))
    page.tab.wait_for_timeout(600)
    assert layout_shift(page) > 0.01


@pytest.mark.parametrize("codec", CODECS)
def test_a_muted_film_plays_and_a_resting_one_does_not(
    tmp_path: Path, open_page: OpenPage, codec: str
) -> None:
    sources = f"<source src={film(tmp_path, codec)} type='{CODECS[codec][1]}'>"
    body = f"<video id=plays autoplay muted loop playsinline>{sources}</video>"
    body += f"<video id=rests muted loop playsinline controls>{sources}</video>"
    write(tmp_path, "page.html", html(body))
    with serve(tmp_path) as address:
        page = open_page(address + "page.html")
        assert is_playing(page, "#plays")
        assert not is_playing(page, "#rests", within=1)
        page.tab.locator("#rests").focus()
        press(page, "Space")
        assert is_playing(page, "#rests")
        page.tab.locator("#plays").evaluate("video => video.pause()")
        assert not is_playing(page, "#plays", within=1)


def test_the_readers_preferences_reach_the_page(tmp_path: Path, open_page: OpenPage) -> None:
    path = write(tmp_path, "page.html", html("Words"))
    queries = "() => ['color-scheme: dark', 'color-scheme: light', 'reduced-motion: reduce']"
    queries += ".map(query => matchMedia(`(prefers-${query})`).matches)"
    page = open_page(path)
    assert page.tab.evaluate(queries) == [True, False, False]
    prefer(page, theme="light")
    assert page.tab.evaluate(queries) == [False, True, False]
    page = open_page(path, theme="light", reduced_motion=True)
    assert page.tab.evaluate(queries) == [False, True, True]
    prefer(page, reduced_motion=False)
    assert page.tab.evaluate(queries) == [False, True, False]


def test_a_page_without_scripts_is_a_page(tmp_path: Path, open_page: OpenPage) -> None:
    body = "<p>Written</p><script>document.querySelector('p').textContent = 'Scripted'</script>"
    path = write(tmp_path, "page.html", html(body))
    assert open_page(path).tab.locator("p").text_content() == "Scripted"
    assert open_page(path, javascript=False).tab.locator("p").text_content() == "Written"


def test_a_page_plays_from_a_file_and_is_seen(tmp_path: Path, open_page: OpenPage) -> None:
    body = f"<video src={film(tmp_path)} autoplay muted loop playsinline></video>"
    path = write(tmp_path, "page.html", html(body, style="body { background: #123456 }"))
    page = open_page(path, width=320, height=240)
    assert is_playing(page, "video")
    assert requests_made(page)[0] == path.as_uri()
    assert foreign_requests(page) == ()
    with av.open(str(screenshot(page, tmp_path / "page.png"))) as picture:
        pixels = next(picture.decode(video=0)).to_ndarray(format="rgb24")
    assert pixels.shape == (240, 320, 3)
    assert pixels[-1, -1].tolist() == [0x12, 0x34, 0x56]


def test_every_request_is_seen_and_a_foreign_one_known(tmp_path: Path, open_page: OpenPage) -> None:
    for name in ("own", "other"):
        (tmp_path / name).mkdir()
    write(tmp_path / "own", "own.css", "p { color: black }")
    write(tmp_path / "other", "other.css", "p { color: red }")
    with serve(tmp_path / "own") as own, serve(tmp_path / "other") as other:
        # A host of no network; its name stands in no file as an address.
        nowhere = "//" + "a-host.invalid/x.png"
        styles = f"<link rel=stylesheet href=own.css><link rel=stylesheet href={other}other.css>"
        picture = "data:image/svg+xml," + quote(f"<svg xmlns='{SVG}'/>")
        body = f"<p>Words</p><img src={nowhere}><img src={picture}>"
        write(tmp_path / "own", "page.html", html(body, head=styles))
        page = open_page(own + "page.html")
        asked = requests_made(page)
    assert asked[0] == own + "page.html"
    foreign = {other + "other.css", "http:" + nowhere}
    assert {own + "own.css", *foreign} <= set(asked)
    assert set(foreign_requests(page)) == foreign


def test_errors_on_the_console_are_heard(tmp_path: Path, open_page: OpenPage) -> None:
    body = "<script>console.log('fine'); console.error('said'); nosuch()</script><img src=no.png>"
    write(tmp_path, "page.html", html(body))
    write(tmp_path, "fine.html", html("<script>console.warn('fine')</script>"))
    with serve(tmp_path) as address:
        heard = console_errors(open_page(address + "page.html"))
        assert console_errors(open_page(address + "fine.html")) == ()
    assert len(heard) == 3
    for word in ("said", "nosuch is not defined", "404"):
        assert any(word in error for error in heard), word


def test_tracks_are_loaded_or_known_not_to_be(tmp_path: Path, open_page: OpenPage) -> None:
    write(tmp_path, "speech.vtt", SPEECH)
    write(tmp_path, "beats.vtt", SPEECH.partition("\n\n00:01")[0] + "\n")
    track = "<track kind={} srclang=en label={} src={}>".format
    body = track("captions", "Captions", "speech.vtt").replace(">", " default>")
    body += track("chapters", "Beats", "beats.vtt") + track("subtitles", "Lost", "no.vtt")
    write(tmp_path, "page.html", html(f"<video src={film(tmp_path)} muted>{body}</video>"))
    with serve(tmp_path) as address:
        page = open_page(address + "page.html")
        first, again = tracks(page), tracks(page)
    assert [(t.kind, t.label, t.language, t.mode) for t in first] == [
        ("captions", "Captions", "en", "showing"),
        ("chapters", "Beats", "en", "disabled"),
        ("subtitles", "Lost", "en", "disabled"),
    ]
    assert [(t.loaded, t.cues) for t in first] == [(True, 2), (True, 1), (False, 0)]
    assert again == first, "looking leaves the choice as it was"


@pytest.mark.parametrize("inline", [True, False])
def test_a_track_beside_a_file_is_refused_and_one_within_the_page_is_not(
    tmp_path: Path, open_page: OpenPage, inline: bool
) -> None:
    """Chromium takes each file: address for an origin of its own; data: belongs to the page."""
    write(tmp_path, "speech.vtt", SPEECH)
    place = f"data:text/vtt,{quote(SPEECH)}" if inline else "speech.vtt"
    body = f"<video src={film(tmp_path)} muted><track kind=captions default src={place}></video>"
    (track,) = tracks(open_page(write(tmp_path, "page.html", html(body))))
    assert (track.loaded, track.cues) == ((True, 2) if inline else (False, 0))
