"""How an image mobject looked when it was last asked."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from manim import Camera, Mobject
from manim.mobject.types.image_mobject import AbstractImageMobject
from PIL import Image

from attnviz.render.boxes import Box
from attnviz.render.drawings import Drawing, digest_of


class Picture(Drawing):
    """An image mobject, as manim lays it over a frame."""

    def __init__(self, camera: Camera, canvas: np.ndarray, mobject: AbstractImageMobject) -> None:
        self.mobject: AbstractImageMobject = mobject
        self._camera, self._canvas = camera, canvas
        self._look = _image_look(mobject)
        place = _place(camera, mobject)
        window = _Window(camera, place)
        Camera.display_image_mobject(cast(Camera, window), mobject, canvas)
        self.box = place.within(camera.pixel_width, camera.pixel_height) if window.layer else None
        if window.layer and self.box:
            corner = self.box.left - place.left, self.box.top - place.top
            size = self.box.right - self.box.left, self.box.bottom - self.box.top
            self._layer = window.layer.crop((*corner, corner[0] + size[0], corner[1] + size[1]))

    @property
    def digest(self) -> bytes:
        """Of its corners and its pixels."""
        corners, pixels, shape, algorithm = self._look
        return digest_of(corners, pixels, f"{shape} {algorithm}".encode())

    def renewed(self) -> Picture:
        """Compare the image's corners and its pixels."""
        if self._look == _image_look(self.mobject):
            return self
        return Picture(self._camera, self._canvas, self.mobject)

    def paint(self) -> None:
        """Lay it over the canvas."""
        assert self.box is not None
        below = Image.fromarray(self._canvas[self.box.pixels])
        self._canvas[self.box.pixels] = Image.alpha_composite(below, self._layer)


class _Window:
    """All of a camera that manim needs to lay out an image; it sees no more than the image."""

    def __init__(self, camera: Camera, place: Box) -> None:
        self._camera, self._corner = camera, (place.left, place.top)
        self.pixel_width, self.pixel_height = place.right - place.left, place.bottom - place.top
        self.layer: Image.Image | None = None

    def points_to_subpixel_coords(self, mobject: Mobject, points: np.ndarray) -> np.ndarray:
        return self._camera.points_to_subpixel_coords(mobject, points) - self._corner

    def overlay_PIL_image(self, pixels: np.ndarray, image: Image.Image) -> None:  # noqa: N802  # manim calls it so
        self.layer = image


def _place(camera: Camera, mobject: AbstractImageMobject) -> Box:
    """Return whole pixels around an image's corners; manim rounds otherwise left of the frame."""
    corners = camera.points_to_subpixel_coords(mobject, mobject.points)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    if left < 0 or top < 0:
        return Box(0, 0, camera.pixel_width, camera.pixel_height)
    return Box(math.floor(left), math.floor(top), math.ceil(right) + 1, math.ceil(bottom) + 1)


def _image_look(mobject: AbstractImageMobject) -> tuple[Any, ...]:
    pixels = mobject.get_pixel_array()
    shape, algorithm = pixels.shape, mobject.resampling_algorithm
    return mobject.points.tobytes(), pixels.tobytes(), shape, algorithm
