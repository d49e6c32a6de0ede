"""A sentence cut into tokens, each with its id below; lines of them, where one is too narrow."""

from __future__ import annotations

from collections.abc import Sequence

from manim import DOWN, RIGHT, RoundedRectangle, VGroup

from attnviz.mobjects.flow import in_even_lines
from attnviz.mobjects.pen import Pen
from attnviz.text import Line, Number, Run
from attnviz.zones import Zone

_CHIP_CAPS = 2.4
# A chip and the gap beside it are so much wider than their word, in cap heights.
_AROUND_CAPS = 2.5
_LARGEST = 2.0
_ID_SHARE = 0.6
_ID_CAPS = 2.0


def largest_cap(pen: Pen, tokens: Sequence[str], zone: Zone) -> float:
    """Return the cap height of tokens that fill a zone's width in one line, within bounds."""
    cap = pen.theme.sizes.token
    words = sum(pen.token(token).width for token in tokens)
    room = zone.width - len(tokens) * _AROUND_CAPS * cap
    return cap * min(max(room / words, 1.0), _LARGEST)


class TokenIds(VGroup):
    """Tokens on chips, in reading order, each above the number that stands for it.

    Parameters
    ----------
    pen
        Draws tokens and numbers.
    tokens
        Their texts, as the tokenizer made them; ``ids[i]`` is the address of each one's id.
    zone
        The room; the tokens stand in its middle.
    """

    def __init__(self, pen: Pen, tokens: Sequence[str], zone: Zone) -> None:
        theme = pen.theme
        sizes, palette, gap = theme.sizes, theme.palette, theme.space.gap
        cap = largest_cap(pen, tokens, zone)
        self.words = VGroup(
            *(pen.token(token, cap=cap, longest=zone.width / 2) for token in tokens)
        )
        self.numbers = VGroup(
            *(
                pen.number(f"ids[{i}]", cap=max(sizes.label, _ID_SHARE * cap), colour=palette.dim)
                for i in range(len(tokens))
            )
        )
        self.chips = VGroup()
        for word, number in zip(self.words, self.numbers, strict=True):
            # Manim types every part of a group as a Mobject.
            assert isinstance(word, Line)
            assert isinstance(number, Number)
            chip = RoundedRectangle(
                width=max(word.width, number.width) + _CHIP_CAPS / 2 * word.cap_height,
                height=_CHIP_CAPS * word.cap_height,
                corner_radius=theme.space.corner,
                stroke_width=0,
            ).set_fill(palette.cell, opacity=1)
            word.stand_on(-word.cap_height / 2)
            number.stand_on(float(chip.get_bottom()[1]) - _ID_CAPS * number.cap_height)
            self.chips.add(chip)
        pieces = [
            VGroup(*parts) for parts in zip(self.chips, self.words, self.numbers, strict=True)
        ]
        lines = VGroup(
            *(
                VGroup(*line).arrange(RIGHT, buff=gap, coor_mask=RIGHT)
                for line in in_even_lines(pieces, zone.width, gap)
            )
        )
        step = float(pieces[0].height) + 2 * theme.space.wide_gap
        for place, line in enumerate(lines):
            line.set_x(0.0).shift(place * step * DOWN)
        lines.move_to(zone.centre)
        # Letters slide over the chips while these appear.
        self.chips.set_z_index(-1)
        super().__init__(self.chips, self.words, self.numbers)


def typed(pen: Pen, text: str, zone: Zone, cap: float) -> Line:
    """Return a sentence as it was typed, in the middle of a zone, wrapped where it is long."""
    # As heavy as the tokens, so that letters keep their shapes on the way to them.
    line = pen.token(text, cap=cap)
    if line.width > zone.width:
        slots = {"text": Run(text, "token")}
        line = pen.phrase(
            "{text}", slots, role="token", cap=cap, wrap=zone.width, weight="semibold"
        )
    return line.move_to(zone.centre)
