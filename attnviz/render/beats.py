"""The beats of a film as cuts of it: without gaps, on whole frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from attnviz.film import Beat


def contiguous(beats: Sequence[Beat], frames: int, fps: int) -> list[Beat]:
    """Return the beats so that each ends where the next begins.

    What a scene plays between two beats belongs to the earlier one, as it does in manim's
    sections; what it plays before the first belongs to the first.

    Parameters
    ----------
    beats
        As the scene told them, in order; seconds are sums of many floats.
    frames
        Length of the film.
    fps
        Frames a second.

    Returns
    -------
    list of Beat
        Together exactly as long as the film.
    """
    if not beats:
        return []
    starts = [0, *(round(beat.start * fps) for beat in beats[1:]), frames]
    return [
        replace(beat, start=start / fps, end=end / fps)
        for beat, (start, end) in zip(beats, pairwise(starts), strict=True)
    ]
