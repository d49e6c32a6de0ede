"""What a scene shows at the end of each beat, read off its mobjects without rendering a video."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from manim import Mobject, VMobject

from attnviz.film import Beat
from attnviz.render.output import ASPECTS, QUALITIES, Output
from attnviz.render.running import StillRenderer, run
from attnviz.spec import Spec
from attnviz.stage import AttentionScene
from attnviz.text import Formula, Line, Number, Run
from attnviz.zones import Zone, Zones


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


def show(scene: type[AttentionScene], spec: Spec, theme: str, aspect: str = "16:9") -> Showing:
    """Play a scene without drawing frames and read what stands at the end of each beat."""
    stills: list[Still] = []

    def read(playing: AttentionScene, beat: Beat) -> None:
        stills.append(Still(beat, tuple(_texts(playing))))

    output = Output(QUALITIES["draft"], theme, ASPECTS[aspect])
    with tempfile.TemporaryDirectory() as folder:
        playing = run(scene, spec, output, StillRenderer, Path(folder), read)
    return Showing(playing, tuple(stills), playing.zones)


def _texts(scene: AttentionScene) -> Iterator[Text]:
    members = [member for mobject in scene.mobjects for member in mobject.get_family()]
    cells = _Cells(members)
    background = scene.theme.palette.background
    for place, member in enumerate(members):
        if isinstance(member, Line | Formula):
            outlines = member.glyphs if isinstance(member, Line) else list(member)
            # A transform adds invisible outlines where one text has fewer than the other.
            glyphs = [outline for outline in outlines if outline.get_fill_opacity() > 0]
            cell = cells.under(place, member)
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


class _Cells:
    """The filled shapes on screen that are no type, in drawing order."""

    def __init__(self, members: list[Mobject]) -> None:
        type_members = {
            id(glyph)
            for line in members
            if isinstance(line, Line | Formula)
            for glyph in line.submobjects
        }
        self._found = [
            (place, shape)
            for place, shape in enumerate(members)
            if isinstance(shape, VMobject)
            and len(shape.points)
            and id(shape) not in type_members
            and shape.get_fill_opacity() > 0.99
        ]
        self._places = np.array([place for place, _ in self._found])
        corners = [(s.points.min(axis=0)[:2], s.points.max(axis=0)[:2]) for _, s in self._found]
        self._corners = np.array(corners).reshape(-1, 2, 2)

    def under(self, place: int, line: Mobject) -> VMobject | None:
        """Return the topmost shape below a line of type, under its middle."""
        middle = line.get_center()[:2]
        around = (self._corners[:, 0] < middle).all(1) & (middle < self._corners[:, 1]).all(1)
        below = np.flatnonzero(around & (self._places < place))
        return self._found[below[-1]][1] if below.size else None
