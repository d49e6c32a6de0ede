"""All heads of a model as small grids: layers are rows, heads are columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from manim import (
    LEFT,
    RESAMPLING_ALGORITHMS,
    RIGHT,
    UP,
    Dot,
    Group,
    ImageMobject,
    Rectangle,
    VGroup,
)

from attnviz.colour import ink_on, rgb
from attnviz.mobjects.cells import colours
from attnviz.mobjects.pen import Pen
from attnviz.records import AttentionTrace, ModelTrace
from attnviz.text import Line
from attnviz.theme import Theme
from attnviz.zones import Zone

_GAP_SHARE = 0.2
_WIDEST_GAP = 0.3
"""How much of a head's place is left around its grid, for the frames; and at most."""

_BADGE_SHARE = 0.18
_MOST_BADGE = 0.17
_LETTER_SHARE = 1.05
"""Cap height of a badge's letter, of the badge's radius."""

_GAP_FROM = 16
"""For so many pixels of a cell one is a gap."""

_QUIET = 0.3
"""Opacity of cells of tokens that the tokenizer added, where they are to be dim."""

_MOST_LEVELS = 255
_LEAST_PITCH = 2.0
"""Distance of two labels that do not crowd each other, in cap heights."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Mark:
    """A head to frame.

    Parameters
    ----------
    layer, head
        Which, from 0.
    letter
        What its badge says.
    colour
        Of frame and badge.
    """

    layer: int
    head: int
    letter: str
    colour: str


def marks(best: Sequence[tuple[int, int]], theme: Theme) -> list[Mark]:
    """Give each of some heads (layer, head) a letter and a colour of its own."""
    palette = theme.palette
    tints = cycle((*palette.heads, palette.value, palette.query))
    looks = zip(best, _LETTERS, tints, strict=False)  # the shortest are the heads
    return [Mark(*place, letter, tint) for place, letter, tint in looks]


def badge(pen: Pen, mark: Mark, radius: float) -> VGroup:
    """Return a disc with a mark's letter, about the origin."""
    disc = Dot(radius=radius, color=mark.colour, stroke_width=0)
    letter = pen.words(
        mark.letter, cap=_LETTER_SHARE * radius, colour=ink_on(mark.colour), weight="semibold"
    )
    letter.set_x(0).stand_on(-letter.cap_height / 2)
    return VGroup(disc, letter)


class Overview(Group):
    """Every head of a trace as a grid of its weights, the marked ones framed.

    Colours are those of the scenes' grids: one even ramp from 0 to 1 for all heads. Masked cells
    stay empty.

    Parameters
    ----------
    pen
        Draws the labels.
    trace
        What the model computed.
    found
        The heads to frame.
    zone
        The room.
    pixels
        Pixels of the picture for a frame unit: every cell gets whole pixels.
    """

    def __init__(
        self, pen: Pen, trace: ModelTrace, found: Sequence[Mark], zone: Zone, pixels: float
    ) -> None:
        self.theme = pen.theme
        self._layers = trace.layers
        self._pixels = pixels
        columns = max(len(layer.weights) for layer in trace.layers)
        names = [_layer_name(index, layer) for index, layer in enumerate(trace.layers)]
        beside = [pen.words(name, colour=pen.theme.palette.dim) for name in names]
        gap = pen.theme.space.gap
        label_width = max(line.width for line in beside) + 2 * gap
        label_height = 2.2 * pen.theme.sizes.label
        self.pitch = min(
            (zone.width - label_width) / columns, (zone.height - label_height) / len(names)
        )
        self._place = round(self.pitch * pixels)
        self.gap = min(_GAP_SHARE * self.pitch, _WIDEST_GAP)
        self._grids = zone.left + label_width, zone.top - label_height
        self.image = self._image(self._mosaic(pen, trace, columns))
        self.labels = VGroup(*self._beside(beside), *self._above(pen, columns))
        self.frames = VGroup(*(self._frame(mark) for mark in found))
        # Where a head has several marks the first one's colour is on top.
        for place, frame in enumerate(self.frames):
            frame.set_z_index(-place)
        # Above all frames: a neighbour's would cross them.
        self.badges = VGroup(*self._badges(pen, found))
        super().__init__(self.image, self.labels, self.frames, self.badges)

    @property
    def right(self) -> float:
        """Where the last head's place ends."""
        return float(self.image.get_right()[0])

    # -- cells -------------------------------------------------------------------------------

    def _mosaic(self, pen: Pen, trace: ModelTrace, columns: int) -> np.ndarray:
        """Paint all heads, each in the middle of its square place."""
        rows = len(self._layers)
        pixels = np.zeros((rows * self._place, columns * self._place, 4), dtype=np.uint8)
        quiet = trace.special_texts if pen.hide_special else frozenset()
        for index, layer in enumerate(self._layers):
            painted = colours(layer.weights, pen.theme.palette.weights)
            for head, cells in enumerate(painted):
                grid = self._painted(index, head, cells, quiet)
                top, left, height, width = self._box(index, head)
                pixels[top : top + height, left : left + width] = grid
        # Where nothing is seen the colour is the frame's own, so that no edge can show another.
        ground = np.rint(_MOST_LEVELS * rgb(pen.theme.palette.background)).astype(np.uint8)
        pixels[pixels[:, :, 3] == 0, :3] = ground
        return pixels

    def _painted(
        self, index: int, head: int, cells: np.ndarray, quiet: frozenset[str]
    ) -> np.ndarray:
        layer = self._layers[index]
        opacity = layer.mask[head % len(layer.mask)].astype(float)
        opacity[np.isin(layer.query_tokens, list(quiet))] *= _QUIET
        opacity[:, np.isin(layer.key_tokens, list(quiet))] *= _QUIET
        solid = np.concatenate([cells, opacity[:, :, None]], axis=2)
        levels = np.rint(_MOST_LEVELS * solid).astype(np.uint8)
        _, _, height, width = self._box(index, head)
        if height < len(levels) or width < levels.shape[1]:
            return _pooled(levels, layer.weights[head], height, width)
        down, right = (
            np.arange(pixels) * cells // pixels
            for pixels, cells in zip((height, width), levels.shape[:2], strict=True)
        )
        grown = levels[down[:, None], right]
        for line in range(min(height // len(levels), width // levels.shape[1]) // _GAP_FROM):
            grown[np.flatnonzero(np.diff(down)) - line, :, 3] = 0
            grown[:, np.flatnonzero(np.diff(right)) - line, 3] = 0
        return np.asarray(grown)

    def _box(self, index: int, head: int) -> tuple[int, int, int, int]:
        """Return top, left, height and width of a grid in the mosaic, in pixels."""
        sides = self._layers[index].weights.shape[1:]
        room = self._place - self.gap * self._pixels
        height, width = (max(1, int(side * room / max(sides))) for side in sides)
        top = index * self._place + (self._place - height) // 2
        left = head * self._place + (self._place - width) // 2
        return top, left, height, width

    def _image(self, mosaic: np.ndarray) -> ImageMobject:
        image = ImageMobject(mosaic)
        image.set_resampling_algorithm(RESAMPLING_ALGORITHMS["nearest"])
        height, width = mosaic.shape[:2]
        image.stretch_to_fit_width(width / self._pixels)
        image.stretch_to_fit_height(height / self._pixels)
        left, top = self._grids
        # On whole pixels of the frame, whose middle is the origin.
        x, y = (round(place * self._pixels) / self._pixels for place in (left, top))
        return image.shift((x - float(image.get_left()[0]), y - float(image.get_top()[1]), 0.0))

    # -- labels ------------------------------------------------------------------------------

    def _centre(self, index: int, head: int) -> np.ndarray:
        top, left, height, width = self._box(index, head)
        corner = float(self.image.get_left()[0]), float(self.image.get_top()[1])
        middle = left + width / 2, top + height / 2
        return np.array(
            [corner[0] + middle[0] / self._pixels, corner[1] - middle[1] / self._pixels, 0.0]
        )

    def _beside(self, lines: Sequence[Line]) -> Iterator[Line]:
        every = self._every(_LEAST_PITCH * self.theme.sizes.label)
        for index, line in enumerate(lines):
            if index % every == 0:
                line.stand_on(float(self._centre(index, 0)[1]) - line.cap_height / 2)
                yield line.end_at(float(self.image.get_left()[0]) - self.theme.space.gap)

    def _above(self, pen: Pen, columns: int) -> Iterator[Line]:
        dim, gap = pen.theme.palette.dim, pen.theme.space.gap
        baseline = float(self.image.get_top()[1]) + 1.7 * gap
        lines = [pen.words(f"head {head}", colour=dim) for head in range(columns)]
        bare = max(line.width for line in lines) + gap > self.pitch
        if bare:
            title = pen.words("head", colour=dim).stand_on(baseline)
            yield title.end_at(float(self.image.get_left()[0]) - gap)
            lines = [pen.words(str(head), colour=dim) for head in range(columns)]
        every = self._every(max(line.width for line in lines) + gap)
        middles = self.image.get_left()[0] + self.pitch * (np.arange(columns) + 0.5)
        for head in range(0, columns, every):
            yield lines[head].set_x(float(middles[head])).stand_on(baseline)

    def _every(self, room: float) -> int:
        """Return how many places one label needs."""
        return max(1, -int(-room // self.pitch))

    # -- frames ------------------------------------------------------------------------------

    def _frame(self, mark: Mark) -> Rectangle:
        """Return a frame half way to those of the neighbours."""
        _, _, height, width = self._box(mark.layer, mark.head)
        return Rectangle(
            width=width / self._pixels + self.gap / 2,
            height=height / self._pixels + self.gap / 2,
            color=mark.colour,
            stroke_width=self.theme.space.outline,
        ).move_to(self._centre(mark.layer, mark.head))

    def _badges(self, pen: Pen, found: Sequence[Mark]) -> Iterator[VGroup]:
        """Yield the badges, each where four places meet: there it hides no cell."""
        radius = min(_BADGE_SHARE * self.pitch, _MOST_BADGE)
        outward = np.array([-self.gap / 4, self.gap / 4, 0.0])
        shown: Counter[tuple[int, int]] = Counter()
        for mark, frame in zip(found, self.frames, strict=True):
            place = frame.get_corner(UP + LEFT) + outward
            aside = shown[mark.layer, mark.head] * 2 * radius * RIGHT
            shown[mark.layer, mark.head] += 1
            yield badge(pen, mark, radius).move_to(place + aside)


def _pooled(levels: np.ndarray, weights: np.ndarray, height: int, width: int) -> np.ndarray:
    """Show more cells than pixels: of the cells that share a pixel, the largest weight."""
    down = np.arange(len(weights)) * height // len(weights)
    right = np.arange(weights.shape[1]) * width // weights.shape[1]
    shown = np.zeros((height, width, 4), dtype=np.uint8)
    order = np.argsort(weights, axis=None)  # what is written last stays
    rows, columns = np.unravel_index(order, weights.shape)
    shown[down[rows], right[columns]] = levels[rows, columns]
    return shown


def _layer_name(index: int, layer: AttentionTrace) -> str:
    return f"layer {index}" + (", cross" if layer.kind == "cross" else "")
