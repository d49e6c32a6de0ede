"""What the values of an attention layer were computed from: a closed table, field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from attnviz.addresses import resolve
from attnviz.derived import root_scales
from attnviz.records.checks import TOLERANCES
from attnviz.studio.derivations import LEARNED, NOT_HELD, Derivation, derived_from
from attnviz.studio.places import At, Place, Traces, entries_of

Rule = Callable[[Place, Traces], Derivation]


def of_layer(place: Place, traces: Traces) -> Derivation:
    """Return how a value of a layer was computed; what has no rule of its own was learned."""
    rule = _RULES.get(place.name)
    return rule(place, traces) if rule else Derivation(LEARNED)


def _shared(place: Place, name: str, head: At) -> At:
    """Return a head's place in an array that all heads may share."""
    return 0 if len(getattr(place.attention, name)) == 1 else head


def _weights(place: Place, _traces: Traces) -> Derivation:
    head, query, key = place.at
    layer = place.attention
    mask = (_shared(place, "mask", head), query)
    parents = [
        (place.beside("scores", head, query, key), "its score"),
        (place.beside("scores", head, query), "the scores of the row"),
    ]
    formula = "softmax over the keys of the scores"
    if not layer.mask.all():
        formula = "softmax over the keys of the scores, where the mask lets the query attend"
        parents.append((place.beside("mask", *mask), "the mask of the row"))
    if layer.counterfactual_mask is not None:
        formula += f"; the mask {layer.counterfactual_mask} stands in place of the model's own"
    return derived_from(formula, *parents)


def _scores(place: Place, _traces: Traces) -> Derivation:
    head, query, key = place.at
    parents = [
        (place.beside("q", head, query), "query"),
        (place.beside("k", head, key), "key"),
        (place.beside("scale"), "scale"),
    ]
    if place.attention.bias is None:
        return derived_from("query · key × scale", *parents)
    bias = place.beside("bias", _shared(place, "bias", head), query, key)
    return derived_from("query · key × scale + bias", *parents, (bias, "bias"))


def _scale(place: Place, _traces: Traces) -> Derivation:
    width = f"size({place.beside('q')}, 2)"
    if root_scales(place.attention.scale, place.attention.q.shape[2]):
        return derived_from("1 / √d_k", (width, "d_k, the width of a head"))
    return Derivation("the factor that this model gives its scores")


def _projected(place: Place, traces: Traces) -> Derivation:
    _, token, _ = place.at
    layer, which = place.attention, place.name
    source = "x_q" if which == "q" else "x_kv"
    weights, bias = getattr(layer, f"w_{which}"), getattr(layer, f"b_{which}")
    if weights is None or getattr(layer, source) is None:
        return Derivation(NOT_HELD)
    column = _column(place, weights.shape[1])
    rows = range(len(weights))
    parents = [
        (place.beside(source, token), "input"),
        (place.beside(f"w_{which}", rows, column), "weights"),
    ]
    formula = f"input · weights (one column of W_{which.upper()})"
    if bias is not None:
        formula += " + bias"
        parents.append((place.beside(f"b_{which}", column), "bias"))
    if not _is_product(place, parents, traces):
        formula += ", then changed by the model (by rotary positions or a norm, for instance)"
    return derived_from(formula, *parents)


def _column(place: Place, width: int) -> At:
    """Return the columns of a projection that make entries of a head; heads may share them."""
    head, _, entry = place.at
    heads, _, size = place.sizes
    if not isinstance(head, int):
        return range(width)
    first = head * (width // size) // heads * size
    if isinstance(entry, int):
        return first + entry
    return range(first + entry.start, first + entry.stop)


def _is_product(place: Place, parents: list[tuple[str, str]], traces: Traces) -> bool:
    """Tell whether ``input · weights + bias`` is what stands there, as the model computes."""
    if not isinstance(place.at[0], int):
        return True
    x, weights, *bias = (
        np.asarray(resolve(address, traces), dtype=np.float64) for address, _ in parents
    )
    near = TOLERANCES[place.attention.precision].step * np.maximum(abs(x) @ abs(weights), 1.0)
    off = x @ weights + (bias[0] if bias else 0.0) - np.asarray(resolve(place.address, traces))
    return bool((abs(off) <= near).all())


def _heads(place: Place, _traces: Traces) -> Derivation:
    head, query, entry = place.at
    keys = range(len(place.attention.key_tokens))
    parents = [
        (place.beside("weights", head, query), "weights"),
        (place.beside("v", head, keys, entry), "values"),
    ]
    if place.attention.dropout is None:
        return derived_from("sum over the keys of weight × value", *parents)
    dropout = (place.beside("dropout", head, query), "dropout")
    return derived_from("sum over the keys of weight × dropout × value", *parents, dropout)


def _output(place: Place, _traces: Traces) -> Derivation:
    query, entry = place.at
    layer = place.attention
    if layer.w_o is None:
        return Derivation(NOT_HELD)
    heads = entries_of(f"concat({place.beside('heads')})", (query,))
    parents = [
        (heads, "the heads' outputs, side by side"),
        (place.beside("w_o", range(len(layer.w_o)), entry), "weights"),
    ]
    formula = "concat(heads) · weights (one column of W_O)"
    if layer.b_o is None:
        return derived_from(formula, *parents)
    return derived_from(f"{formula} + bias", *parents, (place.beside("b_o", entry), "bias"))


def _mask(place: Place, _traces: Traces) -> Derivation:
    counterfactual = place.attention.counterfactual_mask
    whose = f"the mask {counterfactual}" if counterfactual else "the model's own mask"
    stands = ", in place of the model's own" if counterfactual else ""
    return Derivation(f"{whose}{stands}: true where the query may attend the key")


def _input(place: Place, traces: Traces) -> Derivation:
    """Return where the vectors come from that the matrices multiply: a hidden state, or its norm.

    Between the two stands the layer norm of models that normalise first.
    """
    token, _ = place.at
    layer, states = place.attention, place.trace.hidden_states
    tokens = layer.query_tokens if place.name == "x_q" else layer.key_tokens
    if states is None or tokens != place.trace.tokens or place.sizes != states.shape[1:]:
        return Derivation(NOT_HELD)
    assert place.layer is not None
    # What a decoder asks of is where the encoder ended.
    crossed = place.name == "x_kv" and layer.kind == "cross"
    state = len(states) - 1 if crossed else place.layer
    if state >= len(states) - (0 if crossed else 1):
        return Derivation(NOT_HELD)
    found = place.of_trace("hidden_states", state, *place.at)
    if np.array_equal(resolve(found, traces), resolve(place.address, traces)):
        return derived_from("the hidden state that the layer meets", (found, "hidden state"))
    whole = place.of_trace("hidden_states", state, token)
    return derived_from(
        "the hidden state after a layer norm, whose own weights the trace does not hold",
        (whole, "hidden state"),
    )


_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "weights": _weights,
        "scores": _scores,
        "scale": _scale,
        "q": _projected,
        "k": _projected,
        "v": _projected,
        "heads": _heads,
        "output": _output,
        "mask": _mask,
        "x_q": _input,
        "x_kv": _input,
        "bias": lambda _place, _traces: Derivation(
            "what the model adds to its scores, for relative positions for instance"
        ),
        "dropout": lambda _place, _traces: Derivation(
            "the factors of this pass in training: 0, or 1 / (1 − p)"
        ),
    }
)
