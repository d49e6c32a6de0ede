"""WebVTT: the captions and the chapters of a film as files that players read."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.film import Beat

_MILLISECONDS = 1000


def webvtt(beats: Sequence[Beat]) -> str:
    """Write the captions of a film.

    Parameters
    ----------
    beats
        In order; a beat without a caption has no cue.

    Returns
    -------
    str
        A WebVTT file; each cue is named after its beat and lasts as long.
    """
    return _file([_cue(beat, beat.caption) for beat in beats if beat.caption.strip()])


def chapters(beats: Sequence[Beat]) -> str:
    """Write the chapters of a film: one a beat, under the beat's name.

    Parameters
    ----------
    beats
        In order.

    Returns
    -------
    str
        A WebVTT file, for a track of the kind ``chapters``.
    """
    return _file([_cue(beat, beat.name.replace("-", " ").capitalize()) for beat in beats])


def _file(cues: Sequence[str]) -> str:
    return "\n\n".join(["WEBVTT", *cues]) + "\n"


def _cue(beat: Beat, text: str) -> str:
    times = f"{clock(beat.start)} --> {clock(beat.end)}"
    return f"{_escaped(beat.name)}\n{times}\n{_escaped(text)}"


def _escaped(text: str) -> str:
    """Return the text on one line, without the markup of WebVTT."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clock(seconds: float) -> str:
    """Return a time as WebVTT writes it, e.g. ``00:01:02.500``."""
    whole, milliseconds = divmod(round(seconds * _MILLISECONDS), _MILLISECONDS)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}.{milliseconds:03}"
