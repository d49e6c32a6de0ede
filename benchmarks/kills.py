"""Kill renders at random moments, and count what is lost: `python -m benchmarks.kills --times 100`.

A user's own scene is edited and rendered again and again, and each render is killed (SIGKILL) at a
moment drawn evenly from the time that one takes; one that had ended by then is not counted, and
tells how long they take now. After every kill each file that was there before
must be there and whole, old or new; at the end one undisturbed render must leave a whole clip and
nothing else, and the store must hand the same clip out to another folder.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from attnviz.errors import AttnvizError
from attnviz.render.checking import decode
from attnviz.render.jobs import SUFFIXES

ROOT = Path(__file__).resolve().parent.parent
SCENE = ROOT / "tests" / "fixtures" / "own_scene.py"
CLASS = "TwoBeats"
_SEED = 0
_PATIENCE = 10
"""How many renders are begun for each that is to be killed, at the most."""


@dataclass
class Storm:
    """What became of a clip whose renders were killed.

    Parameters
    ----------
    kills
        How many renders were killed before they had ended.
    survived
        How many had ended before their moment came.
    lost, corrupt
        Files that were gone, or broken, after a kill or a render that ended.
    healed
        Whether the last, undisturbed render left a whole clip and nothing else, and the store has
        it too.
    """

    kills: int = 0
    survived: int = 0
    lost: int = 0
    corrupt: int = 0
    healed: bool = False


def storm(folder: Path, times: int) -> Storm:
    """Render and kill so many times, in a folder of its own."""
    moments, found = random.Random(_SEED), Storm()
    scene, media = folder / "scene.py", folder / "media"
    command = [sys.executable, "render.py", f"{scene}:{CLASS}", "--quality", "draft"]
    command += ["-o", str(media)]
    # A store of its own, which is killed too whenever a clip is being kept.
    own = os.environ | {"ATTNVIZ_CACHE": str(folder / "cache"), "ATTNVIZ_CACHE_SIZE": ""}
    _edit(scene, 0)
    began = time.monotonic()
    subprocess.run(command, cwd=ROOT, env=own, check=True, capture_output=True)
    whole = time.monotonic() - began
    for turn in range(1, _PATIENCE * times + 1):
        if found.kills == times:
            break
        before = set(_files(media))
        _edit(scene, turn)
        began = time.monotonic()
        running = subprocess.Popen(
            command, cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            running.wait(moments.uniform(0, whole))
            found.survived += 1
            whole = min(whole, time.monotonic() - began)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            found.kills += 1
        found.lost += len(before - set(_files(media)))
        found.corrupt += sum(not _is_sound(path) for path in _files(media))
    subprocess.run(command, cwd=ROOT, env=own, check=True, capture_output=True)
    left = [*sorted(path.name for path in media.iterdir()), *_left_in(folder / "cache")]
    are_whole = [_is_there(command, own, media)]
    shutil.rmtree(media)
    are_whole.append(_is_there(command, own, media))
    found.healed = left == ["two-beats"] and all(are_whole)
    return found


def _is_there(command: list[str], environment: dict[str, str], media: Path) -> bool:
    """Tell whether a clip needs no rendering and is whole."""
    again = [*command, "--json"]
    done = subprocess.run(again, cwd=ROOT, env=environment, check=True, capture_output=True)
    files = list(_files(media))
    is_whole = len(files) == len(SUFFIXES) and all(map(_is_sound, files))
    return is_whole and json.loads(done.stdout)["cached"]


def _left_in(cache: Path) -> list[str]:
    """List the private folders that the store still has."""
    return [path.name for path in cache.glob(".attnviz-*")]


def _edit(scene: Path, turn: int) -> None:
    """Make the scene another, so that the next render has work to do."""
    scene.write_text(f"{SCENE.read_text('utf-8')}\n# {turn}\n", encoding="utf-8")


def _files(media: Path) -> Iterator[Path]:
    """Yield what a user sees: not the hidden folders of renders under way."""
    return (path for path in media.glob("two-beats/*") if path.is_file())


def _is_sound(path: Path) -> bool:
    try:
        match path.suffix:
            case ".mp4":
                decode(path)
            case ".png":
                with Image.open(path) as image:
                    image.load()
            case ".json":
                json.loads(path.read_bytes())
            case _:
                return path.read_text("utf-8").startswith("WEBVTT")
    except (AttnvizError, OSError, ValueError):
        return False
    return True


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="how many renders to kill")
    with tempfile.TemporaryDirectory() as place:
        times = parser.parse_args().times
        made = storm(Path(place), times)
    print(f"{made.kills} renders killed, {made.survived} had ended before their moment")
    print(f"{made.lost} files lost, {made.corrupt} corrupt")
    print("the next run healed the rest" if made.healed else "the next run did not heal the rest")
    is_safe = made.healed and not made.lost and not made.corrupt
    sys.exit(0 if is_safe and made.kills == times else 1)
