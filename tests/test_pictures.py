"""What is drawn agrees with the tensors, and can be read: every scene, every beat."""

import importlib
import re
from collections import defaultdict
from decimal import Decimal
from functools import cache

import pytest

from attnviz.addresses import resolve
from attnviz.colour import contrast
from attnviz.rounding import MINUS, agrees
from attnviz.spec import Spec
from attnviz.theme import THEMES
from scenes import SCENES
from tests.pictures import Showing, Text, show

TEXTS = {
    "default": None,
    "3 tokens": "roses by bank",
    "12 tokens": "the nurse called the doctor because she was tired of waiting here",
}
LEAST_LABEL, LEAST_DIGIT = 0.2, 0.15
LEAST_CONTRAST = 4.5
SHARE = re.compile(r"(.*\bweights\[\d+, \d+), (\d+)\]$")

CASES = [
    pytest.param(
        module,
        name,
        text,
        theme,
        id=f"{name}-{text}-{theme}",
        # A scene is played once for all of its tests, so they belong to one worker.
        marks=pytest.mark.xdist_group(f"{name}-{text}-{theme}"),
    )
    for module, name in SCENES
    for text, theme in [*((text, "dark") for text in TEXTS), ("default", "light")]
]


@cache
def _shown(module: str, name: str, text: str, theme: str) -> Showing:
    scene = getattr(importlib.import_module(f"scenes.{module}"), name)
    words = TEXTS[text]
    fields = {} if words is None else {"text": words}
    default = scene.spec
    spec = Spec(
        **{
            "text": default.text,
            "target": default.target,
            "model": default.model,
            "layer": default.layer,
            "head": default.head,
            "mask": default.mask,
        }
        | fields
    )
    return show(scene, spec, THEMES[theme])


def number_runs(text: Text):
    return [run for run in text.runs if run.kind == "number"]


@pytest.mark.parametrize(("module", "name", "text", "theme"), CASES)
class TestPicture:
    @pytest.fixture
    def showing(self, module, name, text, theme):
        return _shown(module, name, text, theme)

    def test_numbers_agree_with_the_trace(self, showing):
        texts_of = defaultdict(set)
        for still in showing.stills:
            assert still.beat.caption
            for number in still.beat.numbers:
                value = resolve(number.address, showing.scene.pen.traces)
                assert float(value) == number.value, number.address
                assert agrees(number.text, float(value)), number
                texts_of[number.address].add(number.text)
        assert texts_of
        assert all(len(texts) == 1 for texts in texts_of.values()), "one printed text an address"

    def test_every_number_on_screen_is_in_the_beat(self, showing):
        for still in showing.stills:
            listed = {(number.address, number.text) for number in still.beat.numbers}
            drawn = {(run.address, run.text) for text in still.texts for run in number_runs(text)}
            assert drawn <= listed

    def test_printed_rows_add_to_one(self, showing):
        complete = 0
        for still in showing.stills:
            rows = defaultdict(dict)
            for number in still.beat.numbers:
                if share := SHARE.match(number.address):
                    rows[share[1]][int(share[2])] = Decimal(number.text.replace(MINUS, "-"))
            for row, shares in rows.items():
                if len(shares) == resolve(row + "]", showing.scene.pen.traces).size:
                    complete += 1
                    assert sum(shares.values()) == 1, row
        name = type(showing.scene).__name__
        assert complete > 0 or name == "MultiHead", "some whole row is shown"

    def test_no_bare_digit(self, showing):
        for still in showing.stills:
            for text in still.texts:
                words = "".join(run.text for run in text.runs if run.kind == "words")
                words += text.text if text.is_formula else ""
                assert not re.search(r"\d", words), text.text

    def test_text_lies_in_one_zone(self, showing):
        zones = (showing.zones.formula, showing.zones.stage, showing.zones.caption)
        for still in showing.stills:
            for text in still.texts:
                assert any(text.box.inside(zone) for zone in zones), (still.beat.name, text)

    def test_texts_do_not_overlap(self, showing):
        for still in showing.stills:
            for place, one in enumerate(still.texts):
                for other in still.texts[place + 1 :]:
                    assert not one.box.meets(other.box), (still.beat.name, one.text, other.text)

    def test_type_is_large_enough(self, showing):
        for still in showing.stills:
            for text in still.texts:
                least = LEAST_DIGIT if text.in_cell else LEAST_LABEL
                assert text.cap_height >= least - 1e-6, (still.beat.name, text.text)

    def test_type_stands_out(self, showing):
        for still in showing.stills:
            for text in still.texts:
                for ink in text.inks:
                    assert contrast(ink, text.backdrop) >= LEAST_CONTRAST, (still.beat, text)
