"""Points in a plane, and sums spelled out: what stands where, and what it adds up to."""

import itertools

import numpy as np
import pytest

from attnviz import derived
from attnviz.mobjects.moves import InTwoSentences, Spot
from attnviz.mobjects.pen import Pen
from attnviz.mobjects.plane import PlanePlot
from attnviz.mobjects.scaling import WeightedRows
from attnviz.mobjects.sums import FULL_UP_TO, ProductSum, sum_line
from attnviz.mobjects.tokens import excerpt
from attnviz.theme import DARK
from attnviz.zones import Zone
from tests.builders import random_trace

WIDE, TALL = Zone(-6.5, 6.5, -2.5, 3.0), Zone(-3.5, 3.5, -5.5, 5.5)
INK = DARK.palette.ink
N = 11
SLACK = 1e-6


@pytest.fixture(scope="module")
def pen():
    return Pen(DARK, {"": random_trace(N)})


@pytest.mark.parametrize("zone", [WIDE, TALL], ids=["wide", "tall"])
class TestPlane:
    @pytest.fixture
    def plot(self, pen, zone):
        labels = {i: pen.token(f"word{i}") for i in range(N)}
        return PlanePlot(
            pen, "hidden_states[1]", labels, colours=[INK] * N, moves=[(3, 7)], zone=zone
        )

    def test_distances_on_screen_are_those_in_the_plane(self, pen, plot):
        wanted = derived.plane_coordinates(pen.array("hidden_states[1]"))
        ratios = [
            np.linalg.norm(plot.dots[i].get_center() - plot.dots[j].get_center())
            / np.linalg.norm(wanted[i] - wanted[j])
            for i, j in itertools.combinations(range(N), 2)
        ]
        assert np.ptp(ratios) < 1e-6 * max(ratios)

    def test_the_widest_spread_runs_along_the_longer_side(self, plot, zone):
        spread = np.var([dot.get_center() for dot in plot.dots], axis=0)
        assert (spread[1] > spread[0]) == zone.is_tall

    def test_labels_lie_in_the_zone_apart_from_each_other_and_from_points(self, plot, zone):
        labels = [mark[1] for mark in plot.marks() if len(mark) > 1]
        assert len(labels) >= N - 2
        boxes = [
            (*line.get_corner((-1, -1, 0))[:2], *line.get_corner((1, 1, 0))[:2]) for line in labels
        ]
        for left, bottom, right, top in boxes:
            assert zone.left <= left <= right <= zone.right
            assert zone.bottom <= bottom <= top <= zone.top
        for (a, b, c, d), (e, f, g, h) in itertools.combinations(boxes, 2):
            assert a >= g or e >= c or b >= h or f >= d
        for (a, b, c, d), dot in itertools.product(boxes, plot.dots):
            x, y, _ = dot.get_center()
            assert not (a < x < c and b < y < d)

    def test_the_note_tells_the_share_and_the_count(self, plot, pen):
        share = derived.plane_share(pen.array("hidden_states[1]"))
        assert f"{share:.3f}" in plot.note.text
        assert "11 vectors" in plot.note.text


def test_a_word_in_two_sentences_is_drawn_from_its_own_traces():
    traces = {"": random_trace(5, d_v=11), "other": random_trace(7, seed=3)}
    pen = Pen(DARK, traces)
    spots = (Spot(1, 4), Spot(1, 2, "other"))
    for spot, trace in zip(spots, traces.values(), strict=True):
        before = trace.hidden_states[1, spot.place].astype(float)
        np.testing.assert_allclose(pen.array(spot.before), before)
        wanted = before + trace.layers[1].output[spot.place]
        np.testing.assert_allclose(pen.array(spot.after), wanted, atol=1e-6)
    plot = InTwoSentences(pen, spots, 0, WIDE)
    assert [line.text for line in plot.sentences] == [
        " ".join(trace.tokens) for trace in traces.values()
    ]
    key = int(traces["other"].layers[1].weights[0, 2].argmax())
    assert plot.mark(3)[1].text == f"after looking at word{key}"


def product_sum(pen, row, query):
    values = [f"layers[1].v[2, {key}, 5]" for key in range(N)]
    return ProductSum(
        pen,
        row,
        values,
        f"layers[1].heads[2, {query}, 5]",
        colours=(INK, INK, INK),
        width=6.0,
    )


def test_a_long_dot_product_shows_its_largest_products_its_smallest_and_the_true_total(pen):
    line = product_sum(pen, "layers[1].weights[2, 3]", 3)
    weights, values = (pen.array(f"layers[1].{a}") for a in ("weights[2, 3]", "v[2]"))
    sizes = np.abs(weights * values[:, 5])
    order = np.argsort(-sizes)
    assert line.shown == [*order[:3], order[-1]]
    assert N > FULL_UP_TO
    assert any("7 more" in sign.text for sign in line.joints if hasattr(sign, "text"))
    assert line.total.value == pytest.approx(float(weights @ values[:, 5]), abs=1e-6)
    assert line.width <= 6.0 + 1e-6
    assert line.relation.text == "≈"


def test_a_sum_of_terms_adds_up_as_printed_and_breaks_into_lines(pen):
    terms = [f"product(layers[0].weights[1, 2, {k}], 3)" for k in range(N)]
    line = sum_line(pen, terms, "product(total(layers[0].weights[1, 2]), 3)", [INK] * N, 4.0)
    shown = [float(term.text.replace("−", "-")) for term in line.terms]
    assert sum(shown) == pytest.approx(float(line.total.text))
    assert line.width <= 4.0 + 1e-6
    assert line.relation.text == "="
    assert len({round(term.baseline, 3) for term in line.terms}) > 1


@pytest.mark.parametrize("zone", [WIDE, TALL], ids=["wide", "tall"])
def test_weighted_rows_are_level_with_what_they_are_made_of(pen, zone):
    weights = "layers[1].weights[2, 3]"
    rows = WeightedRows(
        pen,
        weights,
        "layers[1].v[2]",
        "layers[1].heads[2, 3]",
        query="word3",
        tokens=[f"word{i}" for i in range(N)],
        zone=zone,
    )
    for key in range(N):
        assert rows.cells[key].get_y() == pytest.approx(rows.values.row(key).get_y(), abs=0.03)
        assert rows.digit_of(key).address == f"layers[1].weights[2, 3, {key}]"
    # The three share one ramp: a weighted element has the colour of its value times its weight.
    share = pen.value("layers[1].weights[2, 3, 4]") * pen.value("layers[1].v[2, 4, 6]")
    wanted = DARK.palette.signed(share / pen.value("extent(layers[1].v[2])"))
    assert rows.scaled.cell(4, 6).get_fill_color().to_hex() == wanted.upper()
    assert zone.left - SLACK <= rows.get_left()[0] < rows.get_right()[0] <= zone.right + SLACK
    assert zone.bottom - SLACK <= rows.get_bottom()[1] < rows.get_top()[1] <= zone.top + SLACK


def test_an_excerpt_keeps_the_word_it_is_about():
    words = [f"w{i}" for i in range(13)]
    assert excerpt(words, 0, 3) == "w0 w1 w2 …"
    assert excerpt(words, 6, 3) == "… w5 w6 w7 …"
    assert excerpt(words, 12, 3) == "… w10 w11 w12"
    assert excerpt(words[:3], 1, 3) == "w0 w1 w2"
