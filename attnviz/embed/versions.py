"""The files of a clip as a page calls them: one version a theme, read from its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av

from attnviz.errors import AttnvizError
from attnviz.render import manifest as manifests
from attnviz.render.jobs import SUFFIXES, Job

PAGE_FORMATS = ("webm",)
"""What a page needs besides mp4."""

_MIME = MappingProxyType({"webm": "video/webm", "video": "video/mp4"})
_DEPTH = 8
_TIERS = ("M", "H")


@dataclass(frozen=True, slots=True)
class Version:
    """A clip in one theme.

    Parameters
    ----------
    theme
        Its name.
    manifest
        The content of its manifest.
    urls
        What each file is to how the page calls it.
    types
        ``"webm"`` and ``"video"`` to the type that a ``source`` names, codecs included.
    weights
        What each file is to its bytes.
    tracks
        ``"captions"`` and ``"chapters"`` to their WebVTT.
    """

    theme: str
    manifest: Mapping[str, Any]
    urls: Mapping[str, str]
    types: Mapping[str, str]
    weights: Mapping[str, int]
    tracks: Mapping[str, str]


def version(job: Job, assets: Path, public: str) -> Version:
    """Read a rendered clip.

    Parameters
    ----------
    job
        What it is a film of.
    assets
        The folder it was rendered into.
    public
        What the page puts before a path in that folder, with a slash at its end.

    Raises
    ------
    AttnvizError
        If the clip is not there, or not whole.
    """
    folder = assets / job.scene.name
    content = manifests.read(folder / (job.stem() + SUFFIXES["manifest"]))
    if content is None:
        raise AttnvizError(f"{folder / job.stem()}: there is no whole clip; render it again")
    files = content["files"]
    names = {what: f"{job.scene.name}/{told['name']}" for what, told in files.items()}
    names["manifest"] = f"{job.scene.name}/{job.stem()}{SUFFIXES['manifest']}"
    types = {
        what: f'{mime}; codecs="{codec(assets / names[what])}"'
        for what, mime in _MIME.items()
        if what in names
    }
    return Version(
        job.output.theme,
        content,
        {what: public + name for what, name in names.items()},
        types,
        {what: told["bytes"] for what, told in files.items()},
        {what: (assets / names[what]).read_text("utf-8") for what in ("captions", "chapters")},
    )


def codec(path: Path) -> str:
    """Return a video's codec as a browser wants it named, e.g. ``avc1.64001f``.

    The profile and the level stand in the first bytes of the codec's own configuration (RFC 6381;
    for AV1 the AOM's binding for ISO media files).
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            name, told = stream.codec_context.name, stream.codec_context.extradata or b""
    except (OSError, av.FFmpegError) as error:
        raise AttnvizError(f"{path}: the video cannot be read ({error})") from error
    if "264" in name:
        return f"avc1.{told[1:4].hex()}"
    profile, level, tier = told[1] >> 5, told[1] & 0b11111, told[2] >> 7
    return f"av01.{profile}.{level:02}{_TIERS[tier]}.{_DEPTH:02}"
