"""Where to look in a trace: what was asked for, else what its source measured."""

from attnviz.errors import UserError
from attnviz.records import Focus, ModelTrace
from attnviz.spec import Spec


def focus_of(trace: ModelTrace, spec: Spec) -> Focus:
    """Find the layer, the head and the query to film.

    Parameters
    ----------
    trace
        What the model computed.
    spec
        What the user chose; its layer and head may be None.

    Returns
    -------
    Focus
        The trace's own focus, where the user did not ask for another.

    Raises
    ------
    UserError
        If there is no such layer or head.
    """
    own = trace.focus or _last_layer(trace)
    layer = own.layer if spec.layer is None else spec.layer
    if layer >= len(trace.layers):
        raise UserError(f"layer {layer}: {trace.model} has {_range('layer', len(trace.layers))}")
    n_heads, n_queries, _ = trace.layers[layer].weights.shape
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


def _range(what: str, count: int) -> str:
    return f"only {what} 0" if count == 1 else f"{what}s 0–{count - 1}"


def _last_layer(trace: ModelTrace) -> Focus:
    layer = len(trace.layers) - 1
    last_query = trace.layers[layer].weights.shape[1] - 1
    return Focus(layer, 0, last_query, "the source measured no head: the last layer's first")
