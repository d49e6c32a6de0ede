"""What doctor says of this machine, and of machines that lack something."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from email.message import Message
from pathlib import Path

import pytest

import render
from attnviz import models
from attnviz.errors import UserError
from attnviz.render import doctor, machine, requirements
from attnviz.render.doctor import Check, Finding, MachineError, Report, Verdict, examine
from attnviz.render.requirements import (
    Requirement,
    install_command,
    package_requirements,
    python_requirement,
)

ROOT = Path(__file__).resolve().parent.parent


def finding(folder: Path, name: str) -> Finding:
    """Return what the one check of this name comes to."""
    (check,) = (check for check in machine.checks(folder) if check.name == name)
    (found,) = examine([check])
    return found


def without(module: str) -> subprocess.CompletedProcess[str]:
    """Run doctor where a module cannot be imported."""
    code = (
        f"import sys; sys.modules[{module!r}] = None; "
        "import render; sys.exit(render.main(['doctor', '--json']))"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


# -- this machine ----------------------------------------------------------------------------


def test_films_can_be_rendered_here(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = render.main(["doctor", "-o", str(tmp_path / "new")])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    *lines, empty, last = out.splitlines()
    assert empty == ""
    assert last.startswith("Films can be rendered")
    names = [check.name for check in machine.checks(tmp_path)]
    assert [line[11:].split("  ")[0] for line in lines if "mend: " not in line] == names
    assert not any(line.startswith("✗") for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_every_package_and_model_is_asked_for(tmp_path: Path) -> None:
    names = {check.name for check in machine.checks(tmp_path)}
    assert {"av", "manim", "torch", "pillow"} <= names
    assert {f"model {name}" for name in models.names()} <= names
    assert all(check.mend for check in machine.checks(tmp_path) if check.stops_films)


# -- machines that lack something ------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "stopped", "told"),
    [
        ("manim", "manim draws type", "'manim[typst]>=0.22,<0.23'"),
        ("torch", "torch reads", "'torch>=2.6'"),
        ("cairo", "cairo draws", "pycairo"),
    ],
)
def test_what_cannot_be_imported_is_named_with_its_mend(
    module: str, stopped: str, told: str
) -> None:
    done = without(module)
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["can_render"] is False
    checks = {check["name"]: check for check in report["checks"]}
    assert checks[stopped]["verdict"] == "missing"
    assert told in checks[stopped]["mend"]
    assert checks["output folder"]["verdict"] == "ok"


def test_a_python_without_click_is_told_what_to_do() -> None:
    code = "import sys; sys.modules['click'] = None; import render"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "make setup" in done.stderr


def test_a_folder_that_cannot_be_written_stops_films(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = finding(tmp_path / "file", "output folder")
    assert (found.verdict, found.mend) == (Verdict.MISSING, "give another folder with -o")


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(99_000_000, Verdict.MISSING), (101_000_000, Verdict.NOTE), (2 * 10**9, Verdict.OK)],
)
def test_little_space_is_noted_and_no_space_stops_films(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 0, free))
    for name in ("output folder", "temporary folder"):
        found = finding(tmp_path, name)
        assert found.verdict == verdict
        assert ("space" in found.mend) == (verdict != Verdict.OK)


@pytest.mark.parametrize("content", [None, b"junk", b"version 1\noid sha256:00\nsize 1\n"])
def test_a_checkpoint_that_does_not_load_stops_films(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(models, "checkpoint_path", lambda _name: path)
    models.load.cache_clear()
    found = finding(tmp_path, "model reader")
    models.load.cache_clear()
    assert found.verdict == Verdict.MISSING
    assert found.mend == "git lfs pull" if content and b"oid" in content else "git" in found.mend


def test_an_encoder_that_loses_frames_stops_films(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from attnviz.render.encoding import FilmWriter

    monkeypatch.setattr(FilmWriter, "write_frame", lambda *_args, **_options: None)
    found = finding(tmp_path, "H.264")
    assert found.verdict == Verdict.MISSING
    assert "av" in found.mend


def test_a_missing_font_is_noted_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from attnviz import typeset

    def refuse(sample: str) -> bool:
        raise UserError(f"no installed font draws {sample}")

    monkeypatch.setattr(typeset, "needs_fallback", refuse)
    found = finding(tmp_path, "font: Hangul")
    assert found.verdict == Verdict.NOTE
    assert found.mend


def test_a_wrong_version_stops_films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "version", lambda _name: "13.0")
    found = finding(tmp_path, "pillow")
    assert (found.verdict, found.told) == (Verdict.MISSING, "13.0, wanted >=11.0,<13")
    assert found.mend.endswith("-m pip install 'pillow>=11.0,<13'")


# -- the table -------------------------------------------------------------------------------


def _raise(error: Exception) -> Callable[[], str]:
    def look() -> str:
        print("a library's greeting")
        raise error

    return look


def test_nothing_that_a_check_raises_leaves_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        Check("fine", lambda: "all well"),
        Check("odd", _raise(ZeroDivisionError("two\nlines")), "mend it"),
        Check("font", _raise(MachineError("no font")), "install it", stops_films=False),
        Check("space", _raise(MachineError("little", "free some", stops_films=False)), "x"),
        Check("again", _raise(OSError()), "mend it"),
    ]
    report = Report(width=5)
    lines = [line for found in examine(asked) for line in report.add(found)]
    assert lines == [
        "✓ ok       fine   all well",
        "✗ missing  odd    two lines",
        "                  mend: mend it",
        "! note     font   no font",
        "                  mend: install it",
        "! note     space  little",
        "                  mend: free some",
        "✗ missing  again  OSError",
    ]
    assert report.summary() == "Films cannot be rendered yet; to mend: 2 (✗)."
    told = json.loads(report.as_json())
    assert told["can_render"] is False
    assert [check["mend"] for check in told["checks"]][-1] == "mend it"
    assert capsys.readouterr() == ("", "")


def test_notes_do_not_stop_films() -> None:
    report = Report(width=1)
    report.add(Finding("a", Verdict.NOTE, "told", "mend"))
    assert report.can_render
    assert report.summary() == "Films can be rendered; notes: 1 (!)."


@pytest.mark.parametrize(
    ("version", "allowed"),
    [
        ("0.21.9", False),
        ("0.22", True),
        ("0.22.0", True),
        ("0.22.7rc1", True),
        ("0.23", False),
        ("0.23.0", False),
        ("1.0+cpu", False),
        ("0.100", False),
    ],
)
def test_versions_are_compared_by_number(version: str, allowed: bool) -> None:
    assert Requirement("manim", "manim[typst]>=0.22,<0.23").allows(version) is allowed


def test_the_bounds_are_those_of_pyproject(monkeypatch: pytest.MonkeyPatch) -> None:
    from packaging.requirements import Requirement as Authority

    assert python_requirement().bounds == ">=3.11"
    declared = package_requirements()
    assert len(declared) > 8
    for needed in declared:
        theirs = Authority(needed.text)
        assert needed.name == theirs.name
        assert {*needed.bounds.split(",")} == {str(bound) for bound in theirs.specifier}
    assert "pillow>=11.0,<13" in install_command("Pillow")
    # Where the source tree is not there, the installed package says the same.
    installed = Message()
    installed["Requires-Python"] = ">=3.11"
    installed["Requires-Dist"] = "manim[typst]<0.23,>=0.22"
    installed["Requires-Dist"] = 'ruff>=0.15; extra == "dev"'
    monkeypatch.setattr(requirements, "_PROJECT_FILE", ROOT / "no such file")
    monkeypatch.setattr(requirements, "metadata", lambda _name: installed)
    assert python_requirement().bounds == ">=3.11"
    assert [needed.text for needed in package_requirements()] == ["manim[typst]<0.23,>=0.22"]


def test_an_import_that_fails_inside_a_package_names_what_pip_calls_it() -> None:
    (found,) = examine([Check("a", _raise(ImportError("broken", name="PIL._imaging")))])
    assert found.mend.endswith("'pillow>=11.0,<13'")


def test_doctor_is_quick_to_load() -> None:
    code = (
        "import sys; from attnviz.render import doctor, machine; from pathlib import Path;"
        "machine.checks(Path('x')); print(*{'torch', 'manim', 'numpy', 'av'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    assert doctor.Verdict("ok") is Verdict.OK
