"""A take is a worker's share of a film; footage is what comes of it. Both can be sent anywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnvizError
from attnviz.film import Beat, Film
from attnviz.render import catalogue
from attnviz.render.jobs import Job
from attnviz.render.output import Output
from attnviz.render.workspace import naming
from attnviz.spec import Spec

if TYPE_CHECKING:
    from attnviz.render.reels import Piece


Told = Callable[[int], None]
"""Who hears how many seconds are drawn."""


@dataclass(frozen=True, slots=True)
class Share:
    """Which beats of a film are drawn: every ``of``-th, from ``number`` on.

    Parameters
    ----------
    number, of
        Of how many shares this is which, from 0.
    """

    number: int = 0
    of: int = 1

    def has(self, beat: int) -> bool:
        """Tell whether a beat, counted from 0, is drawn."""
        return beat % self.of == self.number


WHOLE = Share()


@dataclass(frozen=True, slots=True)
class Take:
    """What a worker is to draw.

    Parameters
    ----------
    scene
        As the command line names it: another machine has it elsewhere.
    spec, output
        Its subject, its size and its theme.
    key
        The film's content key.
    formats
        Names of formats besides the video.
    share
        Which of its beats.
    """

    scene: str
    spec: Spec
    output: Output
    key: str
    formats: tuple[str, ...] = ()
    share: Share = WHOLE

    def job(self) -> Job:
        """Return the film it is a share of, with the scene as this machine has it."""
        return Job(catalogue.find(self.scene), self.spec, self.output)


def tags(job: Job, key: str) -> dict[str, str]:
    """Return the tags of a film's files."""
    content = {"scene": job.scene.name, "spec": asdict(job.spec), "key": key}
    return {"title": job.scene.name, "comment": json.dumps(content, ensure_ascii=False)}


@dataclass(frozen=True, slots=True)
class Footage:
    """The beats that were drawn, and what the whole film shows.

    Parameters
    ----------
    pieces
        Number of the beat to its piece of every format.
    frames
        Length of the whole film.
    film
        What it shows, beats drawn by others included.
    trace
        What the manifest says of the forward pass.
    poster
        The last frame as a PNG, from who drew it.
    """

    pieces: Mapping[int, Mapping[str, Piece]]
    frames: int
    film: Film
    trace: Mapping[str, Any]
    poster: bytes | None

    def digest(self) -> str:
        """Return the SHA-256 of all that is encoded, in hexadecimal."""
        told = hashlib.sha256(self.poster or b"")
        for number, formats in sorted(self.pieces.items()):
            for name, piece in formats.items():
                for content, count in piece:
                    told.update(f"{number} {name} {count} {len(content)} ".encode())
                    told.update(content)
        return told.hexdigest()


def shoot(
    take: Take,
    scratch: Path,
    on_second: Told = lambda _second: None,
    on_beat: Callable[[Beat], None] = lambda _beat: None,
) -> Footage:
    """Run a scene and draw a share of its beats.

    Parameters
    ----------
    take
        The scene and the share.
    scratch
        A private place for what manim writes on the way.
    on_second
        Called with the seconds drawn so far.
    on_beat
        Called at the end of every beat of the share.

    Raises
    ------
    AttnvizError
        If the scene plays nothing.
    """
    from attnviz.render.encoding import FilmWriter
    from attnviz.render.manifest import trace_facts
    from attnviz.render.poster import poster
    from attnviz.render.running import FilmRenderer, run

    job = take.job()
    writer = FilmWriter(job.output, tags(job, take.key), take.formats, take.share, on_second)
    with naming(scratch), writer:
        scene = run(
            catalogue.load_class(job.scene),
            job.spec,
            job.output,
            lambda: FilmRenderer(writer),
            scratch,
            lambda _scene, beat: on_beat(beat) if writer.is_drawing else None,
        )
        if not writer.frames:
            raise AttnvizError(f"{job.scene.name} plays nothing: there is no film to write")
    last = writer.last_frame
    return Footage(
        writer.pieces,
        writer.frames,
        scene.film,
        {**trace_facts(scene.trace), "looks_most": scene.looks_most()},
        None if last is None else poster(last),
    )
