"""Tokens with their ids, columns under tokens, and the table that they come from."""

import numpy as np
import pytest

from attnviz.mobjects.columns import Columns, EmbeddingTable, TokenSlots, signed_fill
from attnviz.mobjects.flow import in_even_lines, in_lines
from attnviz.mobjects.pair_of_sums import PairOfSums
from attnviz.mobjects.pen import Pen
from attnviz.mobjects.token_ids import TokenIds, largest_cap, typed
from attnviz.theme import DARK
from attnviz.zones import Zone
from tests.builders import random_trace

WIDE, TALL = Zone(-6.5, 6.5, -2.5, 3.0), Zone(-3.5, 3.5, -5.5, 5.5)
N, WIDTH, VOCABULARY = 11, 13, 17
SUM = "add(token_embeddings, position_embeddings)"
SLACK = 0.03


@pytest.fixture(scope="module")
def pen():
    return Pen(DARK, {"": random_trace(N, d_model=WIDTH, vocabulary=VOCABULARY)})


@pytest.fixture(scope="module")
def tokens():
    return [f"word{i}" for i in range(N)]


def corners(mobject):
    return mobject.get_corner((-1, -1, 0)), mobject.get_corner((1, 1, 0))


def colour_at(image, entry, entries):
    """The colour in the middle of one element of a drawn column, 0 to 255."""
    pixels = image.pixel_array
    row = int((entry + 0.4) * pixels.shape[0] / entries)
    return pixels[row, pixels.shape[1] // 3, :3]


@pytest.mark.parametrize("zone", [WIDE, TALL], ids=["wide", "tall"])
class TestTokens:
    def test_each_token_stands_over_its_id_in_the_order_of_reading(self, pen, tokens, zone):
        cut = TokenIds(pen, tokens, zone)
        places = [(round(-float(word.get_y()), 2), float(word.get_x())) for word in cut.words]
        assert places == sorted(places)
        for i, (word, number) in enumerate(zip(cut.words, cut.numbers, strict=True)):
            assert number.text == str(pen.traces[""].ids[i])
            assert number.get_x() == pytest.approx(word.get_x(), abs=2 * SLACK)
            assert number.get_top()[1] < word.get_bottom()[1]
        low, high = corners(cut)
        assert zone.left <= low[0] < high[0] <= zone.right
        assert zone.bottom <= low[1] < high[1] <= zone.top

    def test_the_typed_sentence_keeps_to_the_zone(self, pen, tokens, zone):
        cap = largest_cap(pen, tokens, zone)
        low, high = corners(typed(pen, " ".join(tokens), zone, cap))
        assert zone.left <= low[0] < high[0] <= zone.right


def test_lines_are_as_few_as_can_be_and_even(pen):
    pieces = [pen.words("mm") for _ in range(7)]
    width = 5.2 * pieces[0].width
    assert [len(line) for line in in_lines(pieces, width, 0.0)] == [5, 2]
    assert [len(line) for line in in_even_lines(pieces, width, 0.0)] == [4, 3]
    assert [len(line) for line in in_lines(pieces, None, 0.0)] == [7]


class TestColumns:
    @pytest.fixture
    def fill(self, pen):
        return signed_fill(pen, SUM)

    def test_a_cell_has_the_colour_of_its_element(self, pen, fill):
        columns = Columns(
            pen, SUM, [-2.0, 1.0], zone=WIDE, width=0.3, fill=fill, colour="#FFFFFF", tokens=[7, 3]
        )
        for place, token in enumerate((7, 3)):
            for entry in (0, 5, 12):
                value = pen.value(f"{SUM}[{token}, {entry}]")
                wanted = [int(fill(value)[i : i + 2], 16) for i in (1, 3, 5)]
                found = colour_at(columns.images[place], entry, WIDTH)
                np.testing.assert_allclose(found, wanted, atol=1)

    def test_a_frame_is_around_its_element(self, pen, fill):
        columns = Columns(pen, SUM, [0.0], zone=WIDE, width=0.3, fill=fill, colour="#FFFFFF")
        frame = columns.frame(0, 4, "#FFFFFF")
        # Element 4 of 13: its middle lies 4.5 thirteenths of the way down.
        assert frame.get_y() == pytest.approx(WIDE.top - 4.5 * WIDE.height / WIDTH, abs=1e-6)

    def test_slots_keep_columns_apart_and_under_their_tokens(self, pen, tokens):
        slots = TokenSlots(pen, tokens, TALL, [3, 7])
        left, right = slots.beside(-1), slots.beside(1)
        half = slots.width_of_column / 2
        edges = [
            x + side
            for pair in zip(left, right, strict=True)
            for x in pair
            for side in (-half, half)
        ]
        assert edges == sorted(edges)
        for i, x in enumerate(slots.middles):
            assert slots.row[i].get_x() == pytest.approx(x, abs=SLACK)
            assert slots.ids[i].address == f"ids[{i}]"

    def test_a_vector_comes_from_its_words_place_in_the_table(self, pen, fill):
        table = EmbeddingTable(pen, WIDE, fill)
        columns = Columns(pen, SUM, [0.0], zone=WIDE, width=0.3, fill=fill, colour="#FFFFFF")
        assert f"{VOCABULARY} tokens, {WIDTH} numbers" in table.title.text
        # Word 6 of 17: its middle lies 6.5 seventeenths of the way to the right.
        wanted = WIDE.left + 6.5 * WIDE.width / VOCABULARY
        assert table.mark(6).get_x() == pytest.approx(wanted, abs=1e-6)
        assert table.taken(6, columns.images[0]).get_x() == pytest.approx(wanted, abs=1e-6)
        assert table.taken(6, columns.images[0]).height == pytest.approx(table.strip.height)


@pytest.mark.parametrize("zone", [WIDE, TALL], ids=["wide", "tall"])
def test_two_sums_stand_side_by_side_with_their_positions(pen, tokens, zone):
    both = PairOfSums(
        pen,
        ("token_embeddings", "position_embeddings", SUM),
        (2, 9),
        tokens=tokens,
        zone=zone,
        fill=signed_fill(pen, SUM),
    )
    assert [line.text for line in both.words] == ["word2", "word9"]
    assert "position 9" in [line.text for line in both.under]
    xs = [part.images[half].get_x() for half in (0, 1) for part in (*both.terms, both.sums)]
    assert xs == sorted(xs)
    low, high = corners(both)
    assert zone.left <= low[0] < high[0] <= zone.right
