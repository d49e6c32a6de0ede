"""The markup of a clip that was exported, to paste into a page; slow to load, quick to run."""

from __future__ import annotations

from pathlib import Path

from attnviz.embed import single
from attnviz.embed.versions import PAGE_FORMATS
from attnviz.render import catalogue
from attnviz.render.films import standing
from attnviz.render.jobs import SUFFIXES, Job
from attnviz.render.keys import model_kind
from attnviz.studio.commands import markup_words, shown
from attnviz.studio.exporting import NoClipError
from attnviz.studio.orders import MarkupOrder


def markup(order: MarkupOrder, folder: Path) -> str:
    """Return what ``render.py embed`` prints for a clip; nothing is rendered.

    Parameters
    ----------
    order
        The clip, and the kind of site.
    folder
        Where clips were written.

    Raises
    ------
    NoClipError
        If the clip was not written since its sources last changed.
    """
    formats = (*PAGE_FORMATS, *(("webp",) if order.site in single.PICTURE_SITES else ()))
    command = shown(markup_words(order, folder))
    if catalogue.written_spec(order.job.scene) is None:
        raise NoClipError(f"the names of this scene's files are known where it runs: {command}")
    if not _is_there(order.job, folder, formats):
        raise NoClipError(
            f"there is no clip of this yet: {command} makes it, as does an export in web quality"
            f" with {', '.join(formats)}"
        )
    return single.markup([order.job], folder, f"{folder.as_posix()}/", order.site, script=True)


def _is_there(job: Job, folder: Path, formats: tuple[str, ...]) -> bool:
    if model_kind(job.spec.model) != "factory":
        return standing(job, folder, formats) is not None
    # Whether a factory would still make the same model only running it could tell.
    stem = folder / job.scene.name / job.stem()
    return all(
        Path(f"{stem}{end}").is_file()
        for end in (SUFFIXES["manifest"], *(f".{f}" for f in formats))
    )
