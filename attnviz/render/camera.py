"""A camera that draws again only what has changed, and draws it as manim's own camera does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from manim import CairoRenderer, Camera, Mobject, Scene, VMobject
from manim.mobject.types.image_mobject import AbstractImageMobject

from attnviz.render.boxes import Box
from attnviz.render.drawings import Drawing, Foreign, Outline, digest_of
from attnviz.render.images import Picture

CELL: Final = 32
"""Pixels of a side of the squares that are noted as changed or not."""


class FrugalCamera(Camera):
    """Keeps what it has drawn, and draws only where that is no longer true.

    What has changed, where it was and where it is, marks squares of a coarse grid. There the
    background is laid anew on a canvas, all that reaches into a marked square is drawn on it, in
    order and whole, and the marked squares are copied to the frame. So each pixel is painted by
    the same strokes as in a whole drawing and comes out the same; a clip would not do, for Cairo
    cuts shapes at a clip's edges and rounds the cuts.
    """

    def __init__(self, **options: Any) -> None:
        self._view: tuple[Any, ...] = ()
        self._shown: list[Drawing] = []
        self._known: dict[int, Drawing] = {}
        self._changed: np.ndarray | None = None
        super().__init__(**options)
        self._canvas = self.pixel_array.copy()

    def drawings(self, mobjects: Iterable[Mobject]) -> list[Drawing]:
        """Return how mobjects look now, in the order in which they are drawn.

        What looks as it did when it was drawn last has the same drawing as then.
        """
        found = []
        for mobject in sorted(_members(mobjects), key=lambda member: member.z_index):
            before = self._known.get(id(mobject))
            if isinstance(before, Outline) and before.mobject.background_image:
                before = None  # from now on an image shows through it
            drawing = before.renewed() if before else self._drawing(mobject)
            self._known[id(mobject)] = drawing
            found.append(drawing)
        return found

    def _drawing(self, mobject: Mobject) -> Drawing:
        canvas = self._canvas
        if isinstance(mobject, VMobject) and not mobject.get_background_image():
            return Outline(self, self.get_cairo_context(canvas), mobject)
        if isinstance(mobject, AbstractImageMobject):
            return Picture(self, canvas, mobject)
        return Foreign(self, canvas, mobject)

    def show(self, drawings: Sequence[Drawing]) -> None:
        """Make the frame hold these drawings, one over the other, and nothing else."""
        dirty = self._dirty(drawings)
        if dirty.any():
            boxes = list(self._boxes(dirty))
            assert self.background is not None
            for box in boxes:
                self._canvas[box.pixels] = self.background[box.pixels]
            for drawing in _reaching(drawings, dirty):
                drawing.paint()
            for box in boxes:
                self.pixel_array[box.pixels] = self._canvas[box.pixels]
        self._changed = dirty if self._changed is None else self._changed | dirty
        self._shown = list(drawings)
        self._known = {id(drawing.mobject): drawing for drawing in drawings}

    def digest(self, drawings: Sequence[Drawing]) -> bytes | None:
        """Return a digest of the frame that would hold these drawings; None where it is unknown."""
        parts = [drawing.digest for drawing in drawings]
        known = [part for part in parts if part is not None]
        ground = str(self.background_color).encode()
        return digest_of(ground, *known) if len(known) == len(parts) else None

    def take_changed(self) -> list[Box]:
        """Return where the frame has changed since this was asked last, in boxes of pixels."""
        changed = self._changed
        self._changed = None
        return [] if changed is None else list(self._boxes(changed))

    def capture_mobjects(self, mobjects: Iterable[Mobject], **options: Any) -> None:
        """Draw over the frame as manim does: what it held is no longer known."""
        super().capture_mobjects(mobjects, **options)
        self._view = ()

    def _dirty(self, drawings: Sequence[Drawing]) -> np.ndarray:
        """Return the grid of squares ``[row, column]``, True where the frame must change."""
        rows, columns = -(-self.pixel_height // CELL), -(-self.pixel_width // CELL)
        dirty = np.zeros((rows, columns), bool)
        if self._is_moved():
            dirty[:] = True
            return dirty
        for drawing in _differences(self._shown, drawings):
            if drawing.box:
                dirty[drawing.box.cells(CELL)] = True
        return dirty

    def _is_moved(self) -> bool:
        """Note the background and what the camera looks at; say whether they are new."""
        size = self.pixel_width, self.pixel_height
        view = (*size, self.frame_width, self.frame_height, *self.frame_center)
        if self._view and self._view[0] is self.background and self._view[1:] == view:
            return False
        self._view = (self.background, *view)
        return True

    def _boxes(self, cells: np.ndarray) -> Iterator[Box]:
        """Yield boxes of pixels that cover the marked squares, each once: rows of equal runs."""
        open_boxes: dict[tuple[int, int], int] = {}
        for row, runs in enumerate([*_runs(cells), []]):
            for run in [run for run in open_boxes if run not in runs]:
                yield self._box(run, open_boxes.pop(run), row)
            for run in runs:
                open_boxes.setdefault(run, row)

    def _box(self, columns: tuple[int, int], top: int, bottom: int) -> Box:
        left, right = columns
        width, height = self.pixel_width, self.pixel_height
        return Box(left * CELL, top * CELL, min(right * CELL, width), min(bottom * CELL, height))


def _reaching(drawings: Sequence[Drawing], dirty: np.ndarray) -> list[Drawing]:
    """Return the drawings that reach into a marked square, by sums over all before and above."""
    seen = [drawing for drawing in drawings if drawing.box]
    sums = np.pad(dirty.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    left, top, right, bottom = np.array([drawing.box for drawing in seen], int).reshape(-1, 4).T
    left, top, right, bottom = left // CELL, top // CELL, -(-right // CELL), -(-bottom // CELL)
    marked = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return [drawing for drawing, count in zip(seen, marked.tolist(), strict=True) if count]


def _runs(cells: np.ndarray) -> list[list[tuple[int, int]]]:
    """Return where the runs of True in each row begin and end."""
    padded = np.pad(cells, ((0, 0), (1, 1)))
    edges = np.argwhere(padded[:, 1:] != padded[:, :-1]).tolist()
    runs: list[list[tuple[int, int]]] = [[] for _ in cells]
    for (row, begin), (_row, end) in zip(edges[::2], edges[1::2], strict=True):
        runs[row].append((begin, end))
    return runs


def _differences(before: Sequence[Drawing], now: Sequence[Drawing]) -> Iterator[Drawing]:
    """Yield the drawings that went or came, and those whose order may have changed."""
    ids_before, ids_now = {id(drawing) for drawing in before}, {id(drawing) for drawing in now}
    kept_before = [drawing for drawing in before if id(drawing) in ids_now]
    kept_now = [drawing for drawing in now if id(drawing) in ids_before]
    yield from (drawing for drawing in before if id(drawing) not in ids_now)
    yield from (drawing for drawing in now if id(drawing) not in ids_before)
    while kept_now and kept_before[-1] is kept_now[-1]:
        del kept_before[-1], kept_now[-1]
    in_order = True
    for drawing, other in zip(kept_now, kept_before, strict=True):
        in_order = in_order and drawing is other
        if not in_order:
            yield drawing


def _members(mobjects: Iterable[Mobject]) -> list[Mobject]:
    """Return mobjects and what they are made of, each at its last place, if it has points."""
    found: list[Mobject] = []
    seen: set[int] = set()

    def visit(mobject: Mobject) -> None:
        if id(mobject) not in seen:
            seen.add(id(mobject))
            for part in reversed(mobject.submobjects):
                visit(part)
            found.append(mobject)

    for mobject in reversed([*mobjects]):
        visit(mobject)
    return [mobject for mobject in reversed(found) if len(mobject.points)]


class FrugalRenderer(CairoRenderer):
    """Plays a scene through a :class:`FrugalCamera`, and says of each frame what is new in it.

    Parameters
    ----------
    **options
        Of manim's own renderer.
    """

    camera: FrugalCamera

    def __init__(self, **options: Any) -> None:
        super().__init__(camera_class=FrugalCamera, **options)
        self._standing: list[Drawing] = []

    def save_static_frame_data(self, scene: Scene, static_mobjects: Iterable[Mobject]) -> None:
        """Note what stands still in the next animation, as it looks now."""
        self._standing = [] if self.skip_animations else self.camera.drawings(static_mobjects)

    def update_frame(
        self,
        scene: Scene,
        mobjects: Iterable[Mobject] | None = None,
        include_submobjects: bool = True,
        ignore_skipping: bool = True,
        **options: Any,
    ) -> None:
        """Draw what stands still and what moves; without ``mobjects``, all of the scene.

        A frame of an animation that is skipped is not drawn: nobody sees it.
        Manim draws all of the scene over what stands still where nothing moves, and so all that
        is translucent twice; here it is drawn once.
        """
        drawings = self.camera.drawings
        if mobjects is None:
            self.show(drawings([*scene.mobjects, *scene.foreground_mobjects]))
        elif not self.skip_animations:
            self.show([*self._standing, *drawings(mobjects)])

    def show(self, drawings: Sequence[Drawing]) -> None:
        """Have the camera's frame hold these drawings."""
        self.camera.show(drawings)

    def get_frame(self) -> np.ndarray:
        """Return the frame: the camera's own, which the next one overwrites."""
        return self.camera.pixel_array

    def add_frame(self, frame: np.ndarray, num_frames: int = 1) -> None:
        """Write a frame with what is new in it; what is shown for no time stays new."""
        if num_frames and not self.skip_animations:
            self.time += num_frames * (1 / self.camera.frame_rate)
            self.file_writer.write_frame(
                frame, repeat=num_frames, changed=self.camera.take_changed()
            )
