"""Folders with language models: the library's own attentions, the tokenizer's own pieces."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.numpy import load_file, save_file

from attnviz import sources
from attnviz.errors import TensorError, UserError
from attnviz.records import ModelTrace
from attnviz.rounding import printed_row
from attnviz.sources import load_trace
from attnviz.spec import Spec
from scenes.self_attention import SelfAttention
from tests.language_models import BUILDERS, MOST_TOKENS, OTHER, TEXT, wordpiece
from tests.pictures import show

Folder = Callable[[str], Path]

SENTENCES = {"llama": "the bank by the river .", "t5": "the roses by the river ."}
TARGET = "the bank ."
PAIRED = ("t5", "bart")
KINDS = tuple(BUILDERS)
ONE_TEXT = tuple(kind for kind in KINDS if kind not in PAIRED)


def text_for(kind: str) -> str:
    return SENTENCES.get(kind, TEXT)


def spec_for(kind: str, folder: Path, **fields: Any) -> Spec:
    target = TARGET if kind in PAIRED else None
    return Spec(**{"text": text_for(kind), "target": target, "model": str(folder)} | fields)


def tokenizer_of(folder: Path) -> Any:
    return transformers.AutoTokenizer.from_pretrained(folder)


def model_of(folder: Path, implementation: str = "eager") -> Any:
    name = json.loads((folder / "config.json").read_text())["architectures"][0]
    return (
        getattr(transformers, name)
        .from_pretrained(folder, attn_implementation=implementation)
        .eval()
    )


def library_pass(folder: Path, inputs: dict[str, Any], target: Sequence[int] | None = None) -> Any:
    """Run the library's own eager attention, which hands out its weights."""
    model = model_of(folder)
    given = {name: torch.tensor([ids]) for name, ids in inputs.items()}
    if target is not None:
        given["decoder_input_ids"] = torch.tensor([target])
    with torch.no_grad():
        return model(**given, output_attentions=True, output_hidden_states=True)


def heard_ids(folder: Path, written: Sequence[int]) -> list[int]:
    config = json.loads((folder / "config.json").read_text())
    return [config["decoder_start_token_id"], *written[:-1]]


def library_weights(done: Any) -> list[np.ndarray]:
    """List the attentions in the order in which they run."""
    if "encoder_attentions" not in done:
        return [weights[0].numpy() for weights in done.attentions]
    found = [weights[0].numpy() for weights in done.encoder_attentions]
    for own, cross in zip(done.decoder_attentions, done.cross_attentions, strict=True):
        found += [own[0].numpy(), cross[0].numpy()]
    return found


@cache
def loaded(kind: str, folder: Path) -> ModelTrace:
    return load_trace(spec_for(kind, folder))


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_those_of_the_library(
    kind: str, implementation: str, language_model: Folder
) -> None:
    folder = language_model(kind)
    tokenizer, spec = tokenizer_of(folder), spec_for(kind, folder)
    model = model_of(folder, implementation)
    trace = sources.trace(model, tokenizer, spec.text, spec.target)
    target = None
    if spec.target is not None:
        target = heard_ids(folder, tokenizer(text_target=spec.target)["input_ids"])
    inputs = dict(tokenizer(spec.text))
    if kind == "distilbert":
        del inputs["token_type_ids"]
    wanted = library_weights(library_pass(folder, inputs, target))
    assert len(trace.layers) == len(wanted) == (6 if kind in PAIRED else 2)
    for layer, weights in zip(trace.layers, wanted, strict=True):
        assert layer.weights.shape == weights.shape
        np.testing.assert_allclose(layer.weights, weights, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_vectors_around_attention_are_the_librarys(kind: str, language_model: Folder) -> None:
    folder = language_model(kind)
    trace, tokenizer = loaded(kind, folder), tokenizer_of(folder)
    inputs = {"input_ids": tokenizer(text_for(kind))["input_ids"]}
    target = None
    if kind in PAIRED:
        target = heard_ids(folder, tokenizer(text_target=TARGET)["input_ids"])
    done = library_pass(folder, inputs, target)
    states = done.encoder_hidden_states if kind in PAIRED else done.hidden_states
    assert trace.hidden_states is not None
    assert trace.logits is not None
    wanted = torch.cat(states).numpy()
    np.testing.assert_allclose(trace.hidden_states, wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(trace.logits, done.logits[0].numpy(), rtol=1e-4, atol=1e-3)
    assert trace.logits.shape[0] == len(trace.target_tokens or trace.tokens)


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_are_shown_as_the_tokenizer_made_them(kind: str, language_model: Folder) -> None:
    folder = language_model(kind)
    trace, tokenizer = loaded(kind, folder), tokenizer_of(folder)
    ids = tokenizer(text_for(kind))["input_ids"]
    assert trace.ids == tuple(ids)
    assert trace.tokens == tuple(tokenizer.convert_ids_to_tokens(ids))
    mark = {"bert": "##", "distilbert": "##", "gpt2": "Ġ", "bart": "Ġ"}.get(kind, "▁")
    assert any(piece.startswith(mark) for piece in trace.tokens)
    last = len(ids) - 1
    ends = {"gpt2": (), "llama": (0,), "t5": (last,)}.get(kind, (0, last))
    assert trace.special == ends
    assert trace.model == f"tiny-{kind}"
    for layer in trace.layers:
        if kind not in PAIRED:
            assert layer.query_tokens == layer.key_tokens == trace.tokens


def test_positions_are_those_that_the_model_added(language_model: Folder) -> None:
    tables = {
        "bert": ("bert.embeddings.position_embeddings.weight", 0),
        "distilbert": ("distilbert.embeddings.position_embeddings.weight", 0),
        "gpt2": ("transformer.wpe.weight", 0),
        "bart": ("model.encoder.embed_positions.weight", 2),
    }
    for kind in KINDS:
        folder = language_model(kind)
        trace = loaded(kind, folder)
        assert trace.token_embeddings is not None
        assert trace.embedding_table is not None
        np.testing.assert_array_equal(
            trace.token_embeddings, trace.embedding_table[list(trace.ids)]
        )
        if kind not in tables:
            assert trace.position_embeddings is None  # rotary, relative
            continue
        name, first = tables[kind]
        added = load_file(folder / "model.safetensors")[name]
        np.testing.assert_array_equal(
            trace.position_embeddings, added[first : first + len(trace.tokens)]
        )
    bart = loaded("bart", language_model("bart"))
    shared = load_file(language_model("bart") / "model.safetensors")["model.shared.weight"]
    np.testing.assert_allclose(bart.embedding_table, shared * 33**0.5, rtol=1e-6)
    assert any("multiplies the rows" in note for note in bart.notes)
    assert any("segment" in note for note in loaded("bert", language_model("bert")).notes)


@pytest.mark.parametrize("kind", PAIRED)
def test_a_decoder_is_labelled_by_what_it_reads_and_what_it_writes(
    kind: str, language_model: Folder
) -> None:
    folder = language_model(kind)
    trace, tokenizer = loaded(kind, folder), tokenizer_of(folder)
    written = tokenizer.convert_ids_to_tokens(tokenizer(text_target=TARGET)["input_ids"])
    start = tokenizer.convert_ids_to_tokens(heard_ids(folder, [0])[0])
    assert trace.target_tokens == tuple(written)
    encoder, own, cross = (trace.layers[place] for place in (1, 2, 3))
    assert (encoder.kind, own.kind, cross.kind) == ("self", "self", "cross")
    assert encoder.query_tokens == encoder.key_tokens == trace.tokens
    assert own.query_tokens == own.key_tokens == (start, *written[:-1])
    assert cross.query_tokens == tuple(written)
    assert cross.key_tokens == trace.tokens
    assert len(written) - 1 in trace.target_special
    assert start in trace.special_texts
    assert trace.focus is not None
    assert trace.layers[trace.focus.layer].kind == "cross"
    assert any("Bahdanau" in note for note in trace.notes)


def test_a_source_and_a_target_of_one_length_are_told_apart(language_model: Folder) -> None:
    text = "the bank ."
    trace = load_trace(spec_for("bart", language_model("bart"), text=text, target=text))
    kinds = [layer.kind for layer in trace.layers]
    assert kinds == ["self", "self", "self", "cross", "self", "cross"]


def test_without_a_target_the_model_writes_its_own(language_model: Folder) -> None:
    folder = language_model("t5")
    trace = load_trace(spec_for("t5", folder, target=None))
    assert trace.target_ids is not None
    model, tokenizer = model_of(folder), tokenizer_of(folder)
    source = torch.tensor([tokenizer(text_for("t5"))["input_ids"]])
    written = heard_ids(folder, [0])
    with torch.no_grad():
        while written[-1] != tokenizer.eos_token_id and len(written) <= 32:
            logits = model(source, decoder_input_ids=torch.tensor([written])).logits
            written.append(int(logits[0, -1].argmax()))
    assert list(trace.target_ids) == written[1:]
    cut = written[-1] != tokenizer.eos_token_id
    assert any("cut after" in note for note in trace.notes) == cut


def test_an_encoder_reads_two_sentences_as_a_pair(language_model: Folder) -> None:
    folder = language_model("bert")
    trace = load_trace(spec_for("bert", folder, target=OTHER))
    inputs = dict(tokenizer_of(folder)(text_for("bert"), OTHER))
    assert trace.ids == tuple(inputs["input_ids"])
    assert set(inputs["token_type_ids"]) == {0, 1}
    assert trace.target_tokens is None
    middle = inputs["token_type_ids"].index(1) - 1
    assert trace.special == (0, middle, len(trace.ids) - 1)
    for layer, weights in zip(
        trace.layers, library_weights(library_pass(folder, inputs)), strict=True
    ):
        np.testing.assert_allclose(layer.weights, weights, rtol=0, atol=1e-5)
    spec = spec_for("bert", folder, target="The nurse .", text="The bank .")
    assert show(SelfAttention, spec, "dark").stills


def test_queries_and_keys_of_one_text_are_self_attention_however_they_are_made() -> None:
    tokenizer = wordpiece()
    torch.manual_seed(11)
    sizes = {"num_hidden_layers": 2, "num_attention_heads": 3, "num_key_value_heads": 3}
    sizes |= {"hidden_size": 34, "intermediate_size": 37, "first_k_dense_replace": 2}
    sizes |= {"q_lora_rank": 11, "kv_lora_rank": 13, "v_head_dim": 7}
    sizes |= {"qk_rope_head_dim": 4, "qk_nope_head_dim": 5}
    config = transformers.DeepseekV3Config(vocab_size=len(tokenizer), **sizes)
    model = transformers.DeepseekV3ForCausalLM(config).eval()
    trace = sources.trace(model, tokenizer, TEXT)
    assert [layer.kind for layer in trace.layers] == ["self", "self"]
    assert trace.hidden_states is not None
    assert trace.focus is not None


@pytest.mark.parametrize("kind", ["bert", "gpt2", "bart"])
def test_python_gives_the_same_as_the_folder(kind: str, language_model: Folder) -> None:
    folder = language_model(kind)
    from_folder = loaded(kind, folder)
    model = model_of(folder, "sdpa").train()
    target = TARGET if kind in PAIRED else None
    trace = sources.trace(model, tokenizer_of(folder), text_for(kind), target)
    assert model.training
    assert all(part.training for part in model.modules())
    for name in ("model", "tokens", "ids", "special", "target_ids", "focus", "notes"):
        assert getattr(trace, name) == getattr(from_folder, name), name
    for one, other in zip(trace.layers, from_folder.layers, strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)
    np.testing.assert_array_equal(trace.logits, from_folder.logits)


def test_the_default_look_is_at_a_word_that_is_not_near(language_model: Folder) -> None:
    trace = loaded("bert", language_model("bert"))
    assert trace.focus is not None
    quiet = {*trace.special, *(i for i, token in enumerate(trace.tokens) if token == ".")}
    best = max(
        (float(layer.weights[head, query, key]), index, head, query)
        for index, layer in enumerate(trace.layers)
        for head, query, key in np.ndindex(*layer.weights.shape)
        if abs(query - key) > 1 and not {query, key} & quiet
    )
    assert (trace.focus.layer, trace.focus.head, trace.focus.query) == best[1:]
    assert f"{best[0]:.2f}" in trace.focus.reason


def test_nothing_reaches_for_the_network_or_for_stdout(
    language_model: Folder, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    folders = {kind: language_model(kind) for kind in ("bert", "t5")}
    capfd.readouterr()  # who saves a model shows its progress
    for kind, folder in folders.items():
        load_trace(spec_for(kind, folder, target=None))
    assert capfd.readouterr() == ("", "")


# -- what cannot be shown -----------------------------------------------------------------------


@pytest.fixture
def broken(language_model: Folder, tmp_path: Path) -> Path:
    """A copy of the BERT's folder, to be broken."""
    folder = tmp_path / "broken"
    folder.mkdir()
    for file in language_model("bert").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def change(file: Path, **values: object) -> None:
    described = json.loads(file.read_text()) | values
    file.write_text(json.dumps(described))


def reweigh(folder: Path, change: Callable[[dict[str, np.ndarray]], object]) -> None:
    file = folder / "model.safetensors"
    weights = {name: array.copy() for name, array in load_file(file).items()}
    change(weights)
    save_file(weights, file, {"format": "pt"})


def refusal(folder: Path, **fields: Any) -> str:
    with pytest.raises((UserError, TensorError)) as caught:
        load_trace(spec_for("bert", folder, **fields))
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


def test_a_folder_without_a_configuration(broken: Path) -> None:
    (broken / "config.json").unlink()
    assert "has no config.json" in refusal(broken)


def test_a_folder_without_a_tokenizer(broken: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (broken / name).unlink()
    assert re.search(r"has no tokenizer .*save_pretrained", refusal(broken))


def test_weights_that_are_missing_are_not_made_up(broken: Path) -> None:
    name = "bert.encoder.layer.1.attention.self.query.weight"
    reweigh(broken, lambda weights: weights.pop(name))
    message = refusal(broken)
    assert "lacks 1 of the weights of BertForMaskedLM" in message
    assert name in message


def test_weights_of_another_size(broken: Path) -> None:
    change(broken / "config.json", intermediate_size=41)
    message = refusal(broken)
    assert "weights do not fit its config.json" in message
    assert "bert.encoder.layer.0.intermediate.dense" in message


def test_pickled_weights_are_not_opened(broken: Path) -> None:
    (broken / "model.safetensors").rename(broken / "pytorch_model.bin")
    message = refusal(broken)
    assert "a pickle only (pytorch_model.bin)" in message
    (broken / "pytorch_model.bin").unlink()
    assert "holds no weights" in refusal(broken)


def test_an_adapter_is_not_left_out_in_silence(broken: Path) -> None:
    (broken / "adapter_config.json").write_text("{}")
    assert "holds an adapter" in refusal(broken)


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_code_in_a_folder_is_not_run(broken: Path, file: str) -> None:
    (broken / "mine.py").write_text("raise SystemExit('run')\n")
    change(broken / file, auto_map={"AutoModel": "mine.Model", "AutoTokenizer": ["mine.T", None]})
    assert f"code of its own (auto_map in {file})" in refusal(broken)


def test_a_configuration_that_is_none(broken: Path) -> None:
    (broken / "config.json").write_text("{")
    assert "config.json cannot be read" in refusal(broken)
    (broken / "config.json").write_text('{"model_type": "no-such-model"}')
    assert "config.json cannot be used" in refusal(broken)


def test_weights_that_are_torn(broken: Path) -> None:
    file = broken / "model.safetensors"
    file.write_bytes(file.read_bytes()[:999])
    assert "the model cannot be loaded" in refusal(broken)


def test_a_text_longer_than_the_model_reads(language_model: Folder) -> None:
    for kind, over in (("bert", 2), ("gpt2", 0), ("bart", 2)):
        folder = language_model(kind)
        with pytest.raises(UserError) as caught:
            load_trace(spec_for(kind, folder, text="the " * MOST_TOKENS + "bank"))
        count = MOST_TOKENS + 1 + over
        assert f"{count} tokens, but tiny-{kind} reads at most {MOST_TOKENS}" in str(caught.value)
    with pytest.raises(UserError, match="target: 46 tokens, but tiny-bart reads at most 43"):
        load_trace(spec_for("bart", language_model("bart"), target="the " * 44))


def test_a_text_that_the_model_fails_on(broken: Path) -> None:
    tokenizer = tokenizer_of(broken)
    tokenizer.add_tokens(["tulips"])  # and the model's table was not made longer
    tokenizer.save_pretrained(broken)
    message = refusal(broken, text="the tulips by the river")
    assert message.startswith("broken cannot read the text (IndexError: index out of range")


def test_numbers_that_are_none(broken: Path) -> None:
    def spoil(weights: dict[str, np.ndarray]) -> None:
        weights["bert.encoder.layer.1.attention.self.key.bias"][:] = np.nan

    reweigh(broken, spoil)
    message = refusal(broken)
    assert "bert.encoder.layer.1.attention.self" in message
    assert "nan" in message


def test_a_target_for_a_decoder_alone(language_model: Folder) -> None:
    with pytest.raises(UserError, match="target: tiny-gpt2 is a decoder and reads one text"):
        load_trace(spec_for("gpt2", language_model("gpt2"), target=OTHER))


def test_models_without_attention_or_without_text(broken: Path) -> None:
    tokenizer = tokenizer_of(broken)
    config = transformers.RwkvConfig(
        vocab_size=len(tokenizer), hidden_size=22, num_hidden_layers=2, attention_hidden_size=22
    )
    transformers.RwkvForCausalLM(config).save_pretrained(broken)
    assert "no attention was recorded" in refusal(broken)
    vision = transformers.ViTConfig(
        hidden_size=22, num_hidden_layers=1, num_attention_heads=2, intermediate_size=37
    )
    transformers.ViTModel(vision).save_pretrained(broken)
    assert "(ViTModel) reads no text" in refusal(broken)


def test_without_transformers_the_extra_is_named(
    language_model: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = language_model("bert")
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    assert "pip install 'attnviz[hf]'" in refusal(folder)


# -- the whole way: a BERT that was trained, filmed from its folder ------------------------------

BANK = "He left the roses by the bank of the river."


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BERT that has learnt to fill in words of a made-up language, in seconds."""
    torch.manual_seed(3)
    tokenizer = wordpiece()
    model = transformers.BertForMaskedLM(
        transformers.BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=44,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=73,
            max_position_embeddings=MOST_TOKENS,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
    )
    flowers, places = ("roses", "books", "nurses"), ("river", "reading", "closed")
    lines = [
        f"{who} left the {flower} by the bank of the {place}."
        for who in ("He", "She")
        for flower, place in zip(flowers, places, strict=True)
    ]
    ids = tokenizer(lines, padding=True, return_tensors="pt")
    steps = torch.optim.AdamW(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(60):
        hidden = (torch.rand(ids["input_ids"].shape) < 0.2) & (ids["attention_mask"] > 0)
        hidden[:, 1] = True
        given = ids["input_ids"].masked_fill(hidden, tokenizer.mask_token_id)
        labels = ids["input_ids"].masked_fill(~hidden, -100)
        loss = model(given, attention_mask=ids["attention_mask"], labels=labels).loss
        steps.zero_grad()
        loss.backward()
        steps.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < losses[0] / 2
    folder = tmp_path_factory.mktemp("trained") / "bank-bert"
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


WEIGHT = re.compile(r"layers\[(\d+)\]\.weights\[(\d+), (\d+), (\d+)\]")


def agree_with_the_library(numbers: Sequence[tuple[str, float, str]], folder: Path) -> int:
    """Hold every weight of a film to the library's eager attentions; return how many there are."""
    wanted = library_weights(library_pass(folder, dict(tokenizer_of(folder)(BANK))))
    count = 0
    for address, value, text in numbers:
        found = WEIGHT.fullmatch(address)
        if found:
            layer, *place, key = map(int, found.groups())
            row = wanted[layer][*place]
            assert abs(value - row[key]) < 1e-6
            assert text == printed_row(row.tolist(), 2)[key]
            count += 1
    return count


def test_a_films_numbers_are_the_librarys_to_the_printed_digit(trained: Path) -> None:
    showing = show(SelfAttention, Spec(text=BANK, model=str(trained)), "dark")
    numbers = [
        (number.address, number.value, number.text)
        for still in showing.stills
        for number in still.beat.numbers
    ]
    assert agree_with_the_library(numbers, trained) > 5
    assert {"[CLS]", "roses", "##f", "[SEP]"} <= set(showing.scene.trace.tokens)


@pytest.mark.slow
def test_a_bert_is_filmed_from_its_folder(trained: Path, tmp_path: Path) -> None:
    from tests.test_cli import process

    words = ("self-attention", "--model", str(trained), "--text", BANK, "--quality", "draft")
    done = process(*words, "-o", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    manifest = json.loads(Path(told["files"]["manifest"]).read_text("utf-8"))
    numbers = [
        (number["address"], number["value"], number["text"])
        for beat in manifest["beats"]
        for number in beat["numbers"]
    ]
    assert agree_with_the_library(numbers, trained) > 5
    assert manifest["tokens"] == list(load_trace(Spec(text=BANK, model=str(trained))).tokens)
    again = process(*words, "-o", str(tmp_path), "--json")
    assert json.loads(again.stdout)["cached"] is True


def test_a_mask_and_a_place_are_asked_for(trained: Path) -> None:
    spec = Spec(text=BANK, model=str(trained), layer=0, head=3)
    focus = load_trace(spec).focus
    assert focus is not None
    assert (focus.layer, focus.head) == (0, 3)
    masked = load_trace(replace(spec, mask="causal"))
    assert masked.layers[0].counterfactual_mask == "causal"
