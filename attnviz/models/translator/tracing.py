"""translator as the rest of attnviz sees it: a phrase in, a ModelTrace out."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from attnviz.attention import causal_mask
from attnviz.errors import UserError, quoted
from attnviz.models.layers import ForwardPass
from attnviz.models.threads import one_thread
from attnviz.models.tokenizer import Tokens
from attnviz.models.tracing import Side, as_array, attention_trace
from attnviz.models.translator.checkpoint import TranslatorCheckpoint
from attnviz.models.translator.model import DecoderPass
from attnviz.models.translator.tokenizer import START, load_words
from attnviz.models.translator.translating import translate
from attnviz.records import AttentionTrace, Focus, ModelTrace

_CLEAR = 0.5
"""A weight above this on one key is what a viewer sees at a glance."""


class Translator:
    """The encoder–decoder.

    Parameters
    ----------
    name
        Its name.
    checkpoint
        The trained numbers and the head worth looking at.
    """

    def __init__(self, name: str, checkpoint: TranslatorCheckpoint) -> None:
        self.name = name
        self.checkpoint = checkpoint

    @torch.no_grad()
    @one_thread()
    def trace(self, text: str, target: str | None = None) -> ModelTrace:
        """Translate a phrase, or read a given translation, and keep everything that was computed.

        Parameters
        ----------
        text
            The source, English or Korean.
        target
            The words that the decoder is to write; None: its own greedy translation.

        Returns
        -------
        ModelTrace
            The tensors of one pass over source and target. Row i of the logits and of the
            cross-attention belongs to the position that writes the target's word i: it has read
            the start and the words before.

        Raises
        ------
        UserError
            If a text holds no word, more than 32, or one that the model does not know.
        """
        words, model = load_words(), self.checkpoint.model
        source, direction = words.source(text)
        if target is None:
            ids = translate(model, words, [source.ids])[0]
            if not ids:
                raise UserError(
                    f"text: translator has no translation for {quoted(text)}; give a --target"
                )
            written = Tokens(tuple(words.vocabulary[i] for i in ids), ids)
        else:
            written = words.target(target, direction)
        encoded = model.encode(torch.tensor(source.ids))
        decoded = model.decode(torch.tensor((words.start_id, *written.ids[:-1])), encoded.final)
        layers = self._layers(source, written, encoded, decoded.layers)
        return ModelTrace(
            model=self.name,
            text=text,
            tokens=source.texts,
            ids=source.ids,
            token_embeddings=as_array(encoded.token_embeddings),
            position_embeddings=as_array(encoded.position_embeddings),
            embedding_table=as_array(model.tokens.weight),
            hidden_states=as_array(torch.stack(encoded.hidden_states)),
            layers=layers,
            logits=as_array(decoded.logits),
            target_tokens=written.texts,
            target_ids=written.ids,
            focus=self._focus(layers, written),
            notes=_notes(layers, written, given=target is not None),
        )

    def _layers(
        self, source: Tokens, written: Tokens, encoded: ForwardPass, decoded: Sequence[DecoderPass]
    ) -> tuple[AttentionTrace, ...]:
        """List the attentions in the order they ran."""
        model, n, length = self.checkpoint.model, len(written.texts), len(source.texts)
        heard = (START, *written.texts[:-1])
        traces = []
        for i, done in enumerate(encoded.layers):
            side = Side(source.texts, done.x)
            name, seen = f"encoder.{i}.attention", _all_true(length, length)
            traces.append(attention_trace(model, name, done.attention, side, side, seen))
        for i, layer in enumerate(decoded):
            own = Side(heard, layer.x_self)
            name, made = f"decoder.{i}.self_attention", layer.self_attention
            traces.append(attention_trace(model, name, made, own, own, causal_mask(n)))
            asking = Side(written.texts, layer.x_cross)
            answering = Side(source.texts, encoded.final)
            name, made = f"decoder.{i}.cross_attention", layer.cross_attention
            seen = _all_true(n, length)
            traces.append(attention_trace(model, name, made, asking, answering, seen))
        return tuple(traces)

    def _focus(self, layers: Sequence[AttentionTrace], written: Tokens) -> Focus:
        best = self.checkpoint.best
        weights = layers[best.layer].weights[best.head]
        query = turning_query(weights)
        if query is None:
            query = int(weights.max(axis=1).argmax())
            why = f"no row has a larger weight than that of {written.texts[query]!r}"
        else:
            why = (
                f"the word order turns at {written.texts[query]!r}: the next row looks"
                " at an earlier word"
            )
        return Focus(best.layer, best.head, query, f"{best.reason}; {why}")


def turning_query(weights: np.ndarray) -> int | None:
    """Find the row where attention starts to walk backwards.

    Parameters
    ----------
    weights
        ``[query, key]``.

    Returns
    -------
    int or None
        The first row of the longest run in which each row's largest weight, over 0.5, is on an
        earlier key than that of the row before; of several, the first. None where there is none.
    """
    keys, clear = weights.argmax(axis=1), weights.max(axis=1) > _CLEAR
    turns = (keys[1:] < keys[:-1]) & clear[1:] & clear[:-1]
    best, longest, run = None, 0, 0
    for step, turning in enumerate(turns):
        run = run + 1 if turning else 0
        if run > longest:
            best, longest = step - run + 1, run
    return best


def _all_true(n_queries: int, n_keys: int) -> Tensor:
    return torch.ones(n_queries, n_keys, dtype=torch.bool)


def _notes(layers: Sequence[AttentionTrace], written: Tokens, *, given: bool) -> tuple[str, ...]:
    """Say what the labels of the rows mean, with the words of this very trace."""
    crosses = " and ".join(layer.name for layer in layers if layer.kind == "cross")
    read = (START, *written.texts)[len(written.texts) - 1]
    labels = (
        f"A row of {crosses} is labelled with the word that its position writes, as alignment"
        " plots are (Bahdanau et al., 2015, figure 3): the position that writes"
        f" {written.texts[-1]!r} has read up to {read!r}. Rows and columns of the decoder's"
        " self-attention are labelled with the words that its positions read."
    )
    chosen = "The words of the target were given; the model did not choose them."
    return (labels, chosen) if given else (labels,)
