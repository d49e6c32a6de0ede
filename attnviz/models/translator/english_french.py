"""English sentences of the small world and their French."""

import random
from collections.abc import Callable, Sequence

from attnviz.models.examples import pick
from attnviz.models.translator.french_nouns import Thing, elided, noun_phrase, with_an
from attnviz.models.translator.french_words import (
    ACTS,
    ADJECTIVES,
    ANIMAL_ACTS,
    ANIMAL_DEEDS,
    ANIMAL_DOINGS,
    DEEDS,
    DOINGS,
    MONTHS,
    MOVES,
    NOUNS,
    OFFICIAL_DEEDS,
    SUITS,
    YEARS,
)
from attnviz.models.translator.pairs import Pair, arrange, piece

_TIMES = (
    ("yesterday*", "hier*"),
    ("today*", "aujourd'hui*"),
    ("this morning*", "ce matin*"),
    ("this evening*", "ce soir*"),
)
_NEAR = (
    ("near*", "près*"),
    ("next to*", "à côté*"),
    ("behind*", "derrière*"),
    ("in front of", "devant"),
)
"""Where something is; the first two take *de*."""

_WITH_DE = frozenset({"près*", "à côté*"})
_LIVING = ("person", "person", "animal")
_WHATEVER = (
    "animal",
    "person",
    "thing",
    "food",
    "text",
    "furniture",
    "place",
    "landmark",
    "opening",
)


def sample(rng: random.Random) -> Pair:
    """Draw a phrase or sentence.

    Parameters
    ----------
    rng
        The source of chance.

    Returns
    -------
    Pair
        English and French, of any length.
    """
    kinds: Sequence[tuple[int, Callable[[random.Random], Pair]]] = (
        (14, _noun_phrase_alone),
        (10, _official_sentence),
        (14, _sentence),
        (12, _state_sentence),
        (10, _pronoun_sentence),
        (3, _question),
        (34, _long_subject_sentence),
        (12, _two_clauses),
        (7, _reported),
    )
    make = rng.choices([make for _, make in kinds], [weight for weight, _ in kinds])[0]
    pair = make(rng)
    if make is not _question and rng.random() < 0.15:
        pair = arrange([pair, piece(".", ".")])
    return Pair(with_an(pair.source), elided(pair.target), pair.links, pair.combinations)


# Parts ------------------------------------------------------------------------


def _somewhere(rng: random.Random) -> tuple[Pair, Thing]:
    """Draw *in the garden*, *next to the old table*, and what it is."""
    kind = pick(rng, ("place", "place", "ground", "furniture", "furniture", "landmark", "animal"))
    if kind == "place" and rng.random() < 0.6:
        english, french = "in*", "dans*"
    elif kind == "ground" and rng.random() < 0.6:
        english, french = "on*", "sur*"
    elif kind == "furniture" and rng.random() < 0.7:
        english, french = pick(rng, (("on*", "sur*"), ("under*", "sous*")))
    else:
        english, french = pick(rng, _NEAR)
    thing = noun_phrase(rng, kind, after="de" if french in _WITH_DE else "")
    return arrange([piece(english, french), thing.pair]), thing


def _which_was(rng: random.Random, thing: Thing) -> Pair:
    """Draw *, which was next to the dog ,* for a place."""
    where, _ = _somewhere(rng)
    return arrange([piece(", which was", ", qui était"), where, piece(",", ",")])


def _agreeing(feminine: bool, masculine: str, ending: str = "e") -> str:
    return masculine + ending if feminine else masculine


def _was_doing(rng: random.Random, subject: Thing, past: bool = True) -> Pair:
    """Draw *was sitting on the mat*."""
    where, _ = _somewhere(rng)
    was = ("was", "était") if past else ("is", "est")
    if rng.random() < 0.4:
        posture = pick(rng, ("sitting", "standing")) if subject.noun.kind == "person" else "sitting"
        french = "debout" if posture == "standing" else _agreeing(subject.noun.feminine, "assis")
        doing = arrange([piece(*was), piece(f"{posture}*", f"{french}*")])
    else:
        english = pick(rng, [d for d in DOINGS if _may(subject, d, ANIMAL_DOINGS)])
        doing = piece(f"{was[0]} {english}*", f"{DOINGS[english][0 if past else 1]}*")
    return arrange([doing, where]) if rng.random() < 0.85 else doing


def _may(subject: Thing, deed: str, of_animals: frozenset[str]) -> bool:
    return subject.noun.kind != "animal" or deed in of_animals


def _deed(rng: random.Random, subject: Thing | None, have: str = "a") -> Pair:
    """Draw *ate the apple* or *slept*; a pronoun's own form of *avoir* is `have`."""
    who = "" if subject is None else subject.noun.english
    if rng.random() < 0.35:
        english = pick(rng, [a for a in ACTS if subject is None or _may(subject, a, ANIMAL_ACTS)])
        return piece(f"{english}*", f"{have} {ACTS[english]}*").holding(who, english)
    english = pick(rng, [d for d in DEEDS if subject is None or _may(subject, d, ANIMAL_DEEDS)])
    participle, kinds = DEEDS[english]
    thing = noun_phrase(rng, pick(rng, kinds))
    verb = piece(f"{english}*", f"{have} {participle}*")
    return arrange([verb, thing.pair]).holding(english, thing.noun.english)


def _past(rng: random.Random, subject: Thing) -> Pair:
    """Draw what a subject did, sometimes where and when."""
    if rng.random() < 0.15:
        english = pick(rng, tuple(MOVES))
        participle = _agreeing(subject.noun.feminine, MOVES[english])
        parts = [piece(f"{english}*", f"est {participle}*").holding(subject.noun.english, english)]
    else:
        parts = [_deed(rng, subject)]
    if rng.random() < 0.2:
        parts.append(_somewhere(rng)[0])
    if rng.random() < 0.2:
        parts.append(piece(*pick(rng, _TIMES)))
    return arrange(parts)


def _living(rng: random.Random) -> Thing:
    return noun_phrase(rng, pick(rng, _LIVING))


def _relative(rng: random.Random, subject: Thing) -> Pair:
    """Draw *that was sitting on the mat* or *who found the key*."""
    who = piece("who" if subject.noun.kind == "person" else "that", "qui")
    return arrange([who, _was_doing(rng, subject) if rng.random() < 0.7 else _deed(rng, subject)])


def _is_quality(rng: random.Random, subject: Thing, is_: tuple[str, str]) -> Pair:
    """Draw *is very old*, *is not empty*."""
    before, behind = SUITS[subject.noun.kind]
    adjective = ADJECTIVES[pick(rng, (*before, *behind))]
    quality = piece(f"{adjective.english}*", f"{adjective.form(subject.noun.feminine)}*")
    quality = quality.holding(adjective.english, subject.noun.english)
    english, french = is_
    if rng.random() < 0.3:
        verb = piece(f"{english} not*", f"ne {french} pas*")
    else:
        verb = piece(english, french)
    if rng.random() < 0.3:
        verb = arrange([verb, piece("very*", "très*")])
    return arrange([verb, quality])


# Sentences --------------------------------------------------------------------


def _noun_phrase_alone(rng: random.Random) -> Pair:
    first = noun_phrase(rng, pick(rng, ("body", "body", "paper", *NOUNS)))
    draw = rng.random()
    if draw < 0.15:
        second = noun_phrase(rng, pick(rng, tuple(NOUNS)))
        return arrange([first.pair, piece("and*", "et*"), second.pair])
    if draw < 0.3:
        return arrange([first.pair, _somewhere(rng)[0]])
    if draw < 0.4 and first.noun.kind in ("opening", "thing", "text"):
        owner = noun_phrase(rng, pick(rng, ("person", "place")), after="de")
        return arrange([first.pair, piece("of", ""), owner.pair])
    return first.pair


def _official_sentence(rng: random.Random) -> Pair:
    paper = noun_phrase(rng, "paper")
    parts = [paper.pair]
    if rng.random() < 0.6:
        parts += [piece("on*", "sur*"), noun_phrase(rng, "body").pair]
    english = pick(rng, tuple(OFFICIAL_DEEDS))
    participle = _agreeing(paper.noun.feminine, OFFICIAL_DEEDS[english])
    if rng.random() < 0.25:
        who = noun_phrase(rng, "body").pair
        verb = piece(f"{english}*", f"a {OFFICIAL_DEEDS[english]}*")
        parts = [who, verb, *parts]
    else:
        parts.append(piece(f"was {english}*", f"a été {participle}*"))
    if rng.random() < 0.6:
        month = pick(rng, tuple(MONTHS))
        parts += [piece("in", "en"), piece(f"{month}*", f"{MONTHS[month]}*")]
        if rng.random() < 0.7:
            year = pick(rng, YEARS)
            parts.append(piece(f"{year}*", f"{year}*"))
    return arrange(parts)


def _sentence(rng: random.Random) -> Pair:
    subject = _living(rng)
    parts = [subject.pair, _past(rng, subject)]
    if rng.random() < 0.2:
        parts += [piece("and*", "et*"), _deed(rng, subject)]
    return arrange(parts)


def _state_sentence(rng: random.Random) -> Pair:
    past = rng.random() < 0.5
    is_ = ("was", "était") if past else ("is", "est")
    draw = rng.random()
    subject = _living(rng) if draw < 0.4 else noun_phrase(rng, pick(rng, _WHATEVER))
    if draw < 0.4:
        return arrange([subject.pair, _was_doing(rng, subject, past)])
    if draw < 0.65:
        return arrange([subject.pair, piece(*is_), _somewhere(rng)[0]])
    return arrange([subject.pair, _is_quality(rng, subject, is_)])


_PRONOUNS = (
    ("i", "je", "ai", "aime veux vois ai"),
    ("he", "il", "a", "aime veut voit a"),
    ("she", "elle", "a", "aime veut voit a"),
    ("we", "nous", "avons", "aimons voulons voyons avons"),
    ("you", "vous", "avez", "aimez voulez voyez avez"),
)
_WISHES = ("love", "want", "see", "have")
_WISHED = ("thing", "thing", "food", "drink", "text", "animal")


def _pronoun_sentence(rng: random.Random) -> Pair:
    english, french, have, present = pick(rng, _PRONOUNS)
    who = piece(f"{english}*", f"{french}*")
    if rng.random() < 0.5:
        place = pick(rng, range(len(_WISHES)))
        form = present.split()[place]
        third = {"have": "has"}.get(_WISHES[place], _WISHES[place] + "s")
        verb = third if english in ("he", "she") else _WISHES[place]
        thing = noun_phrase(rng, pick(rng, _WISHED))
        return arrange([who, piece(f"{verb}*", f"{form}*"), thing.pair])
    parts = [who, _deed(rng, None, have)]
    if rng.random() < 0.3:
        parts.append(piece(*pick(rng, _TIMES)))
    return arrange(parts)


def _question(rng: random.Random) -> Pair:
    thing = noun_phrase(rng, pick(rng, _WHATEVER))
    return arrange([piece("where*", "où*"), piece("is", "est"), thing.pair, piece("?", "?")])


def _long_subject_sentence(rng: random.Random) -> Pair:
    subject = _living(rng)
    if rng.random() < 0.6:
        where, thing = _somewhere(rng)
        verb, past = pick(rng, (("sitting", "assis"), ("sleeping", "")))
        who = piece("who was" if subject.noun.kind == "person" else "that was", "qui")
        if past:
            doing = piece(f"{verb}*", f"était {_agreeing(subject.noun.feminine, past)}*")
        else:
            doing = piece(f"{verb}*", f"{DOINGS[verb][0]}*")
        parts = [subject.pair, who, doing, where]
        if rng.random() < 0.7:
            parts.append(_which_was(rng, thing))
    else:
        parts = [subject.pair, _relative(rng, subject)]
    parts.append(_past(rng, subject))
    if rng.random() < 0.35:
        parts += [piece("and*", "et*"), _deed(rng, subject)]
    return arrange(parts)


def _two_clauses(rng: random.Random) -> Pair:
    join = pick(rng, (("and*", "et*"), (", but*", ", mais*"), (", and*", ", et*")))
    first = pick(rng, (_sentence, _state_sentence))(rng)
    second = pick(rng, (_sentence, _state_sentence))(rng)
    return arrange([first, piece(*join), second])


def _reported(rng: random.Random) -> Pair:
    subject = noun_phrase(rng, "person")
    if rng.random() < 0.5:
        he, il = ("she", "elle") if subject.noun.feminine else ("he", "il")
        pronoun = Thing(piece(f"{he}*", f"{il}*"), subject.noun)
        state = arrange([pronoun.pair, _is_quality(rng, subject, ("was", "était"))])
        if rng.random() < 0.5:
            parts = [subject.pair, _past(rng, subject), piece("because*", "parce* que"), state]
            return arrange(parts)
    else:
        other = noun_phrase(rng, pick(rng, _WHATEVER))
        state = arrange([other.pair, _is_quality(rng, other, ("was", "était"))])
    return arrange([subject.pair, piece("said*", "a dit*"), piece("that", "que"), state])
