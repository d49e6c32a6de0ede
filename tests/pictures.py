"""What a scene shows at the end of each beat, read off its mobjects without rendering a video."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from manim import Mobject, VMobject, tempconfig

from attnviz.film import Beat
from attnviz.spec import Spec
from attnviz.stage import AttentionScene
from attnviz.text import Formula, Line, Number, Run
from attnviz.theme import Theme
from attnviz.zones import Zone, Zones

ASPECTS = {"16:9": (16 / 9, 1.0), "1:1": (1.0, 1.0), "9:16": (1.0, 16 / 9)}
SHORTER_SIDE = 8.0


@dataclass(frozen=True)
class Box:
    """A rectangle of the frame."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box", slack: float = 0.005) -> bool:
        return (
            self.left < other.right - slack
            and other.left < self.right - slack
            and self.bottom < other.top - slack
            and other.bottom < self.top - slack
        )

    def inside(self, zone: Zone, slack: float = 0.005) -> bool:
        return (
            self.left >= zone.left - slack
            and self.right <= zone.right + slack
            and self.bottom >= zone.bottom - slack
            and self.top <= zone.top + slack
        )


@dataclass(frozen=True)
class Text:
    """A line of type or a formula as it stands on screen."""

    text: str
    runs: tuple[Run, ...]
    box: Box
    cap_height: float
    inks: frozenset[str]
    backdrop: str
    in_cell: bool
    is_formula: bool


@dataclass(frozen=True)
class Still:
    """The end of one beat."""

    beat: Beat
    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Showing:
    """A whole scene, beat by beat."""

    scene: AttentionScene
    stills: tuple[Still, ...]
    zones: Zones


def show(scene: type[AttentionScene], spec: Spec, theme: Theme, aspect: str = "16:9") -> Showing:
    """Play a scene without drawing frames and read what stands at the end of each beat."""
    stills: list[Still] = []
    wide, tall = ASPECTS[aspect]

    def setup(playing: AttentionScene) -> None:
        scene.setup(playing)
        playing.beat_watchers.append(lambda at, beat: stills.append(Still(beat, tuple(_texts(at)))))

    fields = {"spec": spec, "theme": theme, "setup": setup, "__module__": scene.__module__}
    staged = type(scene.__name__, (scene,), fields)
    with (
        tempfile.TemporaryDirectory() as folder,
        tempconfig(
            {
                "media_dir": folder,
                "frame_width": SHORTER_SIDE * wide,
                "frame_height": SHORTER_SIDE * tall,
                "pixel_width": round(90 * wide),
                "pixel_height": round(90 * tall),
                "format": "png",
                "disable_caching": True,
                "progress_bar": "none",
                "verbosity": "WARNING",
            }
        ),
    ):
        playing = staged()
        playing.render()
    return Showing(playing, tuple(stills), playing.zones)


def _texts(scene: AttentionScene) -> Iterator[Text]:
    members = [member for mobject in scene.mobjects for member in mobject.get_family()]
    background = scene.theme.palette.background
    for place, member in enumerate(members):
        if isinstance(member, Line | Formula):
            outlines = member.glyphs if isinstance(member, Line) else list(member)
            # A transform adds invisible outlines where one text has fewer than the other.
            glyphs = [outline for outline in outlines if outline.get_fill_opacity() > 0]
            cell = _cell_under(members[:place], member)
            yield Text(
                text=member.text if isinstance(member, Line) else member.expression,
                runs=member.runs if isinstance(member, Line) else (),
                box=_box(glyphs),
                cap_height=member.cap_height,
                inks=frozenset(glyph.get_fill_color().to_hex() for glyph in glyphs),
                backdrop=background if cell is None else cell.get_fill_color().to_hex(),
                in_cell=cell is not None and isinstance(member, Number),
                is_formula=isinstance(member, Formula),
            )


def _box(glyphs: list[VMobject]) -> Box:
    points = np.concatenate([glyph.points for glyph in glyphs])
    low, high = points.min(axis=0), points.max(axis=0)
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _cell_under(below: list[Mobject], line: Mobject) -> VMobject | None:
    """Return the topmost filled shape under the middle of a line of type."""
    middle = line.get_center()
    for shape in reversed(below):
        if (
            isinstance(shape, VMobject)
            and len(shape.points)
            and shape.get_fill_opacity() > 0.99
            and _around(shape, middle)
            and not _is_type(shape, below)
        ):
            return shape
    return None


def _around(shape: Mobject, point: np.ndarray) -> bool:
    low, high = shape.points.min(axis=0), shape.points.max(axis=0)
    return bool((low[:2] < point[:2]).all() and (point[:2] < high[:2]).all())


def _is_type(shape: Mobject, below: list[Mobject]) -> bool:
    return any(shape in line.submobjects for line in below if isinstance(line, Line | Formula))
