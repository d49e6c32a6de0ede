"""What a trained model measurably does, on sentences that training never saw."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from attnviz.models.coreference import OBJECT_VERBS, PRONOUNS, SUBJECT_VERBS, TRADES, verb_decides
from attnviz.models.demonstrations import ASKING_WORDS, demonstrations
from attnviz.models.examples import Example, Link
from attnviz.models.readings import Reading, read
from attnviz.models.transformer import Transformer

Head = tuple[int, int]
"""Layer and head, counted from 0."""


@dataclass(frozen=True, slots=True)
class Pointing:
    """How well one head finds the cue of one asking word.

    Parameters
    ----------
    head
        Layer and head.
    share
        Share of the sentences in which the cue is the top key besides the word itself, with a
        weight over 0.5.
    weight
        Mean weight on the cue.
    any_head
        Share of the sentences in which some head does so.
    shown
        How many of the demonstrations of this word it gets right by the same standard.
    of
        How many demonstrations there are.
    """

    head: Head
    share: float
    weight: float
    any_head: float
    shown: int
    of: int


@dataclass(frozen=True, slots=True)
class Separation:
    """Where the senses of a word end, by the cosine of the last hidden states.

    Parameters
    ----------
    within
        Mean cosine of two sentences of one sense.
    across
        Mean cosine of two sentences of different senses.
    """

    within: float
    across: float


@dataclass(frozen=True, slots=True)
class Relations:
    """What a head looks at by place: the mean weight on each relation.

    Parameters
    ----------
    previous, itself, next_, first
        Mean over the rows that have such a key.
    """

    previous: float
    itself: float
    next_: float
    first: float


def pointing(model: Transformer, readings: Sequence[Reading]) -> dict[str, list[Pointing]]:
    """Measure every head at every asking word.

    Parameters
    ----------
    model
        The model, for the demonstrations.
    readings
        Held-out sentences with links.

    Returns
    -------
    dict
        Asking word to one measurement a head, best first: most demonstrations, then the
        largest share, then the largest weight.
    """
    shows = read(model, [show.example() for show in demonstrations(model.config.causal)])
    found = {}
    for word in ASKING_WORDS:
        own = _links(shows, word)
        right = torch.stack([reading.clear(link) for reading, link in own]).sum(dim=0)
        links = _links(readings, word)
        clear = torch.stack([reading.clear(link) for reading, link in links]).float()
        weight = torch.stack([r.weights[:, :, x.query, x.key] for r, x in links]).mean(dim=0)
        any_head = float(clear.flatten(1).amax(dim=1).mean())
        share = clear.mean(dim=0)
        found[word] = sorted(
            (
                Pointing(
                    head=head,
                    share=float(share[head]),
                    weight=float(weight[head]),
                    any_head=any_head,
                    shown=int(right[head]),
                    of=len(own),
                )
                for head in _heads(model)
            ),
            key=lambda p: (-p.shown, -p.share, -p.weight),
        )
    return found


def told(readings: Sequence[Reading]) -> float:
    """Share of the ambiguous words whose sense the logits of a bidirectional model tell right.

    Parameters
    ----------
    readings
        Held-out sentences with links.

    Returns
    -------
    float
        From 0 to 1.
    """
    right = [r.answers[link.query] == link.meaning for r in readings for link in r.example.links]
    return sum(right) / len(right)


def verb_switches(model: Transformer, head: Head) -> float:
    """Share of held-out pairs of trades where one head changes its antecedent with the verb.

    Parameters
    ----------
    model
        The model.
    head
        Layer and head.

    Returns
    -------
    float
        From 0 to 1; both sentences of a pair must be clearly right.
    """
    pairs: list[tuple[Example, Example]] = []
    for first in TRADES:
        for second in TRADES:
            if first != second and verb_decides(first, second):
                for called, thanked in zip(SUBJECT_VERBS, OBJECT_VERBS, strict=True):
                    pronoun = PRONOUNS[len(pairs) % len(PRONOUNS)]
                    pairs.append(
                        (
                            _because(first, called, second, pronoun, first),
                            _because(first, thanked, second, pronoun, second),
                        )
                    )
    # All are of one length, so they are read in the order given.
    readings = read(model, [example for pair in pairs for example in pair])
    right = [bool(r.clear(r.example.links[0])[head]) for r in readings]
    both = [a and b for a, b in zip(right[::2], right[1::2], strict=True)]
    return sum(both) / len(both)


def separation(readings: Sequence[Reading], word: str) -> Separation:
    """Measure how far apart a word's senses end.

    Parameters
    ----------
    readings
        Held-out sentences with links.
    word
        ``"bank"`` or ``"apple"``.

    Returns
    -------
    Separation
        Mean cosines.
    """
    links = _links(readings, word)
    ends = functional.normalize(torch.stack([r.last[link.query] for r, link in links]), dim=-1)
    senses = [link.meaning for _, link in links]
    same = torch.tensor([[a == b for b in senses] for a in senses])
    cosines = ends @ ends.T
    other = ~torch.eye(len(senses), dtype=torch.bool)
    return Separation(float(cosines[same & other].mean()), float(cosines[~same].mean()))


def relations(model: Transformer, readings: Sequence[Reading]) -> dict[Head, Relations]:
    """Measure what each head looks at by place.

    Parameters
    ----------
    model
        The model.
    readings
        Any sentences of two words or more.

    Returns
    -------
    dict
        Head to mean weights.
    """
    means = torch.stack([_places(reading.weights) for reading in readings]).mean(dim=0)
    return {head: Relations(*means[:, head[0], head[1]].tolist()) for head in _heads(model)}


def _places(weights: Tensor) -> Tensor:
    """Give ``[previous | itself | next | first, layer, head]``, each a mean over rows."""
    diagonals = [weights.diagonal(shift, dim1=-2, dim2=-1).mean(-1) for shift in (-1, 0, 1)]
    return torch.stack([*diagonals, weights[..., 1:, 0].mean(-1)])


def _heads(model: Transformer) -> list[Head]:
    return [
        (layer, head)
        for layer in range(model.config.n_layers)
        for head in range(model.config.n_heads)
    ]


def _links(readings: Sequence[Reading], word: str) -> list[tuple[Reading, Link]]:
    return [
        (reading, link)
        for reading in readings
        for link in reading.example.links
        if link.has_cue and reading.example.words[link.query] == word
    ]


def _because(first: str, verb: str, second: str, pronoun: str, antecedent: str) -> Example:
    words = tuple(f"the {first} {verb} the {second} because {pronoun} was tired".split())
    link = Link(words.index(pronoun), words.index(antecedent), antecedent)
    return Example(words, (link,), "coreference", held_out=True)
