"""A drawn product: its rows, its columns and its sizes stand where the mathematics puts them."""

from dataclasses import replace

import numpy as np
import pytest
from manim import tempconfig

from attnviz.addresses import resolve
from attnviz.derived import softmax
from attnviz.errors import UserError
from attnviz.mobjects.pen import Pen
from attnviz.mobjects.product import Factor, Product
from attnviz.mobjects.projection import is_normed, projection
from attnviz.mobjects.shared_product import SharedProduct
from attnviz.theme import DARK
from attnviz.zones import Zone
from tests.builders import random_trace

WIDE = Zone(-6.5, 6.5, -2.5, 3.0)
TALL = Zone(-3.5, 3.5, -5.5, 5.5)
INK = "#E8EDF2"
N, D, M = 5, 13, 7
GAP = 0.03
"""Between two cells: matrices of other pitches end by that much sooner or later."""


@pytest.fixture
def pen(tmp_path):
    with tempconfig({"media_dir": str(tmp_path), "verbosity": "WARNING"}):
        yield Pen(DARK, {"": random_trace(N, d_k=M, d_model=D)})


@pytest.fixture
def factors():
    return (
        Factor("layers[1].x_q", INK, symbol="X"),
        Factor("layers[1].w_q[0:13, 7:14]", INK, symbol="W_Q"),
        Factor("layers[1].q[1]", INK, name="queries", symbol="Q"),
    )


def printed_sizes(matrix):
    return [size.text for size in matrix.sizes]


@pytest.mark.parametrize("zone", [WIDE, TALL], ids=["wide", "tall"])
class TestProduct:
    @pytest.fixture
    def product(self, pen, factors, zone):
        return Product(pen, *factors, zone)

    def test_the_shapes_are_written_and_the_inner_sizes_joined(self, product):
        assert printed_sizes(product.left) == ["5", "13"]
        assert printed_sizes(product.right) == ["13", "7"]
        assert printed_sizes(product.result) == ["5", "7"]
        start, end = product.join.points[0], product.join.points[-1]
        inner = product.left.sizes[1], product.right.sizes[0]
        for point, size in zip((start, end), inner, strict=True):
            assert np.linalg.norm(point - size.get_center()) < 0.3

    def test_a_row_of_the_left_is_level_with_its_row_of_the_result(self, product):
        row, _column, element = product.lit(3, 2)
        assert row.get_y() == pytest.approx(element.get_y(), abs=GAP)
        assert row.height == pytest.approx(element.height, abs=GAP)
        # Row 3 of 5: its middle lies 3.5 fifths of the way down.
        body = product.left.body
        assert body.get_top()[1] - row.get_y() == pytest.approx(body.height * 3.5 / N)

    def test_a_column_is_as_far_along_in_the_result_as_in_the_right_one(self, product):
        _row, column, element = product.lit(3, 2)
        for frame, matrix in ((column, product.right), (element, product.result)):
            along = frame.get_x() - matrix.body.get_left()[0]
            assert along == pytest.approx(matrix.body.width * 2.5 / M)

    def test_everything_stays_in_the_zone(self, product, zone):
        assert product.get_left()[0] >= zone.left - 1e-6
        assert product.get_right()[0] <= zone.right + 1e-6
        assert product.get_top()[1] <= zone.top + 1e-6
        assert product.get_bottom()[1] >= zone.bottom - 1e-6


def test_in_a_tall_zone_the_column_stands_above_its_element(pen, factors):
    product = Product(pen, *factors, TALL)
    _row, column, element = product.lit(4, 6)
    assert column.get_x() == pytest.approx(element.get_x(), abs=GAP)
    assert column.get_bottom()[1] > element.get_top()[1]
    assert len(product.signs) == 0


def test_several_right_matrices_share_the_left_one(pen, factors):
    left, right, result = factors
    values = Factor("layers[1].w_v[0:13, 11:22]", INK, "W"), Factor("layers[1].v[1]", INK, "V")
    shared = SharedProduct(pen, left, [right, values[0]], [result, values[1]], WIDE)
    row, column, element = shared.lit(1, 2, 10)
    assert row.get_y() == pytest.approx(element.get_y(), abs=GAP)
    assert column.get_x() == pytest.approx(element.get_x(), abs=GAP)
    assert shared.rights[0].body.get_right()[0] < shared.rights[1].body.get_left()[0]


def test_an_own_ramp_and_extent_colour_the_cells(pen):
    weights = Factor("layers[1].weights[0]", INK, "weights", ramp=DARK.palette.weights, extent=1.0)
    values = Factor("layers[1].v[0]", INK, "V")
    product = Product(pen, weights, values, Factor("layers[1].heads[0]", INK, "Z"), WIDE)
    share = float(random_trace(N, d_k=M, d_model=D).layers[1].weights[0, 2, 4])
    cell = product.left.body.cell(2, 4)
    assert cell.get_fill_color().to_hex() == DARK.palette.weights(share)


class TestProjection:
    @pytest.fixture
    def trace(self):
        return random_trace(N, d_k=M, d_model=D)

    @pytest.mark.parametrize("which", ["q", "k", "v"])
    def test_a_row_times_a_column_and_the_bias_is_the_element(self, trace, which):
        layer = trace.layers[1]
        made = projection(layer, "layers[1]", which, 2)
        found = getattr(layer, which)
        width = found.shape[2]
        assert (made.first, made.last, made.biased) == (2 * width, 3 * width, True)
        traces = {"": trace}
        product = float(np.asarray(resolve(made.sum_of(4, 1), traces)))
        bias = float(getattr(layer, f"b_{which}")[2 * width + 1])
        assert product + bias == pytest.approx(float(found[2, 4, 1]), abs=1e-5)
        assert np.shape(resolve(made.weights, traces)) == (D, width)
        x, result = (resolve(address, traces) for address in made.one(3))
        assert np.array_equal(x, layer.x_q[3:4])
        assert np.array_equal(result, found[2, 3:4])

    def test_heads_that_share_keys_share_their_columns(self, trace):
        own = trace.layers[1]
        w_k, w_v = own.w_k[:, :M], own.w_v[:, : own.v.shape[2]]
        k, v = (np.stack([own.x_kv @ w] * 3) for w in (w_k, w_v))
        scores = np.einsum("hqd,hkd->hqk", own.q, k) * own.scale
        weights = np.asarray(softmax(scores), np.float32)
        shared = replace(
            own,
            w_k=w_k,
            w_v=w_v,
            b_k=None,
            b_v=None,
            k=k,
            v=v,
            scores=scores,
            weights=weights,
            heads=np.einsum("hqk,hkd->hqd", weights, v),
            output=None,
        )
        made = projection(shared, "layers[1]", "k", 2)
        assert (made.first, made.last, made.biased) == (0, M, False)

    def test_queries_that_are_turned_afterwards_are_refused(self, trace):
        layer = trace.layers[1]
        turned = replace(layer, q=-layer.q, k=-layer.k)
        with pytest.raises(UserError, match=r"the queries of layers.1.attention are changed"):
            projection(turned, "layers[1]", "q", 0)

    def test_a_layer_norm_is_told_from_the_hidden_states(self, trace):
        assert is_normed(trace, 1)
        states = np.stack([trace.layers[0].x_q, trace.layers[1].x_q, trace.hidden_states[2]])
        assert not is_normed(replace(trace, hidden_states=states), 1)
        assert not is_normed(replace(trace, hidden_states=None), 1)


def test_labels_without_room_give_way_to_the_focused(pen, factors):
    left, right, result = factors
    tokens = [f"w{i}" for i in range(N)]
    roomy = SharedProduct(pen, left, [right], [result], WIDE, tokens=tokens, focused=[3])
    assert [label.text for label in roomy.labels] == tokens
    low = Zone(-6.5, 6.5, -1.2, 1.2)
    tight = SharedProduct(pen, left, [right], [result], low, tokens=tokens, focused=[3])
    assert [label.text for label in tight.labels] == ["w3"]
    row = tight.left.outline(row=3)
    label = tight.labels[0]
    assert label.baseline + label.cap_height / 2 == pytest.approx(float(row.get_y()))
    assert tight.corner.bottom > tight.left.get_top()[1] - 1e-6
