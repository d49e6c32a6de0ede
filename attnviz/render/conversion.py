"""Drawn frames as encoders take them; where a frame is as before, what was converted is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from attnviz.render.boxes import Box
from attnviz.render.streams import PIXEL_FORMAT

_REACH: Final = 8
"""Pixels around a box that it may change, for chroma is filtered across rows."""

_STEP: Final = 128
"""Boxes grow to multiples of this, for each size needs a converter of its own to be set up."""

_WORTH_IT: Final = 0.7
"""Above this share of the frame, all of it is converted."""


class Converter:
    """Converts frames of one size, RGBA from the top left, to 8 bits of Y'CbCr 4:2:0 (BT.709).

    The frames must come one after the other. What comes out is the same, bit for bit, as if each
    frame were converted by itself.
    """

    def __init__(self) -> None:
        self._frame: av.VideoFrame | None = None
        self._planes: list[np.ndarray] = []
        self._reformatters: dict[tuple[int, int], VideoReformatter] = {}

    def convert(self, pixels: np.ndarray, changed: Sequence[Box] | None = None) -> av.VideoFrame:
        """Convert a frame.

        Parameters
        ----------
        pixels
            Height × width × RGBA.
        changed
            Where it differs from the frame before; None: anywhere.

        Returns
        -------
        av.VideoFrame
            The converter's own: the next frame overwrites it. An encoder is done with it as soon
            as it has taken it.
        """
        height, width = pixels.shape[:2]
        boxes = [_grown(box, width, height) for box in changed or ()]
        area = sum((box.right - box.left) * (box.bottom - box.top) for box in boxes)
        if changed is None or self._frame is None or area > _WORTH_IT * width * height:
            self._frame = self._reformat(pixels)
            self._planes = _planes(self._frame)
            return self._frame
        for box in boxes:
            self._renew(pixels, box)
        return self._frame

    def _renew(self, pixels: np.ndarray, box: Box) -> None:
        """Convert a box and what is around it, and keep all but the outer edge."""
        height, width = pixels.shape[:2]
        across, down = _stretch(box.left, box.right, width), _stretch(box.top, box.bottom, height)
        outer = Box(across[0], down[0], across[1], down[1])
        parts = _planes(self._reformat(np.ascontiguousarray(pixels[outer.pixels])))
        for plane, part in zip(self._planes, parts, strict=True):
            step = height // len(plane)  # 1 for luma, 2 for chroma
            left, top, right, bottom = (edge // step for edge in box)
            x, y = outer.left // step, outer.top // step
            plane[top:bottom, left:right] = part[top - y : bottom - y, left - x : right - x]

    def _reformat(self, pixels: np.ndarray) -> av.VideoFrame:
        height, width = pixels.shape[:2]
        reformatter = self._reformatters.setdefault((width, height), VideoReformatter())
        return reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(pixels, format="rgba"),
            format=PIXEL_FORMAT,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            dst_colorspace=Colorspace.ITU709,
            threads=1,
        )


def _planes(frame: av.VideoFrame) -> list[np.ndarray]:
    """Return a frame's planes, to be written to."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width]
        for plane in frame.planes
    ]


def _grown(box: Box, width: int, height: int) -> Box:
    """Return the pixels that may come out anew where a box has changed."""
    left, top = max(0, box.left - _REACH), max(0, box.top - _REACH)
    return Box(left, top, min(box.right + _REACH, width), min(box.bottom + _REACH, height))


def _stretch(low: int, high: int, most: int) -> tuple[int, int]:
    """Return a range with a margin on either side, in one of few lengths, within the frame."""
    low = max(0, low - _REACH)
    length = -(-(high + _REACH - low) // _STEP) * _STEP
    high = min(low + length, most)
    return max(0, high - length), high
