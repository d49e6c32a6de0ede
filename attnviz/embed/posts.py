"""A post and its clips: what it asks for, what is to stand in it, and whether that is so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from attnviz.embed.documents import Document, read_document
from attnviz.embed.index import Holding
from attnviz.embed.markup import figure, picture
from attnviz.embed.placing import place
from attnviz.embed.requests import Comment, Request, directives, find_requests
from attnviz.embed.single import PICTURE_SITES, clip
from attnviz.embed.sites import Site
from attnviz.embed.versions import PAGE_FORMATS
from attnviz.embed.wanted import Defaults, Wanted, wanted
from attnviz.errors import UserError
from attnviz.render.films import standing
from attnviz.render.jobs import Job

_MDX_SITES = frozenset({"mdx", "docusaurus"})


@dataclass(frozen=True, slots=True)
class Section:
    """A request and what it wants.

    Parameters
    ----------
    part
        In which of the document's texts it stands.
    request
        The request.
    clips
        What each of its directives wants.
    """

    part: int
    request: Request
    clips: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """What a post comes to once its clips are there.

    Parameters
    ----------
    content
        Of the post's file.
    files
        Further files of the site, by path.
    """

    content: bytes
    files: Mapping[Path, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Post:
    """A post that was read.

    Parameters
    ----------
    document
        Its file.
    site
        What it belongs to.
    sections
        Its requests, in order.
    """

    document: Document
    site: Site
    sections: tuple[Section, ...]

    @property
    def formats(self) -> tuple[str, ...]:
        """What its clips are wanted as, besides mp4."""
        return (*PAGE_FORMATS, "webp") if self.site.name in PICTURE_SITES else PAGE_FORMATS

    @property
    def clips(self) -> list[Wanted]:
        """Every clip, in order; one that is asked for twice stands twice."""
        return [clip for section in self.sections for clip in section.clips]

    @property
    def figures(self) -> dict[Wanted, str]:
        """The name of each figure: those that differ in words or colours alone are numbered."""
        names: dict[Wanted, str] = {}
        counts: Counter[str] = Counter()
        for asked in dict.fromkeys(self.clips):
            counts[asked.name] += 1
            number = counts[asked.name]
            # No clip's own name has a low line.
            names[asked] = asked.name if number == 1 else f"{asked.name}_{number}"
        return names

    @property
    def jobs(self) -> list[Job]:
        """What is to be rendered, each once."""
        return list(dict.fromkeys(job for clip in self.clips for job in clip.jobs))

    @property
    def asked(self) -> Holding:
        """What it asks for, as :mod:`attnviz.embed.index` calls it."""
        films = tuple(f"{job.scene.name}/{job.stem()}" for job in self.jobs)
        return Holding(films, tuple(self.figures.values()))

    def missing(self) -> list[Job]:
        """Return what is not there as it would be rendered today; nothing is written."""
        return [job for job in self.jobs if not standing(job, self.site.assets, self.formats)]

    def finished(self) -> Finished:
        """Return the post with the markup of its clips, all of which are there.

        Raises
        ------
        AttnvizError
            If a clip is not there.
        """
        parts, files, first = list(self.document.parts), dict[Path, bytes](), True
        texts: dict[int, list[str]] = {}
        ends: dict[int, int] = {}
        names = self.figures
        for section in self.sections:
            number, request = section.part, section.request
            written = texts.setdefault(number, [])
            written.append(parts[number][ends.get(number, 0) : request.start])
            written.append(self._section(section, names, files, script=first))
            ends[number], first = request.end, False
        for number, written in texts.items():
            parts[number] = "".join(written) + parts[number][ends[number] :]
        return Finished(self.document.with_parts(parts), files)

    def _section(
        self,
        section: Section,
        names: Mapping[Wanted, str],
        files: dict[Path, bytes],
        *,
        script: bool,
    ) -> str:
        """Return a request's directives, each with its markup, in the post's own line ends."""
        style = Comment.MDX if self.site.name in _MDX_SITES else Comment.HTML
        lines: list[str] = []
        for (directive, _), asked in zip(
            directives(section.request, style), section.clips, strict=True
        ):
            placed = place(self.site, names[asked], self._figure(asked, script=script))
            # A figure that is shown twice is one file: the first one's, which may have the script.
            for path, content in placed.files.items():
                files.setdefault(path, content)
            script = False
            lines += ["", *_lines(directive), "", *_lines(placed.markup), ""]
            lines.append(style.closing)
        indent, end = section.request.indent, _line_end(self.document.parts[section.part])
        first, *rest = lines[1:]
        return end.join([first, *((indent + line).rstrip() for line in rest)])

    def _figure(self, wanted: Wanted, *, script: bool) -> str:
        shown = clip(wanted.jobs, self.site.assets, self.site.public)
        shown = replace(shown, alt=wanted.alt or shown.alt, caption=wanted.caption or shown.caption)
        return picture(shown) if self.site.name in PICTURE_SITES else figure(shown, script=script)


def read_post(site: Site, defaults: Defaults) -> Post:
    """Read a post and what it asks for.

    Parameters
    ----------
    site
        What the post belongs to.
    defaults
        What holds where a request does not say otherwise.

    Raises
    ------
    UserError
        If it cannot be read, or a request cannot be met; the message has the line.
    """
    document = read_document(site.post)
    return Post(document, site, tuple(_sections(document, defaults)))


def _sections(document: Document, defaults: Defaults) -> Iterator[Section]:
    for number, text in enumerate(document.parts):
        try:
            requests = find_requests(text)
        except UserError as error:
            raise UserError(f"{document.path}: {_in_cell(document, number)}{error}") from error
        for request in requests:
            yield Section(number, request, tuple(_wanted(document, number, request, defaults)))


def _wanted(
    document: Document, part: int, request: Request, defaults: Defaults
) -> Iterator[Wanted]:
    for asked in request.clips:
        try:
            yield wanted(asked, defaults)
        except UserError as error:
            raise UserError(
                f"{document.path}: {_in_cell(document, part)}line {request.line}: {error}"
            ) from error


def _in_cell(document: Document, part: int) -> str:
    return f"cell {document.cells[part]}, " if document.cells else ""


def _lines(text: str) -> list[str]:
    """Return the lines of a text; a caption may hold what else Python takes for their end."""
    return re.split(r"\r\n|[\r\n]", text)


def _line_end(text: str) -> str:
    """Return how the lines of a text end: as the first one does."""
    head = text.partition("\n")
    return "\r\n" if head[1] and head[0].endswith("\r") else "\n"
