"""Spec -> ModelTrace: run what the user chose, and look where they chose to."""

from dataclasses import replace
from pathlib import Path

from attnviz import models
from attnviz.records import ModelTrace
from attnviz.sources.focus import focus_of
from attnviz.sources.masking import masked
from attnviz.sources.saved import SAVED, read_saved
from attnviz.spec import Spec


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
    focus = focus_of(trace, spec)
    trace = replace(trace, focus=focus)
    if spec.mask_rule is None:
        return trace
    return masked(trace, focus.layer, spec.mask_rule)


def _read(spec: Spec) -> ModelTrace:
    if Path(spec.model).suffix == SAVED:
        return read_saved(spec)
    return models.trace(spec.model, spec.text, spec.target)
