"""What kind of site a post belongs to, guessed from the files around it."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from attnviz.embed.choices import SITES
from attnviz.embed.habits import (
    assets_folder,
    jekyll_source,
    mkdocs_pages,
    public_path,
)
from attnviz.embed.surroundings import (
    folders_above,
    is_docusaurus,
    is_hugo,
    is_jekyll,
    is_mkdocs,
    is_quarto,
    is_repository,
    marker_of,
    nearest,
)
from attnviz.errors import UserError, closest, quoted

# Files that GitHub shows on the pages of a repository.
_SHOWN_ON_GITHUB = (
    "readme",
    "contributing",
    "code_of_conduct",
    "security",
    "support",
    "governance",
    "changelog",
)
_LONGEST_PATH = 200
_UNSAFE_IN_ASSETS = frozenset("\"'`<>{}[]")
_UNSAFE_IN_PUBLIC = frozenset("\"'`<>\\")


@dataclass(frozen=True, slots=True)
class Site:
    """Where a post's clips are kept, and how its page calls them.

    Parameters
    ----------
    name
        The kind of site, one of ``SITES`` but ``auto``.
    root
        The site's folder; nothing is written outside it.
    post
        The post, absolute, links resolved.
    assets
        The folder for this post's files.
    public
        What the page puts before a file's name. It ends with a slash. On Jekyll
        and Hugo it begins with a mark in braces that the files of
        `attnviz.embed.placing` resolve when the site is built.
    """

    name: str
    root: Path
    post: Path
    assets: Path
    public: str


def find_site(
    post: Path, name: str = "auto", assets: str | None = None, public: str | None = None
) -> Site:
    """Find the site a post belongs to, and where its assets go.

    The nearest configuration wins, up to the repository's folder. A post that is a
    link out of its site is refused, and no option names the site's folder: it is
    where the post lies.

    Parameters
    ----------
    post
        The post's path.
    name
        The kind of site, or ``auto`` for a guess from the files around the post.
    assets
        The folder for the files, relative to the site's, instead of the kind's habit.
    public
        What the page puts before a file's name, instead of the kind's habit.

    Returns
    -------
    Site
        The site.

    Raises
    ------
    UserError
        If the kind is unknown or cannot be told, if the post or the assets lie
        outside the site, or if their address cannot be told.
    """
    if name not in SITES:
        near = closest(name, SITES)
        raise UserError(f"no kind of site {quoted(name)}{near}; choose of {', '.join(SITES)}")
    here = Path(os.path.abspath(post))  # noqa: PTH100 - links are looked at below
    real = _resolved(here)
    _, seen = _kind_and_root(name, here)
    if not real.is_relative_to(_resolved(seen)):
        raise UserError(
            f"{post} is, or lies behind, a link out of its site {seen}; give the file itself"
        )
    kind, root = _kind_and_root(name, real)
    kept = assets_folder(kind, root, real) if assets is None else _chosen(root, assets)
    require_inside(root, kept)
    called = public_path(kind, root, real, kept) if public is None else _checked(public)
    return Site(kind, root, real, kept, called)


def require_inside(root: Path, path: Path) -> None:
    """Refuse a path that leaves the site's folder, by its name or by a link.

    Parameters
    ----------
    root
        The site's folder, links resolved.
    path
        A folder or file, there or not.

    Raises
    ------
    UserError
        If it lies outside.
    """
    if not _resolved(path).is_relative_to(root):
        raise UserError(f"{path} lies outside the site {root}, where nothing is written")


def _resolved(path: Path) -> Path:
    try:
        real = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a null character
        raise UserError(
            f"cannot follow the path {quoted(str(path), _LONGEST_PATH)}: {error}"
        ) from error
    if real.is_symlink():  # a circle, from Python 3.13 on
        raise UserError(
            f"cannot follow the path {quoted(str(path), _LONGEST_PATH)}: it links to itself"
        )
    return real


def _kind_and_root(name: str, post: Path) -> tuple[str, Path]:
    return _guess(post) if name == "auto" else (name, _root(name, post))


def _guess(post: Path) -> tuple[str, Path]:
    match post.suffix.lower():
        case ".ipynb":
            return "jupyter", _root("jupyter", post)
        case ".qmd":
            return "quarto", _root("quarto", post)
        case ".mdx":
            docusaurus = nearest(post, is_docusaurus)
            return ("mdx", _root("mdx", post)) if docusaurus is None else ("docusaurus", docusaurus)
    for folder in folders_above(post):
        kinds = tuple(_configured(folder, post))
        if len(kinds) > 1:
            raise UserError(
                f"{folder} is configured for {' and '.join(kinds)}; choose with --site, "
                f"e.g. --site {kinds[0]}"
            )
        if kinds:
            return kinds[0], folder
    kind = "github" if _shown_on_github(post) else "html"
    return kind, _root(kind, post)


def _configured(folder: Path, post: Path) -> Iterator[str]:
    """Yield the kinds of site that a folder is configured for and that show the post."""
    a_page = not (_shown_on_github(post) and post.parent == folder)
    if is_jekyll(folder) and post.is_relative_to(jekyll_source(folder)):
        yield "jekyll"
    if is_hugo(folder) and a_page:
        yield "hugo"
    if is_mkdocs(folder) and post.is_relative_to(mkdocs_pages(folder)):
        yield "mkdocs"
    if is_quarto(folder) and a_page:
        yield "quarto"
    if is_docusaurus(folder) and a_page:
        yield "docusaurus"


def _shown_on_github(post: Path) -> bool:
    folder = post.parent
    return post.stem.lower() in _SHOWN_ON_GITHUB and (
        folder.name == ".github" or (folder / ".github").is_dir() or (folder / ".git").exists()
    )


def _root(kind: str, post: Path) -> Path:
    """Return the folder of the kind's configuration, else the repository's or the post's own."""
    folder = nearest(post, marker_of(kind)) or nearest(post, is_repository)
    return post.parent if folder is None else folder


def _chosen(root: Path, assets: str) -> Path:
    unsafe = any(c in _UNSAFE_IN_ASSETS or not _printable(c) for c in assets)
    if unsafe or not assets.strip():
        raise UserError(
            "an asset folder is a path inside the site, without quotes, brackets and control "
            f"characters, not {quoted(assets)}"
        )
    folder = Path(os.path.normpath(root / assets))
    if folder.exists() and not folder.is_dir():
        raise UserError(f"the asset folder {folder} is a file; name a folder")
    return folder


def _checked(public: str) -> str:
    wrong = [c for c in public if c in _UNSAFE_IN_PUBLIC or not _printable(c)]
    if wrong or not public.strip():
        had = f"{quoted(wrong[0])} in " if wrong else ""
        raise UserError(
            f"a public path stands in a page's attributes, without quotes, <, > and control "
            f"characters, not {had}{quoted(public)}; for example --public /assets/"
        )
    return public.strip().rstrip("/") + "/"


def _printable(character: str) -> bool:
    return unicodedata.category(character)[0] != "C"
