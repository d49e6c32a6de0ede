"""The film of a trace in a player, as the value of a notebook cell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from os import PathLike
from typing import TYPE_CHECKING

from attnviz.render.inline import InlineClip, clip
from attnviz.render.output import THEMES
from attnviz.studio.player import PANEL, player

if TYPE_CHECKING:
    from attnviz.records import ModelTrace


@dataclass(frozen=True, slots=True, repr=False)
class InlinePlayer:
    """A rendered film that a notebook shows in a player: beats, captions, numbers, frame by frame.

    Parameters
    ----------
    clip
        The film.
    """

    clip: InlineClip

    def __repr__(self) -> str:
        """Name the video's file, for consoles without pictures."""
        return f"<preview of {self.clip.seconds:.1f} s: {self.clip.files['video']}>"

    def _repr_html_(self) -> str:
        """Return the player with the film in it, so that it stays in a notebook sent elsewhere.

        Its frame keeps its scripts and styles from the notebook, and the notebook's from it.
        """
        told = json.loads(self.clip.files["manifest"].read_text("utf-8"))
        page = player(told, self.clip.files["video"], self.clip.alt)
        output = told["output"]
        shape = f"100cqw * {output['height']} / {output['width']}"
        return (
            f'<div style="max-width:{output["width"]}px;container-type:inline-size">'
            f'<iframe sandbox="allow-scripts" title="{escape(self.clip.alt)}"'
            f' style="width:100%;height:calc({shape} + {PANEL});border:0"'
            f' srcdoc="{escape(page)}"></iframe></div>'
        )


def preview(
    trace: ModelTrace,
    scene: str,
    *,
    layer: int | None = None,
    head: int | str | None = None,
    mask: str | None = None,
    quality: str = "draft",
    theme: str = THEMES[0],
    aspect: str = "16:9",
    folder: str | PathLike[str] | None = None,
) -> InlinePlayer:
    """Film a trace, and step through the film in a notebook.

    Parameters
    ----------
    trace
        What a model computed.
    scene
        A scene's name as on the command line, e.g. ``"self-attention"``, or one's own
        ``"path/to/file.py:ClassName"``.
    layer, head, mask, quality, theme, aspect, folder
        As :func:`attnviz.clip` takes them.

    Returns
    -------
    InlinePlayer
        The film in a player, and in its ``clip`` the paths of the files.

    Raises
    ------
    UserError
        If there is no such scene, layer, head, mask or size, or the scene cannot show the trace.
    AttnvizError
        If the film cannot be made or written.
    """
    return InlinePlayer(
        clip(
            scene,
            trace,
            layer=layer,
            head=head,
            mask=mask,
            quality=quality,
            theme=theme,
            aspect=aspect,
            folder=folder,
        )
    )
