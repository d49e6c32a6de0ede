"""The phrases translator learns from: right French, right Korean, and nothing that is measured."""

import json
import random
from itertools import pairwise

import pytest

from attnviz.models.translator import english_french, korean_english
from attnviz.models.translator.corpus import (
    DIRECTIONS,
    MAX_SOURCE,
    MAX_TARGET,
    held_out_set,
    training_set,
)
from attnviz.models.translator.demonstrations import DEMONSTRATIONS
from attnviz.models.translator.french_nouns import elided, with_an
from attnviz.models.translator.french_words import ADJECTIVES, NOUNS
from attnviz.models.translator.korean_words import with_particle
from attnviz.models.translator.pairs import Pair, arrange, piece
from attnviz.models.translator.recipe import RECIPE
from attnviz.models.translator.tokenizer import (
    END,
    PAD,
    START,
    WORDS_PATH,
    cut,
    joined,
    load_words,
)
from attnviz.models.translator.vocabulary import word_lists


def drawn(sample: object, count: int = 2_000) -> list[Pair]:
    rng = random.Random(7)
    return [sample(rng) for _ in range(count)]


FRENCH = [" ".join(pair.target) for pair in drawn(english_french.sample)]
KOREAN = drawn(korean_english.sample)


SOME = training_set(RECIPE.seed, 3_000)
"""How the shipped model's training set begins."""


# Pairs ------------------------------------------------------------------------


def test_pieces_change_places_and_their_links_follow() -> None:
    the, european = piece("the", "la"), piece("european*", "européenne*")
    economic, area = piece("economic*", "économique*"), piece("area*", "zone*")
    pair = arrange([the, european, economic, area], [the, area, economic, european])
    assert pair.source == ("the", "european", "economic", "area")
    assert pair.target == ("la", "zone", "économique", "européenne")
    assert sorted(pair.links) == [(1, 3), (2, 2), (3, 1)]


def test_marked_words_match_and_unmarked_ones_do_not() -> None:
    assert piece("saw*", "a vu*").links == ((1, 0),)
    assert piece("앉아* 있던", "was sitting*").links == ((1, 0),)
    assert piece("next to", "à côté").links == ()
    assert piece("", "the").source == ()


def test_two_equal_pieces_keep_their_own_places() -> None:
    pair = arrange([piece("the", "le"), piece("cat*", "chat*"), piece("the", "le")])
    assert pair.links == ((1, 1),)


def test_a_combination_needs_two_words() -> None:
    assert piece("cat", "chat").holding("", "cat").combinations == frozenset()
    assert piece("cat", "chat").holding("black", "cat").combinations == {"black + cat"}


# French -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("le homme", "l' homme"),
        ("la école", "l' école"),
        ("près de un hôtel", "près d' un hôtel"),
        ("dit que il ne est pas", "dit qu' il n' est pas"),
        ("je ai vu le œuf", "j' ai vu l' œuf"),
        ("le chat", "le chat"),
        ("la", "la"),
    ],
)
def test_french_elides_before_vowels_and_mute_h(full: str, short: str) -> None:
    assert elided(tuple(full.split())) == tuple(short.split())


@pytest.mark.parametrize(
    ("plain", "right"),
    [
        ("a old man", "an old man"),
        ("a european law", "a european law"),
        ("a union", "a union"),
        ("a umbrella", "an umbrella"),
        ("a cat", "a cat"),
    ],
)
def test_english_writes_an_where_it_is_said(plain: str, right: str) -> None:
    assert with_an(tuple(plain.split())) == tuple(right.split())


def test_no_french_phrase_breaks_elision_or_contraction() -> None:
    text = " | ".join(FRENCH)
    vowels = "aeiouyéèêàâîôûœh"
    for word in ("le", "la", "de", "que", "je", "ne", "ce", "ma", "sa", "du", "beau", "vieux"):
        for line in FRENCH:
            words = line.split()
            for first, second in pairwise(words):
                # "beau" may end its phrase: "est beau et", "est vieux ."
                if first == word and second[0] in vowels and second not in ("et", "a", "est"):
                    pytest.fail(line)
    assert " de le " not in text
    assert "' " in text


def test_adjectives_agree_with_their_nouns() -> None:
    feminine = {n.french for nouns in NOUNS.values() for n in nouns if n.feminine}
    forms = {a.feminine: a for a in ADJECTIVES.values() if a.feminine != a.masculine}
    before = {f for f, a in forms.items() if a.before}
    for line in FRENCH:
        words = line.split()
        for first, second in pairwise(words):
            if first in before and second.isalpha():
                nouns = {*feminine, *(a.feminine for a in ADJECTIVES.values()), "et", "a", "qui"}
                assert second in nouns or second in (".", ","), line


def test_the_common_hard_forms_occur() -> None:
    text = " ".join(FRENCH)
    for form in (
        "vieil homme",
        "bel ",
        "cet ",
        "à côté du ",
        "près de la ",
        "près de l' ",
        "est tombée",
    ):
        assert form in text, form


# Korean -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("noun", "subject", "topic", "thing"),
    [
        ("고양이", "고양이가", "고양이는", "고양이를"),
        ("책", "책이", "책은", "책을"),
        ("말", "말이", "말은", "말을"),
        ("의사", "의사가", "의사는", "의사를"),
    ],
)
def test_particles_follow_the_last_sound(noun: str, subject: str, topic: str, thing: str) -> None:
    assert with_particle(noun, "이", "가") == subject
    assert with_particle(noun, "은", "는") == topic
    assert with_particle(noun, "을", "를") == thing


def test_korean_sentences_end_politely_or_are_greetings() -> None:
    endings = ("요", "니다", "안녕", "네")
    for pair in KOREAN:
        words = [word for word in pair.source if word not in ".!?,"]
        assert words[-1].endswith(endings), pair.source


def test_who_arrives_or_leaves_does_so_in_no_place() -> None:
    for pair in KOREAN:
        text = " ".join(pair.target)
        assert "arrived in" not in text
        assert "left in" not in text


# Tokens -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("The Cat, slept.", "the cat , slept ."),
        ("l’homme a lu aujourd'hui", "l' homme a lu aujourd'hui"),
        ("qu'il n'était pas", "qu' il n' était pas"),
        ("l' homme", "l' homme"),
        ("  안녕하세요,  만나서 반가워요 ", "안녕하세요 , 만나서 반가워요"),
        ("où est-elle?", "où est - elle ?"),
        ("", ""),
    ],
)
def test_text_is_cut_at_spaces_punctuation_and_elisions(text: str, pieces: str) -> None:
    assert cut(text) == tuple(pieces.split())


def test_what_is_joined_is_cut_into_the_same_words() -> None:
    for pair in drawn(english_french.sample, 200) + KOREAN[:200]:
        assert cut(joined(pair.source)) == pair.source
        assert cut(joined(pair.target)) == pair.target


def test_the_vocabulary_holds_each_word_once_and_its_marks_first() -> None:
    words = load_words()
    assert words.vocabulary[:3] == (PAD, START, END)
    assert len(set(words.vocabulary)) == len(words.vocabulary)
    assert not {PAD, START, END} & {
        w for d in (words.from_english, words.from_korean) for w in d.source_words + d.target_words
    }
    ids = words.ids(words.vocabulary)
    assert ids == tuple(range(len(words.vocabulary)))


# What is kept from training ---------------------------------------------------


@pytest.mark.slow
def test_the_shipped_words_are_those_that_training_meets() -> None:
    met = training_set(RECIPE.seed, RECIPE.phrases)
    assert WORDS_PATH.read_text(encoding="utf-8") == word_lists(met)


def test_the_words_met_first_are_among_the_shipped_ones() -> None:
    words = load_words()
    for data, shipped in zip(
        json.loads(word_lists(SOME)), (words.from_english, words.from_korean), strict=True
    ):
        assert (data["source"], data["target"]) == (shipped.source, shipped.target)
        assert len(data["source_words"]) > 200
        assert set(data["source_words"]) <= set(shipped.source_words)
        assert set(data["target_words"]) <= set(shipped.target_words)


def test_training_never_sees_what_is_measured() -> None:
    seen = {" ".join(pair.source) for pair in SOME}
    combined = {both for pair in SOME for both in pair.combinations}
    words = load_words()
    for name, direction in zip(DIRECTIONS, (words.from_english, words.from_korean), strict=True):
        kept = held_out_set(11, 50, name)
        assert len(kept) == 50
        for pair in kept:
            assert " ".join(pair.source) not in seen
            shows = any(f" {s.text} " in f" {' '.join(pair.source)} " for s in DEMONSTRATIONS)
            assert shows or pair.combinations - combined
            assert set(pair.source) <= set(direction.source_words)
            assert set(pair.target) <= set(direction.target_words)
    text = " | ".join(sorted(seen))
    for show in DEMONSTRATIONS:
        assert f" {show.text} " not in f" {text} "


def test_every_phrase_fits_the_positions() -> None:
    for pair in SOME:
        assert 1 <= len(pair.source) <= MAX_SOURCE
        assert 1 <= len(pair.target) <= MAX_TARGET
        assert all(t < len(pair.target) and s < len(pair.source) for t, s in pair.links)
