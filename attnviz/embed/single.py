"""The markup of single clips, to paste; and a clip as one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attnviz.embed.markup import Clip, figure, picture
from attnviz.embed.placing import place
from attnviz.embed.sites import Site
from attnviz.embed.talk import talk
from attnviz.embed.versions import version
from attnviz.embed.words import alt_text
from attnviz.render import catalogue
from attnviz.render.jobs import Job
from attnviz.render.workspace import publish, workspace
from attnviz.theme import THEMES

PICTURE_SITES = frozenset({"github"})
"""Where a page shows no video: it gets a moving picture that links to it."""

# These take a file of their own for a figure, which is for a whole post to write; the plain figure
# may be pasted there too.
_BY_FILE = frozenset({"jekyll", "hugo"})


def clip(jobs: Sequence[Job], folder: Path, public: str) -> Clip:
    """Read a rendered clip in its themes, with the words computed for it.

    Parameters
    ----------
    jobs
        One a theme, the dark one first.
    folder
        The folder they were rendered into.
    public
        What the page puts before a path in it.
    """
    versions = [version(job, folder, public) for job in jobs]
    alt = alt_text(catalogue.summary(jobs[0].scene), versions[0].manifest)
    return Clip(versions, alt, alt)


def markup(jobs: Sequence[Job], folder: Path, public: str, site: str, *, script: bool) -> str:
    """Return a clip's markup as a kind of site takes it.

    Parameters
    ----------
    jobs, folder, public
        As for :func:`clip`.
    site
        The kind of site.
    script
        Whether to bring the page's script.
    """
    shown = clip(jobs, folder, public)
    if site in PICTURE_SITES:
        return picture(shown)
    written = figure(shown, script=script)
    if site in _BY_FILE:
        return written
    return place(Site(site, folder, folder, folder, public), jobs[0].stem(), written).markup


def page(jobs: Sequence[Job], folder: Path) -> Path:
    """Write a clip as one page that steps through its beats; return its path."""
    shown = clip(jobs, folder, "")
    palettes = [THEMES[version.theme].palette for version in shown.versions]
    grounds = [(palette.background, palette.ink) for palette in palettes]
    text = talk(shown.versions, grounds, catalogue.summary(jobs[0].scene), shown.alt, folder)
    path = (folder / jobs[0].scene.name / f"{jobs[0].stem()}.html").resolve()
    with workspace(folder) as private:
        made = private / path.name
        made.write_text(text, encoding="utf-8")
        publish({made: path}, folder)
    return path
