"""A scene is run by manim, under settings that nobody else's files can change."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from configparser import ConfigParser
from functools import cache
from pathlib import Path
from typing import Any

import manim
import numpy as np
from manim import CairoRenderer, config, tempconfig
from manim._config.utils import ManimConfig

from attnviz.errors import AttnvizError
from attnviz.film import Beat
from attnviz.render.camera import FrugalRenderer
from attnviz.render.encoding import BeatWriter, SilentWriter
from attnviz.render.legibility import require_legible
from attnviz.render.output import Output
from attnviz.spec import Spec
from attnviz.stage import AttentionScene
from attnviz.theme import THEMES

_OWN_SETTINGS = Path(manim.__file__).parent / "_config" / "default.cfg"

Watcher = Callable[[AttentionScene, Beat], None]


def run(
    scene_class: type[AttentionScene],
    spec: Spec,
    output: Output,
    renderer: Callable[[], CairoRenderer],
    folder: Path,
    watcher: Watcher = lambda _scene, _beat: None,
) -> AttentionScene:
    """Run a scene from its first beat to its last.

    Parameters
    ----------
    scene_class
        The scene.
    spec, output
        Its subject, its size and its theme.
    renderer
        Makes the renderer, once manim's settings stand.
    folder
        A private place for what manim writes on the way.
    watcher
        Called at the end of every beat.

    Returns
    -------
    AttentionScene
        The scene, with its film.
    """
    subject = _subject(scene_class, spec, output, watcher)
    # A scene that prints, and manim's log, stay out of the results on stdout.
    with contextlib.redirect_stdout(sys.stderr), _settings(output, folder):
        scene = subject(renderer=renderer())
        scene.render()
    return scene


def draw(output: Output, make: Callable[[], Sequence[manim.Mobject]], folder: Path) -> np.ndarray:
    """Draw a still that belongs to no scene: height × width × RGBA.

    Parameters
    ----------
    output
        Its size and its theme.
    make
        Makes the mobjects, once manim's settings stand.
    folder
        A private place for what manim writes on the way.
    """
    with contextlib.redirect_stdout(sys.stderr), _settings(output, folder):
        camera = manim.Camera(background_color=THEMES[output.theme].palette.background)
        camera.capture_mobjects(list(make()))
        return np.array(camera.pixel_array)


def _subject(
    scene_class: type[AttentionScene], spec: Spec, output: Output, watcher: Watcher
) -> type[AttentionScene]:
    """Return the scene with a subject, a theme and a watcher of its own."""

    def setup(self: AttentionScene) -> None:
        scene_class.setup(self)
        require_legible(self.spec, self.trace)
        self.beat_watchers.append(watcher)

    given = {
        "spec": spec,
        "theme": THEMES[output.theme],
        "setup": setup,
        "__module__": scene_class.__module__,
        "__doc__": scene_class.__doc__,
    }
    return type(scene_class.__name__, (scene_class,), given)


class FilmRenderer(FrugalRenderer):
    """Draws what its writer wants; what happens besides is played unseen.

    A frame comes out the same whoever draws it: what is played unseen takes the same time, to the
    last bit, and leaves everything where drawing it would.

    Parameters
    ----------
    writer
        Takes the frames, and says which are its own.
    """

    def __init__(self, writer: BeatWriter) -> None:
        super().__init__(file_writer_class=writer.as_class())
        self._writer = writer

    def play(self, scene: Any, *args: Any, **kwargs: Any) -> None:
        """Play animations, seen or unseen."""
        super().play(scene, *args, **kwargs)
        if self.skip_animations:
            for _ in range(self._takes):
                self._take(None, self._length // self._takes)

    def save_static_frame_data(self, scene: Any, static_mobjects: Any) -> None:
        """Note what stands still, and how long it will: manim has just found out.

        Nothing has been played of the animations, so they can still be skipped.
        """
        stands, step = scene.is_current_animation_frozen_frame(), 1 / self.camera.frame_rate
        length = int(scene.duration / step) if stands else len(np.arange(0, scene.duration, step))
        self._length, self._takes = length, 1 if stands else length
        wanted = self._writer.wants(length, stands=stands)
        self.skip_animations = not wanted and not _needs_every_step(scene)
        super().save_static_frame_data(scene, static_mobjects)

    def update_frame(self, *args: Any, **options: Any) -> None:
        """Draw, where the frame is wanted."""
        if self._writer.is_drawing:
            super().update_frame(*args, **options)

    def get_frame(self) -> Any:
        """Return the frame; None where it is not drawn."""
        return super().get_frame() if self._writer.is_drawing else None

    def add_frame(self, frame: Any, num_frames: int = 1) -> None:
        """Take a frame, or note that its time passes."""
        if not self.skip_animations:
            self._take(frame, num_frames)

    def _take(self, frame: Any, count: int) -> None:
        self.time += count * (1 / self.camera.frame_rate)
        if self._writer.is_drawing:
            changed = self.camera.take_changed()
            self._writer.write_frame(frame, repeat=count, changed=changed)
        else:
            self._writer.pass_over(count)


def _needs_every_step(scene: Any) -> bool:
    """Tell whether the end of a play depends on the frames before it.

    It does where something counts time, or it is only known while waiting how long it lasts.
    """
    played = [one.mobject for one in scene.animations if one.mobject]
    shown = [*scene.mobjects, *played]
    return bool(
        scene.always_update_mobjects
        or scene.updaters
        or any(getattr(one, "stop_condition", None) for one in scene.animations)
        or any(part.updaters for mobject in shown for part in mobject.get_family())
    )


class StillRenderer(CairoRenderer):
    """Plays nothing and draws nothing, until it is asked for a frame."""

    def __init__(self) -> None:
        super().__init__(file_writer_class=SilentWriter().as_class(), skip_animations=True)

    def update_frame(self, *_args: Any, **_options: Any) -> None:
        """Draw nothing: a skipped animation's last frame is not looked at."""

    def still(self, scene: AttentionScene) -> np.ndarray:
        """Draw the scene as it stands: height × width × RGBA."""
        self.static_image = None
        super().update_frame(scene)
        return np.array(self.get_frame())


@contextlib.contextmanager
def _settings(output: Output, folder: Path) -> Iterator[None]:
    """Give manim its own defaults and what a film needs; a manim.cfg of the user's has no say."""
    wanted = {
        "pixel_width": output.width,
        "pixel_height": output.height,
        "frame_rate": output.quality.fps,
        "frame_width": output.frame_width,
        "frame_height": output.frame_height,
        "media_dir": str(folder),
        "format": "none",
        "disable_caching": True,
        "verbosity": "WARNING",
        "progress_bar": "none",
        "notify_outdated_version": False,
        "seed": 0,
    }
    with tempconfig({}):  # puts everything back at the end
        config.update(_manim_defaults())
        with checked_config(wanted):
            yield


@contextlib.contextmanager
def checked_config(wanted: Mapping[str, Any]) -> Iterator[None]:
    """Set manim's options for a while; unlike ``tempconfig``, refuse the names that it lacks."""
    unknown = [name for name in wanted if name not in config]
    if unknown:
        raise AttnvizError(f"manim has no option {', '.join(unknown)}")
    with tempconfig(dict(wanted)):
        yield


@cache
def _manim_defaults() -> ManimConfig:
    parser = ConfigParser()
    parser.read(_OWN_SETTINGS, encoding="utf-8")
    return ManimConfig().digest_parser(parser)
