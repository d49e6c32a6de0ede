"""Addresses name exactly the value they say, and nothing else can be said in one."""

import ast
import math
import string
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.addresses import MAX_CHARACTERS, MAX_DEPTH, AddressError, canonical, resolve
from attnviz.derived import DERIVED
from attnviz.errors import UserError
from attnviz.records import LAYER_ARRAYS, MODEL_ARRAYS, ModelTrace
from tests.builders import random_trace

TRACES: Mapping[str, ModelTrace] = {
    "": random_trace(causal=True),
    "unmasked": random_trace(),
    "french": random_trace(target=3, seed=1),
}
MAIN = TRACES[""]
LAYER = MAIN.layers[1]


def known(array: Any) -> Any:
    assert array is not None
    return array


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("layers[1].weights[2, 4, 3]", LAYER.weights[2, 4, 3]),
        ("layers[1].weights[2, 4]", LAYER.weights[2, 4]),
        ("layers[1].weights[2][4][3]", LAYER.weights[2, 4, 3]),
        ("layers[0].weights", MAIN.layers[0].weights),
        ("token_embeddings[3, 7]", known(MAIN.token_embeddings)[3, 7]),
        ("layers[1].w_o[0:12, 5]", known(LAYER.w_o)[0:12, 5]),
        ("layers[1].w_o[:12, 5]", known(LAYER.w_o)[:12, 5]),
        ("layers[1].w_o[2:, 5]", known(LAYER.w_o)[2:, 5]),
        ("layers[1].w_o[:, 5]", known(LAYER.w_o)[:, 5]),
        ("layers[1].mask[0, 3, 4]", np.False_),
        ("layers[1].scale", LAYER.scale),
        ("focus.layer", 1),
        ("focus.head", 2),
        ("focus.query", 4),
        ("ids[3]", MAIN.ids[3]),
        ("french.target_ids[2]", known(TRACES["french"].target_ids)[2]),
        ("unmasked.layers[1].weights[2, 1, 3]", TRACES["unmasked"].layers[1].weights[2, 1, 3]),
        ("unmasked.logits[4, 16]", known(TRACES["unmasked"].logits)[4, 16]),
        ("softmax(layers[1].scores[2, 4])[3]", LAYER.weights[2, 4, 3]),
        ("total(layers[1].weights[2, 4])", 1.0),
        ("size(layers[1].w_o, 0)", 33),
        ("count_true(layers[1].mask)", 15),
        ("dot(layers[1].q[0, 1], layers[1].k[0, 2])", LAYER.q[0, 1] @ LAYER.k[0, 2]),
        ("running_dot(layers[1].q[0, 1], layers[1].k[0, 2], 0)", 0.0),
        (
            "product(layers[1].weights[0, 1, 0], layers[1].v[0, 0, 3])",
            LAYER.weights[0, 1, 0] * LAYER.v[0, 0, 3],
        ),
        (
            "add(dot(layers[1].heads[0, 4], layers[1].w_o[0:11, 5]), layers[1].b_o[5])",
            LAYER.heads[0, 4] @ known(LAYER.w_o)[0:11, 5] + known(LAYER.b_o)[5],
        ),
        ("product(layers[0].scale, focus.query)", 4 / math.sqrt(7)),
        ("  exp(layers[1].b_o)[ 5 ]\n", np.exp(known(LAYER.b_o)[5])),
    ],
)
def test_an_address_names_its_value(address: str, wanted: Any) -> None:
    found: Any = resolve(address, TRACES)
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert np.asarray(found).dtype.kind == np.asarray(wanted).dtype.kind


def test_a_value_of_a_tensor_comes_exactly_and_in_its_own_precision() -> None:
    found = resolve("layers[1].weights[2, 4, 3]", TRACES)
    assert isinstance(found, np.float32)
    assert found.tobytes() == LAYER.weights[2, 4, 3].tobytes()


def test_every_array_of_a_trace_has_an_address() -> None:
    for name in MODEL_ARRAYS:
        assert resolve(name, TRACES) is getattr(MAIN, name)
    for name in LAYER_ARRAYS.keys() - {"bias", "dropout"}:
        assert resolve(f"layers[1].{name}", TRACES) is getattr(LAYER, name)


def test_nothing_can_be_written_through_an_address() -> None:
    found = resolve("layers[1].weights[2]", TRACES)
    assert isinstance(found, np.ndarray)
    assert not found.flags.writeable


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "it is empty; name a value"),
        ("layers", "it names the list of layers; name a part"),
        ("layers[1]", "it names a whole layer; name a part"),
        ("unmasked", "it names a whole trace; name a part"),
        ("focus", "it names the focus; name a part"),
        ("wieghts", "there is no 'wieghts'"),
        ("token_embedings[0]", "did you mean 'token_embeddings'?"),
        ("unmaskd.layers[0].q", "there is no 'unmaskd', did you mean 'unmasked'?"),
        ("layers[1].wieghts", "a whole layer has no part 'wieghts', did you mean 'weights'?"),
        ("unmasked.layer[1].q", "a whole trace has no part 'layer', did you mean 'layers'?"),
        ("focus.token", "the focus has no part 'token'; there are layer, head, query"),
        ("focus.reason", "the focus has no part 'reason'"),
        ("layers[1].name", "a whole layer has no part 'name'"),
        ("unmasked.text", "a whole trace has no part 'text'"),
        ("ids.shape", "an array has no part 'shape'"),
        ("ids.__class__", "an array has no part '__class__'"),
        ("focus.head.real", "a number has no part 'real'"),
        ("entropy", "entropy is a function; give it arguments"),
        ("enthropy(ids)", "there is no function 'enthropy', did you mean 'entropy'?"),
        ("__import__(ids)", "there is no function '__import__'; there are size, "),
        ("unmasked.entropy(ids)", "'unmasked.entropy(ids)' is no part of an address"),
        ("layers[0].bias", "this trace holds no bias: its source does not know it"),
        ("target_ids", "this trace holds no target_ids"),
        ("layers[2].q", "layers has the sizes 2: 2 is outside axis 0"),
        ("layers[0, 0].q", "2 indices are too many"),
        ("layers[0:1].q", "layers takes one number, not a slice"),
        ("layers[1].weights[3, 0, 0]", r"layers[1].weights has the sizes 3 × 5 × 5: 3 is outside"),
        ("layers[1].weights[0, 0, 5]", "5 is outside axis 2"),
        ("layers[1].weights[0, 0, 0, 0]", "4 indices are too many"),
        ("layers[1].mask[1, 0, 0]", "layers[1].mask has the sizes 1 × 5 × 5: 1 is outside axis 0"),
        ("layers[1].weights[0, 0, 0][0]", "is a number and has no entries"),
        ("focus.head[0]", "focus.head is a number and has no entries"),
        ("focus[0]", "focus is the focus and has no entries"),
        ("ids[2:6]", "2:6 is outside axis 0"),
        ("ids[3:3]", "3:3 is outside axis 0"),
        ("ids[5:]", "5: is outside axis 0"),
        ("ids[-1]", "-1 is negative; indices count from 0"),
        ("ids[:-1]", "-1 is negative; indices count from 0"),
        ("ids[0:4:2]", "'0:4:2' is no index"),
        ("ids[ids]", "'ids' is no index"),
        ("ids[True]", "'True' is no index"),
        ("ids[None]", "'None' is no index"),
        ("ids[...]", "'...' is no index"),
        ("ids[()]", "brackets without an index"),
        ("ids[(1, 2), 3]", "'(1, 2)' is no index"),
        ("ids[]", "it cannot be read"),
        ("ids[1.5]", "'1.' does not begin a whole number"),
        ("ids[1_000]", "'1_' does not begin a whole number"),
        ("ids[0x1]", "'0x' does not begin a whole number"),
        ("ids[1e0]", "'1e' does not begin a whole number"),
        ("ids[01]", "it cannot be read"),
        ("ids[" + "9" * 18 + "]", "9" * 18 + " is outside axis 0"),
        ("ids[" + "9" * 3_000 + "]", "a number in it is larger than any index"),
        ("a" * 3_000, "there is no 'aaa"),
        ("3", "'3' is no part of an address"),
        ("-3", "'-3' is no part of an address"),
        ("ids[0], ids[1]", "'(ids[0], ids[1])' is no part of an address"),
        ("ids[0] - ids[1]", "'ids[0] - ids[1]' is no part of an address"),
        ("lambda: ids", "'lambda: ids' is no part of an address"),
        ("ids if ids else ids", "is no part of an address"),
        ("ids + ids", "'+' has no place in an address"),
        ("exp(a=ids)", "'=' has no place in an address"),
        ("exp(*ids)", "'*' has no place in an address"),
        ("ids[0]; ids", "';' has no place in an address"),
        ('"ids"', "'\"' has no place in an address"),
        ("ıds", "'ı' has no place in an address"),
        ("ids\x00", "'\\x00' has no place in an address"),
        ("dot(ids)", "dot takes (a, b), got 1 arguments"),
        ("exp()", "exp takes (array), got 0 arguments"),
        ("exp(layers)", "layers is the list of layers; a function takes numbers"),
        ("exp(layers[0])", "layers[0] is a whole layer; a function takes numbers"),
        ("exp(exp)", "exp is a function; give it arguments"),
        ("exp(True)", "'True' is no part of an address"),
        ("norm(focus.head)", "norm: wanted a vector"),
        ("dot(ids, layers[0].b_o)", "dot: one vector has 5 entries, one 13"),
        ("size(ids, ids)", "size: axis must be a whole number"),
        ("count_true(ids)", "count_true: wanted a mask of booleans, got int64"),
        ("(" * 300 + "ids" + ")" * 300, "it cannot be read"),
        ("exp(" * MAX_DEPTH + "ids" + ")" * MAX_DEPTH, f"nests deeper than {MAX_DEPTH} levels"),
        ("ids" + "[0]" * MAX_DEPTH, f"nests deeper than {MAX_DEPTH} levels"),
        ("ids" + ".a" * (MAX_CHARACTERS // 2), "it has 4,003 characters, at most 4,000 fit"),
    ],
)
def test_what_is_no_address_is_refused_in_one_line(address: str, message: str) -> None:
    with pytest.raises(AddressError) as refusal:
        resolve(address, TRACES)
    line = str(refusal.value)
    assert line.startswith("address '")
    assert message in line
    assert line.isprintable()
    assert len(line) < 700
    assert isinstance(refusal.value, UserError)


def test_nesting_up_to_the_limit_is_taken() -> None:
    address = "minus_max(" * (MAX_DEPTH - 2) + "layers[0].b_o[0:2]" + ")" * (MAX_DEPTH - 2)
    with pytest.raises(AddressError, match="nests deeper"):
        resolve(address, TRACES)
    shallow = "minus_max(" * (MAX_DEPTH - 5) + "layers[0].b_o[0:2]" + ")" * (MAX_DEPTH - 5)
    assert np.shape(resolve(shallow, TRACES)) == (2,)


def test_the_main_trace_may_be_missing() -> None:
    with pytest.raises(AddressError, match="there is no 'layers'; there are only, size"):
        resolve("layers[0].q", {"only": MAIN})
    assert resolve("only.ids", {"only": MAIN}) is not None


def test_results_without_a_warning() -> None:
    """An overflow in a shown sum would be an infinity, not a warning on the user's screen."""
    assert resolve("exp(product(layers[0].scale, focus.head))", TRACES) == pytest.approx(
        math.exp(2 / math.sqrt(7))
    )


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("layers[1].weights[2,6,3]", "layers[1].weights[2, 6, 3]"),
        (" layers [ 1 ] . weights [ 2 , 6 , 3 ] ", "layers[1].weights[2, 6, 3]"),
        ("layers[1].w_o[ 0 : 12,5 ]", "layers[1].w_o[0:12, 5]"),
        ("dot( (a.ids) ,ids[(0)] )", "dot(a.ids, ids[0])"),
        ("entropy(\n  layers[1]\n .weights[2,6]\n)", "entropy(layers[1].weights[2, 6])"),
        ("ids[(1, 2)]", "ids[1, 2]"),
    ],
)
def test_canonical_writes_one_form(address: str, form: str) -> None:
    assert canonical(address) == form
    assert canonical(form) == form


def test_canonical_refuses_what_is_none() -> None:
    with pytest.raises(AddressError, match="is no part of an address"):
        canonical("ids - 1")


# Whatever is written, the answer is a value or one clear line.

words = st.sampled_from(
    [*MODEL_ARRAYS, *LAYER_ARRAYS, *DERIVED, *"abc", "layers", "focus", "ids", "unmasked", "scale"]
)
numbers = st.integers(-2, 40).map(str)
marks = st.sampled_from(["[", "]", "(", ")", ".", ",", ":", " ", "-", "if", "for", "lambda", "0x"])
near_addresses = st.lists(words | numbers | marks, max_size=14).map("".join)
well_formed = st.recursive(
    words | st.builds("layers[{}].{}".format, st.integers(0, 2), words),
    lambda inner: (
        st.builds("{}({})".format, st.sampled_from([*DERIVED]), inner)
        | st.builds("{}({}, {})".format, st.sampled_from([*DERIVED]), inner, inner | numbers)
        | st.builds("{}[{}]".format, inner, numbers)
        | st.builds("{}[{}:{}, {}]".format, inner, numbers, numbers, numbers)
    ),
    max_leaves=4,
)


def assert_value_or_refusal(address: str) -> None:
    try:
        value = resolve(address, TRACES)
    except AddressError as error:
        line = str(error)
    else:
        line = ""
        assert isinstance(value, np.ndarray | np.generic | int | float | str | None)
        assert canonical(canonical(address)) == canonical(address)
        assert ast.dump(ast.parse(canonical(address))) == ast.dump(
            ast.parse(" ".join(address.split()))
        )
    assert line.isprintable()
    assert len(line) < 700


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_at_all(address: str) -> None:
    assert_value_or_refusal(address)


@given(st.text(string.ascii_letters + string.digits + "_.,:()[] -"))
def test_any_text_of_the_alphabet(address: str) -> None:
    assert_value_or_refusal(address)


@given(near_addresses)
def test_any_shuffle_of_the_parts(address: str) -> None:
    assert_value_or_refusal(address)


@given(well_formed)
def test_any_well_formed_address(address: str) -> None:
    assert_value_or_refusal(address)
