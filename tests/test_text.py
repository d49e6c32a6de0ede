"""Type: markup is read as text, missing glyphs are refused, numbers align."""

import re

import pytest
import typst
from manim import ORIGIN, Camera, tempconfig

from attnviz import typeset
from attnviz.errors import UserError
from attnviz.text import Run, Typesetter
from attnviz.typeset import formula_outlines, needs_fallback


@pytest.fixture
def typesetter(tmp_path):
    with tempconfig({"media_dir": str(tmp_path), "verbosity": "WARNING"}):
        yield Typesetter()


@pytest.mark.parametrize("text", ["<b>", '#read("x")', "$x$", "\\", "*a* _b_ `c`", "a // b /* c"])
def test_markup_is_drawn_as_it_is_written(typesetter, text):
    line = typesetter.line(text, 0.2, "#FFFFFF")
    assert line.text == text
    assert len(line.glyphs) == len(text.replace(" ", ""))


def test_what_no_font_draws_is_refused_by_name():
    with pytest.raises(UserError, match=r"U\+103A0, OLD PERSIAN SIGN A"):
        needs_fallback("bank \U000103a0")


def test_own_fonts_draw_western_text():
    assert not needs_fallback("he left the roses — naïve, 0.61 × −∞ ≈ Σ")


@pytest.mark.parametrize("word", ["roses", "by", "bank", "éÅ", "."])
def test_every_word_has_its_baseline_and_cap_height(typesetter, word):
    line = typesetter.line(word, 0.24, "#FFFFFF").scale(2, about_point=ORIGIN)
    line.shift((1.0, 3.0, 0.0))
    assert line.baseline == pytest.approx(3.0)
    assert line.cap_height == pytest.approx(0.48)


def test_flat_letters_stand_on_the_baseline(typesetter):
    line = typesetter.line("HnE", 0.3, "#FFFFFF").stand_on(1.0)
    for glyph in line.glyphs:
        assert glyph.get_bottom()[1] == pytest.approx(1.0, abs=1e-3)
    assert line.glyphs[0].get_top()[1] == pytest.approx(1.3, abs=1e-2)


def test_figures_are_tabular(typesetter):
    widths = {typesetter.number_width(f"0.{digit}{digit}", 0.2) for digit in range(10)}
    assert max(widths) - min(widths) < 1e-6


def test_a_number_knows_where_it_stands(typesetter):
    number = typesetter.number(
        "−0.61", value=-0.612, address="x[1]", cap_height=0.2, colour="#FFFFFF"
    )
    assert (number.text, number.value, number.address) == ("−0.61", -0.612, "x[1]")
    assert len(number.glyphs) == 5


def test_runs_keep_what_they_are(typesetter):
    runs = [Run("bank", "token", strong=True), Run(" looks at "), Run("0.61", "number", "x", 0.61)]
    assert typesetter.line(runs, 0.2, "#FFFFFF").runs == tuple(runs)


def test_formula_terms_are_found(typesetter):
    formula = typesetter.formula(
        "{{Q : query}} {{K^top : key}} + c",
        cap_height=0.2,
        ink="#FFFFFF",
        colours={"query": "#56B4E9"},
    )
    assert formula.terms == ["query", "key"]
    assert len(formula.term("key")) == 2
    assert len(formula.unnamed()) == 2
    assert formula.term("query")[0].get_fill_color().to_hex() == "#56B4E9"


CAPITAL = 683.0  # of New Computer Modern Math at 1000 pt


@pytest.mark.parametrize("pixels", [320, 640, 1920])
@pytest.mark.parametrize("cap_height", [0.2, 0.5])
def test_a_fraction_bar_is_as_wide_as_typst_draws_it_at_every_resolution(
    typesetter, pixels, cap_height
):
    page = b"#set page(width: auto, height: auto)\n#set text(1000pt)\n$ a / b $"
    drawn = float(
        re.findall(r'stroke-width="([0-9.]+)"', typst.compile(page, format="svg").decode())[0]
    )
    formula_outlines.cache_clear()
    with tempconfig({"pixel_width": pixels}):  # when it is set; it is drawn under the other
        typesetter.formula("a / b", cap_height=1, ink="#FFFFFF", colours={})
    formula = typesetter.formula("a / b", cap_height=cap_height, ink="#FFFFFF", colours={})
    (stroke,) = {glyph.get_stroke_width() for glyph in formula.family_members_with_points()} - {0}
    unit = Camera().cairo_line_width_multiple
    assert stroke * unit == pytest.approx(drawn / CAPITAL * cap_height, rel=0.01)


def test_korean_stands_on_the_baseline_of_the_words_beside_it(typesetter):
    """A syllable fills its square: a little below the baseline, and above a capital."""
    cap = 0.3
    line = typesetter.line("H한국어", cap, "#FFFFFF").stand_on(1.0)
    latin, *hangul = line.glyphs
    assert latin.get_bottom()[1] == pytest.approx(1.0, abs=1e-3)
    assert len(hangul) == 3
    for glyph in hangul:
        assert 1.0 - cap / 4 < glyph.get_bottom()[1] <= 1.0
        assert 1.0 + cap <= glyph.get_top()[1] < 1.0 + 1.4 * cap


@pytest.mark.parametrize("piece", ["##ing", "Ġroses", "▁roses", "▁", "<0x0A>", "[CLS]", "</s>"])
def test_tokenizers_pieces_are_drawn_without_the_systems_fonts(typesetter, piece, monkeypatch):
    monkeypatch.setattr(typeset, "all_fonts", typeset.own_fonts)
    monkeypatch.setattr(typeset, "_draws", typeset._draws.__wrapped__)
    outlines = typeset.line_outlines.__wrapped__(((piece, "semibold"),), None)
    assert len(outlines) == len(piece)
    assert all(len(outline.points) for outline in outlines)
