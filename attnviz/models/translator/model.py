"""The architecture of translator: a pre-norm encoder–decoder that shows its working."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attnviz.attention import MultiHeadAttention, causal_mask
from attnviz.models.layers import (
    Attention,
    ForwardPass,
    Layer,
    draw_embeddings,
    embed,
    feed_forward,
    run_layers,
)
from attnviz.models.settings import Settings


@dataclass(frozen=True, slots=True)
class Config(Settings):
    """The sizes of the model.

    Parameters
    ----------
    vocabulary
        Number of pieces V, of all three languages together.
    d_model
        Width of a token's vector.
    n_heads
        Heads an attention; each is ``d_model / n_heads`` wide.
    n_encoder_layers, n_decoder_layers
        Number of layers on each side.
    d_hidden
        Width inside the feed-forward networks.
    max_tokens
        Number of positions a side.
    """

    vocabulary: int
    d_model: int = 48
    n_heads: int = 4
    n_encoder_layers: int = 1
    n_decoder_layers: int = 1
    d_hidden: int = 192
    max_tokens: int = 32


@dataclass(frozen=True, eq=False)
class DecoderPass:
    """What one decoder layer computed.

    Parameters
    ----------
    x_self
        ``[*batch, target, d_model]``: what the self-attention's matrices multiply.
    self_attention
        Every step of it.
    x_cross
        ``[*batch, target, d_model]``: what W_Q of the cross-attention multiplies.
    cross_attention
        Every step of it; its keys and values come from the encoder.
    """

    x_self: Float[Tensor, "*batch t d_model"]
    self_attention: MultiHeadAttention
    x_cross: Float[Tensor, "*batch t d_model"]
    cross_attention: MultiHeadAttention


@dataclass(frozen=True, eq=False)
class Decoded:
    """What the decoder computed.

    Parameters
    ----------
    layers
        One for each layer.
    logits
        ``[*batch, target, vocabulary]``: the word that each position writes.
    """

    layers: tuple[DecoderPass, ...]
    logits: Float[Tensor, "*batch t vocabulary"]


class DecoderLayer(nn.Module):
    r"""One pre-norm decoder layer: self-attention, cross-attention, feed-forward.

    :math:`x' = x + self(norm(x))`, :math:`x'' = x' + cross(norm(x'), memory)`,
    :math:`x''' = x'' + feedforward(norm(x''))`: the decoder of Vaswani et al., "Attention Is All
    You Need", 2017, arXiv:1706.03762, section 3.1, with the norms of Xiong et al., 2020,
    arXiv:2002.04745.

    Parameters
    ----------
    config
        The sizes.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.self_norm = nn.LayerNorm(config.d_model)
        self.self_attention = Attention(config.d_model, config.n_heads)
        self.cross_norm = nn.LayerNorm(config.d_model)
        self.cross_attention = Attention(config.d_model, config.n_heads)
        self.hidden_norm = nn.LayerNorm(config.d_model)
        self.hidden = feed_forward(config.d_model, config.d_hidden)

    def forward(
        self,
        x: Float[Tensor, "*batch t d_model"],
        memory: Float[Tensor, "*batch s d_model"],
        mask: Bool[Tensor, "..."],
        source_mask: Bool[Tensor, "..."] | None,
    ) -> tuple[Float[Tensor, "*batch t d_model"], DecoderPass]:
        """Give the next hidden state and how both attentions came to it."""
        x_self = self.self_norm(x)
        own = self.self_attention(x_self, x_self, mask)
        x = x + own.output
        x_cross = self.cross_norm(x)
        cross = self.cross_attention(x_cross, memory, source_mask)
        x = x + cross.output
        x = x + self.hidden(self.hidden_norm(x))
        return x, DecoderPass(x_self, own, x_cross, cross)


class EncoderDecoder(nn.Module):
    """One embedding table for all words, positions of each side, encoder and decoder layers.

    Parameters
    ----------
    config
        The sizes.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocabulary, config.d_model)
        self.source_positions = nn.Embedding(config.max_tokens, config.d_model)
        self.target_positions = nn.Embedding(config.max_tokens, config.d_model)
        sizes = config.d_model, config.n_heads, config.d_hidden
        self.encoder = nn.ModuleList(Layer(*sizes) for _ in range(config.n_encoder_layers))
        self.memory_norm = nn.LayerNorm(config.d_model)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.n_decoder_layers))
        self.final_norm = nn.LayerNorm(config.d_model)
        self.logit_bias = nn.Parameter(torch.zeros(config.vocabulary))
        draw_embeddings(self.tokens, self.source_positions, self.target_positions)

    def encode(
        self,
        ids: Int[Tensor, "*batch s"],
        padding: Bool[Tensor, "batch 1 s"] | None = None,
        positions: Int[Tensor, "*batch s"] | None = None,
    ) -> ForwardPass:
        """Read sources.

        Parameters
        ----------
        ids
            ``[*batch, source]``.
        padding
            ``[batch, 1, source]``, True where there is a token; None: everywhere.
        positions
            ``[*batch, source]``; None: counted from 0.

        Returns
        -------
        ForwardPass
            Everything that was computed on the way; its last vectors are the memory, which the
            cross-attention's W_K and W_V multiply.
        """
        embedded = embed(self.tokens, self.source_positions, ids, positions)
        return run_layers(embedded, self.encoder, padding, self.memory_norm)

    def decode(
        self,
        ids: Int[Tensor, "*batch t"],
        memory: Float[Tensor, "*batch s d_model"],
        padding: Bool[Tensor, "batch 1 s"] | None = None,
        positions: Int[Tensor, "*batch t"] | None = None,
    ) -> Decoded:
        """Read the words written so far, and score the next one at each position.

        Parameters
        ----------
        ids
            ``[*batch, target]``, the start and the words written so far.
        memory
            ``[*batch, source, d_model]``, the last vectors of :meth:`encode`.
        padding
            ``[batch, 1, source]``, that of the source.
        positions
            ``[*batch, target]``; None: counted from 0.

        Returns
        -------
        Decoded
            Everything that was computed on the way.
        """
        token, position = embed(self.tokens, self.target_positions, ids, positions)
        x, mask = token + position, causal_mask(ids.shape[-1])
        passes = []
        for layer in self.decoder:
            x, done = layer(x, memory, mask, padding)
            passes.append(done)
        # One table for reading and for writing (Press and Wolf, 2017, arXiv:1608.05859).
        logits = self.final_norm(x) @ self.tokens.weight.T + self.logit_bias
        return Decoded(tuple(passes), logits)
