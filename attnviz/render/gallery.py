"""The README's gallery: one small looping picture a scene, and whether it is still true."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.render.catalogue import SceneRef, default_spec, listed
from attnviz.render.imports import Reader
from attnviz.render.jobs import Job
from attnviz.render.keys import code_digests, content_key, plain_digest
from attnviz.render.manifest import file_facts
from attnviz.render.output import Output
from attnviz.render.workspace import publish, workspace

if TYPE_CHECKING:
    from attnviz.render.loops import Loop

SUFFIX = ".webp"
INDEX = "gallery.json"

# A picture is compared square by square, of the size of a digit. What is left of earlier frames and
# what another machine's cairo draws otherwise stays below; a changed word or digit does not.
_SQUARE = 8
_MOST_APART = 25.0


@dataclass(frozen=True, slots=True)
class Picture:
    """What became of one scene's picture.

    Parameters
    ----------
    scene
        The scene's name.
    path
        The picture.
    seconds, size
        How long one round takes, and bytes.
    cached
        True where it was there already.
    """

    scene: str
    path: Path
    seconds: float
    size: int
    cached: bool

    def as_json(self) -> str:
        """Return the picture as one line of JSON."""
        return json.dumps(
            {
                "scene": self.scene,
                "files": {"loop": str(self.path)},
                "seconds": self.seconds,
                "cached": self.cached,
            }
        )


def gallery(
    refs: Sequence[SceneRef],
    folder: Path,
    *,
    force: bool = False,
    on_scene: Callable[[str], None] = lambda _name: None,
    on_picture: Callable[[Picture], None] = lambda _picture: None,
) -> list[Picture]:
    """Draw the pictures of some scenes, unless they are there already.

    Parameters
    ----------
    refs
        The scenes.
    folder
        Where the pictures go, and beside them an index of when each beat ends.
    force
        Draw even what is there.
    on_scene
        Called with the name of each scene when its turn comes.
    on_picture
        Called with each picture at its place.

    Raises
    ------
    AttnvizError
        If a scene cannot be drawn or a picture cannot be made small enough.
    """
    from attnviz.render.loops import make_loop

    pictures, reader = [], Reader.of_user()
    for ref in refs:
        on_scene(ref.name)
        place, key = folder / (ref.name + SUFFIX), _key(ref, reader)
        entries = read_index(folder)
        told = entries.get(ref.name, {})
        cached = not force and told.get("key") == key and _is_whole(told, place)
        if not cached:
            with workspace(folder) as private:
                loop = make_loop(_job(ref), private / "manim")
                finished, index = private / place.name, private / INDEX
                finished.write_bytes(loop.webp)
                told = _entry(loop, key, finished)
                index.write_text(_index({**entries, ref.name: told}), encoding="utf-8")
                publish({finished: place, index: folder / INDEX}, folder)
        pictures.append(
            Picture(ref.name, place.resolve(), told["seconds"], told["file"]["bytes"], cached)
        )
        on_picture(pictures[-1])
    return pictures


def read_index(folder: Path) -> dict[str, Any]:
    """Return what is known of each picture, by its scene; empty where there is no index."""
    try:
        content = json.loads((folder / INDEX).read_bytes())
    except (OSError, ValueError):
        return {}
    return dict(content) if isinstance(content, dict) else {}


def staleness(ref: SceneRef, folder: Path, private: Path) -> str:
    """Tell what a scene's picture shows otherwise than the scene does now; empty: nothing.

    Parameters
    ----------
    ref
        The scene.
    folder
        Where the picture is.
    private
        A place for what manim writes on the way.
    """
    from attnviz.render.loops import compressed, difference, frame_at, stills

    place, told = folder / (ref.name + SUFFIX), read_index(folder).get(ref.name)
    if told is None or not _is_whole(told, place):
        return f"{place.name} is missing, or is not the one that {INDEX} tells of"
    now = stills(_job(ref), private)
    ends = {beat["name"]: beat["end"] for beat in told["beats"]}
    if list(now) != list(ends):
        return f"{ref.name} now loops {', '.join(now)}, the picture shows {', '.join(ends)}"
    for name, still in now.items():
        there, here = frame_at(place, ends[name]), compressed(still, told["quality"])
        apart = difference(there, here, _SQUARE)
        if apart > _MOST_APART:
            return (
                f"beat {name} of {ref.name} looks otherwise now: a square of {_SQUARE} pixels "
                f"differs by {apart:.0f} of 255 on average"
            )
    return ""


def _job(ref: SceneRef) -> Job:
    return Job(ref, default_spec(ref), Output())


def _key(ref: SceneRef, reader: Reader) -> str:
    job = _job(ref)
    film = content_key(ref, job.spec, job.output, reader)
    return plain_digest({"film": film, "code": code_digests(Path(__file__), reader)})


def _entry(loop: Loop, key: str, path: Path) -> dict[str, Any]:
    return {
        "beats": [{"name": name, "end": end} for name, end in loop.ends],
        "seconds": loop.ends[-1][1],
        "fps": loop.fps,
        "quality": loop.quality,
        "file": file_facts(path),
        "key": key,
    }


def _index(entries: Mapping[str, Any]) -> str:
    """Write the index, the listed scenes first and in their order."""
    order = [ref.name for ref in listed() if ref.name in entries]
    order += sorted(set(entries) - set(order))
    return json.dumps({name: entries[name] for name in order}, indent=1) + "\n"


def _is_whole(told: Mapping[str, Any], path: Path) -> bool:
    try:
        return bool(told["file"] == file_facts(path))
    except (KeyError, OSError):
        return False
