"""A head asked for by what it does: how it is written, and what is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import UserError
from attnviz.head_rules import BEHAVIOURS, HeadRule, parse_head
from attnviz.spec import Spec

any_text = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_behaviour_is_read_and_written_back(name: str) -> None:
    rule = parse_head(f"auto:{name}")
    assert rule == HeadRule(name)
    assert str(rule) == f"auto:{name}"
    assert Spec(head=f"auto:{name}").head_rule == rule


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("auto:bank>roses", ("bank", "roses")),
        ("auto: bank > roses ", ("bank", "roses")),
        ("auto:a>b>c", ("a", "b>c")),
        ("auto:>>x", (">", "x")),
        ("auto:cafe\u0301>##s", ("café", "##s")),
        ("auto:previous>first", ("previous", "first")),
    ],
)
def test_a_pair_is_divided_at_its_first_arrow(text: str, pair: tuple[str, str]) -> None:
    rule = parse_head(text)
    assert rule.pair == pair
    assert parse_head(str(rule)) == rule
    assert Spec(head=text).head == f"auto:{pair[0]}>{pair[1]}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("auto:prvious", "unknown head 'auto:prvious', did you mean 'auto:previous'?"),
        ("Duplicate", "did you mean 'auto:duplicate'?"),
        ("zzz", "give a number or auto:previous, .* or auto:QUERY>KEY"),
        ("auto:bank", "unknown head 'auto:bank': give a number or"),
        ("auto:", "unknown head 'auto:'"),
        ("auto:bank>", "a pair has a query's word and a key's"),
        ("auto:>roses", "a pair has a query's word and a key's"),
        ("auto: > ", "a pair has"),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Spec(head=text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("auto:ba\x07nk>roses", r"head: control character U\+0007 at position 7"),
        ("auto:a>\u202eb", r"head: control character U\+202E at position 7"),
        ("auto:a>\ud83d", r"head: unpaired surrogate U\+D83D"),
        ("auto:a\n>b", r"head: control character U\+000A"),
        ("auto:" + "a" * 2000 + ">b", "2,007 characters"),
    ],
)
def test_a_word_cannot_hold_what_a_text_cannot(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Spec(head=text)


def test_a_rule_has_words_only_for_a_pair() -> None:
    with pytest.raises(UserError, match="only a pair has words"):
        HeadRule("previous", ("a", "b"))
    with pytest.raises(UserError, match="only a pair has words"):
        HeadRule("pair")
    with pytest.raises(UserError, match="unknown behaviour 'sink'"):
        HeadRule("sink")


@given(any_text)
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UserError):
        spec = Spec(head=f"auto:{text}")
        assert spec == Spec(head=spec.head)
