"""Which clips of an asset folder belong to which post: one whose request is gone is known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from attnviz.embed.sites import Site
from attnviz.errors import AttnvizError
from attnviz.render import manifest as manifests
from attnviz.render.jobs import SUFFIXES

NAME = "attnviz.json"
FORM = "attnviz-posts"

# What this module writes of clips: their names have no other signs, a file's has at most 255.
_FILM = re.compile(r"\w[\w.-]{0,200}/\w[\w.-]{0,200}")
_FIGURE = re.compile(r"\w[\w.-]{0,200}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Holding:
    """What a post has.

    Parameters
    ----------
    films
        Paths in the asset folder, without an ending; one a theme.
    figures
        Names of clips, as they are placed.
    """

    films: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()

    def less(self, other: Holding) -> Holding:
        """Return what another has not."""
        return Holding(
            tuple(film for film in self.films if film not in other.films),
            tuple(name for name in self.figures if name not in other.figures),
        )

    def joined(self, other: Holding) -> Holding:
        """Return what either has, in order."""
        return Holding(
            tuple(sorted({*self.films, *other.films})),
            tuple(sorted({*self.figures, *other.figures})),
        )


def gone(site: Site, asked: Holding) -> Holding:
    """Return what is there for a post alone, and that it asks for no more."""
    posts = _posts(site)
    lost = posts.pop(_post(site), Holding()).less(asked)
    for other in posts.values():
        lost = Holding(lost.less(other).films, lost.figures)  # figures are a post's own
    return lost


def updated(site: Site, asked: Holding, *, prune: bool) -> bytes:
    """Return what the index is to hold; what was pruned is forgotten."""
    posts = _posts(site)
    before = Holding() if prune else posts.get(_post(site), Holding())
    posts[_post(site)] = before.joined(asked)
    held = {post: asdict(has) for post, has in sorted(posts.items()) if has != Holding()}
    content = {"format": FORM, "format_version": manifests.VERSION, "posts": held}
    return manifests.as_text(content).encode("utf-8")


def files_of(site: Site, film: str) -> list[Path]:
    """Return the files of a film, as its manifest names them.

    Raises
    ------
    AttnvizError
        If the film lies outside the asset folder.
    """
    path = site.assets / (film + SUFFIXES["manifest"])
    if not path.resolve().is_relative_to(site.assets.resolve()):
        raise AttnvizError(f"{path} leads out of {site.assets}; remove it from {NAME}")
    content = manifests.read(path)
    told = content.get("files") if content else None
    told = told if isinstance(told, dict) else {}
    named = [file.get("name") for file in told.values() if isinstance(file, dict)]
    # A manifest that somebody else wrote may name anything.
    own = re.compile(re.escape(Path(film).name) + r"\.[a-z0-9.]+")
    names = [name for name in named if isinstance(name, str) and own.fullmatch(name)]
    return [place for name in [*names, path.name] if (place := path.with_name(name)).is_file()]


def _post(site: Site) -> str:
    return site.post.relative_to(site.root).as_posix()


def _posts(site: Site) -> dict[str, Holding]:
    try:
        posts = json.loads((site.assets / NAME).read_bytes())["posts"]
        return {
            post: Holding(_names(has["films"], _FILM), _names(has["figures"], _FIGURE))
            for post, has in posts.items()
            if not _SURROGATE.search(post)
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _names(values: Iterable[object], sound: re.Pattern[str]) -> tuple[str, ...]:
    """Return the names that may stand in an index; others are not ours, and forgotten."""
    return tuple(name for name in values if isinstance(name, str) and sound.fullmatch(name))
