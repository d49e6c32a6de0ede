"""How each kind of site takes a figure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from attnviz.embed.jsx import as_jsx
from attnviz.embed.placing import Placement, place, unplaced
from attnviz.embed.sites import SITES, Site, find_site
from attnviz.errors import UserError

FIGURE = """\
<figure class="attnviz" style="margin:0">
<style>.a{b:c}@media (x){.a{b:d}}</style>
<video poster="BASE/x.png" aria-label="roses &amp; co"><source src="BASE/x.webm" type='video/webm'>
<source src="BASE/x.mp4"><track src='BASE/x.vtt' default></video>
<figcaption>CAPTION</figcaption>
<script>let a=1 // one
let b={c:{d:1}}</script>
</figure>"""
POSTS = {
    "jekyll": ("_config.yml", "_posts/2024-05-01-roses.md"),
    "hugo": ("hugo.toml", "content/posts/roses.md"),
    "mkdocs": ("mkdocs.yml", "docs/guide/roses.md"),
    "quarto": ("_quarto.yml", "posts/roses/index.qmd"),
    "docusaurus": ("docusaurus.config.js", "docs/roses.md"),
    "mdx": ("package.json", "posts/roses.mdx"),
    "github": (".github/x", "README.md"),
    "jupyter": ("x", "roses.ipynb"),
    "html": ("x", "roses.md"),
}


def site_of(root: Path, name: str, post: str = "", public: str | None = None) -> Site:
    config, usual = POSTS[name]
    for file in (config, post or usual):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    (root / ".git").mkdir(exist_ok=True)
    site = find_site(root / (post or usual), public=public)
    assert site.name == name
    return site


def figure(site: Site, caption: str = "bank looks at roses") -> str:
    return FIGURE.replace("BASE/", site.public).replace("CAPTION", caption)


def only_file(placement: Placement) -> tuple[Path, str]:
    ((path, content),) = placement.files.items()
    return path, content.decode()


@pytest.mark.parametrize("name", ["html", "github", "jupyter"])
def test_plain_sites_take_the_figure_as_it_is(tmp_path: Path, name: str) -> None:
    site = site_of(tmp_path, name)
    assert place(site, "x", figure(site)) == Placement(figure(site), {})


def test_mkdocs_gets_no_markdown_with_its_html(tmp_path: Path) -> None:
    site = site_of(tmp_path, "mkdocs")
    figure = '<i title="[a] `b` _c_ \\">[a](b) `c` *d* _e_ \\</i><style>i[a]{}/*`_*/</style>_'
    assert place(site, "x", figure).markup == (
        '<i title="&#91;a&#93; &#96;b&#96; _c_ &#92;">&#91;a&#93;(b) &#96;c&#96; &#42;d&#42; '
        "&#95;e&#95; &#92;</i><style>i[a]{}/*`_*/</style>&#95;"
    )


@pytest.mark.parametrize("name", ["mdx", "docusaurus"])
def test_mdx_takes_jsx(tmp_path: Path, name: str) -> None:
    site = site_of(tmp_path, name)
    assert place(site, "x", figure(site)) == Placement(as_jsx(figure(site)), {})


@pytest.mark.parametrize("name", [name for name in SITES if name != "auto"])
def test_what_stands_in_a_post_has_no_blank_line_and_is_the_same_again(
    tmp_path: Path, name: str
) -> None:
    site = site_of(tmp_path, name)
    placement = place(site, "x", figure(site))
    lines = placement.markup.split("\n")
    assert all(line.strip() for line in (lines[1:-1] if name == "quarto" else lines))
    assert placement == place(site, "x", figure(site))
    assert all(path.is_relative_to(site.root) for path in placement.files)
    assert set(unplaced(site, "x")) <= set(placement.files)


def test_jekyll_includes_a_file_of_the_post(tmp_path: Path) -> None:
    site = site_of(tmp_path, "jekyll")
    placement = place(site, "causal-mask", figure(site))
    assert placement.markup == "{% include attnviz/2024-05-01-roses/causal-mask.html %}"
    path, include = only_file(placement)
    assert path == site.root / "_includes/attnviz/2024-05-01-roses/causal-mask.html"
    assert unplaced(site, "causal-mask") == (path,)
    first, *rest = include.splitlines()
    assert first == "{%- assign attnviz = '/assets/attnviz/2024-05-01-roses' | relative_url -%}"
    assert 'src="{{ attnviz }}/x.mp4"' in include
    # Two lines of script stand on two lines; all else on one.
    assert len(rest) == 2
    assert rest[0].endswith("<script>let a=1 // one")


@pytest.mark.parametrize(
    ("caption", "written"),
    [
        ("{{ site.x }}", "{{ '{{' }} site.x }}"),
        ("{% raw %}", "{{ '{%' }} raw %}"),
        ("{{{% x", "{{ '{{' }}{{ '{%' }} x"),
        ("{ { x } }", "{ { x } }"),
    ],
)
def test_liquid_of_a_caption_is_shown_and_not_run(
    tmp_path: Path, caption: str, written: str
) -> None:
    site = site_of(tmp_path, "jekyll")
    _, include = only_file(place(site, "x", figure(site, caption)))
    assert f"<figcaption>{written}</figcaption>" in include


def test_jekyll_runs_the_liquid_of_a_public_path(tmp_path: Path) -> None:
    site = site_of(tmp_path, "jekyll", public="{{ site.cdn }}/v")
    _, include = only_file(place(site, "x", figure(site)))
    assert include.startswith("<figure")
    assert 'src="{{ site.cdn }}/v/x.mp4"' in include


def test_jekyll_keeps_its_configured_folders(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text("source: src\nincludes_dir: _parts\n")
    site = site_of(tmp_path, "jekyll", "src/a.md")
    path, _ = only_file(place(site, "x", figure(site)))
    assert path == site.root / "src/_parts/attnviz/a/x.html"


def test_hugo_has_one_shortcode_and_a_figure_for_each_clip(tmp_path: Path) -> None:
    site = site_of(tmp_path, "hugo")
    placement = place(site, "causal-mask", figure(site, "{{ relURL }} {{ bundle }} {{ x }}"))
    assert placement.markup == '{{< attnviz "posts/roses/causal-mask" >}}'
    shown = site.root / "assets/attnviz/posts/roses/causal-mask.html"
    shortcode = site.root / "layouts/shortcodes/attnviz.html"
    assert set(placement.files) == {shown, shortcode}
    text = placement.files[shown].decode()
    assert 'src="{{ relURL }}/attnviz/posts/roses/x.mp4"' in text
    # A caption's own words are no marks of ours.
    assert "<figcaption>&#123;{ relURL }} &#123;{ bundle }} {{ x }}</figcaption>" in text
    assert unplaced(site, "causal-mask") == (shown,)
    other = place(site, "other", figure(site))
    assert other.files[shortcode] == placement.files[shortcode]


def test_hugo_bundle_calls_its_own_files(tmp_path: Path) -> None:
    site = site_of(tmp_path, "hugo", "content/posts/roses/index.md")
    placement = place(site, "x", figure(site))
    assert placement.markup == '{{< attnviz "posts/roses/index/x" >}}'
    text = placement.files[site.root / "assets/attnviz/posts/roses/index/x.html"].decode()
    assert 'src="{{ bundle }}/attnviz/x.mp4"' in text


def test_hugo_keeps_its_configured_folders_and_the_newer_name(tmp_path: Path) -> None:
    (tmp_path / "hugo.toml").write_text('assetDir = "parts"\nlayoutDir = "looks"\n')
    (tmp_path / "looks/_shortcodes").mkdir(parents=True)
    site = site_of(tmp_path, "hugo")
    assert {path.relative_to(site.root).as_posix() for path in place(site, "x", "").files} == {
        "parts/attnviz/posts/roses/x.html",
        "looks/_shortcodes/attnviz.html",
    }


def test_quarto_gets_a_raw_block_that_links_what_quarto_does_not_copy(tmp_path: Path) -> None:
    site = site_of(tmp_path, "quarto")
    lines = place(site, "x", figure(site)).markup.split("\n")
    assert lines[:2] == ["", "```{=html}"]
    assert lines[2:-3] == figure(site).split("\n")
    linked = re.findall(r'<a href="([^"]*)"></a>', lines[-3])
    assert linked == ["attnviz/x.png", "attnviz/x.vtt"]
    assert lines[-3].startswith("<div hidden>")
    assert lines[-2:] == ["```", ""]


def test_a_fence_is_longer_than_any_in_the_figure(tmp_path: Path) -> None:
    site = site_of(tmp_path, "quarto")
    markup = place(site, "x", "<pre>\n````\n</pre>").markup
    assert markup == "\n`````{=html}\n<pre>\n````\n</pre>\n`````\n"


def test_two_posts_that_ask_for_one_clip_have_a_figure_each(tmp_path: Path) -> None:
    one = site_of(tmp_path, "jekyll", "_posts/2024-05-01-roses.md")
    other = site_of(tmp_path, "jekyll", "_posts/2024-05-02-roses.md")
    assert unplaced(one, "x") != unplaced(other, "x")


@pytest.mark.parametrize(("name", "folder"), [("jekyll", "_includes"), ("hugo", "assets")])
def test_a_folder_that_leads_out_of_the_site_is_refused(
    tmp_path: Path, name: str, folder: str
) -> None:
    (tmp_path / "site").mkdir()
    site = site_of(tmp_path / "site", name)
    (tmp_path / "site" / folder).symlink_to(tmp_path)
    with pytest.raises(UserError, match="outside the site"):
        place(site, "x", figure(site))
    with pytest.raises(UserError, match="outside the site"):
        unplaced(site, "x")


@pytest.mark.parametrize("name", ["../x", "a/b", "x y", "é"])
def test_a_clip_name_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    site = site_of(tmp_path, "jekyll")
    path, _ = only_file(place(site, name, figure(site)))
    assert path.parent == site.root / "_includes/attnviz/2024-05-01-roses"
    assert re.fullmatch(r"[\w-]+\.html", path.name)
