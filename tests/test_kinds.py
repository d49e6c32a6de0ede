"""A scene given the other kind of attention says which scene films it."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.derived import softmax
from attnviz.errors import UserError
from attnviz.mobjects.named import score_formula
from attnviz.spec import Spec
from scenes.causal_mask import CausalMask
from scenes.cross_attention import CrossAttention
from scenes.projections import Projections
from scenes.score_grid import ScoreGrid
from scenes.self_attention import SelfAttention
from scenes.softmax import Softmax
from tests.builders import random_trace
from tests.pictures import show


@pytest.fixture
def pair(tmp_path):
    """A saved trace of a sentence of 5 tokens and one of 3, layer 1 between them."""
    trace = random_trace(5, target=3)
    trace.save(tmp_path / "pair.safetensors")
    return Spec(text=trace.text, model=str(tmp_path / "pair.safetensors"))


def test_a_scene_of_one_sentence_names_the_scene_of_two(pair):
    wanted = "film it with cross-attention, or give --layer 0"
    with pytest.raises(UserError, match=f"self-attention shows .* layer 1 of random .*{wanted}"):
        show(SelfAttention, pair, "dark")


def test_a_scene_of_two_sentences_names_the_scene_of_one(pair):
    with pytest.raises(UserError, match=r"film it with self-attention, or give --layer 1$"):
        show(CrossAttention, replace(pair, layer=0), "dark")
    with pytest.raises(UserError, match=r"layer 1 of reader .*: film it with self-attention$"):
        show(CrossAttention, Spec(model="reader"), "dark")


def test_a_pair_for_a_scene_of_one_sentence_is_refused_before_the_model_runs():
    spec = replace(CausalMask.spec, target="le chat")
    with pytest.raises(UserError, match="leave --target out, or film the pair with cross"):
        show(CausalMask, spec, "dark")


def test_the_mask_of_one_sentence_does_not_fit_two(pair):
    with pytest.raises(UserError, match=r"only none fits it; .* film it with cross-attention"):
        show(CausalMask, replace(pair, mask="causal"), "dark")


def test_the_other_layer_of_a_pair_is_filmed(pair):
    showing = show(SelfAttention, replace(pair, layer=0), "dark")
    assert showing.scene.attention.kind == "self"


def test_a_pair_is_filmed_by_both_that_can(pair):
    for scene in (CrossAttention, ScoreGrid):
        showing = show(scene, pair, "light", "1:1")
        assert showing.scene.attention.weights.shape[1:] == (3, 5)
        assert len(showing.stills) == 7


def test_softmax_films_a_row_of_either_kind(pair):
    showing = show(Softmax, pair, "dark")
    assert showing.scene.attention.weights.shape[1:] == (3, 5)
    assert len(showing.stills) == 6


def test_projections_of_two_sentences_are_refused(pair):
    with pytest.raises(UserError, match=r"projections shows .*, or give --layer 0"):
        show(Projections, pair, "dark")
    assert len(show(Projections, replace(pair, layer=0), "dark").stills) == 6


def test_a_target_that_is_too_long_is_refused_as_the_target(tmp_path):
    trace = random_trace(3, target=37)
    trace.save(tmp_path / "long.safetensors")
    spec = Spec(text=trace.text, model=str(tmp_path / "long.safetensors"))
    with pytest.raises(UserError, match=r"shows 1 to 32 tokens; this target has 37 .* shorter"):
        show(CrossAttention, spec, "dark")


def test_a_pass_in_training_is_not_filmed(tmp_path):
    trace = random_trace(5)
    layer = trace.layers[1]
    drawn = replace(layer, dropout=np.ones_like(layer.weights))
    replace(trace, layers=(trace.layers[0], drawn)).save(tmp_path / "trained.safetensors")
    spec = Spec(text=trace.text, model=str(tmp_path / "trained.safetensors"))
    with pytest.raises(UserError, match=r"in training, with dropout .* call model.eval\(\) before"):
        show(SelfAttention, spec, "dark")
    show(SelfAttention, replace(spec, layer=0), "dark")


@pytest.fixture
def unscaled(tmp_path):
    """A saved trace as T5 computes: nothing is scaled, and each pair has a bias."""
    trace = random_trace(5, n_layers=1)
    layer = trace.layers[0]
    bias = np.linspace(-1, 1, 25, dtype=np.float32).reshape(1, 5, 5)
    scores = layer.q @ layer.k.mT + bias
    weights = softmax(scores)
    made = replace(
        layer,
        scale=1.0,
        bias=bias,
        scores=scores,
        weights=weights,
        heads=weights @ layer.v,
        output=None,
    )
    replace(trace, layers=(made,)).save(tmp_path / "unscaled.safetensors")
    return Spec(text=trace.text, model=str(tmp_path / "unscaled.safetensors"), layer=0, head=0)


def test_a_model_without_a_scale_shows_none_and_its_bias(unscaled):
    showing = show(ScoreGrid, unscaled, "dark")
    names = [still.beat.name for still in showing.stills]
    assert names[-2:] == ["scale", "bias"]
    captions = [still.beat.caption for still in showing.stills]
    assert captions[-2].startswith("This model does not scale them")
    shown = {number.address.partition("[0, ")[0] for number in showing.stills[-1].beat.numbers}
    assert {"layers[0].bias", "layers[0].scores"} <= shown
    formula = score_formula(showing.scene.attention)
    assert "sqrt" not in formula
    assert "{{+ B : bias}}" in formula
