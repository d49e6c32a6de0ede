"""A mask in place of a layer's own: a counterfactual, computed from the recorded scores."""

from dataclasses import replace

import numpy as np
import torch

from attnviz.attention import (
    blend,
    causal_mask,
    merge_heads,
    sliding_window_mask,
    softmax_weights,
)
from attnviz.errors import UserError
from attnviz.records import AttentionTrace, ModelTrace
from attnviz.spec import MaskRule


def masked(trace: ModelTrace, index: int, rule: MaskRule) -> ModelTrace:
    """Put a mask in place of one layer's own.

    Parameters
    ----------
    trace
        What the model computed.
    index
        The layer, from 0.
    rule
        The mask.

    Returns
    -------
    ModelTrace
        The layer's weights, heads and output are computed anew from its recorded scores; the
        layers after it and the logits stay the model's own. The same trace, if the mask is the
        layer's own.

    Raises
    ------
    UserError
        If the mask does not fit the layer.
    """
    layer = trace.layers[index]
    _, n_queries, n_keys = layer.weights.shape
    if layer.kind == "cross" and rule.kind != "none":
        raise UserError(
            f"mask {rule}: layer {index} is cross-attention, whose keys are another sentence's;"
            " only none fits it; give another --layer, or film it with cross-attention"
        )
    mask = np.broadcast_to(_mask(rule, n_queries, n_keys), (layer.mask.shape[0], n_queries, n_keys))
    if np.array_equal(mask, layer.mask):
        return trace
    note = (
        f"Layer {index} is shown with the mask {rule} in place of its own: a counterfactual,"
        " computed from its recorded scores. What follows that layer is the model's own."
    )
    layers = list(trace.layers)
    layers[index] = _recomputed(layer, mask, rule)
    return replace(trace, layers=tuple(layers), notes=(*trace.notes, note))


def _mask(rule: MaskRule, n_queries: int, n_keys: int) -> np.ndarray:
    if rule.window is not None:
        return sliding_window_mask(n_keys, rule.window).numpy()
    if rule.kind == "causal":
        return causal_mask(n_keys).numpy()
    return np.ones((n_queries, n_keys), dtype=bool)


def _recomputed(layer: AttentionTrace, mask: np.ndarray, rule: MaskRule) -> AttentionTrace:
    # The records are read-only, and torch wants memory that it may write to.
    scores, v = torch.tensor(layer.scores), torch.tensor(layer.v)
    weights = softmax_weights(scores, torch.tensor(mask))
    heads = blend(weights, v)
    output = None
    if layer.w_o is not None:
        output = merge_heads(heads) @ torch.tensor(layer.w_o)
        if layer.b_o is not None:
            output = output + torch.tensor(layer.b_o)
    return replace(
        layer,
        mask=mask,
        weights=weights.numpy(),
        heads=heads.numpy(),
        output=None if output is None else output.numpy(),
        dropout=None,
        counterfactual_mask=str(rule),
    )
