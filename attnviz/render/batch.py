"""Several jobs one after another: what each came to is told at once, and none stops the others."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import AttnvizError
from attnviz.render.captions import clock
from attnviz.render.films import Board, Crew, films
from attnviz.render.jobs import Clip, Job
from attnviz.render.sheet import sheet
from attnviz.render.workspace import FULL, FolderError

if TYPE_CHECKING:
    from attnviz.render.catalogue import SceneRef
    from attnviz.render.tour import Tour

_LONGEST_ERROR = 400
_THOUSAND = 1000
_SIZE_UNITS = ("B", "kB", "MB", "GB")


@dataclass(frozen=True, slots=True)
class Batch:
    """How a list of jobs is run and told about.

    Parameters
    ----------
    folder
        The output folder.
    as_json
        Tell in JSON, one object a line, and nothing else on stdout.
    debug
        Show the tracebacks of errors.
    crew
        Engages who draws films; None: this process.
    quiet
        Tell of failures alone.
    """

    folder: Path
    as_json: bool = False
    debug: bool = False
    crew: Callable[[], AbstractContextManager[Crew]] | None = None
    quiet: bool = False

    def films(
        self, jobs: Sequence[Job], *, force: bool = False, formats: Sequence[str] = ()
    ) -> int:
        """Render films; return the exit code, that of the first failure."""
        began, code, failed = time.monotonic(), 0, 0
        for job, result in films(
            jobs, self.folder, self.crew, force=force, board=self._board(jobs), formats=formats
        ):
            if isinstance(result, Exception):
                code, failed = code or self._failed(job, result), failed + 1
            elif not self.quiet:
                self._tell(result, time.monotonic() - began)
        if failed and len(jobs) > 1:
            print(f"render.py: {failed} of {len(jobs)} films failed", file=sys.stderr, flush=True)
        return code

    def sheets(self, jobs: Sequence[Job]) -> int:
        """Draw contact sheets; return the exit code, that of the first failure."""
        code = 0
        for job in jobs:
            try:
                self._sheet(job)
            except (FolderError, BrokenPipeError):
                raise  # it is the same for the next job (click ends quietly where a pipe is closed)
            except Exception as error:
                code = code or self._failed(job, error)
        return code

    def tour(self, jobs: Sequence[Job], *, force: bool = False) -> int:
        """Render one film of several scenes; return the exit code, 0 (errors are raised)."""
        from attnviz.render.tour import tour

        began = time.monotonic()
        board = self._board(jobs)
        made = tour(jobs, self.folder, crew=self.crew, force=force, board=board)
        if self.as_json:
            print(made.as_json(), flush=True)
        else:
            print("\n".join(_tour_lines(made, time.monotonic() - began)), flush=True)
        return 0

    def gallery(self, refs: Sequence[SceneRef], *, force: bool = False) -> int:
        """Draw the gallery's pictures; return the exit code, 0 (errors are raised)."""
        from attnviz.render.gallery import Picture, gallery
        from attnviz.render.terminal import busy

        def show(made: Picture) -> None:
            how = "already there" if made.cached else "drawn"
            line = f"{made.scene}: {made.seconds:.1f} s a round, {how}"
            places = _file_lines({"loop": made.path})
            print(made.as_json() if self.as_json else "\n".join([line, *places]), flush=True)

        with busy("gallery") as on_scene:
            gallery(refs, self.folder, force=force, on_scene=on_scene, on_picture=show)
        return 0

    @staticmethod
    def _board(jobs: Sequence[Job]) -> Callable[[], AbstractContextManager[Board]]:
        def board() -> AbstractContextManager[Board]:
            from attnviz.render.terminal import films_progress

            return films_progress(len(jobs))

        return board

    def _sheet(self, job: Job) -> None:
        from attnviz.render.terminal import render_progress

        began = time.monotonic()
        with render_progress(job.scene.name) as progress:
            clip = sheet(job, self.folder, progress)
        self._tell(clip, time.monotonic() - began)

    def _tell(self, clip: Clip, elapsed: float) -> None:
        print(clip.as_json() if self.as_json else "\n".join(_lines(clip, elapsed)), flush=True)

    def _failed(self, job: Job, error: Exception) -> int:
        if self.debug:
            traceback.print_exception(error)
        message = describe(error)
        said = (
            message if message.startswith(f"{job.scene.name} ") else f"{job.scene.name}: {message}"
        )
        print(f"render.py: {said}", file=sys.stderr, flush=True)
        if self.as_json:
            told = {"scene": job.scene.name, "spec": asdict(job.spec), "error": message}
            print(json.dumps(told), flush=True)
        return error.exit_code if isinstance(error, AttnvizError) else 1


def describe(error: Exception) -> str:
    """Return an error as one line."""
    if isinstance(error, AttnvizError):
        return str(error)
    if isinstance(error, OSError) and error.errno in FULL:
        return f"no space left for {error.filename or 'a file'}; free some on its disk"
    said = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_ERROR]
    return f"unexpected {said}; run again with --debug for the traceback"


def _lines(clip: Clip, elapsed: float) -> list[str]:
    output = clip.job.output
    how = _how(clip.cached, elapsed)
    size = "" if "sheet" in clip.files else f", {output.width}×{output.height}"
    head = f"{clip.job.scene.name}: {clip.seconds:.1f} s of film{size}, {how}"
    return [head, *_file_lines(clip.files)]


def _tour_lines(tour: Tour, elapsed: float) -> list[str]:
    output, how = tour.output, _how(tour.cached, elapsed)
    head = f"tour: {tour.seconds:.1f} s of film, {output.width}×{output.height}, {how}"
    chapters = [f"  {clock(start)}  {title}" for title, start in tour.chapters]
    return [head, *chapters, *_file_lines(tour.files)]


def _how(cached: bool, elapsed: float) -> str:
    return "already there" if cached else f"made in {elapsed:.1f} s"


def _file_lines(files: Mapping[str, Path]) -> list[str]:
    return [
        f"  {what:8} {readable_size(path.stat().st_size):>8}  {path}"
        for what, path in files.items()
    ]


def readable_size(count: int) -> str:
    """Return an amount of bytes with two or three digits, e.g. ``812 kB`` or ``1.3 MB``."""
    size = float(count)
    unit = 0
    while size >= _THOUSAND and unit + 1 < len(_SIZE_UNITS):
        size, unit = size / _THOUSAND, unit + 1
    digits = 1 if unit and size < 10 else 0
    return f"{size:.{digits}f} {_SIZE_UNITS[unit]}"
