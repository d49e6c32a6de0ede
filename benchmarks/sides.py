"""The two sides of a comparison, both cold: the stock manim command and this project's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from attnviz.render.catalogue import SceneRef, find, listed
from attnviz.render.output import Output
from benchmarks.cost import ROOT, Cost, cost

# The stock command's own names of the same sizes and frame rates.
_STOCK_QUALITIES = {"draft": "l", "web": "m", "hd": "h", "4k": "k"}

# The stock command has no way to choose a theme: a scene's own is set instead.
_THEMED = """import sys

sys.path.append({folder!r})

from attnviz.theme import THEMES
from {module} import {name} as Filmed


class {name}(Filmed):
    theme = THEMES["{theme}"]
"""


@dataclass(frozen=True, slots=True)
class Films:
    """What one side made.

    Parameters
    ----------
    cost
        What it took in all.
    files
        Scene to film.
    """

    cost: Cost
    files: Mapping[str, Path]


def scenes_named(names: Sequence[str]) -> list[SceneRef]:
    """Return scenes by name or by ``path/to/file.py:ClassName``; all of the gallery for none."""
    return [find(name) for name in dict.fromkeys(names)] or list(listed())


def stock(scene: SceneRef, output: Output, folder: Path) -> Films:
    """Film a scene with ``manim render``, its settings untouched, in an empty folder."""
    folder.mkdir(parents=True)
    source = scene.source
    if output.theme != Output().theme:
        source = folder / "themed.py"
        code = _THEMED.format(
            folder=str(scene.source.parent),
            module=scene.source.stem,
            name=scene.class_name,
            theme=output.theme,
        )
        source.write_text(code, encoding="utf-8")
    media = folder / "media"
    command = [sys.executable, "-m", "manim", "render"]
    command += [f"-q{_STOCK_QUALITIES[output.quality.name]}", "--media_dir", str(media)]
    taken = cost([*command, str(source), scene.class_name], folder, _surroundings(folder))
    found = list(media.glob(f"videos/*/*/{scene.class_name}.mp4"))
    if len(found) != 1:
        raise RuntimeError(f"manim render: wanted one film of {scene.name}, got {found}")
    return Films(taken, {scene.name: found[0]})


def ours(
    scenes: Sequence[SceneRef], output: Output, folder: Path, options: Sequence[str] = ()
) -> Films:
    """Film scenes with one call of ``render.py``, in an empty folder and with an empty store."""
    folder.mkdir(parents=True)
    names = (ref.name if ref.is_listed else f"{ref.source}:{ref.class_name}" for ref in scenes)
    command = [sys.executable, str(ROOT / "render.py"), *names]
    command += ["--quality", output.quality.name, "--theme", output.theme]
    command += ["-o", str(folder / "media"), "--force", "--json", *options]
    taken = cost(command, folder, _surroundings(folder))
    told = [json.loads(line) for line in (folder / "stdout").read_text("utf-8").splitlines()]
    return Films(taken, {clip["scene"]: Path(clip["files"]["video"]) for clip in told})


def _surroundings(folder: Path) -> dict[str, str]:
    """Return the environment of a cold start: no one's settings and nothing kept from before."""
    home = folder / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "ATTNVIZ_CACHE": str(home / "attnviz"),
        "PYTHONPATH": str(ROOT),
    }
