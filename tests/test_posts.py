"""A post becomes an article: clips made, markup in place, nothing else touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import render
from attnviz.embed import updating
from attnviz.embed.posts import Post

OWN = Path(__file__).parent / "fixtures" / "own_scene.py"
SCENE = f"{OWN}:TwoBeats"
QUICK = ("--quality", "draft", "--theme", "dark", "--workers", "1", "--code", str(OWN))
BODY = "# A post\n\nWords.\n\n<!-- attnviz: {} text=\"a 'word' here\" -->\n\nMore `words`.\n"


def post(tmp_path: Path, text: str = BODY.format(SCENE), name: str = "a.md") -> Path:
    (tmp_path / ".git").mkdir(exist_ok=True)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def run(path: Path, *options: str) -> int:
    return render.main(["post", str(path), *QUICK, *options])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_request_becomes_a_figure_and_stays(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = post(tmp_path)
    assert run(path) == 0
    out = capfd.readouterr().out
    assert "1 request, 1 clip, html" in out
    assert "1 film rendered" in out
    assert f"wrote {path}" in out
    text = path.read_text("utf-8")
    before, _, after = BODY.format(SCENE).partition("\n\nMore")
    assert text.startswith(before + '\n\n<figure class="attnviz"')
    assert text.endswith("</figure>\n\n<!-- /attnviz -->\n\nMore" + after)
    assert "In “a &#x27;word&#x27; here”" in text
    stood = contents(tmp_path)
    assert run(path) == 0
    assert "nothing to change" in capfd.readouterr().out
    assert run(path, "--check") == 0
    assert contents(tmp_path) == stood


def test_an_edited_request_is_out_of_date_and_the_old_clip_is_pruned(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = post(tmp_path)
    assert run(path) == 0
    (old,) = tmp_path.rglob("*.mp4")
    path.write_text(path.read_text("utf-8").replace("'word'", "'phrase'"), "utf-8")
    stood = contents(tmp_path)
    capfd.readouterr()
    assert run(path, "--check") == 1
    assert "not up to date" in capfd.readouterr().out
    assert run(path, "--dry-run") == 0
    out = capfd.readouterr().out
    assert "line 5: " in out
    assert "would be rendered (dark)" in out
    assert "--prune would remove it" in out
    assert contents(tmp_path) == stood
    assert run(path) == 0
    assert "--prune removes it" in capfd.readouterr().out
    assert len(list(tmp_path.rglob("*.mp4"))) == 2
    assert run(path, "--prune") == 0
    (kept,) = tmp_path.rglob("*.mp4")
    assert kept != old
    assert not [name for name in map(str, tmp_path.rglob("*")) if old.stem in name]
    assert run(path, "--check") == 0


def test_a_clip_that_another_post_asks_for_is_not_pruned(tmp_path: Path) -> None:
    shared = ("--assets", "clips", "--public", "/clips")
    one, other = post(tmp_path), post(tmp_path, name="b.md")
    assert run(one, *shared) == run(other, *shared) == 0
    one.write_text("No clip.\n", "utf-8")
    assert run(one, *shared, "--prune") == 0
    assert len(list(tmp_path.rglob("*.mp4"))) == 1
    other.write_text("No clip.\n", "utf-8")
    assert run(other, *shared, "--prune") == 0
    assert [path.name for path in (tmp_path / "clips").rglob("*") if path.is_file()] == [
        "attnviz.json"
    ]


def test_line_ends_and_the_mark_are_kept(tmp_path: Path) -> None:
    text = "\ufeff" + BODY.format(SCENE).replace("\n", "\r\n")
    path = post(tmp_path, text)
    assert run(path) == 0
    content = path.read_bytes().decode("utf-8")
    assert content.startswith("\ufeff# A post\r\n")
    assert content.count("\n") == content.count("\r\n")
    stood = path.read_bytes()
    assert run(path) == 0
    assert path.read_bytes() == stood


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("layer=one", "line 3: layer 'one': give a whole number"),
        ("theme=drak", "line 3: unknown theme 'drak', did you mean 'dark'?"),
        ("quality=wbe", "line 3: unknown quality 'wbe', did you mean 'web'?"),
        ("mask=cuasal", "line 3: "),
        ("model=raeder", "line 3: "),
        ("hide-special=maybe", "line 3: unknown answer to hide-special 'maybe'"),
        ("haed=2", "line 3: "),
    ],
)
def test_a_bad_value_stops_with_its_line_and_changes_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], options: str, message: str
) -> None:
    path = post(tmp_path, f"Words.\n\n<!-- attnviz: self-attention {options} -->\n")
    stood = contents(tmp_path)
    assert run(path) == 2
    said = capfd.readouterr().err
    assert said.startswith(f"render.py: {path}: {message}")
    assert said.count("\n") == 1
    assert contents(tmp_path) == stood


@pytest.mark.parametrize("words", [f"{OWN}:TwoBeats", f"self-attention model={OWN}:factory"])
def test_a_post_runs_no_code_by_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], words: str
) -> None:
    path = post(tmp_path, f"<!-- attnviz: {words} -->\n")
    assert render.main(["post", str(path), "--quality", "draft"]) == 2
    assert "is Python code, which a post cannot run by itself" in capfd.readouterr().err


def test_a_read_only_post_is_left(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = post(tmp_path)
    path.chmod(0o444)
    stood = contents(tmp_path)
    assert run(path) == 2
    assert "is read-only" in capfd.readouterr().err
    assert run(path, "--dry-run") == 0
    assert contents(tmp_path) == stood


def test_a_strange_line_end_in_a_caption_ends_no_line(tmp_path: Path) -> None:
    directive = f'<!-- attnviz: {SCENE} caption="one\u2028two\x85three" -->'
    path = post(tmp_path, f"{directive}\n")
    assert run(path) == 0
    text = path.read_text("utf-8")
    assert text.startswith(f"{directive}\n\n<figure")
    assert ">one\u2028two\x85three</figcaption>\n" in text


def test_a_clip_that_fails_leaves_the_post(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = BODY.format(SCENE) + f"\n<!-- attnviz: {OWN}:Broken -->\n"
    path = post(tmp_path, text)
    assert run(path) != 0
    said = capfd.readouterr().err
    assert f"{path}, line 9: broken: " in said
    assert f"{path} is left as it is" in said
    assert path.read_text("utf-8") == text


def test_a_post_that_is_edited_meanwhile_is_left(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = post(tmp_path)
    finished = Post.finished

    def edited(self: Post) -> object:
        path.write_text("Edited.\n", "utf-8")
        return finished(self)

    monkeypatch.setattr(updating.Post, "finished", edited)
    assert run(path) == 1
    assert "was changed while its clips were rendered" in capfd.readouterr().err
    assert path.read_text("utf-8") == "Edited.\n"


def test_a_notebooks_cells_get_their_clips(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": ["x = 1\n"], "outputs": []},
        {"cell_type": "markdown", "metadata": {}, "source": [f"<!-- attnviz: {SCENE} -->"]},
    ]
    content = json.dumps({"cells": cells, "nbformat": 4}, indent=1) + "\n"
    path = post(tmp_path, content, "a.ipynb")
    assert run(path) == 0
    code, told = json.loads(path.read_text("utf-8"))["cells"]
    assert code == cells[0]
    source = "".join(told["source"])
    assert source.startswith(f"<!-- attnviz: {SCENE} -->\n\n<figure")
    assert source.endswith("</figure>\n\n<!-- /attnviz -->")
    stood = path.read_bytes()
    assert run(path) == 0
    assert path.read_bytes() == stood


@pytest.mark.parametrize(
    ("configuration", "name", "placed", "include"),
    [
        (
            "_config.yml",
            "_posts/2026-01-02-a.md",
            "{% include attnviz/",
            "_includes/attnviz/2026-01-02-a/",
        ),
        ("hugo.toml", "content/posts/a.md", '{{< attnviz "', "assets/attnviz/posts/a/"),
    ],
)
def test_a_sites_own_files_are_written_and_pruned(
    tmp_path: Path, configuration: str, name: str, placed: str, include: str
) -> None:
    (tmp_path / configuration).touch()
    path = post(tmp_path, name=name)
    assert run(path) == 0
    assert placed in path.read_text("utf-8")
    (written,) = (tmp_path / include).iterdir()
    assert '<figure class="attnviz"' in written.read_text("utf-8")
    assert run(path, "--check") == 0
    path.write_text("No clip.\n", "utf-8")
    assert run(path, "--prune") == 0
    assert not written.exists()
    assert not list(tmp_path.rglob("*.mp4"))


def test_a_clip_shown_twice_on_a_site_keeps_its_script_and_each_ones_words(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").touch()
    asked = [f"<!-- attnviz: {SCENE}{words} -->\n" for words in ("", "", ' caption="Two &amp; 2"')]
    path = post(tmp_path, "\n".join(asked))
    assert run(path) == 0
    one, other = sorted((tmp_path / "_includes").rglob("*.html"), key=lambda file: len(file.name))
    text = path.read_text("utf-8")
    assert [text.count(f"/{file.name}") for file in (one, other)] == [2, 1]
    first, second = one.read_text("utf-8"), other.read_text("utf-8")
    assert [first.count("<script>"), second.count("<script>")] == [1, 0]
    assert ["Two &amp; 2</figcaption>" in page for page in (first, second)] == [False, True]
    path.write_text(text.replace("Two &", "Zwei &"), "utf-8")
    assert run(path) == 0
    assert path.read_text("utf-8") == text.replace("Two &", "Zwei &")
    assert one.read_text("utf-8") == first
    assert other.read_text("utf-8") == second.replace("Two &", "Zwei &")
    path.write_text(text.partition("<!-- /attnviz -->\n")[0] + "<!-- /attnviz -->\n", "utf-8")
    assert run(path, "--prune") == 0
    assert one.exists()
    assert not other.exists()
    assert run(path, "--check") == 0


def test_a_post_that_is_named_twice_is_written_once(tmp_path: Path) -> None:
    path = post(tmp_path)
    again = str(path.parent / "." / ".." / tmp_path.name / path.name)
    assert render.main(["post", str(path), again, *QUICK]) == 0
    assert run(path, "--check") == 0


HOSTILE = (
    {
        "films": ["../../../victim", "/victim", "a\0b/c", "\ud800/x", "", "x" * 999, 5],
        "figures": [],
    },
    {"films": [], "figures": ["../../victim", "a\0b", "\ud800", "", "x" * 999, None]},
    {"films": ["old/x"], "figures": []},
)


@pytest.mark.parametrize("held", HOSTILE)
def test_a_hostile_index_removes_nothing_else(tmp_path: Path, held: dict[str, object]) -> None:
    (tmp_path / "hugo.toml").touch()
    path = post(tmp_path, name="content/a.md")
    assert run(path) == 0
    folder = tmp_path / "static" / "attnviz" / "a"
    index = folder / "attnviz.json"
    good = index.read_bytes()
    (manifest,) = folder.rglob("*.manifest.json")
    told = json.loads(manifest.read_bytes())
    names = ["../../../../victim.html", "kept.txt", "..", "", 5, "x.webm"]
    told["files"] = {str(place): {"name": name} for place, name in enumerate(names)} | {"a": []}
    old = folder / "old"
    old.mkdir()
    (old / "x.manifest.json").write_text(json.dumps(told), "utf-8")
    for name in ("kept.txt", "x.webm"):
        (old / name).touch()
    for name in ("victim.html", "victim.manifest.json"):
        (tmp_path / name).touch()
    index.write_text(json.dumps({"posts": {"content/a.md": held, "\ud800": held}}), "utf-8")
    stood = contents(tmp_path)
    assert run(path, "--prune") == 0
    assert index.read_bytes() == good
    removed = set(stood) - set(contents(tmp_path))
    assert removed == ({str(old / "x.manifest.json"), str(old / "x.webm")} & removed)
    assert bool(removed) is ("old/x" in held["films"])  # type: ignore[operator]


def test_a_clip_that_fails_in_a_notebook_is_told_with_its_cell(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cells = [{"cell_type": "code", "source": ""}]
    cells.append({"cell_type": "markdown", "source": f"<!-- attnviz: {OWN}:Broken -->"})
    path = post(tmp_path, json.dumps({"cells": cells}), "a.ipynb")
    assert run(path) == 1
    assert f"{path}, cell 2, line 1: broken: " in capfd.readouterr().err


def test_an_index_that_is_no_json_is_written_anew(tmp_path: Path) -> None:
    path = post(tmp_path)
    assert run(path) == 0
    (index,) = tmp_path.rglob("attnviz.json")
    good = index.read_bytes()
    for broken in ("{", "[]", '{"posts": []}', '{"posts": {"a.md": 5}}', "[" * 100_000):
        index.write_text(broken, "utf-8")
        assert run(path, "--prune") == 0
        assert index.read_bytes() == good


def test_what_it_came_to_is_told_as_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = post(tmp_path)
    assert run(path, "--check", "--json") == 1
    told = json.loads(capfd.readouterr().out)
    assert (told["post"], told["site"], len(told["reasons"])) == (str(path), "html", 1)
    assert run(path, "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["rendered"], told["written"][-1]) == (1, str(path))


def test_a_post_without_requests_is_left_without_a_trace(tmp_path: Path) -> None:
    path = post(tmp_path, "Nothing to see.\n")
    stood = contents(tmp_path)
    assert run(path, "--prune") == 0
    assert contents(tmp_path) == stood


def test_markup_for_one_clip_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wanted = ["embed", SCENE, "-o", str(tmp_path), "--quality", "draft", "--workers", "1"]
    assert render.main([*wanted, "--theme", "dark", "--public", "/films"]) == 0
    out = capfd.readouterr().out
    assert out.startswith('<figure class="attnviz"')
    assert 'poster="/films/two-beats/two-beats-draft.png"' in out
    assert render.main([*wanted, "--site", "mdx", "--public", "/films"]) == 0
    assert 'className="attnviz"' in capfd.readouterr().out
    assert render.main([*wanted, "--site", "github", "--public", "/films"]) == 0
    assert "<picture>" in capfd.readouterr().out
    assert render.main([*wanted, "--standalone"]) == 0
    page = Path(capfd.readouterr().out.strip())
    assert page == tmp_path / "two-beats" / "two-beats-draft.html"
    assert page.read_text("utf-8").startswith("<!doctype html>")
