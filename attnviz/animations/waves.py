"""Motion of whole grids, each cell at its own time, as one animation instead of one a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from manim import (
    Animation,
    AnimationGroup,
    FadeIn,
    FadeOut,
    Mobject,
    Scene,
    Transform,
    VGroup,
    VMobject,
    linear,
    rate_functions,
)

from attnviz.mobjects.cells import VectorCells
from attnviz.mobjects.face import GridFace, Patch
from attnviz.mobjects.grid import AttentionGrid
from attnviz.text import Number

_CHANGE = 0.3
"""The share of a wave's time that one cell's change takes."""

_OVER_CELL = 0.85
"""The share of its way after which a number stands over its cell."""

_SEED = 0.3
"""How large a cell is, of its size, when it comes out of its link."""

Pair = tuple[int, int]
Marks = Mapping[Pair, VMobject]


class Arrivals(Animation):
    """Something that happens at its own time at each place.

    Parameters
    ----------
    mobject
        What changes; it is never copied.
    arrival
        When each place's change begins, 0 to 1, in any shape; the last one's ends with the
        animation.
    """

    def __init__(self, mobject: Any, arrival: np.ndarray, **options: Any) -> None:
        super().__init__(mobject, rate_func=linear, **options)
        self._arrival = arrival

    def create_starting_mobject(self) -> Any:
        """Return the mobject itself: what is needed of it is kept in :meth:`begin`."""
        return self.mobject

    def progress(self, alpha: float) -> np.ndarray:
        """Return how far each place's change is, 0 to 1, eased at both ends."""
        begun = (alpha - self._arrival * (1 - _CHANGE)) / _CHANGE
        return _eased(np.clip(begun, 0.0, 1.0))


def _eased(shares: np.ndarray) -> np.ndarray:
    """Ease many shares of a way in and out, as ``rate_functions.ease_in_out_cubic`` eases one."""
    return np.where(shares < 0.5, 4 * shares**3, 1 - 4 * (1 - shares) ** 3)


class Wave(Arrivals):
    """Change one face into another of the same cells: colours blend in place, digits cross.

    Parameters
    ----------
    before, after
        The faces; the second stands in the scene at the end, the first does not.
    arrival
        ``[query, key]``, when each pair's change begins.
    coming, going
        Marks that appear, and that vanish, with their pair.
    """

    def __init__(
        self,
        before: GridFace,
        after: GridFace,
        arrival: np.ndarray,
        *,
        coming: Marks | None = None,
        going: Marks | None = None,
        **options: Any,
    ) -> None:
        super().__init__(before, arrival, **options)
        self._before = before
        self._after = after
        self._patches = list(zip(before.patches, after.patches, strict=True))
        self._coming, self._going = dict(coming or {}), dict(going or {})

    def begin(self) -> None:
        """Keep what the marks and digits look like in full light."""
        self._inks = {
            id(glyph): glyph.fill_rgbas[:, 3].copy()
            for before, after in self._patches
            for number in (*before.numbers_of_patch(), *after.numbers_of_patch())
            for glyph in number.glyphs
        }
        self._strokes = {
            pair: mark.stroke_rgbas[:, 3].copy()
            for pair, mark in (*self._coming.items(), *self._going.items())
        }
        super().begin()

    def _setup_scene(self, scene: Scene) -> None:
        super()._setup_scene(scene)
        for _, after in self._patches:
            scene.add(after.digits)
        scene.add(*self._coming.values())

    def interpolate_mobject(self, alpha: float) -> None:
        """Paint every cell part of the way."""
        progress = self.progress(alpha)
        for before, after in self._patches:
            here = progress[np.ix_(before.queries, before.keys)]
            blend = here[:, :, np.newaxis]
            before.cells.paint((1 - blend) * before.painted + blend * after.painted)
            self._cross(before, after, here)
        for pair, mark in self._coming.items():
            mark.stroke_rgbas[:, 3] = self._strokes[pair] * progress[pair]
        for pair, mark in self._going.items():
            mark.stroke_rgbas[:, 3] = self._strokes[pair] * (1 - progress[pair])

    def _cross(self, before: Patch, after: Patch, progress: np.ndarray) -> None:
        """Let the old digits go in the first half of a change, the new ones come in the second."""
        # Only a patch with digits has as many of them as it has cells.
        pairs = zip(before.numbers_of_patch(), after.numbers_of_patch(), strict=True)
        for (old, new), share in zip(pairs, progress.flat, strict=False):
            # What stays the same does not blink.
            lights = (1.0, 0.0) if _alike(old, new) else (1 - 2 * share, 2 * share - 1)
            for number, light in zip((old, new), lights, strict=True):
                for glyph in number.glyphs:
                    glyph.fill_rgbas[:, 3] = self._inks[id(glyph)] * np.clip(light, 0.0, 1.0)

    def clean_up_from_scene(self, scene: Scene) -> None:
        """Put the second face in the place of the first."""
        super().clean_up_from_scene(scene)
        for _, after in self._patches:
            for number in after.numbers_of_patch():
                for glyph in number.glyphs:
                    glyph.fill_rgbas[:, 3] = self._inks[id(glyph)]
        scene.remove(self._before, *self._going.values())
        scene.remove(*(after.digits for _, after in self._patches))
        scene.add(self._after, *self._coming.values())


def _alike(one: Number, other: Number) -> bool:
    """Tell whether two numbers look the same."""
    inks = (number.glyphs[0].get_fill_color() for number in (one, other))
    return one.text == other.text and len(set(inks)) == 1


def mask_wave(before: GridFace, after: GridFace, hatches: Marks, masked: np.ndarray) -> Wave:
    """Turn scores into masked scores; the masked pairs follow one another as one diagonal wave."""
    queries, keys = np.indices(before.shape)
    diagonal = np.where(masked, keys - queries, 0)
    return Wave(before, after, _even(diagonal), coming=hatches)


def normalise(before: GridFace, after: GridFace, hatches: Marks | None = None) -> Wave:
    """Turn scores into weights, row by row; the marks of masked pairs go as their zeros come."""
    rows, _ = np.indices(before.shape)
    return Wave(before, after, _even(rows), going=hatches)


def _even(order: np.ndarray) -> np.ndarray:
    """Return an order as times from 0 to 1."""
    order = order - order.min()
    return np.asarray(order / max(1, order.max()))


class Fold(Arrivals):
    """Fold every link into its cell, row by row: the cell comes out of the link's middle.

    Parameters
    ----------
    links
        The links of every query, one a key; they are gone at the end.
    face
        The face whose cells they become; it does not stand in the scene yet.
    """

    def __init__(self, links: Sequence[VGroup], face: GridFace, **options: Any) -> None:
        # The links are part of what moves: the camera would keep a still picture of them.
        moving = VGroup(*links, *face.rows())
        super().__init__(moving, _even(np.arange(len(links))), **options)
        self.introducer = True
        self._links = links
        self._rows = face.rows()

    def begin(self) -> None:
        """Keep where the cells end and how bright the links are."""
        self._cells = [[cell.points.copy() for cell in row] for row in self._rows]
        self._light = [[link.stroke_rgbas[:, 3].copy() for link in fan] for fan in self._links]
        self._middles = [[link.get_center() for link in fan] for fan in self._links]
        super().begin()

    def interpolate_mobject(self, alpha: float) -> None:
        """Grow every cell, and dim every link, part of the way."""
        for query, share in enumerate(self.progress(alpha)):
            for key, cell in enumerate(self._rows[query]):
                end = self._cells[query][key]
                centre = (end.min(axis=0) + end.max(axis=0)) / 2
                place = (1 - share) * self._middles[query][key] + share * centre
                cell.set_points((end - centre) * (_SEED + (1 - _SEED) * share) + place)
                cell.set_fill(opacity=float(share))
                link = self._links[query][key]
                link.stroke_rgbas[:, 3] = self._light[query][key] * (1 - share)

    def clean_up_from_scene(self, scene: Scene) -> None:
        """Take the links away."""
        super().clean_up_from_scene(scene)
        scene.remove(*self._links)


class Emerge(Arrivals):
    """Let the cells and digits of a face come, each pair at its own time.

    Parameters
    ----------
    face
        Stands in the scene at the end; its cells are mobjects.
    arrival
        ``[query, key]``, when each pair comes; below 0: it is there already.
    """

    def __init__(self, face: GridFace, arrival: np.ndarray, **options: Any) -> None:
        super().__init__(face, arrival, introducer=True, **options)
        self._patches = face.patches

    def begin(self) -> None:
        """Keep how bright every number is in full light."""
        self._inks = [
            [[glyph.fill_rgbas[:, 3].copy() for glyph in number.glyphs] for number in numbers]
            for numbers in (patch.numbers_of_patch() for patch in self._patches)
        ]
        super().begin()

    def interpolate_mobject(self, alpha: float) -> None:
        """Give every pair its light."""
        progress = np.where(self._arrival < 0, 1.0, self.progress(alpha))
        for patch, inks in zip(self._patches, self._inks, strict=True):
            lights = progress[np.ix_(patch.queries, patch.keys)].ravel()
            # Only faces whose cells are mobjects emerge; those of an image have none.
            assert isinstance(patch.cells, VectorCells)
            for cell, light in zip(patch.cells, lights, strict=True):
                cell.fill_rgbas[:, 3] = light
            for number, ink, light in zip(patch.numbers_of_patch(), inks, lights, strict=False):
                for glyph, full in zip(number.glyphs, ink, strict=True):
                    glyph.fill_rgbas[:, 3] = full * light


def leave(grid: AttentionGrid, *kept: Mobject) -> Animation:
    """Take away everything of a grid but some parts of it."""
    staying = {id(member) for part in kept for member in part.get_family()}
    face = grid.face
    parts = [*face.cells, *face.digits, *grid.query_labels, *grid.key_labels]
    lens = [face.lens] if face.lens is not None else []
    leaving = [part for part in parts if id(part) not in staying]
    return FadeOut(grid.titles, *grid.magnifier, *lens, *leaving)


class Land(Transform):
    """Move a number to its cell, above all else; it takes the ink of the cell only there.

    It keeps its own outlines on the way, for those of another weight would not match.

    Parameters
    ----------
    number, digit
        The number on its way, and the digit in the cell, which stands there at the end.
    """

    def __init__(self, number: Number, digit: Number) -> None:
        likeness = number.set_z_index(1).copy().match_height(digit).move_to(digit)
        likeness.set_fill(digit.glyphs[0].get_fill_color())
        super().__init__(number, likeness, rate_func=rate_functions.ease_in_out_cubic)
        self._number, self._digit = number, digit

    def interpolate_mobject(self, alpha: float) -> None:
        """Bring the number part of its way; the ink of the cell would not be seen before it."""
        super().interpolate_mobject(alpha)
        late = max(0.0, (self.rate_func(alpha) - _OVER_CELL) / (1 - _OVER_CELL))
        for glyph, before, after in self.get_all_families_zipped():
            glyph.interpolate_color(before, after, late)

    def clean_up_from_scene(self, scene: Scene) -> None:
        """Put the cell's own digit in the place of the number."""
        super().clean_up_from_scene(scene)
        scene.remove(self._number)
        scene.add(self._digit)


def land(number: Number, face: GridFace, query: int, key: int) -> Animation:
    """Bring a number to its cell, which appears; where cells have no digits, to its lens."""
    homes = [digit for digit in face.numbers() if digit.address == number.address]
    cells = [
        FadeIn(patch.cells[patch.queries.index(query) * patch.shape[1] + patch.keys.index(key)])
        for patch in face.patches
        if query in patch.queries and key in patch.keys
    ]
    if homes:
        return AnimationGroup(*cells, Land(number, homes[0]))
    ease = rate_functions.ease_in_out_cubic
    place = face.cell(query, key).get_center()
    return AnimationGroup(*cells, FadeOut(number, target_position=place, rate_func=ease))


def fill_from(face: GridFace, query: int, key: int) -> Emerge:
    """Let a grid fill: one pair stands already, its row follows, then all other rows."""
    order = 1.0 + np.indices(face.shape)[0].astype(float)
    # The first row takes a third of the time, cell by cell.
    keys = np.abs(np.arange(face.shape[1]) - key) / face.shape[1]
    order[query] = face.shape[0] / 2 * (keys - 1)
    arrival = _even(order)
    arrival[query, key] = -1.0
    return Emerge(face, arrival)
