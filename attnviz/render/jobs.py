"""A job is a scene, a Spec and an output; a clip is the set of files that it becomes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnvizError, UserError
from attnviz.film import Beat
from attnviz.render import manifest as manifests
from attnviz.render import names
from attnviz.render.beats import contiguous
from attnviz.render.captions import webvtt
from attnviz.render.catalogue import SceneRef, default_spec, load_class
from attnviz.render.formats import FORMATS, ends, ordered
from attnviz.render.keys import content_key, versions
from attnviz.render.output import Output
from attnviz.render.store import Store
from attnviz.render.workspace import publish, workspace
from attnviz.spec import Spec

if TYPE_CHECKING:
    from attnviz.render.encoding import FilmWriter
    from attnviz.stage import AttentionScene

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {"video": ".mp4", "poster": ".png", "captions": ".vtt", "manifest": ".manifest.json"}
)
"""What each file is to the end of its name, in the order in which they reach their places.

The manifest comes last: it holds the digests of the others, so that whatever is killed on the
way, a manifest that agrees with its files is a whole clip, and any other is rendered again.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """What to render.

    Parameters
    ----------
    scene
        The scene.
    spec
        Its subject.
    output
        Size, shape, frame rate and theme.
    """

    scene: SceneRef
    spec: Spec
    output: Output

    def stem(self) -> str:
        """Return the file name that all its files share."""
        return names.stem(self.scene.name, self.spec, default_spec(self.scene), self.output)


@dataclass(frozen=True, slots=True)
class Clip:
    """A rendered film.

    Parameters
    ----------
    job
        What it is a film of.
    files
        What each file is (``"video"``, ``"poster"``, ``"captions"``, ``"manifest"``) to its
        absolute path.
    seconds
        Length of the film.
    cached
        True where nothing had to be rendered.
    """

    job: Job
    files: Mapping[str, Path]
    seconds: float
    cached: bool

    def as_json(self) -> str:
        """Return the clip as one line of JSON."""
        return json.dumps(
            {
                "scene": self.job.scene.name,
                "spec": asdict(self.job.spec),
                "files": {what: str(path) for what, path in self.files.items()},
                "seconds": self.seconds,
                "cached": self.cached,
            }
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """Whom to tell how far a render is.

    Parameters
    ----------
    on_second
        Called with the seconds of film drawn so far.
    on_beat
        Called at the end of every beat.
    """

    on_second: Callable[[int], None] = lambda _seconds: None
    on_beat: Callable[[Beat], None] = lambda _beat: None


def film(
    job: Job,
    folder: Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
    formats: Sequence[str] = (),
    store: Store | None = None,
) -> Clip:
    """Render a film and its files, unless they are there already.

    Parameters
    ----------
    job
        What to render.
    folder
        The output folder; the files stand in a folder of the scene's name below it.
    force
        Render even if the very same film is there.
    progress
        Whom to tell.
    formats
        Names of further formats, of :data:`attnviz.render.formats.FORMATS`; they are made of the
        same frames. Those that are there already are kept up.
    store
        Where finished clips are looked for and kept; None: the user's.

    Returns
    -------
    Clip
        The files at their places, checked.

    Raises
    ------
    AttnvizError
        If the film cannot be made or written; the output folder is then as it was.
    """
    store = store or Store.of_user()
    folder = folder.resolve()
    stem = job.stem()
    place = folder / job.scene.name
    key = content_key(job.scene, job.spec, job.output)
    found = manifests.read(place / (stem + SUFFIXES["manifest"]))
    _refuse_another_scene(job.scene, found, place / (stem + SUFFIXES["manifest"]))
    names = ordered([*formats, *_further(found, place)])
    files = {what: place / (stem + end) for what, end in _ends(names).items()}
    if found and not force and _is_whole(found, key, files):
        return Clip(job, files, found["seconds"], cached=True)
    if not force and (kept := store.deliver(key, files, folder)):
        return Clip(job, files, kept["seconds"], cached=True)
    with workspace(folder) as private:
        finished = {what: private / path.name for what, path in files.items()}
        seconds = _make(job, key, finished, private, progress or Progress())
        publish({finished[what]: files[what] for what in files}, folder)
    store.keep(key, files)
    return Clip(job, files, seconds, cached=False)


def _further(found: Mapping[str, Any] | None, place: Path) -> list[str]:
    """Return the formats that were asked for before, and whose files nobody took away."""
    told = found["files"] if found else {}
    return [name for name in FORMATS if name in told and (place / told[name]["name"]).is_file()]


def _ends(names: Sequence[str]) -> dict[str, str]:
    """Return what each file is to the end of its name, the manifest last."""
    own = dict(SUFFIXES)
    manifest = own.pop("manifest")
    return {**own, **ends(names), "manifest": manifest}


def _is_whole(found: Mapping[str, Any], key: str, files: Mapping[str, Path]) -> bool:
    others = {what: path for what, path in files.items() if what != "manifest"}
    return manifests.vouches(found, key, others)


def _refuse_another_scene(scene: SceneRef, found: Mapping[str, Any] | None, manifest: Path) -> None:
    """Stop before a user's scene overwrites the film of another file's class of the same name."""
    there = found["scene"] if found else _identity(scene)
    if there != _identity(scene):
        raise UserError(
            f"{manifest} belongs to {there['source']}:{there['class']}, not to "
            f"{scene.source.name}:{scene.class_name}; give another folder with -o"
        )


def _identity(scene: SceneRef) -> dict[str, str]:
    return {"name": scene.name, "class": scene.class_name, "source": scene.source.name}


def _make(
    job: Job, key: str, files: Mapping[str, Path], private: Path, progress: Progress
) -> float:
    """Make the files of a film in a private folder; return the film's length."""
    from attnviz.render.poster import poster

    scene, writer = _draw(job, key, files, private / "manim", progress)
    assert writer.last_frame is not None
    files["poster"].write_bytes(poster(writer.last_frame))
    beats = contiguous(scene.film.beats, writer.frames, job.output.quality.fps)
    files["captions"].write_text(webvtt(beats), encoding="utf-8")
    text = manifests.manifest(
        manifests.Subject(_identity(job.scene), job.spec, job.output, key, versions()),
        manifests.trace_facts(scene.trace),
        replace(scene.film, beats=beats),
        {what: path for what, path in files.items() if what != "manifest"},
        writer.frames,
    )
    manifests.write(text, files["manifest"])
    return writer.seconds


def _draw(
    job: Job, key: str, files: Mapping[str, Path], scratch: Path, progress: Progress
) -> tuple[AttentionScene, FilmWriter]:
    """Run the scene, encode its frames to all its files and check those by decoding them."""
    from attnviz.render.camera import FrugalRenderer
    from attnviz.render.checking import FilmFacts, decode, require
    from attnviz.render.encoding import FilmWriter
    from attnviz.render.reels import reels, require_pictures
    from attnviz.render.running import run
    from attnviz.render.streams import AV1, H264, PIXEL_FORMAT

    output, video = job.output, files["video"]
    tags = {"title": job.scene.name, "comment": _comment(job, key)}
    further = {name: path for name, path in files.items() if name in FORMATS}
    others = reels(further, output, tags)
    with FilmWriter(video, output, tags, progress.on_second, others) as writer:
        scene = run(
            load_class(job.scene),
            job.spec,
            job.output,
            lambda: FrugalRenderer(file_writer_class=writer.as_class()),
            scratch,
            lambda _scene, beat: progress.on_beat(beat),
        )
        if not writer.frames:
            raise AttnvizError(f"{job.scene.name} plays nothing: there is no film to write")
    wanted = FilmFacts(
        H264.decoded,
        PIXEL_FORMAT,
        output.width,
        output.height,
        output.quality.fps,
        writer.frames,
        True,
    )
    require(decode(video), wanted)
    if "webm" in further:  # an index in front is a thing of MP4
        twin = replace(wanted, codec=AV1.decoded, index_first=False)
        require(decode(further["webm"]), twin)
    require_pictures(further)
    return scene, writer


def _comment(job: Job, key: str) -> str:
    content = {"scene": job.scene.name, "spec": asdict(job.spec), "key": key}
    return json.dumps(content, ensure_ascii=False)
