"""The pictures of scores are true to their numbers: lengths, angles, places."""

from decimal import Decimal

import numpy as np
import pytest

from attnviz.mobjects.angle import SpannedPlane
from attnviz.mobjects.dot import DotProduct
from attnviz.mobjects.histogram import bin_count, histograms
from attnviz.mobjects.named import NamedVector
from attnviz.mobjects.pen import Pen
from attnviz.mobjects.share_bar import ShareBar
from attnviz.rounding import MINUS
from attnviz.theme import DARK
from attnviz.zones import Zone
from tests.builders import random_trace

Q, K = "layers[1].q[2, 3]", "layers[1].k[2, 1]"
SCORE = f"dot({Q}, {K})"
VECTORS = (
    NamedVector(Q, "query", "q", "word3", "#56B4E9"),
    NamedVector(K, "key", "k", "word1", "#F0A030"),
)
ROOM = Zone(-4.0, 5.0, -2.0, 3.0)


@pytest.fixture
def pen():
    return Pen(DARK, {"": random_trace(5, d_k=7)})


def drawn(pen, zone=ROOM):
    return DotProduct(pen, *VECTORS, SCORE, zone, places=1)


def printed(number):
    return Decimal(number.runs[0].text.replace(MINUS, "-"))


def test_every_bar_is_as_long_as_its_product_and_begins_where_the_last_ended(pen):
    dot = drawn(pen)
    products = pen.array(f"product({Q}, {K})")
    heights = np.array([bar.height for bar in dot.bars])
    long = np.abs(products) > 0.1  # shorter bars are drawn thick enough to be seen
    assert long.sum() > 3
    unit = heights[long] / np.abs(products[long])
    np.testing.assert_allclose(unit, unit[0], rtol=1e-6)
    start = dot.ground.get_y()
    for bar, product, step in zip(dot.bars, products, dot.steps, strict=True):
        end = start + product * unit[0]
        assert bar.get_y() == pytest.approx((start + end) / 2, abs=1e-6)
        assert step.get_y() == pytest.approx(end, abs=1e-6)
        start = end
    assert start - dot.ground.get_y() == pytest.approx(pen.value(SCORE) * unit[0], abs=1e-6)


def test_printed_products_add_to_the_printed_score(pen):
    dot = drawn(pen)
    assert sum(map(printed, dot.products.digits)) == printed(dot.total)


def test_a_long_vector_shows_its_ends_and_the_sum_of_the_rest():
    pen = Pen(DARK, {"": random_trace(5, d_k=61)})
    dot = drawn(pen)
    columns = len(dot.products.digits)
    assert 4 < columns < 61
    assert [said.text for said in dot.omitted] == [f"{61 - columns + 1} more"]
    rest = dot.products.digits[columns - 2]
    assert rest.address == f"dot({Q[:-1]}, {columns - 2}:60], {K[:-1]}, {columns - 2}:60])"
    assert sum(map(printed, dot.products.digits)) == printed(dot.total)


@pytest.mark.parametrize("zone", [ROOM, Zone(0.0, 3.0, 0.0, 7.0), Zone(0.0, 9.0, 0.0, 2.5)])
def test_the_plane_is_true_to_lengths_and_angle(pen, zone):
    plane = SpannedPlane(pen, VECTORS, SCORE, zone, places=1)
    one, other = (arrow.get_end() - arrow.get_start() for arrow in plane.arrows)
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    q, k = pen.array(Q).astype(float), pen.array(K).astype(float)
    assert lengths[0] / lengths[1] == pytest.approx(np.linalg.norm(q) / np.linalg.norm(k), rel=1e-6)
    cosine = np.dot(one, other) / (lengths[0] * lengths[1])
    assert cosine == pytest.approx(q @ k / np.linalg.norm(q) / np.linalg.norm(k), abs=1e-6)
    assert zone.left <= plane.get_left()[0] + 1e-3
    assert plane.get_right()[0] <= zone.right + 1e-3
    assert zone.bottom <= plane.get_bottom()[1] + 1e-3
    assert plane.get_top()[1] <= zone.top + 1e-3


def test_a_histogram_has_a_block_a_number_in_its_place(pen):
    wide, narrow = "dot_products(layers[1].q[2], layers[1].k[2])", "layers[1].scores[2]"
    zones = (Zone(0.0, 6.2, 0.0, 3.0), Zone(7.0, 13.2, 0.0, 3.0))
    charts = histograms(pen, {"before": wide, "after": narrow}, zones, places=1)
    reach = pen.value(f"extent({wide})")
    for chart, address, zone in zip(charts, (wide, narrow), zones, strict=True):
        values = pen.array(address).ravel()
        assert len(chart.blocks) == values.size == 25
        width = zone.width / bin_count(values.size)
        for value, block in zip(values, chart.blocks, strict=True):
            place = zone.centre[0] + value / reach * zone.width / 2
            assert abs(block.get_x() - place) <= width / 2 + 1e-6
        assert chart.blocks.get_bottom()[1] >= chart.axis.get_y()


def test_segments_of_a_bar_begin_where_their_shares_do(pen):
    address = "layers[1].weights[2, 3]"
    bar = ShareBar(pen, address, [f"word{i}" for i in range(5)], title="shares", zone=ROOM)
    shares = pen.array(address).astype(float)
    starts = np.concatenate([[0.0], np.cumsum(shares[:-1])])
    lefts = [(segment.get_left()[0] - ROOM.left) / ROOM.width for segment in bar.segments]
    np.testing.assert_allclose(lefts, starts, atol=1e-6)
    names = [name.text.split()[0] for name in bar.names]
    assert names[0] == f"word{shares.argmax()}"
