"""The markup of a clip: whole, true to the manifest, and light."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import av
import pytest

from attnviz.embed import weights
from attnviz.embed.markup import SCRIPT, Clip, figure, picture
from attnviz.embed.talk import talk
from attnviz.embed.versions import Version, codec, version
from attnviz.embed.words import MOST_NUMBERS, alt_text, facts, looks_most, numbers
from attnviz.errors import AttnvizError
from attnviz.render import catalogue
from attnviz.render.films import film
from attnviz.render.jobs import Job
from attnviz.render.output import THEMES, Output, Quality
from tests.builders import random_trace

OWN = Path(__file__).parent / "fixtures" / "own_scene.py"
TINY = Quality("tiny", 160, 90, 5)
VOID = {"source", "track", "img"}
PUBLIC = "../clips & more/"


class Tree(HTMLParser):
    """Reads markup, and stops where a tag is not closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), names
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("clips")
    for theme in THEMES:
        film(job(theme), place, formats=("webm", "webp"))
    return place


def job(theme: str) -> Job:
    ref = catalogue.find(f"{OWN}:TwoBeats")
    spec = catalogue.spec_for(ref, {"text": "a <b> & c"})
    return Job(ref, spec, Output(TINY, theme))


@pytest.fixture
def versions(folder: Path) -> list[Version]:
    return [version(job(theme), folder, PUBLIC) for theme in THEMES]


@pytest.fixture
def clip(versions: list[Version]) -> Clip:
    return Clip(versions, 'a "quoted" <alt>', "A caption & more.")


def test_the_figure_is_whole_and_calls_files_that_are_there(clip: Clip, folder: Path) -> None:
    text = figure(clip)
    assert all(line.strip() for line in text.splitlines())  # Markdown would end the block there
    tree = Tree(text)
    (video,) = tree.all("video")
    assert (video["width"], video["height"]) == ("160", "90")
    assert video["aria-label"] == 'a "quoted" <alt>'
    assert {"playsinline", "muted", "loop", "controls"} <= set(video)
    assert "autoplay" not in video
    assert video["preload"] == "metadata"
    named = [tag for kind, tag in tree.found if kind != "track"]
    called = [tag[name] for tag in named for name in ("src", "poster", "href") if name in tag]
    called.append(video["data-light"])
    assert len(called) == 8  # 4 sources, 2 posters, the fallback, the manifest
    for url in called:
        assert url is not None
        assert (folder / url.removeprefix(PUBLIC)).is_file(), url


def test_the_tracks_stand_in_the_page(clip: Clip, folder: Path) -> None:
    base = folder / "two-beats" / job("dark").stem()
    tracks = Tree(figure(clip)).all("track")
    assert [track["kind"] for track in tracks] == ["captions", "chapters"]
    for track, end in zip(tracks, (".vtt", ".chapters.vtt"), strict=True):
        kind, _, text = str(track["src"]).partition(",")
        assert kind == "data:text/vtt;charset=utf-8"
        assert unquote(text) == Path(f"{base}{end}").read_text("utf-8")


def test_light_sources_come_first_and_are_for_light_readers(clip: Clip) -> None:
    sources = Tree(figure(clip)).all("source")
    light = "(prefers-color-scheme: light)"
    assert [source.get("media") for source in sources] == [light, light, None, None]
    assert ["-light." in str(source["src"]) for source in sources] == [True, True, False, False]
    kinds = [str(source["type"]).partition(";")[0] for source in sources]
    assert kinds == ["video/webm", "video/mp4"] * 2
    (one,) = {str(source["type"]) for source in sources if "mp4" in str(source["type"])}
    assert re.fullmatch(r'video/mp4; codecs="avc1\.[0-9a-f]{6}"', one)


def test_one_theme_needs_no_media_query(clip: Clip) -> None:
    text = figure(replace(clip, versions=clip.versions[:1]))
    assert "prefers-color-scheme: light" not in text
    assert "data-light" not in text
    assert len(Tree(text).all("source")) == 2


def test_the_script_comes_once_and_is_small(clip: Clip) -> None:
    assert figure(clip).count("<script>") == 1
    assert "<script" not in figure(clip, script=False)
    assert len(SCRIPT.encode()) < 1000
    assert not re.search(r"https?:|//", SCRIPT)


def test_the_tables_numbers_are_the_manifests(clip: Clip, versions: list[Version]) -> None:
    tree = Tree(figure(clip))
    told = versions[0].manifest
    first = told["beats"][1]["numbers"][0]
    assert tree.texts["code"][0] == first["address"]
    assert tree.texts["td"][:2] == [first["text"], repr(first["value"])]
    shown = {n["address"] for beat in told["beats"] for n in beat["numbers"]}
    assert len(tree.texts["code"]) == min(len(shown), MOST_NUMBERS)
    assert f"All {len(shown)} numbers" in tree.texts["a"]


def test_numbers_stand_once_and_infinities_as_signs() -> None:
    beats = [
        {"numbers": [{"address": "a", "value": 0.25, "text": "0.25"}]},
        {
            "numbers": [
                {"address": "a", "value": 0.25, "text": "0.25"},
                {"address": "b", "value": "-inf", "text": "−∞"},
            ]
        },
    ]
    found = [(shown.address, shown.text, shown.value) for shown in numbers({"beats": beats})]
    assert found == [("a", "0.25", "0.25"), ("b", "−∞", "−∞")]


def test_the_alt_text_is_computed_from_the_trace(versions: list[Version]) -> None:
    told = versions[0].manifest
    trace, most = random_trace(causal=True), told["looks_most"]
    row = trace.layers[most["layer"]].weights[most["head"]]
    query, key = map(int, re.findall(r"\d+", most["address"])[-2:])
    assert key == row[query].argmax()
    where = "itself" if key == query else trace.tokens[key]
    assert looks_most(told) == f"{trace.tokens[query]} looks most at {where}, {most['text']}"
    assert alt_text("A square.", told) == f"A square. In “a <b> & c”, {looks_most(told)}."
    assert facts(told).endswith(f"layer {most['layer']}, head {most['head']}")


def test_a_picture_links_to_the_film(clip: Clip, folder: Path) -> None:
    text = picture(clip)
    tree = Tree(text)
    assert "<video" not in text
    assert "<script" not in text
    (image,) = tree.all("img")
    assert image["alt"] == 'a "quoted" <alt>'
    assert str(image["src"]).endswith(".webp")
    assert str(tree.all("a")[0]["href"]).endswith(".mp4")
    (source,) = tree.all("source")
    assert str(source["srcset"]).endswith("-light.webp")


def test_the_codec_is_named_as_it_is(folder: Path) -> None:
    base = folder / "two-beats" / job("dark").stem()
    with av.open(f"{base}.mp4") as container:
        context = container.streams.video[0].codec_context
        profiles = {"High": "64", "Main": "4d", "Constrained Baseline": "42"}
        assert codec(Path(f"{base}.mp4")).startswith(f"avc1.{profiles[str(context.profile)]}")
    assert re.fullmatch(r"av01\.0\.\d\dM\.08", codec(Path(f"{base}.webm")))


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AttnvizError, match="there is no whole clip"):
        version(job("dark"), tmp_path, "")
    (tmp_path / "a.mp4").write_bytes(b"no film")
    with pytest.raises(AttnvizError, match=r"a\.mp4: the video cannot be read"):
        codec(tmp_path / "a.mp4")


def test_a_page_for_talks_holds_everything(versions: list[Version], folder: Path) -> None:
    plain = [version(job(theme), folder, "") for theme in THEMES]
    grounds = [("#000", "#fff"), ("#fff", "#000")]
    page = talk(plain, grounds, "Title </script>", "alt", folder)
    media = re.findall(r"data:video/mp4;base64,([A-Za-z0-9+/=]+)", page)
    assert [base64.b64decode(one) for one in media] == [
        (folder / v.urls["video"]).read_bytes() for v in reversed(plain)
    ]
    rest = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page)
    assert len(rest.encode()) < 5000
    assert page.count("</script>") == 1
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    told = re.search(r"const beats=(\[.*?\]),frame=1/5,", page)
    assert told is not None
    wanted = [[b["start"], b["end"], b["caption"]] for b in plain[0].manifest["beats"]]
    assert json.loads(told[1]) == wanted
    assert page.count("<button") == len(wanted)


@pytest.mark.parametrize(
    ("what", "seconds", "size", "most"),
    [
        ("video", 40, (1280, 720), 1_500_000),
        ("video", 20, (1280, 720), 1_500_000),
        ("video", 60, (1280, 720), 2_250_000),
        ("webm", 40, (1920, 1080), 2_250_000),
        ("poster", 99, (1920, 1080), 60_000),
        ("captions", 40, (1280, 720), None),
    ],
)
def test_budgets(what: str, seconds: float, size: tuple[int, int], most: int | None) -> None:
    output = {"width": size[0], "height": size[1]}
    shown = Version(
        "dark", {"seconds": seconds, "output": output}, {}, {}, {"video": 7, "x": 9}, {}
    )
    assert weights.budget(what, shown) == most
