"""Each ecosystem's habits: where a post's assets go, how a page calls them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from attnviz.embed.settings import (
    DATA,
    SCRIPTS,
    first_file,
    read_settings,
    script_texts,
    text_of,
)
from attnviz.embed.surroundings import is_web_project
from attnviz.errors import UserError
from attnviz.naming import digest, slug

JEKYLL_MARK = "{{ attnviz }}"
"""Stands in a figure on Jekyll for the asset folder's address."""

HUGO_STATIC_MARK = "{{ relURL }}"
"""Stands in a figure on Hugo for the site's address."""

HUGO_BUNDLE_MARK = "{{ bundle }}"
"""Stands in a figure on Hugo for the address of the page bundle's files."""

_FOLDER = "attnviz"
_LONGEST_PART = 80
# Without a dot before another dot or a slash: Jekyll includes no such file.
_SAFE_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9]))*")
_PUBLIC_ADDRESS = (("astro.config", "base"), ("next.config", "basePath"))


def assets_folder(kind: str, root: Path, post: Path) -> Path:
    """Return the folder for a post's files, of its own on every kind of site.

    Parameters
    ----------
    kind
        The kind of site.
    root
        The site's folder.
    post
        The post.

    Returns
    -------
    Path
        The folder; it need not be there.
    """
    beside = post.parent / _FOLDER
    if post.stem not in ("index", "README"):
        beside /= safe_part(post.stem)
    match kind:
        case "jekyll":
            return jekyll_source(root) / "assets" / _FOLDER / post_key(kind, root, post)
        case "hugo" if _is_leaf_bundle(post):
            return beside
        case "hugo" | "docusaurus":
            return _static(kind, root) / _FOLDER / post_key(kind, root, post)
        case "mdx" | "html" if static := _web_static(kind, root):
            return static / _FOLDER / post_key(kind, root, post)
        case "github":
            return post.parent / "assets" / beside.relative_to(post.parent)
        case _:
            return beside


def public_path(kind: str, root: Path, post: Path, assets: Path) -> str:
    """Return what a post's page puts before the name of a file in its asset folder.

    Parameters
    ----------
    kind
        The kind of site.
    root
        The site's folder.
    post
        The post.
    assets
        The asset folder.

    Returns
    -------
    str
        The address, with a slash at its end.

    Raises
    ------
    UserError
        If the site does not publish that folder.
    """
    match kind:
        case "jekyll":
            _require_published(assets, jekyll_source(root), "Jekyll")
            return f"{JEKYLL_MARK}/"
        case "hugo" if _is_leaf_bundle(post) and assets.is_relative_to(post.parent):
            return f"{HUGO_BUNDLE_MARK}/{_address_below(assets, post.parent)}"
        case "hugo":
            _require_published(assets, static := _static(kind, root), "Hugo")
            return f"{HUGO_STATIC_MARK}/{_address_below(assets, static)}"
        case "mkdocs":
            return _from_mkdocs_page(root, post, assets)
        case "docusaurus":
            _require_published(assets, static := _static(kind, root), "Docusaurus")
            config = first_file(root, "docusaurus.config", SCRIPTS)
            base = () if config is None else script_texts(config, "baseUrl")
            return _below(base, assets, static)
        case "mdx" | "html" if (s := _web_static(kind, root)) and assets.is_relative_to(s):
            bases = [
                script_texts(config, setting)
                for name, setting in _PUBLIC_ADDRESS
                if (config := first_file(root, name, SCRIPTS)) is not None
            ]
            return _below(bases[0] if bases else (), assets, s)
        case _:
            return _address(assets, post.parent)


def post_key(kind: str, root: Path, post: Path) -> str:
    """Return a post's name within its site: its path without suffix, safe as a path and a URL."""
    match kind:
        case "jekyll":
            folder = jekyll_source(root)
        case "hugo":
            folder = hugo_folder(root, "contentDir", "content")
        case _:
            folder = root
    relative = post.relative_to(folder if post.is_relative_to(folder) else root).with_suffix("")
    # A dated name is unlike any page's; a draft keeps its folder's name.
    parts = [part for part in relative.parts if part != "_posts"]
    return "/".join(map(safe_part, parts))


def safe_part(part: str) -> str:
    """Return a part of a path, as it is where it is plain, else a slug with a digest."""
    bare = part.lstrip("_")
    if len(bare) <= _LONGEST_PART and _SAFE_PART.fullmatch(bare):
        return bare
    return "-".join(filter(None, [slug(part), digest(part)]))


def jekyll_source(root: Path) -> Path:
    """Return the folder that Jekyll reads its pages and includes from."""
    return _child(root, text_of(_settings(root, "_config"), "source", "."))


def jekyll_includes(root: Path) -> Path:
    """Return the folder of Jekyll's includes."""
    return jekyll_source(root) / text_of(_settings(root, "_config"), "includes_dir", "_includes")


def hugo_folder(root: Path, setting: str, otherwise: str) -> Path:
    """Return a folder that Hugo's configuration may name, e.g. by ``staticDir``."""
    for folder in (root, root / "config" / "_default"):
        for name in ("hugo", "config"):
            if text := text_of(_settings(folder, name), setting, ""):
                return _child(root, text)
    return root / otherwise


def mkdocs_pages(root: Path) -> Path:
    """Return the folder of MkDocs' pages."""
    return _child(root, text_of(_settings(root, "mkdocs"), "docs_dir", "docs"))


def _from_mkdocs_page(root: Path, post: Path, assets: Path) -> str:
    docs = mkdocs_pages(root)
    if not post.is_relative_to(docs):
        raise UserError(f"{post} is no page of the MkDocs site {root}: its pages lie in {docs}")
    _require_published(assets, docs, "MkDocs")
    settings = _settings(root, "mkdocs")
    if _by_blog_plugin(settings, post.relative_to(docs)):
        # The page's address is made of its date, so that nothing is relative to it.
        site = urlsplit(text_of(settings, "site_url", "")).path
        return f"{site.rstrip('/')}/{_address_below(assets, docs)}"
    a_folder = settings.get("use_directory_urls") is not False
    if a_folder and post.stem not in ("index", "README"):
        return _address(assets, post.with_suffix(""))
    return _address(assets, post.parent)


def _by_blog_plugin(settings: Mapping[str, object], page: Path) -> bool:
    plugins = settings.get("plugins")
    for plugin in plugins if isinstance(plugins, list | dict) else ():
        name, given = plugin, plugins.get(plugin) if isinstance(plugins, dict) else None
        if isinstance(plugin, dict) and plugin:
            name, given = next(iter(plugin.items()))
        if name in ("blog", "material/blog"):
            folder = text_of(given, "blog_dir", "blog") if isinstance(given, dict) else "blog"
            return page.is_relative_to(Path(folder) / "posts")
    return False


def _is_leaf_bundle(post: Path) -> bool:
    return post.name.split(".")[0] == "index"


def _static(kind: str, root: Path) -> Path:
    if kind == "hugo":
        return hugo_folder(root, "staticDir", "static")
    config = first_file(root, "docusaurus.config", SCRIPTS)
    names = () if config is None else script_texts(config, "staticDirectories")
    return root / ("static" if not names or "static" in names else names[0])


def _web_static(kind: str, root: Path) -> Path | None:
    """Return the folder that a web project copies to its site as it is, where it has one."""
    if first_file(root, "gatsby-config", SCRIPTS) is not None:
        return root / "static"
    public = root / "public"
    has_one = kind == "mdx" and public.is_dir()
    return public if has_one or is_web_project(root) else None


def _require_published(assets: Path, published: Path, program: str) -> None:
    if not assets.is_relative_to(published):
        raise UserError(
            f"{program} publishes {published}, not {assets}; choose an asset folder in it, or say "
            "with --public how the page calls the files"
        )
    hidden = [p for p in assets.relative_to(published).parts if p.startswith(("_", "."))]
    if program == "Jekyll" and hidden:
        raise UserError(f"Jekyll does not publish a folder named {hidden[0]}; choose another name")


def _below(base: tuple[str, ...], assets: Path, static: Path) -> str:
    prefix = quote(base[0].strip("/")) if base else ""
    return (f"/{prefix}/" if prefix else "/") + _address_below(assets, static)


def _address_below(folder: Path, above: Path) -> str:
    return "" if folder == above else _address(folder, above)


def _address(folder: Path, seen_from: Path) -> str:
    """Return the relative address of a folder, safe in an attribute, with a slash at its end."""
    return quote(Path(os.path.relpath(folder, seen_from)).as_posix()) + "/"


def _settings(folder: Path, name: str) -> Mapping[str, object]:
    path = first_file(folder, name, DATA)
    return {} if path is None else read_settings(path)


def _child(root: Path, name: str) -> Path:
    return Path(os.path.normpath(root / name))
