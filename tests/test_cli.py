"""The command line: what it prints, its exit codes, and one clear line for every bad input."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import render
from attnviz import theme
from attnviz.models import names as model_names
from attnviz.render import catalogue
from attnviz.render.jobs import SUFFIXES
from attnviz.render.output import QUALITIES, THEMES

ROOT = Path(__file__).resolve().parent.parent
OWN = "tests/fixtures/own_scene.py"
FAST_SECONDS = 0.5
COMMANDS = (
    "doctor",
    "embed",
    "gallery",
    "heads",
    "list",
    "post",
    "preview",
    "sheet",
    "tour",
    "trace",
    "train",
)


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Return the exit code, stdout and stderr of a command line."""
    capsys.readouterr()
    code = render.main(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def process(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "render.py"), *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


# -- help and lists --------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(), ("--help",), ("self-attention", "--help")])
def test_the_help_shows_scenes_options_and_commands(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    flat = " ".join(out.split())
    for ref in catalogue.listed():
        assert f"{ref.name} {catalogue.summary(ref)}" in flat
    subject = ("--text", "--target", "--model", "--layer", "--head", "--mask", "--hide-special")
    for option in (*subject, "--json"):
        assert option in out
    assert "--quality draft|web|hd|4k" in flat
    assert "[default: web]" in flat
    assert "--theme dark|light" in flat
    assert "[default: dark]" in flat
    assert "[default: media]" in flat
    assert all(f" {command} " in flat for command in COMMANDS)
    assert "_RENDER_PY_COMPLETE" in out


def test_themes_and_qualities_are_those_of_the_films() -> None:
    assert tuple(theme.THEMES) == THEMES
    sizes = {q.name: (q.width, q.height, q.fps) for q in QUALITIES.values()}
    assert sizes == {
        "draft": (854, 480, 15),
        "web": (1280, 720, 30),
        "hd": (1920, 1080, 60),
        "4k": (3840, 2160, 60),
    }


STORY = (
    "embeddings",
    "self-attention",
    "projections",
    "score-grid",
    "softmax",
    "causal-mask",
    "weighted-sum",
    "multi-head",
    "cross-attention",
)


def test_the_list_is_in_narrative_order(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "list", "--json")
    assert code == 0
    assert json.loads(out) == [
        {"name": ref.name, "summary": catalogue.summary(ref)} for ref in catalogue.listed()
    ]
    _, plain, _ = run(capsys, "list")
    shown = [line.split()[0] for line in plain.splitlines()]
    assert shown == [name for name in STORY if name in shown]
    assert {"self-attention", "score-grid", "causal-mask", "multi-head"} <= set(shown)


def test_commands_win_over_scenes_and_may_follow_debug(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--debug", "list") == run(capsys, "list")
    assert run(capsys, "--version")[1].startswith("attnviz")


def _complete(words: str, index: int) -> list[str]:
    environment = os.environ | {
        "_RENDER_PY_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(index),
    }
    done = subprocess.run(
        [sys.executable, "render.py"], env=environment, capture_output=True, text=True, check=False
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_completion_offers_scenes_commands_options_and_models() -> None:
    assert set(_complete("render.py se", 1)) == {"self-attention"}
    assert _complete("render.py self-attention mul", 2) == ["multi-head"]
    assert "--quality" in _complete("render.py self-attention --q", 2)
    assert _complete("render.py self-attention --model ", 3) == list(model_names())
    assert _complete("render.py sheet causal-mask --theme l", 4) == ["light"]
    assert _complete("render.py train w", 2) == ["writer"]
    assert "auto:previous" in _complete("render.py self-attention --head a", 3)


def _processor_seconds(words: Sequence[str]) -> float:
    """Return the time a command takes of a processor: that of the clock follows other work."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process(*words).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("words", [(), ("--help",), ("list", "--json")], ids=" ".join)
def test_what_needs_no_model_is_fast(words: tuple[str, ...]) -> None:
    assert _processor_seconds(words) < FAST_SECONDS


def test_a_film_that_is_there_already_is_fast(tmp_path: Path) -> None:
    words = (f"{OWN}:TwoBeats", "--quality", "draft", "-o", str(tmp_path), "--json")
    assert json.loads(process(*words).stdout)["cached"] is False
    assert json.loads(process(*words).stdout)["cached"] is True
    assert _processor_seconds(words) < 2 * FAST_SECONDS
    code = (
        "import sys, render; code = render.main(sys.argv[1:]);"
        "heavy = {'torch', 'manim', 'numpy', 'av'} & set(sys.modules); assert not heavy, heavy;"
        "sys.exit(code)"
    )
    subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)


# -- rendering -------------------------------------------------------------------------------


def test_json_alone_stands_on_stdout(tmp_path: Path) -> None:
    words = (f"{OWN}:TwoBeats", "--quality", "draft", "--theme", "light", "--text", "été <b>")
    done = process(*words, "-o", str(tmp_path / "a b"), "--json")
    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    assert told["scene"] == "two-beats"
    assert told["spec"] == {
        "text": "été <b>",
        "target": None,
        "model": "random",
        "layer": None,
        "head": None,
        "mask": None,
        "hide_special": False,
    }
    assert list(told["files"]) == list(SUFFIXES)
    assert all(Path(path).is_absolute() and Path(path).is_file() for path in told["files"].values())
    assert told["seconds"] > 3
    assert told["cached"] is False
    # What a scene prints goes elsewhere.
    assert "a scene may print" in done.stderr


def test_people_are_told_paths_sizes_and_seconds(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capfd, f"{OWN}:TwoBeats", "--quality", "draft", "-o", str(tmp_path))
    assert code == 0
    head, *files = out.splitlines()
    assert re.fullmatch(r"two-beats: \d\.\d s of film, 854×480, made in \d+\.\d s", head)
    for what, line in zip(SUFFIXES, files, strict=True):
        path = re.fullmatch(rf"  {what} +[\d.]+ k?B  (/.+)", line)
        assert path, line
        assert Path(path[1]).is_file()
    _, again, _ = run(capfd, f"{OWN}:TwoBeats", "--quality", "draft", "-o", str(tmp_path))
    assert "already there" in again


def test_one_failing_scene_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenes = (f"{OWN}:Broken", f"{OWN}:TwoBeats", f"{OWN}:TwoBeats")
    code, out, err = run(capsys, *scenes, "--quality", "draft", "-o", str(tmp_path), "--json")
    assert code == 1
    # In the order in which they end.
    told = {line["scene"]: line for line in map(json.loads, out.splitlines())}
    broken, good = told["broken"], told["two-beats"]
    assert "a scene's own mistake" in broken["error"]
    assert "files" in good
    line, last = [line for line in err.splitlines() if line.startswith("render.py")]
    assert line.endswith("run again with --debug for the traceback")
    assert last == "render.py: 1 of 2 films failed"
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["two-beats"]


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = run(capsys, f"{OWN}:Broken", "--quality", "draft", "-o", str(tmp_path), "--debug")
    assert "Traceback" in err
    assert "ZeroDivisionError" in err
    _, _, err = run(capsys, "--debug", "nope")
    assert "Traceback" in err


@pytest.mark.parametrize("interrupt", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, interrupt: signal.Signals) -> None:
    media = tmp_path / "media"
    words = [f"{OWN}:Endless", "--quality", "draft", "-o", str(media)]
    running = subprocess.Popen(
        [sys.executable, "render.py", *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    _wait_for_film(media)
    running.send_signal(interrupt)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 128 + interrupt
    assert b"Traceback" not in err
    assert b".mp4" not in out
    assert not media.exists()


def test_a_reader_that_leaves_early_ends_the_command_quietly(tmp_path: Path) -> None:
    words = ["sheet", f"{OWN}:TwoBeats", "-o", str(tmp_path)]
    running = subprocess.Popen(
        [sys.executable, "render.py", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    assert b"rror" not in running.stderr.read()
    running.stderr.close()
    assert running.wait() == 1


def test_a_kill_leaves_only_what_the_next_run_sweeps(tmp_path: Path) -> None:
    words = ["--quality", "draft", "-o", str(tmp_path)]
    running = subprocess.Popen(
        [sys.executable, "render.py", f"{OWN}:Endless", *words], stderr=subprocess.DEVNULL
    )
    _wait_for_film(tmp_path)
    running.kill()
    running.wait()
    assert all(path.name.startswith(".attnviz-") for path in tmp_path.iterdir())
    assert process("sheet", f"{OWN}:TwoBeats", *words).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["two-beats"]


def _wait_for_film(media: Path) -> None:
    deadline = time.monotonic() + 60
    while not any(media.glob(".attnviz-*/manim/**/*.svg")):
        assert time.monotonic() < deadline, "the render did not begin"
        time.sleep(0.05)


# -- sheets, traces --------------------------------------------------------------------------


def test_a_sheet_is_named_like_the_film(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sheet", f"{OWN}:TwoBeats", "--theme", "light", "-o", str(tmp_path), "--json")
    code, out, _ = run(capsys, *words)
    assert code == 0
    told = json.loads(out)
    assert told["files"] == {"sheet": str(tmp_path / "two-beats" / "two-beats-light.sheet.png")}
    assert told["scene"] == "two-beats"


def test_a_trace_is_printed_and_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from attnviz.records import ModelTrace

    file = tmp_path / "saved.safetensors"
    words = ("--text", "she thanked the nurse", "--layer", "0", "--head", "1", "-o", str(file))
    code, out, err = run(capsys, "trace", *words)
    assert (code, err) == (0, "")
    saved = ModelTrace.load(file)
    layer = saved.layers[0]
    assert saved.tokens == ("she", "thanked", "the", "nurse")
    for title in ("Q  4 × ", "K  4 × ", "V  4 × ", "scores  4 × 4", "weights  4 × 4"):
        assert title in out
    weights = out.partition("weights")[2].splitlines()[1:]
    assert weights[0].split() == list(saved.tokens)
    for row, line in enumerate(weights[1:5]):
        label, *cells = line.split()
        assert label == saved.tokens[row]
        values = [float(cell.replace("−", "-")) for cell in cells]
        assert values == pytest.approx(layer.weights[1, row].tolist(), abs=0.01)
        assert sum(round(value * 100) for value in values) == 100
    first = out.partition("Q  ")[2].splitlines()[2].split()[1]
    assert float(first.replace("−", "-")) == pytest.approx(layer.q[1, 0, 0], abs=0.005001)


# -- bad input -------------------------------------------------------------------------------

SCENE = "self-attention"
TEXT = (SCENE, "--text")
BAD = {
    "unknown scene": (("self-atention",), "did you mean 'self-attention'"),
    "unknown file": (("no/such.py:Scene",), "no scene file 'no/such.py'"),
    "no scene": (("--quality", "draft"), "no scene named; give one or more of embeddings"),
    "unknown option": ((SCENE, "--txt", "x"), "--text"),
    "unknown quality": ((SCENE, "--quality", "webb"), "did you mean 'web'"),
    "unknown theme": ((SCENE, "--theme", "drak"), "did you mean 'dark'"),
    "unknown model": ((SCENE, "--model", "redaer"), "did you mean 'reader'"),
    "unknown layer": ((SCENE, "--layer", "7"), "layer 7: reader has layers 0–1"),
    "unknown head": ((SCENE, "--head", "9"), "head 9: layer 1 of reader has heads 0–3"),
    "negative layer": ((SCENE, "--layer", "-1"), "layers count from 0"),
    "layer that is no number": ((SCENE, "--layer", "one"), "'one' is not a valid integer"),
    "unknown mask": ((SCENE, "--mask", "casual"), "did you mean 'causal'"),
    "mask without width": ((SCENE, "--mask", "window:0"), "N must be from 1"),
    "empty text": ((*TEXT, ""), "nothing to read"),
    "white text": ((*TEXT, " \t\n "), "nothing to read"),
    "control character": ((*TEXT, "a\x07b"), "U+0007 at position 1"),
    "bytes": ((*TEXT, "a \udcff"), "U+DCFF at position 2"),
    "bidirectional override": ((*TEXT, "a \u202eb"), "U+202E at position 2"),
    "10,000 words": ((*TEXT, "word " * 10_000), "at most 2,000"),
    "too many tokens": ((*TEXT, "word " * 33), "at most 32"),
    "too few tokens": ((*TEXT, "word"), "2 to 32 tokens"),
    "script without a font": ((*TEXT, "\U000103a0 here"), "U+103A0"),
    "right to left": ((*TEXT, "שלום עולם"), "U+05E9, HEBREW LETTER SHIN"),
    "Arabic": ((*TEXT, "مرحبا بالعالم"), "U+0645, ARABIC LETTER MEEM"),
    "CJK": ((*TEXT, "今日は 良い 天気"), "U+4ECA"),
    "train nothing known": (("train", "raeder"), "did you mean 'reader'"),
    "trace of nothing": (("trace", "--text", ""), "nothing to read"),
    "trace of an unknown layer": (("trace", "--layer", "2"), "reader has layers 0–1"),
}


NO_FILMS = ("train", "trace")
BAD_SHEETS = {
    f"sheet, {case}": (("sheet", *words), said)
    for case, (words, said) in BAD.items()
    if words[0] not in NO_FILMS
}


@pytest.mark.parametrize(
    ("words", "said"), [*BAD.values(), *BAD_SHEETS.values()], ids=[*BAD, *BAD_SHEETS]
)
def test_bad_input_ends_in_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    media = tmp_path / "media"
    place = () if words[0] in NO_FILMS else ("-o", str(media))
    code, out, err = run(capsys, *words, *place)
    assert code == 2
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("render.py: ")
    assert said in line
    assert len(line) < 400
    assert not media.exists()


@pytest.mark.parametrize("words", [(f"{OWN}:TwoBeats",), ("sheet", f"{OWN}:TwoBeats")])
def test_a_folder_that_cannot_be_written_is_the_machines_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    # A file in its place: root may write into any folder.
    (tmp_path / "media").write_text("a file")
    for folder in (tmp_path / "media", tmp_path / "media" / "deeper"):
        code, out, err = run(capsys, *words, f"{OWN}:Broken", "-o", str(folder))
        assert (code, out) == (1, "")
        (line,) = err.splitlines()
        assert line.startswith(f"render.py: the output folder {folder} cannot be written")
    assert (tmp_path / "media").read_text() == "a file"


def test_training_into_a_folder_that_cannot_be_written_fails_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("a file")
    code, _, err = run(capsys, "train", "reader", "-o", str(tmp_path / "file" / "x.safetensors"))
    assert code == 1
    assert len(err.splitlines()) == 1


# -- the real scenes -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("theme_name", THEMES)
@pytest.mark.parametrize("ref", catalogue.listed(), ids=lambda ref: ref.name)
def test_every_scene_renders_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ref: catalogue.SceneRef, theme_name: str
) -> None:
    import av

    from attnviz.render.checking import decode
    from attnviz.render.poster import MOST_BYTES

    further = ["--format", "webm"] if theme_name == "dark" else []
    wanted = [ref.name, "--theme", theme_name, "-o", str(tmp_path), "--json", *further]
    code, out, _ = run(capsys, *wanted)
    assert code == 0
    files = {what: Path(path) for what, path in json.loads(out)["files"].items()}
    facts = decode(files["video"])
    assert (facts.codec, facts.pixel_format) == ("h264", "yuv420p")
    assert (facts.width, facts.height, facts.fps) == (1280, 720, 30)
    assert facts.index_first
    told = json.loads(files["manifest"].read_text("utf-8"))
    beats = told["beats"]
    assert [beat["start"] for beat in beats[1:]] == [beat["end"] for beat in beats[:-1]]
    assert beats[0]["start"] == 0
    total = sum(beat["end"] - beat["start"] for beat in beats)
    assert facts.frames == round(total * facts.fps)
    assert 20 <= total <= 60
    # What a page may be asked to carry: 1.5 MB in H.264 and 1 MB in AV1 for 40 s.
    for what, most in (("video", 1_500_000), ("webm", 1_000_000)):
        if what in files:
            assert files[what].stat().st_size < most * max(1, total / 40)
    assert files["poster"].stat().st_size <= MOST_BYTES
    with av.open(str(files["video"])) as container:
        assert json.loads(container.metadata["comment"])["key"] == told["key"]


@pytest.mark.slow
def test_held_frames_stay_true_to_what_was_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import av
    import numpy as np

    from attnviz.render.encoding import FilmWriter
    from attnviz.render.films import film
    from attnviz.render.jobs import Job
    from attnviz.render.output import Output

    held: dict[int, np.ndarray] = {}
    write = FilmWriter.write_frame

    def keep(self: FilmWriter, pixels: np.ndarray, *, repeat: int = 1, **new: object) -> None:
        write(self, pixels, repeat=repeat, **new)
        if repeat > 1:
            held[self.frames - 1] = pixels[..., :3].astype(float)

    monkeypatch.setattr(FilmWriter, "write_frame", keep)
    ref = catalogue.find("self-attention")
    clip = film(Job(ref, catalogue.default_spec(ref), Output()), tmp_path)
    assert held
    with av.open(str(clip.files["video"])) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index in held:
                found = frame.to_ndarray(format="rgb24").astype(float)
                error = ((found - held[index]) ** 2).mean()
                assert 10 * np.log10(255**2 / error) > 34, index
