"""How a mobject looked when it was last asked, kept so that it can be painted again."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias

import cairo
import numpy as np
from manim import Camera, Mobject, VMobject
from manim.camera.camera import CAP_STYLE_MAP, LINE_JOIN_MAP

from attnviz.render.boxes import Box

Context: TypeAlias = "cairo.Context[Any]"

_MARGIN: Final = 2
"""Pixels around what Cairo says a shape covers: its soft edges."""

_CURVE: Final = 4
"""Points of a cubic Bézier curve."""

_RELATIVE: Final = 1e-5
"""Points this close, in proportion to their coordinates, are one to manim."""


class Drawing(ABC):
    """How one mobject looks, without its parts.

    Attributes
    ----------
    mobject
        What it shows.
    box
        The pixels that it may touch; None where it leaves the frame as it is.
    """

    mobject: Mobject
    box: Box | None

    @property
    @abstractmethod
    def digest(self) -> bytes | None:
        """A digest of all that decides what is painted; None where that is not known."""

    @abstractmethod
    def renewed(self) -> Drawing:
        """Return how the mobject looks now: this drawing, if it looks as it did."""

    @abstractmethod
    def paint(self) -> None:
        """Paint it over what the canvas holds."""


class Outline(Drawing):
    """A vector mobject: a path, its fill and its strokes.

    Parameters
    ----------
    camera, context
        What draws it, and where.
    mobject
        What is drawn.
    before
        How it looked before: its path is kept where the points are the same.
    """

    def __init__(
        self,
        camera: Camera,
        context: Context,
        mobject: VMobject,
        before: Outline | None = None,
    ) -> None:
        self.mobject: VMobject = mobject
        self._camera, self._context = camera, context
        self._points, self._look = _state(mobject)
        self._steps = _steps(camera, mobject)
        self._path: cairo.Path | None = None
        self._digest: bytes | None = None
        self.box = None
        if not self._steps:
            return
        if before and before._path and before._points == self._points:
            self._path = before._path
            if _pens(before._steps) == _pens(self._steps):
                self.box = before.box
                return
            context.new_path()
            context.append_path(self._path)
        else:
            _trace(camera, context, mobject)
            self._path = context.copy_path()
        self.box = _extent(context, self._steps).within(camera.pixel_width, camera.pixel_height)

    @property
    def digest(self) -> bytes:
        """Of its points and its look; computed when it is first asked for."""
        if self._digest is None:
            self._digest = digest_of(self._points, repr(self._look).encode())
        return self._digest

    def renewed(self) -> Outline:
        """Compare the mobject's points and its look."""
        if _state(self.mobject) == (self._points, self._look):
            return self
        return Outline(self._camera, self._context, self.mobject, self)

    def paint(self) -> None:
        """Fill and stroke its path."""
        assert self._path is not None
        self._context.new_path()
        self._context.append_path(self._path)
        for step in self._steps:
            self._context.set_source(step.source)
            if step.pen is None:
                self._context.fill_preserve()
            else:
                _take(self._context, step.pen)
                self._context.stroke_preserve()


class Foreign(Drawing):
    """Anything else: manim draws it, and it is never known to be the same as before."""

    def __init__(self, camera: Camera, canvas: np.ndarray, mobject: Mobject) -> None:
        self.mobject = mobject
        self._camera, self._canvas = camera, canvas
        self.box = Box(0, 0, camera.pixel_width, camera.pixel_height)

    @property
    def digest(self) -> None:
        """Unknown: only manim knows what it draws."""

    def renewed(self) -> Foreign:
        """Return another one."""
        return Foreign(self._camera, self._canvas, self.mobject)

    def paint(self) -> None:
        """Let manim draw it."""
        kind = self._camera.type_or_raise(self.mobject)
        self._camera.display_funcs[kind]([self.mobject], self._canvas)


def digest_of(*parts: bytes) -> bytes:
    """Return a digest of what is told apart by its bytes alone."""
    told = blake2b(digest_size=16)
    for part in parts:
        told.update(len(part).to_bytes(8))
        told.update(part)
    return told.digest()


class _Pen(NamedTuple):
    """A line's width, its corners and its ends."""

    width: float
    join: cairo.LineJoin
    cap: cairo.LineCap


class _Step(NamedTuple):
    """A fill, or a stroke where there is a pen."""

    source: cairo.Pattern
    pen: _Pen | None


def _state(mobject: VMobject) -> tuple[bytes, tuple[Any, ...]]:
    """Return a mobject's points, and all else that its steps depend on."""
    fill, line = mobject.get_fill_rgbas(), mobject.get_stroke_rgbas()
    ground = mobject.get_stroke_rgbas(background=True)
    look = (
        fill.tobytes(),
        line.tobytes(),
        ground.tobytes(),
        mobject.stroke_width,
        mobject.background_stroke_width,
        mobject.joint_type,
        mobject.cap_style,
        mobject.background_image,
        _slope(mobject) if len(fill) > 1 or len(line) > 1 or len(ground) > 1 else None,
    )
    return mobject.points.tobytes(), look


def _slope(mobject: VMobject) -> Hashable:
    """Return what the ends of a mobject's gradient depend on, besides its own points."""
    if mobject.submobjects or mobject.shade_in_3d:
        return np.array(mobject.get_gradient_start_and_end_points()).tobytes()
    return tuple(mobject.get_sheen_direction())


def _steps(camera: Camera, mobject: VMobject) -> list[_Step]:
    """Return a mobject's fill and strokes in manim's order, without those that show nothing."""
    steps = []
    for is_line, is_ground in ((True, True), (False, False), (True, False)):
        width = mobject.get_stroke_width(is_ground) if is_line else None
        if width == 0:
            continue
        rgbas = mobject.get_stroke_rgbas(is_ground) if is_line else mobject.get_fill_rgbas()
        if len(rgbas) > 1 or rgbas[0][-1] > 0:
            pen = None if width is None else _pen(camera, mobject, width)
            steps.append(_Step(_source(camera, mobject, rgbas), pen))
    return steps


def _pen(camera: Camera, mobject: VMobject, width: float) -> _Pen:
    join, cap = LINE_JOIN_MAP[mobject.joint_type], CAP_STYLE_MAP[mobject.cap_style]
    return _Pen(width * camera.cairo_line_width_multiple, join, cap)


def _pens(steps: Sequence[_Step]) -> list[_Pen | None]:
    return [step.pen for step in steps]


def _take(context: Context, pen: _Pen) -> None:
    context.set_line_width(pen.width)
    context.set_line_join(pen.join)
    context.set_line_cap(pen.cap)


def _source(camera: Camera, mobject: VMobject, rgbas: np.ndarray) -> cairo.Pattern:
    """Return a colour or a gradient; Cairo's pixels hold blue first, so red and blue change."""
    if len(rgbas) == 1:
        red, green, blue, alpha = rgbas[0].tolist()
        return cairo.SolidPattern(blue, green, red, alpha)
    ends = np.array(mobject.get_gradient_start_and_end_points())
    gradient = cairo.LinearGradient(
        *camera.transform_points_pre_display(mobject, ends)[:, :2].ravel()
    )
    for offset, (red, green, blue, alpha) in zip(np.linspace(0, 1, len(rgbas)), rgbas, strict=True):
        gradient.add_color_stop_rgba(offset, blue, green, red, alpha)
    return gradient


def _trace(camera: Camera, context: Context, mobject: VMobject) -> None:
    """Make a mobject's outline the path, as manim's camera does, without numpy's overhead."""
    points = camera.transform_points_pre_display(mobject, mobject.points)
    context.new_path()
    if len(points) % _CURVE:
        camera.set_cairo_context_path(context, mobject)
        return
    nearest = mobject.tolerance_for_point_equality

    def is_one(a: float, b: float) -> bool:
        return abs(a - b) <= nearest + _RELATIVE * abs(b)

    first: tuple[float, float] | None = None
    end_x = end_y = math.nan
    for x0, y0, x1, y1, x2, y2, x3, y3 in points[:, :2].reshape(-1, 2 * _CURVE).tolist():
        if (x0 != end_x or y0 != end_y) and not (is_one(end_x, x0) and is_one(end_y, y0)):
            if first and is_one(first[0], end_x) and is_one(first[1], end_y):
                context.close_path()
            context.new_sub_path()
            context.move_to(x0, y0)
            first = x0, y0
        context.curve_to(x1, y1, x2, y2, x3, y3)
        end_x, end_y = x3, y3
    if first and is_one(first[0], end_x) and is_one(first[1], end_y):
        context.close_path()


def _extent(context: Context, steps: Sequence[_Step]) -> Box:
    """Return the pixels that the current path touches when it is filled and stroked."""
    left, low, right, high = context.path_extents()
    for step in steps:
        if step.pen is not None:
            _take(context, step.pen)
            extent = context.stroke_extents()
            left, low = min(left, extent[0]), min(low, extent[1])
            right, high = max(right, extent[2]), max(high, extent[3])
    # Up is down in pixels.
    left, bottom = context.user_to_device(left, low)
    right, top = context.user_to_device(right, high)
    return Box(
        math.floor(left) - _MARGIN,
        math.floor(top) - _MARGIN,
        math.ceil(right) + _MARGIN,
        math.ceil(bottom) + _MARGIN,
    )
