"""Spec -> trace: the focus that was asked for, the counterfactual mask, and the refusals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attnviz.errors import UserError
from attnviz.head_rules import parse_head
from attnviz.models import load
from attnviz.ranking import ranked
from attnviz.records import ModelTrace
from attnviz.sources import load_trace
from attnviz.spec import Spec
from tests.builders import random_trace


def by_hand(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Softmax over the keys that a mask leaves, in plain float64 numpy."""
    e = np.exp(scores.astype(np.float64) - scores.max()) * mask
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def saved(tmp_path: Path, trace: ModelTrace) -> str:
    path = tmp_path / "trace.safetensors"
    trace.save(path)
    return str(path)


def test_the_default_is_the_models_own_trace() -> None:
    trace, own = load_trace(Spec()), load("reader").trace(Spec().text)
    assert trace.tokens == ("he", "left", "the", "roses", "by", "the", "bank")
    assert trace.focus == own.focus
    for layer, own_layer in zip(trace.layers, own.layers, strict=True):
        np.testing.assert_array_equal(layer.weights, own_layer.weights)
        assert layer.counterfactual_mask is None


@pytest.mark.parametrize("model", ["reader", "writer"])
def test_layer_and_head_override_the_focus_and_keep_its_query(model: str) -> None:
    own = load_trace(Spec(model=model)).focus
    assert own is not None
    for layer in range(2):
        for head in range(4):
            focus = load_trace(Spec(model=model, layer=layer, head=head)).focus
            assert focus is not None
            assert (focus.layer, focus.head, focus.query) == (layer, head, own.query)
            asked = (layer, head) != (own.layer, own.head)
            assert (focus.reason != own.reason) == asked


def test_a_layer_alone_keeps_the_head() -> None:
    own = load_trace(Spec()).focus
    assert own is not None
    focus = load_trace(Spec(layer=1 - own.layer)).focus
    assert focus is not None
    assert (focus.layer, focus.head) == (1 - own.layer, own.head)


@pytest.mark.parametrize("rule", ["previous", "first", "self", "next", "duplicate", "bank>roses"])
@pytest.mark.parametrize("layer", [None, 0, 1])
def test_a_head_found_by_what_it_does_has_the_largest_value(rule: str, layer: int | None) -> None:
    trace = load_trace(Spec(head=f"auto:{rule}", layer=layer))
    best, *_ = order = ranked(trace, parse_head(f"auto:{rule}"), layer)
    focus = trace.focus
    assert focus is not None
    assert (focus.layer, focus.head) == (best.layer, best.head)
    assert f"layer {best.layer}, head {best.head}: {best.value:.2f} of" in focus.reason
    assert f"the most of {len(order)} heads" in focus.reason
    assert layer in (None, focus.layer)


def test_the_lit_query_does_what_its_head_was_found_for() -> None:
    lit = {
        rule: load_trace(Spec(text="he left the roses by the bank", head=f"auto:{rule}")).focus
        for rule in ("previous", "next", "duplicate", "left>he", "bank>roses")
    }
    queries = {rule: focus.query for rule, focus in lit.items() if focus is not None}
    assert (queries["previous"], queries["left>he"], queries["bank>roses"]) == (6, 1, 6)
    assert queries["next"] < 6
    assert queries["duplicate"] in (2, 5)


def test_a_pair_of_two_sentences_is_found_in_cross_attention() -> None:
    focus = load_trace(Spec(model="translator", text="the black cat", head="auto:noir>black")).focus
    assert focus is not None
    trace = load_trace(Spec(model="translator", text="the black cat"))
    layer = trace.layers[focus.layer]
    assert layer.kind == "cross"
    assert layer.query_tokens[focus.query] == "noir"
    black = layer.key_tokens.index("black")
    assert layer.weights[:, focus.query, black].argmax() == focus.head


def test_a_mask_does_not_change_which_head_is_found() -> None:
    for mask in ("causal", "window:2"):
        focus = load_trace(Spec(head="auto:next", mask=mask)).focus
        assert focus == load_trace(Spec(head="auto:next")).focus


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (Spec(layer=7), "layer 7: reader has layers 0–1"),
        (Spec(head=4, layer=0), "head 4: layer 0 of reader has heads 0–3"),
        (Spec(head="auto:bank>rose"), "'rose' is no key token, did you mean 'roses'"),
        (Spec(head="auto:self", layer=2), "layer 2: reader has layers 0–1"),
        (Spec(model="writer", head="auto:next"), "the masks hide it from every query"),
        (
            Spec(model="translator", text="the black cat", head="auto:black>chat"),
            "no layer has 'black' among its queries and 'chat' among its keys",
        ),
        (Spec(model="raeder"), "unknown model 'raeder', did you mean 'reader'"),
        (Spec(model="gpt"), "a model is one of reader, writer, translator, a folder"),
        (Spec(target="le chat"), "target: reader reads one sentence"),
        (Spec(text="the " * 33), "33 tokens.* at most 32"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(spec: Spec, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_trace(spec)


@pytest.mark.parametrize("mask", ["causal", "window:3", "window:1", "window:99"])
def test_a_mask_recomputes_the_filmed_layer_only(mask: str) -> None:
    own = load_trace(Spec(layer=0))
    trace = load_trace(Spec(layer=0, mask=mask))
    n = len(trace.tokens)
    window = int(mask.partition(":")[2] or n)
    query, key = np.indices((n, n))
    may = (key <= query) & (key > query - window)
    layer = trace.layers[0]
    np.testing.assert_array_equal(layer.mask, may[None])
    np.testing.assert_array_equal(layer.scores, own.layers[0].scores)
    np.testing.assert_allclose(layer.weights, by_hand(layer.scores, may), atol=1e-6)
    assert (layer.weights[:, ~may] == 0).all()
    heads = layer.weights @ layer.v
    np.testing.assert_allclose(layer.heads, heads, atol=1e-5)
    assert layer.w_o is not None
    merged = np.concatenate(list(heads), axis=-1)
    assert layer.output is not None
    np.testing.assert_allclose(layer.output, merged @ layer.w_o, atol=1e-5)
    assert layer.counterfactual_mask == mask
    assert any("counterfactual" in note for note in trace.notes)
    np.testing.assert_array_equal(trace.layers[1].weights, own.layers[1].weights)
    assert trace.layers[1].counterfactual_mask is None


@pytest.mark.parametrize(("model", "mask"), [("reader", "none"), ("writer", "causal")])
def test_the_models_own_mask_is_no_counterfactual(model: str, mask: str) -> None:
    trace, own = load_trace(Spec(model=model, mask=mask)), load_trace(Spec(model=model))
    assert trace.notes == own.notes
    assert all(layer.counterfactual_mask is None for layer in trace.layers)


def test_none_lets_the_writer_look_ahead() -> None:
    trace = load_trace(Spec(model="writer", mask="none"))
    assert trace.focus is not None
    layer = trace.layers[trace.focus.layer]
    assert layer.mask.all()
    assert (layer.weights[:, 0, 1:] > 0).all()


def test_a_saved_trace_is_read_with_its_own_text_and_focus(tmp_path: Path) -> None:
    trace = random_trace()
    read = load_trace(Spec(model=saved(tmp_path, trace)))
    assert (read.text, read.focus) == (trace.text, trace.focus)
    np.testing.assert_array_equal(read.layers[0].weights, trace.layers[0].weights)
    again = load_trace(Spec(model=saved(tmp_path, trace), text=trace.text, mask="causal"))
    assert again.layers[1].counterfactual_mask == "causal"


def test_a_saved_trace_cannot_read_another_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a saved trace of 'word0 word1"):
        load_trace(Spec(model=saved(tmp_path, random_trace()), text="something else"))


def test_a_saved_trace_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="absent"):
        load_trace(Spec(model=str(tmp_path / "absent.safetensors")))


def test_a_causal_mask_does_not_fit_cross_attention(tmp_path: Path) -> None:
    path = saved(tmp_path, random_trace(target=3))
    with pytest.raises(UserError, match=r"layer 1 is cross-attention"):
        load_trace(Spec(model=path, mask="causal"))
    assert load_trace(Spec(model=path, mask="none")).notes == ("random weights",)


def test_a_trace_without_measured_heads_shows_its_last_layer(tmp_path: Path) -> None:
    path = saved(tmp_path, replace(random_trace(n_layers=3), focus=None))
    focus = load_trace(Spec(model=path)).focus
    assert focus is not None
    assert (focus.layer, focus.head, focus.query) == (2, 0, 4)
