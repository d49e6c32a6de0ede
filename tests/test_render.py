"""From a job to its files: names, keys, the cache, and what is left when something fails."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import scenes
from attnviz.errors import AttnvizError, UserError
from attnviz.film import Beat, Film, PrintedNumber
from attnviz.naming import kebab
from attnviz.render import catalogue, jobs, keys, manifest
from attnviz.render.beats import contiguous
from attnviz.render.captions import chapters, webvtt
from attnviz.render.films import Progress, film
from attnviz.render.jobs import Job
from attnviz.render.names import stem
from attnviz.render.output import ASPECTS, QUALITIES, THEMES, Output, Quality
from attnviz.render.sheet import sheet
from attnviz.render.workspace import FolderError, publish, workspace
from attnviz.rounding import agrees
from attnviz.spec import Spec
from tests.builders import random_trace

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "tests" / "fixtures" / "own_scene.py"
TINY = Quality("tiny", 160, 90, 5)


def own(class_name: str = "TwoBeats", **subject: object) -> Job:
    ref = catalogue.find(f"{OWN}:{class_name}")
    spec = replace(catalogue.default_spec(ref), **subject)
    return Job(ref, spec, Output(TINY))


def everything_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


# -- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("SelfAttention", "self-attention"),
        ("MultiHead", "multi-head"),
        ("QKVProjections", "qkv-projections"),
        ("Scene2Beats", "scene2-beats"),
        ("with_underscore", "with-underscore"),
    ],
)
def test_class_names_in_kebab_case(class_name: str, name: str) -> None:
    assert kebab(class_name) == name


def test_class_names_that_lose_letters_stay_apart() -> None:
    assert kebab("Tür") != kebab("Tur")
    assert len({kebab("A" * 60 + end) for end in "xyz"}) == 3


def test_names_say_what_differs_from_the_default() -> None:
    default = Spec(model="writer")
    light = Output(QUALITIES["hd"], "light")
    assert stem("s", default, default, Output()) == "s"
    assert stem("s", default, default, light) == "s-hd-light"
    tall = Output(aspect=ASPECTS["9:16"])
    assert stem("s", default, default, tall) == "s-tall"
    spec = replace(default, layer=1, head=0, mask="window:3", model="reader")
    assert stem("s", spec, default, Output()) == "s-model-reader-layer-1-head-0-mask-window-3"
    assert stem("s", Spec(head="auto:self"), Spec(), Output()) == "s-head-auto-self"
    pair = stem("s", Spec(head="auto:../bank>roses"), Spec(), Output())
    assert re.fullmatch(r"s-head-auto-bank-roses-[a-z2-7]{8}", pair)
    assert pair != stem("s", Spec(head="auto:bank>roses"), Spec(), Output())
    text = stem("s", replace(default, text="The nurse said"), default, light)
    assert re.fullmatch(r"s-text-the-nurse-said-[a-z2-7]{8}-hd-light", text)


OUTPUTS = st.builds(
    Output,
    st.sampled_from(list(QUALITIES.values())),
    st.sampled_from(list(THEMES)),
    st.sampled_from(list(ASPECTS.values())),
)
# Texts that look like other options' names are the dangerous ones.
WORDS = st.lists(
    st.sampled_from(["a", "A", "é", "layer", "1", "light", "mask", "none", "日", "-", "text"]),
    min_size=1,
    max_size=4,
).map(" ".join)
SPECS = st.builds(
    Spec,
    text=WORDS.filter(lambda text: text.strip("- ") != ""),
    target=st.none() | WORDS.filter(lambda text: text.strip("- ") != ""),
    model=st.sampled_from(["reader", "writer", "a/b.safetensors", "a-b.safetensors"]),
    layer=st.none() | st.integers(0, 10**400),
    head=st.none()
    | st.integers(0, 12)
    | st.sampled_from(["auto:self", "auto:a>b", "auto:a>B", "auto:a>b-mask"]),
    mask=st.none() | st.sampled_from(["none", "causal", "window:1", "window:11"]),
)


@given(SPECS, SPECS, OUTPUTS, OUTPUTS)
def test_different_films_have_different_names(
    one: Spec, two: Spec, one_output: Output, two_output: Output
) -> None:
    names = [stem("s", one, Spec(), one_output), stem("s", two, Spec(), two_output)]
    for name in names:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert len(name) <= 200
    assert (names[0] == names[1]) == ((one, one_output) == (two, two_output))


@pytest.mark.parametrize(
    ("aspect", "pixels", "units"),
    [
        ("16:9", (1280, 720), (8 * 16 / 9, 8.0)),
        ("1:1", (720, 720), (8.0, 8.0)),
        ("9:16", (720, 1280), (8.0, 8 * 16 / 9)),
    ],
)
def test_the_shorter_side_is_the_same_in_every_aspect(
    aspect: str, pixels: tuple[int, int], units: tuple[float, float]
) -> None:
    output = Output(aspect=ASPECTS[aspect])
    assert (output.width, output.height) == pixels
    assert (output.frame_width, output.frame_height) == pytest.approx(units)


# -- scenes ----------------------------------------------------------------------------------


def test_every_scene_file_is_listed_once_and_every_listed_file_is_there() -> None:
    files = {path.stem for path in catalogue.SCENES_FOLDER.glob("*.py")} - {"__init__"}
    listed = [module for module, _ in scenes.SCENES]
    assert sorted(listed) == sorted(files)
    assert len({ref.name for ref in catalogue.listed()}) == len(listed)


@pytest.mark.parametrize("ref", catalogue.listed(), ids=lambda ref: ref.name)
def test_reading_a_scene_agrees_with_importing_it(ref: catalogue.SceneRef) -> None:
    scene = catalogue.load_class(ref)
    assert catalogue.default_spec(ref) == scene.spec
    assert catalogue.summary(ref) == (scene.__doc__ or "").splitlines()[0] != ""
    assert catalogue.find(ref.name) == ref
    assert catalogue.find(f"{ref.source}:{ref.class_name}") == ref


def test_a_users_own_scene_is_found() -> None:
    ref = catalogue.find(f"{OWN}:TwoBeats")
    assert (ref.name, ref.class_name, ref.source) == ("two-beats", "TwoBeats", OWN)
    assert catalogue.summary(ref) == "A square, then a weight and a masked score."
    assert catalogue.default_spec(ref).model == "random"


def test_a_subject_that_cannot_be_read_is_imported(tmp_path: Path) -> None:
    source = tmp_path / "computed.py"
    source.write_text(
        "from attnviz.stage import AttentionScene\n"
        "from attnviz.spec import Spec\n"
        "WORDS = 'some words'\n"
        "class Computed(AttentionScene):\n"
        "    spec = Spec(text=WORDS)\n"
        "class Heir(Computed):\n"
        "    pass\n"
    )
    for name in ("Computed", "Heir"):
        assert catalogue.default_spec(catalogue.find(f"{source}:{name}")).text == "some words"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("self-atention", "did you mean 'self-attention'"),
        ("nothing-like-it", "there are embeddings, "),
        ("missing.py:Scene", "no scene file 'missing.py'"),
        (f"{OWN.parent}:Scene", "no scene file"),
        (f"{OWN}:TwoBeat", "did you mean 'TwoBeats'"),
        (f"{OWN}", "there are TwoBeats"),
    ],
)
def test_an_unknown_scene_names_the_nearest(name: str, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        catalogue.find(name)


def test_a_file_that_is_no_python_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("class A:\n  def\n")
    with pytest.raises(UserError, match=r"bad\.py, line 2"):
        catalogue.find(f"{tmp_path / 'bad.py'}:A")


def test_a_class_that_is_no_scene_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no scene of attnviz"):
        film(Job(catalogue.find(f"{OWN}:NoScene"), Spec(), Output(TINY)), tmp_path)
    assert everything_in(tmp_path) == {}


def test_an_own_scene_never_takes_a_listed_scenes_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("class SelfAttention: ...\n")
    assert catalogue.find(f"{tmp_path / 'mine.py'}:SelfAttention").name == "mine-self-attention"


# -- keys ------------------------------------------------------------------------------------


def test_the_key_follows_everything_that_a_film_depends_on(tmp_path: Path) -> None:
    source, helper = tmp_path / "mine.py", tmp_path / "helper.py"
    helper.write_text("A = 1\n")
    source.write_text("import helper\nclass Mine: ...\n")
    ref = catalogue.find(f"{source}:Mine")
    spec, output = Spec(), Output()

    def key() -> str:
        return keys.content_key(ref, spec, output)

    first = key()
    assert key() == first
    assert keys.content_key(ref, replace(spec, layer=0), output) != first
    assert keys.content_key(ref, spec, Output(theme="light")) != first
    assert keys.content_key(ref, spec, Output(QUALITIES["draft"])) != first
    helper.write_text("A = 2\n")
    second = key()
    assert second != first
    source.write_text("import helper\nclass Mine: a = 1\n")
    assert key() not in (first, second)


def test_the_key_counts_the_code_and_the_models_but_not_the_command_line() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in keys.source_files(OWN)}
    assert {
        "tests/fixtures/own_scene.py",
        "attnviz/stage/__init__.py",
        "attnviz/text.py",
        "attnviz/attention.py",
        "attnviz/sources/__init__.py",
        "attnviz/mobjects/grid.py",
        "attnviz/render/encoding.py",
        "attnviz/models/transformer.py",
    } <= found
    assert not {"attnviz/cli.py", "render.py", "scenes/self_attention.py"} & found
    models = {path.name for path in keys.model_files("reader")}
    assert {"checkpoint.safetensors", "tokenizer.json"} <= models


def test_a_saved_trace_counts_by_its_bytes(tmp_path: Path) -> None:
    trace = tmp_path / "saved.safetensors"
    trace.write_bytes(b"one")
    ref, spec = catalogue.listed()[0], Spec(model=str(trace))
    first = keys.content_key(ref, spec, Output())
    trace.write_bytes(b"two")
    assert keys.content_key(ref, spec, Output()) != first


def test_keys_need_neither_torch_nor_manim() -> None:
    code = (
        "import sys; from attnviz.render import catalogue, keys; from attnviz.render.output"
        " import Output; ref = catalogue.listed()[0];"
        "keys.content_key(ref, catalogue.default_spec(ref), Output());"
        "sys.exit(bool({'torch', 'manim', 'numpy', 'av'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# -- captions and manifest -------------------------------------------------------------------


def test_beats_cut_a_film_without_gaps() -> None:
    told = [Beat("a", "A", 0.2, 0.99999), Beat("b", "B", 1.2000001, 1.9), Beat("c", "C", 1.9, 2.4)]
    cut = contiguous(told, 13, 5)
    assert [(beat.name, beat.start, beat.end) for beat in cut] == [
        ("a", 0.0, 1.2),
        ("b", 1.2, 2.0),
        ("c", 2.0, 2.6),
    ]
    assert contiguous([], 3, 5) == []


def test_captions_are_escaped_webvtt() -> None:
    beats = [
        Beat("one", "a < b & c --> d\nsecond line", 0.0, 1.5),
        Beat("silent", "  ", 1.5, 2.0),
        Beat("late", "ok", 3599.9996, 3725.25),
    ]
    assert webvtt(beats) == (
        "WEBVTT\n\n"
        "one\n00:00:00.000 --> 00:00:01.500\na &lt; b &amp; c --&gt; d second line\n\n"
        "late\n01:00:00.000 --> 01:02:05.250\nok\n"
    )


def test_chapters_are_the_beats_by_name() -> None:
    beats = [Beat("one-row", "Long words.", 0.0, 1.5), Beat("grid", "", 1.5, 2.0)]
    assert chapters(beats) == (
        "WEBVTT\n\n"
        "one-row\n00:00:00.000 --> 00:00:01.500\nOne row\n\n"
        "grid\n00:00:01.500 --> 00:00:02.000\nGrid\n"
    )


def test_the_manifest_is_valid_json_of_exact_values(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"film")
    numbers = (
        PrintedNumber("layers[0].scores[0, 1, 2]", -np.inf, "−∞"),
        PrintedNumber("layers[0].weights[0, 1, 2]", float(np.float32(0.1)), "0.10"),
        PrintedNumber("size(ids, 0)", np.int64(7), "7"),
    )
    subject = manifest.Subject({"name": "s"}, Spec(), Output(TINY), "key", {"manim": "0"})
    told = Film([Beat("one", "caption", 0.0, 1.0, numbers)], ["a note"])
    text = manifest.manifest(subject, {}, told, {"video": tmp_path / "a.mp4"}, 10)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    read = json.loads(text, parse_constant=refuse)
    values = [number["value"] for number in read["beats"][0]["numbers"]]
    assert values == ["-inf", float(np.float32(0.1)), 7]
    assert read["beats"][0]["numbers"][0]["text"] == "−∞"
    assert (read["frames"], read["seconds"], read["notes"]) == (10, 2.0, ["a note"])
    assert read["files"]["video"]["bytes"] == 4


# -- the private folder ----------------------------------------------------------------------


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "media"

    def work() -> None:
        with workspace(folder) as private:
            (private / "half.mp4").write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert everything_in(tmp_path) == {}


def test_what_a_killed_process_left_is_swept_and_a_living_ones_is_not(tmp_path: Path) -> None:
    dead = tmp_path / ".attnviz-dead"
    dead.mkdir()
    (dead / "half.mp4").write_bytes(b"half")
    with workspace(tmp_path) as first:
        assert not dead.exists()
        with workspace(tmp_path) as second:
            assert first.exists()
            assert second.exists()
    assert everything_in(tmp_path) == {}


def test_a_file_in_place_of_the_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(FolderError, match="cannot be written"), workspace(folder):
            pytest.fail("the workspace opened")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    inside, outside = tmp_path / "media", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "scene").symlink_to(outside)
    (tmp_path / "done").write_text("done")
    with pytest.raises(AttnvizError, match="leads out of the output folder"):
        publish({tmp_path / "done": inside / "scene" / "film.mp4"}, inside)
    assert everything_in(outside) == {}


def test_places_are_looked_at_before_the_first_rename(tmp_path: Path) -> None:
    media = tmp_path / "media"
    (media / "s" / "b.png").mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    places = {tmp_path / "a": media / "s" / "a.mp4", tmp_path / "b": media / "s" / "b.png"}
    with pytest.raises(AttnvizError, match="is a folder"):
        publish(places, media)
    assert not (media / "s" / "a.mp4").exists()


# -- films -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, jobs.Clip]:
    folder = tmp_path_factory.mktemp("media")
    return folder, film(own(), folder)


def test_a_film_has_its_files(rendered: tuple[Path, jobs.Clip]) -> None:
    folder, clip = rendered
    assert sorted(path.name for path in (folder / "two-beats").iterdir()) == [
        "two-beats-tiny.chapters.vtt",
        "two-beats-tiny.manifest.json",
        "two-beats-tiny.mp4",
        "two-beats-tiny.png",
        "two-beats-tiny.vtt",
    ]
    assert [path.name for path in folder.iterdir()] == ["two-beats"]
    assert all(path.is_absolute() and path.is_file() for path in clip.files.values())
    assert not clip.cached


def test_captions_manifest_and_film_agree(rendered: tuple[Path, jobs.Clip]) -> None:
    from attnviz.render.checking import decode

    _, clip = rendered
    told = json.loads(clip.files["manifest"].read_text("utf-8"))
    facts = decode(clip.files["video"])
    assert told["frames"] == facts.frames
    assert told["seconds"] == clip.seconds == facts.seconds
    assert told["beats"][0]["start"] == 0
    assert told["beats"][0]["end"] == told["beats"][1]["start"]
    assert told["beats"][-1]["end"] == facts.seconds
    assert [beat["name"] for beat in told["beats"]] == ["square", "numbers"]
    numbers = {number["address"]: number["text"] for number in told["beats"][1]["numbers"]}
    assert set(numbers) == {"layers[1].weights[2, 1, 0]", "layers[1].weights[2, 1, 1]"}
    assert sum(float(text) for text in numbers.values()) == pytest.approx(1)
    captions = clip.files["captions"].read_text("utf-8")
    assert f"The weight is {numbers['layers[1].weights[2, 1, 1]']}." in captions
    assert told["scene"] == {"name": "two-beats", "class": "TwoBeats", "source": "own_scene.py"}
    assert told["notes"] == ["random weights"]


def test_the_manifest_says_where_the_lit_query_looks_most(
    rendered: tuple[Path, jobs.Clip],
) -> None:
    told = json.loads(rendered[1].files["manifest"].read_text("utf-8"))
    most, trace = told["looks_most"], random_trace(causal=True)
    layer, head, query, key = map(int, re.findall(r"\d+", most["address"]))
    row = trace.layers[layer].weights[head, query]
    assert most["address"] == f"layers[{layer}].weights[{head}, {query}, {key}]"
    assert (key, most["value"]) == (row.argmax(), row.max())
    assert (most["query"], most["key"]) == (trace.tokens[query], trace.tokens[key])
    assert agrees(most["text"], most["value"])


def test_the_poster_is_the_last_frame(rendered: tuple[Path, jobs.Clip]) -> None:
    import av

    _, clip = rendered
    image = np.array(Image.open(clip.files["poster"]).convert("RGB")).astype(int)
    with av.open(str(clip.files["video"])) as container:
        last = list(container.decode(video=0))[-1].to_ndarray(format="rgb24")
    assert image.shape == last.shape
    assert np.abs(image - last).mean() < 3


def test_the_same_film_is_not_rendered_twice(rendered: tuple[Path, jobs.Clip]) -> None:
    folder, clip = rendered
    before = everything_in(folder)
    again = film(own(), folder)
    assert again.cached
    assert again.files == clip.files
    assert again.seconds == clip.seconds
    assert everything_in(folder) == before
    assert not film(own(), folder, force=True).cached


@pytest.mark.parametrize("what", ["video", "captions", "manifest"])
def test_a_file_that_was_touched_is_rendered_anew(
    rendered: tuple[Path, jobs.Clip], what: str
) -> None:
    folder, clip = rendered
    whole = clip.files["video"].read_bytes()
    clip.files[what].write_bytes(clip.files[what].read_bytes()[:-3])
    assert not film(own(), folder).cached
    assert clip.files["video"].read_bytes() == whole


def test_a_scene_that_was_edited_is_rendered_anew(tmp_path: Path) -> None:
    source = tmp_path / "mine.py"
    code = (
        "from tests.fixtures.own_scene import TwoBeats\n"
        "class Mine(TwoBeats):\n"
        "    def construct(self) -> None:\n"
        "        with self.beat('only', 'First words.'):\n"
        "            self.wait(0.4)\n"
    )
    for words in ("First words.", "Other words."):
        source.write_text(code.replace("First words.", words))
        ref = catalogue.find(f"{source}:Mine")
        clip = film(Job(ref, catalogue.default_spec(ref), Output(TINY)), tmp_path / "media")
        assert not clip.cached
        assert words in clip.files["captions"].read_text("utf-8")
        assert film(clip.job, tmp_path / "media").cached
    assert sorted(path.name for path in tmp_path.iterdir()) == ["media", "mine.py"]


def test_different_films_stand_side_by_side(rendered: tuple[Path, jobs.Clip]) -> None:
    folder, clip = rendered
    before = clip.files["video"].read_bytes()
    other = film(own(text="other words"), folder)
    light = film(replace(own(), output=Output(TINY, "light")), folder)
    assert len({clip.files["video"], other.files["video"], light.files["video"]}) == 3
    assert clip.files["video"].read_bytes() == before
    corners = [
        Image.open(one.files["poster"]).convert("RGB").getpixel((2, 2)) for one in (clip, light)
    ]
    assert sum(corners[0]) < 100 < 600 < sum(corners[1])


def test_a_failing_render_leaves_the_last_good_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film(own(), tmp_path)
    before = everything_in(tmp_path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("attnviz.render.finishing.webvtt", fail)
    with pytest.raises(FolderError, match="is full"):
        film(own(), tmp_path, force=True)
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize(
    ("class_name", "error"), [("Broken", ZeroDivisionError), ("PlaysNothing", AttnvizError)]
)
def test_a_failing_scene_leaves_nothing(
    tmp_path: Path, class_name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        film(own(class_name), tmp_path / "media")
    assert everything_in(tmp_path) == {}


def test_another_files_class_of_the_same_name_is_not_overwritten(tmp_path: Path) -> None:
    clip = film(own(), tmp_path)
    told = json.loads(clip.files["manifest"].read_text("utf-8"))
    told["scene"]["source"] = "another.py"
    clip.files["manifest"].write_text(json.dumps(told))
    before = everything_in(tmp_path)
    with pytest.raises(UserError, match=r"belongs to another\.py:TwoBeats"):
        film(own(), tmp_path)
    assert everything_in(tmp_path) == before


def test_progress_is_told(tmp_path: Path) -> None:
    beats: list[str] = []
    seconds: list[int] = []
    film(own(), tmp_path, progress=Progress(seconds.append, lambda beat: beats.append(beat.name)))
    assert beats == ["square", "numbers"]
    assert seconds == list(range(1, len(seconds) + 1)) != []


@pytest.mark.parametrize("text", ["<b>x</b>", '#read("x")', "$x$", "a \\ b", "{weight} *x* `y` @z"])
def test_markup_in_a_text_is_drawn_as_it_is_written(tmp_path: Path, text: str) -> None:
    clip = film(own(text=text), tmp_path)
    told = json.loads(clip.files["manifest"].read_text("utf-8"))
    assert told["spec"]["text"] == text


def test_a_users_manim_settings_have_no_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from manim import config

    usual = film(own(), tmp_path / "usual")
    monkeypatch.setitem(config._d, "upto_animation_number", 0)
    monkeypatch.setitem(config._d, "frame_rate", 3)
    before = dict(config._d)
    odd = film(own(), tmp_path / "odd")
    assert odd.files["video"].read_bytes() == usual.files["video"].read_bytes()
    assert dict(config._d) == before


def test_misspelt_manim_options_are_refused() -> None:
    from attnviz.render.running import checked_config

    with pytest.raises(AttnvizError, match="frame_widht"), checked_config({"frame_widht": 3}):
        pytest.fail("the option was taken")


def test_nothing_is_written_beside_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    film(own(), tmp_path / "media")
    assert everything_in(tmp_path / "cwd") == {}


# -- sheets ----------------------------------------------------------------------------------


def test_a_sheet_has_a_tile_for_each_beat(tmp_path: Path) -> None:
    clip = sheet(own(), tmp_path)
    assert [path.name for path in (tmp_path / "two-beats").iterdir()] == [
        "two-beats-tiny.sheet.png"
    ]
    image = np.array(Image.open(clip.files["sheet"]).convert("RGB"))
    # Two tiles of 640 × 360 beside each other, with their margins.
    assert image.shape[1] == 2 * 640 + 3 * 32
    left, right = image[:, : 640 + 48], image[:, 640 + 48 :]
    query = np.array([0x56, 0xB4, 0xE9])
    assert (np.abs(left[33:393] - query.astype(int)).max(axis=2) < 8).any()
    assert not (np.abs(right[33:393] - query.astype(int)).max(axis=2) < 8).any()
    # Captions below the tiles, in ink.
    assert (image[430:] > 200).any()


def test_a_sheet_without_beats_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AttnvizError, match="no beats"):
        sheet(own("PlaysNothing"), tmp_path / "media")
    assert everything_in(tmp_path) == {}
