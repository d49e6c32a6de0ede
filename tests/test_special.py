"""Tokens that the tokenizer added: where they stand in a record, and how a film dims them."""

import dataclasses
from pathlib import Path

import pytest

from attnviz.errors import TensorError
from attnviz.records import ModelTrace
from attnviz.spec import Spec
from attnviz.stage import AttentionScene
from attnviz.theme import THEMES
from scenes.causal_mask import CausalMask
from scenes.cross_attention import CrossAttention
from scenes.self_attention import SelfAttention
from tests.builders import random_trace, unchecked
from tests.pictures import Still, show

SPECIAL = ("[CLS]", "[SEP]")


def with_ends(target: int | None = None) -> ModelTrace:
    """Return a trace whose text, and target, stand between [CLS] and [SEP]."""
    trace = random_trace(5, target=target)
    renamed = {"word0": SPECIAL[0], "word4": SPECIAL[1], "mot0": SPECIAL[0], "mot3": SPECIAL[1]}

    def named(tokens: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(renamed.get(token, token) for token in tokens)

    layers = tuple(
        dataclasses.replace(
            layer, query_tokens=named(layer.query_tokens), key_tokens=named(layer.key_tokens)
        )
        for layer in trace.layers
    )
    assert trace.focus is not None
    return dataclasses.replace(
        trace,
        tokens=named(trace.tokens),
        target_tokens=None if target is None else named(trace.target_tokens or ()),
        layers=layers,
        special=(0, 4),
        target_special=() if target is None else (0, 3),
        focus=dataclasses.replace(trace.focus, query=1),
    )


def test_special_tokens_are_kept_in_a_file(tmp_path: Path) -> None:
    trace = with_ends(target=4)
    trace.save(tmp_path / "t.safetensors")
    read = ModelTrace.load(tmp_path / "t.safetensors")
    assert (read.special, read.target_special) == ((0, 4), (0, 3))
    assert read.special_texts == set(SPECIAL)


def test_the_token_that_begins_a_decoder_is_special() -> None:
    trace = random_trace(3, n_layers=1)
    heard = dataclasses.replace(
        trace.layers[0], query_tokens=("<s>", "le", "chat"), key_tokens=("<s>", "le", "chat")
    )
    written = ("le", "chat", "dort")
    pair = dataclasses.replace(
        trace, layers=(heard,), hidden_states=None, target_tokens=written, target_ids=(1, 2, 3)
    )
    assert pair.special_texts == {"<s>"}
    assert random_trace().special_texts == frozenset()


@pytest.mark.parametrize("special", [(5,), (2, 1), (1, 1), (-1,), 3])
def test_positions_that_are_none_are_refused(special: object) -> None:
    with unchecked(), pytest.raises(TensorError, match="special: wanted"):
        dataclasses.replace(random_trace(5), special=special)


def inks(stills: tuple[Still, ...], *, special: bool) -> set[str]:
    """Return the colours of all lines that are one special token, or one other token."""
    return {
        ink.lower()
        for still in stills
        for text in still.texts
        if [run.kind for run in text.runs] == ["token"] and (text.text in SPECIAL) == special
        for ink in text.inks
    }


@pytest.mark.parametrize(
    ("scene", "target"), [(SelfAttention, None), (CausalMask, None), (CrossAttention, 4)]
)
def test_hidden_special_tokens_stay_dim_in_every_beat(
    scene: type[AttentionScene], target: int | None, tmp_path: Path
) -> None:
    path = tmp_path / "t.safetensors"
    with_ends(target).save(path)
    dim = THEMES["dark"].palette.dim.lower()
    spec = Spec(model=str(path), mask="causal" if scene is CausalMask else None)
    plain = show(scene, spec, "dark")
    assert inks(plain.stills, special=True) - {dim}
    hidden = show(scene, dataclasses.replace(spec, hide_special=True), "dark")
    assert inks(hidden.stills, special=True) == {dim}
    assert inks(hidden.stills, special=False) == inks(plain.stills, special=False)
    said = [[text.text for text in still.texts] for still in plain.stills]
    assert [[text.text for text in still.texts] for still in hidden.stills] == said
