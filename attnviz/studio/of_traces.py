"""What the values of a trace itself were computed from: embeddings, hidden states, logits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from attnviz.addresses import resolve
from attnviz.studio.derivations import LEARNED, NOT_HELD, Derivation, derived_from
from attnviz.studio.places import Place, Traces

Rule = Callable[[Place, Traces], Derivation]


def of_trace(place: Place, traces: Traces) -> Derivation:
    """Return how a value of a trace was computed; what has no rule of its own was learned."""
    focus = place.trace.focus
    if place.name.startswith("focus.") and focus is not None:
        return Derivation(f"what the film looks at: {focus.reason}")
    rule = _RULES.get(place.name)
    return rule(place, traces) if rule else Derivation(LEARNED)


def _id(_place: Place, _traces: Traces) -> Derivation:
    return Derivation("the tokenizer's number for the token")


def _token_embedding(place: Place, traces: Traces) -> Derivation:
    token, entry = place.at
    table, trace = place.trace.embedding_table, place.trace
    if table is None or not isinstance(token, int) or table.shape[1] != place.sizes[1]:
        return Derivation(NOT_HELD if table is None else "rows of the embedding table")
    found = place.of_trace("embedding_table", trace.ids[token], entry)
    if not np.array_equal(resolve(found, traces), resolve(place.address, traces)):
        return Derivation(NOT_HELD)
    return derived_from(
        "the row of the embedding table that the token's id names",
        (place.of_trace("ids", token), "id"),
        (found, "embedding table"),
    )


def _hidden_state(place: Place, traces: Traces) -> Derivation:
    state, token, entry = place.at
    if not isinstance(state, int):
        return Derivation("one hidden state before the first layer, and one after each")
    if state == 0:
        return _first_state(place, traces)
    layers = place.trace.layers
    before = place.of_trace("hidden_states", state - 1, token, entry)
    if state > len(layers) or layers[state - 1].query_tokens != place.trace.tokens:
        return Derivation(NOT_HELD)
    parents = [(before, "hidden state before the layer")]
    if layers[state - 1].output is not None:
        added = place.of_layer(state - 1, "output", token, entry)
        parents.append((added, "what its attention adds"))
    return derived_from(
        f"layer {state - 1}, run on the hidden state before it: its attention, then its"
        " feed-forward network, which the trace does not hold",
        *parents,
    )


def _first_state(place: Place, traces: Traces) -> Derivation:
    _, token, entry = place.at
    trace = place.trace
    if trace.token_embeddings is None or trace.position_embeddings is None:
        return Derivation(NOT_HELD)
    names = ("token_embeddings", "position_embeddings")
    parts = [place.of_trace(name, token, entry) for name in names]
    one, other = (np.asarray(resolve(part, traces)) for part in parts)
    if not np.array_equal(one + other, resolve(place.address, traces)):
        return Derivation(NOT_HELD)
    labels = ("token embedding", "position embedding")
    return derived_from("token embedding + position embedding", *zip(parts, labels, strict=True))


def _logits(place: Place, _traces: Traces) -> Derivation:
    token, _ = place.at
    states = place.trace.hidden_states
    formula = "the last hidden state after a layer norm, times the model's last matrix; the trace"
    formula += " does not hold all of them"
    if states is None or place.trace.target_tokens is not None:
        return Derivation(NOT_HELD)
    last = place.of_trace("hidden_states", len(states) - 1, token)
    return derived_from(formula, (last, "hidden state"))


_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "token_embeddings": _token_embedding,
        "position_embeddings": lambda _place, _traces: Derivation(
            "the vector of the position, whatever token stands there"
        ),
        "hidden_states": _hidden_state,
        "logits": _logits,
        "ids": _id,
        "target_ids": _id,
    }
)
