"""The table of scripts: samples are in their script, and the chosen fonts draw every letter."""

import pytest

from attnviz import typeset
from attnviz.errors import UserError
from attnviz.fonts import SCRIPTS, Script, script_of, scripts_in
from attnviz.render.legibility import require_legible
from attnviz.sources import load_trace
from attnviz.spec import Spec
from attnviz.typeset import FAMILY, all_fonts, needs_fallback


def by_name(name: str) -> Script:
    return next(script for script in SCRIPTS if script.name == name)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_sample_is_written_in_its_script(script: Script) -> None:
    letters = [c for c in script.sample if c.isalpha()]
    assert {script_of(letter) for letter in letters} == {script}


@pytest.mark.parametrize("letter", ["a", "é", "œ", "Σ", "ж", "1", ",", "€"])
def test_what_the_own_font_holds_is_in_no_script(letter: str) -> None:
    assert script_of(letter) is None
    assert not needs_fallback(letter)


def test_the_scripts_of_a_text_stand_in_the_order_of_preference() -> None:
    names = [script.name for script in scripts_in("the 漢字 of かな and 한국어")]
    assert names == ["Kana", "Hangul", "Han"]


def test_hangul_is_drawn_in_a_family_of_the_table() -> None:
    hangul = by_name("Hangul")
    installed = [f for f in hangul.families if f in set(all_fonts().families())]
    assert installed, f"no font for Korean: apt-get install {hangul.package}"
    assert typeset._families("고양이") == (FAMILY, *installed)
    assert needs_fallback("안녕하세요 , 만나서 반가워요")


def test_a_letter_with_an_empty_outline_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """NanumSquare maps Han letters to nothing: the text around them would draw all the same."""
    monkeypatch.setattr(typeset, "_draws", lambda drawn, *, fallback: fallback and drawn != "本")
    with pytest.raises(UserError, match=r"'本' .* apt-get install fonts-noto-cjk"):
        needs_fallback("日本")


def test_a_missing_script_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "_draws", lambda drawn, *, fallback: False)
    with pytest.raises(UserError, match=r"HANGUL SYLLABLE GO\).* apt-get install fonts-nanum"):
        needs_fallback("고양이")


def test_korean_that_a_model_reads_as_bytes_names_the_model_that_reads_it() -> None:
    spec = Spec(text="고양이")
    with pytest.raises(UserError, match="choose --model translator, which reads Korean"):
        require_legible(spec, load_trace(spec))
    spec = Spec(text="고양이가 잤어요", model="translator")
    require_legible(spec, load_trace(spec))
