"""A job is a scene, a Spec and an output; a clip is the set of files that it becomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from attnviz.render import names
from attnviz.render.catalogue import SceneRef, default_spec
from attnviz.render.output import Output
from attnviz.spec import Spec

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "video": ".mp4",
        "poster": ".png",
        "captions": ".vtt",
        "chapters": ".chapters.vtt",
        "manifest": ".manifest.json",
    }
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
        What each file is (``"video"``, ``"poster"``, ``"captions"``, ``"chapters"``,
        ``"manifest"``) to its absolute path.
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
