"""What the tiny models computed, as the records that the rest of attnviz reads."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attnviz.attention import MultiHeadAttention
from attnviz.models.layers import Attention
from attnviz.records import AttentionTrace


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an attention.

    Parameters
    ----------
    tokens
        Its words as they are labelled.
    x
        ``[token, d_model]``: what its matrices multiply.
    """

    tokens: tuple[str, ...]
    x: Float[Tensor, "n d_model"]


def as_array(tensor: Tensor) -> np.ndarray:
    """Give a tensor's own numbers.

    Parameters
    ----------
    tensor
        Of any shape.

    Returns
    -------
    np.ndarray
        Of the same shape, not copied.
    """
    return tensor.detach().numpy()


def attention_trace(
    model: nn.Module,
    name: str,
    made: MultiHeadAttention,
    asking: Side,
    answering: Side,
    mask: Bool[Tensor, "q k"],
) -> AttentionTrace:
    """Record an attention with the matrices that made it.

    Parameters
    ----------
    model
        The model.
    name
        Where its :class:`Attention` stands in it.
    made
        What was computed.
    asking, answering
        The side of the queries, and that of the keys and values; one text is one and the same
        object, and the attention its self-attention.
    mask
        ``[query, key]``, True where a query may attend a key.

    Returns
    -------
    AttentionTrace
        The record.
    """
    projections = model.get_submodule(name)
    # Torch types every part of a model as a Module.
    assert isinstance(projections, Attention)
    return AttentionTrace(
        name=name,
        kind="self" if asking is answering else "cross",
        query_tokens=asking.tokens,
        key_tokens=answering.tokens,
        q=as_array(made.q),
        k=as_array(made.k),
        v=as_array(made.v),
        scale=made.scale,
        mask=as_array(mask)[None],
        scores=as_array(made.scores),
        weights=as_array(made.weights),
        heads=as_array(made.heads),
        output=as_array(made.output),
        w_q=as_array(projections.w_q),
        w_k=as_array(projections.w_k),
        w_v=as_array(projections.w_v),
        w_o=as_array(projections.w_o),
        x_q=as_array(asking.x),
        x_kv=as_array(answering.x),
    )
