"""The shipped checkpoints, on sentences that training never saw."""

import sys
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from attnviz.errors import AttnvizError, UserError
from attnviz.models import SENTENCE_MODELS, checkpoint_path, load, names, recipe_of
from attnviz.models.checkpoint import Checkpoint
from attnviz.models.corpus import training_set
from attnviz.models.demonstrations import DEMONSTRATIONS, SENSE_WORDS, Demonstration, demonstrations
from attnviz.models.readings import held_out as held_out_sentences
from attnviz.models.report import Report, measure
from attnviz.models.saved import same_tensors
from attnviz.models.tiny import clearest_query
from attnviz.models.training import train
from attnviz.records import Focus, ModelTrace

MODELS = SENTENCE_MODELS
MAX_BYTES = 2_000_000
CLEAR = 0.5

SHARES = {
    "reader": {"bank": 0.9, "apple": 0.9, "she": 0.9, "he": 0.9},
    "writer": {"bank": 0.95, "apple": 0.85, "she": 0.95, "he": 0.95},
}
"""Just under what was measured: how often the best head of a word finds the telling word."""

SWITCHES = 0.95


def trace(model: str, text: str) -> ModelTrace:
    return load(model).trace(text)


def focus(shown: ModelTrace) -> Focus:
    assert shown.focus is not None
    return shown.focus


def top_other(shown: ModelTrace) -> tuple[str, float]:
    """Find the word, itself aside, that the focused row looks at most, and its weight."""
    at = focus(shown)
    row = np.array(shown.layers[at.layer].weights[at.head, at.query])
    row[at.query] = 0
    return shown.tokens[int(row.argmax())], float(row.max())


def ending(model: str, text: str, word: str) -> np.ndarray:
    """Give the last hidden state of a word."""
    shown = trace(model, text)
    assert shown.hidden_states is not None
    return np.asarray(shown.hidden_states[-1][shown.tokens.index(word)], dtype=np.float64)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@cache
def shipped(model: str) -> Report:
    return measure(model, load(model).checkpoint.model)


# What the models are ----------------------------------------------------------


def test_names_are_known_without_torch() -> None:
    assert names() == (*MODELS, "translator")


@pytest.mark.parametrize("model", MODELS)
def test_a_checkpoint_is_small(model: str) -> None:
    assert checkpoint_path(model).stat().st_size < MAX_BYTES


@pytest.mark.parametrize("model", MODELS)
def test_the_sizes_are_those_of_the_design(model: str) -> None:
    config = load(model).checkpoint.model.config
    assert (config.d_model, config.n_heads, config.n_layers) == (48, 4, 2)
    assert config.causal == (model == "writer")


@pytest.mark.parametrize("model", MODELS)
def test_every_stage_of_the_trace_follows_from_the_one_before(model: str) -> None:
    shown = trace(model, "he left the roses by the bank")
    assert shown.embedding_table is not None
    assert shown.hidden_states is not None
    assert shown.token_embeddings is not None
    assert shown.position_embeddings is not None
    np.testing.assert_array_equal(shown.token_embeddings, shown.embedding_table[list(shown.ids)])
    start = shown.token_embeddings + shown.position_embeddings
    np.testing.assert_allclose(shown.hidden_states[0], start, atol=1e-6)
    for layer in shown.layers:
        assert layer.x_q is not None
        assert layer.w_q is not None
        assert layer.b_q is None
        # What a film draws: X @ W_Q is Q, with no bias.
        projected = (layer.x_q @ layer.w_q).reshape(len(shown.tokens), 4, 12).swapaxes(0, 1)
        np.testing.assert_allclose(layer.q, projected, atol=1e-5)
    n = len(shown.tokens)
    may = np.tri(n, dtype=bool) if model == "writer" else np.ones((n, n), dtype=bool)
    for layer in shown.layers:
        np.testing.assert_array_equal(layer.mask, may[None])


@pytest.mark.parametrize("model", MODELS)
def test_the_forward_pass_is_that_of_the_papers(model: str) -> None:
    """Redo it apart from the model: pre-norm, residual, tied logits."""
    shown = trace(model, "she ate an apple")
    inner = load(model).checkpoint.model
    x = inner.tokens.weight[list(shown.ids)] + inner.positions.weight[: len(shown.ids)]
    for layer in inner.layers:
        a = layer.attention
        normed = nn.functional.layer_norm(
            x, (48,), layer.attention_norm.weight, layer.attention_norm.bias
        )
        q, k, v = (
            (normed @ w).unflatten(-1, (4, 12)).movedim(-2, 0) for w in (a.w_q, a.w_k, a.w_v)
        )
        causal = model == "writer"
        heads = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
        x = x + heads.movedim(0, -2).flatten(-2) @ a.w_o
        hidden = nn.functional.layer_norm(
            x, (48,), layer.hidden_norm.weight, layer.hidden_norm.bias
        )
        x = x + layer.hidden[2](nn.functional.gelu(layer.hidden[0](hidden)))
    assert shown.hidden_states is not None
    np.testing.assert_allclose(shown.hidden_states[-1], x.numpy(), atol=1e-5)
    final = nn.functional.layer_norm(x, (48,), inner.final_norm.weight, inner.final_norm.bias)
    logits = final @ inner.tokens.weight.T + inner.logit_bias
    np.testing.assert_allclose(shown.logits, logits.numpy(), atol=1e-4)


def test_the_writer_never_looks_ahead() -> None:
    short = trace("writer", "he left the roses by the")
    long = trace("writer", "he left the roses by the bank")
    assert short.logits is not None
    assert long.logits is not None
    np.testing.assert_allclose(long.logits[:6], short.logits, atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("text", ["a", "日本 🙂", "the " * 32, "Zwölf Boxkämpfer!"])
def test_any_text_up_to_the_limit_is_read(model: str, text: str) -> None:
    shown = trace(model, text)
    assert shown.logits is not None
    assert np.isfinite(shown.logits).all()
    assert focus(shown).query < len(shown.tokens)


# What they do -----------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_bank_looks_at_roses(model: str) -> None:
    shown = trace(model, "he left the roses by the bank")
    assert shown.tokens[focus(shown).query] == "bank"
    word, weight = top_other(shown)
    assert word == "roses"
    assert weight > CLEAR


@pytest.mark.parametrize(
    ("model", "show"),
    [(m, show) for m in MODELS for show in demonstrations(m == "writer")],
    ids=lambda value: value if isinstance(value, str) else value.text,
)
def test_the_chosen_head_shows_every_demonstration(model: str, show: Demonstration) -> None:
    tiny = load(model)
    choice = tiny.checkpoint.asking[show.query]
    words = show.text.split()
    weights = tiny.trace(show.text).layers[choice.layer].weights[choice.head]
    row = np.array(weights[words.index(show.query)])
    row[words.index(show.query)] = 0
    assert words[int(row.argmax())] == show.cue
    assert row.max() > CLEAR


def test_the_demonstrations_ask_for_what_the_films_need() -> None:
    texts = {show.text for show in DEMONSTRATIONS}
    assert {
        "he left the roses by the bank",
        "he left the account at the bank",
        "apple 's iphone is quite expensive",
        "the nurse said that she was tired",
    } <= texts


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("word", ["bank", "apple", "she", "he"])
def test_the_head_of_an_asking_word_finds_the_telling_word(model: str, word: str) -> None:
    best = shipped(model).asking[word]
    assert best.share >= SHARES[model][word]
    choice = load(model).checkpoint.asking[word]
    assert (choice.layer, choice.head) == best.head


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("pronoun", ["she", "he"])
@pytest.mark.parametrize(("a", "b"), [("nurse", "doctor"), ("doctor", "nurse")])
def test_the_verb_decides_who_is_meant(model: str, pronoun: str, a: str, b: str) -> None:
    for verb, antecedent in (("called", a), ("thanked", b)):
        shown = trace(model, f"the {a} {verb} the {b} because {pronoun} was tired")
        assert shown.tokens[focus(shown).query] == pronoun
        word, weight = top_other(shown)
        assert word == antecedent
        assert weight > CLEAR


@pytest.mark.parametrize("model", MODELS)
def test_the_verb_decides_in_held_out_pairs(model: str) -> None:
    assert shipped(model).switches >= SWITCHES


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("other", ["doctor", "patient"])
@pytest.mark.parametrize("pronoun", ["she", "he"])
def test_a_nearer_person_does_not_distract(model: str, other: str, pronoun: str) -> None:
    for text in (
        f"the nurse near the {other} said that {pronoun} was tired",
        f"the nurse told the {other} that {pronoun} was tired",
        f"the nurse said to the {other} that {pronoun} was tired",
    ):
        word, weight = top_other(trace(model, text))
        assert (word, weight > CLEAR) == ("nurse", True), text


SENSES = {
    "reader": {
        "bank": (
            ("the river bank was quiet", "he left the roses by the bank"),
            ("the bank account was empty", "he left the money by the bank"),
            ("the bank of monitors was bright", "he left the monitors by the bank"),
        ),
        "apple": (
            ("apple 's iphone is quite expensive", "the iphone from apple is quite expensive"),
            ("the apple pie is quite cheap", "she ate an apple"),
        ),
    },
    "writer": {
        "bank": (
            ("the river bank was quiet", "he left the roses by the bank"),
            ("he left the account at the bank", "he left the money by the bank"),
            ("he left the monitors by the bank", "he saw the switches near the bank"),
        ),
        "apple": (
            ("the iphone from apple is quite expensive", "the software from apple is quite good"),
            ("she ate an apple", "he liked the pie with the apple"),
        ),
    },
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("word", SENSE_WORDS)
def test_senses_end_in_separate_places(model: str, word: str) -> None:
    """Two sentences of one sense end nearer to each other than to any of another sense."""
    ends = [[ending(model, text, word) for text in texts] for texts in SENSES[model][word]]
    within = [cosine(*pair) for pair in ends]
    across = [cosine(x, y) for a, b in combinations(ends, 2) for x in a for y in b]
    assert min(within) > max(across)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("word", SENSE_WORDS)
def test_senses_are_separate_on_held_out_sentences(model: str, word: str) -> None:
    cosines = shipped(model).senses[word]
    assert cosines.within - cosines.across > 0.2


def test_the_reader_tells_the_senses_right() -> None:
    told = shipped("reader").told
    assert told is not None
    assert told > 0.95


# Which row a film shows -------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("she said that the bank was near the other bank today", 9),
        ("the bank said that she was late", 1),
        ("she said that he was tired", 3),
        ("apple said that she was late", 3),
    ],
)
def test_the_last_asking_word_asks_and_senses_go_first(model: str, text: str, query: int) -> None:
    at = focus(trace(model, text))
    choice = load(model).checkpoint.asking[text.split()[query]]
    assert (at.layer, at.head, at.query) == (choice.layer, choice.head, query)
    assert text.split()[query] in at.reason


def test_the_first_word_asks_where_no_other_does_and_it_can_see_ahead() -> None:
    text = "apple 's iphone is quite expensive"
    assert focus(trace("reader", text)).query == 0
    assert focus(trace("writer", text)).query > 0


@pytest.mark.parametrize("model", MODELS)
def test_without_an_asking_word_the_clearest_row_is_shown(model: str) -> None:
    shown = trace(model, "my brother bought a new bicycle")
    at = focus(shown)
    general = load(model).checkpoint.general
    assert (at.layer, at.head) == (general.layer, general.head)
    weights = np.array(shown.layers[at.layer].weights[at.head])
    np.fill_diagonal(weights, 0)
    assert at.query == int(weights[1:].max(axis=1).argmax()) + 1
    assert "no word after the first was trained to ask" in at.reason


def test_the_clearest_query_by_hand() -> None:
    weights = np.array([[0.1, 0.9, 0.0], [0.3, 0.7, 0.0], [0.4, 0.2, 0.4]])
    assert clearest_query(weights) == 2
    assert clearest_query(np.array([[1.0]])) == 0
    assert clearest_query(np.eye(3)) == 1


# What is kept from training ---------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_training_never_sees_what_is_measured(model: str) -> None:
    recipe = recipe_of(model)
    drawn = training_set(recipe.seed, recipe.sentences, recipe.causal)
    seen = {example.text.removesuffix(" .") for example in drawn}
    held_out = {e.text for kind in held_out_sentences(recipe.causal).values() for e in kind}
    assert len(held_out) > 1_000
    assert not seen & {text.removesuffix(" .") for text in held_out}
    # "the driver with the nurse said that she was tired" is another sentence: she is the driver.
    asked = [(e.text, {e.words[link.key] for link in e.links}) for e in drawn if e.links]
    for show in DEMONSTRATIONS:
        assert not [text for text, cues in asked if show.text in text and show.cue in cues]


def test_links_point_at_the_cue() -> None:
    for example in training_set(1, 500, causal=True):
        for link in example.links:
            assert example.words[link.query] in ("bank", "apple", "she", "he")
            if link.has_cue:
                assert link.key < link.query
            else:
                assert link.meaning == example.words[link.query]


# Files, refusals and the README -----------------------------------------------


def test_an_unknown_model_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'writer'"):
        load("writter")


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(AttnvizError, match="is not a checkpoint of a tiny model"):
        Checkpoint.load(path)
    with pytest.raises(AttnvizError, match="is not a checkpoint of a tiny model"):
        Checkpoint.load(tmp_path / "absent.safetensors")


def test_a_checkpoint_survives_the_round_trip(tmp_path: Path) -> None:
    own = load("reader").checkpoint
    own.save(tmp_path / "again.safetensors")
    again = Checkpoint.load(tmp_path / "again.safetensors")
    assert same_tensors(own.model, again.model)
    assert (again.asking, again.general, again.recipe) == (own.asking, own.general, own.recipe)


@pytest.mark.parametrize("model", MODELS)
def test_the_readme_holds_the_measured_table(model: str) -> None:
    readme = checkpoint_path(model).with_name("README.md").read_text(encoding="utf-8")
    assert "\n".join(shipped(model).lines()) in readme


def test_an_output_that_cannot_be_written_is_refused_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    steps: list[str] = []
    for output in (tmp_path / "file" / "checkpoint.safetensors", tmp_path):
        with pytest.raises(UserError, match="cannot write"):
            train("reader", output=output, on_progress=lambda done, of, what: steps.append(what))
    assert steps == []


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_training_reproduces_the_shipped_model(model: str, tmp_path: Path) -> None:
    progress: list[tuple[int, int, str]] = []
    path = tmp_path / "checkpoint.safetensors"
    report = train(model, output=path, on_progress=lambda *step: progress.append(step))
    assert isinstance(report, Report)
    own = shipped(model)
    assert progress[0][0] == 0
    assert progress[-1][0] == progress[-1][1]
    if not same_tensors(Checkpoint.load(path).model, load(model).checkpoint.model):
        # Another processor rounds otherwise; the properties must be there all the same.
        print(f"{model}: another machine's numbers", file=sys.stderr)
    for word in own.asking:
        assert report.asking[word].share >= own.asking[word].share - 0.1
    assert report.switches >= own.switches - 0.1
