"""The architecture of the tiny models: a pre-norm transformer that shows its working."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attnviz.attention import causal_mask
from attnviz.models.layers import ForwardPass, Layer, draw_embeddings, embed, run_layers
from attnviz.models.settings import Settings


@dataclass(frozen=True, slots=True)
class Config(Settings):
    """The sizes of a model.

    Parameters
    ----------
    vocabulary
        Number of pieces V.
    causal
        True where no token may look ahead.
    d_model
        Width of a token's vector.
    n_heads
        Heads a layer; each is ``d_model / n_heads`` wide.
    n_layers
        Number of layers.
    d_hidden
        Width inside the feed-forward network.
    max_tokens
        Number of positions.
    """

    vocabulary: int
    causal: bool
    d_model: int = 48
    n_heads: int = 4
    n_layers: int = 2
    d_hidden: int = 96
    max_tokens: int = 32


class Transformer(nn.Module):
    """Token and position embeddings, then layers; logits from the same embedding table.

    Parameters
    ----------
    config
        The sizes.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocabulary, config.d_model)
        self.positions = nn.Embedding(config.max_tokens, config.d_model)
        sizes = config.d_model, config.n_heads, config.d_hidden
        self.layers = nn.ModuleList(Layer(*sizes) for _ in range(config.n_layers))
        self.final_norm = nn.LayerNorm(config.d_model)
        self.logit_bias = nn.Parameter(torch.zeros(config.vocabulary))
        draw_embeddings(self.tokens, self.positions)

    def forward(
        self,
        ids: Int[Tensor, "*batch n"],
        positions: Int[Tensor, "*batch n"] | None = None,
        padding: Bool[Tensor, "batch 1 n"] | None = None,
    ) -> ForwardPass:
        """Read sentences.

        Parameters
        ----------
        ids
            ``[*batch, token]``.
        positions
            ``[*batch, token]``; None: counted from 0.
        padding
            ``[batch, 1, key]``, True where there is a token; None: everywhere.

        Returns
        -------
        ForwardPass
            Everything that was computed on the way.
        """
        mask = self.mask(ids.shape[-1])
        if padding is not None:
            mask = mask & padding
        embedded = embed(self.tokens, self.positions, ids, positions)
        return run_layers(embedded, self.layers, mask, self.final_norm)

    def mask(self, n: int) -> Bool[Tensor, "n n"]:
        """Give the model's own mask, True where a query may attend a key.

        Parameters
        ----------
        n
            The number of tokens.

        Returns
        -------
        Bool[Tensor, "query key"]
            All True for a bidirectional model.
        """
        return causal_mask(n) if self.config.causal else torch.ones(n, n, dtype=torch.bool)

    def logits(self, final: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch vocabulary"]:
        """Score every piece of the vocabulary.

        Parameters
        ----------
        final
            ``[*batch, d_model]``, from :class:`ForwardPass`.

        Returns
        -------
        Float[Tensor, "*batch vocabulary"]
            ``final @ embedding_table.T + bias``.
        """
        scores: Tensor = final @ self.tokens.weight.T + self.logit_bias
        return scores
