"""Attention grids as SVG: true to the trace, readable, and safe whatever the tokens hold."""

import base64
import io
import re
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from attnviz.colour import contrast, hex_colour
from attnviz.errors import UserError
from attnviz.records import ModelTrace
from attnviz.rounding import printed_row
from attnviz.svg import Picture
from attnviz.theme import THEMES
from tests.builders import random_trace, unchecked

SVG = "{http://www.w3.org/2000/svg}"
LEAST_CONTRAST = 4.5


def drawn(picture):
    return ElementTree.fromstring(str(picture))


def cells(picture):
    """Return what a pointer reads, the fill, the digits and their colour of every cell."""
    found = []
    for group in drawn(picture).iter(f"{SVG}g"):
        rect, text = group.find(f"{SVG}rect"), group.find(f"{SVG}text")
        if rect is not None:
            digits = (None, None) if text is None else (text.text, text.get("fill"))
            found.append((group.find(f"{SVG}title").text, rect.get("fill"), *digits))
    return found


def lines(picture):
    return [text.text for text in drawn(picture).iter(f"{SVG}text")]


def expected_rows(weights):
    rows = (zip(row, printed_row(row), strict=True) for row in weights.tolist())
    return [[text if share else "0" for share, text in row] for row in rows]


def with_tokens(tokens):
    """Return a trace of these tokens."""
    trace = random_trace(len(tokens))
    layers = tuple(replace(layer, query_tokens=tokens, key_tokens=tokens) for layer in trace.layers)
    return replace(trace, tokens=tokens, layers=layers)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("theme", THEMES)
def test_every_number_is_that_of_the_trace(theme, causal):
    trace = random_trace(7, n_heads=3, causal=causal)
    rows = expected_rows(trace.layers[0].weights[1])
    found = cells(trace.show(0, 1, theme=theme))
    assert [digits for _, _, digits, _ in found] == [text for row in rows for text in row]
    for row in range(7):
        printed = [float(digits) for _, _, digits, _ in found[7 * row : 7 * row + 7]]
        assert sum(printed) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("theme", THEMES)
def test_digits_stand_out_from_their_cells(theme):
    palette = THEMES[theme].palette
    for _, fill, digits, ink in cells(random_trace(11, causal=True).show(theme=theme)):
        assert contrast(ink, fill) >= LEAST_CONTRAST
        assert (fill == palette.background) == (digits == "0")


def test_queries_are_rows_and_keys_are_columns():
    trace = random_trace(5, target=3)
    picture = trace.show()
    words = lines(picture)
    assert words[0] == "layer 1, head 2"
    assert {"Query", "Key"} <= set(words)
    said = [said for said, *_ in cells(picture)]
    rows = expected_rows(trace.layers[1].weights[2])
    assert said[:5] == [f"mot0 → word{key}: {rows[0][key]}" for key in range(5)]
    assert len(said) == 15
    places = {text.text: text.attrib for text in drawn(picture).iter(f"{SVG}text")}
    assert len({places[f"word{key}"]["y"] for key in range(5)}) == 1
    assert len({places[f"mot{query}"]["x"] for query in range(3)}) == 1
    assert float(places["mot0"]["y"]) < float(places["mot2"]["y"])


def test_a_pixel_is_taken_from_the_ramp():
    trace = random_trace(5)
    for (_, fill, *_), share in zip(
        cells(trace.show(0, 0)), trace.layers[0].weights[0].flat, strict=True
    ):
        assert fill == THEMES["dark"].palette.weights(float(share))


def test_digits_stop_above_twelve_tokens():
    assert all(digits for _, _, digits, _ in cells(random_trace(12).show()))
    found = cells(random_trace(13).show())
    assert len(found) == 169
    assert not any(digits for _, _, digits, _ in found)
    rows = expected_rows(random_trace(13).layers[1].weights[2])
    assert found[14][0] == f"word1 → word1: {rows[1][1]}"


def test_large_grid_is_one_true_image():
    trace = random_trace(37, causal=True)
    picture = trace.show(theme="light")
    assert cells(picture) == []
    (image,) = drawn(picture).iter(f"{SVG}image")
    png = base64.b64decode(image.get("href").removeprefix("data:image/png;base64,"))
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")) / 255
    side = len(pixels) // 37
    assert pixels.shape == (37 * side, 37 * side, 3)
    cells_of_image = pixels.reshape(37, side, 37, side, 3)
    assert (cells_of_image == cells_of_image[:, :1, :, :1]).all()
    pixels = cells_of_image[:, 0, :, 0]
    palette, weights = THEMES["light"].palette, trace.layers[1].weights[2]
    assert hex_colour(pixels[0, 36]) == palette.background
    for pair in [(0, 0), (1, 0), (1, 1), (36, 5)]:
        level = np.rint(weights[pair] * 254) / 254
        assert hex_colour(pixels[pair]) == palette.weights(float(level))


def test_tokens_cannot_break_out():
    tokens = ("<script>", 'a"b&', "\x00\x1b", "'", "]]>", "</svg>", "\u202e")
    picture = with_tokens(tokens).show()
    assert len(list(drawn(picture).iter(f"{SVG}script"))) == 0
    assert 'a"b&' in lines(picture)
    assert any("\\x00\\x1b" in said for said, *_ in cells(picture))
    assert "\u202e" not in str(picture)


def test_long_token_is_cut_and_whole_under_the_pointer():
    word = "antidisestablishmentarianism"
    picture = with_tokens((word, "a")).show()
    titles = [title.text for title in drawn(picture).iter(f"{SVG}title")]
    assert titles.count(word) == 2
    assert word not in lines(picture)


def test_nothing_leaves_the_picture():
    for trace in (random_trace(7), random_trace(13), random_trace(41), with_tokens(("a", "b"))):
        root = drawn(trace.show())
        wide, tall = float(root.get("width")), float(root.get("height"))
        for rect in root.iter(f"{SVG}rect"):
            if rect.get("x") is not None:
                assert 0 <= float(rect.get("x")) <= wide - float(rect.get("width"))
                assert 0 <= float(rect.get("y")) <= tall - float(rect.get("height"))
        for text in root.iter(f"{SVG}text"):
            assert 0 < float(text.get("y")) < tall
            assert 0 < float(text.get("x")) < wide


def test_focus_is_shown_by_default():
    trace = random_trace(5)
    assert trace._repr_svg_() == str(trace.show()) == str(trace.show(1, 2))
    assert trace.show(0).title == "layer 0, head 2"
    assert replace(trace, focus=None).show().title == "layer 1, head 0"
    assert trace.layers[0].show(1).title == "layers.0.attention, head 1"
    assert trace.show(np.int64(1), np.int64(0)).title == "layer 1, head 0"


def test_counterfactual_mask_is_named():
    layer = replace(random_trace(5, causal=True).layers[0], counterfactual_mask="causal")
    assert layer.show().title.endswith("mask causal in place of its own")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"layer": 2}, "layer 2: the trace of 'random' has layers 0–1"),
        ({"layer": -1}, "layer -1: the trace of 'random' has layers 0–1"),
        ({"head": 3}, "head 3: layer 'layers.1.attention' has heads 0–2"),
        ({"head": "3"}, "head: wanted a whole number, got str"),
        ({"theme": "drak"}, "unknown theme 'drak', did you mean 'dark'? (there are dark, light)"),
    ],
)
def test_what_is_not_there_is_refused(wanted, message):
    with unchecked(), pytest.raises(UserError) as caught:
        random_trace(5).show(**wanted)
    assert str(caught.value) == message


def test_trace_without_layers_has_no_picture():
    bare = ModelTrace(model="m", text="a", tokens=("a",), ids=(0,), layers=())
    assert bare._repr_svg_() is None
    with pytest.raises(UserError, match="holds no attention layer"):
        bare.show()


def test_too_long_a_text_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr("attnviz.svg.grid.MOST", 4)
    with pytest.raises(UserError, match="5 tokens, at most 4 can be shown"):
        random_trace(5).show()


def test_picture_is_written_to_a_file(tmp_path):
    picture = random_trace(3).show()
    picture.save(tmp_path / "grid.svg")
    assert (tmp_path / "grid.svg").read_text("utf-8") == str(picture) == picture._repr_svg_()
    with pytest.raises(UserError, match="cannot be written"):
        picture.save(tmp_path / "nowhere" / "grid.svg")


def test_consoles_get_one_short_line():
    trace = random_trace(5)
    assert repr(trace) == "<trace of 'random', tokens=5, layers=2>"
    wanted = "<self-attention 'layers.1.attention', heads=3, queries=5, keys=5>"
    assert repr(trace.layers[1]) == wanted
    assert re.fullmatch(r"<picture: .*>", repr(Picture("layer 1, head 3", "<svg/>")))


def test_drawing_loads_neither_torch_nor_manim():
    code = (
        "import sys; from tests.builders import random_trace; random_trace(5).show();"
        "print(*sorted({'torch', 'manim'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
