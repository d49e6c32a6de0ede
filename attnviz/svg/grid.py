"""The attention grid of one head as an SVG: rows ask (queries), columns answer (keys)."""

from __future__ import annotations

import base64
import io
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, SupportsIndex

import numpy as np

from attnviz.colour import ink_on, rgb
from attnviz.errors import UserError, closest, quoted
from attnviz.svg import Picture, element, lettering, words
from attnviz.svg.layout import PIXELS, Layout
from attnviz.theme import THEMES

if TYPE_CHECKING:
    from attnviz.records import AttentionTrace

DEFAULT_THEME = "dark"

CELLS_UP_TO = 32
"""Most queries or keys of a grid whose cells are rectangles; larger ones are one image."""

MOST = 1024
"""Most queries or keys that a grid can show."""

_LEVELS = 255
"""Levels of weight that an image tells apart; one more stands for masked pairs."""

_LEGEND_STEPS = 24
_MASKED_OPACITY = 0.7


def grid(
    title: str, layer: AttentionTrace, head: SupportsIndex, theme: str = DEFAULT_THEME
) -> Picture:
    """Draw the attention grid of one head.

    Parameters
    ----------
    title
        What stands above it.
    layer
        The layer's record.
    head
        Which of its heads, from 0.
    theme
        ``"dark"`` or ``"light"``.

    Returns
    -------
    Picture
        Rows ask, columns answer. Up to 12 tokens each cell has its number, rounded so that a row
        adds to 1.00; above, a cell has its colour, and up to 32 tokens its number shows under
        the pointer. Masked pairs are left empty.

    Raises
    ------
    UserError
        If there is no such head or theme, or there are more tokens than can be told apart.
    """
    head = position("head", head, len(layer.weights), f"layer {layer.name!r}")
    if theme not in THEMES:
        raise UserError(
            f"unknown theme {quoted(str(theme))}{closest(str(theme), THEMES)}"
            f" (there are {', '.join(THEMES)})"
        )
    if layer.counterfactual_mask is not None:
        title = f"{title}, mask {layer.counterfactual_mask} in place of its own"
    mask = layer.mask[0 if len(layer.mask) == 1 else head]
    drawn = _Grid(
        title, layer.query_tokens, layer.key_tokens, layer.weights[head], mask, THEMES[theme]
    )
    return drawn.picture()


def position(what: str, value: SupportsIndex, count: int, where: str) -> int:
    """Return a layer's or a head's number; refuse one that is not there.

    Raises
    ------
    UserError
        If it is no whole number, or there are fewer.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise UserError(f"{what}: wanted a whole number, got {type(value).__name__}") from None
    if not 0 <= number < count:
        held = f"only {what} 0" if count == 1 else f"{what}s 0–{count - 1}"
        raise UserError(f"{what} {number}: {where} has {held}")
    return number


class _Grid(Layout):
    """An attention grid, part by part."""

    def picture(self) -> Picture:
        """Draw the grid.

        Raises
        ------
        UserError
            If there are more tokens than can be told apart.
        """
        if self.side > MOST:
            raise UserError(
                f"{self.title}: {self.side:,} tokens, at most {MOST:,} can be shown; "
                "give a shorter text"
            )
        parts = [*self._head(), *self._labels(), *self._cells(), *self._legend()]
        ground = element("rect", width="100%", height="100%", fill=self.theme.palette.background)
        wide, tall = self.size
        svg = element(
            "svg",
            ground,
            *parts,
            xmlns="http://www.w3.org/2000/svg",
            width=wide,
            height=tall,
            viewBox=f"0 0 {wide} {tall}",
            role="img",
            aria_label=f"{self.title}: attention weights, {len(self.queries)} queries (rows)"
            f" by {len(self.keys)} keys (columns)",
            font_family=lettering.FONTS,
            **{"xml:space": "preserve"},  # pieces such as " the" begin with a space
        )
        return Picture(self.title, svg)

    def _head(self) -> Iterator[str]:
        palette, (x, y) = self.theme.palette, self.corner
        top = 2 * self.gap + lettering.CAP_HEIGHT * self.label
        yield lettering.line(
            self.title, 2 * self.gap, top, self.label, palette.ink, font_weight=600
        )
        middle = x + self.pitch[0] * len(self.keys) / 2
        under = top + lettering.LINE * self.label
        yield lettering.line("Key", middle, under, self.label, palette.dim, text_anchor="middle")
        end, above = x - self.gap, y - self.gap
        yield lettering.line("Query", end, above, self.label, palette.dim, text_anchor="end")

    def _labels(self) -> Iterator[str]:
        palette, (x, y), (across, down) = self.theme.palette, self.corner, self.pitch
        half = lettering.CAP_HEIGHT * self.label / 2
        # Where the cells are lower than a line of type, every so many-th token is named.
        step = max(1, int(np.ceil(self.label / down)))
        for place in range(0, len(self.queries), step):
            baseline = y + (place + 0.5) * down + half
            yield self._token(
                self.queries[place],
                self.query_labels[place],
                (x - self.gap, baseline),
                palette.query,
                text_anchor="end",
            )
        for place in range(0, len(self.keys), step):
            middle = x + (place + 0.5) * across
            if self.has_digits:
                position = (middle, y - self.gap)
                turn: dict[str, object] = {"text_anchor": "middle"}
            else:
                position = (middle + half, y - self.gap)
                turn = {"transform": f"rotate(-90 {position[0]:.2f} {position[1]:.2f})"}
            yield self._token(
                self.keys[place], self.key_labels[place], position, palette.key, **turn
            )

    def _token(
        self, token: str, label: str, place: tuple[float, float], colour: str, **more: object
    ) -> str:
        """Draw a token; the whole of one that had to be cut shows under the pointer."""
        x, baseline = place
        drawn = lettering.line(label, x, baseline, self.label, colour, font_weight=600, **more)
        return drawn if label == token else element("g", element("title", words(token)), drawn)

    def _cells(self) -> Iterator[str]:
        if self.side > CELLS_UP_TO:
            yield self._image()
            return
        for query, key in np.ndindex(self.weights.shape):
            yield self._cell(query, key)

    def _cell(self, query: int, key: int) -> str:
        palette, space, (across, down) = self.theme.palette, self.theme.space, self.pitch
        x, y = self.corner[0] + key * across, self.corner[1] + query * down
        gap = min(space.cell_gap * PIXELS, down / 8)
        masked = not self.mask[query, key]
        fill = palette.background if masked else palette.weights(float(self.weights[query, key]))
        text = self.texts[query][key]
        said = f"{self.queries[query]} → {self.keys[key]}: {text}{' (masked)' if masked else ''}"
        frame = {"stroke": palette.cell} if masked else {}
        drawn = [
            element("title", words(said)),
            element(
                "rect",
                x=x + gap / 2,
                y=y + gap / 2,
                width=across - gap,
                height=down - gap,
                rx=min(space.corner * PIXELS, down / 4),
                fill=fill,
                **frame,
            ),
        ]
        if self.has_digits:
            ink = ink_on(fill) if self.weights[query, key] else palette.dim
            baseline = y + down / 2 + lettering.CAP_HEIGHT * self.digit / 2
            quiet = {"fill_opacity": _MASKED_OPACITY} if masked else {}
            middle = x + across / 2
            drawn.append(
                lettering.line(
                    text, middle, baseline, self.digit, ink, text_anchor="middle", **quiet
                )
            )
        return element("g", *drawn)

    def _image(self) -> str:
        """Draw the cells as one image of squares; viewers that smooth images keep their colours."""
        from PIL import Image  # a slow import that small grids do without

        ramp, ground = self.theme.palette.weights, self.theme.palette.background
        colours = [*(ramp(level / (_LEVELS - 1)) for level in range(_LEVELS)), ground]
        levels = np.rint(np.clip(self.weights, 0, 1) * (_LEVELS - 1)).astype(np.uint8)
        (x, y), (across, down) = self.corner, self.pitch
        pixels_a_cell = max(1, round(down))
        pixels = np.where(self.mask, levels, _LEVELS).astype(np.uint8)
        enlarged = pixels.repeat(pixels_a_cell, axis=0).repeat(pixels_a_cell, axis=1)
        image = Image.frombytes("P", enlarged.shape[::-1], enlarged.tobytes())
        image.putpalette([round(255 * part) for colour in colours for part in rgb(colour)])
        file = io.BytesIO()
        image.save(file, "PNG")
        rows, columns = pixels.shape
        return element(
            "image",
            x=x,
            y=y,
            width=across * columns,
            height=down * rows,
            preserveAspectRatio="none",
            image_rendering="pixelated",
            href="data:image/png;base64," + base64.b64encode(file.getvalue()).decode(),
        )

    def _legend(self) -> Iterator[str]:
        """Say what the colours mean, where no digits do."""
        if self.has_digits:
            return
        palette, size = self.theme.palette, self.label
        y = self.corner[1] + self.pitch[1] * len(self.queries) + self.gap
        baseline = y + lettering.LINE * size / 2 + lettering.CAP_HEIGHT * size / 2
        x = 2 * self.gap
        yield lettering.line("weight 0", x, baseline, size, palette.dim)
        x += lettering.width("weight 0", size) + self.gap
        step, height = size / 4, lettering.CAP_HEIGHT * size
        for place in range(_LEGEND_STEPS):
            yield element(
                "rect",
                x=x + place * step,
                y=baseline - height,
                # A little over the next: browsers draw hairs between mere neighbours.
                width=step + 0.5,
                height=height,
                fill=palette.weights(place / (_LEGEND_STEPS - 1)),
            )
        yield lettering.line("1", x + _LEGEND_STEPS * step + self.gap, baseline, size, palette.dim)
