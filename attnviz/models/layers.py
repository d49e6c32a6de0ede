"""The pre-norm layers that the tiny models are built of; they show their working."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attnviz.attention import MultiHeadAttention, multi_head_attention

_EMBEDDING_STD = 0.3
"""Of the normal draws that embeddings start from."""


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
    """What a stack of layers computed of a text, in the order it did.

    Parameters
    ----------
    token_embeddings, position_embeddings
        ``[*batch, token, d_model]``; their sum is the first hidden state.
    hidden_states
        ``[*batch, token, d_model]`` before the first layer and after each.
    layers
        One for each layer.
    final
        ``[*batch, token, d_model]``, the last hidden state after the last norm: what is read
        from the stack.
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
        self.hidden = feed_forward(d_model, d_hidden)

    def forward(
        self, x: Float[Tensor, "*batch n d_model"], mask: Bool[Tensor, "..."] | None
    ) -> tuple[Float[Tensor, "*batch n d_model"], LayerPass]:
        """Give the next hidden state and how attention came to it."""
        normed = self.attention_norm(x)
        attention = self.attention(normed, normed, mask)
        x = x + attention.output
        x = x + self.hidden(self.hidden_norm(x))
        return x, LayerPass(normed, attention)


def feed_forward(d_model: int, d_hidden: int) -> nn.Sequential:
    """Make the network that follows the attention, on each token alone.

    Parameters
    ----------
    d_model
        Width of a token's vector.
    d_hidden
        Width inside.

    Returns
    -------
    nn.Sequential
        From ``[..., d_model]`` to ``[..., d_model]``.
    """
    return nn.Sequential(nn.Linear(d_model, d_hidden), nn.GELU(), nn.Linear(d_hidden, d_model))


def draw_embeddings(*tables: nn.Embedding) -> None:
    """Fill embedding tables by chance, in the order given.

    Parameters
    ----------
    tables
        What is filled.
    """
    for table in tables:
        nn.init.normal_(table.weight, std=_EMBEDDING_STD)


def embed(
    tokens: nn.Embedding,
    places: nn.Embedding,
    ids: Int[Tensor, "*batch n"],
    positions: Int[Tensor, "*batch n"] | None,
) -> tuple[Float[Tensor, "*batch n d_model"], Float[Tensor, "*batch n d_model"]]:
    """Look up the vectors of tokens and of their positions.

    Parameters
    ----------
    tokens, places
        The tables.
    ids
        ``[*batch, token]``.
    positions
        ``[*batch, token]``; None: counted from 0.

    Returns
    -------
    tuple
        Token and position embeddings, each ``[*batch, token, d_model]``.
    """
    if positions is None:
        positions = torch.arange(ids.shape[-1]).expand(ids.shape)
    return tokens(ids), places(positions)


def run_layers(
    embedded: tuple[Float[Tensor, "*batch n d_model"], Float[Tensor, "*batch n d_model"]],
    layers: Iterable[nn.Module],
    mask: Bool[Tensor, "..."] | None,
    last_norm: nn.LayerNorm,
) -> ForwardPass:
    """Add up the embeddings and run layers of self-attention over them.

    Parameters
    ----------
    embedded
        From :func:`embed`.
    layers
        Each a :class:`Layer`.
    mask
        True where a query may attend a key; None: everywhere.
    last_norm
        What the last hidden state goes through.

    Returns
    -------
    ForwardPass
        Everything that was computed on the way.
    """
    token, position = embedded
    x = token + position
    states, passes = [x], []
    for layer in layers:
        x, layer_pass = layer(x, mask)
        states.append(x)
        passes.append(layer_pass)
    return ForwardPass(token, position, tuple(states), tuple(passes), last_norm(x))


def _projection(d_model: int) -> nn.Parameter:
    # The default of nn.Linear, so that the recipe's learning rate holds.
    bound = 1 / math.sqrt(d_model)
    return nn.Parameter(torch.empty(d_model, d_model).uniform_(-bound, bound))
