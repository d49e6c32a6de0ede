"""From the command line's words to jobs and to those who draw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from attnviz.errors import UserError
from attnviz.render import catalogue
from attnviz.render.cores import cores
from attnviz.render.films import Crew
from attnviz.render.jobs import Job
from attnviz.render.output import ASPECTS, QUALITIES, Output


def given(subject: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in subject.items() if value is not None}


def crew(workers: int | None, cluster: str | None) -> Callable[[], AbstractContextManager[Crew]]:
    """Return what engages those who draw: no process is started before one is needed."""
    if workers is not None and cluster is not None:
        raise UserError("--workers and --cluster: give one of them; a cluster has its own workers")

    def engage() -> AbstractContextManager[Crew]:
        if cluster is not None:
            from attnviz.render.cluster import cluster as far

            return far(cluster)
        from attnviz.render.workers import workers as near

        return near(workers or cores())

    return engage


def jobs(
    scenes: Sequence[catalogue.SceneRef],
    everything: bool,
    quality: str,
    theme: str,
    aspect: str,
    folder: Path,
    **subject: Any,
) -> tuple[list[Job], Path]:
    """Return what is to be rendered and where; bad options end here, before any work."""
    refs = dict.fromkeys([*(catalogue.listed() if everything else ()), *scenes])
    if not refs:
        names = ", ".join(ref.name for ref in catalogue.listed())
        raise UserError(f"no scene named; give one or more of {names}, or --all")
    output = Output(QUALITIES[quality], theme, ASPECTS[aspect])
    wanted = given(subject)
    return [Job(ref, catalogue.spec_for(ref, wanted), output) for ref in refs], folder
