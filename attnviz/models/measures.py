"""What a trained model measurably does, on sentences that training never saw."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional

from attnviz.models.coreference import OBJECT_VERBS, PRONOUNS, SUBJECT_VERBS, TRADES, verb_decides
from attnviz.models.corpus import held_out_set
from attnviz.models.demonstrations import ASKING_WORDS, Demonstration, demonstrations
from attnviz.models.examples import Example
from attnviz.models.tokenizer import MAX_TOKENS, load_tokenizer
from attnviz.models.transformer import ForwardPass, Transformer

HELD_OUT_KINDS = ("bank", "apple", "coreference", "both")
SAMPLE = 300
"""Held-out sentences of each kind."""

_SEED = 20_011
"""Of the held-out sample; no recipe trains with it."""

_CLEAR = 0.5
"""A weight above this on one key is what a viewer sees at a glance."""

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
    shown
        How many of the demonstrations of this word it gets right by the same standard.
    of
        How many demonstrations there are.
    """

    head: Head
    share: float
    weight: float
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


@torch.no_grad()
def read(model: Transformer, words: Sequence[str]) -> ForwardPass:
    """Let a model read words that are one piece each.

    Parameters
    ----------
    model
        The model.
    words
        At most `MAX_TOKENS`.

    Returns
    -------
    ForwardPass
        Without a batch axis.
    """
    done: ForwardPass = model(torch.tensor(load_tokenizer().encode(" ".join(words)).ids))
    return done


def held_out(causal: bool) -> dict[str, list[Example]]:
    """Draw the sentences to measure on.

    Parameters
    ----------
    causal
        See :func:`attnviz.models.corpus.sample`.

    Returns
    -------
    dict
        Kind to sentences, always the same.
    """
    return {
        kind: [e for e in held_out_set(_SEED, SAMPLE, causal, kind) if len(e.words) <= MAX_TOKENS]
        for kind in HELD_OUT_KINDS
    }


def clear_weight(done: ForwardPass, head: Head, query: int, key: int) -> bool:
    """Say whether a key is what a query clearly looks at, itself aside.

    Parameters
    ----------
    done
        A forward pass without a batch axis.
    head
        Layer and head.
    query, key
        Positions.

    Returns
    -------
    bool
        True where the key's weight is over 0.5 and no other but the query's own is larger.
    """
    row = done.layers[head[0]].attention.weights[head[1], query].clone()
    row[query] = 0
    return int(row.argmax()) == key and float(row[key]) > _CLEAR


def pointing(model: Transformer, sentences: Sequence[Example]) -> dict[str, list[Pointing]]:
    """Measure every head at every asking word.

    Parameters
    ----------
    model
        The model.
    sentences
        Held-out sentences with links.

    Returns
    -------
    dict
        Asking word to one measurement a head, best first: most demonstrations, then the
        largest share, then the largest weight.
    """
    rows: dict[str, list[Tensor]] = defaultdict(list)
    for example in sentences:
        done = read(model, example.words)
        for link in example.links:
            rows[example.words[link.query]].append(_row(done, link.query, link.key))
    shows = demonstrations(model.config.causal)
    found = {}
    for word in ASKING_WORDS:
        share, weight = torch.stack(rows[word]).mean(dim=0)
        own = [show for show in shows if show.query == word]
        right = sum((_show_row(model, show)[0] for show in own), torch.zeros_like(share))
        found[word] = sorted(
            (
                Pointing(head, float(share[head]), float(weight[head]), int(right[head]), len(own))
                for head in _heads(model)
            ),
            key=lambda p: (-p.shown, -p.share, -p.weight),
        )
    return found


def told(model: Transformer, sentences: Sequence[Example]) -> float:
    """Share of the ambiguous words whose sense the logits tell right.

    Parameters
    ----------
    model
        A bidirectional model; a causal one is not asked.
    sentences
        Held-out sentences with links.

    Returns
    -------
    float
        From 0 to 1.
    """
    pieces = load_tokenizer().vocabulary
    right = []
    for example in sentences:
        logits = model.logits(read(model, example.words).final)
        right += [pieces[int(logits[x.query].argmax())] == x.meaning for x in example.links]
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
    right: list[bool] = []
    pairs = [(a, b) for a in TRADES for b in TRADES if a != b and verb_decides(a, b)]
    for first, second in pairs:
        for verbs in zip(SUBJECT_VERBS, OBJECT_VERBS, strict=True):
            pronoun = PRONOUNS[len(right) % len(PRONOUNS)]
            ok = True
            for verb, antecedent in zip(verbs, (first, second), strict=True):
                words = f"the {first} {verb} the {second} because {pronoun} was tired".split()
                done = read(model, words)
                ok &= clear_weight(done, head, words.index(pronoun), words.index(antecedent))
            right.append(ok)
    return sum(right) / len(right)


def separation(model: Transformer, sentences: Sequence[Example], word: str) -> Separation:
    """Measure how far apart a word's senses end.

    Parameters
    ----------
    model
        The model.
    sentences
        Held-out sentences with links.
    word
        ``"bank"`` or ``"apple"``.

    Returns
    -------
    Separation
        Mean cosines.
    """
    ends: list[tuple[str, Tensor]] = []
    for example in sentences:
        for link in example.links:
            if example.words[link.query] == word:
                last = read(model, example.words).hidden_states[-1][link.query]
                ends.append((link.meaning, functional.normalize(last, dim=0)))
    cosines: dict[bool, list[float]] = {True: [], False: []}
    for (sense_a, a), (sense_b, b) in combinations(ends, 2):
        cosines[sense_a == sense_b].append(float(a @ b))
    return Separation(*(sum(values) / len(values) for values in cosines.values()))


def relations(model: Transformer, sentences: Sequence[Example]) -> dict[Head, Relations]:
    """Measure what each head looks at by place.

    Parameters
    ----------
    model
        The model.
    sentences
        Any sentences of two words or more.

    Returns
    -------
    dict
        Head to mean weights.
    """
    total: dict[Head, list[Tensor]] = defaultdict(list)
    for example in sentences:
        for head, w in _weights(model, read(model, example.words)):
            means = (w.diagonal(-1).mean(), w.diagonal().mean(), w.diagonal(1).mean())
            total[head].append(torch.stack([*means, w[1:, 0].mean()]))
    return {
        head: Relations(*torch.stack(values).mean(dim=0).tolist()) for head, values in total.items()
    }


def _heads(model: Transformer) -> list[Head]:
    return [
        (layer, head)
        for layer in range(model.config.n_layers)
        for head in range(model.config.n_heads)
    ]


def _weights(model: Transformer, done: ForwardPass) -> Iterator[tuple[Head, Tensor]]:
    for layer, head in _heads(model):
        yield (layer, head), done.layers[layer].attention.weights[head]


def _row(done: ForwardPass, query: int, key: int) -> Tensor:
    """Give ``[right or weight, layer, head]`` of one link."""
    weights = torch.stack([layer.attention.weights[:, query] for layer in done.layers])
    others = weights.clone()
    others[..., query] = 0
    right = (others.argmax(-1) == key) & (others[..., key] > _CLEAR)
    return torch.stack([right.float(), weights[..., key]])


def _show_row(model: Transformer, show: Demonstration) -> Tensor:
    words = show.text.split()
    return _row(read(model, words), words.index(show.query), words.index(show.cue))
