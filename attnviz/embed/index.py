"""Which clips of an asset folder belong to which post: one whose request is gone is known."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from attnviz.embed.sites import Site
from attnviz.errors import AttnvizError
from attnviz.render import manifest as manifests
from attnviz.render.jobs import SUFFIXES, Job

NAME = "attnviz.json"
FORM = "attnviz-posts"


def entry(job: Job) -> str:
    """Return how a clip is called here: its path in the asset folder, without an ending."""
    return f"{job.scene.name}/{job.stem()}"


def gone(site: Site, asked: Collection[str]) -> list[str]:
    """Return the clips that are there for a post alone, and that it asks for no more."""
    posts = _posts(site)
    own = posts.pop(_post(site), [])
    others = {clip for clips in posts.values() for clip in clips}
    return [clip for clip in own if clip not in others and clip not in asked]


def updated(site: Site, asked: Iterable[str], *, prune: bool) -> bytes:
    """Return what the index is to hold; what was pruned is forgotten."""
    posts = _posts(site)
    before = [] if prune else posts.get(_post(site), [])
    clips = sorted({*before, *asked})
    posts = {**posts, _post(site): clips}
    kept = {post: clips for post, clips in sorted(posts.items()) if clips}
    content = {"format": FORM, "format_version": manifests.VERSION, "posts": kept}
    return manifests.as_text(content).encode("utf-8")


def files_of(site: Site, clip: str) -> list[Path]:
    """Return the files of a clip, as its manifest names them.

    Raises
    ------
    AttnvizError
        If the manifest leads out of the asset folder.
    """
    path = site.assets / (clip + SUFFIXES["manifest"])
    if not path.resolve().is_relative_to(site.assets.resolve()):
        raise AttnvizError(f"{path} leads out of {site.assets}; remove it from {NAME}")
    content = manifests.read(path)
    told: Mapping[str, Mapping[str, str]] = content["files"] if content else {}
    names = [Path(file["name"]).name for file in told.values()]
    return [place for name in [*names, path.name] if (place := path.with_name(name)).is_file()]


def _post(site: Site) -> str:
    return site.post.relative_to(site.root).as_posix()


def _posts(site: Site) -> dict[str, list[str]]:
    try:
        posts = json.loads((site.assets / NAME).read_bytes())["posts"]
        return {str(post): [str(clip) for clip in clips] for post, clips in posts.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
