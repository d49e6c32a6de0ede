"""English noun phrases and their French: articles, agreement, and adjectives that change sides."""

import random
from dataclasses import dataclass

from attnviz.models.examples import pick
from attnviz.models.translator.french_words import (
    ADJECTIVES,
    NO_ARTICLE_KINDS,
    NOUNS,
    ORIGINS,
    SUITS,
    TOPICS,
    VOWELS,
    Adjective,
    Noun,
)
from attnviz.models.translator.pairs import Pair, arrange, piece

_DETERMINERS = ("the", "the", "the", "the", "the", "a", "a", "my", "his", "her", "our", "this")
_ELIDES = {"le": "l'", "la": "l'", "de": "d'", "que": "qu'", "je": "j'", "ne": "n'", "se": "s'"}
_FRENCH_DETERMINERS = {
    # masculine, feminine; then masculine and feminine before a vowel
    "the": ("le", "la", "le", "la"),
    "a": ("un", "une", "un", "une"),
    "my": ("mon", "ma", "mon", "mon"),
    "his": ("son", "sa", "son", "son"),
    "her": ("son", "sa", "son", "son"),
    "our": ("notre", "notre", "notre", "notre"),
    "this": ("ce", "cette", "cet", "cette"),
}
_CONSONANT_SOUNDS = ("eu", "uni")
"""How English words begin that are written with a vowel and take *a* all the same."""

_ONE_ADJECTIVE, _TWO_ADJECTIVES = 0.38, 0.12


@dataclass(frozen=True, slots=True)
class Thing:
    """A noun phrase, and what the rest of the sentence must agree with.

    Parameters
    ----------
    pair
        The words.
    noun
        Its noun.
    """

    pair: Pair
    noun: Noun


def elided(french: tuple[str, ...]) -> tuple[str, ...]:
    """Shorten *le*, *que* and their like before a vowel.

    Parameters
    ----------
    french
        Words.

    Returns
    -------
    tuple of str
        As many words: ``("l'", "homme")``.
    """
    following = (*french[1:], ".")
    return tuple(
        _ELIDES.get(word, word) if begins_with_vowel(after) else word
        for word, after in zip(french, following, strict=True)
    )


def with_an(english: tuple[str, ...]) -> tuple[str, ...]:
    """Write *an* where English wants it.

    Parameters
    ----------
    english
        Words.

    Returns
    -------
    tuple of str
        As many words.
    """
    following = (*english[1:], ".")
    return tuple(
        "an"
        if word == "a" and after[0] in "aeiou" and not after.startswith(_CONSONANT_SOUNDS)
        else word
        for word, after in zip(english, following, strict=True)
    )


def begins_with_vowel(french: str) -> bool:
    """Say whether French elides before a word; every h of the small world is mute."""
    return french[0] in VOWELS


def noun_phrase(rng: random.Random, kind: str, after: str = "") -> Thing:
    """Draw a noun phrase of one kind.

    Parameters
    ----------
    rng
        The source of chance.
    kind
        A key of `NOUNS`.
    after
        ``"de"`` where the phrase follows that word, which then is part of it (*du*).

    Returns
    -------
    Thing
        E.g. *the european economic area*, *la zone économique européenne*.
    """
    noun = pick(rng, NOUNS[kind])
    before, behind = _draw_adjectives(rng, noun)
    determiner = pick(rng, _DETERMINERS)
    if determiner == "a" and kind in NO_ARTICLE_KINDS:
        determiner = "the"
    return Thing(_phrase(determiner, noun, before, behind, after), noun)


def _phrase(
    determiner: str, noun: Noun, before: list[Adjective], behind: list[Adjective], after: str
) -> Pair:
    """Put a phrase together; `behind` is in the order of English."""
    forms = [adjective.form(noun.feminine) for adjective in before]
    if before and not noun.feminine and begins_with_vowel(noun.french):
        forms[-1] = before[-1].liaison
    first = (*forms, noun.french)[0]
    head = piece(determiner, _determiner(determiner, noun.feminine, first, after))
    name = piece(f"{noun.english}*", f"{noun.french}*")
    ahead = [piece(f"{a.english}*", f"{form}*") for a, form in zip(before, forms, strict=True)]
    later = [piece(f"{a.english}*", f"{a.form(noun.feminine)}*") for a in behind]
    pair = arrange([head, *ahead, *later, name], [head, *ahead, name, *reversed(later)])
    for adjective in (*before, *behind):
        pair = pair.holding(adjective.english, noun.english)
    return pair


def _determiner(english: str, feminine: bool, following: str, after: str) -> str:
    vowel = begins_with_vowel(following)
    form = _FRENCH_DETERMINERS[english][2 * vowel + feminine]
    if not after:
        return form
    return "du" if (form, vowel) == ("le", False) else f"{after} {form}"


def _draw_adjectives(rng: random.Random, noun: Noun) -> tuple[list[Adjective], list[Adjective]]:
    if noun.kind in ("paper", "body"):
        return _official(rng, noun)
    before, behind = SUITS[noun.kind]
    draw = rng.random()
    if draw < _TWO_ADJECTIVES:
        return [ADJECTIVES[pick(rng, before)]], [ADJECTIVES[pick(rng, behind)]]
    if draw < _TWO_ADJECTIVES + _ONE_ADJECTIVE:
        adjective = ADJECTIVES[pick(rng, (*before, *behind))]
        return ([adjective], []) if adjective.before else ([], [adjective])
    return [], []


def _official(rng: random.Random, noun: Noun) -> tuple[list[Adjective], list[Adjective]]:
    """Draw *new european economic*: age, whose, about what."""
    before, behind = SUITS[noun.kind]
    ahead = [ADJECTIVES[pick(rng, before)]] if rng.random() < 0.2 else []
    whose = [pick(rng, ORIGINS)] if rng.random() < 0.5 else []
    topic = [pick(rng, TOPICS)] if rng.random() < 0.6 else []
    if not (ahead or whose or topic) and rng.random() < 0.4:
        topic = [pick(rng, behind)]
    return ahead, [ADJECTIVES[word] for word in (*whose, *topic)]
