"""A language model of transformers reads a text: every attention, and the vectors around them."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnviz.errors import UserError
from attnviz.records import AttentionTrace, ModelTrace
from attnviz.sources.foreign import one_line
from attnviz.sources.passes import Pass, as_array, evaluating, run_pass
from attnviz.sources.pieces import (
    Pieces,
    check_length,
    read_pieces,
    read_target,
    written_pieces,
)

_MOST_WRITTEN = 32
"""Tokens that a decoder may write by itself: what a film of two sentences shows."""


def read(model: Any, tokenizer: Any, text: str, target: str | None, name: str) -> ModelTrace:
    """Let a language model read a text.

    Parameters
    ----------
    model, tokenizer
        transformers' own objects, or what behaves like them.
    text
        The text.
    target
        For an encoder–decoder what its decoder writes, None: its own greedy output; for an encoder
        a second sentence, which is read together with the text.
    name
        The model's name.

    Returns
    -------
    ModelTrace
        Its tensors, the pieces as the tokenizer made them. Rows of cross-attention are labelled
        with the piece that their position writes, those of a decoder's self-attention with the
        piece that it reads.

    Raises
    ------
    UserError
        If the text does not fit the model, or the model has no attention of a text.
    TensorError
        If its numbers do not hold the equations of attention.
    """
    if "input_ids" not in _parameters(model):
        raise UserError(
            f"{name} ({type(model).__name__}) reads no text: its forward takes no input_ids"
        )
    with one_line(f"{name} cannot read the text"), evaluating(model):
        if getattr(model.config, "is_encoder_decoder", False):
            return _read_pair(model, tokenizer, text, target, name)
        return _read_text(model, tokenizer, text, target, name)


def model_name(model: Any) -> str:
    """Return what a model is called: its folder, or else its class."""
    folder = str(getattr(getattr(model, "config", None), "name_or_path", "") or "")
    return Path(folder).name or type(model).__name__


def _read_text(model: Any, tokenizer: Any, text: str, target: str | None, name: str) -> ModelTrace:
    """Read one sentence, or two as a pair."""
    texts = [text] if target is None else [text, target]
    pieces = read_pieces(tokenizer, *texts)
    check_length(len(pieces.ids), "text", name, model.config, tokenizer)
    done = _run(model, pieces, name)
    if target is not None and not any(np.triu(layer.mask, 1).any() for layer in done.layers):
        raise UserError(
            f"target: {name} is a decoder and reads one text, from left to right; leave it out"
        )
    # Queries and keys may each come through a narrow vector of their own: it is one text even so.
    layers = tuple(replace(layer, kind="self") for layer in done.layers)
    return replace(done, layers=layers).trace(
        model=name,
        text=" ".join(texts),
        tokens=pieces.texts,
        ids=pieces.ids,
        special=pieces.special,
        logits=_logits(done, len(pieces.ids)),
        hidden_states=_states(done.result, "hidden_states", len(layers), len(pieces.ids)),
    )


def _read_pair(model: Any, tokenizer: Any, text: str, target: str | None, name: str) -> ModelTrace:
    """Read a source, and write a target."""
    source = read_pieces(tokenizer, text)
    check_length(len(source.ids), "text", name, model.config, tokenizer)
    start = _start(model, name)
    notes: tuple[str, ...] = ("The words of the target were given; the model did not choose them.",)
    if target is None:
        written = written_pieces(tokenizer, _greedy(model, source, name))
        notes = _cut_note(written)
    else:
        written = read_target(tokenizer, target)
    check_length(len(written.ids), "target", name, model.config, tokenizer)
    heard_ids = (start, *written.ids[:-1])
    decoder = {"decoder_input_ids": torch.tensor([heard_ids], device=model.device)}
    done = _run(model, source, name, decoder)
    sides = _Sides(source.texts, (_piece(tokenizer, start), *written.texts[:-1]), written.texts)
    layers = tuple(sides.labelled(layer, _encoder_path(model)) for layer in done.layers)
    reading = [layer for layer in layers if layer.query_tokens == source.texts]
    return replace(done, layers=layers).trace(
        model=name,
        text=text,
        tokens=source.texts,
        ids=source.ids,
        special=source.special,
        target_tokens=written.texts,
        target_ids=written.ids,
        target_special=written.special,
        logits=_logits(done, len(written.ids)),
        hidden_states=_states(done.result, "encoder_hidden_states", len(reading), len(source.ids)),
        notes=(sides.note(layers), *notes),
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    """What the positions of an encoder–decoder are labelled with."""

    source: tuple[str, ...]
    heard: tuple[str, ...]
    written: tuple[str, ...]

    def labelled(self, layer: AttentionTrace, encoder: str) -> AttentionTrace:
        """Name the queries and keys of a layer, and which attention it is."""
        if layer.name.startswith(encoder + "."):
            asking, answering = self.source, self.source
        elif layer.kind == "cross":
            asking, answering = self.written, self.source
        else:
            asking, answering = self.heard, self.heard
        if layer.weights.shape[1:] != (len(asking), len(answering)):
            return layer  # of some length of its own: labelled by position
        return replace(
            layer,
            kind="self" if answering is asking else "cross",
            query_tokens=asking,
            key_tokens=answering,
        )

    def note(self, layers: Sequence[AttentionTrace]) -> str:
        """Say what the labels of the rows mean, with the words of this very trace."""
        crosses = [layer.name for layer in layers if layer.kind == "cross"]
        return (
            f"A row of {' and '.join(crosses)} is labelled with the token that its position"
            " writes, as alignment plots are (Bahdanau et al., 2015, figure 3): the position that"
            f" writes {self.written[-1]!r} has read up to {self.heard[-1]!r}. Rows and columns of"
            " the decoder's self-attention are labelled with the tokens that its positions read."
        )


def _run(model: Any, pieces: Pieces, name: str, more: dict[str, Tensor] | None = None) -> Pass:
    known = _parameters(model)
    given = {what: ids.to(model.device) for what, ids in pieces.inputs.items() if what in known}
    given |= more or {}
    options: dict[str, Any] = {"output_hidden_states": True, "return_dict": True}
    if "use_cache" in known:
        options["use_cache"] = False
    return run_pass(lambda: model(**given, **options), name, pieces.texts, pieces.ids)


def _parameters(model: Any) -> frozenset[str]:
    return frozenset(inspect.signature(model.forward).parameters)


def _start(model: Any, name: str) -> int:
    """Return the id of the token that a decoder begins with."""
    for settings in (model.config, getattr(model, "generation_config", None)):
        for key in ("decoder_start_token_id", "bos_token_id"):
            found = getattr(settings, key, None)
            if isinstance(found, int):
                return found
    raise UserError(f"{name}: its configuration names no decoder_start_token_id")


def _greedy(model: Any, source: Pieces, name: str) -> list[int]:
    """Let the model write what it thinks likeliest, token after token."""
    if not model.can_generate():
        raise UserError(f"{name} ({type(model).__name__}) has no head that writes; give a --target")
    known = _parameters(model)
    given = {what: ids.to(model.device) for what, ids in source.inputs.items() if what in known}
    with torch.no_grad():
        written = model.generate(
            **given, num_beams=1, do_sample=False, max_new_tokens=_MOST_WRITTEN
        )
    return [int(i) for i in written[0, 1:]]


def _cut_note(written: Pieces) -> tuple[str, ...]:
    if len(written.ids) < _MOST_WRITTEN:
        return ()
    return (f"The model's own output is cut after {_MOST_WRITTEN} tokens.",)


def _encoder_path(model: Any) -> str:
    encoder = model.get_encoder()
    return next(str(path) for path, part in model.named_modules() if part is encoder)


def _piece(tokenizer: Any, number: int) -> str:
    return str(tokenizer.convert_ids_to_tokens([number])[0])


def _logits(done: Pass, answers: int) -> np.ndarray | None:
    """Return the logits, where the model's head gives a row for each token."""
    found = getattr(done.result, "logits", None)
    if isinstance(found, Tensor) and found.ndim == 3 and found.shape[:2] == (1, answers):
        return as_array(found[0])
    return None


def _states(result: Any, name: str, n_layers: int, count: int) -> np.ndarray | None:
    """Return the hidden states, where there is one before each layer and one after the last."""
    found = getattr(result, name, None)
    if not found or len(found) != n_layers + 1:
        return None
    if any(state.shape[:2] != (1, count) or state.shape != found[0].shape for state in found):
        return None
    return as_array(torch.stack(tuple(found))[:, 0])
