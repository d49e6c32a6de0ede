"""The page on writing a scene, and its template, work as they stand."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from docs.template_scene import SharpestRow
from tests.pictures import show

ROOT = Path(__file__).resolve().parent.parent


def test_template_plays_its_beats():
    showing = show(SharpestRow, SharpestRow.spec, "dark")
    assert [still.beat.name for still in showing.stills] == ["grid", "row"]
    assert all(still.beat.numbers for still in showing.stills)


@pytest.mark.parametrize("page", ["README.md", "docs/writing-a-scene.md"])
def test_paths_that_a_page_names_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:attnviz|docs|scenes|scripts|tests)/[\w./-]+\w", text))
    links = set(re.findall(r"\]\(([\w./-]+)\)", text))
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert not missing


@pytest.mark.slow
def test_the_five_lines_of_the_readme_film_a_module(tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^    import attnviz, torch\n(?:    .*\n)*", text, flags=re.MULTILINE)
    assert len(block.splitlines()) == 5
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = [sys.executable, "-c", textwrap.dedent(block)]
    subprocess.run(code, cwd=tmp_path, env=environment, check=True)
    assert list(tmp_path.glob("media/self-attention/*.mp4"))
