"""attention.py against sums done by hand and against torch's own attention."""

import math
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from attnviz.attention import (
    additive_attention,
    blend,
    causal_mask,
    merge_heads,
    multi_head_attention,
    padding_mask,
    scaled_scores,
    simple_self_attention,
    sliding_window_mask,
    softmax_weights,
    split_heads,
)
from attnviz.errors import TensorError
from tests.builders import unchecked

# Distinct primes: no axis can pass for another.
BATCH, QUERIES, KEYS, HEADS, D_K, D_V, D_OUT = 2, 3, 5, 7, 11, 13, 17
D_MODEL, D_SOURCE, D_ALIGN = 19, 23, 29
LN3 = math.log(3)


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def exact(rows: list[list[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def close(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-12)


# Masks


def test_causal_mask_by_hand() -> None:
    assert causal_mask(3).tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_sliding_window_mask_by_hand() -> None:
    assert sliding_window_mask(4, 2).int().tolist() == [
        [1, 0, 0, 0],
        [1, 1, 0, 0],
        [0, 1, 1, 0],
        [0, 0, 1, 1],
    ]


@pytest.mark.parametrize("window", range(1, 9))
def test_a_window_of_n_keys_has_n_keys_where_there_are_as_many(window: int) -> None:
    mask = sliding_window_mask(7, window)
    for query in range(7):
        keys = [key for key in range(7) if mask[query, key]]
        assert keys == list(range(max(0, query - window + 1), query + 1))


def test_a_wide_window_is_causal() -> None:
    assert sliding_window_mask(5, 10**30).equal(causal_mask(5))


@pytest.mark.parametrize("lengths", [[4, 1, 2], torch.tensor([4, 1, 2])])
def test_padding_mask_by_hand(lengths: "list[int] | Tensor") -> None:
    mask = padding_mask(lengths, 4)
    assert mask.shape == (3, 1, 4)
    assert mask[:, 0].int().tolist() == [[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: causal_mask(0), "n: wanted at least 1, got 0"),
        (lambda: sliding_window_mask(3, 0), "window: wanted at least 1, got 0"),
        (lambda: sliding_window_mask(-1, 1), "n: wanted at least 1, got -1"),
        (lambda: padding_mask([1], 0), "n: wanted at least 1, got 0"),
        (lambda: padding_mask([2, 0], 3), "sequence 1 has length 0; wanted 1 to 3"),
        (lambda: padding_mask([2, 4], 3), "sequence 1 has length 4; wanted 1 to 3"),
        (lambda: padding_mask(torch.ones(2, 2).int(), 3), r"axis \[batch\], got .* \[2, 2\]"),
        (lambda: padding_mask(torch.ones(2), 3), "wanted whole numbers"),
        (lambda: padding_mask(torch.ones(2).bool(), 3), "wanted whole numbers"),
    ],
)
def test_masks_refuse_sizes_that_are_none(make: Callable[[], Tensor], message: str) -> None:
    with unchecked(), pytest.raises(TensorError, match=message):
        make()


# Scores and weights


def test_scaled_scores_by_hand() -> None:
    q = torch.tensor([[1.0, 2.0, 0.0, 2.0]])
    k = torch.tensor([[3.0, 1.0, 5.0, 0.5], [0.0, 0.0, 1.0, 0.0]])
    # q·k = 3 + 2 + 0 + 1 = 6 and 0; divided by √4 = 2.
    assert scaled_scores(q, k).tolist() == [[3.0, 0.0]]
    assert scaled_scores(q, k, scale=1.0).tolist() == [[6.0, 0.0]]
    bias = torch.tensor([[0.25, -1.0]])
    assert scaled_scores(q, k, scale=0.5, bias=bias).tolist() == [[3.25, -1.0]]


def test_softmax_weights_by_hand() -> None:
    scores = exact([[0.0, LN3], [LN3, LN3]])
    close(softmax_weights(scores), exact([[0.25, 0.75], [0.5, 0.5]]))


def test_a_masked_weight_is_exactly_0_and_the_others_grow() -> None:
    scores = exact([[0.0, LN3, 100.0]])
    weights = softmax_weights(scores, torch.tensor([True, True, False]))
    close(weights, exact([[0.25, 0.75, 0.0]]))
    assert weights[0, 2].item() == 0


def test_a_score_of_minus_infinity_is_masked_too() -> None:
    scores = exact([[-math.inf, 0.0, LN3]])
    close(softmax_weights(scores), exact([[0.0, 0.25, 0.75]]))


def test_large_scores_do_not_overflow() -> None:
    weights = softmax_weights(torch.tensor([[1e30, 1e30]]))
    assert weights.tolist() == [[0.5, 0.5]]


def test_a_fully_masked_row_is_named() -> None:
    mask = torch.ones(BATCH, HEADS, QUERIES, KEYS, dtype=torch.bool)
    mask[1, 4, 2] = False
    with pytest.raises(TensorError, match=r"row \[1, 4, 2\] of the scores .* all its 5 keys"):
        softmax_weights(draw(BATCH, HEADS, QUERIES, KEYS), mask)


def test_a_row_that_mask_and_bias_empty_together_is_named() -> None:
    scores = torch.tensor([[0.0, 1.0], [-math.inf, 1.0]])
    with pytest.raises(TensorError, match=r"row \[1\] of the scores"):
        softmax_weights(scores, torch.tensor([[True, True], [True, False]]))


def test_gradients_pass_the_mask() -> None:
    scores = draw(KEYS, KEYS).requires_grad_()
    softmax_weights(scores, causal_mask(KEYS))[:, 0].sum().backward()
    assert scores.grad is not None
    assert scores.grad.isfinite().all()
    assert scores.grad[~causal_mask(KEYS)].count_nonzero() == 0
    assert scores.grad.count_nonzero() > 0


def test_blend_by_hand() -> None:
    weights = torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    v = torch.tensor([[4.0, 0.0, 8.0], [0.0, 4.0, 8.0]])
    assert blend(weights, v).tolist() == [[1.0, 3.0, 8.0], [4.0, 0.0, 8.0]]


@pytest.mark.parametrize("scale", [None, 1.0, 0.3])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_one_attention_is_torchs(scale: float | None, masked: bool, biased: bool) -> None:
    q, k = draw(BATCH, HEADS, QUERIES, D_K), draw(BATCH, HEADS, KEYS, D_K)
    v = draw(BATCH, HEADS, KEYS, D_V)
    bias = draw(HEADS, QUERIES, KEYS) if biased else None
    mask = torch.rand(BATCH, 1, QUERIES, KEYS) < 0.5 if masked else None
    added = torch.zeros(BATCH, HEADS, QUERIES, KEYS, dtype=torch.float64)
    if bias is not None:
        added = added + bias
    if mask is not None:
        mask[..., 0] = True
        added = added.masked_fill(~mask, -math.inf)
    wanted = scaled_dot_product_attention(q, k, v, attn_mask=added, scale=scale)
    weights = softmax_weights(scaled_scores(q, k, scale, bias), mask)
    close(blend(weights, v), wanted)


def test_causal_attention_is_torchs() -> None:
    q, k, v = draw(KEYS, D_K), draw(KEYS, D_K), draw(KEYS, D_V)
    wanted = scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
    close(blend(softmax_weights(scaled_scores(q, k), causal_mask(KEYS)), v), wanted)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: scaled_scores(draw(3, 5), draw(3, 7)), "q has width 5 and k 7"),
        (lambda: scaled_scores(draw(3, 0), draw(3, 0)), "q has width 0 and k 0"),
        (lambda: scaled_scores(draw(5), draw(3, 5)), r"q: wanted the axes .* got shape \[5\]"),
        (lambda: scaled_scores(draw(3, 5), draw(5)), r"k: wanted the axes .* got shape \[5\]"),
        (
            lambda: scaled_scores(draw(3, 2), draw(5, 2), bias=draw(5, 3)),
            r"bias: shape \[5, 3\] does not broadcast to the scores' \[3, 5\]",
        ),
        (
            lambda: scaled_scores(draw(3, 2), draw(5, 2), bias=draw(2, 3, 5)),
            r"bias: shape \[2, 3, 5\] does not broadcast",
        ),
        (lambda: softmax_weights(draw(3)), "scores: wanted the axes"),
        (
            lambda: softmax_weights(draw(3, 5), torch.ones(5, 3).bool()),
            r"mask: shape \[5, 3\] does not broadcast to the scores' \[3, 5\]",
        ),
        (
            lambda: softmax_weights(draw(3, 5), torch.zeros(3, 5)),
            "mask: wanted booleans.* got torch.float32",
        ),
        (lambda: blend(draw(3, 5), draw(7, 5)), "weights have 5 keys and v has 7 values"),
        (lambda: blend(draw(5), draw(5, 5)), "weights: wanted the axes"),
        (lambda: blend(draw(5, 5), draw(5)), "v: wanted the axes"),
        (lambda: split_heads(draw(3, 10), 3), "width of 10 does not divide into 3 heads"),
        (lambda: split_heads(draw(3, 10), 0), "n_heads: wanted at least 1, got 0"),
        (lambda: split_heads(draw(10), 2), "x: wanted the axes"),
        (lambda: merge_heads(draw(3, 10)), "x: wanted the axes"),
        (lambda: simple_self_attention(draw(5)), "wanted the axes"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(make: Callable[[], Tensor], message: str) -> None:
    with unchecked(), pytest.raises(TensorError, match=message):
        make()


# Heads


def test_split_heads_gives_each_head_its_columns() -> None:
    x = draw(BATCH, QUERIES, HEADS * D_K)
    heads = split_heads(x, HEADS)
    assert heads.shape == (BATCH, HEADS, QUERIES, D_K)
    for i in range(HEADS):
        assert heads[:, i].equal(x[..., i * D_K : (i + 1) * D_K])


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_merge_heads_undoes_split_heads(batch: tuple[int, ...]) -> None:
    x = draw(*batch, QUERIES, HEADS * D_K)
    assert merge_heads(split_heads(x, HEADS)).equal(x)


def test_multi_head_attention_step_by_step() -> None:
    """Loops over heads, with nothing of attention.py in them."""
    x_q, x_kv = draw(QUERIES, D_MODEL), draw(KEYS, D_SOURCE)
    w_q, w_k = draw(D_MODEL, HEADS * D_K), draw(D_SOURCE, HEADS * D_K)
    w_v, w_o = draw(D_SOURCE, HEADS * D_V), draw(HEADS * D_V, D_OUT)
    b_q, b_k, b_v, b_o = draw(HEADS * D_K), draw(HEADS * D_K), draw(HEADS * D_V), draw(D_OUT)
    bias = draw(HEADS, QUERIES, KEYS)
    got = multi_head_attention(
        x_q, x_kv, w_q, w_k, w_v, w_o, HEADS, b_q=b_q, b_k=b_k, b_v=b_v, b_o=b_o, bias=bias
    )
    assert got.scale == 1 / math.sqrt(D_K)
    output = b_o.expand(QUERIES, D_OUT).clone()
    for i in range(HEADS):
        k_columns = slice(i * D_K, (i + 1) * D_K)
        v_columns = slice(i * D_V, (i + 1) * D_V)
        q = x_q @ w_q[:, k_columns] + b_q[k_columns]
        k = x_kv @ w_k[:, k_columns] + b_k[k_columns]
        v = x_kv @ w_v[:, v_columns] + b_v[v_columns]
        scores = q @ k.T / D_K**0.5 + bias[i]
        powers = scores.exp()
        weights = powers / powers.sum(dim=1, keepdim=True)
        for found, wanted in (
            (got.q, q),
            (got.k, k),
            (got.v, v),
            (got.scores, scores),
            (got.weights, weights),
            (got.heads, weights @ v),
        ):
            close(found[i], wanted)
        output = output + weights @ v @ w_o[v_columns]
    close(got.output, output)


def test_scores_are_recorded_before_the_mask() -> None:
    x, w = draw(KEYS, D_MODEL), draw(D_MODEL, HEADS)
    w_o = draw(HEADS, D_OUT)
    free = multi_head_attention(x, x, w, w, w, w_o, HEADS)
    causal = multi_head_attention(x, x, w, w, w, w_o, HEADS, mask=causal_mask(KEYS))
    assert causal.scores.equal(free.scores)
    assert causal.weights[:, ~causal_mask(KEYS)].count_nonzero() == 0


def torch_weights(layer: nn.MultiheadAttention) -> dict[str, Tensor]:
    """Turn torch's matrices, which multiply from the left, to the papers' orientation."""
    named = dict(layer.named_parameters())
    if "in_proj_weight" in named:
        w_q, w_k, w_v = named["in_proj_weight"].chunk(3)
    else:
        w_q, w_k, w_v = (named[f"{name}_proj_weight"] for name in "qkv")
    b_q, b_k, b_v = layer.in_proj_bias.chunk(3)
    return {
        "w_q": w_q.T,
        "w_k": w_k.T,
        "w_v": w_v.T,
        "w_o": layer.out_proj.weight.T,
        "b_q": b_q,
        "b_k": b_k,
        "b_v": b_v,
        "b_o": layer.out_proj.bias,
    }


def shake(module: nn.Module) -> None:
    """Give every parameter a value; torch begins biases at 0 and norms at 1."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)


@pytest.mark.parametrize("masking", ["none", "causal", "padding", "per head"])
def test_self_attention_is_torchs_module(masking: str) -> None:
    n, d_model = 5, HEADS * 3
    layer = nn.MultiheadAttention(d_model, HEADS, batch_first=True, dtype=torch.float64).eval()
    shake(layer)
    x = draw(BATCH, n, d_model)
    attn_mask = padding = mask = None
    if masking == "causal":
        mask = causal_mask(n)
        attn_mask = ~mask
    elif masking == "padding":
        mask = padding_mask([n, 2], n)
        padding = ~mask[:, 0]
    elif masking == "per head":
        mask = torch.rand(BATCH, HEADS, n, n) < 0.5
        mask[..., 0] = True
        attn_mask = ~mask.reshape(BATCH * HEADS, n, n)
    with torch.no_grad():
        output, weights = layer(
            x, x, x, key_padding_mask=padding, attn_mask=attn_mask, average_attn_weights=False
        )
    got = multi_head_attention(x, x, n_heads=HEADS, mask=mask, **torch_weights(layer))
    close(got.weights, weights)
    close(got.output, output)


def test_cross_attention_is_torchs_module() -> None:
    d_model = HEADS * 3
    layer = nn.MultiheadAttention(
        d_model, HEADS, kdim=D_SOURCE, vdim=D_SOURCE, batch_first=True, dtype=torch.float64
    ).eval()
    shake(layer)
    x_q, x_kv = draw(BATCH, QUERIES, d_model), draw(BATCH, KEYS, D_SOURCE)
    lengths = padding_mask([4, 3], KEYS)
    with torch.no_grad():
        output, weights = layer(
            x_q, x_kv, x_kv, key_padding_mask=~lengths[:, 0], average_attn_weights=False
        )
    got = multi_head_attention(x_q, x_kv, n_heads=HEADS, mask=lengths, **torch_weights(layer))
    close(got.weights, weights)
    close(got.output, output)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_an_encoder_layer_is_torchs(norm_first: bool, causal: bool) -> None:
    n, d_model = 5, HEADS * 3
    layer = nn.TransformerEncoderLayer(
        d_model, HEADS, 31, norm_first=norm_first, batch_first=True, dtype=torch.float64
    ).eval()
    shake(layer)
    x = draw(BATCH, n, d_model)
    mask = causal_mask(n) if causal else None

    def attend(x: Tensor) -> Tensor:
        weights = torch_weights(layer.self_attn)
        return multi_head_attention(x, x, n_heads=HEADS, mask=mask, **weights).output

    def feed(x: Tensor) -> Tensor:
        wide = torch.relu(x @ layer.linear1.weight.T + layer.linear1.bias)
        return wide @ layer.linear2.weight.T + layer.linear2.bias

    with torch.no_grad():
        wanted = layer(x, src_mask=None if mask is None else ~mask)
        if norm_first:
            y = x + attend(layer.norm1(x))
            got = y + feed(layer.norm2(y))
        else:
            y = layer.norm1(x + attend(x))
            got = layer.norm2(y + feed(y))
    close(got, wanted)


def test_a_batch_is_its_members_side_by_side() -> None:
    """Padding masks have as many entries as there are heads here: none may pass for the other."""
    n, heads = 5, 3
    x = draw(heads, n, D_MODEL)
    w, w_o = draw(D_MODEL, heads * 2), draw(heads * 2, D_OUT)
    mask = padding_mask([5, 1, 3], n)
    together = multi_head_attention(x, x, w, w, w, w_o, heads, mask=mask)
    for i in range(heads):
        alone = multi_head_attention(x[i], x[i], w, w, w, w_o, heads, mask=mask[i])
        close(together.output[i], alone.output)
        close(together.weights[i], alone.weights)


def test_a_head_axis_of_the_mask_is_taken_as_it_is() -> None:
    x, w, w_o = draw(KEYS, D_MODEL), draw(D_MODEL, 2), draw(2, D_OUT)
    mask = torch.stack([causal_mask(KEYS), torch.ones(KEYS, KEYS).bool()])
    got = multi_head_attention(x, x, w, w, w, w_o, 2, mask=mask)
    assert (got.weights != 0).equal(mask)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_precision_is_kept(dtype: torch.dtype) -> None:
    x, w = draw(KEYS, 4).to(dtype), draw(4, 4).to(dtype)
    got = multi_head_attention(x, x, w, w, w, w, 2, mask=causal_mask(KEYS))
    assert {got.scores.dtype, got.weights.dtype, got.output.dtype} == {dtype}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w_q": draw(18, 4)}, r"w_q: wanted 19 rows, the width of x_q, got shape \[18, 4\]"),
        ({"w_k": draw(19, 4)}, r"w_k: wanted 23 rows, the width of x_kv, got shape \[19, 4\]"),
        ({"w_v": draw(23)}, r"w_v: wanted 23 rows"),
        ({"w_k": draw(23, 6)}, "q has width 2 and k 3"),
        ({"w_o": draw(8, 17)}, "w_o: wanted 6 rows, the width of the merged heads"),
        ({"b_q": draw(5)}, r"bias of w_q: wanted shape \[4\], got \[5\]"),
        ({"b_o": draw(1)}, r"bias of w_o: wanted shape \[17\], got \[1\]"),
        ({"n_heads": 3}, "width of 4 does not divide into 3 heads"),
        ({"x_q": draw(19)}, "x_q: wanted the axes"),
        ({"mask": torch.ones(5, 3).bool()}, r"mask: shape \[5, 3\]"),
    ],
)
def test_a_part_of_another_size_is_named(change: dict[str, object], message: str) -> None:
    parts: dict[str, object] = {
        "x_q": draw(QUERIES, D_MODEL),
        "x_kv": draw(KEYS, D_SOURCE),
        "w_q": draw(D_MODEL, 4),
        "w_k": draw(D_SOURCE, 4),
        "w_v": draw(D_SOURCE, 6),
        "w_o": draw(6, D_OUT),
        "n_heads": 2,
    }
    multi_head_attention(**parts)
    with unchecked(), pytest.raises(TensorError, match=message):
        multi_head_attention(**(parts | change))


# Additive attention, and attention without weights


def test_additive_attention_by_hand() -> None:
    # tanh(0 + 0) = 0 for the first key; v · tanh(atanh ½ + 0) = 2 ln 3 · ½ for the second.
    query, keys = exact([[0.0]]), exact([[0.0], [1.0]])
    got = additive_attention(
        query,
        keys,
        values=exact([[4.0, 0.0], [0.0, 8.0]]),
        w_query=exact([[5.0]]),
        w_key=exact([[math.atanh(0.5)]]),
        v=exact([[2 * LN3]])[0],
    )
    close(got.scores, exact([[0.0, LN3]]))
    close(got.weights, exact([[0.25, 0.75]]))
    close(got.output, exact([[1.0, 6.0]]))


def test_additive_attention_pair_by_pair() -> None:
    query, keys = draw(BATCH, QUERIES, D_MODEL), draw(BATCH, KEYS, D_SOURCE)
    values, v = draw(BATCH, KEYS, D_V), draw(D_ALIGN)
    w_query, w_key = draw(D_MODEL, D_ALIGN), draw(D_SOURCE, D_ALIGN)
    mask = padding_mask([KEYS, 2], KEYS)
    got = additive_attention(query, keys, values, w_query, w_key, v, mask)
    for b in range(BATCH):
        for i in range(QUERIES):
            energies = torch.stack(
                [v @ (query[b, i] @ w_query + keys[b, j] @ w_key).tanh() for j in range(KEYS)]
            )
            close(got.scores[b, i], energies)
            powers = energies.exp() * mask[b, 0]
            close(got.weights[b, i], powers / powers.sum())
            close(got.output[b, i], powers / powers.sum() @ values[b])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w_query": draw(3, 5)}, "w_query: wanted 19 rows, the width of query"),
        ({"w_key": draw(3, 5)}, "w_key: wanted 23 rows, the width of keys"),
        ({"w_key": draw(23, 5)}, "w_query has 29 columns, w_key 5"),
        ({"v": draw(5)}, r"v has shape \[5\]"),
        ({"v": draw(29, 29)}, r"v has shape \[29, 29\]"),
        ({"values": draw(3, 13)}, "weights have 5 keys and v has 3 values"),
    ],
)
def test_additive_parts_of_another_size_are_named(change: dict[str, Tensor], message: str) -> None:
    parts = {
        "query": draw(QUERIES, D_MODEL),
        "keys": draw(KEYS, D_SOURCE),
        "values": draw(KEYS, D_V),
        "w_query": draw(D_MODEL, D_ALIGN),
        "w_key": draw(D_SOURCE, D_ALIGN),
        "v": draw(D_ALIGN),
    }
    with unchecked(), pytest.raises(TensorError, match=message):
        additive_attention(**(parts | change))


def test_simple_self_attention_by_hand() -> None:
    # x·x = (√ln 3)² = ln 3 with itself, 0 with the other: shares ¾ and ¼.
    side = math.sqrt(LN3)
    x = exact([[side, 0.0], [0.0, side]])
    got = simple_self_attention(x)
    close(got.scores, exact([[LN3, 0.0], [0.0, LN3]]))
    close(got.weights, exact([[0.75, 0.25], [0.25, 0.75]]))
    close(got.output, got.weights * side)


def test_simple_self_attention_is_torchs_without_a_scale() -> None:
    x = draw(BATCH, KEYS, D_MODEL)
    close(simple_self_attention(x).output, scaled_dot_product_attention(x, x, x, scale=1.0))
