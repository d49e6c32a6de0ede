"""Colour arithmetic against known values, and what the palettes promise."""

import numpy as np
import pytest

from attnviz.colour import Ramp, blend, contrast, from_lab, ink_on, lab, luminance
from attnviz.theme import DARK, LIGHT

SHARES = np.linspace(0, 1, 101)


def test_black_and_white():
    assert luminance("#000000") == pytest.approx(0)
    assert luminance("#FFFFFF") == pytest.approx(1, abs=1e-6)
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21, abs=1e-4)
    assert lab("#FFFFFF") == pytest.approx([100, 0, 0], abs=0.02)


def test_red_in_cielab():
    # CIE 15:2004 values of sRGB red under D65.
    assert lab("#FF0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


@pytest.mark.parametrize("colour", ["#123456", "#FFE08A", "#0B7553", "#000000", "#FFFFFF"])
def test_lab_and_back(colour):
    assert from_lab(lab(colour)) == colour


def test_blend_ends_and_middle():
    assert blend("#000000", "#FFFFFF", 0.0) == "#000000"
    assert blend("#000000", "#FFFFFF", 1.0) == "#FFFFFF"
    assert lab(blend("#000000", "#FFFFFF", 0.5))[0] == pytest.approx(50, abs=0.3)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
class TestPalette:
    def test_ramp_steps_are_even_in_lightness(self, theme):
        levels = [lab(theme.palette.weights(share))[0] for share in SHARES]
        steps = np.diff(levels)
        assert np.ptp(levels) > 50
        assert abs(steps - steps.mean()).max() < 0.7

    def test_digits_stand_out_on_every_cell(self, theme):
        fills = [theme.palette.weights(share) for share in SHARES]
        fills += [theme.palette.signed(share) for share in np.linspace(-1, 1, 201)]
        assert min(contrast(ink_on(fill), fill) for fill in fills) >= 4.5

    @pytest.mark.parametrize("name", ["ink", "dim", "query", "key", "value", "output"])
    def test_words_stand_out(self, theme, name):
        for ground in (theme.palette.background, theme.palette.cell):
            assert contrast(getattr(theme.palette, name), ground) >= 4.5

    def test_heads_stand_out_and_differ(self, theme):
        tints = theme.palette.heads
        assert min(contrast(tint, theme.palette.background) for tint in tints) >= 4.5
        assert len(set(tints)) == len(tints)


def test_a_ramp_that_turns_back_is_refused():
    with pytest.raises(ValueError, match="rising or of falling"):
        Ramp(("#000000", "#FFFFFF", "#808080"))(0.5)
