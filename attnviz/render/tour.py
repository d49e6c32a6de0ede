"""The tour: the films of several scenes in one, each behind its title card, with chapters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError, UserError
from attnviz.film import Beat
from attnviz.naming import digest
from attnviz.render import manifest as manifests
from attnviz.render.captions import webvtt
from attnviz.render.catalogue import default_spec, listed, summary
from attnviz.render.films import Board, Crew, films
from attnviz.render.imports import Reader
from attnviz.render.jobs import Clip, Job
from attnviz.render.keys import code_digests, content_key, plain_digest, versions
from attnviz.render.output import Output
from attnviz.render.tour_parts import TITLE, Part, cards, film_parts
from attnviz.render.workspace import publish, workspace

NAME = "tour"
FORMAT = "attnviz-tour"

SUFFIXES = {
    "video": ".mp4",
    "poster": ".png",
    "captions": ".vtt",
    "chapters": ".chapters.vtt",
    "manifest": ".manifest.json",
}
"""What each file is to the end of its name, in the order in which they reach their places."""


@dataclass(frozen=True, slots=True)
class Tour:
    """A rendered tour.

    Parameters
    ----------
    scenes
        Names of its scenes, in order.
    output
        Size, shape, frame rate and theme.
    files
        What each file is to its absolute path.
    chapters
        Title and start, in seconds, of each chapter.
    seconds
        Length of the film.
    cached
        True where the very same film was there.
    """

    scenes: tuple[str, ...]
    output: Output
    files: Mapping[str, Path]
    chapters: tuple[tuple[str, float], ...]
    seconds: float
    cached: bool

    def as_json(self) -> str:
        """Return the tour as one line of JSON."""
        return json.dumps(
            {
                "tour": list(self.scenes),
                "files": {what: str(path) for what, path in self.files.items()},
                "chapters": [{"title": title, "start": start} for title, start in self.chapters],
                "seconds": self.seconds,
                "cached": self.cached,
            }
        )


def tour(
    jobs: Sequence[Job],
    folder: Path,
    *,
    crew: Callable[[], AbstractContextManager[Crew]] | None = None,
    force: bool = False,
    board: Callable[[], AbstractContextManager[Board]] | None = None,
) -> Tour:
    """Render one film of several scenes, and its files, unless they are there already.

    Parameters
    ----------
    jobs
        The scenes in order, all of one output; what is rendered already is used as it is.
    folder
        The output folder; the tour's files stand in its folder ``tour``.
    crew
        Engages who draws; None: everything is drawn in this process.
    force
        Render everything even if it is there.
    board
        Gives whom to tell; None: nobody.

    Returns
    -------
    Tour
        The files at their places, checked.

    Raises
    ------
    AttnvizError
        If a scene cannot be filmed, by its name, or a file cannot be written.
    """
    folder, output = folder.resolve(), jobs[0].output
    stem, key = tour_stem(jobs), tour_key(jobs)
    files = {what: folder / NAME / (stem + end) for what, end in SUFFIXES.items()}
    found = manifests.read(files["manifest"], FORMAT)
    scenes = tuple(job.scene.name for job in jobs)
    if found and not force and _is_whole(found, key, files):
        chapters = tuple((chapter["title"], chapter["start"]) for chapter in found["chapters"])
        return Tour(scenes, output, files, chapters, found["seconds"], cached=True)
    clips = _clips(jobs, films(jobs, folder, crew, force=force, board=board))
    with workspace(folder) as private:
        finished = {what: private / (stem + end) for what, end in SUFFIXES.items()}
        parts = _make(clips, finished, private, key)
        publish({finished[what]: files[what] for what in SUFFIXES}, folder)
    fps = output.quality.fps
    chapters = tuple((part.title, part.start / fps) for part in parts)
    return Tour(scenes, output, files, chapters, parts[-1].end / fps, cached=False)


def tour_stem(jobs: Sequence[Job]) -> str:
    """Return the file name that all files of a tour share."""
    wanted = [(job.scene.name, asdict(job.spec)) for job in jobs]
    usual = [(ref.name, asdict(default_spec(ref))) for ref in listed()]
    own = [] if wanted == usual else [digest(wanted)]
    return "-".join([NAME, *own, *jobs[0].output.differences()])


def tour_key(jobs: Sequence[Job]) -> str:
    """Return the digest that names a tour's content, as ``content_key`` does a film's."""
    reader = Reader.of_user()
    content = {
        "films": [content_key(job.scene, job.spec, job.output, reader) for job in jobs],
        "titles": [summary(job.scene) for job in jobs],
        "code": code_digests(Path(__file__), reader),
    }
    return plain_digest(content)


def _is_whole(found: Mapping[str, Any], key: str, files: Mapping[str, Path]) -> bool:
    others = {what: path for what, path in files.items() if what != "manifest"}
    return manifests.vouches(found, key, others)


def _clips(jobs: Sequence[Job], results: Iterable[tuple[Job, Clip | Exception]]) -> list[Clip]:
    """Return the clips in the order of the jobs; stop at the first that there is not."""
    made: dict[Job, Clip] = {}
    for job, result in results:
        if isinstance(result, AttnvizError):
            kind = UserError if isinstance(result, UserError) else AttnvizError
            raise kind(f"{job.scene.name}: {result}") from result
        if isinstance(result, Exception):
            raise result
        made[job] = result
    return [made[job] for job in jobs]


def _make(clips: Sequence[Clip], files: Mapping[str, Path], private: Path, key: str) -> list[Part]:
    """Make the files of a tour in a private folder; return its chapters."""
    from attnviz.render.cards import card_frame
    from attnviz.render.joining import join
    from attnviz.render.poster import poster
    from attnviz.render.splicing import Chapter

    output = clips[0].job.output
    pictures = [card_frame(card, output, private / "manim") for card in cards(clips)]
    films, parts = film_parts(clips, pictures, private)
    chapters = [Chapter(part.title, part.start, part.end) for part in parts]
    tags = {"title": TITLE, "comment": json.dumps({"tour": [part.scene for part in parts[1:]]})}
    join(films, files["video"], output, chapters, tags)
    files["poster"].write_bytes(poster(pictures[0]))
    beats = [beat for part in parts for beat in part.beats]
    files["captions"].write_text(webvtt(beats), encoding="utf-8")
    marks = [_mark(part, number, output) for number, part in enumerate(parts)]
    files["chapters"].write_text(webvtt(marks), encoding="utf-8")
    others = {what: path for what, path in files.items() if what != "manifest"}
    files["manifest"].write_text(_manifest(parts, output, key, others), encoding="utf-8")
    return parts


def _mark(part: Part, number: int, output: Output) -> Beat:
    fps = output.quality.fps
    return Beat(f"chapter-{number}", part.title, part.start / fps, part.end / fps)


def _manifest(parts: Sequence[Part], output: Output, key: str, files: Mapping[str, Path]) -> str:
    """Write the manifest of a tour; the numbers stand in the manifests of the scenes' films."""
    fps = output.quality.fps
    content = {
        "format": FORMAT,
        "format_version": manifests.VERSION,
        "theme": output.theme,
        "output": {
            "quality": output.quality.name,
            "aspect": output.aspect.name,
            "width": output.width,
            "height": output.height,
            "fps": fps,
        },
        "frames": parts[-1].end,
        "seconds": parts[-1].end / fps,
        "chapters": [_chapter(part, fps) for part in parts],
        "files": {what: manifests.file_facts(path) for what, path in files.items()},
        "versions": versions(),
        "key": key,
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _chapter(part: Part, fps: int) -> dict[str, Any]:
    told = {
        "title": part.title,
        "scene": part.scene or None,
        "start": part.start / fps,
        "card_end": part.card_end / fps,
        "end": part.end / fps,
    }
    if part.manifest is not None:
        told["manifest"] = f"../{part.scene}/{part.manifest.name}"
        told["manifest_sha256"] = manifests.file_facts(part.manifest)["sha256"]
    return told
