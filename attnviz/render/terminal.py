"""What a person at a terminal sees while long work goes on; on stderr, and only there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from attnviz.film import Beat
from attnviz.render.films import Progress
from attnviz.render.jobs import Job
from attnviz.render.takes import Share

if TYPE_CHECKING:
    from attnviz.models.report import Report
    from attnviz.models.translator.report import Report as TranslatorReport
    from attnviz.render.films import Board


@contextmanager
def render_progress(name: str) -> Iterator[Progress]:
    """Show how far a render is: the beats and the seconds of film that are done.

    The length of a film is known only when it is done, so there is no bar to fill.

    Parameters
    ----------
    name
        What is rendered.

    Yields
    ------
    Progress
        To be told about the render.
    """
    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)
        done = {"seconds": 0.0, "beats": 0.0}

        def show(what: str, value: float) -> None:
            done[what] = value
            told = f"{name}  {done['seconds']:.0f} s of film, {done['beats']:.0f} beats done"
            bar.update(task, description=told)

        def on_second(seconds: int) -> None:
            show("seconds", seconds)

        def on_beat(_beat: Beat) -> None:
            show("beats", done["beats"] + 1)

        yield Progress(on_second, on_beat)


@contextmanager
def busy(name: str) -> Iterator[Callable[[str], None]]:
    """Show that work goes on, and on what.

    Parameters
    ----------
    name
        What the work is.

    Yields
    ------
    callable
        To be called with the name of each part when its turn comes.
    """
    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)
        yield lambda part: bar.update(task, description=f"{name}  {part}")


@contextmanager
def films_progress(count: int) -> Iterator[Board]:
    """Show how far many renders are, and about how long they will still take.

    Parameters
    ----------
    count
        How many films were asked for.

    Yields
    ------
    Board
        To be told about the renders.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %", markup=False),
        TimeRemainingColumn(compact=True),
        TextColumn("left", markup=False),
    )
    with Bar(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        speed_estimate_period=_STEADY,
    ) as bar:
        yield _FilmsBoard(bar, bar.add_task("films", total=None), count)


_STEADY = 120
"""Seconds over which the speed is averaged: beats differ in what they cost."""


class _FilmsBoard:
    """Seconds of film as one bar; its total becomes true as films are done."""

    def __init__(self, bar: Bar, task: TaskID, count: int) -> None:
        self._bar, self._task, self._count = bar, task, count
        self._wanted: dict[Job, float] = {}
        self._drawn: dict[Job, dict[Share, int]] = {}
        self._done: set[Job] = set()
        self._turn = Lock()  # workers are heard in a thread of its own

    def expect(self, job: Job, seconds: float) -> None:
        """Hear of a film to be drawn, and of about how long it is."""
        with self._turn:
            self._wanted[job] = seconds
            self._show()

    def drawn(self, job: Job, share: Share, seconds: int) -> None:
        """Hear how many seconds of a share are drawn."""
        with self._turn:
            self._drawn.setdefault(job, {})[share] = seconds
            self._show()

    def done(self, job: Job, seconds: float) -> None:
        """Hear that a film is there or has failed, and how long it is."""
        with self._turn:
            self._done.add(job)
            self._wanted[job] = seconds
            self._show()

    def _show(self) -> None:
        now = [job.scene.name for job in self._drawn if job not in self._done]
        ready = self._count - len(self._wanted) + len(self._done)
        films = f"{ready} of {self._count} films" if self._count > 1 else "1 film"
        seconds = sum(
            self._wanted[job] if job in self._done else self._so_far(job) for job in self._wanted
        )
        self._bar.update(
            self._task,
            description="  ".join([films, ", ".join(now)]),
            completed=seconds,
            total=sum(self._wanted.values()),
        )

    def _so_far(self, job: Job) -> float:
        """Return the seconds that are drawn; a film may be longer than it was thought to be."""
        return min(self._wanted[job], sum(self._drawn.get(job, {}).values()))


def train_with_bar(name: str, output: Path) -> Report | TranslatorReport:
    """Train a tiny model behind a progress bar.

    Parameters
    ----------
    name
        Which.
    output
        The checkpoint to write.

    Returns
    -------
    Report
        Its measured properties.
    """
    from attnviz.models.training import train

    console = Console(stderr=True)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)

        def on_progress(done: int, of: int, what: str) -> None:
            bar.update(task, completed=done, total=of, description=f"{name}: {what}")

        return train(name, output=output, on_progress=on_progress)
