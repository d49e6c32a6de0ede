"""The recorder: what torch computed, found without a hand laid on the user's model."""

import gc
import math
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from attnviz.errors import TensorError, UserError
from attnviz.recorder import Recording, RecordingWarning, record

B, H, Q, K, D = 2, 3, 5, 7, 11  # distinct primes: no axis passes for another
PADDED = torch.tensor([[False] * 3 + [True] * 2, [False] * 5])


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    before = torch.get_rng_state()
    torch.manual_seed(0)
    yield
    torch.set_rng_state(before)


def watched(run: Callable[[], object], **options: object) -> Recording:
    """Run something recorded and not: the results must be the same to the last bit."""
    state = torch.get_rng_state()
    wanted = run()
    torch.set_rng_state(state)
    with record(**options) as seen:
        found = run()
    for one, other in zip(tensors(wanted), tensors(found), strict=True):
        assert torch.equal(one, other)
    return seen


def tensors(result: object) -> list[Tensor]:
    parts = result if isinstance(result, tuple) else (result,)
    return [part for part in parts if isinstance(part, Tensor)]


def near(found: np.ndarray | None, wanted: Tensor | np.ndarray, atol: float = 1e-6) -> bool:
    assert found is not None
    wanted = wanted.detach().numpy() if isinstance(wanted, Tensor) else wanted
    assert found.shape == wanted.shape
    return bool(np.allclose(found, wanted, rtol=0, atol=atol))


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape)


# scaled_dot_product_attention


def test_a_call_is_what_was_given_and_what_the_equations_make_of_it() -> None:
    q, k, v = drawn(B, H, Q, D), drawn(B, H, K, D), drawn(B, H, K, D)
    (trace,) = watched(lambda: functional.scaled_dot_product_attention(q, k, v))
    assert near(trace.q, q[0], 0)
    assert near(trace.k, k[0], 0)
    assert near(trace.v, v[0], 0)
    assert trace.scale == pytest.approx(1 / math.sqrt(D))
    assert near(trace.scores, q[0] @ k[0].mT / math.sqrt(D))
    assert near(trace.weights, (q[0] @ k[0].mT / math.sqrt(D)).softmax(-1))
    assert trace.kind == "cross"
    assert trace.mask.all()
    assert trace.bias is None
    assert trace.w_q is None
    assert trace.output is None


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("item", [0, 1])
@pytest.mark.parametrize(
    "mask",
    ["is_causal", "boolean", "boolean by item", "least number", "minus infinity", "bias", "both"],
)
def test_masks_and_biases_of_every_form_are_told_apart(mask: str, item: int, grad: bool) -> None:
    q, k, v = (drawn(B, H, K, D).requires_grad_(grad) for _ in range(3))
    seen = torch.ones(K, K, dtype=torch.bool).tril()
    if mask == "boolean by item":
        seen = seen.expand(B, 1, K, K).clone()
        seen[1, 0, 4, 2] = False
    bias = drawn(1, H, K, K) if mask in ("bias", "both") else None
    added = {
        "boolean": seen,
        "boolean by item": seen,
        "least number": torch.zeros(K, K).masked_fill(~seen, torch.finfo(torch.float32).min),
        "minus infinity": torch.zeros(K, K).masked_fill(~seen, -math.inf),
        "bias": bias,
        "both": None if bias is None else bias + torch.zeros(K, K).masked_fill(~seen, -math.inf),
    }.get(mask)
    if mask == "both":  # put together while it is watched, as T5 does
        assert bias is not None

        def run() -> Tensor:
            hidden = torch.zeros(K, K).masked_fill(~seen, -math.inf)
            return functional.scaled_dot_product_attention(q, k, v, attn_mask=bias + hidden)
    else:

        def run() -> Tensor:
            causal = mask == "is_causal"
            return functional.scaled_dot_product_attention(q, k, v, added, is_causal=causal)

    (trace,) = watched(run, item=item)
    own = torch.ones(K, K).bool() if mask == "bias" else seen[item, 0] if seen.ndim > 2 else seen
    assert np.array_equal(trace.mask, own[None].numpy())
    if bias is None:
        assert trace.bias is None
    else:
        assert near(trace.bias, bias[0], 0)
    scores = q[item] @ k[item].mT / math.sqrt(D) + (0 if bias is None else bias[0])
    assert near(trace.scores, scores)
    assert near(trace.weights, scores.masked_fill(~own, -math.inf).softmax(-1))


@pytest.mark.parametrize("mask", [None, "tril"])
def test_grouped_queries_are_expanded(mask: str | None) -> None:
    q, k, v = drawn(B, 6, Q, D), drawn(B, 2, K, D), drawn(B, 2, K, D)
    seen = None if mask is None else torch.ones(Q, K, dtype=torch.bool).tril()
    (trace,) = watched(
        lambda: functional.scaled_dot_product_attention(q, k, v, seen, enable_gqa=True), item=1
    )
    assert near(trace.k, k[1].repeat_interleave(3, dim=0), 0)
    assert near(trace.v, v[1].repeat_interleave(3, dim=0), 0)


def test_the_forms_of_a_call_are_all_seen() -> None:
    q, k, v = drawn(B, H, Q, D), drawn(B, H, K, D), drawn(B, H, K, D)
    attend = functional.scaled_dot_product_attention
    forms = [
        lambda: attend(q, k, v, None, 0.0, False),
        lambda: attend(query=q, key=k, value=v, scale=0.25),
        lambda: torch._C._nn.scaled_dot_product_attention(q, k, v),
    ]
    with torch.inference_mode():
        assert [watched(form)[0].scale for form in forms] == [
            pytest.approx(scale) for scale in (1 / math.sqrt(D), 0.25, 1 / math.sqrt(D))
        ]
    assert watched(lambda: attend(q[0, 0], k[0, 0], v[0, 0]))[0].weights.shape == (1, Q, K)


def test_dropout_is_what_was_drawn() -> None:
    q = drawn(B, H, Q, D)
    (trace,) = watched(lambda: functional.scaled_dot_product_attention(q, q, q, dropout_p=0.5))
    assert trace.dropout is not None
    assert set(np.unique(trace.dropout)) == {0.0, 2.0}
    assert near(trace.heads, (trace.weights * trace.dropout) @ trace.v)
    assert near(trace.weights, (q[0] @ q[0].mT / math.sqrt(D)).softmax(-1))


# torch's own modules


WIDTH, HEADS = 12, 3


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_multihead_attention_on_every_path(
    need_weights: bool, training: bool, grad: bool, batch_first: bool
) -> None:
    module = nn.MultiheadAttention(WIDTH, HEADS, batch_first=batch_first).train(training)
    x = drawn(B, Q, WIDTH)
    given = x if batch_first else x.transpose(0, 1)
    with torch.set_grad_enabled(grad):
        (trace,) = watched(lambda: module(given, given, given, need_weights=need_weights), item=1)
    with torch.no_grad():
        wanted, weights = module(given, given, given, average_attn_weights=False)
    assert trace.name == "MultiheadAttention"
    assert trace.kind == "self"
    assert near(trace.weights, weights[1])
    assert near(trace.output, wanted[1] if batch_first else wanted[:, 1], 1e-5)
    assert near(trace.x_q, x[1], 0)
    assert near(trace.x_kv, x[1], 0)
    w_q, w_k, w_v = (part.T for part in module.in_proj_weight.split(WIDTH))
    assert near(trace.w_q, w_q, 0)
    assert near(trace.w_k, w_k, 0)
    assert near(trace.w_v, w_v, 0)
    assert near(trace.w_o, module.out_proj.weight.T, 0)


def test_multihead_attention_between_two_sentences() -> None:
    module = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    x, memory = drawn(B, Q, WIDTH), drawn(B, Q, WIDTH)  # equally long: only the inputs tell
    (trace,) = watched(lambda: module(x, memory, memory))
    assert trace.kind == "cross"
    assert near(trace.x_q, x[0], 0)
    assert near(trace.x_kv, memory[0], 0)


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("mask", [None, "padding", "causal"])
@pytest.mark.parametrize("grad", [True, False])
def test_encoder_layers_on_every_path(
    norm_first: bool, training: bool, mask: str | None, grad: bool
) -> None:
    layer = nn.TransformerEncoderLayer(
        WIDTH, HEADS, 17, batch_first=True, norm_first=norm_first
    ).train(training)
    x = drawn(B, Q, WIDTH)
    options: dict[str, Tensor] = {}
    if mask == "padding":
        options = {"src_key_padding_mask": PADDED}
    elif mask == "causal":
        options = {"src_mask": nn.Transformer.generate_square_subsequent_mask(Q)}
    with torch.set_grad_enabled(grad):
        (trace,) = watched(lambda: layer(x, **options))
    assert trace.name == "self_attn"
    with torch.no_grad():
        layer.eval()
        inner = layer.norm1(x) if norm_first else x
        hidden = options.get("src_mask", PADDED if options else None)
        attention = layer.self_attn
        _, weights = attention(
            inner,
            inner,
            inner,
            attn_mask=options.get("src_mask"),
            key_padding_mask=options.get("src_key_padding_mask"),
            average_attn_weights=False,
        )
    assert near(trace.weights, weights[0])
    assert near(trace.x_q, inner[0])
    assert trace.w_o is not None
    assert (trace.dropout is not None) == training
    assert trace.mask.all() == (hidden is None)


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch calls nested tensors a prototype
def test_nested_tensors_hold_no_padding() -> None:
    inner = nn.TransformerEncoderLayer(8, 2, 17, batch_first=True)  # of even heads alone
    encoder = nn.TransformerEncoder(inner, 2).eval()
    x = drawn(B, Q, 8)
    with torch.no_grad():
        seen = watched(lambda: encoder(x, src_key_padding_mask=PADDED), item=0)
    assert [trace.name for trace in seen] == ["layers.0.self_attn", "layers.1.self_attn"]
    assert seen[0].weights.shape == (2, 3, 3)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning")
@pytest.mark.parametrize("training", [True, False])
def test_a_whole_transformer(training: bool) -> None:
    model = nn.Transformer(WIDTH, HEADS, 1, 1, 17, batch_first=True).train(training)
    source, target = drawn(B, K, WIDTH), drawn(B, Q, WIDTH)
    causal = nn.Transformer.generate_square_subsequent_mask(Q)
    seen = watched(lambda: model(source, target, tgt_mask=causal))
    assert [(trace.name, trace.kind) for trace in seen] == [
        ("encoder.layers.0.self_attn", "self"),
        ("decoder.layers.0.self_attn", "self"),
        ("decoder.layers.0.multihead_attn", "cross"),
    ]
    assert [trace.mask.all() for trace in seen] == [True, False, True]
    assert all(trace.w_q is not None and trace.output is not None for trace in seen)


# A user's own block


class Block(nn.Module):
    """Attention as exercises write it; how heads are made and scores are masked may be chosen."""

    def __init__(self, mask: str = "fill", form: str = "matmul", packed: bool = False) -> None:
        super().__init__()
        self.mask, self.form, self.packed = mask, form, packed
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        n, width = x.shape[1], WIDTH // HEADS
        if self.packed:  # each head's q, k and v side by side
            parts = self.qkv(x).view(len(x), n, HEADS, 3 * width).chunk(3, dim=-1)
        else:
            parts = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (part.reshape(len(x), n, HEADS, width) for part in parts)
        seen = torch.ones(n, n, dtype=torch.bool).tril()
        if self.form == "einsum":
            scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(width)
        else:
            q = q / math.sqrt(width)
            scores = q.transpose(1, 2) @ k.permute(0, 2, 3, 1)
        match self.mask:
            case "fill":
                scores = scores.masked_fill(~seen, -math.inf)
            case "in place":
                scores.masked_fill_(~seen, -1e9)
            case "where":
                scores = torch.where(seen, scores, torch.tensor(-1e4))
            case "added":
                scores = scores + (1 - seen.float()) * -1e9
            case "alibi":
                scores = scores - torch.arange(n).flip(0) * 0.25 + torch.zeros(n, n)
        weights = torch.softmax(scores, dim=-1)
        if self.form == "einsum":
            return self.proj(torch.einsum("bhqk,bkhd->bqhd", weights, v).flatten(2))
        heads = weights.type_as(v) @ v.transpose(1, 2)
        return self.proj(heads.transpose(1, 2).contiguous().view(len(x), n, WIDTH))


@pytest.mark.parametrize("mask", ["fill", "in place", "where", "added", "alibi", "none"])
@pytest.mark.parametrize("form", ["matmul", "einsum"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_hand_written_block(mask: str, form: str, packed: bool) -> None:
    block, x = Block(mask, form, packed), drawn(B, Q, WIDTH)
    with torch.no_grad():
        (trace,) = watched(lambda: block(x), item=1, tokens=["a", "b", "c", "d", "e"])
        wanted = block(x)[1]
    assert trace.kind == "self"
    assert trace.query_tokens == ("a", "b", "c", "d", "e")
    assert trace.scale == pytest.approx(1 / math.sqrt(WIDTH // HEADS))
    assert trace.mask.all() == (mask in ("alibi", "none"))
    assert (trace.bias is not None) == (mask == "alibi")
    assert near(trace.output, wanted)
    assert trace.x_q is not None
    assert trace.w_q is not None
    assert trace.w_v is not None
    q = np.stack(np.split(trace.x_q @ trace.w_q, HEADS, axis=1))
    v = np.stack(np.split(trace.x_q @ trace.w_v, HEADS, axis=1))
    assert near(trace.q, q)
    assert near(trace.v, v)


def test_one_head_without_a_batch() -> None:
    x, w_q, w_k, w_v = drawn(Q, 4), drawn(4, D), drawn(4, D), drawn(4, 13)
    (trace,) = watched(lambda: torch.softmax((x @ w_q) @ (x @ w_k).T / 2, -1) @ (x @ w_v))
    assert trace.weights.shape == (1, Q, Q)
    assert trace.kind == "self"
    assert trace.scale == 0.5
    assert near(trace.w_q, w_q, 0)
    assert near(trace.w_k, w_k, 0)
    assert near(trace.w_v, w_v, 0)


def test_queries_that_positions_turn_have_no_matrix_and_know_their_input() -> None:
    def rotary(x: Tensor) -> Tensor:
        turn = torch.arange(Q)[:, None] * torch.ones(2)
        one, other = x.chunk(2, dim=-1)
        return torch.cat([one * turn.cos() - other * turn.sin(), one * turn.sin()], dim=-1)

    x, w_q, w_k, w_v = drawn(1, Q, 4), drawn(4, 4), drawn(4, 4), drawn(4, 4)
    (trace,) = watched(lambda: torch.softmax(rotary(x @ w_q) @ rotary(x @ w_k).mT, -1) @ (x @ w_v))
    assert trace.kind == "self"
    assert trace.w_q is None
    assert trace.w_k is None
    assert near(trace.w_v, w_v, 0)
    assert near(trace.x_q, x[0], 0)


def test_what_is_scaled_or_dropped_in_place_is_known_as_it_was_before() -> None:
    x, w = drawn(1, Q, 4), drawn(4, 4)

    def run() -> Tensor:
        q = x @ w
        q *= 0.5
        weights = functional.dropout(torch.softmax(q @ x.mT, -1), 0.5, inplace=True)
        return weights @ x

    (trace,) = watched(run)
    assert trace.scale == 0.5
    assert near(trace.q, x @ w, 0)
    assert near(trace.w_q, w, 0)
    assert trace.dropout is not None
    assert near(trace.weights, ((x @ w) @ x.mT / 2).softmax(-1))


def test_heads_changed_in_their_place_have_no_matrix() -> None:
    x, w = drawn(1, Q, 4), drawn(4, 4)

    def run() -> Tensor:
        q, k = x @ w, x @ w
        q[:, :, :2].mul_(2)  # through a view: the tape cannot tell
        return torch.softmax(q @ k.mT, -1) @ (x @ w)

    (trace,) = watched(run)
    assert trace.w_q is None
    assert trace.w_k is not None


@pytest.mark.parametrize(
    ("dtype", "precision"),
    [(torch.float16, "float16"), (torch.bfloat16, "bfloat16"), (torch.float64, "float64")],
)
@pytest.mark.parametrize("mask", ["fill", "alibi"])
def test_other_precisions(dtype: torch.dtype, precision: str, mask: str) -> None:
    block, x = Block(mask).to(dtype), drawn(B, Q, WIDTH).to(dtype)
    with torch.no_grad():
        (trace,) = watched(lambda: block(x))
    assert trace.precision == precision
    assert trace.weights.dtype == (np.float64 if dtype == torch.float64 else np.float32)
    with torch.no_grad():
        q = x[:, None]
        (other,) = watched(lambda: functional.scaled_dot_product_attention(q, q, q))
    assert other.precision == precision


# What a recording is


def test_nothing_is_kept_and_nothing_changes() -> None:
    block = Block()
    x = drawn(B, Q, WIDTH).requires_grad_()
    block(x).sum().backward()
    wanted = block.qkv.weight.grad
    block.qkv.weight.grad = None
    with record() as seen:
        result = block(x)
        result.sum().backward()
    assert torch.equal(block.qkv.weight.grad, wanted)
    alive = weakref.ref(result)
    del result
    gc.collect()
    assert alive() is None
    assert len(seen) == 1
    with torch.no_grad():
        block(x)
    assert len(seen) == 1
    assert not torch.nn.modules.module._global_forward_hooks


def test_weights_that_training_changes_are_those_of_the_pass() -> None:
    block = Block()
    before = block.qkv.weight.detach().clone()
    with record() as seen:
        block(drawn(B, Q, WIDTH))
        with torch.no_grad():
            block.qkv.weight.zero_()
    assert near(seen[0].w_q, before[:WIDTH].T, 0)


def test_an_error_of_the_model_comes_through_and_what_was_seen_stays() -> None:
    block = Block()
    model = nn.Sequential(block, nn.Linear(WIDTH + 1, 1))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), record() as seen:
        model(drawn(B, Q, WIDTH))
    assert len(seen) == 1
    assert len(watched(lambda: block(drawn(1, Q, WIDTH)))) == 1


def test_a_recording_is_a_sequence_and_becomes_a_trace() -> None:
    block = nn.Sequential(Block(), Block())
    with record(tokens=["he", "left"]) as seen:
        block(drawn(1, 2, WIDTH))
    assert [trace.name for trace in seen] == ["0", "1"]
    assert seen[-1] is seen[1]
    assert seen[:1] == (seen[0],)
    trace = seen.trace()
    assert (trace.model, trace.text, trace.tokens) == ("Sequential", "he left", ("he", "left"))
    assert trace.layers == (seen[0], seen[1])


# What cannot be recorded


def test_what_is_no_product_of_queries_and_keys_says_so() -> None:
    scores, v = drawn(1, Q, K), drawn(1, K, D)
    with pytest.warns(RecordingWarning, match="made by tanh"), record() as seen:
        torch.softmax(torch.tanh(scores), -1) @ v
    assert len(seen) == 0
    with pytest.raises(UserError, match=r"no attention could be recorded: .* tanh"):
        seen.trace()


def test_weights_changed_before_the_values_say_so() -> None:
    q = drawn(1, Q, D)
    gate = drawn(1, Q, Q)
    with pytest.warns(RecordingWarning, match="weights are changed"), record() as seen:
        (torch.softmax(q @ q.mT, -1) * gate) @ q
    assert len(seen) == 0


def test_a_module_without_attention_says_what_was_looked_for() -> None:
    with record() as seen:
        nn.Linear(3, 5)(drawn(2, 3)).softmax(-1)
    with pytest.raises(UserError, match="no attention was recorded: nothing called scaled_dot"):
        seen.trace()


def test_nan_is_named_with_its_place() -> None:
    q = drawn(1, 1, Q, D)
    q[0, 0, 3] = math.nan
    with record() as seen:
        functional.scaled_dot_product_attention(q, q, q)
    with pytest.raises(TensorError, match=r"q holds nan at head 0, query 3"):
        seen[0]


@pytest.mark.parametrize("item", [2, -1])
def test_an_item_that_the_batch_does_not_have(item: int) -> None:
    with pytest.raises(UserError, match=f"item {item}"), record(item=item):
        Block()(drawn(B, Q, WIDTH))


@pytest.mark.slow
def test_recording_takes_less_than_a_second_pass_would() -> None:
    from benchmarks.recording import measured

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # other tests run beside this one
    try:
        found = measured()
    finally:
        torch.set_num_threads(threads)
    assert found["recorded"] < 2 * found["plain"]
