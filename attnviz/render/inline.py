"""The film of a trace as the value of a notebook cell."""

from __future__ import annotations

import atexit
import base64
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from attnviz.errors import UserError, require_known
from attnviz.model_choice import SAVED
from attnviz.naming import slug
from attnviz.render import catalogue
from attnviz.render.films import film
from attnviz.render.jobs import Job
from attnviz.render.output import ASPECTS, QUALITIES, THEMES, Output
from attnviz.render.store import Store
from attnviz.render.terminal import render_progress
from attnviz.render.workspace import FolderError
from attnviz.spec import Spec
from attnviz.trace_files import digest

if TYPE_CHECKING:
    from attnviz.records import ModelTrace

_TRACES = "traces"
"""The folder, beside those of the scenes, in which the films' traces stand."""

_DIGITS = 12
"""So many digits of a digest tell one's own traces apart."""

_TYPES = MappingProxyType({"video": "video/mp4", "poster": "image/png"})


@dataclass(frozen=True, slots=True, repr=False)
class InlineClip:
    """A rendered film that a notebook shows as the value of a cell.

    Parameters
    ----------
    files
        What each file is (``"video"``, ``"poster"``, ``"captions"``, ``"chapters"``,
        ``"manifest"``, ``"trace"``) to its absolute path.
    seconds
        Length of the film.
    width
        Width of the film in pixels.
    alt
        What it shows, in words.
    cached
        True where nothing had to be rendered.
    """

    files: Mapping[str, Path]
    seconds: float
    width: int
    alt: str
    cached: bool

    def __repr__(self) -> str:
        """Name the video's file, for consoles without pictures."""
        return f"<film of {self.seconds:.1f} s: {self.files['video']}>"

    def _repr_html_(self) -> str:
        """Return the film itself, so that it stays in a notebook which is sent elsewhere."""
        alt, file = escape(self.alt), escape(str(self.files["video"]))
        return (
            f'<figure style="margin:0"><video src="{self._data("video")}"'
            f' poster="{self._data("poster")}" controls loop muted playsinline'
            f' aria-label="{alt}" style="width:100%;max-width:{self.width}px">{alt}</video>'
            f"<figcaption><code>{file}</code></figcaption></figure>"
        )

    def _data(self, what: str) -> str:
        content = base64.b64encode(self.files[what].read_bytes()).decode("ascii")
        return f"data:{_TYPES[what]};base64,{content}"


def clip(
    scene: str,
    trace: ModelTrace,
    *,
    layer: int | None = None,
    head: int | str | None = None,
    mask: str | None = None,
    quality: str = "draft",
    theme: str = THEMES[0],
    aspect: str = "16:9",
    folder: str | PathLike[str] | None = None,
) -> InlineClip:
    """Film a trace.

    Parameters
    ----------
    scene
        A scene's name as on the command line, e.g. ``"causal-mask"``, or one's own
        ``"path/to/file.py:ClassName"``.
    trace
        What a model computed.
    layer, head
        Where to look, counted from 0, or ``"auto:…"`` for the head; None: the trace's focus.
    mask
        ``"none"``, ``"causal"`` or ``"window:N"`` in place of the layer's own; None: the scene's.
    quality, theme, aspect
        As on the command line.
    folder
        Where the files go, as with ``-o``; what is there already is not rendered again. None: a
        temporary folder, which is removed when Python ends.

    Returns
    -------
    InlineClip
        The film, which a notebook plays, and the paths of its files.

    Raises
    ------
    UserError
        If there is no such scene, layer, head, mask or size, or the scene cannot show the trace.
    AttnvizError
        If the film cannot be made or written.
    """
    ref = catalogue.find(scene)
    output = Output(
        QUALITIES[require_known("quality", str(quality), QUALITIES)],
        require_known("theme", str(theme), THEMES),
        ASPECTS[require_known("aspect", str(aspect), ASPECTS)],
    )
    given: dict[str, object] = {"layer": layer, "head": head, "mask": mask}
    chosen = {name: _plain(value) for name, value in given.items() if value is not None}
    if _is_normal(trace.text):  # else the file's own text stands, which no Spec can repeat
        chosen["text"] = trace.text
    place = _session_folder() if folder is None else Path(folder).expanduser().resolve()
    file = place / _TRACES / f"{slug(trace.model) or 'model'}-{digest(trace)[:_DIGITS]}{SAVED}"
    subject = catalogue.spec_for(ref, {**chosen, "model": str(file)})
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"the folder {place} cannot be written ({error.strerror})") from error
    trace.save(file)
    # The trace in a temporary folder is part of the key: nobody could ask for the clip again.
    store = Store(None) if folder is None else None
    with render_progress(ref.name) as progress:
        made = film(Job(ref, subject, output), place, progress=progress, store=store)
    alt = f"{catalogue.summary(ref)} The words: {trace.text}"
    files = MappingProxyType({**made.files, "trace": file})
    return InlineClip(files, made.seconds, output.width, alt, made.cached)


def _plain(value: object) -> object:
    """Return a number that numpy found, an argmax for instance, as Python's own."""
    return value.item() if isinstance(value, np.integer) else value


def _is_normal(text: str) -> bool:
    """Tell whether a Spec takes a text and leaves it as it is."""
    try:
        return Spec(text=text).text == text
    except UserError:
        return False


@cache
def _session_folder() -> Path:
    """Make the temporary folder of this process: a film outlives the object that names it."""
    folder = Path(tempfile.mkdtemp(prefix="attnviz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder.resolve()
