"""A tiny model as the rest of attnviz sees it: text in, a ModelTrace out."""

from itertools import product

import numpy as np
import torch
from torch import Tensor

from attnviz.models.checkpoint import Checkpoint
from attnviz.models.demonstrations import SENSE_WORDS
from attnviz.models.layers import LayerPass
from attnviz.models.saved import HeadChoice
from attnviz.models.threads import one_thread
from attnviz.models.tokenizer import Tokens, load_tokenizer
from attnviz.models.tracing import Side, as_array, attention_trace
from attnviz.records import AttentionTrace, Focus, ModelTrace

_FIRST_QUERY = 1
"""The first token, which a causal model can only let look at itself, is never the clearest."""


class TinyModel:
    """One of the small trained models.

    Parameters
    ----------
    name
        Its name.
    checkpoint
        The trained numbers and the heads worth looking at.
    """

    def __init__(self, name: str, checkpoint: Checkpoint) -> None:
        self.name = name
        self.checkpoint = checkpoint

    def tokenize(self, text: str) -> Tokens:
        """Cut a sentence into pieces: see :meth:`TinyTokenizer.tokenize`.

        Parameters
        ----------
        text
            A sentence.

        Returns
        -------
        Tokens
            From 1 to 32 pieces, with their ids.

        Raises
        ------
        UserError
            If there are none, or too many.
        """
        return load_tokenizer().tokenize(text)

    @torch.no_grad()
    @one_thread()
    def trace(self, text: str) -> ModelTrace:
        """Read a sentence and keep everything that was computed.

        Parameters
        ----------
        text
            A sentence.

        Returns
        -------
        ModelTrace
            The tensors of the one forward pass, and the head and query worth looking at.

        Raises
        ------
        UserError
            If the sentence has no token, or more than 32.
        """
        tokens = self.tokenize(text)
        model = self.checkpoint.model
        done = model(torch.tensor(tokens.ids))
        mask = model.mask(len(tokens.ids))
        layers = tuple(
            self._layer_trace(f"layers.{i}.attention", done_layer, tokens, mask)
            for i, done_layer in enumerate(done.layers)
        )
        return ModelTrace(
            model=self.name,
            text=text,
            tokens=tokens.texts,
            ids=tokens.ids,
            token_embeddings=as_array(done.token_embeddings),
            position_embeddings=as_array(done.position_embeddings),
            embedding_table=as_array(model.tokens.weight),
            hidden_states=as_array(torch.stack(done.hidden_states)),
            layers=layers,
            logits=as_array(model.logits(done.final)),
            focus=self._focus(tokens, layers),
        )

    def _layer_trace(
        self, name: str, done: LayerPass, tokens: Tokens, mask: Tensor
    ) -> AttentionTrace:
        side = Side(tokens.texts, done.x)
        return attention_trace(self.checkpoint.model, name, done.attention, side, side, mask)

    def _focus(self, tokens: Tokens, layers: tuple[AttentionTrace, ...]) -> Focus:
        later = range(len(tokens.texts) - 1, 0, -1)
        # The first word comes last; in a causal model it can only look at itself.
        first = () if self.checkpoint.model.config.causal else (0,)
        for places, words in product((later, first), self._preferences()):
            for query in places:
                choice = words.get(tokens.texts[query])
                if choice is not None:
                    return Focus(choice.layer, choice.head, query, choice.reason)
        choice = self.checkpoint.general
        weights = layers[choice.layer].weights[choice.head]
        query = clearest_query(weights)
        return Focus(
            choice.layer,
            choice.head,
            query,
            "no word after the first was trained to ask:"
            f" {choice.reason}, and no row of it has a larger weight on another word than"
            f" {tokens.texts[query]!r}",
        )

    def _preferences(self) -> tuple[dict[str, HeadChoice], ...]:
        """Group the asking words: those of a sense come before the pronouns."""
        asking = self.checkpoint.asking
        senses = {word: choice for word, choice in asking.items() if word in SENSE_WORDS}
        pronouns = {word: choice for word, choice in asking.items() if word not in SENSE_WORDS}
        return senses, pronouns


def clearest_query(weights: np.ndarray) -> int:
    """Find the row whose largest weight on another word is the greatest of all.

    Parameters
    ----------
    weights
        ``[query, key]``.

    Returns
    -------
    int
        The query; 0 only where there is no other.
    """
    others = np.array(weights)
    np.fill_diagonal(others, 0.0)
    rows = others[_FIRST_QUERY:].max(axis=1, initial=0.0)
    return int(rows.argmax()) + _FIRST_QUERY if rows.size else 0
