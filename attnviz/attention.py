"""The equations of attention, in torch, in the orientation of the papers.

Every function takes any number of leading batch axes, written ``*batch``.
Rows ask (queries), columns answer (keys). A mask is True where a query may
attend a key. Matrices multiply from the right: ``x @ w_q``.

References
----------
.. [1] Vaswani et al., "Attention Is All You Need", 2017, arXiv:1706.03762.
.. [2] Bahdanau, Cho and Bengio, "Neural Machine Translation by Jointly
   Learning to Align and Translate", 2015, arXiv:1409.0473.
.. [3] Beltagy, Peters and Cohan, "Longformer", 2020, arXiv:2004.05150.
.. [4] Raffel et al., "Exploring the Limits of Transfer Learning" (T5), 2020,
   arXiv:1910.10683.
.. [5] Raschka, "Build a Large Language Model (From Scratch)", 2024.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attnviz.errors import TensorError


def causal_mask(n: int) -> Bool[Tensor, "n n"]:
    """Let each query attend its own key and those before it ([1]_, section 3.2.3).

    Parameters
    ----------
    n
        The number of tokens, at least 1.

    Returns
    -------
    Bool[Tensor, "query key"]
        True where ``key <= query``.

    Raises
    ------
    TensorError
        If `n` is less than 1.
    """
    _refuse_less_than_one("n", n)
    return torch.ones(n, n, dtype=torch.bool).tril()


def sliding_window_mask(n: int, window: int) -> Bool[Tensor, "n n"]:
    """Let each query attend the last `window` keys, its own among them.

    The window of [3]_, section 3.1, in its causal form.

    Parameters
    ----------
    n
        The number of tokens, at least 1.
    window
        The number of keys in the window, at least 1; from `n` on the mask is
        the causal one.

    Returns
    -------
    Bool[Tensor, "query key"]
        True where ``query - window < key <= query``.

    Raises
    ------
    TensorError
        If `n` or `window` is less than 1.
    """
    _refuse_less_than_one("window", window)
    causal = causal_mask(n)
    # Clipped to n, for torch cannot take a diagonal beyond 64 bits.
    return causal & ~causal.tril(-min(window, n))


def padding_mask(
    lengths: Int[Tensor, " batch"] | Sequence[int], n: int
) -> Bool[Tensor, "batch 1 n"]:
    """Hide the padding after each sequence of a batch.

    Parameters
    ----------
    lengths
        The true length of each sequence, from 1 to `n`.
    n
        The padded length.

    Returns
    -------
    Bool[Tensor, "batch 1 key"]
        True where ``key < length``; the axis of size 1 is for the queries.
        :func:`multi_head_attention` takes it as it is.

    Raises
    ------
    TensorError
        If a length is outside 1 to `n`.
    """
    _refuse_less_than_one("n", n)
    sizes = torch.as_tensor(lengths)
    if sizes.ndim != 1 or sizes.is_floating_point() or sizes.dtype == torch.bool:
        raise TensorError(
            "lengths: wanted whole numbers with the axis [batch],"
            f" got {sizes.dtype} with shape {list(sizes.shape)}"
        )
    for row, length in enumerate(sizes.tolist()):
        if not 1 <= length <= n:
            raise TensorError(f"lengths: sequence {row} has length {length}; wanted 1 to {n}")
    return (torch.arange(n) < sizes[:, None])[:, None, :]


def scaled_scores(
    q: Float[Tensor, "*batch Q d_k"],
    k: Float[Tensor, "*batch K d_k"],
    scale: float | None = None,
    bias: Float[Tensor, "..."] | None = None,
) -> Float[Tensor, "*batch Q K"]:
    r"""Score how well each key answers each query: :math:`q k^T \cdot scale + bias`.

    Parameters
    ----------
    q
        Queries ``[*batch, query, d_k]``.
    k
        Keys ``[*batch, key, d_k]``.
    scale
        The factor before the bias; None: :math:`1/\sqrt{d_k}`, equation (1) of
        [1]_, with d_k the width of one head.
    bias
        Added after the scale, as relative positions are ([4]_, section 2.1); it must
        broadcast to ``[*batch, query, key]``.

    Returns
    -------
    Float[Tensor, "*batch query key"]
        The scores, before any mask.

    Raises
    ------
    TensorError
        If the widths differ or the bias does not fit.
    """
    _refuse_few_axes("q", q, "[*batch, query, d_k]", 2)
    _refuse_few_axes("k", k, "[*batch, key, d_k]", 2)
    d_k = q.shape[-1]
    if k.shape[-1] != d_k or d_k == 0:
        raise TensorError(
            f"q has width {d_k} and k {k.shape[-1]}: queries and keys meet in one width d_k"
        )
    scores = q @ k.mT * (1 / math.sqrt(d_k) if scale is None else scale)
    if bias is None:
        return scores
    _refuse_unfit("bias", bias, scores)
    return scores + bias


def softmax_weights(
    scores: Float[Tensor, "*batch Q K"], mask: Bool[Tensor, "..."] | None = None
) -> Float[Tensor, "*batch Q K"]:
    r"""Turn each row of scores to shares that add up to one.

    :math:`w_{ij} = e^{s_{ij}} / \sum_l e^{s_{il}}` over the keys that the mask
    leaves. The mask acts before the softmax, as −∞ ([1]_, section 3.2.3), so a
    masked weight is exactly 0.

    Parameters
    ----------
    scores
        Scores ``[*batch, query, key]``.
    mask
        True where a query may attend a key; it must broadcast to the scores.

    Returns
    -------
    Float[Tensor, "*batch query key"]
        Weights; each row adds up to 1.

    Raises
    ------
    TensorError
        If the mask does not fit or is not boolean, or if a row has no key
        left (its softmax would be 0/0): the row is named by its index.
    """
    _refuse_few_axes("scores", scores, "[*batch, query, key]", 2)
    if mask is not None:
        _refuse_unfit("mask", mask, scores)
        if mask.dtype != torch.bool:
            raise TensorError(
                f"mask: wanted booleans, True where a query may attend, got {mask.dtype};"
                " an additive mask is a bias"
            )
        scores = scores.masked_fill(~mask, -math.inf)
    _refuse_empty_rows(scores)
    return scores.softmax(dim=-1)


def blend(
    weights: Float[Tensor, "*batch Q K"], v: Float[Tensor, "*batch K d_v"]
) -> Float[Tensor, "*batch Q d_v"]:
    """Add up the values, each in the share of its weight: ``weights @ v``.

    Parameters
    ----------
    weights
        Weights ``[*batch, query, key]``.
    v
        Values ``[*batch, key, d_v]``.

    Returns
    -------
    Float[Tensor, "*batch query d_v"]
        One blend of the values for each query.

    Raises
    ------
    TensorError
        If the numbers of keys and of values differ.
    """
    _refuse_few_axes("weights", weights, "[*batch, query, key]", 2)
    _refuse_few_axes("v", v, "[*batch, key, d_v]", 2)
    if weights.shape[-1] != v.shape[-2]:
        raise TensorError(
            f"weights have {weights.shape[-1]} keys and v has {v.shape[-2]} values:"
            " each key needs its value"
        )
    return weights @ v


def split_heads(
    x: Float[Tensor, "*batch n h_d"], n_heads: int
) -> Float[Tensor, "*batch {n_heads} n d"]:
    """Cut the width of a projection into heads.

    Parameters
    ----------
    x
        ``[*batch, token, h * d]``; head i holds the columns from ``i * d``.
    n_heads
        The number of heads h.

    Returns
    -------
    Float[Tensor, "*batch head token d"]
        The same numbers, a head at a time.

    Raises
    ------
    TensorError
        If the width is not a multiple of `n_heads`.
    """
    _refuse_few_axes("x", x, "[*batch, token, h * d]", 2)
    _refuse_less_than_one("n_heads", n_heads)
    if x.shape[-1] % n_heads:
        raise TensorError(f"a width of {x.shape[-1]} does not divide into {n_heads} heads")
    d = x.shape[-1] // n_heads
    return x.reshape(*x.shape[:-1], n_heads, d).transpose(-3, -2)


def merge_heads(x: Float[Tensor, "*batch h n d"]) -> Float[Tensor, "*batch n h_d"]:
    """Lay the heads side by side: the inverse of :func:`split_heads`.

    Parameters
    ----------
    x
        ``[*batch, head, token, d]``.

    Returns
    -------
    Float[Tensor, "*batch token h*d"]
        Concat(head_0, …, head_h-1), as [1]_ writes it in section 3.2.2.

    Raises
    ------
    TensorError
        If the axis of heads is missing.
    """
    _refuse_few_axes("x", x, "[*batch, head, token, d]", 3)
    return x.transpose(-3, -2).flatten(-2)


@dataclass(frozen=True, eq=False)
class MultiHeadAttention:
    """Everything one multi-head attention computed, in the order it did.

    Parameters
    ----------
    q
        ``[*batch, head, query, d_k]``.
    k
        ``[*batch, head, key, d_k]``.
    v
        ``[*batch, head, key, d_v]``.
    scale
        The factor of the scores, 1/√d_k.
    scores
        ``[*batch, head, query, key]``, before the mask.
    weights
        ``[*batch, head, query, key]``, after mask and softmax.
    heads
        ``[*batch, head, query, d_v]``, the weights times the values.
    output
        ``[*batch, query, d_model]``, the heads side by side times W_O.
    """

    q: Float[Tensor, "*batch h Q d_k"]
    k: Float[Tensor, "*batch h K d_k"]
    v: Float[Tensor, "*batch h K d_v"]
    scale: float
    scores: Float[Tensor, "*batch h Q K"]
    weights: Float[Tensor, "*batch h Q K"]
    heads: Float[Tensor, "*batch h Q d_v"]
    output: Float[Tensor, "*batch Q d_model"]


def multi_head_attention(
    x_q: Float[Tensor, "*batch Q d_model"],
    x_kv: Float[Tensor, "*batch K d_source"],
    w_q: Float[Tensor, "d_model h_d_k"],
    w_k: Float[Tensor, "d_source h_d_k"],
    w_v: Float[Tensor, "d_source h_d_v"],
    w_o: Float[Tensor, "h_d_v d_out"],
    n_heads: int,
    *,
    b_q: Float[Tensor, " h_d_k"] | None = None,
    b_k: Float[Tensor, " h_d_k"] | None = None,
    b_v: Float[Tensor, " h_d_v"] | None = None,
    b_o: Float[Tensor, " d_out"] | None = None,
    mask: Bool[Tensor, "..."] | None = None,
    bias: Float[Tensor, "..."] | None = None,
) -> MultiHeadAttention:
    r"""Look several times at once, then make one vector again.

    :math:`head_i = softmax(q_i k_i^T / \sqrt{d_k}) v_i`, with
    :math:`q = x_q W^Q + b^Q` and so on cut into heads, and
    :math:`output = Concat(head_0, …) W^O + b^O` ([1]_, section 3.2.2).
    Self-attention where `x_q` and `x_kv` are the same, cross-attention where
    they are not.

    Parameters
    ----------
    x_q
        What asks, ``[*batch, query, d_model]``.
    x_kv
        What answers, ``[*batch, key, d_source]``.
    w_q, w_k
        ``[d_model, h * d_k]`` and ``[d_source, h * d_k]``.
    w_v
        ``[d_source, h * d_v]``.
    w_o
        ``[h * d_v, d_out]``.
    n_heads
        The number of heads h.
    b_q, b_k, b_v, b_o
        The biases of the four projections, where the model has them.
    mask
        True where a query may attend a key. Without an axis of heads,
        ``[query, key]`` or ``[*batch, 1 or query, key]``, it is every head's;
        with as many axes as the scores it is taken as it is.
    bias
        Added to the scaled scores; it must broadcast to
        ``[*batch, head, query, key]``.

    Returns
    -------
    MultiHeadAttention
        The output and every step on the way to it.

    Raises
    ------
    TensorError
        If a shape does not fit, or a query has no key left.
    """
    q = split_heads(_project("x_q", x_q, "w_q", w_q, b_q), n_heads)
    k = split_heads(_project("x_kv", x_kv, "w_k", w_k, b_k), n_heads)
    v = split_heads(_project("x_kv", x_kv, "w_v", w_v, b_v), n_heads)
    scale = 1 / math.sqrt(q.shape[-1])
    scores = scaled_scores(q, k, scale, bias)
    if mask is not None and 2 < mask.ndim < scores.ndim:
        mask = mask.unsqueeze(-3)
    weights = softmax_weights(scores, mask)
    heads = blend(weights, v)
    output = _project("the merged heads", merge_heads(heads), "w_o", w_o, b_o)
    return MultiHeadAttention(q, k, v, scale, scores, weights, heads, output)


@dataclass(frozen=True, eq=False)
class SingleAttention:
    """Everything an attention without heads computed.

    Parameters
    ----------
    scores
        ``[*batch, query, key]``, before the mask.
    weights
        ``[*batch, query, key]``, after mask and softmax.
    output
        ``[*batch, query, d_v]``, the weights times the values.
    """

    scores: Float[Tensor, "*batch Q K"]
    weights: Float[Tensor, "*batch Q K"]
    output: Float[Tensor, "*batch Q d_v"]


def additive_attention(
    query: Float[Tensor, "*batch Q d_query"],
    keys: Float[Tensor, "*batch K d_key"],
    values: Float[Tensor, "*batch K d_v"],
    w_query: Float[Tensor, "d_query d_align"],
    w_key: Float[Tensor, "d_key d_align"],
    v: Float[Tensor, " d_align"],
    mask: Bool[Tensor, "..."] | None = None,
) -> SingleAttention:
    r"""Score by a small network instead of a product ([2]_, sections 3.1 and A.1.2).

    :math:`e_{ij} = v^T \tanh(s_i W_{query} + h_j W_{key})`, where s_i is the
    decoder's state and h_j the annotation of source word j.

    Parameters
    ----------
    query
        Decoder states ``[*batch, query, d_query]``.
    keys
        Annotations ``[*batch, key, d_key]``.
    values
        What is blended, ``[*batch, key, d_v]``; in the paper, the keys.
    w_query, w_key
        ``[d_query, d_align]`` and ``[d_key, d_align]`` (W_a and U_a in [2]_).
    v
        ``[d_align]``.
    mask
        True where a query may attend a key; it must broadcast to the scores.

    Returns
    -------
    SingleAttention
        Scores e, weights α and the context vectors.

    Raises
    ------
    TensorError
        If a shape does not fit, or a query has no key left.
    """
    asked = _project("query", query, "w_query", w_query)
    offered = _project("keys", keys, "w_key", w_key)
    if not asked.shape[-1] == offered.shape[-1] == v.shape[-1] or v.ndim != 1:
        raise TensorError(
            f"w_query has {asked.shape[-1]} columns, w_key {offered.shape[-1]} and v has shape"
            f" {list(v.shape)}: they meet in one width d_align"
        )
    scores = torch.tanh(asked[..., :, None, :] + offered[..., None, :, :]) @ v
    weights = softmax_weights(scores, mask)
    return SingleAttention(scores, weights, blend(weights, values))


def simple_self_attention(x: Float[Tensor, "*batch n d"]) -> SingleAttention:
    r"""Let the vectors attend each other as they are, with no trained weights.

    :math:`output = softmax(x x^T) x`, unscaled ([5]_, section 3.3).

    Parameters
    ----------
    x
        ``[*batch, token, d]``.

    Returns
    -------
    SingleAttention
        Scores ``x @ x.T``, their weights, and the blends of x.

    Raises
    ------
    TensorError
        If `x` has fewer than two axes.
    """
    scores = scaled_scores(x, x, scale=1.0)
    weights = softmax_weights(scores)
    return SingleAttention(scores, weights, blend(weights, x))


def _project(x_name: str, x: Tensor, w_name: str, w: Tensor, bias: Tensor | None = None) -> Tensor:
    _refuse_few_axes(x_name, x, "[*batch, token, d]", 2)
    if w.ndim != 2 or x.shape[-1] != w.shape[0]:
        raise TensorError(
            f"{w_name}: wanted {x.shape[-1]} rows, the width of {x_name}, got shape {list(w.shape)}"
        )
    if bias is None:
        return x @ w
    if bias.shape != w.shape[1:]:
        raise TensorError(
            f"the bias of {w_name}: wanted shape {list(w.shape[1:])}, got {list(bias.shape)}"
        )
    return x @ w + bias


def _refuse_less_than_one(name: str, value: int) -> None:
    if value < 1:
        raise TensorError(f"{name}: wanted at least 1, got {value}")


def _refuse_few_axes(name: str, x: Tensor, axes: str, least: int) -> None:
    if x.ndim < least:
        raise TensorError(f"{name}: wanted the axes {axes}, got shape {list(x.shape)}")


def _refuse_unfit(name: str, x: Tensor, scores: Tensor) -> None:
    wanted = scores.shape
    fits = x.ndim <= len(wanted) and all(
        size in (1, whole) for size, whole in zip(reversed(x.shape), reversed(wanted), strict=False)
    )
    if not fits:
        raise TensorError(
            f"{name}: shape {list(x.shape)} does not broadcast to the scores' {list(wanted)}"
        )


def _refuse_empty_rows(scores: Tensor) -> None:
    empty = (scores == -math.inf).all(dim=-1)
    if empty.any():
        row = empty.nonzero()[0].tolist()
        raise TensorError(
            f"row {row} of the scores (its last index is the query) is fully masked: all its"
            f" {scores.shape[-1]} keys are −∞; leave each query at least one key"
        )
