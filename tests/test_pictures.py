"""What is drawn agrees with the tensors, and can be read: every scene, every beat."""

import importlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import combinations, product

import pytest

from attnviz.addresses import resolve
from attnviz.colour import contrast
from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.rounding import MINUS, agrees
from scenes import SCENES
from tests.pictures import Showing, Text, show

ENGLISH = {
    3: "roses by bank",
    7: "he left the roses by the bank",
    12: "the nurse called the doctor because she was tired of waiting here",
    24: "he left the roses by the bank because the nurse had called the doctor"
    " and she was tired of waiting for him all day",
}
SOURCES = {
    3: "the black cat",
    7: "the small cat saw the black dog",
    12: "the woman who was sitting in the garden saw the red bird",
    24: "the old man who was sitting in the garden , which was behind the small white house ,"
    " saw the black dog and smiled",
}
TEXTS = {"reader": ENGLISH, "writer": ENGLISH, "translator": SOURCES}
"""Sentences of so many tokens, by the model that a scene films by default."""

LEAST_CAPS = {"16:9": (0.2, 0.15), "1:1": (0.14, 0.14), "9:16": (0.14, 0.14)}
"""The least cap heights of labels and of digits in cells, in frame units."""

LEAST_CONTRAST = 4.5
SECONDS = (20, 60)
SHARE = re.compile(r"(.*\bweights\[\d+, \d+), (\d+)\]$")
SHOWS_WHOLE_ROWS = {"SelfAttention", "Softmax", "CausalMask", "WeightedSum", "CrossAttention"}


@dataclass(frozen=True)
class Case:
    """One playing of one scene."""

    module: str
    name: str
    count: int
    aspect: str
    theme: str

    def __str__(self) -> str:
        return f"{self.name}-{self.count}-{self.aspect}-{self.theme}"


def _cases() -> Iterator[tuple[Case, bool]]:
    """Yield every scene, count and aspect, and whether the quick suite plays it.

    The themes take turns. One of three cases is quick: among them each scene meets every count,
    every aspect and both themes, each count every aspect. The slow suite plays the others too.
    """
    for k, (module, name) in enumerate(SCENES):
        for (i, count), (j, aspect) in product(enumerate(ENGLISH), enumerate(LEAST_CAPS)):
            theme = ("dark", "light")[(i + j) % 2]
            yield Case(module, name, count, aspect, theme), (i + j + k) % 3 == 0


def _marks(case: Case, quick: bool) -> list[pytest.MarkDecorator]:
    # A scene is played once for all of its tests, so they belong to one worker.
    together = pytest.mark.xdist_group(str(case))
    return [together] if quick else [together, pytest.mark.slow]


CASES = [pytest.param(case, id=str(case), marks=_marks(case, quick)) for case, quick in _cases()]


def test_the_quick_cases_are_pairwise() -> None:
    quick = [case for case, is_quick in _cases() if is_quick]
    for one, other in combinations(("name", "count", "aspect", "theme"), 2):
        met = {(getattr(case, one), getattr(case, other)) for case in quick}
        everything = {(getattr(case, one), getattr(case, other)) for case, _ in _cases()}
        assert met == everything


@lru_cache(maxsize=1)  # a played scene is large
def _shown(case: Case) -> Showing:
    scene = getattr(importlib.import_module(f"scenes.{case.module}"), case.name)
    text = TEXTS[scene.spec.model][case.count]
    return show(scene, replace(scene.spec, text=text), case.theme, case.aspect)


def number_runs(text: Text):
    return [run for run in text.runs if run.kind == "number"]


@pytest.mark.parametrize("case", CASES, scope="class")
class TestPicture:
    @pytest.fixture
    def showing(self, case):
        return _shown(case)

    def test_it_has_the_tokens_and_the_length(self, case, showing):
        assert len(showing.scene.trace.tokens) == case.count
        assert SECONDS[0] <= showing.stills[-1].beat.end <= SECONDS[1]

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

    def test_printed_rows_add_to_one(self, case, showing):
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
        wanted = case.name in SHOWS_WHOLE_ROWS and case.count <= DIGITS_UP_TO
        assert complete > 0 or not wanted, "some whole row is shown"

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

    def test_type_is_large_enough(self, case, showing):
        least_label, least_digit = LEAST_CAPS[case.aspect]
        for still in showing.stills:
            for text in still.texts:
                least = least_digit if text.in_cell else least_label
                assert text.cap_height >= least - 1e-6, (still.beat.name, text.text)

    def test_type_stands_out(self, showing):
        for still in showing.stills:
            for text in still.texts:
                for ink in text.inks:
                    assert contrast(ink, text.backdrop) >= LEAST_CONTRAST, (still.beat, text)
