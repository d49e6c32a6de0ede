"""About how long a film will be, before it is drawn: for the time left, and for who draws what."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attnviz.render.catalogue import SceneRef
from attnviz.render.jobs import Job

_SECONDS_A_BEAT = 7
"""About what a beat of the nine scenes lasts."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """About how long a film will be.

    Parameters
    ----------
    seconds
        Its length.
    beats
        How many beats it has.
    """

    seconds: float
    beats: int


def estimate(job: Job, before: Mapping[str, Any] | None) -> Estimate:
    """Return about how long a film will be.

    Parameters
    ----------
    job
        What is to be drawn.
    before
        The manifest of an earlier film of the same name; None: there is none, and the beats that
        stand in the scene's source are counted.
    """
    if before:
        return Estimate(before["seconds"], max(1, len(before["beats"])))
    beats = max(1, _beats(job.scene))
    return Estimate(_SECONDS_A_BEAT * beats, beats)


def _beats(scene: SceneRef) -> int:
    """Count the beats that stand in a scene's class."""
    tree = ast.parse(scene.source.read_bytes())
    calls = (
        node.func
        for top in tree.body
        if isinstance(top, ast.ClassDef) and top.name == scene.class_name
        for node in ast.walk(top)
        if isinstance(node, ast.Call)
    )
    return sum(isinstance(call, ast.Attribute) and call.attr == "beat" for call in calls)


def shares(estimates: Sequence[Estimate], workers: int) -> list[int]:
    """Return into how many shares each film is cut, so that no worker waits for one long film.

    Parameters
    ----------
    estimates
        Of the films.
    workers
        How many draw at a time.

    Returns
    -------
    list of int
        1 for a film that is no more than a worker's part of the whole; never more than its beats.
    """
    part = sum(one.seconds for one in estimates) / workers
    return [min(one.beats, math.ceil(one.seconds / part)) for one in estimates]
