"""What a person at a terminal sees while long work goes on; on stderr, and only there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from attnviz.film import Beat
from attnviz.render.jobs import Progress
from attnviz.render.tour import TourProgress

if TYPE_CHECKING:
    from attnviz.models.report import Report
    from attnviz.models.translator.report import Report as TranslatorReport


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
def tour_progress(scenes: int) -> Iterator[TourProgress]:
    """Show how far a tour is: a bar over its scenes and the joining at the end.

    Parameters
    ----------
    scenes
        How many scenes it has.

    Yields
    ------
    TourProgress
        To be told about the tour.
    """
    console = Console(stderr=True)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("tour", total=scenes + 1, completed=-1)
        now = {"name": "tour"}

        def on_scene(name: str) -> None:
            now["name"] = name
            bar.update(task, advance=1, description=name)

        def on_second(seconds: int) -> None:
            bar.update(task, description=f"{now['name']}  {seconds} s of film")

        yield TourProgress(on_scene, Progress(on_second))


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
