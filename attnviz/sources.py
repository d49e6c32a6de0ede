"""Spec -> ModelTrace: run what the user chose, and look where they chose to."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from attnviz import models
from attnviz.attention import (
    blend,
    causal_mask,
    merge_heads,
    sliding_window_mask,
    softmax_weights,
)
from attnviz.errors import UserError, quoted
from attnviz.records import AttentionTrace, Focus, ModelTrace
from attnviz.spec import MaskRule, Spec

_SAVED = ".safetensors"
"""How the name of a saved trace ends."""


def load_trace(spec: Spec) -> ModelTrace:
    """Run the chosen model on the chosen text.

    A mask replaces that of the filmed layer only: its weights, heads and output are computed
    anew from its recorded scores. The layers after it and the logits stay the model's own.

    Parameters
    ----------
    spec
        What the user chose. Its model is the name of a tiny model or the path of a saved trace.

    Returns
    -------
    ModelTrace
        The tensors, with the focus on the chosen layer and head.

    Raises
    ------
    UserError
        If there is no such model, layer or head, the text does not fit the model, or the mask
        does not fit the layer.
    """
    trace = _read(spec)
    focus = _focus(trace, spec)
    trace = replace(trace, focus=focus)
    if spec.mask_rule is None:
        return trace
    return _masked(trace, focus.layer, spec.mask_rule)


def _read(spec: Spec) -> ModelTrace:
    if Path(spec.model).suffix == _SAVED:
        return _read_saved(spec)
    return models.trace(spec.model, spec.text, spec.target)


def _read_saved(spec: Spec) -> ModelTrace:
    trace = ModelTrace.load(Path(spec.model))
    # A Spec always has a text; only one that somebody typed can contradict the trace.
    if spec.text not in (trace.text, Spec().text):
        raise UserError(
            f"{spec.model} is a saved trace of {quoted(trace.text)}; it cannot read"
            f" {quoted(spec.text)}"
        )
    return trace


def _focus(trace: ModelTrace, spec: Spec) -> Focus:
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


def _masked(trace: ModelTrace, index: int, rule: MaskRule) -> ModelTrace:
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
        counterfactual_mask=str(rule),
    )
