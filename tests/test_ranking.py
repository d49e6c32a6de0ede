"""Heads put in order by what they do, against values worked out by hand and planted heads."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from attnviz.derived import duplicate_token, strongest_pair
from attnviz.errors import TensorError, UserError
from attnviz.head_rules import BEHAVIOURS, parse_head
from attnviz.ranking import matches, ranked
from attnviz.records import ModelTrace
from tests.builders import planted_trace, random_trace

TOKENS = ("the", "nurse", "told", "the", "man", "that", "the", "old", "bank", "of", "roses")


def cells(*places: tuple[int, int], n: int = len(TOKENS)) -> NDArray[np.bool_]:
    grid = np.zeros((n, n), dtype=bool)
    grid[tuple(np.transpose(places))] = True
    return grid


N = len(TOKENS)
PLANTED = {
    (4, 11): cells(*((q, q - 1) for q in range(1, N))),
    (7, 2): cells(*((q, 0) for q in range(N))),
    (0, 5): cells(*((q, q) for q in range(N))),
    (11, 0): cells(*((q, q + 1) for q in range(N - 1))),
    (3, 3): cells((0, 3), (0, 6), (3, 0), (3, 6), (6, 0), (6, 3)),
    (9, 10): cells((8, 10)),
}
WINNERS = {
    "auto:previous": (4, 11),
    "auto:first": (7, 2),
    "auto:self": (0, 5),
    "auto:next": (11, 0),
    "auto:duplicate": (3, 3),
    "auto:bank>roses": (9, 10),
}


@pytest.fixture(scope="module")
def trace() -> ModelTrace:
    return planted_trace(TOKENS, PLANTED)


@pytest.mark.parametrize(("rule", "winner"), WINNERS.items())
def test_the_planted_head_of_144_wins(
    trace: ModelTrace, rule: str, winner: tuple[int, int]
) -> None:
    order = ranked(trace, parse_head(rule))
    assert len(order) == 144
    assert (order[0].layer, order[0].head) == winner
    assert order[0].value > 0.9 > order[1].value
    assert [one.value for one in order] == sorted((one.value for one in order), reverse=True)
    assert len({(one.layer, one.head) for one in order}) == 144


@pytest.mark.parametrize(
    ("rule", "behaves"),
    [
        ("auto:previous", lambda w: np.mean([w[q, q - 1] for q in range(1, N)])),
        ("auto:first", lambda w: np.mean([w[q, 0] for q in range(1, N)])),
        ("auto:self", lambda w: np.mean([w[q, q] for q in range(N)])),
        ("auto:next", lambda w: np.mean([w[q, q + 1] for q in range(N - 1)])),
        ("auto:duplicate", lambda w: w[[0, 0, 3, 3, 6, 6], [3, 6, 0, 6, 0, 3]].sum() / 3),
        ("auto:bank>roses", lambda w: w[8, 10]),
        ("auto:the>roses", lambda w: max(w[0, 10], w[3, 10], w[6, 10])),
    ],
)  # fmt: skip
def test_every_value_is_the_mean_that_it_says(trace: ModelTrace, rule, behaves) -> None:
    for one in ranked(trace, parse_head(rule))[::13]:
        weights = trace.layers[one.layer].weights[one.head].astype(np.float64)
        assert one.value == pytest.approx(behaves(weights), rel=1e-12)


def test_one_layer_alone(trace: ModelTrace) -> None:
    order = ranked(trace, parse_head("auto:previous"), layer=7)
    assert [one.layer for one in order] == [7] * 12
    assert sorted(one.head for one in order) == list(range(12))


def test_equal_heads_stand_in_the_order_of_layers_and_heads() -> None:
    first = cells((1, 0), (2, 0), (0, 0), n=3)
    twins = {(2, 1): first, (0, 3): first, (0, 1): first}
    trace = planted_trace(("a", "b", "c"), twins, n_layers=3, n_heads=5)
    # Three keys of 9 apart from all else are not equal to the last digit; a mask makes them so.
    alone = planted_trace(("a",), {}, n_layers=3, n_heads=5)
    assert {(one.layer, one.head) for one in ranked(trace, parse_head("auto:first"))[:3]} == {
        *twins
    }
    order = ranked(alone, parse_head("auto:self"))
    assert {one.value for one in order} == {1.0}
    assert [(one.layer, one.head) for one in order] == list(np.ndindex(3, 5))


# -- the duplicate measure ---------------------------------------------------------------------

IDS = np.array([7, 2, 7, 3, 7])
ROWS = np.array(
    [
        [0.5, 0.125, 0.25, 0.0, 0.125],
        [0.25, 0.25, 0.25, 0.25, 0.0],
        [0.5, 0.25, 0.125, 0.125, 0.0],
        [0.0, 0.0, 1.0, 0.0, 0.0],
        [0.25, 0.0, 0.5, 0.125, 0.125],
    ]
)


def test_duplicates_by_hand() -> None:
    every = np.ones((5, 5), dtype=bool)
    # Row 0: 0.25 + 0.125, row 2: 0.5 + 0, row 4: 0.25 + 0.5; rows 1 and 3 have no twin.
    assert duplicate_token(ROWS, IDS, every) == (0.375 + 0.5 + 0.75) / 3


def test_a_causal_query_whose_twin_comes_later_does_not_count() -> None:
    causal = np.tril(np.ones((5, 5), dtype=bool))
    weights = np.tril(ROWS)
    assert duplicate_token(weights, IDS, causal) == (0.5 + 0.75) / 2


@pytest.mark.parametrize(
    ("ids", "mask"),
    [
        (np.arange(5), np.ones((5, 5), bool)),
        (IDS, np.eye(5, dtype=bool)),
        (IDS[:3], np.ones((5, 5), bool)),
        (IDS, np.ones((1, 5, 5), bool)),
        (IDS[:, None], np.ones((5, 5), bool)),
    ],
)
def test_without_a_reachable_twin_there_is_no_value(ids, mask) -> None:
    with pytest.raises(TensorError):
        duplicate_token(ROWS, ids, mask)


def test_the_strongest_of_some_cells() -> None:
    some = cells((0, 1), (0, 4), (2, 1), n=5)
    assert strongest_pair(ROWS, some) == (2, 1)
    with pytest.raises(TensorError, match="wanted a cell"):
        strongest_pair(ROWS, np.zeros((5, 5), bool))


# -- masks and kinds ---------------------------------------------------------------------------


def test_in_a_causal_model_nothing_looks_ahead() -> None:
    trace = planted_trace(TOKENS, {(1, 2): PLANTED[4, 11]}, n_layers=2, n_heads=3, causal=True)
    assert (ranked(trace, parse_head("auto:previous"))[0].head) == 2
    with pytest.raises(UserError, match="the masks hide it from every query in planted"):
        ranked(trace, parse_head("auto:next"))
    with pytest.raises(UserError, match="the masks hide 'roses' from 'bank' everywhere"):
        ranked(trace, parse_head("auto:bank>roses"))
    assert ranked(trace, parse_head("auto:roses>bank"))[0].query == 10
    # The first "the" has no earlier twin.
    duplicate = ranked(trace, parse_head("auto:duplicate"))[0]
    weights = trace.layers[duplicate.layer].weights[duplicate.head].astype(np.float64)
    assert duplicate.value == pytest.approx((weights[3, 0] + weights[6, [0, 3]].sum()) / 2)


def test_cross_attention_knows_only_pairs() -> None:
    trace = random_trace(5, n_layers=3, target=3)
    for name in BEHAVIOURS:
        if name != "duplicate":
            assert {one.layer for one in ranked(trace, parse_head(f"auto:{name}"))} == {0, 1}
    order = ranked(trace, parse_head("auto:mot2>word4"))
    assert [one.layer for one in order] == [2, 2, 2]
    assert order[0].value == float(trace.layers[2].weights[:, 2, 4].max())
    with pytest.raises(UserError, match="only a pair, auto:QUERY>KEY, can be measured"):
        ranked(trace, parse_head("auto:previous"), layer=2)
    with pytest.raises(UserError, match="'mot1' is no key token; there are 'word0'"):
        ranked(trace, parse_head("auto:word1>mot1"))


def test_what_a_sentence_does_not_have_is_said() -> None:
    with pytest.raises(UserError, match="no token occurs twice in random"):
        ranked(random_trace(), parse_head("auto:duplicate"))
    alone = planted_trace(("a",), {}, n_layers=1, n_heads=2)
    with pytest.raises(UserError, match="one token has no other"):
        ranked(alone, parse_head("auto:previous"))


def test_marks_of_the_tokenizer_are_no_duplicates() -> None:
    tokens = ("[CLS]", "a", "b", "[SEP]", "b", "a", "[SEP]")
    marks = {(0, 1): cells((3, 6), (6, 3), n=7)}
    words = {(1, 0): cells((1, 5), (5, 1), (2, 4), (4, 2), n=7)}
    trace = planted_trace(tokens, marks | words, n_layers=2, n_heads=3)
    trace = replace(trace, special=(0, 3, 6))
    best = ranked(trace, parse_head("auto:duplicate"))[0]
    assert (best.layer, best.head) == (1, 0)
    assert best.value > 0.9
    with pytest.raises(UserError, match="no token occurs twice"):
        ranked(replace(trace, special=tuple(range(7))), parse_head("auto:duplicate"))


# -- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("bank", [1]),
        ("Bank", [0]),
        ("BANK", [0, 1]),
        ("rose", [2]),
        ("s", [3, 5]),
        ("##s", [3, 5]),
        ("river", [4]),
        ("##", [6]),
        ("absent", []),
    ],
)
def test_words_meet_pieces_without_their_marks(word: str, found: list[int]) -> None:
    pieces = ("ĠBank", "▁bank", "rose", "##s", "river</w>", "s", "##")
    assert np.flatnonzero(matches(word, pieces)).tolist() == found


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("auto:bnak>roses", "'bnak' is no query token, did you mean 'bank'?"),
        ("auto:bank>rosse", "'rosse' is no key token, did you mean 'roses'?"),
        ("auto:qqq>roses", "'qqq' is no query token; there are 'the', 'nurse', 'told'"),
    ],
)
def test_a_word_that_is_no_token_meets_the_closest(
    trace: ModelTrace, rule: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        ranked(trace, parse_head(rule))
