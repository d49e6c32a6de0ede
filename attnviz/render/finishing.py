"""From footage to a clip: its files made, read again and put in their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from attnviz.errors import AttnvizError
from attnviz.render import manifest as manifests
from attnviz.render.assembling import assemble
from attnviz.render.beats import contiguous
from attnviz.render.captions import chapters, webvtt
from attnviz.render.formats import FORMATS, VIDEO
from attnviz.render.jobs import Job
from attnviz.render.keys import versions
from attnviz.render.takes import Footage, tags


def make_files(job: Job, key: str, footage: Sequence[Footage], files: Mapping[str, Path]) -> float:
    """Make the files of a film in a private folder.

    Parameters
    ----------
    job
        What it is a film of.
    key
        Its content key.
    footage
        Every share of it.
    files
        What each file is to the path to write, the manifest last.

    Returns
    -------
    float
        Length of the film in seconds.

    Raises
    ------
    AttnvizError
        If the shares do not fit together, or a file does not come out as it was meant to be.
    """
    first, frames, fps = footage[0], footage[0].frames, job.output.quality.fps
    _require_whole(footage)
    pieces = {number: piece for part in footage for number, piece in part.pieces.items()}
    made = {VIDEO: files["video"]} | {n: path for n, path in files.items() if n in FORMATS}
    assemble([pieces[number] for number in sorted(pieces)], made, job.output, tags(job, key))
    posters = [part.poster for part in footage if part.poster is not None]
    files["poster"].write_bytes(posters[0])
    beats = contiguous(first.film.beats, frames, fps)
    files["captions"].write_text(webvtt(beats), encoding="utf-8")
    files["chapters"].write_text(chapters(beats), encoding="utf-8")
    text = manifests.manifest(
        manifests.Subject(job.scene.identity, job.spec, job.output, key, versions()),
        first.trace,
        replace(first.film, beats=beats),
        {what: path for what, path in files.items() if what != "manifest"},
        frames,
    )
    manifests.write(text, files["manifest"])
    return frames / fps


def _require_whole(footage: Sequence[Footage]) -> None:
    """Stop where shares are of films that differ: a scene must play the same every time."""
    frames, shown = footage[0].frames, repr(footage[0].film)
    pieces = [piece for part in footage for piece in part.pieces.values()]
    drawn = sum(count for piece in pieces for _, count in piece[VIDEO])
    same = all(part.frames == frames and repr(part.film) == shown for part in footage)
    if not same or drawn != frames:
        told = ", ".join(f"{part.frames}" for part in footage)
        raise AttnvizError(
            "the scene did not play the same way twice, wanted equal films of its shares, came "
            f"{told} frames, {drawn} of them drawn; render with --workers 1"
        )
