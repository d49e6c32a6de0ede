"""What translator is trained on, and what is kept from it to measure on."""

import random
import zlib
from collections.abc import Callable, Iterator
from types import MappingProxyType

from attnviz.models.translator import english_french, korean_english
from attnviz.models.translator.demonstrations import DEMONSTRATIONS
from attnviz.models.translator.pairs import Pair

DIRECTIONS = MappingProxyType(
    {"english to french": english_french.sample, "korean to english": korean_english.sample}
)
"""Name to what draws a phrase."""

MAX_SOURCE = 32
MAX_TARGET = 31
"""In words: the model has 32 positions a side, and one of the target's is the end's."""

_HELD_OUT_SHARE = 12
"""One combination of words in so many is kept from training, chosen by its checksum."""


def is_kept_out(pair: Pair) -> bool:
    """Say whether training may not see a phrase.

    Parameters
    ----------
    pair
        A phrase.

    Returns
    -------
    bool
        True where it holds a combination of words (adjective and noun, verb and object, doer and
        deed, two greetings) that is held out, or a whole demonstration.
    """
    return any(map(_is_held_out, pair.combinations)) or _shows(" ".join(pair.source))


def training_set(seed: int, size: int) -> list[Pair]:
    """Draw the phrases to train on, half of them in each direction.

    Parameters
    ----------
    seed
        Of the source of chance.
    size
        How many phrases.

    Returns
    -------
    list of Pair
        The phrases, in the order drawn; none is held out.
    """
    rng = random.Random(seed)
    drawn = [_drawn(rng, sample, held_out=False) for sample in DIRECTIONS.values()]
    return [next(drawn[i % len(drawn)]) for i in range(size)]


def held_out_set(seed: int, size: int, direction: str) -> list[Pair]:
    """Draw phrases that training never sees, each once.

    Parameters
    ----------
    seed
        Of the source of chance.
    size
        How many phrases.
    direction
        One of `DIRECTIONS`.

    Returns
    -------
    list of Pair
        The phrases, in the order drawn; each holds a combination of words that is held out.
    """
    found: dict[tuple[str, ...], Pair] = {}
    for pair in _drawn(random.Random(seed), DIRECTIONS[direction], held_out=True):
        found.setdefault(pair.source, pair)
        if len(found) == size:
            break
    return list(found.values())


def _drawn(
    rng: random.Random, sample: Callable[[random.Random], Pair], *, held_out: bool
) -> Iterator[Pair]:
    while True:
        pair = sample(rng)
        fits = len(pair.source) <= MAX_SOURCE and len(pair.target) <= MAX_TARGET
        if fits and is_kept_out(pair) == held_out:
            yield pair


def _is_held_out(combination: str) -> bool:
    return zlib.crc32(combination.encode()) % _HELD_OUT_SHARE == 0


def _shows(text: str) -> bool:
    return any(f" {show.text} " in f" {text} " for show in DEMONSTRATIONS)
