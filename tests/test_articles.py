"""A post with four loose notes becomes a finished article, on sites that real programs build."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import render
from tests.browser import (
    Page,
    console_errors,
    foreign_requests,
    is_playing,
    layout_shift,
    prefer,
    press,
    tracks,
    violations,
)
from tests.generators import build_hugo, build_jekyll, build_mkdocs
from tests.serving import serve

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

NOTES = """\
Words become vectors that know their place.

_insert manim of word + positional embeddings_

Attention has two uses.

_insert manim of attention between two sentences and same sentence_

Within one sentence:

_insert manim of same sentence attention_

Between two:

_insert manim of different sentence attention_
"""
CLIPS = ("embeddings", "cross-attention", "self-attention", "self-attention", "cross-attention")
FRONT = "---\ntitle: Attention\nlayout: page\n---\n"
HEAD = """\
<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Attention</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<meta name="color-scheme" content="dark light">
<style>body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:1.1rem/1.6 serif;
background:Canvas;color:CanvasText}</style></head><body><main><h1>Attention</h1>
"""
FOOT = "</main></body></html>"
TALL = 12_000  # pixels: what moves outside the window is not counted
LAG = 0.5


@dataclass(frozen=True)
class Kind:
    """A site around a post: its files, how it is built, and the page that the post becomes."""

    files: Mapping[str, str]
    post: str
    build: Callable[[Path], Path]
    page: str


def build_plain(folder: Path) -> Path:
    """Turn the post into a page beside it, as the plainest of programs would."""
    text = (folder / "attention.md").read_text("utf-8")
    page = HEAD + MarkdownIt("commonmark").render(text) + FOOT
    (folder / "attention.html").write_text(page, "utf-8")
    return folder


SITES = {
    "html": Kind({}, "attention.md", build_plain, "attention.html"),
    "jekyll": Kind(
        {"_config.yml": "title: Mine\n", "_layouts/page.html": f"{HEAD}{{{{ content }}}}{FOOT}"},
        "_posts/2026-01-02-attention.md",
        build_jekyll,
        "2026/01/02/attention.html",
    ),
    "hugo": Kind(
        {
            "hugo.toml": "title = 'Mine'\n",
            "layouts/_default/single.html": f"{HEAD}{{{{ .Content }}}}{FOOT}",
        },
        "content/posts/attention.md",
        build_hugo,
        "posts/attention/index.html",
    ),
    "mkdocs": Kind(
        {
            "mkdocs.yml": "site_name: Mine\ntheme: {name: null, custom_dir: looks}\n",
            "looks/main.html": f"{HEAD}{{{{ page.content }}}}{FOOT}",
        },
        "docs/attention.md",
        build_mkdocs,
        "attention/index.html",
    ),
}


def run(path: Path, *options: str) -> int:
    return render.main(["post", str(path), "--quality", "draft", *options])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """Return what makes a site of a kind, its post an article; each clip is rendered once."""
    root = tmp_path_factory.mktemp("sites")

    def make(name: str) -> Path:
        folder, kind = root / name, SITES[name]
        if not folder.is_dir():
            front = "" if name in ("html", "mkdocs") else FRONT
            files = {".git/x": "", **kind.files, kind.post: front + NOTES}
            for path, text in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text, "utf-8")
            assert run(folder / kind.post) == 0
        return folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTNVIZ_CACHE", str(root / "cache"))
        patch.delenv("ATTNVIZ_CACHE_SIZE")
        yield make


@pytest.fixture(params=[*SITES])
def article(
    request: pytest.FixtureRequest, made: Callable[[str], Path], tmp_path: Path
) -> Iterator[str]:
    """Build a site and serve it; return the article's address."""
    kind, folder = SITES[request.param], tmp_path / "site"
    shutil.copytree(made(request.param), folder)
    with serve(kind.build(folder), lag=LAG) as address:
        yield address + kind.page


def videos(page: Page) -> list[str]:
    """Return a selector for each video."""
    for number in range(page.tab.locator("video").count()):
        page.tab.locator("video").nth(number).evaluate(f"video => video.id = 'film{number}'")
    return [f"#film{number}" for number in range(page.tab.locator("video").count())]


@pytest.mark.parametrize("name", SITES)
def test_a_second_run_changes_no_byte(made: Callable[[str], Path], name: str) -> None:
    folder, kind = made(name), SITES[name]
    stood = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    text = (folder / kind.post).read_text("utf-8")
    assert "_insert manim" not in text
    assert [text.count(f"<!-- attnviz: {scene} note=") for scene in CLIPS] == [1, 2, 2, 2, 2]
    assert run(folder / kind.post) == 0
    assert run(folder / kind.post, "--check") == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == stood


def test_the_article_is_as_a_careful_author_would_have_it(
    article: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(article, theme="dark", height=TALL)
    assert layout_shift(page) == 0
    films = videos(page)
    sources = page.tab.locator("video").evaluate_all("all => all.map(film => film.currentSrc)")
    assert [source.rpartition("/")[2] for source in sources] == [
        f"{scene}-draft.webm" for scene in CLIPS
    ]
    assert all(is_playing(page, film) for film in films)
    found = tracks(page)
    assert [(track.kind, track.loaded, track.mode) for track in found] == [
        ("captions", True, "disabled"),
        ("chapters", True, "disabled"),
    ] * len(films)
    assert all(track.cues >= 4 for track in found)
    page.tab.locator("details").first.locator("summary").click()
    assert page.tab.locator("td").first.is_visible()
    assert violations(page) == ()
    assert foreign_requests(page) == ()
    assert console_errors(page) == ()


def test_light_readers_get_light_films_and_others_as_they_change(
    article: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(article, theme="light", reduced_motion=True)
    assert layout_shift(page) == 0
    assert violations(page) == ()
    told = "film => [film.currentSrc, film.poster].map(url => url.split('/').pop())"
    first = page.tab.locator("video").first
    assert first.evaluate(told) == ["embeddings-draft-light.webm", "embeddings-draft-light.png"]
    prefer(page, theme="dark")
    page.tab.wait_for_function(
        "document.querySelector('video').currentSrc.endsWith('embeddings-draft.webm')"
    )
    assert first.evaluate(told) == ["embeddings-draft.webm", "embeddings-draft.png"]


def test_nothing_moves_by_itself_where_motion_is_unwelcome(
    article: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(article, reduced_motion=True, height=TALL)
    films = videos(page)
    assert not any(is_playing(page, film, within=1.0) for film in films)
    page.tab.locator(films[0]).focus()
    press(page, "Space")
    assert is_playing(page, films[0])
    press(page, "Space")
    assert not is_playing(page, films[0], within=1.0)


def test_a_film_plays_in_sight_and_stays_as_the_reader_left_it(
    article: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(article, height=800)
    first, *_, last = videos(page)
    page.tab.locator(first).scroll_into_view_if_needed()
    assert is_playing(page, first)
    assert not is_playing(page, last, within=1.0)
    page.tab.locator(last).scroll_into_view_if_needed()
    assert is_playing(page, last)
    assert not is_playing(page, first, within=1.0)
    page.tab.locator(last).focus()
    press(page, "Space")
    page.tab.locator(first).scroll_into_view_if_needed()
    assert is_playing(page, first)
    page.tab.locator(last).scroll_into_view_if_needed()
    assert not is_playing(page, last, within=1.0)


def test_without_scripts_the_films_are_there(article: str, open_page: Callable[..., Page]) -> None:
    page = open_page(article, javascript=False, height=TALL)
    assert layout_shift(page) == 0
    films = videos(page)
    assert not any(is_playing(page, film, within=0.5) for film in films)
    page.tab.locator(films[0]).focus()
    press(page, "Space")
    assert is_playing(page, films[0])


def test_the_page_works_from_a_file(
    made: Callable[[str], Path], open_page: Callable[..., Page]
) -> None:
    page = open_page(build_plain(made("html")) / "attention.html")
    assert is_playing(page, "video >> nth=0")
    assert all(track.loaded for track in tracks(page))
    assert console_errors(page) == ()


def test_a_page_for_talks_steps_by_beat(
    made: Callable[[str], Path],
    tmp_path: Path,
    open_page: Callable[..., Page],
    capfd: pytest.CaptureFixture[str],
) -> None:
    made("html")  # so that the store has the film
    wanted = ["embed", "self-attention", "--quality", "draft", "--standalone", "-o", str(tmp_path)]
    assert render.main(wanted) == 0
    page = open_page(Path(capfd.readouterr().out.strip()))
    assert violations(page) == ()
    playhead = "document.querySelector('video').currentTime"
    beats = page.tab.evaluate("beats")
    press(page, "ArrowRight")
    assert is_playing(page, "video")
    press(page, "ArrowRight")  # to the end of the beat
    assert not is_playing(page, "video", within=1.0)
    assert beats[0][1] - 0.2 < page.tab.evaluate(playhead) < beats[0][1]
    press(page, "ArrowRight", "ArrowRight")
    page.tab.wait_for_timeout(300)
    assert beats[1][1] - 0.2 < page.tab.evaluate(playhead) < beats[1][1]
    assert page.tab.locator("[role=status]").inner_text() == beats[1][2]
    press(page, "ArrowLeft")
    page.tab.wait_for_timeout(300)
    assert beats[0][1] - 0.2 < page.tab.evaluate(playhead) < beats[0][1]
    press(page, "End")
    page.tab.wait_for_timeout(300)
    assert beats[-1][1] - 0.2 < page.tab.evaluate(playhead) < beats[-1][1]
