"""The architecture of the tiny models: a pre-norm transformer that shows its working."""

import math
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attnviz.attention import MultiHeadAttention, causal_mask, multi_head_attention

EMBEDDING_STD = 0.3
"""Of the normal draws that embeddings start from."""


@dataclass(frozen=True, slots=True)
class Config:
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

    def to_json(self) -> dict[str, int | bool]:
        """Give the sizes as plain data.

        Returns
        -------
        dict
            Field name to value.
        """
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, int | bool]) -> "Config":
        """Read the sizes back.

        Parameters
        ----------
        data
            What :meth:`to_json` gave.

        Returns
        -------
        Config
            The same sizes.
        """
        return cls(**data)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class LayerPass:
    """What one layer computed.

    Parameters
    ----------
    x
        ``[*batch, token, d_model]``: what W_Q, W_K and W_V multiply, after the layer norm.
    attention
        Every step of the attention.
    """

    x: Float[Tensor, "*batch n d_model"]
    attention: MultiHeadAttention


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """What a model computed, in the order it did.

    Parameters
    ----------
    token_embeddings, position_embeddings
        ``[*batch, token, d_model]``; their sum is the first hidden state.
    hidden_states
        ``[*batch, token, d_model]`` before the first layer and after each.
    layers
        One for each layer.
    final
        ``[*batch, token, d_model]``, the last hidden state after the last norm: what the
        logits are read from.
    """

    token_embeddings: Float[Tensor, "*batch n d_model"]
    position_embeddings: Float[Tensor, "*batch n d_model"]
    hidden_states: tuple[Float[Tensor, "*batch n d_model"], ...]
    layers: tuple[LayerPass, ...]
    final: Float[Tensor, "*batch n d_model"]


class Attention(nn.Module):
    """The four projections of an attention, as the papers write them: ``x @ w_q``.

    They have no biases, so that X·W_Q is Q exactly.

    Parameters
    ----------
    d_model
        Width of a token's vector.
    n_heads
        The number of heads.
    """

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.w_q = _projection(d_model)
        self.w_k = _projection(d_model)
        self.w_v = _projection(d_model)
        self.w_o = _projection(d_model)

    def forward(
        self,
        x_q: Float[Tensor, "*batch q d_model"],
        x_kv: Float[Tensor, "*batch k d_model"],
        mask: Bool[Tensor, "..."] | None,
    ) -> MultiHeadAttention:
        """Attend: see :func:`attnviz.attention.multi_head_attention`."""
        return multi_head_attention(
            x_q, x_kv, self.w_q, self.w_k, self.w_v, self.w_o, self.n_heads, mask=mask
        )


class Layer(nn.Module):
    r"""One pre-norm layer.

    :math:`x' = x + attention(norm(x))`, then :math:`x'' = x' + feedforward(norm(x'))`
    (Xiong et al., "On Layer Normalization in the Transformer Architecture", 2020,
    arXiv:2002.04745).

    Parameters
    ----------
    d_model
        Width of a token's vector.
    n_heads
        Heads of the attention.
    d_hidden
        Width inside the feed-forward network.
    """

    def __init__(self, d_model: int, n_heads: int, d_hidden: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(d_model)
        self.attention = Attention(d_model, n_heads)
        self.hidden_norm = nn.LayerNorm(d_model)
        self.hidden = nn.Sequential(
            nn.Linear(d_model, d_hidden), nn.GELU(), nn.Linear(d_hidden, d_model)
        )

    def forward(
        self, x: Float[Tensor, "*batch n d_model"], mask: Bool[Tensor, "..."] | None
    ) -> tuple[Float[Tensor, "*batch n d_model"], LayerPass]:
        """Give the next hidden state and how attention came to it."""
        normed = self.attention_norm(x)
        attention = self.attention(normed, normed, mask)
        x = x + attention.output
        x = x + self.hidden(self.hidden_norm(x))
        return x, LayerPass(normed, attention)


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
        nn.init.normal_(self.tokens.weight, std=EMBEDDING_STD)
        nn.init.normal_(self.positions.weight, std=EMBEDDING_STD)

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
        n = ids.shape[-1]
        if positions is None:
            positions = torch.arange(n).expand(ids.shape)
        token, position = self.tokens(ids), self.positions(positions)
        x = token + position
        mask = self.mask(n)
        if padding is not None:
            mask = mask & padding
        states, passes = [x], []
        for layer in self.layers:
            x, layer_pass = layer(x, mask)
            states.append(x)
            passes.append(layer_pass)
        return ForwardPass(token, position, tuple(states), tuple(passes), self.final_norm(x))

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


def _projection(d_model: int) -> nn.Parameter:
    # The default of nn.Linear, so that the recipe's learning rate holds.
    bound = 1 / math.sqrt(d_model)
    return nn.Parameter(torch.empty(d_model, d_model).uniform_(-bound, bound))
