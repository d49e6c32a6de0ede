"""The poster: a film's last frame as a small PNG."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

MOST_BYTES = 60_000
"""The size that a poster may have."""

_PALETTES = (256, 128, 64, 32)
# Smaller than this, a poster says nothing; it is then kept as it is.
_LEAST_WIDTH = 320


def poster(pixels: np.ndarray) -> bytes:
    """Write a frame as a PNG of at most :data:`MOST_BYTES`.

    Parameters
    ----------
    pixels
        Height × width × RGB or RGBA, from the top left.

    Returns
    -------
    bytes
        The PNG: every colour if that is small enough, else a palette, else half the size.
    """
    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    while True:
        written = _smallest_loss(image)
        if len(written) <= MOST_BYTES or image.width // 2 < _LEAST_WIDTH:
            return written
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def _smallest_loss(image: Image.Image) -> bytes:
    written = _png(image)
    for colours in _PALETTES:
        if len(written) <= MOST_BYTES:
            break
        # Without dithering: its noise would show on flat colour, and costs bytes.
        few = image.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        written = _png(few)
    return written


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
