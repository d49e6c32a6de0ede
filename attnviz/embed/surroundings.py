"""The folders around a post, and what each is configured for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from attnviz.embed.settings import DATA, SCRIPTS, YAML, first_file


def folders_above(post: Path) -> Iterator[Path]:
    """Yield a post's folder and those above it, to the repository's, below the home folder."""
    home = Path.home()
    for folder in post.parents:
        if folder == home and folder != post.parent:
            return
        yield folder
        if folder == home or is_repository(folder):
            return


def nearest(post: Path, marked: Callable[[Path], bool]) -> Path | None:
    """Return the first folder above a post that bears a mark."""
    return next(filter(marked, folders_above(post)), None)


def marker_of(kind: str) -> Callable[[Path], bool]:
    """Return the test for the folder of a kind of site."""
    match kind:
        case "jekyll":
            return is_jekyll
        case "hugo":
            return is_hugo
        case "mkdocs":
            return is_mkdocs
        case "quarto":
            return is_quarto
        case "docusaurus":
            return is_docusaurus
        case "mdx":
            return lambda folder: is_web_project(folder) or (folder / "package.json").is_file()
        case "html":
            return is_web_project
        case _:
            return is_repository


def is_repository(folder: Path) -> bool:
    """Tell whether a folder is a repository's; .git is a file in a second work tree."""
    return (folder / ".git").exists()


def is_jekyll(folder: Path) -> bool:
    """Tell whether a folder is configured for Jekyll; Jupyter Book shares the file's name."""
    return (
        first_file(folder, "_config", (*YAML, ".toml")) is not None
        and not (folder / "_toc.yml").is_file()
    )


def is_hugo(folder: Path) -> bool:
    """Tell whether a folder is configured for Hugo."""
    old = first_file(folder, "config", DATA) is not None and (folder / "content").is_dir()
    new = first_file(folder, "hugo", DATA) is not None or (folder / "config" / "_default").is_dir()
    return old or new


def is_mkdocs(folder: Path) -> bool:
    """Tell whether a folder is configured for MkDocs."""
    return first_file(folder, "mkdocs", YAML) is not None


def is_quarto(folder: Path) -> bool:
    """Tell whether a folder is configured for Quarto."""
    return first_file(folder, "_quarto", YAML) is not None


def is_docusaurus(folder: Path) -> bool:
    """Tell whether a folder is configured for Docusaurus."""
    return first_file(folder, "docusaurus.config", SCRIPTS) is not None


def is_web_project(folder: Path) -> bool:
    """Tell whether a folder is configured for Astro, Next or Gatsby."""
    names = ("astro.config", "next.config", "gatsby-config")
    return any(first_file(folder, name, SCRIPTS) is not None for name in names)
