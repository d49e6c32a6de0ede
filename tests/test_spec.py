import dataclasses
import unicodedata
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import UserError
from attnviz.spec import MAX_CHARACTERS, MAX_WINDOW, MaskRule, Spec, parse_mask
from tests.builders import unchecked

T = TypeVar("T")

any_text = st.text(st.characters(exclude_categories=()))
"""Any text at all, unpaired surrogates and control characters included."""


def test_the_default_is_the_flagship_sentence() -> None:
    spec = Spec()
    assert spec.text == "he left the roses by the bank"
    assert spec.model == "reader"
    assert (spec.target, spec.layer, spec.head, spec.mask, spec.mask_rule) == (None,) * 5
    assert spec.hide_special is False


def test_a_spec_is_frozen_and_hashable() -> None:
    assert len({Spec(), Spec(), Spec(head=1)}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        Spec().layer = 1  # type: ignore[misc]  # wrong on purpose


def test_two_ways_to_type_a_sentence_are_one_spec() -> None:
    composed, decomposed = "caf\u00e9 noir", "  cafe\u0301\t \n noir\u2003"
    assert Spec(text=composed) == Spec(text=decomposed)
    assert Spec(target=decomposed).target == composed


def test_signs_that_only_look_alike_are_kept() -> None:
    assert Spec(text="ﬁve x²").text == "ﬁve x²"


@pytest.mark.parametrize(
    "text", ["", " ", "\t\n\r\v\f\x85", "\u2003\u3000", "\u200b\u200d", "\ufeff"]
)
def test_text_with_nothing_to_read_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="text: there is nothing to read"):
        Spec(text=text)
    with pytest.raises(UserError, match="target: there is nothing to read"):
        Spec(target=text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ring\x07", r"control character U\+0007 at position 4 \(counted from 0\)"),
        ("\x00", r"control character U\+0000 at position 0"),
        ("a\x1cb", r"control character U\+001C at position 1"),
        ("ab\x7f", r"control character U\+007F at position 2"),
        ("a \u202eb", r"control character U\+202E at position 2"),
        ("x\ud83d", r"unpaired surrogate U\+D83D at position 1"),
    ],
)
def test_a_control_character_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UserError, match="text: " + message):
        Spec(text=text)
    with pytest.raises(UserError, match="model: " + message):
        Spec(model=text)


def test_text_in_other_scripts_and_markup_is_only_text() -> None:
    for text in ("el río", "היא", "雪が降る", '<b>#read("x") $x$ \\', "👩\u200d💻 نمی\u200cخواهم"):
        assert Spec(text=text).text == text


def test_the_longest_text_passes_and_one_more_character_does_not() -> None:
    assert len(Spec(text="a" * MAX_CHARACTERS).text) == MAX_CHARACTERS
    assert Spec(text="a" + " " * MAX_CHARACTERS + "b").text == "a b"
    with pytest.raises(UserError, match="2,001 characters, at most 2,000"):
        Spec(text="a" * (MAX_CHARACTERS + 1))


def test_ten_thousand_words_end_in_one_short_line() -> None:
    with pytest.raises(UserError) as refusal:
        Spec(text="word " * 10_000)
    assert "49,999 characters" in str(refusal.value)
    assert len(str(refusal.value)) < 100


@pytest.mark.parametrize("name", ["layer", "head"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1, "-1: .*s count from 0"),
        (1.0, "wanted a whole number, got float"),
        ("1", "wanted a whole number, got str"),
        (True, "wanted a whole number, got bool"),
    ],
)
def test_a_place_is_a_whole_number_from_0(name: str, value: object, message: str) -> None:
    with unchecked(), pytest.raises(UserError, match=f"{name}:? ?{message}"):
        Spec(**{name: value})  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("name", ["text", "target", "model", "mask"])
def test_words_are_text(name: str) -> None:
    with unchecked(), pytest.raises(UserError, match=f"{name}: wanted text, got int '3'"):
        Spec(**{name: 3})  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("model", ["", "  "])
def test_a_model_has_a_name(model: str) -> None:
    with pytest.raises(UserError, match="model: the name is empty"):
        Spec(model=model)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("none", MaskRule("none")),
        ("causal", MaskRule("causal")),
        ("window:1", MaskRule("window", 1)),
        (f"window:{MAX_WINDOW}", MaskRule("window", MAX_WINDOW)),
    ],
)
def test_a_mask_is_read_and_written_back(text: str, rule: MaskRule) -> None:
    assert parse_mask(text) == rule
    assert str(rule) == text
    assert Spec(mask=text).mask_rule == rule


def test_one_mask_is_one_spec() -> None:
    assert Spec(mask="window:007") == Spec(mask="window:7")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unknown mask '': give one of none, causal, window:N"),
        ("causl", "did you mean 'causal'"),
        ("window", "did you mean 'window:N'"),
        ("window:-1", "unknown mask 'window:-1', did you mean"),
        ("window:٣", "unknown mask"),
        (" causal", "did you mean 'causal'"),
        ("window:0", "N must be from 1 to 100,000"),
        ("window:100001", "N must be from 1 to 100,000"),
        ("window:" + "9" * 5000, "N must be from 1 to 100,000"),
    ],
)
def test_other_masks_are_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_mask(text)
    with pytest.raises(UserError, match=message):
        Spec(mask=text)


@pytest.mark.parametrize(("kind", "window"), [("window", None), ("causal", 3), ("window", 0)])
def test_a_rule_has_a_window_where_it_needs_one(kind: str, window: int | None) -> None:
    with pytest.raises(UserError, match="window"):
        MaskRule(kind, window)  # type: ignore[arg-type]  # wrong on purpose


def test_a_rule_of_another_kind_is_refused() -> None:
    with unchecked(), pytest.raises(UserError, match="unknown mask 'diagonal'"):
        MaskRule("diagonal")  # type: ignore[arg-type]  # wrong on purpose


def test_differences_names_what_differs_in_the_order_of_the_fields() -> None:
    spec = Spec(mask="causal", text="a b", layer=0)
    assert list(spec.differences(Spec()).items()) == [
        ("text", "a b"),
        ("layer", 0),
        ("mask", "causal"),
    ]
    assert spec.differences(spec) == {}
    assert Spec().differences(Spec(layer=0)) == {"layer": None}


def attempt(make: Callable[[], T]) -> T | UserError:
    """Give what was made, or the refusal; any other error goes through and fails the test."""
    try:
        return make()
    except UserError as error:
        return error


@given(any_text)
def test_any_text_is_taken_or_refused_in_one_line(text: str) -> None:
    spec = attempt(lambda: Spec(text=text))
    if isinstance(spec, UserError):
        assert str(spec).isprintable()
    else:
        assert Spec(text=spec.text) == spec
        assert spec.text == unicodedata.normalize("NFC", spec.text)
        # Equal only where each run of white space is one plain space.
        assert spec.text.split() == spec.text.split(" ")


@given(any_text)
def test_any_mask_is_taken_or_refused_in_one_line(text: str) -> None:
    rule = attempt(lambda: parse_mask(text))
    if isinstance(rule, UserError):
        assert str(rule).isprintable()
    else:
        assert parse_mask(str(rule)) == rule


@given(any_text)
def test_any_model_name_is_taken_or_refused_in_one_line(name: str) -> None:
    spec = attempt(lambda: Spec(model=name))
    if isinstance(spec, UserError):
        assert str(spec).isprintable()
    else:
        assert spec.model == name


@given(st.builds(lambda n: f"window:{n}", st.integers()))
def test_any_window_in_range_is_taken(text: str) -> None:
    n = int(text.removeprefix("window:"))
    if 1 <= n <= MAX_WINDOW:
        assert parse_mask(text).window == n
    else:
        with pytest.raises(UserError):
            parse_mask(text)
