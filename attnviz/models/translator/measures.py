"""What the trained translator measurably does, on phrases that training never saw."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import torch
from torch import Tensor

from attnviz.models.translator.model import EncoderDecoder
from attnviz.models.translator.pairs import Pair
from attnviz.models.translator.tokenizer import Words
from attnviz.models.translator.translating import translate

LENGTHS = ((1, 4), (5, 8), (9, 14), (15, 23), (24, 32))
"""Ranges of source tokens that are told apart, both ends counted."""


@dataclass(frozen=True, eq=False)
class Translated:
    """What the model made of one pair.

    Parameters
    ----------
    pair
        The source and its right translation.
    written
        The greedy translation.
    weights
        ``[cross-attention layer, head, query, key]`` over the right translation.
    """

    pair: Pair
    written: tuple[str, ...]
    weights: Tensor

    @property
    def is_exact(self) -> bool:
        """Whether every word is right."""
        return self.written == self.pair.target


@dataclass(frozen=True, slots=True)
class Alignment:
    """How well one head finds the source word of each content word.

    Parameters
    ----------
    layer, head
        Of the cross-attention, counted from 0.
    share
        Share of the content words whose largest weight is on a source word that they translate.
    weight
        Mean weight on such words.
    turned
        The share among neighbours in the target whose source words stand in the other order:
        both must be right.
    largest
        Mean over all rows of the largest weight.
    """

    layer: int
    head: int
    share: float
    weight: float
    turned: float
    largest: float


@torch.no_grad()
def translated(model: EncoderDecoder, words: Words, pairs: Iterable[Pair]) -> list[Translated]:
    """Translate pairs; those whose sources are of one length go together.

    Parameters
    ----------
    model
        The model.
    words
        Its vocabulary.
    pairs
        Phrases with their right translations.

    Returns
    -------
    list of Translated
        One for each pair, the shortest first.
    """

    def length(pair: Pair) -> int:
        return len(pair.source)

    found = []
    for _, group in groupby(sorted(pairs, key=length), key=length):
        same = list(group)
        sources = [words.ids(pair.source) for pair in same]
        written = translate(model, words, sources)
        longest = max(len(pair.target) for pair in same)
        # What stands after a target's end is never looked at, and its rows are cut off.
        read = [
            (words.start_id, *words.ids(pair.target), *[words.pad_id] * longest)[:longest]
            for pair in same
        ]
        done = model.decode(torch.tensor(read), model.encode(torch.tensor(sources)).final)
        weights = torch.stack([layer.cross_attention.weights for layer in done.layers], dim=1)
        for pair, ids, own in zip(same, written, weights, strict=True):
            text = tuple(words.vocabulary[i] for i in ids)
            found.append(Translated(pair, text, own[..., : len(pair.target), :]))
    return found


def exact(results: Sequence[Translated]) -> float:
    """Share of the phrases that are translated right, word by word.

    Parameters
    ----------
    results
        What the model made of them.

    Returns
    -------
    float
        From 0 to 1.
    """
    return sum(result.is_exact for result in results) / len(results)


def alignments(results: Sequence[Translated]) -> list[Alignment]:
    """Measure every head of the cross-attention.

    Parameters
    ----------
    results
        What the model made of held-out phrases.

    Returns
    -------
    list of Alignment
        In the order of layers and heads.
    """
    right: list[Tensor] = []
    weight: list[Tensor] = []
    turned: list[Tensor] = []
    largest: list[Tensor] = []
    for result in results:
        keys = result.weights.argmax(dim=-1)
        largest.append(result.weights.amax(dim=-1).flatten(2))
        answers = _answers(result.pair)
        found = {}
        for query, sources in answers.items():
            own = keys[..., query, None] == torch.tensor(sources)
            found[query] = own.any(dim=-1)
            weight.append(result.weights[..., query, sources].sum(dim=-1))
        right += found.values()
        turned += [
            found[first] & found[second]
            for first, second in pairwise(sorted(answers))
            if min(answers[first]) > max(answers[second])
        ]
    shares, weights = torch.stack(right).float().mean(0), torch.stack(weight).mean(0)
    turns = torch.stack(turned).float().mean(0)
    tops = torch.cat(largest, dim=-1).mean(-1)
    n_layers, n_heads = shares.shape
    return [
        Alignment(
            layer,
            head,
            float(shares[layer, head]),
            float(weights[layer, head]),
            float(turns[layer, head]),
            float(tops[layer, head]),
        )
        for layer in range(n_layers)
        for head in range(n_heads)
    ]


def _answers(pair: Pair) -> dict[int, list[int]]:
    """Give the source positions that each content word of the target translates."""
    answers: dict[int, list[int]] = {}
    for query, key in pair.links:
        answers.setdefault(query, []).append(key)
    return answers
