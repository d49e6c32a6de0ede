"""Which head of a trace does something most: every head, measured and put in order."""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from attnviz.derived import (
    Values,
    duplicate_token,
    first_token,
    itself,
    next_token,
    previous_token,
    same_token,
    strongest_pair,
)
from attnviz.errors import UserError, quoted
from attnviz.head_rules import BEHAVIOURS, HeadRule
from attnviz.records import AttentionTrace, ModelTrace

Cells = NDArray[np.bool_]
"""``[query, key]``, True where a cell counts."""

_MEASURES: Mapping[str, Callable[[Values], float]] = MappingProxyType(
    {"previous": previous_token, "first": first_token, "self": itself, "next": next_token}
)
_MARKS_BEFORE = ("##", "Ġ", "▁")
_MARK_AFTER = "</w>"
_MOST_NAMED = 12
"""How many tokens an error names."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One head and how much it does what was asked.

    Parameters
    ----------
    layer, head
        Counted from 0.
    value
        The measure, 0 to 1.
    query
        The query that does it most.
    """

    layer: int
    head: int
    value: float
    query: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What a search for one behaviour came to.

    Parameters
    ----------
    rule
        What was looked for.
    heads
        The heads, the best first; none where no head can do it.
    why_not
        Why no head can do it, else an empty text.
    """

    rule: HeadRule
    heads: tuple[Ranked, ...]
    why_not: str = ""


def survey(trace: ModelTrace, pairs: Sequence[HeadRule] = ()) -> list[Finding]:
    """Look for every behaviour of :data:`attnviz.head_rules.BEHAVIOURS` and for some pairs.

    Parameters
    ----------
    trace
        What the model computed.
    pairs
        Rules with a pair each.

    Returns
    -------
    list of Finding
        The behaviours in their order, then the pairs.

    Raises
    ------
    UserError
        If a word of a pair is no token, or every mask hides it.
    """
    found = []
    for name in BEHAVIOURS:
        rule = HeadRule(name)
        try:
            found.append(Finding(rule, tuple(ranked(trace, rule))))
        except NoHeadError as error:
            found.append(Finding(rule, (), error.why))
    return found + [Finding(rule, tuple(ranked(trace, rule))) for rule in pairs]


class NoHeadError(UserError):
    """No head can do what is asked.

    Parameters
    ----------
    rule
        What is asked.
    why
        What is in the way.
    where
        The model, or the layer of it.
    """

    def __init__(self, rule: HeadRule, why: str, where: str) -> None:
        super().__init__(f"head {rule}: {why} in {where}")
        self.why = why


def ranked(trace: ModelTrace, rule: HeadRule, layer: int | None = None) -> list[Ranked]:
    """Order the heads by how much they do what a rule says.

    The measures are those of :mod:`attnviz.derived`; for a pair the largest weight that one of
    the query's places gives to one of the key's. Only a pair is measured in cross-attention.

    Parameters
    ----------
    trace
        What the model computed.
    rule
        What to look for.
    layer
        Look in this layer only; None: in all.

    Returns
    -------
    list of Ranked
        The highest value first; of equals, the earlier layer, then the earlier head. Heads that
        cannot do it, because their masks hide what they would look at, are left out.

    Raises
    ------
    UserError
        If no head can do it; for a pair, the tokens closest to a word that is none are named.
    """
    chosen = range(len(trace.layers)) if layer is None else [layer]
    places = {index: cells_of(trace, rule, index) for index in chosen}
    if rule.pair and not any(cells.any() for cells in places.values()):
        _refuse_pair(trace, rule, chosen)
    found = [
        _measured(trace, rule, index, head, cells)
        for index, cells in places.items()
        for head, cells in enumerate(_seen(trace.layers[index], cells))
        if cells.any()
    ]
    if not found:
        where = trace.model if layer is None else f"layer {layer} of {trace.model}"
        raise NoHeadError(rule, _why_not(trace, rule, chosen), where)
    return sorted(found, key=lambda one: (-one.value, one.layer, one.head))


def cells_of(trace: ModelTrace, rule: HeadRule, layer: int) -> Cells:
    """Return the cells ``[query, key]`` of a layer that a rule speaks of, masked ones included."""
    attention = trace.layers[layer]
    n_queries, n_keys = attention.weights.shape[1:]
    if rule.pair:
        asking = matches(rule.pair[0], attention.query_tokens)
        answering = matches(rule.pair[1], attention.key_tokens)
        return np.logical_and.outer(asking, answering)
    if attention.kind == "cross" or n_queries != n_keys:
        return np.zeros((n_queries, n_keys), dtype=bool)
    match rule.behaviour:
        case "previous":
            return np.eye(n_queries, k=-1, dtype=bool)
        case "next":
            return np.eye(n_queries, k=1, dtype=bool)
        case "self":
            return np.eye(n_queries, dtype=bool)
        case "first":
            first = np.zeros((n_queries, n_queries), dtype=bool)
            first[1:, 0] = True
            return first
        case _:
            tokens = attention.query_tokens
            # A tokenizer's own marks stand in many places without saying the same thing twice.
            own = np.isin(tokens, list(trace.special_texts))
            return same_token(_numbered(tokens)) & ~own[:, None]


def matches(word: str, tokens: Sequence[str]) -> Cells:
    """Tell which tokens are a word as a user types it.

    Parameters
    ----------
    word
        What the user typed.
    tokens
        The tokenizer's pieces; their marks (``##``, ``Ġ``, ``▁``, ``</w>``) do not count.

    Returns
    -------
    ndarray
        ``[token]``: those that match letter by letter; where none does, those that match apart
        from upper and lower case.
    """
    wanted, bare = _bare(word), [_bare(token) for token in tokens]
    exact = np.array([piece == wanted for piece in bare])
    if exact.any():
        return exact
    return np.array([piece.casefold() == wanted.casefold() for piece in bare])


def _bare(piece: str) -> str:
    text = piece.strip()
    for mark in _MARKS_BEFORE:
        text = text.removeprefix(mark)
    return text.removesuffix(_MARK_AFTER) or piece


def _numbered(tokens: Sequence[str]) -> NDArray[np.int64]:
    # Tokens and not ids: words that a tokenizer does not know share one id.
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(token, len(numbers)) for token in tokens])


def _seen(attention: AttentionTrace, cells: Cells) -> Iterator[Cells]:
    """Yield, for each head, the cells that its mask leaves."""
    yield from np.broadcast_to(attention.mask & cells, attention.weights.shape)


def _measured(trace: ModelTrace, rule: HeadRule, layer: int, head: int, cells: Cells) -> Ranked:
    weights = trace.layers[layer].weights[head]
    if rule.pair:
        query, key = strongest_pair(weights, cells)
        return Ranked(layer, head, float(weights[query, key]), query)
    query = int(np.where(cells, weights, 0).sum(axis=1).argmax())
    if rule.behaviour == "duplicate":
        ids = _numbered(trace.layers[layer].query_tokens)
        return Ranked(layer, head, duplicate_token(weights, ids, cells), query)
    return Ranked(layer, head, _MEASURES[rule.behaviour](weights), query)


def _why_not(trace: ModelTrace, rule: HeadRule, chosen: Sequence[int]) -> str:
    if rule.pair:
        return f"the masks hide {quoted(rule.pair[1])} from {quoted(rule.pair[0])} everywhere"
    if all(trace.layers[index].kind == "cross" for index in chosen):
        return (
            "only a pair, auto:QUERY>KEY, can be measured in cross-attention, and there is no"
            " other attention"
        )
    if any(cells_of(trace, rule, index).any() for index in chosen):
        return "the masks hide it from every query"
    if rule.behaviour == "duplicate":
        return "no token occurs twice"
    return "one token has no other to look at"


def _refuse_pair(trace: ModelTrace, rule: HeadRule, chosen: Sequence[int]) -> None:
    assert rule.pair is not None
    layers = [trace.layers[index] for index in chosen]
    sides = {
        "query": dict.fromkeys(token for layer in layers for token in layer.query_tokens),
        "key": dict.fromkeys(token for layer in layers for token in layer.key_tokens),
    }
    for word, (side, tokens) in zip(rule.pair, sides.items(), strict=True):
        if not matches(word, list(tokens)).any():
            raise UserError(f"head {rule}: {quoted(word)} is no {side} token{_near(word, tokens)}")
    raise UserError(
        f"head {rule}: no layer has {quoted(rule.pair[0])} among its queries and"
        f" {quoted(rule.pair[1])} among its keys; in cross-attention the target asks"
    )


def _near(word: str, tokens: Mapping[str, None]) -> str:
    bare = {_bare(token).casefold(): token for token in tokens}
    near = difflib.get_close_matches(_bare(word).casefold(), bare)
    if near:
        return f", did you mean {' or '.join(quoted(bare[name]) for name in near)}?"
    named = ", ".join(quoted(token) for token in list(tokens)[:_MOST_NAMED])
    return f"; there are {named}{', …' if len(tokens) > _MOST_NAMED else ''}"
