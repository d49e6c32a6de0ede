"""What the real generators make of HTML in a post: the ground that a site's markup stands on."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.browser import Page, foreign_requests, requests_made
from tests.generators import build_hugo, build_jekyll, build_mkdocs
from tests.serving import serve

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

LAYOUT = "<!doctype html><html lang=en><meta charset=utf-8><title>A post</title>{}</html>\n".format
COMMENT = '<!-- attnviz: causal-mask text="he left the roses by the bank" head=2 -->\n'
FIGURE = """<figure class="attnviz" id="clip">
<video playsinline muted loop controls preload="none" aria-label="bank → roses, 0.61">
<source src="a.mp4" type='video/mp4; codecs="avc1.42c00a"'>
<track kind="captions" srclang="en" label="Captions" src="a.vtt" default>
</video>
<figcaption>Bank &amp; roses: *not* _this_, 2_3_4 "quoted" -- it's 7 × 48 {}</figcaption>
<details><summary>Numbers</summary><table><tr><td>0.61</td></tr></table></details>
</figure>
"""
HUGO = 'baseURL = "/"\ntitle = "A site"\ndisableKinds = ["RSS", "sitemap", "taxonomy", "term"]\n'
HUGO_RAW = "[markup.goldmark.renderer]\nunsafe = true\n"
MKDOCS_ALONE = "theme: {name: mkdocs, highlightjs: false}\n"


class Reader(HTMLParser):
    """Keeps the elements and words of the figures: how a tag is spelt is the generator's affair."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[object] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside |= tag == "figure"
        if self.inside:
            self.read.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        self.inside &= tag != "figure"

    def handle_data(self, data: str) -> None:
        if self.inside and data.strip():
            self.read.append(data.strip())


def figures(text: str) -> list[object]:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader.read


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def jekyll(folder: Path, post: str, **more: str) -> Path:
    files = {"_config.yml": "title: A site\n", "_layouts/default.html": LAYOUT("{{ content }}")}
    write(folder, {**files, "index.md": f"---\nlayout: default\n---\n{post}", **more})
    return build_jekyll(folder) / "index.html"


def hugo(folder: Path, post: str, *, settings: str = HUGO + HUGO_RAW, **more: str) -> Path:
    files = {"config.toml": settings, "layouts/_default/single.html": LAYOUT("{{ .Content }}")}
    write(folder, {**files, "content/post.md": f"---\ntitle: A post\n---\n{post}", **more})
    return build_hugo(folder) / "post" / "index.html"


def mkdocs(folder: Path, post: str, *, settings: str = MKDOCS_ALONE) -> Path:
    write(folder, {"mkdocs.yml": f"site_name: A site\n{settings}", "docs/index.md": post})
    return build_mkdocs(folder) / "index.html"


@pytest.mark.parametrize("site", [jekyll, hugo, mkdocs])
def test_a_figure_in_a_post_comes_through_as_written(
    tmp_path: Path, site: Callable[..., Path]
) -> None:
    post = f"Before *words*.\n\n{COMMENT}{FIGURE}<!-- /attnviz -->\n\nAfter *words*.\n"
    text = site(tmp_path, post).read_text("utf-8")
    assert len(figures(FIGURE)) == 13
    assert figures(text) == figures(FIGURE)
    assert text.count("<em>words</em>") == 2, "what stands around it is Markdown"


def test_hugo_leaves_html_out_unless_the_site_allows_it_but_keeps_a_shortcode(
    tmp_path: Path,
) -> None:
    post = f"{FIGURE}\n{{{{< raw >}}}}\n{FIGURE.replace('clip', 'short')}{{{{< /raw >}}}}\n"
    shortcode = {"layouts/shortcodes/raw.html": "{{ .Inner | safeHTML }}"}
    text = hugo(tmp_path, post, settings=HUGO, **shortcode).read_text("utf-8")
    assert text.count("<!-- raw HTML omitted -->") == 1
    assert figures(text) == figures(FIGURE.replace("clip", "short"))


def test_jekyll_keeps_an_include(tmp_path: Path) -> None:
    include = {"_includes/clip.html": FIGURE.replace("a.mp4", "{{ include.src }}")}
    post = 'Before.\n\n{% include clip.html src="b.mp4" %}\n'
    text = jekyll(tmp_path, post, **include).read_text("utf-8")
    assert figures(text) == figures(FIGURE.replace("a.mp4", "b.mp4"))


@pytest.mark.parametrize("site", [jekyll, hugo, mkdocs])
def test_a_built_page_asks_no_other_host(
    tmp_path: Path, open_page: Callable[..., Page], site: Callable[..., Path]
) -> None:
    page = site(tmp_path, FIGURE)
    with serve(page.parent) as address:
        opened = open_page(address)
        assert requests_made(opened)[0] == address
        assert foreign_requests(opened) == ()


def test_the_theme_of_mkdocs_asks_another_host_for_its_highlighter(
    tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    page = mkdocs(tmp_path, FIGURE, settings="")
    with serve(page.parent) as address:
        foreign = foreign_requests(open_page(address))
    assert foreign
    assert all("highlight" in asked for asked in foreign)


@pytest.mark.parametrize(
    ("site", "files", "said"),
    [
        (build_jekyll, {"index.md": "---\n---\n{% include nosuch.html %}"}, "nosuch.html"),
        (build_hugo, {"config.toml": HUGO, "content/p.md": "Words {{< nosuch >}}"}, "nosuch"),
        (build_mkdocs, {"mkdocs.yml": "site_name: A site\n"}, "docs"),
    ],
)
def test_a_site_that_does_not_build_is_told_in_the_generators_words(
    tmp_path: Path, site: Callable[[Path], Path], files: dict[str, str], said: str
) -> None:
    write(tmp_path, files)
    with pytest.raises(AssertionError, match=rf"failed:\n(?s:.*){said}"):
        site(tmp_path)
