"""Records hold what they say, and refuse what no forward pass can have produced."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from attnviz.derived import softmax
from attnviz.errors import TensorError, UserError
from attnviz.records import LAYER_ARRAYS, MODEL_ARRAYS, AttentionTrace, Focus, ModelTrace
from tests.builders import random_trace, unchecked

Array = NDArray[Any]


def layer(**sizes: Any) -> AttentionTrace:
    return random_trace(n_layers=1, **sizes).layers[0]


def changed(record: Any, **change: object) -> Any:
    """Build the record anew with other values; attnviz's own checks judge them."""
    with unchecked():
        return dataclasses.replace(record, **change)


def poked(array: Array, index: tuple[int, ...], value: float) -> Array:
    copied = array.copy()
    copied[index] = value
    return copied


def arrays_of(trace: ModelTrace) -> list[Array]:
    found = [getattr(trace, name) for name in MODEL_ARRAYS]
    found += [getattr(layer, name) for layer in trace.layers for name in LAYER_ARRAYS]
    return [array for array in found if array is not None]


ABSENT = {"bias", "dropout"}  # of a random trace


def array_of(record: AttentionTrace, name: str) -> Array:
    """Return an array of a layer, or one that would fit where it has none."""
    if name == "dropout":
        return np.ones_like(record.weights)
    return np.zeros_like(record.weights[:1]) if name == "bias" else getattr(record, name)


# What a record is


@pytest.mark.parametrize(
    "sizes", [{}, {"causal": True}, {"target": 3}, {"n": 1}, {"n_heads": 1, "n_layers": 3}]
)
def test_valid_traces_of_any_size_are_taken(sizes: dict[str, Any]) -> None:
    trace = random_trace(**sizes)
    assert len(arrays_of(trace)) == 5 + len(trace.layers) * (len(LAYER_ARRAYS) - len(ABSENT))


def test_every_array_has_its_axes_listed_and_every_listed_array_exists() -> None:
    trace = random_trace()
    for record, listed in ((trace, MODEL_ARRAYS), (trace.layers[0], LAYER_ARRAYS)):
        found = {
            field.name
            for field in dataclasses.fields(record)
            if isinstance(getattr(record, field.name), np.ndarray) or field.name in ABSENT
        }
        assert found == set(listed)


def test_no_array_can_be_written_to() -> None:
    for array in arrays_of(random_trace()):
        assert not array.flags.writeable
        assert array.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True


def test_a_record_does_not_follow_the_array_it_was_made_of() -> None:
    before = layer()
    q = before.q.copy()
    record = changed(before, q=q)
    q[:] = 99
    assert np.array_equal(record.q, before.q)


def test_a_record_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer().scale = 2.0  # type: ignore[misc]  # wrong on purpose


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_single_and_double_precision_are_kept(dtype: type) -> None:
    assert changed(layer(), w_q=np.ones((13, 21), dtype)).w_q.dtype == dtype


def test_half_precision_is_widened() -> None:
    half = np.full((13, 21), 0.1, np.float16)
    record = changed(layer(), w_q=half)
    assert record.w_q.dtype == np.float32
    assert np.array_equal(record.w_q, half)


def test_layout_and_byte_order_do_not_matter() -> None:
    w_q = np.arange(13 * 21, dtype=np.float32).reshape(13, 21)
    for same in (np.asfortranarray(w_q), w_q.astype(">f4"), np.repeat(w_q, 2, axis=0)[::2]):
        record = changed(layer(), w_q=same)
        assert record.w_q.tobytes() == w_q.tobytes()
        assert record.w_q.dtype == np.float32
        assert record.w_q.dtype.isnative


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_other_processes_get_read_only_arrays_too(
    duplicate: Callable[[ModelTrace], ModelTrace],
) -> None:
    trace = random_trace(target=3)
    twin = duplicate(trace)
    for array, same in zip(arrays_of(trace), arrays_of(twin), strict=True):
        assert np.array_equal(array, same)
        assert not same.flags.writeable
    assert twin.tokens == trace.tokens
    assert twin.focus == trace.focus


def test_a_bias_may_mask() -> None:
    """A causal model whose mask is an additive one, as Hugging Face's are."""
    causal = layer(causal=True)
    bias = np.where(causal.mask, np.float32(0), np.float32(-np.inf))
    record = changed(causal, bias=bias, scores=causal.scores + bias, mask=np.ones_like(causal.mask))
    assert np.isneginf(record.scores[:, 0, 1:]).all()


def test_a_bias_is_part_of_the_scores() -> None:
    with pytest.raises(TensorError, match=r"head 0, query 0: scores \[0, 0, 0\] is"):
        changed(layer(), bias=np.ones((1, 5, 5), np.float32))


def test_heads_may_share_keys() -> None:
    record = layer(n_heads=6)
    shared = {"w_k": (13, 2 * 7), "w_v": (13, 2 * 11), "b_k": (2 * 7,), "b_v": (2 * 11,)}
    arrays = {name: np.ones(shape, np.float32) for name, shape in shared.items()}
    changed(record, **arrays)
    with pytest.raises(TensorError, match="w_v has shape"):
        changed(record, **arrays | {"w_v": np.ones((13, 3 * 11), np.float32)})
    with pytest.raises(TensorError, match="4 groups of keys for 6 heads"):
        changed(
            record,
            w_k=np.ones((13, 4 * 7), np.float32),
            w_v=np.ones((13, 4 * 11), np.float32),
            b_k=None,
            b_v=None,
        )


def test_a_mask_may_differ_from_head_to_head() -> None:
    record = layer(causal=True)
    changed(record, mask=np.repeat(record.mask, 3, axis=0))


# What is no attention


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("name", [*LAYER_ARRAYS])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda array: array.tolist(), "wanted a numpy array, got list"),
        (lambda array: array[..., None], "wanted the axes"),
        (lambda array: array[..., :0], "none of them empty"),
        (lambda array: array.astype(np.int64), "wanted (float32 or float64|booleans.*), got int64"),
        (lambda array: array.astype(np.complex64), "got complex64"),
        (lambda array: array.astype(object), "got object"),
    ],
)
def test_an_array_of_another_kind_is_named(
    name: str, spoil: Callable[[Array], object], message: str
) -> None:
    record = layer()
    array = array_of(record, name)
    with pytest.raises(TensorError, match=rf"layer 'layers.0.attention', {name}: .*{message}"):
        changed(record, **{name: spoil(array)})


@pytest.mark.parametrize("name", [name for name in LAYER_ARRAYS if name != "mask"])
@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_nan_and_infinity_are_named_with_their_place(name: str, value: float) -> None:
    record = layer()
    array = array_of(record, name)
    index = tuple(size - 1 for size in array.shape)
    if value == -INF and name in ("bias", "scores"):
        message = rf"head {index[0] if name == 'scores' else 0}, query 4: "
    else:
        axes = ", ".join(f"{a} {i}" for a, i in zip(LAYER_ARRAYS[name], index, strict=True))
        message = f"{name} holds {value} at {axes}".replace("*", r"\*")
    with pytest.raises(TensorError, match=message):
        changed(record, **{name: poked(array, index, value)})


@pytest.mark.parametrize("name", ["q", "k", "v", "scores", "weights", "heads", "mask"])
def test_what_an_attention_is_made_of_cannot_be_missing(name: str) -> None:
    with pytest.raises(TensorError, match=f"{name}: wanted a numpy array, got NoneType"):
        changed(layer(), **{name: None})


@pytest.mark.parametrize("name", [*LAYER_ARRAYS])
def test_every_axis_of_every_array_must_fit(name: str) -> None:
    """Cutting any axis of any array alone, by one entry or to one, is noticed."""
    record = layer(target=3, d_model=29)
    # Another width for what answers: d_model cannot stand in for it.
    shapes = {"x_kv": (5, 23), "w_k": (23, 21), "w_v": (23, 33)}
    record = changed(record, **{part: np.ones(shape, np.float32) for part, shape in shapes.items()})
    array = array_of(record, name)
    for axis, size in enumerate(array.shape):
        if size == 1:
            misfits = [np.repeat(array, 2, axis=axis)]
        else:
            misfits = [np.delete(array, 0, axis=axis), np.take(array, [0], axis=axis)]
        for misfit in misfits:
            with pytest.raises(TensorError, match="has shape"):
                changed(record, **{name: misfit})


def test_heads_of_a_pass_in_training_hold_with_their_dropout_only() -> None:
    record = layer()
    factors = np.where(np.arange(3 * 5 * 5).reshape(3, 5, 5) % 3 == 0, 0, 1.5).astype(np.float32)
    heads = np.einsum("hqk,hkd->hqd", record.weights * factors, record.v)
    with pytest.raises(TensorError, match=r"head 0, query 0: heads .* but weights @ v"):
        changed(record, heads=heads, output=None)
    assert changed(record, heads=heads, output=None, dropout=factors).dropout is not None


@pytest.mark.parametrize(("precision", "off"), [("float16", 2e-3), ("bfloat16", 2e-2)])
def test_half_precision_may_be_as_far_off_as_it_rounds(precision: str, off: float) -> None:
    record = layer()
    scores = record.scores * np.float32(1 + off)
    parts = {"scores": scores, "weights": softmax(scores), "output": None}
    with pytest.raises(TensorError, match="scores"):
        changed(record, **parts)
    changed(record, **parts, precision=precision)


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(TensorError, match="precision is one of float64, float32"), unchecked():
        changed(layer(), precision="int8")


def test_square_matrices_the_wrong_way_round_are_noticed() -> None:
    record = layer(n_heads=2, d_k=3, d_v=3, d_model=6)
    assert record.w_o is not None
    with pytest.raises(TensorError, match=r"query 0: output \[0, 0\] is .* but concat\(heads\)"):
        changed(record, w_o=record.w_o.T)


def test_a_fully_masked_row_is_named() -> None:
    record = layer()
    mask = np.ones((3, 5, 5), bool)
    mask[2, 3] = False
    with pytest.raises(TensorError, match=r"'layers.0.attention', head 2, query 3: every key is"):
        changed(record, mask=mask)


def test_a_masked_weight_must_be_exactly_0() -> None:
    record = layer(causal=True)
    with pytest.raises(TensorError, match="head 1, query 2: a masked key has a weight"):
        changed(record, weights=poked(record.weights, (1, 2, 4), 1e-30))


def test_a_weight_is_not_negative() -> None:
    record = layer()
    with pytest.raises(TensorError, match="head 0, query 1: a weight is negative"):
        changed(record, weights=poked(record.weights, (0, 1, 4), -1e-6))


def test_a_row_that_does_not_add_up_to_1_is_named_with_its_sum() -> None:
    record = layer()
    weights = record.weights.copy()
    weights[2, 4] *= 0.97
    with pytest.raises(
        TensorError, match=r"head 2, query 4: the weights add up to 0.970000, not 1"
    ):
        changed(record, weights=weights)


def test_the_tolerance_of_a_sum_is_a_hundred_thousandth() -> None:
    record = layer(n=2)
    weights = record.weights.astype(np.float64)
    changed(record, weights=weights + 0.45e-5)
    with pytest.raises(TensorError, match="the weights add up to"):
        changed(record, weights=weights + 0.55e-5)


def test_weights_are_the_softmax_over_keys() -> None:
    record = layer()
    rolled = np.roll(record.weights, 1, axis=2)
    with pytest.raises(TensorError, match=r"head 0, query 0: weights \[0, 0, 0\] is .* softmax"):
        changed(record, weights=rolled)


def test_weights_are_of_the_scores_that_the_mask_leaves() -> None:
    record = layer()
    with pytest.raises(TensorError, match="a masked key has a weight"):
        changed(record, mask=np.tril(np.ones((1, 5, 5), bool)))
    causal = layer(causal=True)
    with pytest.raises(TensorError, match="softmax"):
        changed(causal, mask=np.ones((1, 5, 5), bool))


@pytest.mark.parametrize("name", ["scores", "weights", "heads", "output"])
def test_one_wrong_number_in_any_step_is_named(name: str) -> None:
    record = layer()
    array = getattr(record, name)
    index = tuple(size - 2 for size in array.shape)
    place = ", ".join(map(str, index))
    spoilt = poked(array, index, array[index] + 0.01)
    if name == "weights":
        spoilt[index[:-1]] /= spoilt[index[:-1]].sum()
        place = "1, 3, 0"  # every weight of the row has moved
    with pytest.raises(TensorError, match=rf"query 3: {name} \[{place}\] is"):
        changed(record, **{name: spoilt})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "other"}, "kind is 'self' or 'cross', got 'other'"),
        ({"name": 3}, "the name of a layer: wanted text, got 'int 3'"),
        ({"scale": NAN}, "scale: wanted a finite number, got 'float nan'"),
        ({"scale": "1"}, "scale: wanted a finite number"),
        ({"scale": True}, "scale: wanted a finite number"),
        ({"scale": 10**400}, "scale: wanted a finite number"),
        ({"query_tokens": ()}, "query_tokens: wanted a list of 1 or more texts"),
        ({"key_tokens": "abcde"}, "key_tokens: wanted a list of 1 or more texts, got 'str"),
        ({"key_tokens": ("a", "b", 3, "d", "e")}, r"key_tokens\[2\]: wanted text"),
        ({"query_tokens": ("a", "b")}, "q has shape .* but query is 2"),
        ({"key_tokens": ("a", "b")}, "k has shape .* but key is 2"),
        ({"counterfactual_mask": 3}, "counterfactual_mask: wanted text"),
    ],
)
def test_plain_fields_are_checked(change: dict[str, object], message: str) -> None:
    with pytest.raises(TensorError, match=message):
        changed(layer(), **change)


def test_a_counterfactual_mask_is_a_mask_in_its_one_form() -> None:
    assert changed(layer(), counterfactual_mask="window:03").counterfactual_mask == "window:3"
    with pytest.raises(UserError, match="unknown mask 'diagonal'"):
        changed(layer(), counterfactual_mask="diagonal")


def test_numpy_numbers_become_plain_ones() -> None:
    record = changed(layer(), scale=np.float64(layer().scale))
    assert type(record.scale) is float
    trace = changed(random_trace(), ids=[np.int64(i) for i in random_trace().ids])
    assert {type(i) for i in trace.ids} == {int}
    assert type(changed(Focus(0, 0, 0, ""), layer=np.int64(1)).layer) is int


# The whole


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": 1}, "model: wanted text"),
        ({"text": None}, "text: wanted text"),
        ({"tokens": ()}, "tokens: wanted a list of 1 or more texts"),
        ({"ids": (1, 2)}, "ids: wanted one id for each of 5 tokens"),
        ({"ids": (1, 2, 3, 4, -5)}, "ids: wanted a whole number from 0"),
        ({"ids": (1, 2, 3, 4, 5.0)}, "ids: wanted a whole number from 0"),
        ({"ids": (1, 2, 3, 4, True)}, "ids: wanted a whole number from 0"),
        ({"ids": (1, 2, 3, 4, 2**63)}, "ids: wanted a whole number from 0"),
        ({"ids": (1, 2, 3, 4, 17)}, "id 17 is beyond the 17 rows of the embedding table"),
        ({"target_tokens": ("a",)}, "give both or neither"),
        ({"target_ids": (1,)}, "give both or neither"),
        ({"target_tokens": ("a",), "target_ids": (1, 2)}, "target_ids: wanted one id"),
        ({"notes": ("a", 1)}, r"notes\[1\]: wanted text"),
        ({"notes": "a"}, "notes: wanted a list of 0 or more texts, got 'str"),
        ({"tokens": ("a",) * 4, "ids": (1,) * 4}, "token_embeddings has shape .* token is 4"),
        ({"position_embeddings": np.ones((5, 12))}, "position_embeddings .* d_embedding is 13"),
        ({"embedding_table": np.ones((17, 12))}, "embedding_table .* d_embedding is 13"),
        ({"hidden_states": np.ones((3, 4, 13))}, "hidden_states .* token is 5"),
        ({"hidden_states": np.ones((2, 5, 13))}, "2 hidden states for 2 layers"),
        ({"logits": np.ones((4, 17))}, "logits .* answer is 5"),
        ({"logits": np.full((5, 17), NAN)}, "logits holds nan at answer 0, choice 0"),
        ({"logits": np.full((5, 17), -INF)}, "logits holds -inf"),
        ({"embedding_table": "none"}, "embedding_table: wanted a numpy array"),
        ({"focus": Focus(2, 0, 0, "")}, "focus on layer 2, but there are 2"),
        ({"focus": Focus(1, 3, 0, "")}, "focus on head 3, query 0, but layer 1 has 3 heads"),
        ({"focus": Focus(1, 0, 5, "")}, "query 5, but layer 1 has 3 heads and 5 queries"),
    ],
)
def test_a_trace_whose_parts_do_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(TensorError, match=message):
        changed(random_trace(), **change)


def test_a_decoder_answers_for_its_own_tokens() -> None:
    trace = random_trace(target=3)
    assert trace.logits is not None
    assert trace.logits.shape == (3, 17)
    with pytest.raises(TensorError, match=r"logits .* answer is 3"):
        changed(trace, logits=np.ones((5, 17)))


def test_hidden_states_of_an_encoder_and_decoder_are_the_encoders() -> None:
    trace = random_trace(target=3, n_layers=3)
    assert trace.hidden_states is not None
    changed(trace, hidden_states=trace.hidden_states[:2])


def test_a_trace_may_know_little() -> None:
    bare = changed(random_trace(), **dict.fromkeys(MODEL_ARRAYS), focus=None, notes=())
    assert len(arrays_of(bare)) == 2 * (len(LAYER_ARRAYS) - len(ABSENT))


@pytest.mark.parametrize("name", ["layer", "head", "query"])
@pytest.mark.parametrize("value", [-1, 1.0, "0", True, None])
def test_a_focus_is_a_place(name: str, value: object) -> None:
    places = {"layer": 0, "head": 0, "query": 0, "reason": "measured"} | {name: value}
    with unchecked(), pytest.raises(TensorError, match=f"focus: {name}: wanted a whole number"):
        Focus(**places)  # type: ignore[arg-type]  # wrong on purpose


def test_a_focus_has_a_reason_in_words() -> None:
    with unchecked(), pytest.raises(TensorError, match="focus: reason: wanted text"):
        Focus(0, 0, 0, None)  # type: ignore[arg-type]  # wrong on purpose
