"""The benchmarks measure what they say: similarity, cost, and what follows from them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import av
import numpy as np
import pytest

from attnviz.render.conversion import Converter
from attnviz.render.output import QUALITIES, Output
from benchmarks.cost import Cost, cost
from benchmarks.growth import exponent, serial_share, speed_up
from benchmarks.long_texts import save_long_trace
from benchmarks.on_paper import Parts
from benchmarks.scaling import measured
from benchmarks.scaling import report as scaling_report
from benchmarks.sides import ours, scenes_named, stock
from benchmarks.similarity import Similarity, compare, ssim
from benchmarks.stock import Pair, Round, claims, pairs
from benchmarks.studio import ROUNDS, SCENE, Times, editor, sentences, too_late
from benchmarks.tokens import Growth, report, seconds_a_second

# x264 and ffmpeg hold (0.01 · 255)² against sums over 8 × 8 pixels, so against a mean its 64th.
SSIM_C1 = (0.01 * 255) ** 2 / 64
# Rounded to 8 bits twice, a channel of a flat colour comes back within one level.
NEARLY = 0.999


def flat(*rgb: int, width: int = 157, height: int = 101) -> av.VideoFrame:
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = rgb
    return av.VideoFrame.from_ndarray(pixels, format="rgb24")


def noisy(rng: np.random.Generator, deviation: float) -> av.VideoFrame:
    values = 128 + deviation * rng.standard_normal((101, 157, 3))
    return av.VideoFrame.from_ndarray(values.clip(0, 255).astype(np.uint8), format="rgb24")


def test_similarity_of_flat_colours_is_the_closed_form() -> None:
    one, other = (11, 23, 37), (23, 23, 31)
    by_hand = fmean(
        (2 * x * y + SSIM_C1) / (x * x + y * y + SSIM_C1) for x, y in zip(one, other, strict=True)
    )
    assert list(ssim([(flat(*one), flat(*other))] * 3)) == pytest.approx([by_hand] * 3, abs=1e-5)


def test_equal_frames_are_1_and_more_noise_is_less_alike() -> None:
    rng = np.random.default_rng(0)
    still, low, high = (noisy(rng, deviation) for deviation in (13.0, 13.0, 41.0))
    same, other, far = ssim([(still, still), (still, low), (still, high)])
    assert same == 1
    assert 0 <= far < other < 0.2


@pytest.mark.parametrize("rgb", [(16, 20, 26), (86, 180, 233), (240, 160, 48)])
def test_each_film_is_turned_to_rgb_by_its_own_matrix(rgb: tuple[int, int, int]) -> None:
    pixels = np.full((96, 854, 4), 255, np.uint8)
    pixels[..., :3] = rgb
    # As manim does it: nothing is said of colours.
    unnamed = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="yuv420p")
    named = Converter().convert(pixels)
    assert (int(unnamed.colorspace), int(named.colorspace)) == (2, 1)
    wanted = flat(*rgb, width=854, height=96)
    (both,) = ssim([(unnamed, named)])
    (true,) = ssim([(wanted, named)])
    assert min(both, true) > NEARLY
    misread = av.VideoFrame.from_ndarray(named.to_ndarray(), format="yuv420p")
    (wrong,) = ssim([(misread, named)])
    assert wrong < NEARLY or rgb == (16, 20, 26)  # nearly grey: any matrix will do


def test_frames_that_are_no_pairs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the first"):
        list(ssim([(flat(1, 2, 3), flat(1, 2, 3)), (flat(1, 2, 3), flat(1, 2, 3, width=99))]))
    with pytest.raises(ValueError, match="no frames"):
        list(ssim([]))
    films = [tmp_path / f"{count}.mkv" for count in (5, 7)]
    for film, count in zip(films, (5, 7), strict=True):
        with av.open(str(film), "w") as container:
            stream = container.add_stream("ffv1", rate=5)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
            for _ in range(count):
                container.mux(stream.encode(flat(16, 20, 26, width=96, height=64)))
            container.mux(stream.encode())
    assert compare(films[0], films[0]) == Similarity(5, 1.0, 1.0, 0)
    with pytest.raises(ValueError, match=r"5\.mkv and 7\.mkv are no pair"):
        compare(*films)


BURN = "import time\nwhile time.process_time() < {seconds}: pass\n"
# A child that ends before the grandchild which it started.
ORPHAN = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {code!r}])\n"


def test_cost_counts_descendants_that_outlive_their_starter(tmp_path: Path) -> None:
    burned = 0.7
    code = ORPHAN.format(code=BURN.format(seconds=burned))
    if sys.platform != "linux":
        code += "import os\nos.wait()\n"  # elsewhere nobody adopts orphans
    taken = cost([sys.executable, "-c", code], tmp_path)
    assert burned <= taken.cpu < 2 * burned
    assert 5e6 < taken.peak < 100e6
    assert taken.wall > 0


def test_cost_of_a_failure_is_its_message(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3.*no such thing"):
        cost(
            [sys.executable, "-c", "import sys; print('no such thing', file=sys.stderr); exit(3)"],
            tmp_path,
        )


def turn(stock_wall: float, our_wall: float) -> Round:
    return Round(
        {"a": Cost(stock_wall / 4, 5.0, 7), "b": Cost(3 * stock_wall / 4, 6.0, 7)},
        Cost(our_wall, 2.75, 11),
    )


def test_a_round_is_judged_by_the_sum_of_the_stock_commands() -> None:
    assert turn(80, 20).wall == 0.25
    assert turn(80, 20).cpu == 0.25


def test_claims_hold_for_the_median_round_and_for_every_scene() -> None:
    alike, unlike = Similarity(3, 0.995, 0.97, 2), Similarity(3, 0.98, 0.97, 2)
    rounds = [turn(80, 79), turn(80, 20), turn(80, 24)]
    held = claims(rounds, [Pair("a", alike, 101, 101), Pair("b", alike, 101, 13)])
    assert [claim.holds for claim in held] == [True, True, True]
    assert held[0].found == "0.300"
    failed = claims(rounds[:2], [Pair("a", alike, 101, 103), Pair("b", unlike, 101, 13)])
    assert [claim.holds for claim in failed] == [False, False, False]
    assert [claim.found for claim in failed[1:]] == ["0.9800 in b", "larger: a"]


def test_the_exponent_of_a_power_law_is_its_power() -> None:
    sizes = [8, 16, 64, 256]
    assert exponent(sizes, [3 * size**1.7 for size in sizes]) == pytest.approx(1.7)
    # Errors that cancel, in logarithms, leave the power.
    assert exponent([2, 4, 8], [2, 4 * 1.3, 8]) == pytest.approx(1)


def test_the_serial_share_of_a_run_that_obeys_amdahl_is_found() -> None:
    def wall(workers: int, serial: float) -> float:
        return 80 * (serial + (1 - serial) / workers)

    for serial in (0.0, 0.13, 1.0):
        walls = [wall(workers, serial) for workers in (1, 2, 4)]
        assert serial_share([1, 2, 4], walls) == pytest.approx(serial, abs=1e-9)
    # More than twice as fast with two workers: no share is serial, and none is negative.
    assert serial_share([1, 2], [80.0, 37.0]) == 0


def test_amdahls_law_by_hand() -> None:
    assert speed_up(1, 0.2) == 1
    assert speed_up(4, 0.2) == pytest.approx(2.5)
    assert speed_up(64, 0.0) == pytest.approx(64)
    assert speed_up(10**9, 0.05) == pytest.approx(20)


def test_a_render_on_paper_is_the_sum_of_its_parts() -> None:
    parts = Parts(start=3, unseen=2, drawn=72, longest=0.25, beats=7, read=5)
    assert parts.wall(1) == 80
    assert parts.wall(2) == 3 + 2 + 36 + 5
    assert parts.wall(64) == 3 + 2 + 18 + 5  # the longest beat is cut by nobody
    assert parts.serial == 0.1
    even = Parts(start=3, unseen=2, drawn=70, longest=1 / 7, beats=7, read=5)
    assert even.wall(64) == even.wall(7) == 20
    alone = Parts(start=3, unseen=2, drawn=70, longest=1, beats=1, read=5)
    assert alone.wall(64) == alone.wall(1) == 78


def test_growth_is_told_with_its_exponent_and_the_claimed_ratio() -> None:
    growth = Growth("grid", "hd", {8: 0.5, 64: 1.5, 256: 4.5})
    assert growth.times == 3
    assert Growth("grid", "hd", {8: 0.5, 32: 1.5}).times is None
    last = report([growth]).splitlines()[-1].split()
    assert last == ["grid", "hd", "0.50", "1.50", "4.50", f"{growth.exponent:.2f}", "3.00"]
    assert float(last[-2]) == pytest.approx(0.6, abs=0.05)


@pytest.mark.slow
def test_a_long_sentence_is_filmed_and_timed(tmp_path: Path) -> None:
    trace = save_long_trace(37, tmp_path)
    assert 0.01 < seconds_a_second("grid", "draft", trace, tmp_path / "films") < 30


@pytest.mark.slow
def test_a_clip_is_made_with_one_worker_and_with_two_and_taken_apart() -> None:
    (scene,) = scenes_named(["docs/template_scene.py:SharpestRow"])
    alone, together = measured(scene, [scene], [1, 2], Output(QUALITIES["draft"]))
    for one in (alone, together):
        parts = one.parts
        assert parts.beats == 2
        assert 0.5 <= parts.longest < 1
        assert min(parts.start, parts.drawn, parts.read) > 0
        assert parts.wall(64) == pytest.approx(parts.wall(2))
        assert one.serial is None or 0 <= one.serial <= 1
    assert "on paper with 64 workers" in scaling_report([alone, together])


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_both_sides_make_one_film(tmp_path: Path, theme: str) -> None:
    (scene,) = scenes_named(["docs/template_scene.py:SharpestRow"])
    output = Output(QUALITIES["draft"], theme)
    theirs = stock(scene, output, tmp_path / "stock")
    own = ours([scene], output, tmp_path / "ours")
    (pair,) = pairs({scene.name: theirs}, own)
    assert pair.likeness.frames > 5 * output.quality.fps
    assert pair.likeness.mean >= 0.99
    assert pair.likeness.worst >= 0.95
    assert pair.our_bytes <= pair.stock_bytes
    assert min(theirs.cost.cpu, own.cost.cpu) > 1


def test_the_studio_is_too_late_by_its_median() -> None:
    soon, late = Times([0.2, 0.9, 5.0]), Times([0.2, 1.6, 1.7])
    text = Times([0.5, 0.9, 5.0], [1.2, 1.9, 9.0], [0.4, 0.6, 3.0])
    found = {"open": soon, "text": text, "scene": late, "theme": soon}
    assert too_late(found) == ["scene"]
    for unseen in (
        replace(text, first=[1.1, 1.1, 0.1]),
        replace(text, looked_at=[2.1, 2.1, 0.1]),
        replace(text, glance=[2.1, 2.1, 0.1]),
    ):
        assert too_late({**found, "text": unseen, "scene": soon}) == ["text"]


def test_the_studio_is_given_no_sentence_twice_and_none_that_it_shows_already() -> None:
    from scenes.self_attention import SelfAttention

    found = list(sentences())
    assert SCENE == "self-attention"
    assert len({*found, SelfAttention.spec.text}) == len(found) + 1 > ROUNDS + 1


def test_an_edit_replaces_the_one_place_and_is_refused_where_there_is_none(tmp_path: Path) -> None:
    file = tmp_path / "scene.py"
    file.write_text("a = 1\n", "utf-8")
    save = editor(file, "1", lambda turn: f"1{turn}")
    save(2)
    save(3)
    assert file.read_text("utf-8") == "a = 13\n"
    with pytest.raises(SystemExit, match="no longer holds"):
        editor(file, "b", str)
