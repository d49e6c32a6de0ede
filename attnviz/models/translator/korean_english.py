"""Korean sentences of the small world and their English: the verb comes last in Korean alone."""

import random
from dataclasses import dataclass

from attnviz.models.examples import pick
from attnviz.models.translator import set_phrases
from attnviz.models.translator.korean_words import (
    ADJECTIVES,
    ANIMAL_DEEDS,
    ANIMAL_DOINGS,
    DOINGS,
    NOUNS,
    POSTURES,
    SUITS,
    TIMES,
    VERBS,
    Verb,
    with_particle,
)
from attnviz.models.translator.pairs import Pair, arrange, piece

_SUBJECT, _TOPIC, _OBJECT = ("이", "가"), ("은", "는"), ("을", "를")
_DETERMINERS = (("", "the"),) * 6 + (
    ("제*", "my*"),
    ("우리*", "our*"),
    ("이*", "this*"),
    ("그*", "that*"),
)
_PRONOUNS = (("저는*", "i*"), ("우리는*", "we*"), ("그는*", "he*"), ("그녀는*", "she*"))
_PLACES = {
    "seat": ("위에 on", "옆에 next to", "뒤에 behind"),
    "desk": ("아래에 under", "옆에 next to"),
}
_NEAR = ("앞에 in front of", "뒤에 behind", "옆에 next to", "근처에 near")
_NO_PLACE = frozenset({"went", "arrived", "left"})
"""Verbs that say where to or where from, never where."""

_LIVING = ("person", "person", "animal")
_WHATEVER = ("animal", "thing", "food", "text", "opening", "place", "seat")


@dataclass(frozen=True, slots=True)
class Thing:
    """A noun phrase, and which kind of thing it speaks of.

    Parameters
    ----------
    pair
        The words.
    english
        Its noun.
    kind
        A key of `NOUNS`.
    """

    pair: Pair
    english: str
    kind: str


def sample(rng: random.Random) -> Pair:
    """Draw a phrase or sentence.

    Parameters
    ----------
    rng
        The source of chance.

    Returns
    -------
    Pair
        Korean and English, of any length.
    """
    kinds = (
        (8, set_phrases.sample),
        (20, _sentence),
        (10, _pronoun_sentence),
        (16, _state_sentence),
        (22, _relative_sentence),
        (20, _two_clauses),
        (12, _two_deeds),
    )
    make = rng.choices([make for _, make in kinds], [weight for weight, _ in kinds])[0]
    pair = make(rng)
    if make is not set_phrases.sample and rng.random() < 0.15:
        pair = arrange([pair, piece(".", ".")])
    return pair


# Parts ------------------------------------------------------------------------


def _noun_phrase(
    rng: random.Random, kind: str, particle: tuple[str, str] | None, clause: Pair | None = None
) -> Thing:
    """Draw a noun phrase; `clause` stands before it in Korean and after it in English."""
    korean, english = pick(rng, NOUNS[kind])
    ending = korean if particle is None else with_particle(korean, *particle)
    determiner = piece(*(("", "the") if clause is not None else pick(rng, _DETERMINERS)))
    qualities = [ADJECTIVES[word] for word in _draw_qualities(rng, kind)]
    said = [piece(f"{a.attributive}*", f"{a.english}*") for a in qualities]
    noun = piece(f"{ending}*", f"{english}*")
    korean_order, english_order = [determiner, *said, noun], [determiner, *said, noun]
    if clause is not None:
        korean_order, english_order = [clause, *korean_order], [*english_order, clause]
    pair = arrange(korean_order, english_order)
    for quality in qualities:
        pair = pair.holding(quality.english, english)
    return Thing(pair, english, kind)


def _draw_qualities(rng: random.Random, kind: str) -> list[str]:
    quality, colour = SUITS[kind]
    draw = rng.random()
    if draw < 0.12 and colour:
        return [pick(rng, quality), pick(rng, colour)]
    return [pick(rng, (*quality, *colour))] if draw < 0.45 else []


def _place_word(word: str) -> Pair:
    korean, english = word.split(maxsplit=1)
    return piece(f"{korean}*", f"{english}*" if " " not in english else english)


def _position(rng: random.Random, ending: str = "") -> Pair:
    """Draw *탁자 아래에*, under the table; the words change places."""
    kind = pick(rng, ("seat", "seat", "desk", "place"))
    word = _place_word(pick(rng, _PLACES.get(kind, _NEAR)))
    if ending:
        word = Pair((word.source[0] + ending, *word.source[1:]), word.target, word.links)
    thing = _noun_phrase(rng, kind, None).pair
    return arrange([thing, word], [word, thing])


def _in_place(rng: random.Random) -> Pair:
    """Draw *정원에서*, in the garden: one word in Korean."""
    thing = _noun_phrase(rng, "place", ("에서", "에서"))
    return arrange([thing.pair, before := piece("", "in")], [before, thing.pair])


def _to_place(rng: random.Random) -> Pair:
    thing = _noun_phrase(rng, "place", ("에", "에"))
    return arrange([thing.pair, before := piece("", "to")], [before, thing.pair])


def _verbs(kind: str) -> list[Verb]:
    return [verb for verb in VERBS if kind != "animal" or verb.english in ANIMAL_DEEDS]


def _deed(rng: random.Random, subject: Thing, form: str) -> Pair:
    """Draw *생선을 먹었어요*, ate the fish; `form` names an ending of the verb."""
    if form != "attributive" and rng.random() < 0.1:
        went = {"end": "갔어요", "and": "가고", "but": "갔지만"}[form]
        verb, where = piece(f"{went}*", "went*"), _to_place(rng)
        return arrange([where, verb], [verb, where])
    chosen = pick(rng, _verbs(subject.kind))
    word = {
        "end": f"{chosen.past}어요",
        "but": f"{chosen.past}지만",
        "and": f"{chosen.stem}고",
        "attributive": chosen.attributive,
    }[form]
    verb = piece(f"{word}*", f"{chosen.english}*")
    if not chosen.kinds:
        return verb.holding(subject.english, chosen.english)
    thing = _noun_phrase(rng, pick(rng, chosen.kinds), _OBJECT)
    deed = arrange([thing.pair, verb], [verb, thing.pair])
    return deed.holding(chosen.english, thing.english)


def _happening(rng: random.Random, subject: Thing, form: str) -> Pair:
    """Draw what a subject did, sometimes where: in Korean the place stands first."""
    deed = _deed(rng, subject, form)
    if _NO_PLACE.intersection(deed.target) or rng.random() > 0.25:
        return deed
    where = _in_place(rng)
    return arrange([where, deed], [deed, where])


def _clause(rng: random.Random, kind: str) -> Pair:
    """Draw *매트 위에 앉아 있던*, that was sitting on the mat."""
    who = piece("", "who" if kind == "person" else "that")
    draw = rng.random()
    if draw < 0.35:
        deed = _deed(rng, Thing(who, "", kind), "attributive")
        return arrange([deed, who], [who, deed])
    if draw < 0.75:
        english = pick(rng, tuple(POSTURES)) if kind == "person" else "sitting"
        doing, where = piece(f"{POSTURES[english]}* 있던", f"was {english}*"), _position(rng)
    else:
        english = pick(rng, [d for d in DOINGS if kind == "person" or d in ANIMAL_DOINGS])
        doing, where = piece(f"{DOINGS[english]}* 있던", f"was {english}*"), _in_place(rng)
    return arrange([where, doing, who], [who, doing, where])


def _subject(rng: random.Random, particle: tuple[str, str] | None = None) -> Thing:
    if particle is None:
        particle = _TOPIC if rng.random() < 0.25 else _SUBJECT
    return _noun_phrase(rng, pick(rng, _LIVING), particle)


# Sentences --------------------------------------------------------------------


def _sentence(rng: random.Random) -> Pair:
    subject = _subject(rng)
    happening = _happening(rng, subject, "end")
    if rng.random() < 0.3:
        time = piece(*pick(rng, TIMES))
        return arrange([time, subject.pair, happening], [subject.pair, happening, time])
    return arrange([subject.pair, happening])


def _pronoun_sentence(rng: random.Random) -> Pair:
    who = piece(*pick(rng, _PRONOUNS))
    happening = _happening(rng, Thing(who, "", "person"), "end")
    if rng.random() < 0.4:
        time = piece(*pick(rng, TIMES))
        return arrange([who, time, happening], [who, happening, time])
    return arrange([who, happening])


def _state_sentence(rng: random.Random) -> Pair:
    draw = rng.random()
    if draw < 0.35:
        subject = _subject(rng)
        kind_doings = [d for d in DOINGS if subject.kind == "person" or d in ANIMAL_DOINGS]
        english = pick(rng, kind_doings)
        doing = piece(f"{DOINGS[english]}* 있어요", f"is {english}*")
        where = _in_place(rng)
        return arrange([subject.pair, where, doing], [subject.pair, doing, where])
    if draw < 0.6:
        subject = _noun_phrase(rng, pick(rng, ("animal", "thing", "person", "food")), _SUBJECT)
        where, being = _position(rng), piece("있어요", "is")
        return arrange([subject.pair, where, being], [subject.pair, being, where])
    subject = _noun_phrase(rng, pick(rng, (*_LIVING, *_WHATEVER)), pick(rng, (_SUBJECT, _TOPIC)))
    quality, colour = SUITS[subject.kind]
    adjective = ADJECTIVES[pick(rng, (*quality, *colour))]
    being = piece("", "is")
    said = piece(f"{adjective.polite}*", f"{adjective.english}*")
    said = said.holding(adjective.english, subject.english)
    if (degree := rng.random()) < 0.25:
        said = arrange([piece("아주*", "very*"), said])
    elif degree < 0.45:
        said = arrange([piece("안*", "not*"), said])
    return arrange([subject.pair, being, said])


def _relative_sentence(rng: random.Random) -> Pair:
    kind = pick(rng, _LIVING)
    subject = _noun_phrase(rng, kind, _SUBJECT, _clause(rng, kind))
    happening = _happening(rng, subject, "end")
    if rng.random() < 0.3:
        first = _deed(rng, subject, "and")
        happening = arrange([first, piece("", "and"), happening])
    return arrange([subject.pair, happening])


def _two_deeds(rng: random.Random) -> Pair:
    subject = _subject(rng)
    first, second = _happening(rng, subject, "and"), _happening(rng, subject, "end")
    return arrange([subject.pair, first, piece("", "and"), second])


def _two_clauses(rng: random.Random) -> Pair:
    if rng.random() < 0.5:
        particle, join, form = _SUBJECT, piece("", "and"), "and"
    else:
        # What is set against each other is marked as a topic.
        particle, join, form = _TOPIC, piece("", ", but"), "but"
    first, second = _doer(rng, particle), _doer(rng, particle)
    opening = [first.pair, _happening(rng, first, form)]
    return arrange([*opening, join, second.pair, _happening(rng, second, "end")])


def _doer(rng: random.Random, particle: tuple[str, str]) -> Thing:
    """Draw a subject, often with a clause of its own."""
    if rng.random() < 0.7:
        return _subject(rng, particle)
    kind = pick(rng, _LIVING)
    return _noun_phrase(rng, kind, particle, _clause(rng, kind))
