"""Where to look in a trace: what was asked for, else what its source measured."""

from attnviz.errors import UserError
from attnviz.head_rules import BEHAVIOURS, HeadRule
from attnviz.ranking import Ranked, cells_of, ranked
from attnviz.records import Focus, ModelTrace
from attnviz.rounding import printed
from attnviz.spec import Spec

_PLACES = 2


def focus_of(trace: ModelTrace, spec: Spec) -> Focus:
    """Find the layer, the head and the query to film.

    Parameters
    ----------
    trace
        What the model computed.
    spec
        What the user chose; its layer and head may be None, its head what the head does.

    Returns
    -------
    Focus
        The trace's own focus, where the user did not ask for another.

    Raises
    ------
    UserError
        If there is no such layer or head, or no head does what was asked.
    """
    own = trace.focus or _last_layer(trace)
    layer = own.layer if spec.layer is None else spec.layer
    if layer >= len(trace.layers):
        raise UserError(f"layer {layer}: {trace.model} has {_range('layer', len(trace.layers))}")
    n_heads, n_queries, _ = trace.layers[layer].weights.shape
    if isinstance(spec.head, str):
        return _measured(trace, spec, own)
    head = own.head if spec.head is None else spec.head
    if head >= n_heads:
        raise UserError(
            f"head {head}: layer {layer} of {trace.model} has {_range('head', n_heads)}"
        )
    if (layer, head) == (own.layer, own.head):
        return own
    return Focus(
        layer, head, min(own.query, n_queries - 1), f"layer {layer}, head {head}: as asked"
    )


def _measured(trace: ModelTrace, spec: Spec, own: Focus) -> Focus:
    rule = spec.head_rule
    assert rule is not None
    order = ranked(trace, rule, spec.layer)
    best = order[0]
    does = f"{printed(best.value, _PLACES)} of {_whose(rule)}"
    most = f"the most of {len(order)} heads" if len(order) > 1 else "the only head that can"
    where = "" if spec.layer is None else " of this layer"
    reason = f"layer {best.layer}, head {best.head}: {does}, {most}{where}"
    return Focus(best.layer, best.head, _query(trace, rule, best, own), reason)


def _whose(rule: HeadRule) -> str:
    """Return whose weight a measure is a share of, and what it lies on."""
    if rule.pair:
        return f"the row of {rule.pair[0]} on {rule.pair[1]}"
    return f"each row, on average, on {BEHAVIOURS[rule.behaviour]}"


def _query(trace: ModelTrace, rule: HeadRule, best: Ranked, own: Focus) -> int:
    """Return the source's own query, if it can do what was asked, else the one that does most."""
    layer = trace.layers[best.layer]
    seen = cells_of(trace, rule, best.layer) & layer.mask[best.head % len(layer.mask)]
    alike = trace.layers[own.layer].query_tokens == layer.query_tokens
    keeps = not rule.pair and alike and bool(seen[own.query].any())
    return own.query if keeps else best.query


def _range(what: str, count: int) -> str:
    return f"only {what} 0" if count == 1 else f"{what}s 0–{count - 1}"


def _last_layer(trace: ModelTrace) -> Focus:
    layer = len(trace.layers) - 1
    last_query = trace.layers[layer].weights.shape[1] - 1
    return Focus(layer, 0, last_query, "the source measured no head: the last layer's first")
