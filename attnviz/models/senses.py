"""Sentences in which *bank* and *apple* mean different things.

Every frame is shared by all senses of its word, so that the cue is the only evidence.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
            meaning = pick(rng, tuple(self.cues))
            kind, frame_text = pick_frame(rng, self.frames)
            frame = Frame(frame_text, self.word)
            if not causal or frame.cue_is_first:
                break
        cue = pick(rng, self.cues[meaning][kind])
        held_out = is_held_out(frame_text, cue) or (frame_text, cue) in self.demonstrations
        if causal and rng.random() < _TAIL_SHARE:
            tail = pick(rng, self.tails[meaning])
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


def _cues(**kinds: str) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({kind: words(text) for kind, text in kinds.items()})


BANK = SenseWord(
    word="bank",
    cues=MappingProxyType(
        {
            "shore": _cues(
                thing="""roses reeds ducks willows swans canoes boats frogs oars river stream
                    canoe boat duck""",
                many="roses reeds ducks willows swans boats mud grass",
                before="river lake stream canal mud grass",
                after="path grass mud reeds boat",
                verb="fished rowed swam sailed",
            ),
            "lender": _cues(
                thing="""money cash savings coins cheques loans deposit account loan cheque
                    mortgage salary invoice payment""",
                many="savings money loans coins credit cash cheques accounts",
                before="savings credit loan investment money cash",
                after="account loan vault manager card",
                verb="borrowed saved paid invested",
            ),
            "row": _cues(
                thing="""monitors switches servers screens batteries lights computers speakers
                    cameras monitor switch server screen battery""",
                many="monitors switches servers screens batteries lights speakers cameras",
                before="monitor switch server battery computer screen",
                after="panel cables switches lights monitors",
                verb="wired plugged soldered installed",
            ),
        }
    ),
    frames=MappingProxyType(
        {
            "thing": (
                "{who} left the {cue} by the bank",
                "{who} left the {cue} at the bank",
                "{who} put the {cue} near the bank",
                "{who} saw the {cue} at the {adj} bank",
                "{who} found the {cue} behind the bank",
                "{who} took the {cue} to the bank",
                "{who} wanted the {cue} from the bank",
                "{who} looked for the {cue} along the bank",
                "{who} left the {thing} and the {cue} by the bank",
                "{who} saw the {cue} and the {thing} near the bank",
                "the {cue} by the bank looked {adj}",
                "the {adj} {cue} near the bank looked {adj}",
                "with the {cue} {who} went to the bank",
                "because of the {cue} {who} went back to the bank",
                "the bank with the {cue} was {adj}",
                "at the bank {who} left the {cue}",
                "{who} went to the bank for the {cue}",
                "near the bank {who} found the {adj} {cue}",
                "at the bank {who} put the {thing} on the {cue}",
            ),
            "many": (
                "the bank of {cue} was {adj}",
                "{who} saw a bank of {cue}",
                "the {adj} bank of {cue} was {adj}",
            ),
            "before": (
                "the {cue} bank was {adj}",
                "{who} walked to the {cue} bank",
                "{who} saw the {adj} {cue} bank",
            ),
            "after": (
                "the bank {cue} was {adj}",
                "{who} looked at the bank {cue}",
                "{who} remembered the {adj} bank {cue}",
            ),
            "verb": (
                "{who} {cue} at the bank",
                "{who} {cue} all day near the bank",
                "{who} {cue} with the {thing} by the bank",
                "at the bank {who} {cue}",
            ),
        }
    ),
    tails=MappingProxyType(
        {
            "shore": ("path", "grass", "mud", "reeds"),
            "lender": ("vault", "manager", "card", "account"),
            "row": ("panel", "cables", "lights", "display"),
        }
    ),
    demonstrations=frozenset(
        {
            ("{who} left the {cue} by the bank", "roses"),
            ("{who} left the {cue} by the bank", "money"),
            ("{who} left the {cue} by the bank", "monitors"),
            ("{who} left the {cue} at the bank", "account"),
            ("the {cue} bank was {adj}", "river"),
            ("the bank {cue} was {adj}", "account"),
            ("the bank of {cue} was {adj}", "monitors"),
        }
    ),
)

APPLE = SenseWord(
    word="apple",
    cues=MappingProxyType(
        {
            "fruit": _cues(
                thing="pie juice tree orchard peel core cider tart jam basket",
                verb="ate peeled picked tasted washed",
            ),
            "company": _cues(
                thing="iphone laptop software shares profit lawyers engineers tablet app phone",
                verb="sued joined emailed hacked invented",
            ),
        }
    ),
    frames=MappingProxyType(
        {
            "thing": (
                "apple 's {cue} is quite {adj}",
                "the apple {cue} is quite {adj}",
                "{who} liked the apple {cue}",
                "{who} read about the apple {cue}",
                "the {adj} apple {cue} was {adj}",
                "the {cue} from apple is quite {adj}",
                "{who} talked about the {cue} and the apple",
                "{who} liked the {cue} with the apple",
                "{who} found the {cue} next to the {adj} apple",
                "because of the {cue} {who} thought of apple",
                "{who} took the {cue} from the apple",
                "with the {cue} {who} wanted an apple",
                "the {cue} and the {thing} came from apple",
            ),
            "verb": (
                "{who} {cue} the apple",
                "{who} {cue} an apple",
                "{who} {cue} the {adj} apple",
                "{who} {cue} apple",
            ),
        }
    ),
    tails=MappingProxyType(
        {
            "fruit": ("sauce", "seeds", "slices", "skin"),
            "company": ("website", "stock", "office", "brand"),
        }
    ),
    demonstrations=frozenset(
        {
            ("apple 's {cue} is quite {adj}", "iphone"),
            ("the apple {cue} is quite {adj}", "pie"),
            ("{who} {cue} an apple", "ate"),
            ("the {cue} from apple is quite {adj}", "iphone"),
        }
    ),
)
