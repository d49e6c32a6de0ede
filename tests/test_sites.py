"""What kind of site a post belongs to, in small trees that look like real ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from attnviz.embed.settings import read_settings, script_texts
from attnviz.embed.sites import SITES, Site, find_site
from attnviz.errors import UserError

# Where a site's folder ends and its repository begins.
REPOSITORY = {".git/HEAD": "ref: refs/heads/main\n"}


def lay(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in {**REPOSITORY, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root.resolve()


def found(site: Site) -> tuple[str, str, str]:
    return site.name, site.assets.relative_to(site.root).as_posix(), site.public


DOCUSAURUS = """
// baseUrl: '/old/',
/** @type {import('@docusaurus/types').Config} */
const config = {
  url: "https://me.example", // baseUrl: "/older/"
  baseUrl: '/notes/',
  presets: [['classic', {docs: {include: ['**/*.md'], exclude: ['**/*.test.*']}}]],
};
export default config;
"""
MKDOCS = """
site_name: Notes
theme: {name: material}
markdown_extensions:
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
      options: !!python/object/apply:os.system ["touch ran"]
  - toc: {permalink: !ENV [PERMALINK, true]}
"""

TREES = [
    pytest.param(
        {"_config.yml": "baseurl: /blog\n"},
        "_posts/2024-05-01-roses.md",
        ("jekyll", "assets/attnviz/2024-05-01-roses", "{{ attnviz }}/"),
        id="jekyll post",
    ),
    pytest.param(
        {"_config.yml": "collections: {talks: {output: true}}\n"},
        "_talks/nl/bank.md",
        ("jekyll", "assets/attnviz/talks/nl/bank", "{{ attnviz }}/"),
        id="jekyll collection",
    ),
    pytest.param(
        {"_config.yml": ""},
        "_drafts/bank.markdown",
        ("jekyll", "assets/attnviz/drafts/bank", "{{ attnviz }}/"),
        id="jekyll draft, empty configuration",
    ),
    pytest.param(
        {"_config.yml": "source: src\n"},
        "src/_posts/2024-05-01-roses.md",
        ("jekyll", "src/assets/attnviz/2024-05-01-roses", "{{ attnviz }}/"),
        id="jekyll with a source folder",
    ),
    pytest.param(
        {"_config.yml": ""},
        "README.md",
        ("jekyll", "assets/attnviz/README", "{{ attnviz }}/"),
        id="jekyll makes a page of a README",
    ),
    pytest.param(
        {"hugo.toml": "baseURL = 'https://me.example/sub/'\n"},
        "content/posts/roses/index.md",
        ("hugo", "content/posts/roses/attnviz", "{{ bundle }}/attnviz/"),
        id="hugo leaf bundle",
    ),
    pytest.param(
        {"hugo.toml": ""},
        "content/posts/roses/index.nl.md",
        ("hugo", "content/posts/roses/attnviz/index.nl", "{{ bundle }}/attnviz/index.nl/"),
        id="hugo leaf bundle in another language",
    ),
    pytest.param(
        {"hugo.toml": ""},
        "content/posts/_index.md",
        ("hugo", "static/attnviz/posts/index", "{{ relURL }}/attnviz/posts/index/"),
        id="hugo section page",
    ),
    pytest.param(
        {"config.toml": "staticdir = ['files', 'static']\n", "content/.keep": ""},
        "content/posts/roses.md",
        ("hugo", "files/attnviz/posts/roses", "{{ relURL }}/attnviz/posts/roses/"),
        id="hugo plain post, old configuration",
    ),
    pytest.param(
        {"config/_default/hugo.yaml": "contentDir: pages\n"},
        "pages/en/roses.md",
        ("hugo", "static/attnviz/en/roses", "{{ relURL }}/attnviz/en/roses/"),
        id="hugo configuration in a folder",
    ),
    pytest.param(
        {"mkdocs.yml": MKDOCS},
        "docs/guide/deep/roses.md",
        ("mkdocs", "docs/guide/deep/attnviz/roses", "../attnviz/roses/"),
        id="mkdocs nested page",
    ),
    pytest.param(
        {"mkdocs.yml": MKDOCS},
        "docs/guide/index.md",
        ("mkdocs", "docs/guide/attnviz", "attnviz/"),
        id="mkdocs index",
    ),
    pytest.param(
        {"mkdocs.yml": MKDOCS},
        "docs/README.md",
        ("mkdocs", "docs/attnviz", "attnviz/"),
        id="mkdocs README",
    ),
    pytest.param(
        {"mkdocs.yml": "use_directory_urls: false\ndocs_dir: pages\n"},
        "pages/guide/roses.md",
        ("mkdocs", "pages/guide/attnviz/roses", "attnviz/roses/"),
        id="mkdocs without directory urls",
    ),
    pytest.param(
        {"mkdocs.yml": "site_url: https://me.example/n/\nplugins: [search, {blog: {}}]\n"},
        "docs/blog/posts/roses.md",
        ("mkdocs", "docs/blog/posts/attnviz/roses", "/n/blog/posts/attnviz/roses/"),
        id="mkdocs blog plugin, whose addresses have dates",
    ),
    pytest.param(
        {"mkdocs.yml": MKDOCS},
        "README.md",
        ("github", "assets/attnviz", "assets/attnviz/"),
        id="a README beside mkdocs.yml is no page",
    ),
    pytest.param(
        {"_quarto.yml": "project: {type: website}\n"},
        "posts/roses/index.qmd",
        ("quarto", "posts/roses/attnviz", "attnviz/"),
        id="quarto blog post",
    ),
    pytest.param(
        {"_quarto.yml": ""},
        "notes/roses.md",
        ("quarto", "notes/attnviz/roses", "attnviz/roses/"),
        id="quarto markdown",
    ),
    pytest.param(
        {},
        "papers/roses.qmd",
        ("quarto", "papers/attnviz/roses", "attnviz/roses/"),
        id="quarto file alone",
    ),
    pytest.param(
        {"docusaurus.config.ts": DOCUSAURUS},
        "blog/2024-05-01-roses/index.mdx",
        (
            "docusaurus",
            "static/attnviz/blog/2024-05-01-roses/index",
            "/notes/attnviz/blog/2024-05-01-roses/index/",
        ),
        id="docusaurus blog",
    ),
    pytest.param(
        {"web/docusaurus.config.js": "module.exports = {staticDirectories: ['public']}"},
        "web/docs/roses.md",
        ("docusaurus", "public/attnviz/docs/roses", "/attnviz/docs/roses/"),
        id="docusaurus docs in a sub-folder",
    ),
    pytest.param(
        {"package.json": "{}", "next.config.mjs": "export default {basePath: '/b'}"},
        "app/roses/page.mdx",
        ("mdx", "public/attnviz/app/roses/page", "/b/attnviz/app/roses/page/"),
        id="mdx in next",
    ),
    pytest.param(
        {"package.json": "{}", "public/favicon.ico": ""},
        "posts/roses.mdx",
        ("mdx", "public/attnviz/posts/roses", "/attnviz/posts/roses/"),
        id="mdx with a public folder",
    ),
    pytest.param(
        {},
        "posts/roses.mdx",
        ("mdx", "posts/attnviz/roses", "attnviz/roses/"),
        id="mdx alone",
    ),
    pytest.param(
        {"site/astro.config.mjs": "export default defineConfig({ base: '/a/' })"},
        "site/src/content/blog/[lang].md",
        None,
        id="markdown in astro",
    ),
    pytest.param(
        {"_quarto.yml": ""},
        "notes/roses.ipynb",
        ("jupyter", "notes/attnviz/roses", "attnviz/roses/"),
        id="notebook, whatever is around",
    ),
    pytest.param(
        {},
        "README.md",
        ("github", "assets/attnviz", "assets/attnviz/"),
        id="README of a repository",
    ),
    pytest.param(
        {},
        ".github/CONTRIBUTING.md",
        ("github", ".github/assets/attnviz/CONTRIBUTING", "assets/attnviz/CONTRIBUTING/"),
        id="CONTRIBUTING of a repository",
    ),
    pytest.param(
        {},
        "lib/README.md",
        ("html", "lib/attnviz", "attnviz/"),
        id="README of a folder",
    ),
    pytest.param(
        {},
        "my posts/rosés & co.md",
        None,
        id="plain HTML in Markdown",
    ),
    pytest.param(
        {"_config.yml": "", "_toc.yml": "root: intro\n"},
        "intro.md",
        ("html", "attnviz/intro", "attnviz/intro/"),
        id="Jupyter Book shares Jekyll's file name",
    ),
]


@pytest.mark.parametrize(("files", "post", "expected"), TREES)
def test_site_is_guessed_from_the_files_around_the_post(
    tmp_path: Path, files: dict[str, str], post: str, expected: tuple[str, str, str] | None
) -> None:
    root = lay(tmp_path / "site", {**files, post: "words\n"})
    site = find_site(root / post)
    assert site.post == root / post
    if expected is not None:
        assert found(site) == expected
    assert site.root.is_relative_to(root)
    assert re.fullmatch(r"(\{\{ \w+ \}\}|[\w.%-]+|)(/[\w.%-]+)*/", site.public)
    assert not site.assets.exists(), "nothing is written"


def test_a_name_that_is_no_plain_path_gets_a_safe_one_of_its_own(tmp_path: Path) -> None:
    names = ("rosés & co", "roses co", "c'est la vie", "a..b", "玫瑰", "银行", "x" * 90)
    root = lay(tmp_path, {f"{name}.md": "" for name in names})
    folders = [find_site(root / f"{name}.md", "html").assets.name for name in names]
    assert len(set(folders)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,60}", folder) for folder in folders)


def test_a_folder_with_a_space_is_quoted_where_the_page_calls_it(tmp_path: Path) -> None:
    root = lay(tmp_path, {"mkdocs.yml": "plugins: [blog]\n", "docs/blog/posts/a b/roses.md": ""})
    assert (
        find_site(root / "docs/blog/posts/a b/roses.md").public
        == "/blog/posts/a%20b/attnviz/roses/"
    )


def test_astro_copies_its_public_folder_below_its_base(tmp_path: Path) -> None:
    root = lay(
        tmp_path,
        {
            "site/astro.config.mjs": "export default defineConfig({ base: '/a/' })",
            "site/src/content/blog/roses.md": "",
        },
    )
    site = find_site(root / "site/src/content/blog/roses.md")
    assert site.root == root / "site"
    assert found(site) == (
        "html",
        "public/attnviz/src/content/blog/roses",
        "/a/attnviz/src/content/blog/roses/",
    )


def test_nearest_configuration_wins(tmp_path: Path) -> None:
    files = {
        "_config.yml": "",
        "docs/mkdocs.yml": "docs_dir: src\n",
        "docs/src/a.md": "",
        "a.md": "",
    }
    root = lay(tmp_path, files)
    assert find_site(root / "docs/src/a.md").name == "mkdocs"
    assert find_site(root / "a.md").name == "jekyll"


def test_two_configurations_in_a_folder_stop_with_both_named(tmp_path: Path) -> None:
    root = lay(tmp_path, {"_config.yml": "", "mkdocs.yml": "", "docs/a.md": "", "b.md": ""})
    with pytest.raises(UserError, match=r"jekyll and mkdocs; choose with --site"):
        find_site(root / "docs/a.md")
    assert find_site(root / "docs/a.md", "mkdocs").public == "../attnviz/a/"
    assert find_site(root / "b.md").name == "jekyll", "MkDocs shows its docs folder alone"


def test_nothing_above_the_repository_or_in_the_home_folder_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay(tmp_path / "outer/repository", {"a.md": ""})
    (tmp_path / "outer/_config.yml").write_text("")
    assert find_site(root / "a.md").name == "html"
    home = tmp_path / "home"
    (home / "notes").mkdir(parents=True)
    (home / "_config.yml").write_text("")
    (home / "notes/a.md").write_text("")
    monkeypatch.setenv("HOME", str(home))
    assert find_site(home / "notes/a.md").root == home / "notes"


def test_a_second_work_tree_is_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / "README.md").write_text("")
    assert find_site(tmp_path / "README.md").name == "github"


def test_a_relative_post_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lay(tmp_path, {"_config.yml": "", "_posts/2024-05-01-a.md": ""})
    monkeypatch.chdir(root / "_posts")
    assert find_site(Path("2024-05-01-a.md")) == find_site(root / "_posts/2024-05-01-a.md")


@pytest.mark.parametrize("name", SITES)
def test_every_kind_can_be_asked_for_without_its_configuration(tmp_path: Path, name: str) -> None:
    root = lay(tmp_path, {"docs/index.md": ""})
    site = find_site(root / "docs/index.md", name)
    assert site.name == (name if name != "auto" else "html")
    assert site.root == root
    assert site.assets.is_relative_to(root)


def test_an_unknown_kind_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'jekyl', did you mean 'jekyll'\?; choose of auto, html"):
        find_site(tmp_path / "a.md", "jekyl")


def test_asset_folder_can_be_chosen(tmp_path: Path) -> None:
    files = {
        "j/_config.yml": "",
        "j/a.md": "",
        "m/mkdocs.yml": "",
        "m/docs/g/a.md": "",
        "h/hugo.toml": "",
        "h/content/b/index.md": "",
        "d/docusaurus.config.js": DOCUSAURUS,
        "d/docs/a.md": "",
        "p/a.md": "",
    }
    root = lay(tmp_path, files)

    def chosen(post: str, assets: str) -> tuple[str, str, str]:
        return found(find_site(root / post, assets=assets))

    assert chosen("j/a.md", "img/clips") == ("jekyll", "img/clips", "{{ attnviz }}/")
    assert chosen("m/docs/g/a.md", "docs/img") == ("mkdocs", "docs/img", "../../img/")
    assert chosen("h/content/b/index.md", "static/v") == ("hugo", "static/v", "{{ relURL }}/v/")
    assert chosen("h/content/b/index.md", "content/b") == ("hugo", "content/b", "{{ bundle }}/")
    assert chosen("d/docs/a.md", "static/v/") == ("docusaurus", "static/v", "/notes/v/")
    assert chosen("p/a.md", "p") == ("html", "p", "./")
    assert chosen("p/a.md", str(root / "img")) == ("html", "img", "../img/")


@pytest.mark.parametrize(
    ("config", "post", "assets"),
    [
        ("_config.yml", "a.md", "_clips"),
        ("hugo.toml", "content/a.md", "clips"),
        ("mkdocs.yml", "docs/a.md", "clips"),
        ("docusaurus.config.js", "docs/a.md", "docs/clips"),
    ],
)
def test_an_asset_folder_that_is_not_published_needs_a_public_path(
    tmp_path: Path, config: str, post: str, assets: str
) -> None:
    root = lay(tmp_path, {config: "", post: ""})
    with pytest.raises(UserError, match="publish"):
        find_site(root / post, assets=assets)
    site = find_site(root / post, assets=assets, public="https://cdn.example/v")
    assert found(site)[1:] == (assets, "https://cdn.example/v/")


@pytest.mark.parametrize("assets", ["..", "../elsewhere", "a/../../b", "/etc", "out", "out/deep"])
def test_an_asset_folder_outside_the_site_is_refused(tmp_path: Path, assets: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    root = lay(tmp_path / "site", {"a.md": ""})
    (root / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="outside the site"):
        find_site(root / "a.md", assets=assets, public="/v/")


@pytest.mark.parametrize(
    "assets", ["", "  ", "a\nb", "a\0b", "a.md", "it's", "a{{b", "{% x %}", "<a>"]
)
def test_an_asset_folder_is_a_folder(tmp_path: Path, assets: str) -> None:
    root = lay(tmp_path, {"a.md": ""})
    with pytest.raises(UserError, match="asset folder"):
        find_site(root / "a.md", assets=assets)


def test_a_habit_that_leads_out_of_the_site_is_refused(tmp_path: Path) -> None:
    root = lay(tmp_path / "site", {"hugo.toml": "", "content/a.md": ""})
    (root / "static").symlink_to(tmp_path)
    with pytest.raises(UserError, match="outside the site"):
        find_site(root / "content/a.md")
    (root / "mkdocs.yml").write_text("docs_dir: ../docs\n")
    (tmp_path / "docs").mkdir()
    with pytest.raises(UserError, match="is no page of the MkDocs site"):
        find_site(root / "content/a.md", "mkdocs")


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        ("/v", "/v/"),
        ("https://cdn.example/v//", "https://cdn.example/v/"),
        ("/", "/"),
        ("{{ site.cdn }}/v", "{{ site.cdn }}/v/"),
        (" ../v ", "../v/"),
    ],
)
def test_public_path_can_be_chosen(tmp_path: Path, public: str, expected: str) -> None:
    root = lay(tmp_path, {"_config.yml": "", "a.md": ""})
    site = find_site(root / "a.md", public=public)
    assert found(site) == ("jekyll", "assets/attnviz/a", expected)


@pytest.mark.parametrize(
    "public", ["", " ", '/"', "/'", "/<b>", "/>", "/a\tb", "/\u202e", "/`", "\\"]
)
def test_public_path_cannot_leave_its_attribute(tmp_path: Path, public: str) -> None:
    root = lay(tmp_path, {"a.md": ""})
    with pytest.raises(UserError, match="a public path"):
        find_site(root / "a.md", public=public)


@pytest.mark.parametrize("link", ["site/a.md", "site/posts/a.md"])
@pytest.mark.parametrize("name", ["auto", "jekyll", "html"])
def test_a_post_that_is_a_link_out_of_the_site_is_refused(
    tmp_path: Path, link: str, name: str
) -> None:
    lay(tmp_path / "site", {"_config.yml": ""})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.md").write_text("")
    if link == "site/a.md":
        (tmp_path / link).symlink_to(tmp_path / "elsewhere/a.md")
    else:
        (tmp_path / "site/posts").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"link out of its site .*site; give the file itself"):
        find_site(tmp_path / link, name)


def test_a_link_within_the_site_leads_to_the_file_itself(tmp_path: Path) -> None:
    root = lay(tmp_path / "site", {"_config.yml": "", "_posts/2024-05-01-a.md": ""})
    (root / "newest.md").symlink_to("_posts/2024-05-01-a.md")
    (tmp_path / "alias").symlink_to(root)
    expected = find_site(root / "_posts/2024-05-01-a.md")
    assert find_site(root / "newest.md") == expected
    assert find_site(tmp_path / "alias/_posts/2024-05-01-a.md") == expected


def test_a_folder_of_the_site_under_another_name_is_of_the_same_site(tmp_path: Path) -> None:
    root = lay(tmp_path / "site", {"_config.yml": "", "_posts/2024-05-01-a.md": ""})
    (tmp_path / "posts").symlink_to(root / "_posts")
    site = find_site(tmp_path / "posts/2024-05-01-a.md")
    assert site == find_site(root / "_posts/2024-05-01-a.md")


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("b.md")
    (tmp_path / "b.md").symlink_to("a.md")
    with pytest.raises(UserError, match="cannot follow"):
        find_site(tmp_path / "a.md")


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ("_config.yml", "a: [b\n"),
        ("_config.yml", "date: 2024-13-45\n"),
        pytest.param("_config.yml", "[" * 1500, id="deep"),
        ("mkdocs.yml", "docs_dir: \udcff"),
        ("hugo.toml", "a = \n"),
        ("hugo.json", "{"),
    ],
)
def test_a_broken_configuration_is_named(tmp_path: Path, config: str, text: str) -> None:
    root = lay(tmp_path, {"docs/a.md": ""})
    (root / config).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=rf"cannot read the site's configuration .*{config}"):
        find_site(root / "docs/a.md")


def test_a_configuration_is_read_and_never_run(tmp_path: Path) -> None:
    path = tmp_path / "mkdocs.yml"
    path.write_text(MKDOCS)
    settings = read_settings(path)
    assert settings["site_name"] == "Notes"
    assert settings["markdown_extensions"] == [
        {"pymdownx.emoji": {"emoji_index": None, "options": None}},
        {"toc": {"permalink": None}},
    ]
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("{baseUrl: '/a/'}", ("/a/",)),
        ('{"baseUrl" : "/a/"}', ("/a/",)),
        ("const baseUrl = `/a/`;", ("/a/",)),
        ("baseUrl: `/${name}/`", ()),
        ("baseUrl: process.env.BASE", ()),
        ("x.baseUrl: '/b/', noBaseUrl: '/c/'", ()),
        ("// baseUrl: '/b/'\n/* baseUrl: '/c/' */", ()),
        ("u: 'https://me.example', baseUrl: '/a/'", ("/a/",)),
        ("g: ['**/*.md'], baseUrl: '/a/', h: '**/*.js'", ("/a/",)),
        ("baseUrl: [ '/a/', \"/b/\", ]", ("/a/", "/b/")),
    ],
)
def test_a_script_is_read_by_its_look(tmp_path: Path, source: str, texts: tuple[str, ...]) -> None:
    path = tmp_path / "docusaurus.config.js"
    path.write_text(source)
    assert script_texts(path, "baseUrl") == texts
