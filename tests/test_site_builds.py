"""Figures in pages that the real programs build: what stands there, and that its files do."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from attnviz.embed.placing import place
from attnviz.embed.sites import find_site
from tests.generators import build_hugo, build_jekyll, build_mkdocs

FILES = ("clip.mp4", "clip.webm", "clip.png", "clip.vtt")
CAPTION = "{{ site.title }} {% if x %} {{ relURL }} {{&lt; a &gt;}} &amp; _b_ *c* `d` [1] {: .e} \\"
FIGURE = """\
<figure class="attnviz" style="margin:0">
<style>.attnviz video{width:100%}@media print{.attnviz-light{display:none}}</style>
<div><video playsinline muted controls poster="PUBLICclip.png" aria-label="a [1] {{ b }} `c`">
<source src="PUBLICclip.webm" type='video/webm; codecs="av01.0.05M.08"'>
<source src="PUBLICclip.mp4" type="video/mp4">
<track kind="captions" srclang="en" label="Captions" src="PUBLICclip.vtt" default></video></div>
<figcaption>CAPTION</figcaption>
<details><summary>Numbers in this clip</summary>
<table><tbody><tr><td>layers[1].weights[2, 6, 3]</td><td>−0.61</td></tr></tbody></table></details>
<script>document.currentScript.parentNode.className="attnviz on"</script>
</figure>""".replace("CAPTION", CAPTION)
POST = """\
---
title: Roses
date: 2024-05-01
layout: page
---
Words.

<!-- attnviz: causal-mask -->
{0}
<!-- /attnviz -->

- An item.

    <!-- attnviz: causal-mask -->
    {1}
    <!-- /attnviz -->

    [1] is no link of ours, and *neither* is this.

[1]: https://other.example
"""
LAYOUT = "<html><body>{{ content }}</body></html>"
PAGE = "<html><body>{{ .Content }}</body></html>"
# A site's files; for each post the page it becomes; the site's address.
JEKYLL = (
    {"_config.yml": "baseurl: /sub\ntitle: Mine\n", "_layouts/page.html": LAYOUT},
    {"_posts/2024-05-01-roses.md": "2024/05/01/roses.html", "about/index.md": "about/index.html"},
    "/sub/",
)
HUGO = (
    {
        "hugo.toml": "baseURL = 'https://me.example/sub/'\n",
        "layouts/page/single.html": PAGE,
        "layouts/_default/single.html": PAGE,
    },
    {
        "content/posts/roses.md": "posts/roses/index.html",
        "content/posts/leaf/index.md": "posts/leaf/index.html",
    },
    "/sub/",
)
MKDOCS = (
    {
        "mkdocs.yml": "site_name: Mine\ntheme: {name: null, custom_dir: looks}\n",
        "looks/main.html": "{{ page.content }}",
    },
    {
        "docs/roses.md": "roses/index.html",
        "docs/guide/index.md": "guide/index.html",
        "docs/guide/deep/roses.md": "guide/deep/roses/index.html",
    },
    "/",
)


class Reader(HTMLParser):
    """What a page's figures say: tags, attributes and words, whatever the spelling."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.figures: list[list[object]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "figure":
            self.inside = True
            self.figures.append([])
        if self.inside:
            self.figures[-1].append((tag, [(n, self.seen(n, v or "")) for n, v in attrs]))

    def seen(self, name: str, value: str) -> str:
        return urljoin(self.address, value) if name in ("src", "poster") else value

    def handle_endtag(self, tag: str) -> None:
        if self.inside and tag not in ("source", "track"):
            self.figures[-1].append(tag)
        self.inside = self.inside and tag != "figure"

    def handle_data(self, data: str) -> None:
        if self.inside and data.strip():
            self.figures[-1].append(" ".join(data.split()))


def figures(html: str, address: str) -> list[list[object]]:
    reader = Reader(address)
    reader.feed(html)
    return reader.figures


def addresses(figure: list[object]) -> set[str]:
    return set(re.findall(r"'(?:src|poster)', '([^']*)'", repr(figure)))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def lay(root: Path, post: str) -> None:
    """Write a post with two requests, one of them in a list, and what is placed for them."""
    write(root / post, "")
    site = find_site(root / post)
    placement = place(site, "clip", FIGURE.replace("PUBLIC", site.public))
    for path, content in placement.files.items():
        write(path, content.decode())
    for name in FILES:
        write(site.assets / name, name)
    indented = placement.markup.replace("\n", "\n    ")
    write(root / post, POST.format(placement.markup, indented))


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize(
    ("build", "site"), [(build_jekyll, JEKYLL), (build_hugo, HUGO), (build_mkdocs, MKDOCS)]
)
def test_the_page_shows_the_figure_and_its_files_are_there(
    tmp_path: Path,
    build: Callable[[Path], Path],
    site: tuple[dict[str, str], dict[str, str], str],
) -> None:
    files, pages, address = site
    for name, text in {".git/x": "", **files}.items():
        write(tmp_path / name, text)
    for post in pages:
        lay(tmp_path, post)
    built = build(tmp_path)
    for post, page in pages.items():
        seen_at = urljoin("https://me.example", address + page)
        shown = figures((built / page).read_text("utf-8"), seen_at)
        called = sorted(addresses(shown[0]))
        assert [url.rpartition("/")[2] for url in called] == sorted(FILES), post
        for url in called:
            path = unquote(urlsplit(url).path).removeprefix(address)
            assert (built / path).read_text() == url.rpartition("/")[2]
        public = called[0].removesuffix("clip.mp4")
        expected = figures(FIGURE.replace("PUBLIC", public), seen_at)
        assert shown == expected * 2, post
