"""Colour arithmetic: hex strings, CIELAB, contrast, and ramps with even steps of lightness."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray

# IEC 61966-2-1 (sRGB) and the D65 white point.
_SRGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = _SRGB_TO_XYZ @ np.ones(3)
_LAB_EPSILON = 216 / 24389
_LAB_KAPPA = 24389 / 27


def rgb(colour: str) -> Float[ndarray, 3]:
    """Return a hex colour ``#RRGGBB`` as three sRGB channels in [0, 1]."""
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def hex_colour(channels: Float[ndarray, 3]) -> str:
    """Return three sRGB channels in [0, 1] (clipped) as ``#RRGGBB``."""
    levels = np.rint(np.clip(channels, 0, 1) * 255).astype(int)
    return "#" + "".join(f"{level:02X}" for level in levels)


def _linear(channels: Float[ndarray, 3]) -> Float[ndarray, 3]:
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _gamma(linear: Float[ndarray, 3]) -> Float[ndarray, 3]:
    linear = np.clip(linear, 0, None)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def lab(colour: str) -> Float[ndarray, 3]:
    """Return a hex colour in CIELAB (L* in 0 … 100; CIE 15:2004)."""
    ratio = _SRGB_TO_XYZ @ _linear(rgb(colour)) / _WHITE
    f = np.where(ratio > _LAB_EPSILON, np.cbrt(ratio), (_LAB_KAPPA * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def from_lab(values: Float[ndarray, 3]) -> str:
    """Return the hex colour nearest to a CIELAB triple."""
    fy = (values[0] + 16) / 116
    f = np.array([fy + values[1] / 500, fy, fy - values[2] / 200])
    ratio = np.where(f**3 > _LAB_EPSILON, f**3, (116 * f - 16) / _LAB_KAPPA)
    return hex_colour(_gamma(np.linalg.solve(_SRGB_TO_XYZ, ratio * _WHITE)))


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2), 0 … 1."""
    return float(_SRGB_TO_XYZ[1] @ _linear(rgb(colour)))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2), 1 … 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def blend(one: str, other: str, share: float) -> str:
    """Return the colour ``share`` of the way from ``one`` to ``other``, straight through CIELAB."""
    return from_lab((1 - share) * lab(one) + share * lab(other))


def ink_on(fill: str) -> str:
    """Return black or white, whichever contrasts more with ``fill``."""
    return max("#000000", "#FFFFFF", key=lambda ink: contrast(ink, fill))


@dataclass(frozen=True)
class Ramp:
    """A sequential ramp whose lightness L* grows (or falls) evenly with the value.

    Parameters
    ----------
    stops
        Hex colours of strictly monotone L*; each is placed where its own L* lies between
        those of the first and the last stop.
    """

    stops: tuple[str, ...]

    @cached_property
    def _points(self) -> list[tuple[float, str]]:
        lightness = [lab(stop)[0] for stop in self.stops]
        steps = [b - a for a, b in pairwise(lightness)]
        if not (all(step > 0 for step in steps) or all(step < 0 for step in steps)):
            raise ValueError(
                f"a ramp wants stops of rising or of falling L*; these have {lightness}"
            )
        span = lightness[-1] - lightness[0]
        places = [(level - lightness[0]) / span for level in lightness]
        return list(zip(places, self.stops, strict=True))

    def __call__(self, share: float) -> str:
        """Return the colour at ``share`` in [0, 1]; outside values take the nearest end."""
        share = min(max(share, 0.0), 1.0)
        for (low, one), (high, other) in pairwise(self._points):
            if share <= high:
                return blend(one, other, (share - low) / (high - low))
        return self.stops[-1]


@dataclass(frozen=True)
class SignedRamp:
    """A diverging ramp: ``negative`` at −1, ``zero`` at 0, ``positive`` at +1."""

    negative: str
    zero: str
    positive: str

    def __call__(self, share: float) -> str:
        """Return the colour at ``share`` in [−1, 1]; outside values take the nearest end."""
        end = self.negative if share < 0 else self.positive
        return blend(self.zero, end, min(abs(share), 1.0))
