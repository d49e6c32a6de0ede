"""The heads worth filming: the table, the JSON, the picture of all heads, and the film of one."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import render
from attnviz.colour import rgb
from attnviz.errors import UserError
from attnviz.head_rules import BEHAVIOURS, HeadRule, parse_head
from attnviz.mobjects.overview import Overview, marks
from attnviz.mobjects.pen import Pen
from attnviz.ranking import ranked, survey
from attnviz.records import ModelTrace
from attnviz.render import catalogue
from attnviz.render.heads import file_name
from attnviz.render.keys import content_key, source_files
from attnviz.render.output import Output, Quality
from attnviz.render.running import draw
from attnviz.sources import load_trace
from attnviz.spec import Spec
from attnviz.theme import THEMES
from attnviz.zones import Zone
from scenes.causal_mask import CausalMask
from scenes.self_attention import SelfAttention
from tests.builders import planted_trace, random_trace
from tests.pictures import show

TOKENS = ("the", "nurse", "told", "the", "man", "that", "old")
N = len(TOKENS)
BEFORE = np.eye(N, k=-1, dtype=bool)
PLACE = (7, 10)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = render.main(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# -- the command -------------------------------------------------------------------------------


@pytest.fixture
def planted(tmp_path: Path) -> str:
    path = tmp_path / "planted.safetensors"
    planted_trace(TOKENS, {PLACE: BEFORE}, causal=True).save(path)
    return str(path)


def test_the_table_lists_the_best_heads_and_how_to_film_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], planted: str
) -> None:
    picture = tmp_path / "all.png"
    words = ("heads", "--model", planted, "--pair", "man>nurse", "--top", "2", "-o", str(picture))
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    trace = ModelTrace.load(planted)
    first, second = ranked(trace, HeadRule("previous"))[:2]
    assert (first.layer, first.head) == PLACE
    row = next(i for i, line in enumerate(lines) if line.startswith("looks at the previous token"))
    assert lines[row].split()[5:] == ["7", "10", f"{first.value:.2f}", "--head", "auto:previous"]
    where = [str(second.layer), str(second.head)]
    assert lines[row + 1].split() == [
        *where, f"{second.value:.2f}", "--layer", where[0], "--head", where[1]
    ]  # fmt: skip
    assert any("next token" in line and "the masks hide it" in line for line in lines)
    (pair,) = (line for line in lines if line.startswith("man looks at nurse"))
    assert shlex.split(pair)[-2:] == ["--head", "auto:man>nurse"]
    assert lines[-1] == f"all heads: {picture}"
    with Image.open(picture) as image:
        assert image.size == (2560, 1440)


def test_json_tells_every_value_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], planted: str
) -> None:
    picture = tmp_path / "deeper" / "all.png"
    words = ("heads", "--model", planted, "--json", "--top", "5", "-o", str(picture))
    code, out, err = run(capsys, *words, "--theme", "light")
    assert (code, err) == (0, "")
    told = json.loads(out)
    trace = ModelTrace.load(planted)
    assert told["tokens"] == list(TOKENS)
    assert told["files"] == {"picture": str(picture)}
    assert [one["head"] for one in told["behaviours"]] == [f"auto:{name}" for name in BEHAVIOURS]
    for one in told["behaviours"]:
        assert bool(one["heads"]) == (one["why_not"] is None)
        if one["heads"]:
            best = ranked(trace, parse_head(one["head"]))[:5]
            found = [(head["layer"], head["head"], head["value"]) for head in one["heads"]]
            assert found == [(head.layer, head.head, head.value) for head in best]
    assert picture.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--pair", "bank>rosse"), "'rosse' is no key token, did you mean 'roses'?"),
        (("--pair", "bnak>roses"), "'bnak' is no query token, did you mean 'bank'?"),
        (("--pair", "bank"), "pair 'bank': give QUERY>KEY"),
        (("--pair", "a\x07>b"), "control character U+0007"),
        (("--pair", "he>he", "--pair", "by>by", "--pair", "by>he"), "at most 2"),
        (("--top", "0"), "--top"),
        (("--theme", "drak"), "did you mean 'dark'"),
        (("--model", "redaer"), "did you mean 'reader'"),
        (("--text", "שלום עולם"), "HEBREW LETTER SHIN"),
    ],
)
def test_bad_input_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    picture = tmp_path / "media" / "all.png"
    code, _, err = run(capsys, "heads", *words, "-o", str(picture))
    assert code == 2
    (line,) = err.splitlines()
    assert said in line
    assert not picture.parent.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--head", "auto:prevous"), "unknown head 'auto:prevous', did you mean 'auto:previous'?"),
        (("--head", "auto:bank>rose"), "'rose' is no key token, did you mean 'roses'?"),
        (("--head", "first"), "did you mean 'auto:first'?"),
    ],
)
def test_an_unknown_behaviour_meets_the_closest(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, "trace", *words)
    assert (code, out) == (2, "")
    assert said in err


def test_names_of_pictures_are_safe_and_their_own() -> None:
    spec, pair = Spec(), HeadRule("pair", ("../a", "b"))
    assert file_name(spec, [], "dark") == "heads.png"
    assert file_name(spec, [], "light") == "heads-light.png"
    name = file_name(spec, [pair], "dark")
    assert name.startswith("heads-auto-a-b-")
    assert "/" not in name
    assert name != file_name(spec, [HeadRule("pair", ("a", "b"))], "dark")


# -- the picture -------------------------------------------------------------------------------

SIZE = Quality("test", 1920, 1080, 1)


def drawn(
    trace: ModelTrace, best: tuple[int, int], theme: str, tmp_path: Path, *, quiet: bool = False
) -> tuple[np.ndarray, Overview]:
    """Draw all heads and return the pixels with the mobject that they are of."""
    made: list[Overview] = []

    def make() -> list[Overview]:
        pen = Pen(THEMES[theme], {"": trace}, hide_special=quiet)
        found = marks([best], THEMES[theme])
        made.append(Overview(pen, trace, found, Zone(-6.5, 6.5, -3.5, 3.5), SIZE.height / 8))
        return made

    pixels = draw(Output(SIZE, theme), make, tmp_path)
    return pixels, made[0]


def framed_cells(pixels: np.ndarray, overview: Overview, shape: tuple[int, int]) -> np.ndarray:
    """Return the colours in the middle of each cell of the framed head ``[query, key, rgb]``."""
    frame = overview.frames[0]
    scale = SIZE.height / 8
    x, y, _ = frame.get_center()
    # A frame stands in the middle of the gaps around its grid.
    width, height = (side - overview.gap / 2 for side in (frame.width, frame.height))
    columns = (x - width / 2 + width * (np.arange(shape[1]) + 0.5) / shape[1]) * scale + 960
    rows = 540 - (y + height / 2 - height * (np.arange(shape[0]) + 0.5) / shape[0]) * scale
    return pixels[rows.astype(int)[:, None], columns.astype(int), :3].astype(int)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("causal", [False, True])
def test_every_cell_of_the_framed_head_has_the_colour_of_its_weight(
    tmp_path: Path, theme: str, causal: bool
) -> None:
    trace = planted_trace(TOKENS, {PLACE: BEFORE}, causal=causal)
    pixels, overview = drawn(trace, PLACE, theme, tmp_path)
    palette = THEMES[theme].palette
    weights = trace.layers[7].weights[10]
    seen = framed_cells(pixels, overview, (N, N))
    for query, key in np.ndindex(N, N):
        hidden = causal and key > query
        wanted = palette.background if hidden else palette.weights(float(weights[query, key]))
        assert np.abs(seen[query, key] - 255 * rgb(wanted)).max() <= 2, (query, key)


def test_a_cross_attention_keeps_its_shape(tmp_path: Path) -> None:
    trace = random_trace(5, target=3)
    pixels, overview = drawn(trace, (1, 2), "dark", tmp_path)
    weights, ramp = trace.layers[1].weights[2], THEMES["dark"].palette.weights
    seen = framed_cells(pixels, overview, (3, 5))
    for place in np.ndindex(3, 5):
        assert np.abs(seen[place] - 255 * rgb(ramp(float(weights[place])))).max() <= 2
    said = [line.text for line in overview.labels]
    assert said == ["layer 0", "layer 1, cross", "head 0", "head 1", "head 2"]


def test_many_heads_keep_every_label_apart() -> None:
    zone = Zone(-4.0, 4.0, -3.0, 3.0)
    trace = planted_trace(("a", "b"), {}, n_layers=24, n_heads=16)
    overview = Overview(Pen(THEMES["dark"], {"": trace}), trace, [], zone, 100)
    for lines in (
        [line for line in overview.labels if line.text.startswith("layer")],
        [line for line in overview.labels if line.text.isdigit()],
    ):
        assert len(lines) > 3
        for one, two in pairwise(lines):
            apart = two.get_left()[0] >= one.get_right()[0], two.get_top()[1] <= one.get_bottom()[1]
            assert any(apart), (one.text, two.text)
    for part in (overview.image, overview.labels):
        assert part.get_left()[0] >= zone.left - 0.02
        assert part.get_right()[0] <= zone.right + 0.02
        assert part.get_top()[1] <= zone.top + 0.02
        assert part.get_bottom()[1] >= zone.bottom - 0.02


def test_more_tokens_than_pixels_show_their_largest_weights() -> None:
    n = 61
    trace = planted_trace(
        tuple(f"t{i}" for i in range(n)),
        {(0, 1): np.eye(n, k=-1, dtype=bool)},
        n_layers=1,
        n_heads=2,
    )
    theme = THEMES["dark"]
    overview = Overview(Pen(theme, {"": trace}), trace, [], Zone(-1.0, 1.0, -1.0, 1.0), 50)
    mosaic = overview.image.pixel_array
    bright = np.abs(mosaic[:, :, :3] - 255 * rgb(theme.palette.weights(1.0))).max(axis=2) < 60
    side = mosaic.shape[1] // 2
    assert n > side
    assert not bright[:, :side].any()
    # The line of the previous tokens has no hole.
    assert bright[:, side:].any(axis=0).sum() >= int(0.8 * side) - 1


def test_the_tokenizers_own_tokens_are_quiet_where_so_wanted(tmp_path: Path) -> None:
    plain = planted_trace(TOKENS, {PLACE: BEFORE})
    trace = ModelTrace(
        model="m", text="x", tokens=TOKENS, ids=tuple(range(N)), layers=plain.layers, special=(1,)
    )
    loud, overview = drawn(trace, PLACE, "dark", tmp_path)
    quiet, _ = drawn(trace, PLACE, "dark", tmp_path, quiet=True)
    before, after = (framed_cells(pixels, overview, (N, N)) for pixels in (loud, quiet))
    assert after[1, 0].sum() < before[1, 0].sum() / 2
    assert after[2, 1].sum() < before[2, 1].sum() / 2
    assert (after[3, 2] == before[3, 2]).all()


# -- films -------------------------------------------------------------------------------------


def test_a_film_shows_the_head_that_was_found() -> None:
    spec = Spec(head="auto:previous")
    best = ranked(load_trace(Spec()), HeadRule("previous"))[0]
    scene = show(SelfAttention, spec, "dark").scene
    assert (scene.layer, scene.head) == (best.layer, best.head)
    assert scene.trace.focus is not None
    assert f"{best.value:.2f} of each row" in scene.trace.focus.reason


def test_the_traces_that_a_film_compares_are_of_one_head() -> None:
    scene = show(
        CausalMask, Spec(model="writer", mask="causal", head="auto:bank>roses"), "dark"
    ).scene
    others = {prefix: trace.focus for prefix, trace in scene._traces.items()}
    assert len(others) > 1
    assert {(focus.layer, focus.head) for focus in others.values() if focus} == {
        (scene.layer, scene.head)
    }


def test_a_scene_with_a_layer_of_its_own_looks_in_all_layers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    best = survey(load_trace(Spec()))[2].heads[0]
    assert best.layer == 1
    words = ("sheet", "softmax", "--head", "auto:self", "--json", "-o", str(tmp_path))
    code, out, _ = run(capsys, *words)
    assert code == 0
    told = json.loads(out)
    assert told["spec"]["head"] == "auto:self"
    assert told["spec"]["layer"] is None


def test_the_key_of_a_film_covers_how_its_head_was_found() -> None:
    ref, output = catalogue.find("self-attention"), Output()
    names = {path.name for path in source_files(ref.source)}
    assert {"ranking.py", "head_rules.py", "habits.py", "focus.py"} <= names
    specs = (
        Spec(),
        Spec(head=0),
        Spec(head="auto:self"),
        Spec(head="auto:a>b"),
        Spec(head="auto:a>B"),
    )
    assert len({content_key(ref, spec, output) for spec in specs}) == len(specs)


def test_words_find_the_pieces_of_a_language_model(language_model: Callable[[str], Path]) -> None:
    spec = Spec(text="He left by the bank of the river.", model=str(language_model("bert")))
    trace = load_trace(replace(spec, head="auto:RIVER>Bank"))
    focus = trace.focus
    assert focus is not None
    query, key = trace.tokens.index("river"), trace.tokens.index("bank")
    every = np.stack([layer.weights[:, query, key] for layer in trace.layers])
    assert (focus.layer, focus.head) == np.unravel_index(every.argmax(), every.shape)
    assert focus.query == query
    assert f"the most of {every.size} heads" in focus.reason
    # Its own tokens are at both ends, and no word's twin.
    assert trace.special == (0, len(trace.tokens) - 1)
    with pytest.raises(UserError, match=r"'\[SEB\]' is no key token, did you mean '\[SEP\]'"):
        load_trace(replace(spec, head="auto:river>[SEB]"))
