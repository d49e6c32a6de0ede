"""Random but valid traces for tests, computed in plain numpy, apart from attnviz."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import jaxtyping
import numpy as np
from numpy.typing import NDArray

from attnviz.records import AttentionTrace, Focus, ModelTrace

Floats = NDArray[np.float64]
Draw = Callable[..., Floats]


@contextmanager
def unchecked() -> Iterator[None]:
    """Switch the run-time type checks of the test suite off, to meet attnviz's own refusals."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", before)


@cache  # safe: nothing can change a record
def random_trace(
    n: int = 5,
    *,
    n_layers: int = 2,
    n_heads: int = 3,
    d_k: int = 7,
    d_v: int = 11,
    d_model: int = 13,
    vocabulary: int = 17,
    target: int | None = None,
    causal: bool = False,
    seed: int = 0,
) -> ModelTrace:
    """Build a trace of random weights that holds every equation of a record.

    The sizes are distinct primes by default, so that no axis passes for another.
    With `target` tokens in a decoder's sentence the last layer is a
    cross-attention from them to the `n` tokens of the text.
    """
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> Floats:
        return np.asarray(rng.standard_normal(shape) / np.sqrt(shape[0]))

    tokens = tuple(f"word{i}" for i in range(n))
    answers = tuple(f"mot{i}" for i in range(target or 0))
    kinds = ["self"] * n_layers if target is None else ["self"] * (n_layers - 1) + ["cross"]
    layers = tuple(
        _layer(draw, i, kind, tokens, answers, n_heads, d_k, d_v, d_model, causal)
        for i, kind in enumerate(kinds)
    )
    table = draw(vocabulary, d_model)
    ids = rng.integers(vocabulary, size=n).tolist()
    return ModelTrace(
        model="random",
        text=" ".join(tokens),
        tokens=tokens,
        ids=tuple(ids),
        token_embeddings=_single(table[ids]),
        position_embeddings=_single(draw(n, d_model)),
        embedding_table=_single(table),
        hidden_states=_single(np.stack([draw(n, d_model) for _ in range(n_layers + 1)])),
        layers=layers,
        logits=_single(draw(target or n, vocabulary)),
        target_tokens=answers or None,
        target_ids=tuple(rng.integers(vocabulary, size=target).tolist()) if target else None,
        focus=Focus(layer=n_layers - 1, head=n_heads - 1, query=(target or n) - 1, reason="random"),
        notes=("random weights",),
    )


def _layer(
    draw: Draw,
    index: int,
    kind: str,
    tokens: tuple[str, ...],
    answers: tuple[str, ...],
    n_heads: int,
    d_k: int,
    d_v: int,
    d_model: int,
    causal: bool,
) -> AttentionTrace:
    queries = answers if kind == "cross" else tokens
    x_q = draw(len(queries), d_model)
    x_kv = draw(len(tokens), d_model) if kind == "cross" else x_q
    w_q, w_k = draw(d_model, n_heads * d_k), draw(d_model, n_heads * d_k)
    w_v, w_o = draw(d_model, n_heads * d_v), draw(n_heads * d_v, d_model)
    b_q, b_k, b_v, b_o = (
        draw(n_heads * d_k),
        draw(n_heads * d_k),
        draw(n_heads * d_v),
        draw(d_model),
    )
    q = np.stack(np.split(x_q @ w_q + b_q, n_heads, axis=1))
    k = np.stack(np.split(x_kv @ w_k + b_k, n_heads, axis=1))
    v = np.stack(np.split(x_kv @ w_v + b_v, n_heads, axis=1))
    scale = 1 / np.sqrt(d_k)
    scores = np.einsum("hqd,hkd->hqk", q, k) * scale
    shape = (1, len(queries), len(tokens))
    mask = np.tril(np.ones(shape, dtype=bool)) if causal else np.ones(shape, dtype=bool)
    powers = np.where(mask, np.exp(scores), 0)
    weights = powers / powers.sum(axis=2, keepdims=True)
    heads = np.einsum("hqk,hkd->hqd", weights, v)
    output = np.concatenate(list(heads), axis=1) @ w_o + b_o
    return AttentionTrace(
        name=f"layers.{index}.attention",
        kind="cross" if kind == "cross" else "self",
        query_tokens=queries,
        key_tokens=tokens,
        q=_single(q),
        k=_single(k),
        v=_single(v),
        scale=float(scale),
        mask=mask,
        scores=_single(scores),
        weights=_single(weights),
        heads=_single(heads),
        output=_single(output),
        w_q=_single(w_q),
        w_k=_single(w_k),
        w_v=_single(w_v),
        w_o=_single(w_o),
        b_q=_single(b_q),
        b_k=_single(b_k),
        b_v=_single(b_v),
        b_o=_single(b_o),
        x_q=_single(x_q),
        x_kv=_single(x_kv),
    )


def _single(array: Floats) -> NDArray[np.float32]:
    return array.astype(np.float32)


def planted_trace(
    tokens: tuple[str, ...],
    planted: Mapping[tuple[int, int], NDArray[np.bool_]],
    *,
    n_layers: int = 12,
    n_heads: int = 12,
    causal: bool = False,
    seed: int = 0,
) -> ModelTrace:
    """Build a trace of random heads in which those at (layer, head) look at planted cells.

    A bias does it, as relative positions do: 0 to 1 where nothing is planted, 9 where it is.
    """
    rng = np.random.default_rng(seed)
    n, d_k = len(tokens), 3
    mask = np.tril(np.ones((1, n, n), dtype=bool)) if causal else np.ones((1, n, n), dtype=bool)
    layers = []
    for index in range(n_layers):
        bias = _single(rng.random((n_heads, n, n)))
        for (layer, head), cells in planted.items():
            if layer == index:
                bias[head][cells] = 9
        q, k, v = (_single(rng.standard_normal((n_heads, n, d_k))) for _ in "qkv")
        scores = np.einsum("hqd,hkd->hqk", q, k) / d_k + bias
        powers = np.where(mask, np.exp(scores), 0)
        weights = powers / powers.sum(axis=2, keepdims=True)
        layers.append(
            AttentionTrace(
                name=f"h.{index}.attn",
                kind="self",
                query_tokens=tokens,
                key_tokens=tokens,
                q=q,
                k=k,
                v=v,
                scale=1 / d_k,
                mask=mask,
                bias=bias,
                scores=_single(scores),
                weights=_single(weights),
                heads=_single(np.einsum("hqk,hkd->hqd", weights, v)),
            )
        )
    return ModelTrace(
        model="planted",
        text=" ".join(tokens),
        tokens=tokens,
        ids=tuple(range(n)),
        layers=tuple(layers),
    )
