"""Bars of one row: their ends stand where the values are, masked scores have none."""

from typing import Any

import numpy as np
import pytest
from manim import tempconfig

from attnviz.derived import entropy
from attnviz.mobjects.bars import BarField, Bars, Scale
from attnviz.mobjects.equations import Equation
from attnviz.mobjects.full_bar import FullBar
from attnviz.mobjects.pen import Pen, element
from attnviz.mobjects.softmax_row import Extremes, SoftmaxRow
from attnviz.rounding import MINUS
from attnviz.theme import DARK
from attnviz.zones import Zone
from tests.builders import random_trace

ZONE = Zone(-6.5, 6.5, -2.5, 3.0)
ROW = "masked(layers[1].scores[2], layers[1].mask[0])[3]"
SHARES = "layers[1].weights[2, 3]"


@pytest.fixture
def pen(tmp_path: Any) -> Any:
    with tempconfig({"media_dir": str(tmp_path), "verbosity": "WARNING"}):
        yield Pen(DARK, {"": random_trace(5, causal=True)})


@pytest.fixture
def field(pen: Pen) -> BarField:
    tokens = random_trace(5, causal=True).tokens
    return BarField(pen, tokens, 5, ZONE, colour=DARK.palette.key)


def tips(bars: Bars, row: np.ndarray) -> list[float]:
    ends = zip(bars.bars, row, strict=True)
    return [float((bar.get_top() if x > 0 else bar.get_bottom())[1]) for bar, x in ends]


def shown(pen: Pen, address: str) -> float:
    return float(pen.printed_text(address).replace(MINUS, "-"))


def test_a_bar_ends_at_the_height_of_its_value(pen: Pen, field: BarField) -> None:
    row = pen.array(ROW)
    scale = Scale.around(row)
    bars = field.bars(ROW, scale)
    finite = row[np.isfinite(row)]
    unit = field.room.height / (max(finite.max(), 0) - min(finite.min(), 0))
    zero = float(bars.line.get_y())
    assert tips(bars, row)[:4] == pytest.approx([zero + unit * x for x in row[:4]], abs=2e-3)


def test_a_masked_score_has_no_bar_and_says_so(pen: Pen, field: BarField) -> None:
    bars = field.bars(ROW, Scale.around(pen.array(ROW)))
    assert bars.bars[4].get_fill_opacity() == 0
    assert bars.shown[4].text == f"{MINUS}∞"
    assert all(bar.get_fill_opacity() == 1 for bar in bars.bars[:4])


def test_less_the_largest_every_bar_ends_where_it_did(pen: Pen, field: BarField) -> None:
    row = pen.array(ROW)
    scale = Scale.around(row)
    before = field.bars(ROW, scale)
    after = field.bars(f"minus_max({ROW})", scale.shifted(-float(row.max())))
    top = float(after.line.get_y())
    assert tips(before, row)[int(row.argmax())] == pytest.approx(top)
    hanging = [float(bar.get_bottom()[1]) for bar in after.bars]
    for old, new, value in zip(tips(before, row), hanging, row, strict=True):
        assert not np.isfinite(value) or value == row.max() or old == pytest.approx(new, abs=2e-3)


def test_printed_differences_and_sums_can_be_checked_by_hand(pen: Pen) -> None:
    shifted, largest = f"minus_max({ROW})", f"greatest({ROW})"
    for key in range(5):
        pen.print_difference(element(ROW, key), largest, element(shifted, key))
    number = {
        address: [
            float(pen.printed_text(element(address, k)).replace(MINUS, "-")) for k in range(4)
        ]
        for address in (ROW, shifted)
    }
    greatest = float(pen.printed_text(largest).replace(MINUS, "-"))
    assert number[shifted] == pytest.approx([score - greatest for score in number[ROW]])
    assert pen.printed_text(element(shifted, int(pen.array(ROW).argmax()))) == "0"
    powers = [element(f"exp({shifted})", key) for key in range(5)]
    total = f"total(exp({shifted}))"
    pen.print_sum(powers, total)
    assert pen.printed_text(powers[4]) == "0"
    assert sum(shown(pen, power) for power in powers) == pytest.approx(shown(pen, total))


def test_shares_lie_end_to_end_and_are_as_long_as_the_zone(pen: Pen) -> None:
    full = FullBar(pen, random_trace(5, causal=True).tokens, SHARES, ZONE)
    shares = pen.array(SHARES)
    lefts = ZONE.left + ZONE.width * np.concatenate([[0.0], np.cumsum(shares[:-1])])
    segments = full.segments
    assert [s.get_left()[0] for s in segments] == pytest.approx(lefts.tolist(), abs=1e-6)
    widths = np.array([segment.width for segment in segments])
    gap = DARK.space.cell_gap / 2
    assert widths[:4] == pytest.approx(ZONE.width * shares[:4] - gap, abs=1e-6)
    assert widths[4] < 1e-3, "a masked key has no share"
    assert full.total.text == "1.00"


def test_values_without_room_give_way_to_the_focused(pen: Pen) -> None:
    narrow = Zone(-0.9, 0.9, -2.0, 2.0)
    field = BarField(pen, (), 5, narrow, colour=DARK.palette.key, focused=[3])
    assert list(field.bars(ROW, Scale(-3.0, 3.0)).shown) == [3]


def test_an_equation_stands_on_one_baseline_in_the_order_written(pen: Pen) -> None:
    slots = {"a": element(SHARES, 0), "b": element(SHARES, 1)}
    line = Equation(pen, "{a} and {b}, twice", slots)
    baselines = [piece.baseline for piece in line]
    assert baselines == pytest.approx([baselines[0]] * len(baselines))
    assert line.parts["a"].get_right()[0] < line.parts["b"].get_left()[0]
    assert [piece.text for piece in line.words()] == ["and", ",", "twice"]


def test_the_row_says_what_is_done_to_its_second_key(pen: Pen) -> None:
    tokens = random_trace(5, causal=True).tokens
    masked = "masked(layers[1].scores[2], layers[1].mask[0])"
    row = SoftmaxRow(pen, masked, "layers[1].weights[2]", 3, tokens, ZONE)
    example = np.argsort(-pen.array(SHARES))[1]
    line = row.subtraction()
    score, largest, difference = (
        float(line.parts[name].text.replace(MINUS, "-"))
        for name in ("score", "largest", "difference")
    )
    assert line.parts["key"].text == tokens[example]
    assert score - largest == pytest.approx(difference)
    assert ("(" in [word.text for word in line.words()]) == (largest < 0)
    assert row.division().parts["share"].text == pen.printed_text(element(SHARES, int(example)))


def test_only_rows_with_a_choice_are_compared(pen: Pen) -> None:
    tokens = random_trace(5, causal=True).tokens
    masked = "masked(layers[1].scores[2], layers[1].mask[0])"
    weights = "layers[1].weights[2]"
    ends = Extremes(pen, masked, weights, tokens, tokens, ZONE)
    spreads = [entropy(row) for row in pen.array(weights)]
    assert ends.rows == [1 + int(np.argmin(spreads[1:])), int(np.argmax(spreads))]
    single = Pen(DARK, {"": random_trace(1)})
    none = Extremes(single, "layers[1].scores[2]", weights, ["one"], ["one"], ZONE)
    assert (none.rows, none.blocks, none.lead_decides) == ([], [], False)
