"""A user's own module: from a file with a factory, and handed over in Python."""

from __future__ import annotations

import doctest
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz import sources
from attnviz.errors import UserError
from attnviz.render import catalogue, keys
from attnviz.render.output import Output
from attnviz.sources import load_trace
from attnviz.spec import Spec
from tests.test_cli import process

BLOCK = """
import math
import torch
from torch import nn
import sizes

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(17, sizes.WIDTH)
        self.places = nn.Embedding(13, sizes.WIDTH)
        self.q, self.k, self.v = (nn.Linear(sizes.WIDTH, 7) for _ in range(3))

    def forward(self, ids):
        x = self.words(ids) + self.places(torch.arange(ids.shape[1]))
        scores = self.q(x) @ self.k(x).transpose(-1, -2) / math.sqrt(7)
        return torch.softmax(scores, dim=-1) @ self.v(x)

def make(text):
    print("a word from the factory")
    torch.manual_seed(5)
    return Block(), [(word, len(word)) for word in text.split()]

def fixed():
    torch.manual_seed(5)
    x = torch.randn(1, 3, 11)
    return nn.MultiheadAttention(11, 1, batch_first=True), ["a", "b", "c"], (x, x, x)

def named():
    torch.manual_seed(5)
    return Block(), ["a", "b"], {"ids": torch.tensor([[3, 5]])}

def silent(text):
    return nn.Embedding(17, 3), [("a", 1), ("b", 2)]

def fails(text):
    return Block(), [(word, 99) for word in text.split()]

def raises(text):
    raise ValueError("no weights\\nhere")

def wrong():
    return Block()

def miscounts():
    return (*fixed()[:1], ["a", "b"], fixed()[2])

def pairless(text):
    return Block(), ["a", "b"]

number = 5
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "sizes.py").write_text("WIDTH = 11\n")
    path = tmp_path / "nets.py"
    path.write_text(textwrap.dedent(BLOCK))
    return path


def spec_for(file: Path, function: str, text: str = "a bank by it") -> Spec:
    return Spec(text=text, model=f"{file}:{function}")


def test_a_factory_is_given_the_text(file: Path) -> None:
    trace = load_trace(spec_for(file, "make"))
    assert (trace.tokens, trace.ids) == (("a", "bank", "by", "it"), (1, 4, 2, 2))
    assert (trace.model, trace.text) == ("nets.py:make", "a bank by it")
    (layer,) = trace.layers
    assert layer.query_tokens == layer.key_tokens == trace.tokens
    assert trace.token_embeddings is not None
    assert trace.position_embeddings is not None
    assert layer.x_q is not None
    assert layer.w_q is not None
    assert layer.b_q is not None
    x = trace.token_embeddings + trace.position_embeddings
    np.testing.assert_allclose(layer.x_q, x, atol=1e-6)
    np.testing.assert_allclose(layer.q[0], x @ layer.w_q + layer.b_q, atol=1e-5)
    scores = layer.q[0] @ layer.k[0].T / np.sqrt(7)
    powers = np.exp(scores)
    np.testing.assert_allclose(layer.weights[0], powers / powers.sum(1, keepdims=True), atol=1e-6)


def test_a_factory_may_bring_its_own_inputs(file: Path) -> None:
    trace = load_trace(spec_for(file, "fixed"))
    assert (trace.tokens, trace.text, trace.ids) == (("a", "b", "c"), "a b c", (0, 1, 2))
    assert any("those here are positions" in note for note in trace.notes)
    assert trace.layers[0].weights.shape == (1, 3, 3)
    named = load_trace(spec_for(file, "named"))
    assert named.ids == (3, 5)
    assert named.notes == ("nets.py:named takes no text: its tokens are its own.",)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("silent", "nets.py:silent: no attention was recorded"),
        ("fails", "nets.py:15: IndexError: index out of range"),
        ("raises", "nets.py:40: ValueError: no weights here"),
        ("wrong", "nets.py:wrong returned 'Block Block("),
        ("miscounts", "gave 2 tokens, but its attention runs over 3; give one"),
        ("pairless", "wanted a list of (piece, id) pairs"),
        ("number", "nets.py:number is a int, not a function"),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(file: Path, function: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        load_trace(spec_for(file, function))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_beside_the_file_names_its_own_line(file: Path) -> None:
    (file.parent / "sizes.py").write_text("WIDTH = 11\n\nraise OSError('no disk')\n")
    with pytest.raises(UserError, match=r"^sizes\.py:3: OSError: no disk$"):
        load_trace(spec_for(file, "make"))


def test_a_factory_has_no_target(file: Path) -> None:
    with pytest.raises(UserError, match=r"target: .* reads one text"):
        load_trace(Spec(model=f"{file}:make", target="le chat"))


def test_nothing_is_left_behind(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path, modules = list(sys.path), set(sys.modules)
    load_trace(spec_for(file, "make"))
    assert sys.path == path
    assert not {"sizes", "nets"} & (set(sys.modules) - modules)
    assert {p.name for p in file.parent.rglob("*")} == {"nets.py", "sizes.py"}
    out, err = capfd.readouterr()
    assert (out, err) == ("", "a word from the factory\n")


def test_an_edit_beside_the_file_counts_at_once(file: Path) -> None:
    before = load_trace(spec_for(file, "make"))
    (file.parent / "sizes.py").write_text("WIDTH = 13\n")
    after = load_trace(spec_for(file, "make"))
    assert before.token_embeddings is not None
    assert after.token_embeddings is not None
    assert (before.token_embeddings.shape[1], after.token_embeddings.shape[1]) == (11, 13)


def key(file: Path, function: str) -> str:
    ref = catalogue.listed()[0]
    return keys.content_key(ref, spec_for(file, function), Output())


def test_the_key_follows_the_file_its_neighbours_and_its_weights(file: Path) -> None:
    first = key(file, "make")
    assert key(file, "make") == first
    (file.parent / "sizes.py").write_text("WIDTH = 11  # said otherwise\n")
    assert key(file, "make") != first
    file.write_text(file.read_text().replace("manual_seed(5)", "seed()"))
    assert key(file, "make") != key(file, "make")  # new weights each time: never served again


def test_a_folders_key_follows_its_weights_and_its_tokenizer(tmp_path: Path) -> None:
    folder = tmp_path / "bert"
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).write_bytes(b"{}")
    seen = set()
    for name in ("", "config.json", "model.safetensors", "tokenizer.json"):
        if name:
            (folder / name).write_bytes(b"{ }")
        seen.add(keys.content_key(catalogue.listed()[0], Spec(model=str(folder)), Output()))
    assert len(seen) == 4


class Averaging(nn.Module):
    """Attention whose weights can be told by hand: all keys alike."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(7, 5)
        self.dropout = nn.Dropout(0.5)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.table(ids)[None, :].squeeze(0)
        zeros = torch.zeros_like(x)
        return nn.functional.scaled_dot_product_attention(zeros, zeros, x)


def cut(text: str) -> list[tuple[str, int]]:
    return [(word, len(word)) for word in text.split()]


def test_any_module_and_a_function_that_cuts() -> None:
    model = Averaging()
    trace = sources.trace(model, cut, "  a bank  by ")
    assert (trace.text, trace.tokens, trace.ids) == ("a bank by", ("a", "bank", "by"), (1, 4, 2))
    assert trace.model == "Averaging"
    np.testing.assert_allclose(trace.layers[0].weights, np.full((1, 3, 3), 1 / 3), atol=1e-7)
    assert trace.focus is not None
    assert (trace.focus.layer, trace.focus.head) == (0, 0)
    assert model.training
    assert model.dropout.training
    with pytest.raises(UserError, match="target: Averaging is a module that reads one text"):
        sources.trace(model, cut, "a bank", "le chat")
    with pytest.raises(UserError, match=r"the tokenizer gave .*str 'a bank'.*wanted a list"):
        sources.trace(model, lambda text: text, "a bank")


def test_the_command_line_tells_it_in_one_line_and_debug_in_full(file: Path) -> None:
    words = ("trace", "--model", f"{file}:raises", "--text", "a b")
    done = process(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "render.py: nets.py:40: ValueError: no weights here\n"
    assert 'raise ValueError("no weights' in process(*words, "--debug").stderr
    done = process("trace", "--model", f"{file}:make", "--text", "a bank")
    assert done.returncode == 0
    assert "bank" in done.stdout
    assert "a word from the factory" not in done.stdout


def test_the_example_of_the_docstring_works() -> None:
    found = doctest.testmod(sources)
    assert (found.failed, found.attempted > 4) == (0, True)
