"""Sentences in which *bank* and *apple* mean different things.

Every frame is shared by all senses of its word, so that the cue is the only evidence.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from attnviz.models.examples import Example, Frame, is_held_out, join, pick, plain, words

SUBJECTS = words(
    """he|she|i|we|they|anna|tom|mary|john|peter|lucy|someone|everyone|my sister|my father
    |the boy|the girl|the man|the woman|our neighbour|the student|the children|his mother
    |her friend""",
    "|",
)
_QUALITIES = words(
    """quiet new old small big good strange beautiful empty busy bright cheap famous nice
    different important clean dirty lovely expensive"""
)
_THINGS = words("book box letter table bag chair picture cat dog coat bottle car bread cup")
_OPENINGS = words(
    """yesterday|today|then|in the morning|on monday|last week|at night|after lunch|in london
    |one day|in the summer|finally|at noon|before dinner|this evening""",
    "|",
)
_CLOSINGS = words(
    """yesterday|today|again|in the morning|on friday|last year|at night|with anna|for lunch
    |after work|this week|too""",
    "|",
)

_NEUTRAL_CUES = {"thing": _THINGS, "verb": words("waited walked worked stopped sat stood")}
_NEUTRAL_TAILS = words("sign corner area side")
_NEUTRAL_SHARE = 0.15
"""How often nothing tells the sense. Else the last sense could be told by what is missing, and
attention would have nothing to look for."""

_TAIL_SHARE = 0.8
"""How often the word after the ambiguous one depends on its sense, for a causal model."""

_OPENING_SHARE = 0.2
_CLOSING_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class SenseWord:
    """An ambiguous word with its senses.

    Parameters
    ----------
    word
        The ambiguous word.
    cues
        Meaning to kind of cue to cue words.
    frames
        Kind of cue to the frames that take it.
    tails
        Meaning to the nouns that may follow the word (``bank vault``).
    demonstrations
        (frame, cue) pairs kept from training because a film shows them.
    """

    word: str
    cues: Mapping[str, Mapping[str, tuple[str, ...]]]
    frames: Mapping[str, tuple[str, ...]]
    tails: Mapping[str, tuple[str, ...]]
    demonstrations: frozenset[tuple[str, str]]

    def sample(self, rng: random.Random, causal: bool) -> Example:
        """Draw a sentence.

        Parameters
        ----------
        rng
            The source of chance.
        causal
            True: only frames whose cue comes first, with a telling word after.

        Returns
        -------
        Example
            A sentence with one link; held-out pairs are drawn too, and say so.
        """
        while True:
            kind, frame_text = pick_frame(rng, self.frames)
            frame = Frame(frame_text, self.word)
            if not causal or frame.cue_is_first:
                break
        if kind in _NEUTRAL_CUES and rng.random() < _NEUTRAL_SHARE:
            meaning, cues, tails = self.word, _NEUTRAL_CUES[kind], _NEUTRAL_TAILS
        else:
            meaning = pick(rng, tuple(self.cues))
            cues, tails = self.cues[meaning][kind], self.tails[meaning]
        cue = pick(rng, cues)
        held_out = meaning != self.word and (
            is_held_out(frame_text, cue) or (frame_text, cue) in self.demonstrations
        )
        if causal and rng.random() < _TAIL_SHARE:
            tail = pick(rng, tails)
            frame = Frame(_with_tail(frame_text, self.word, tail), self.word)
        return frame.fill(_holes(rng, cue), self.word, meaning, held_out)


def pick_frame(rng: random.Random, frames: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """Choose a frame, each with the same chance, with its kind of cue.

    Parameters
    ----------
    rng
        The source of chance.
    frames
        Kind of cue to frames.

    Returns
    -------
    tuple of str
        The kind and the frame.
    """
    pairs = [(kind, frame) for kind, texts in frames.items() for frame in texts]
    return pairs[rng.randrange(len(pairs))]


def dressed(rng: random.Random, example: Example) -> Example:
    """Add, now and then, a time or a place before or after a sentence.

    Parameters
    ----------
    rng
        The source of chance.
    example
        The sentence.

    Returns
    -------
    Example
        The same sentence, perhaps longer.
    """
    parts = [example]
    if rng.random() < _OPENING_SHARE:
        parts.insert(0, plain(pick(rng, _OPENINGS)))
    if rng.random() < _CLOSING_SHARE:
        parts.append(plain(pick(rng, _CLOSINGS)))
    return join(parts, (), example.kind)


def _holes(rng: random.Random, cue: str) -> dict[str, str]:
    return {
        "who": pick(rng, SUBJECTS),
        "cue": cue,
        "adj": pick(rng, _QUALITIES),
        "thing": pick(rng, _THINGS),
    }


def _with_tail(frame: str, word: str, tail: str) -> str:
    parts = frame.split()
    at = parts.index(word) + 1
    return " ".join([*parts[:at], tail, *parts[at:]])
