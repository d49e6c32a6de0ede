"""A run that has nothing to render: what it may cost, and what it must not load."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from attnviz.film import Film
from attnviz.render import catalogue, manifest
from attnviz.render.imports import Reader
from attnviz.render.jobs import SUFFIXES, Job
from attnviz.render.keys import content_key
from attnviz.render.output import Output
from attnviz.render.store import Store

ROOT = Path(__file__).resolve().parent.parent
VIDEO = 3_000_000  # about the bytes of a film in hd
ROUNDS = 4

# Against an interpreter that loads what every command line needs. Such a one takes 0.08 s here; a
# run that takes 12 times as long is past its second.
BARE = [sys.executable, "-c", "import click, rich"]
MOST_TIMES_BARE = 12


def seconds(command: Sequence[str]) -> float:
    """Return the least processor time of some runs: a busy machine stretches the clock's."""
    taken = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        taken.append(user + system)
    return min(taken)


def rerun(folder: Path) -> list[str]:
    return [sys.executable, "render.py", "--all", "--json", "-o", str(folder)]


@pytest.fixture
def gallery(store: Path, tmp_path: Path) -> Path:
    """Put clips of all scenes, as large as true ones, into a folder and into the store."""
    folder, reader, kept = tmp_path / "media", Reader.of_user(), Store(store)
    for ref in catalogue.listed():
        job = Job(ref, catalogue.default_spec(ref), Output())
        place = folder / ref.name
        place.mkdir(parents=True)
        files = {what: place / (job.stem() + end) for what, end in SUFFIXES.items()}
        for what in files.keys() - {"manifest"}:
            files[what].write_bytes(bytes(VIDEO if what == "video" else 1))
        key = content_key(ref, job.spec, job.output, reader)
        scene = {"name": ref.name, "class": ref.class_name, "source": ref.source.name}
        others = {what: path for what, path in files.items() if what != "manifest"}
        subject = manifest.Subject(scene, job.spec, job.output, key, {})
        manifest.write(manifest.manifest(subject, {}, Film(), others, 10), files["manifest"])
        kept.keep(key, files)
    return folder


def test_a_run_with_nothing_to_do_is_quick(gallery: Path, tmp_path: Path) -> None:
    bare = seconds(BARE)
    told = subprocess.run(rerun(gallery), cwd=ROOT, check=True, capture_output=True, text=True)
    clips = [json.loads(line) for line in told.stdout.splitlines()]
    assert [clip["scene"] for clip in clips] == [ref.name for ref in catalogue.listed()]
    assert all(clip["cached"] for clip in clips)
    assert seconds(rerun(gallery)) < MOST_TIMES_BARE * bare


def test_a_new_folder_is_filled_from_the_store(gallery: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        rerun(tmp_path / "other"), cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert all(json.loads(line)["cached"] for line in told.stdout.splitlines())
    assert everything_in(tmp_path / "other") == everything_in(gallery)


def everything_in(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_nothing_heavy_is_loaded_where_nothing_is_rendered(gallery: Path) -> None:
    code = (
        "import sys, render;"
        f"assert render.main(['--all', '-o', {str(gallery)!r}]) == 0;"
        "print(*sorted({'torch', 'manim', 'numpy', 'av', 'PIL'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == ""


def test_an_edited_scene_alone_is_rendered(gallery: Path, tmp_path: Path) -> None:
    """Run a copy of the project, of which one scene has been edited so that it fails."""
    copy = tmp_path / "project"
    for name in ("attnviz", "scenes"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "render.py", copy)
    edited = copy / "scenes" / "softmax.py"
    edited.write_text(edited.read_text("utf-8") + "\nraise RuntimeError('edited')\n", "utf-8")
    done = subprocess.run(
        rerun(tmp_path / "other"), cwd=copy, capture_output=True, text=True, check=False
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [clip["scene"] for clip in told if "error" in clip] == ["softmax"]
    cached = {clip["scene"] for clip in told if clip.get("cached")}
    assert cached == {ref.name for ref in catalogue.listed()} - {"softmax"}
