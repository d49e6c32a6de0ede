"""Long sentences: above 12 tokens a lens has the digits, above 32 a grid is one image."""

import re
from pathlib import Path

import pytest
from manim import ImageMobject

from attnviz.addresses import resolve
from attnviz.errors import UserError
from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.render import catalogue
from attnviz.rounding import agrees
from attnviz.spec import Spec
from scenes.causal_mask import CausalMask
from scenes.multi_head import MultiHead
from scenes.self_attention import SelfAttention
from tests.builders import random_trace
from tests.pictures import show
from tests.test_pictures import ENGLISH

README = Path(__file__).resolve().parent.parent / "README.md"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory):
    def save(n: int) -> Spec:
        path = tmp_path_factory.mktemp("traces") / f"{n}.safetensors"
        random_trace(n, n_layers=1, n_heads=2, d_k=5, d_v=7, d_model=11, causal=True).save(path)
        return Spec(model=str(path), layer=0)

    return save


def check(showing) -> None:
    """Every number agrees with the trace, every text lies in a zone, and none meets another."""
    zones = (showing.zones.formula, showing.zones.stage, showing.zones.caption)
    for still in showing.stills:
        for number in still.beat.numbers:
            assert agrees(number.text, float(resolve(number.address, showing.scene.pen.traces)))
        for place, text in enumerate(still.texts):
            assert any(text.box.inside(zone) for zone in zones), (still.beat.name, text.text)
            for other in still.texts[place + 1 :]:
                assert not text.box.meets(other.box), (still.beat.name, text.text, other.text)


@pytest.mark.parametrize("aspect", ["16:9", "9:16"])
def test_twelve_heads_have_room(tmp_path, aspect):
    path = tmp_path / "twelve.safetensors"
    random_trace(7, n_layers=1, n_heads=12, d_k=5, d_v=8, d_model=11).save(path)
    showing = show(MultiHead, Spec(model=str(path), layer=0), "dark", aspect=aspect)
    check(showing)
    texts = [text.text for text in showing.stills[-1].texts]
    assert any("8 more" in text for text in texts), texts  # of twelve shares and a bias, 5 stand


def test_more_heads_are_refused_by_number(tmp_path):
    path = tmp_path / "thirteen.safetensors"
    random_trace(3, n_layers=1, n_heads=13, d_k=5, d_v=2, d_model=11).save(path)
    with pytest.raises(UserError, match="multi-head shows 2 to 12 heads; layer 0 of random has 13"):
        show(MultiHead, Spec(model=str(path), layer=0), "dark")


@pytest.mark.parametrize("scene", [CausalMask, MultiHead])
def test_a_saved_record_of_64_tokens_is_drawn_as_images(scene, saved):
    seen: list[int] = []

    class Watched(scene):
        def setup(self):
            super().setup()
            self.beat_watchers.append(lambda at, _beat: seen.append(images(at)))

    showing = show(Watched, saved(64), "dark")
    assert max(seen) > 0
    check(showing)


def images(scene) -> int:
    family = [member for mobject in scene.mobjects for member in mobject.get_family()]
    return sum(isinstance(member, ImageMobject) for member in family)


def test_above_12_tokens_the_digits_of_the_grid_are_in_the_lens():
    showing = show(SelfAttention, Spec(text=ENGLISH[24]), "dark")
    grid = next(still for still in showing.stills if still.beat.name == "grid")
    cells = [text for text in grid.texts if text.in_cell]
    rows = {re.match(r".*weights\[\d+, (\d+), ", text.runs[0].address)[1] for text in cells}
    assert rows == {str(showing.scene.query)}
    assert 2 < len(cells) <= DIGITS_UP_TO


@pytest.mark.parametrize(
    ("scene", "name", "count"),
    [(SelfAttention, "self-attention", 33), (MultiHead, "multi-head", 257)],
)
def test_longer_texts_are_refused_by_name(scene, name, count, saved):
    least, most = scene.tokens[0], scene.tokens[-1]
    with pytest.raises(UserError, match=f"{name} shows {least} to {most} tokens.* has {count}"):
        show(scene, saved(count), "dark")


@pytest.mark.parametrize("ref", catalogue.listed(), ids=lambda ref: ref.name)
def test_the_readme_states_each_scenes_limits(ref):
    tokens = catalogue.load_class(ref).tokens
    row = f"| `{ref.name}` | {catalogue.summary(ref)} | {tokens[0]}–{tokens[-1]} |"
    assert row in README.read_text(encoding="utf-8")
