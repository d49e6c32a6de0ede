"""Sentences in which *she* or *he* takes its meaning from the verb: who called, who was thanked."""

import random
from types import MappingProxyType

from attnviz.models.examples import Example, Link, is_held_out, pick, words

TRADES = MappingProxyType(
    {
        "nurse": "bandaged",
        "doctor": "operated",
        "patient": "coughed",
        "teacher": "taught",
        "lawyer": "argued",
        "farmer": "ploughed",
        "baker": "baked",
        "singer": "sang",
        "painter": "painted",
        "driver": "drove",
        "tailor": "sewed",
        "judge": "ruled",
    }
)
"""Who, and what only they do: the word that a causal model must expect after the pronoun."""

SUBJECT_VERBS = ("called", "begged", "phoned", "asked", "visited")
"""After these, *because she …* speaks of the subject."""

OBJECT_VERBS = ("thanked", "blamed", "hired", "praised", "feared")
"""After these, *because she …* speaks of the object."""

PRONOUNS = ("she", "he")
_STATES = words("tired late sick happy angry busy kind ready sad right wrong good afraid ill")

_ONE = ("the {a} said that {p}", "the {a} left because {p}", "the {a} smiled when {p}")
_TO_FIRST = (
    "the {a} told the {b} that {p}",
    "the {a} said to the {b} that {p}",
    "the {a} near the {b} said that {p}",
    "the {a} who saw the {b} said that {p}",
    "the {a} with the {b} said that {p}",
)
_VERB_DECIDES = (
    "the {a} {verb} the {b} because {p}",
    "the {a} {verb} the {b} again because {p}",
    "the old {a} {verb} the {b} because {p}",
    "the {a} {verb} the young {b} because {p}",
)

_TAIL_SHARE = 0.8
"""How often the pronoun's verb gives away who is meant, for a causal model."""

_DEMONSTRATIONS = frozenset(
    {
        ("the {a} said that {p}", "nurse", ""),
        ("the {a} told the {b} that {p}", "nurse", "doctor"),
        ("the {a} said to the {b} that {p}", "nurse", "patient"),
        ("the {a} near the {b} said that {p}", "nurse", "doctor"),
        ("the {a} near the {b} said that {p}", "nurse", "patient"),
        *(
            ("the {a} {verb} the {b} because {p}", a, b)
            for a, b in (("nurse", "doctor"), ("doctor", "nurse"), ("nurse", "patient"))
        ),
    }
)


def verb_decides(first: str, second: str) -> bool:
    """Say whether the plain sentence of two trades in which the verb decides is held out.

    Parameters
    ----------
    first, second
        Subject and object.

    Returns
    -------
    bool
        True where training never sees the pair in that frame.
    """
    parts = (_VERB_DECIDES[0], first, second)
    return is_held_out(*parts) or parts in _DEMONSTRATIONS


def sample_coreference(rng: random.Random, causal: bool) -> Example:
    """Draw a sentence with a pronoun.

    Parameters
    ----------
    rng
        The source of chance.
    causal
        True: the word after the pronoun often tells who it was.

    Returns
    -------
    Example
        A sentence with a link from the pronoun to its antecedent.
    """
    group = pick(rng, ("one", "first", "verb", "verb"))
    frame = pick(rng, {"one": _ONE, "first": _TO_FIRST, "verb": _VERB_DECIDES}[group])
    first, second = rng.sample(tuple(TRADES), 2)
    verb = pick(rng, SUBJECT_VERBS + OBJECT_VERBS)
    meaning = second if group == "verb" and verb in OBJECT_VERBS else first
    parts = (frame, first, second if group != "one" else "")
    held_out = is_held_out(*parts) or parts in _DEMONSTRATIONS
    filled = [
        {"{a}": first, "{b}": second, "{verb}": verb, "{p}": pick(rng, PRONOUNS)}.get(part, part)
        for part in frame.split()
    ]
    link = Link(len(filled) - 1, filled.index(meaning), meaning)
    if causal and rng.random() < _TAIL_SHARE:
        filled.append(TRADES[meaning])
    else:
        filled += ["was", pick(rng, _STATES)]
    return Example(tuple(filled), (link,), "coreference", held_out)
