"""Spec -> ModelTrace: run what the user chose, and look where they chose to."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from attnviz import models
from attnviz.errors import UserError
from attnviz.model_choice import choose_model
from attnviz.records import ModelTrace
from attnviz.sources.factory import made_of_pairs, trace_factory, trace_module
from attnviz.sources.focus import focus_of
from attnviz.sources.huggingface import load_folder, quiet
from attnviz.sources.masking import masked
from attnviz.sources.pieces import is_tokenizer, pairs, read_pieces
from attnviz.sources.reading import model_name, read
from attnviz.sources.saved import read_saved
from attnviz.spec import Spec


def load_trace(spec: Spec) -> ModelTrace:
    """Run the chosen model on the chosen text.

    A mask replaces that of the filmed layer only: its weights, heads and output are computed
    anew from its recorded scores. The layers after it and the logits stay the model's own.

    Parameters
    ----------
    spec
        What the user chose. Its model is the name of a tiny model, a folder with a Hugging Face
        model and its tokenizer, ``module.py:factory``, or the path of a saved trace.

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


def trace(
    model: Any, tokenizer: Callable[..., Any], text: str, target: str | None = None
) -> ModelTrace:
    """Let a model read a text, and keep everything that a film may show.

    Parameters
    ----------
    model
        A model of transformers, or any torch module that takes ids of shape ``[1, token]``. It is
        run in evaluation mode; what its parts were in is put back.
    tokenizer
        The model's tokenizer; or, for any other module, a function from a text to (piece, id)
        pairs.
    text
        What it reads.
    target
        For an encoder–decoder what its decoder writes, None: its own greedy output; for an
        encoder a second sentence, which is read together with the first.

    Returns
    -------
    ModelTrace
        The same as ``--model FOLDER`` gives for the model that is saved there.

    Raises
    ------
    UserError
        If the text does not fit the model, or the model calls no attention.
    TensorError
        If its numbers do not hold the equations of attention.

    Examples
    --------
    >>> import torch, attnviz
    >>> from torch import nn
    >>> layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> block = nn.Sequential(nn.Embedding(9, 8), layer)
    >>> def cut(text):
    ...     return [(word, len(word)) for word in text.split()]
    >>> attnviz.trace(block, cut, "a bc").tokens
    ('a', 'bc')
    """
    spec = Spec(text=text, target=target)
    if is_tokenizer(tokenizer) and hasattr(model, "config"):
        found = read(model, tokenizer, spec.text, spec.target, model_name(model))
    else:
        if target is not None:
            raise UserError(f"target: {model_name(model)} is a module that reads one text")
        found = _read_module(model, tokenizer, spec.text)
    return replace(found, focus=focus_of(found, spec))


def _read(spec: Spec) -> ModelTrace:
    choice = choose_model(spec.model)
    if choice.path is None:
        return models.trace(spec.model, spec.text, spec.target)
    if choice.kind == "saved":
        return read_saved(spec)
    if choice.kind == "folder":
        with quiet():
            model, tokenizer = load_folder(choice.path)
            return read(model, tokenizer, spec.text, spec.target, choice.path.resolve().name)
    if spec.target is not None:
        raise UserError(f"target: {spec.model} reads one text; leave it out")
    return trace_factory(choice.path, choice.function or "", spec.text)


def _read_module(module: Any, tokenizer: Callable[..., Any], text: str) -> ModelTrace:
    if is_tokenizer(tokenizer):
        pieces = read_pieces(tokenizer, text)
        tokens, ids = pieces.texts, list(pieces.ids)
    else:
        tokens, ids = pairs("the tokenizer", tokenizer(text))
    return trace_module(made_of_pairs(module, tokens, ids), model_name(module), text)
