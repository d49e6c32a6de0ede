"""What ``--model`` may name, and how a name that is none is told."""

from pathlib import Path

import pytest

from attnviz.errors import UserError
from attnviz.model_choice import choose_model


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A folder with a model, a file with factories, and a saved trace."""
    model = tmp_path / "bert"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (model / "model.safetensors").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "seen.safetensors").write_bytes(b"")
    (tmp_path / "weights.pt").write_bytes(b"")
    (tmp_path / "nets.py").write_text(
        "from other import imported\nclass Net: ...\ndef make(): ...\nalias = make\n"
        "raise SystemExit('the file was run')\n"
    )
    (tmp_path / "torn.py").write_text("def make(:\n")
    return tmp_path


def test_each_kind_is_told(places: Path) -> None:
    assert choose_model("reader").kind == "tiny"
    folder = choose_model(f"{places}/bert/")
    assert (folder.kind, folder.path) == ("folder", places / "bert")
    saved = choose_model(str(places / "seen.safetensors"))
    assert (saved.kind, saved.path) == ("saved", places / "seen.safetensors")
    for name in ("make", "alias", "Net", "imported"):
        made = choose_model(f"{places}/nets.py:{name}")
        assert (made.kind, made.path, made.function) == ("factory", places / "nets.py", name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raeder", "unknown model 'raeder', did you mean 'reader'?: a model is one of reader,"),
        ("google/bert", "nothing is fetched from a network"),
        ("", "unknown model ''"),
        ("{}/empty", "has no config.json: wanted one that save_pretrained"),
        ("{}/bert/model.safetensors", "holds a model's weights, not a trace; give its folder"),
        ("{}/weights.pt", "weights.pt' is no model: a model is one of reader"),
        ("{}/nets.py:maek", "no function 'maek', did you mean 'make'? (there are imported, Net"),
        ("{}/nets.py", "no function named (there are imported, Net, make, alias)"),
        ("{}/absent.py:make", "there is no file"),
        ("{}/torn.py:make", "torn.py', line 1: this is no Python"),
    ],
)
def test_what_is_no_model_is_refused_in_one_line(places: Path, name: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        choose_model(name.format(places))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
