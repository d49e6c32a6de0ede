"""The tensor inspector: every value is exact, and follows from what it is said to come from."""

import json
import math
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest

from attnviz.addresses import AddressError, resolve
from attnviz.records import LAYER_ARRAYS, MODEL_ARRAYS, AttentionTrace, ModelTrace
from attnviz.sources import load_trace
from attnviz.spec import Spec
from attnviz.studio.inspector import MOST, inspect
from attnviz.studio.places import read
from tests.builders import random_trace

ENGLISH = "he left the roses by the bank"
SAMPLES = 6
LEARNED = {"w_q", "w_k", "w_v", "w_o", "b_q", "b_k", "b_v", "b_o"}


@cache
def traces(name: str) -> dict[str, ModelTrace]:
    if name == "random":
        return {"": random_trace(5, target=3)}
    if name == "shared keys":
        return {"": _with_shared_keys()}
    model, _, mask = name.partition(" ")
    text = "the small cat saw the black dog" if model == "translator" else ENGLISH
    spec = Spec(text=text, model=model)
    trace = load_trace(replace(spec, mask=mask) if mask else spec)
    return {"": trace, "other": load_trace(replace(spec, text=text.replace("the", "a")))}


def _with_shared_keys() -> ModelTrace:
    """Return four heads of which two each share keys and values, with a bias on the scores."""
    rng = np.random.default_rng(3)
    n, d, width, heads, groups = 3, 5, 7, 4, 2
    x = rng.standard_normal((n, d))
    w_q, w_k, w_v = (rng.standard_normal((d, width * count)) for count in (heads, groups, groups))
    q = np.stack(np.split(x @ w_q, heads, axis=1))
    k, v = (np.stack(np.split(x @ w, groups, axis=1)).repeat(2, axis=0) for w in (w_k, w_v))
    bias = rng.standard_normal((1, n, n))
    scores = np.einsum("hqd,hkd->hqk", q, k) * 0.3 + bias
    powers = np.exp(scores - scores.max(axis=2, keepdims=True))
    weights = powers / powers.sum(axis=2, keepdims=True)
    layer = AttentionTrace(
        name="only",
        kind="self",
        query_tokens=("a", "b", "c"),
        key_tokens=("a", "b", "c"),
        q=q,
        k=k,
        v=v,
        scale=0.3,
        mask=np.ones((1, n, n), bool),
        bias=bias,
        scores=scores,
        weights=weights,
        heads=np.einsum("hqk,hkd->hqd", weights, v),
        x_q=x,
        x_kv=x,
        w_q=w_q,
        w_k=w_k,
        w_v=w_v,
    )
    return ModelTrace(
        model="shared", text="a b c", tokens=("a", "b", "c"), ids=(0, 1, 2), layers=(layer,)
    )


NAMES = (
    "reader",
    "reader causal",
    "writer",
    "writer none",
    "writer window:2",
    "translator",
    "random",
    "shared keys",
)


def elements(root: str, sizes: tuple[int, ...]) -> list[str]:
    """Return some elements of an array, the first and the last among them."""
    rng = np.random.default_rng(0)
    chosen = [tuple(0 for _ in sizes), tuple(size - 1 for size in sizes)]
    chosen += [tuple(int(rng.integers(size)) for size in sizes) for _ in range(SAMPLES)]
    return [f"{root}[{', '.join(map(str, place))}]" for place in dict.fromkeys(chosen)]


def recomputed(answer: dict, of: dict[str, ModelTrace]) -> float | None:
    """Compute a value from what the inspector says it came from; None where it says it cannot."""
    parents = {p["label"]: np.asarray(resolve(p["address"], of), float) for p in answer["from"]}
    formula = answer["formula"]
    if formula.startswith("softmax over the keys of the scores"):
        scores = parents["the scores of the row"]
        seen = parents.get("the mask of the row", np.ones_like(scores)).astype(bool)
        powers = np.where(seen, np.exp(scores - scores[seen].max()), 0.0)
        key = read(answer["address"], of).at[-1]
        assert scores[key] == parents["its score"]
        return powers[key] / powers.sum()
    if formula.startswith("query · key × scale"):
        bias = parents.get("bias", 0.0)
        assert ("bias" in parents) == formula.endswith("+ bias")
        return parents["query"] @ parents["key"] * parents["scale"] + bias
    if formula == "1 / √d_k":
        return 1 / math.sqrt(parents["d_k, the width of a head"])
    if formula.startswith("input · weights") and "changed" not in formula:
        return parents["input"] @ parents["weights"] + parents.get("bias", 0.0)
    if formula == "sum over the keys of weight × value":
        return (parents["weights"] * parents["values"]).sum()
    if formula.startswith("concat(heads) · weights"):
        whole = parents["the heads' outputs, side by side"]
        return whole @ parents["weights"] + parents.get("bias", 0.0)
    if formula == "token embedding + position embedding":
        return parents["token embedding"] + parents["position embedding"]
    if formula == "the row of the embedding table that the token's id names":
        return float(parents["embedding table"])
    if formula == "the hidden state that the layer meets":
        return float(parents["hidden state"])
    return None


@pytest.mark.parametrize("name", NAMES)
def test_a_layers_values_follow_from_what_they_came_from(name):
    found = traces(name)
    silent = set()
    for index, layer in enumerate(found[""].layers):
        for field in LAYER_ARRAYS:
            array = getattr(layer, field)
            if array is None:
                continue
            for address in elements(f"layers[{index}].{field}", array.shape):
                answer = inspect(address, found)
                value = float(resolve(address, found))
                wanted = recomputed(answer, found)
                if wanted is None:
                    silent.add(field)
                else:
                    assert wanted == pytest.approx(value, rel=1e-4, abs=1e-5), answer
                assert answer["value"] == resolve(address, found)
    assert silent <= LEARNED | {"mask", "bias", "x_q", "x_kv"}


@pytest.mark.parametrize("name", ["reader", "writer", "translator", "random"])
def test_a_traces_own_values_follow_from_what_they_came_from(name):
    found = traces(name)
    known = set()
    for field in MODEL_ARRAYS:
        array = getattr(found[""], field)
        for address in elements(field, array.shape):
            answer = inspect(address, found)
            wanted = recomputed(answer, found)
            if wanted is not None:
                known.add(field)
                assert wanted == pytest.approx(float(resolve(address, found)), abs=1e-6), answer
    own = {"token_embeddings"} if name == "random" else {"token_embeddings", "hidden_states"}
    assert known == own


@pytest.mark.parametrize("name", ["reader", "writer", "translator"])
def test_what_a_layer_meets_is_a_layer_norm_of_the_state_that_is_named(name):
    """Gain and shift are one for all tokens: read off two of them, they must give the others."""
    found = traces(name)
    met = 0
    for index, layer in enumerate(found[""].layers):
        for field in ("x_q", "x_kv"):
            answer = inspect(f"layers[{index}].{field}[0, 0]", found)
            if "layer norm" not in answer["formula"]:
                continue
            (state,) = answer["from"]
            states = np.asarray(resolve(state["address"].rpartition("[")[0], found), float)
            states = states[int(state["address"].rpartition("[")[2].split(",")[0])]
            z = states - states.mean(axis=1, keepdims=True)
            z /= np.sqrt(z.var(axis=1, keepdims=True) + 1e-5)
            made = getattr(layer, field)
            for column in range(made.shape[1]):
                gain, shift = np.polyfit(z[:, column], made[:, column], 1)
                assert gain * z[:, column] + shift == pytest.approx(made[:, column], abs=1e-4)
            met += 1
    assert met >= 2


def test_each_head_meets_its_own_columns():
    answer = inspect("layers[1].q[2, 6, 3]", traces("reader"))
    assert [p["address"] for p in answer["from"]] == [
        "layers[1].x_q[6]",
        "layers[1].w_q[0:48, 27]",
    ]


def test_a_masked_weight_is_zero_by_its_mask():
    answer = inspect("layers[1].weights[0, 2, 5]", traces("writer"))
    assert answer["value"] == 0.0
    assert "where the mask lets the query attend" in answer["formula"]
    assert "layers[1].mask[0, 2]" in [p["address"] for p in answer["from"]]
    assert inspect("layers[1].mask[0, 2, 5]", traces("writer"))["value"] is False


def test_a_counterfactual_mask_is_named():
    trace = traces("writer window:2")[""]
    layer = trace.focus.layer
    weights = inspect(f"layers[{layer}].weights[0, 5, 4]", {"": trace})
    assert "window:2" in weights["formula"]
    mask = inspect(f"layers[{layer}].mask[0, 5, 3]", {"": trace})
    assert "window:2" in mask["formula"]
    assert mask["value"] is False


def test_a_prefix_goes_along():
    answer = inspect("other.layers[0].scores[1, 2, 3]", traces("reader"))
    assert all(p["address"].startswith("other.") for p in answer["from"])
    assert answer["row"]["address"] == "other.layers[0].scores[1, 2]"
    assert answer["row"]["labels"] == list(traces("reader")["other"].tokens)


# -- functions -------------------------------------------------------------------------------------

W = "layers[1].weights[2]"
S = "layers[1].scores[2]"
CALLS = {
    f"softmax({S})[3, 2]": lambda s: np.exp(s[2]) / np.exp(s).sum(),
    "softmax(layers[1].scores[2, 3])[2]": lambda s: np.exp(s[2]) / np.exp(s).sum(),
    f"minus_max({S})[3, 2]": lambda s: s[2] - s.max(),
    "exp(minus_max(layers[1].scores[2, 6]))[4]": lambda s: np.exp(s),
    f"exp({S})[3, 2]": np.exp,
    "product(layers[1].q[2, 3], layers[1].k[2, 4])[5]": lambda a, b: a * b,
    "add(token_embeddings, position_embeddings)[3, 7]": lambda a, b: a + b,
    "scaled(layers[1].weights[2, 3], layers[1].v[2])[4, 5]": lambda w, v: w * v,
    "dot_products(layers[1].q[2], layers[1].k[2])[3, 4]": lambda q, k: q @ k,
    "concat(layers[1].heads)[3, 29]": lambda h: h,
    "column(layers[1].w_q, 36)[5]": lambda m: m,
    f"masked({S}, layers[1].mask[0])[3, 4]": lambda s, m: s if m else -np.inf,
    f"hidden_shares({W}, layers[1].mask[0])[3]": lambda w, m: w[m == 0].sum(),
    "dot(layers[1].heads[1, 2], layers[1].w_o[12:24, 5])": lambda a, b: a @ b,
    f"total({W})": np.sum,
    "entropy(layers[1].weights[2, 3])": lambda w: -(w * np.log2(w)).sum(),
    "norm(layers[1].q[2, 3])": lambda q: math.sqrt((q * q).sum()),
    f"extent({S})": lambda s: abs(s).max(),
    "count_true(layers[1].mask[0])": np.sum,
    "product(dot_products(layers[1].q[2], layers[1].k[2]), layers[1].scores[2])[1, 2]": (
        lambda a, b: a * b
    ),
}


@pytest.mark.parametrize("address", CALLS)
def test_a_functions_result_follows_from_the_entries_it_came_from(address):
    found = traces("reader")
    answer = inspect(address, found)
    parents = [np.asarray(resolve(p["address"], found), float) for p in answer["from"]]
    assert CALLS[address](*parents) == pytest.approx(answer["value"], rel=1e-6)
    assert answer["formula"]


def test_an_entry_of_a_slice_counts_from_where_the_slice_begins():
    answer = inspect("exp(layers[1].scores[2, 1:4])[1, 5]", traces("reader"))
    assert [p["address"] for p in answer["from"]] == ["layers[1].scores[2, 2, 5]"]


# -- the row and the table -------------------------------------------------------------------------


def test_the_row_has_words_and_a_sum():
    found = traces("translator")
    trace = found[""]
    cross = next(i for i, layer in enumerate(trace.layers) if layer.kind == "cross")
    row = inspect(f"layers[{cross}].weights[1, 2, 3]", found)["row"]
    assert row["address"] == f"layers[{cross}].weights[1, 2]"
    assert row["labels"] == list(trace.tokens)
    assert row["sum"] == pytest.approx(1.0, abs=1e-6)
    assert row["values"] == [float(w) for w in trace.layers[cross].weights[1, 2]]
    table = inspect(f"layers[{cross}].weights[1, 2, 3]", found)["table"]
    assert table["row_labels"] == list(trace.target_tokens)
    assert table["column_labels"] == list(trace.tokens)
    assert table["values"] == trace.layers[cross].weights[1].tolist()


def test_numbers_label_what_has_no_words():
    answer = inspect("layers[1].v[2, 3, 4]", traces("reader"))
    assert answer["row"]["labels"] == [str(i) for i in range(12)]
    assert answer["table"]["row_labels"] == ENGLISH.split()


def test_a_functions_rows_have_the_words_of_its_argument():
    answer = inspect(f"masked({S}, layers[1].mask[0])[3, 4]", traces("reader"))
    assert answer["row"]["labels"] == answer["table"]["row_labels"] == ENGLISH.split()
    products = inspect("dot_products(layers[1].q[2], layers[1].k[2])[3, 4]", traces("reader"))
    assert products["table"]["column_labels"] == ENGLISH.split()


def test_a_large_tensor_is_cut_around_the_value():
    answer = inspect("embedding_table[1000, 40]", traces("reader"))
    table = answer["table"]
    assert table["cut"]
    assert len(table["values"]) == MOST
    assert table["row_labels"][0] == str(table["first"][0])
    row = 1000 - table["first"][0]
    assert table["values"][row][40 - table["first"][1]] == answer["value"]
    logits = inspect("logits[6, 3]", traces("reader"))["row"]
    assert len(logits["values"]) == MOST
    assert logits["cut"]
    whole = traces("reader")[""].logits[6].sum(dtype=float)
    assert logits["sum"] == pytest.approx(whole)


def test_an_answer_is_valid_json_and_exact():
    found = traces("writer")
    address = "masked(layers[1].scores[0], layers[1].mask[0])[1, 4]"
    answer = json.loads(json.dumps(inspect(address, found), allow_nan=False))
    assert answer["value"] == answer["row"]["sum"] == "-inf"
    exact = json.loads(json.dumps(inspect("layers[1].scores[0, 1, 4]", found)))["value"]
    assert np.float32(exact) == found[""].layers[1].scores[0, 1, 4]


def test_an_array_has_a_shape_and_no_value():
    answer = inspect("layers[1].weights[2]", traces("reader"))
    assert answer["value"] is None
    assert answer["shape"] == [7, 7]
    assert answer["row"] is None
    assert np.shape(answer["table"]["values"]) == (7, 7)
    assert all("shape" in parent or "value" in parent for parent in answer["from"])


def test_a_number_of_no_array_stands_alone():
    answer = inspect("layers[1].scale", traces("reader"))
    assert answer["row"] is answer["table"] is None
    assert answer["value"] == traces("reader")[""].layers[1].scale
    assert "the film looks at" in inspect("focus.head", traces("reader"))["formula"]


def test_every_part_of_every_array_has_an_answer():
    """What can be addressed can be inspected: no rule stumbles over a slice or a whole array."""
    found = traces("random")
    for field, axes in LAYER_ARRAYS.items():
        for index in range(2):
            if getattr(found[""].layers[index], field) is None:
                continue
            for parts in product(("0", "0:1"), repeat=len(axes)):
                inspect(f"layers[{index}].{field}[{', '.join(parts)}]", found)
            inspect(f"layers[{index}].{field}", found)
    for field, axes in MODEL_ARRAYS.items():
        for parts in product(("0", "0:1"), repeat=len(axes)):
            inspect(f"{field}[{', '.join(parts)}]", found)
        inspect(field, found)


@pytest.mark.parametrize("address", ["", "layers[9].q", "1 + 1", "wights[0]", "layers[1]"])
def test_an_address_that_is_none_is_refused_as_everywhere(address):
    with pytest.raises(AddressError) as ours:
        inspect(address, traces("reader"))
    with pytest.raises(AddressError) as theirs:
        resolve(address, traces("reader"))
    assert str(ours.value) == str(theirs.value)
