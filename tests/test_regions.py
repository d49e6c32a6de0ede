"""What can be pointed at: every number and every cell is where the film shows it."""

import importlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from attnviz.addresses import resolve
from attnviz.colour import rgb
from attnviz.mobjects.entries import Entries, entries, entry
from attnviz.render.output import QUALITIES, Output
from attnviz.render.regions import regions
from attnviz.render.running import StillRenderer, run
from attnviz.rounding import agrees
from scenes import SCENES

OUTPUT = Output(QUALITIES["draft"])
QUICK = {"causal_mask", "projections", "weighted_sum"}
NEAR = 3 / 255
"""How far a drawn colour may be from the one that was meant."""

BY_SIGN = {("ScoreGrid", "spread"), ("ScoreGrid", "shares")}
"""Scenes and beats whose cells are coloured by their sign alone: the blocks of histograms."""

SAMPLES = 24
LEAST_SIDE = 4


@dataclass(frozen=True)
class Stand:
    """A scene at the end of one beat."""

    beat: str
    regions: list
    numbers: set
    still: np.ndarray


@dataclass(frozen=True)
class Played:
    traces: dict
    palette: object
    stands: list


@lru_cache(maxsize=1)
def played(module: str, name: str, text: str | None = None) -> Played:
    cls = getattr(importlib.import_module(f"scenes.{module}"), name)
    made, stands = [], []

    def make() -> StillRenderer:
        made.append(StillRenderer())
        return made[0]

    def watch(scene, beat) -> None:
        found = regions(scene, OUTPUT.width, OUTPUT.height)
        numbers = {(number.address, number.text) for number in scene.drawn_numbers()}
        stands.append(Stand(beat.name, found, numbers, made[0].still(scene)[:, :, :3] / 255))

    spec = cls.spec if text is None else replace(cls.spec, text=text)
    with tempfile.TemporaryDirectory() as folder:
        scene = run(cls, spec, OUTPUT, make, Path(folder), watch)
    return Played(dict(scene.pen.traces), scene.theme.palette, stands)


def _cases() -> Iterator[object]:
    for module, name in SCENES:
        marks = [pytest.mark.xdist_group(f"regions-{module}")]
        if module not in QUICK:
            marks.append(pytest.mark.slow)
        yield pytest.param((module, name), id=name, marks=marks)


def is_cells(region: dict) -> bool:
    return "text" not in region


def element_of(region: dict, row: int | None, column: int | None) -> str:
    """Return an element's address as the page makes it: its indices inside the last bracket."""
    index = ", ".join(str(i) for i in (row, column) if i is not None)
    address = region["address"]
    return f"{address[:-1]}, {index}]" if address.endswith("]") else f"{address}[{index}]"


def cells_of(region: dict) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """Yield each cell's address and its box."""
    rows, columns = region["rows"] or [None], region["columns"] or [None]
    x, y, width, height = region["box"]
    across, down = width / len(columns), height / len(rows)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            box = (x + j * across, y + i * down, across, down)
            yield element_of(region, row, column), box


@pytest.mark.parametrize("case", list(_cases()), scope="class")
class TestRegions:
    @pytest.fixture
    def film(self, case):
        return played(*case)

    def test_every_number_on_screen_is_there_once_a_place(self, film):
        for stand in film.stands:
            found = {(r["address"], r["text"]) for r in stand.regions if not is_cells(r)}
            assert found == stand.numbers, stand.beat

    def test_numbers_agree_with_the_trace(self, film):
        for stand in film.stands:
            for region in stand.regions:
                if not is_cells(region):
                    value = float(resolve(region["address"], film.traces))
                    assert agrees(region["text"], value), (stand.beat, region)

    def test_boxes_lie_in_the_frame(self, film):
        for stand in film.stands:
            for region in stand.regions:
                x, y, width, height = region["box"]
                assert width > 0 < height
                assert -0.5 <= x <= x + width <= OUTPUT.width + 0.5, (stand.beat, region)
                assert -0.5 <= y <= y + height <= OUTPUT.height + 0.5, (stand.beat, region)

    def test_every_cell_is_one_number(self, film):
        for stand in film.stands:
            for region in filter(is_cells, stand.regions):
                for address, _ in cells_of(region):
                    assert np.ndim(resolve(address, film.traces)) == 0, (stand.beat, address)

    def test_numbers_have_ink_in_their_boxes_and_none_at_the_sides(self, film):
        """A box is as wide as its own digits: beside them is what is behind them."""
        for stand in film.stands:
            for region in stand.regions:
                if is_cells(region):
                    continue
                x, y, width, height = (round(side) for side in region["box"])
                inside = stand.still[y : y + height, x : x + width].reshape(-1, 3)
                contrast = np.ptp(inside.mean(axis=1))
                assert contrast > 0.1, (stand.beat, region)

    def test_cells_have_the_colour_of_their_value(self, case, film):
        looked_at = 0
        for stand in film.stands:
            for place, region in enumerate(stand.regions):
                above = [other["box"] for other in stand.regions[place + 1 :]]
                by_value = (case[1], stand.beat) not in BY_SIGN
                if is_cells(region) and _is_plain(region) and by_value:
                    looked_at += _check_colours(film, stand, region, above)
        assert looked_at > 0 or not any(map(is_cells, film.stands[-1].regions))


def _is_plain(region: dict) -> bool:
    """Tell whether a region is a matrix of heat: bars have one colour whatever they show."""
    shape = len(region["rows"] or [0]), len(region["columns"] or [0])
    _, _, width, height = region["box"]
    return max(shape) > 1 and min(width / shape[1], height / shape[0]) >= LEAST_SIDE


def _check_colours(film: Played, stand: Stand, region: dict, above: list) -> int:
    """Read values back from the pixels by the theme's ramps; return how many cells were read."""
    cells = list(cells_of(region))
    values = {address: float(resolve(address, film.traces)) for address, _ in cells}
    chosen = cells[:: max(1, len(cells) // SAMPLES)]
    finite = [abs(value) for value in values.values() if np.isfinite(value)]
    largest = max(cells, key=lambda cell: np.nan_to_num(abs(values[cell[0]]), posinf=0.0))
    is_share = "weights" in region["address"] and not region["address"].startswith("scaled")
    ramp = film.palette.weights if is_share else film.palette.signed
    steps, table = _table(ramp, 0.0 if is_share else -1.0)
    extent = 1.0
    if not is_share:
        # The strongest cell tells the scale; the others must agree with it.
        read = _read(stand.still, largest[1], above, table, steps)
        if read is None or abs(read) < 0.2:
            return 0
        extent = values[largest[0]] / read
        assert extent > 0, (stand.beat, largest)
        assert extent >= max(finite) * 0.98, (stand.beat, largest)
    count = framed = 0
    for address, box in chosen:
        if not np.isfinite(values[address]):
            wanted = np.array(rgb(film.palette.cell))
            samples = list(_samples(stand.still, box, above))
            assert not samples or min(abs(s - wanted).max() for s in samples) <= NEAR, address
            continue
        read = [_step(sample, table, steps) for sample in _samples(stand.still, box, above)]
        known = [step for step in read if step is not None]
        if read and not known and not framed:
            framed = 1  # a frame may lie over one of them
        elif read:
            off = min((abs(step - values[address] / extent) for step in known), default=9.0)
            assert off <= 0.03, (stand.beat, address, values[address], known, extent)
            count += 1
    return count


@lru_cache
def _table(ramp, low: float) -> tuple[np.ndarray, np.ndarray]:
    """Return many steps of a ramp and their colours."""
    steps = np.linspace(low, 1, 2001)
    return steps, np.array([rgb(ramp(float(step))) for step in steps])


def _samples(still: np.ndarray, box: tuple, above: list) -> Iterator[np.ndarray]:
    """Yield the colours at some places of a cell, in its middle and aside of its digits."""
    x, y, width, height = box
    for across, down in ((0.5, 0.5), (0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        left, top = x + across * width, y + down * height
        if not any(a <= left <= a + w and b <= top <= b + h for a, b, w, h in above):
            yield still[int(top), int(left)]


def _step(sample: np.ndarray, table: np.ndarray, steps: np.ndarray) -> float | None:
    """Return where on a ramp a colour is; None where it is not on it."""
    off = np.abs(table - sample).max(axis=1)
    return float(steps[off.argmin()]) if off.min() <= NEAR else None


def _read(still: np.ndarray, box: tuple, above: list, table, steps) -> float | None:
    found = [_step(sample, table, steps) for sample in _samples(still, box, above)]
    return next((step for step in found if step is not None), None)


@pytest.mark.slow
def test_a_number_in_a_line_with_ligatures_has_a_box_of_its_own():
    film = played("causal_mask", "CausalMask")
    stand = next(stand for stand in film.stands if stand.beat == "shares")
    (hidden,) = (r for r in stand.regions if r["address"].startswith("hidden_shares("))
    assert hidden["box"][2] < 40, "the box of 0.92, not of the whole caption"


def test_a_slice_counts_from_the_beginning_of_its_array():
    assert entries("a.w_q[0:4, 6:8]", (4, 2)) == Entries("a.w_q", (0, 1, 2, 3), (6, 7))
    assert entries("a.q[3, 2:4]", (2, 5)) == Entries("a.q[3]", (2, 3), (0, 1, 2, 3, 4))
    assert entries("a.w_o[2:4, 5]", (2,)) == Entries("a.w_o", (2, 3), (5,))
    assert entries("a.v[1]", (3, 2), rows=(2,)) == Entries("a.v[1]", (2,), (0, 1))
    assert entries("exp(a.v[1, 0])", (3,)) == Entries("exp(a.v[1, 0])", None, (0, 1, 2))
    assert entries("a.v[1, 0]", (2,), upright=True) == Entries("a.v[1, 0]", (0, 1), None)


def test_an_entry_is_the_last_index_of_its_array():
    assert entry("a.v[1, 2, 3]") == Entries("a.v[1, 2]", None, (3,))
    assert entry("product(a.v[1, 2], a.k[1, 2])[3]").columns == (3,)
    assert entry("dot(a.v[1, 2], a.k[1, 2])") is None
