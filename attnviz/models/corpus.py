"""The corpus of the reader and the writer: what is drawn, in which shares."""

import random
from collections.abc import Iterator

from attnviz.models.coreference import (
    OBJECT_VERBS,
    SUBJECT_VERBS,
    TRADES,
    sample_coreference,
)
from attnviz.models.examples import Example, join, pick, plain
from attnviz.models.plain import sample_plain
from attnviz.models.sense_words import APPLE, BANK
from attnviz.models.senses import SUBJECTS, dressed

SHARES = {"bank": 0.22, "apple": 0.18, "both": 0.1, "coreference": 0.2, "plain": 0.3}
"""The share of each kind of sentence."""

_FULL_STOP_SHARE = 0.2


def sample(rng: random.Random, causal: bool, kind: str | None = None) -> Example:
    """Draw one sentence.

    Parameters
    ----------
    rng
        The source of chance.
    causal
        True for a model that reads from left to right: cues stand before what they tell of.
    kind
        One of the keys of `SHARES`; None draws it by its share.

    Returns
    -------
    Example
        A sentence; it may be a held-out one.
    """
    if kind is None:
        kind = rng.choices(tuple(SHARES), weights=tuple(SHARES.values()))[0]
    if kind == "plain":
        return sample_plain(rng)
    if kind == "bank":
        example = dressed(rng, BANK.sample(rng, causal))
    elif kind == "apple":
        example = dressed(rng, APPLE.sample(rng, causal))
    elif kind == "coreference":
        example = dressed(rng, sample_coreference(rng, causal))
    else:
        example = _sample_both(rng, causal)
    if rng.random() < _FULL_STOP_SHARE:
        return join((example, plain(".")), (), example.kind)
    return example


def training_set(seed: int, size: int, causal: bool) -> list[Example]:
    """Draw the sentences to train on; none of them is held out.

    Parameters
    ----------
    seed
        Of the source of chance.
    size
        How many sentences.
    causal
        See :func:`sample`.

    Returns
    -------
    list of Example
        The sentences, in the order drawn.
    """
    return list(_drawn(random.Random(seed), size, causal, None, held_out=False))


def held_out_set(seed: int, size: int, causal: bool, kind: str) -> list[Example]:
    """Draw sentences of one kind that training never sees, each once.

    Parameters
    ----------
    seed
        Of the source of chance.
    size
        How many sentences.
    causal
        See :func:`sample`.
    kind
        ``"bank"``, ``"apple"``, ``"both"`` or ``"coreference"``.

    Returns
    -------
    list of Example
        The sentences, in the order drawn.
    """
    found: dict[tuple[str, ...], Example] = {}
    for example in _drawn(random.Random(seed), 20 * size, causal, kind, held_out=True):
        found.setdefault(example.words, example)
        if len(found) == size:
            break
    return list(found.values())


def corpus_words() -> tuple[str, ...]:
    """Every word that a labelled sentence may hold, for the tokenizer.

    Returns
    -------
    tuple of str
        The words, sorted.
    """
    words = {*TRADES, *TRADES.values(), *SUBJECT_VERBS, *OBJECT_VERBS}
    for subject in SUBJECTS:
        words.update(subject.split())
    for sense_word in (BANK, APPLE):
        words.update({sense_word.word, *sense_word.cues})
        for kinds in sense_word.cues.values():
            words.update(cue for cues in kinds.values() for cue in cues)
        words.update(tail for tails in sense_word.tails.values() for tail in tails)
        for frames in sense_word.frames.values():
            words.update(part for text in frames for part in text.split() if part.isalpha())
    return tuple(sorted(words))


def _drawn(
    rng: random.Random, size: int, causal: bool, kind: str | None, *, held_out: bool
) -> Iterator[Example]:
    count = 0
    while count < size:
        example = sample(rng, causal, kind)
        if example.held_out == held_out:
            count += 1
            yield example


def _sample_both(rng: random.Random, causal: bool) -> Example:
    parts = [BANK.sample(rng, causal), APPLE.sample(rng, causal)]
    if rng.random() < 0.3:
        parts[rng.randrange(2)] = sample_coreference(rng, causal)
    rng.shuffle(parts)
    return join(parts, (pick(rng, ("and", "but", ",")),), "both")
