"""The set-up: pins, packaging, ignored files, and the scripts on machines unlike this one."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path
from types import ModuleType

import pytest
from jaxtyping import TypeCheckError
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from attnviz.attention import causal_mask

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PIN_FILES = ("requirements.txt", "requirements-dev.txt", "requirements-browser.txt")
BOUNDS = [Requirement(line) for line in PROJECT["dependencies"]] + [
    Requirement(line)
    for lines in PROJECT["optional-dependencies"].values()
    for line in lines
    if not line.startswith("attnviz")
]
# Files that people read as documents may name a page; code may not.
DOCUMENTS = {".md", ".txt", ".svg"}
# What the scripts call besides apt; enough to run them where nothing else is on the path.
TOOLS = ("bash", "dirname", "find", "id", "env", "cut")


@pytest.mark.xdist_group("together")
def test_tests_of_one_group_go_to_one_worker(request: pytest.FixtureRequest) -> None:
    """Otherwise what they share, a played scene, is made by each worker anew."""
    spread = hasattr(request.config, "workerinput")
    assert request.node.nodeid.endswith("@together") == spread


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


install = load_script("install")


def pinned() -> dict[str, Requirement]:
    lines = [line for name in PIN_FILES for line in install.read_pins(ROOT / name).values()]
    requirements = [Requirement(line) for line in lines]
    pins = {canonicalize_name(r.name): r for r in requirements}
    assert len(pins) == len(requirements), "a package is pinned once"
    return pins


def exact_version(requirement: Requirement) -> str:
    (specifier,) = requirement.specifier
    assert specifier.operator == "=="
    assert not specifier.version.endswith("*")
    return specifier.version


PINS = pinned()


@pytest.mark.parametrize("bound", BOUNDS, ids=str)
def test_every_dependency_has_bounds_and_a_pin_within_them(bound: Requirement) -> None:
    assert any(s.operator == ">=" for s in bound.specifier)
    assert bound.specifier.contains(exact_version(PINS[canonicalize_name(bound.name)]))


def test_pins_are_exact_and_without_hashes() -> None:
    assert exact_version(PINS["torch"]) == "2.13.0"
    for pin in PINS.values():
        exact_version(pin)
    for name in PIN_FILES:
        assert "--hash" not in (ROOT / name).read_text("utf-8")


def test_pins_name_everything_that_they_bring_along() -> None:
    missing = set()
    for name, pin in PINS.items():
        if (installed := installed_at_pin(pin)) is None:
            continue
        extras = [*pin.extras, *(b for r in BOUNDS if r.name == name for b in r.extras), ""]
        for line in installed.get_all("Requires-Dist") or []:
            needed = Requirement(line)
            wanted = needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in extras
            )
            if wanted and canonicalize_name(needed.name) not in PINS:
                missing.add(f"{needed.name} (for {name})")
    # torch's CUDA build, where it was asked for, brings its own.
    assert {m for m in missing if not m.endswith("(for torch)")} == set()


def installed_at_pin(pin: Requirement) -> PackageMetadata | None:
    """Return the metadata of the package where it is installed at its pin, else None."""
    try:
        found = metadata(pin.name)
    except PackageNotFoundError:
        return None
    return found if pin.specifier.contains(found["Version"]) else None


def test_pins_run_on_the_oldest_python_that_the_project_claims() -> None:
    # soupsieve 3 and 4 ask for 3.11.5 and shut out Debian 12, whose Python is 3.11.2.
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    checked = 0
    for name, pin in PINS.items():
        if (installed := installed_at_pin(pin)) is not None:
            checked += 1
            assert SpecifierSet(installed.json.get("requires_python", "")).contains(oldest), name
    assert checked > len(PINS) / 2


def test_npm_packages_are_pinned_and_checked_by_their_hash() -> None:
    folder = ROOT / "tests" / "node"
    wanted = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    packages = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    assert packages.pop("")["dependencies"] == wanted
    for name, version in wanted.items():
        assert packages[f"node_modules/{name}"]["version"] == version, "no range"
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, f"{name} names the address it came from"


def test_version_is_the_same_everywhere() -> None:
    assert importlib.import_module("attnviz").__version__ == PROJECT["version"]
    assert "## [" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_shapes_and_types_are_checked_at_run_time_in_tests() -> None:
    with pytest.raises(TypeCheckError):
        causal_mask("seven")  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("media/self-attention/self-attention.mp4", True),
        ("media/x.json", True),
        ("media/gallery/self-attention.webp", False),
        ("tests/node/node_modules/axe-core/axe.js", True),
        ("tests/node/package-lock.json", False),
        (".venv/bin/python", True),
        ("attnviz/__pycache__/spec.cpython-311.pyc", True),
        ("attnviz/media/x.py", False),
        ("attnviz/models/reader/weights.safetensors", False),
        ("render.py", False),
    ],
)
def test_films_are_ignored_by_git_and_the_gallery_is_not(path: str, ignored: bool) -> None:
    command = ["git", "check-ignore", "--no-index", "--quiet", path]
    assert (subprocess.run(command, cwd=ROOT, check=False).returncode == 0) is ignored


# The name of a vocabulary, which looks like an address and is never asked for.
SVG_NAMESPACE = "http" + "://www.w3.org/2000/svg"
# Under this ending no host can be (RFC 2606): tests need addresses that lead nowhere.
NOWHERE = re.compile(r"https?:" + r"//[a-z.]+\.example(?![\w.-])")


def test_code_names_no_host() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    named = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in DOCUMENTS or not path.is_file():
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a checkpoint
        found = re.findall(r"https?:" + r"//[^\s\"'){}]+", text)
        named += [
            f"{name}: {address}"
            for address in found
            if address != SVG_NAMESPACE and not NOWHERE.match(address)
        ]
    assert named == []


# scripts/install.py


def test_cuda_packages_are_told_from_a_pip_report() -> None:
    names = ["torch", "nvidia_cublas", "cuda-toolkit", "triton", "numpy", "sympy"]
    report = {"install": [{"metadata": {"name": name}} for name in names]}
    assert install.cuda_packages(report) == ["cuda-toolkit", "nvidia-cublas", "triton"]


@pytest.mark.parametrize(
    ("version", "release"),
    [("2.13.0+cpu", (2, 13, 0)), ("2.6", (2, 6)), ("2.14.0.dev20260101", (2, 14, 0)), ("", ())],
)
def test_a_release_is_the_comparable_head_of_a_version(
    version: str, release: tuple[int, ...]
) -> None:
    assert install.release(version) == release


def test_the_bound_of_torch_is_read_from_pyproject() -> None:
    (torch,) = (r for r in BOUNDS if r.name == "torch")
    assert torch.specifier == SpecifierSet(
        ">=" + ".".join(map(str, install.torch_bound(ROOT / "pyproject.toml")))
    )


class Pip:
    """Stands in for pip and .venv: keeps what was asked, answers what the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.installed: dict[str, str] = {"pip": exact_version(PINS["pip"])}
        self.would_install = ["torch", "sympy"]
        self.calls: list[list[str]] = []
        python = tmp_path / "python"
        python.touch()
        monkeypatch.setattr(install, "PYTHON", python)
        monkeypatch.setattr(install, "pip", self)
        monkeypatch.setattr(install, "run", lambda *command: None)
        monkeypatch.setattr(install, "installed_version", self.installed.get)
        monkeypatch.setattr(install, "torch_requirements", lambda: {"sympy", "setuptools"})
        monkeypatch.setattr(install, "has_nvidia_gpu", lambda: False)
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.delenv("TORCH_INDEX", raising=False)
        monkeypatch.delenv("CUDA", raising=False)

    def __call__(self, *arguments: str | Path) -> None:
        words = [str(argument) for argument in arguments]
        if "--report" in words:
            report = {"install": [{"metadata": {"name": name}} for name in self.would_install]}
            Path(words[words.index("--report") + 1]).write_text(json.dumps(report), "utf-8")
        if "--requirement" in words:
            words += Path(words[-1]).read_text("utf-8").split("\n")
        self.calls.append(words)

    def asked(self, word: str) -> list[list[str]]:
        return [call for call in self.calls if word in call]


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pip:
    return Pip(monkeypatch, tmp_path)


def test_cuda_is_refused_before_anything_is_downloaded(pip: Pip) -> None:
    pip.would_install = ["torch", "nvidia-cublas", "triton"]
    with pytest.raises(install.SetupError, match=r"TORCH_INDEX=.*CUDA=yes") as stopped:
        install.main([])
    assert "\n" not in str(stopped.value)
    assert [call for call in pip.calls if "--dry-run" not in call] == []


def test_looking_for_cuda_downloads_no_wheel(pip: Pip) -> None:
    install.main([])
    (looking,) = pip.asked("--dry-run")
    assert "--use-feature=fast-deps" in looking


def test_cuda_comes_where_it_is_asked_for(pip: Pip, monkeypatch: pytest.MonkeyPatch) -> None:
    pip.would_install = ["torch", "nvidia-cublas"]
    monkeypatch.setenv("CUDA", "yes")
    install.main([])
    assert pip.asked("torch==2.13.0") == [["install", "torch==2.13.0"]]


def test_cuda_comes_where_there_is_a_gpu(pip: Pip, monkeypatch: pytest.MonkeyPatch) -> None:
    pip.would_install = ["torch", "nvidia-cublas"]
    monkeypatch.setattr(install, "has_nvidia_gpu", lambda: True)
    install.main([])
    assert pip.asked("torch==2.13.0") == [["install", "torch==2.13.0"]]


def test_only_torch_comes_from_the_named_index(pip: Pip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_INDEX", "somewhere")
    install.main([])
    assert pip.asked("somewhere") == [["install", "--index-url", "somewhere", "torch==2.13.0"]]
    assert pip.asked("--dry-run") == []


def test_an_installed_torch_within_the_bound_is_kept(pip: Pip) -> None:
    pip.installed["torch"] = "2.6.1+cpu"
    install.main([])
    assert pip.asked("torch==2.13.0") == []
    (pins,) = pip.asked("--requirement")
    assert "manim==0.22.0" in pins
    assert not [pin for pin in pins if pin.startswith("sympy")], "torch keeps the one it came with"
    assert [pin for pin in pins if pin.startswith("setuptools")]


def test_an_installed_torch_below_the_bound_is_replaced(pip: Pip) -> None:
    pip.installed["torch"] = "2.5.1"
    install.main([])
    assert pip.asked("torch==2.13.0")


@pytest.mark.parametrize(("arguments", "with_tools"), [([], False), (["--dev"], True)])
def test_the_tools_of_the_tests_come_only_with_dev(
    pip: Pip, arguments: list[str], with_tools: bool
) -> None:
    install.main(arguments)
    (pins,) = pip.asked("--requirement")
    assert any(pin.startswith("pytest==") for pin in pins) is with_tools


# scripts/*.sh


class BareMachine:
    """A path that holds nothing but the few tools the scripts call, and what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.home = folder
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None
            (self.bin / tool).symlink_to(found)

    def put(self, name: str, script: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!{self.bin}/bash\n{script}\n", "utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run(self, script: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.home), **more}
        command = [str(self.bin / "bash"), str(ROOT / "scripts" / script), *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
def machine(tmp_path: Path) -> BareMachine:
    return BareMachine(tmp_path)


def test_without_apt_the_readme_is_named(machine: BareMachine) -> None:
    done = machine.run("system-libraries.sh", sys.executable)
    assert done.returncode == 1
    assert "missing: pkg-config, cairo headers, pango headers, a C compiler" in done.stderr
    assert "README.md" in done.stderr
    assert done.stderr.count("\n") == 1


def test_apt_is_asked_for_what_is_missing_only(machine: BareMachine) -> None:
    machine.put("id", "echo 0")
    machine.put("pkg-config", '[ "$2" = cairo ]')
    machine.put("cc", "exit 0")
    machine.put("fc-list", "echo Noto Sans CJK JP")
    machine.put("apt-get", f'echo "$@" >> {machine.home}/asked')
    done = machine.run("system-libraries.sh", sys.executable)
    assert done.returncode == 0, done.stderr
    asked = (machine.home / "asked").read_text("utf-8").splitlines()
    assert asked == [
        "update --quiet",
        "install --yes --no-install-recommends libpango1.0-dev --quiet",
    ]
    assert "installing with apt: libpango1.0-dev" in done.stdout


@pytest.mark.parametrize(
    ("languages", "package"),
    [("", "fonts-noto-cjk"), ("ja", "fonts-nanum"), ("ko", "fonts-noto-cjk"), ("ja ko", "")],
)
def test_one_font_is_asked_for_where_one_will_do(
    machine: BareMachine, languages: str, package: str
) -> None:
    """Noto's CJK fonts draw Korean too; where Korean alone is wanting, a small font is enough."""
    machine.put("id", "echo 0")
    machine.put("pkg-config", "exit 0")
    machine.put("cc", "exit 0")
    machine.put("find", "exit 0")
    machine.put(
        "fc-list", f'for known in {languages}; do [ "$1" != ":lang=$known" ] || echo A font; done'
    )
    machine.put("apt-get", f'echo "$@" >> {machine.home}/asked')
    done = machine.run("system-libraries.sh", sys.executable)
    assert done.returncode == 0, done.stderr
    asked = machine.home / "asked"
    fonts = re.findall(r"fonts-\S+", asked.read_text("utf-8")) if asked.exists() else []
    assert fonts == ([package] if package else [])


def test_a_font_that_cannot_be_had_is_named_and_stops_nothing(machine: BareMachine) -> None:
    machine.put("pkg-config", "exit 0")
    machine.put("cc", "exit 0")
    machine.put("find", "exit 0")
    machine.put("fc-list", '[ "$1" != ":lang=ja" ] || echo A font')
    done = machine.run("system-libraries.sh", sys.executable)
    assert done.returncode == 0
    assert "going on without a Korean font; README.md" in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_root_or_sudo_the_command_to_run_is_said(machine: BareMachine) -> None:
    machine.put("id", "echo 1000")
    machine.put("apt-get", "exit 1")
    done = machine.run("system-libraries.sh", "")
    assert done.returncode == 1
    assert "as root, run: apt-get install" in done.stderr
    assert "python3-venv" in done.stderr
    assert done.stderr.count("\n") == 1


def test_sudo_is_not_asked_for_a_password_where_nobody_can_type_it(machine: BareMachine) -> None:
    machine.put("id", "echo 1000")
    machine.put("apt-get", "exit 0")
    machine.put("sudo", f'printf "%s\\n" "$1" >> {machine.home}/asked')
    done = machine.run("system-libraries.sh", "")
    assert done.returncode == 0, done.stderr
    assert set((machine.home / "asked").read_text("utf-8").split()) == {"-n"}


class BrowserMachine(BareMachine):
    """A bare machine with the browsers' script in a project folder of its own, and root's name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.project = folder / "project"
        for name in ("scripts/packages.sh", "scripts/browsers.sh", "tests/node/package-lock.json"):
            (self.project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.project / name)
        for tool in ("cmp", "cp", "mkdir"):
            self.put(tool, f'exec {shutil.which(tool)} "$@"')
        self.put("id", "echo 0")
        for name in ("python", "apt-get"):
            self.put(name, self.noting(name))

    def noting(self, name: str, then: str = "") -> str:
        return f'echo {name} "$@" >> {self.home}/asked\n{then}'

    def put_everything(self) -> None:
        for name in ("chromium", "jekyll", "hugo"):
            self.put(name, "exit 1")  # it is looked for, never run
        self.put("npm", self.noting("npm", "mkdir -p node_modules"))

    def set_up(self) -> subprocess.CompletedProcess[str]:
        return self.run(str(self.project / "scripts" / "browsers.sh"), "python")

    def asked(self) -> list[str]:
        path = self.home / "asked"
        return path.read_text("utf-8").splitlines() if path.exists() else []


@pytest.fixture
def browser_machine(tmp_path: Path) -> BrowserMachine:
    return BrowserMachine(tmp_path)


PIP_ASKED = "python -m pip install --quiet --no-deps --requirement requirements-browser.txt"
NPM_ASKED = "npm ci --ignore-scripts --no-audit --no-fund"


def test_browsers_come_by_apt_once_and_only_where_missing(browser_machine: BrowserMachine) -> None:
    browser_machine.put_everything()
    (browser_machine.bin / "jekyll").unlink()
    done = browser_machine.set_up()
    assert done.returncode == 0, done.stderr
    assert browser_machine.asked() == [
        "apt-get update --quiet",
        "apt-get install --yes --no-install-recommends jekyll --quiet",
        PIP_ASKED,
        NPM_ASKED,
    ]


def test_npm_is_asked_again_only_where_the_lock_file_has_changed(
    browser_machine: BrowserMachine,
) -> None:
    browser_machine.put_everything()
    assert browser_machine.set_up().returncode == 0
    assert browser_machine.set_up().returncode == 0
    assert browser_machine.asked() == [PIP_ASKED, NPM_ASKED, PIP_ASKED]
    lock = browser_machine.project / "tests" / "node" / "package-lock.json"
    lock.write_text("{}", "utf-8")
    assert browser_machine.set_up().returncode == 0
    assert browser_machine.asked()[3:] == [PIP_ASKED, NPM_ASKED]


def test_npm_that_fails_is_not_taken_for_done(browser_machine: BrowserMachine) -> None:
    browser_machine.put_everything()
    browser_machine.put("npm", browser_machine.noting("npm", "exit 1"))
    assert browser_machine.set_up().returncode != 0
    assert browser_machine.set_up().returncode != 0
    assert browser_machine.asked().count(NPM_ASKED) == 2


def test_without_root_the_browsers_to_install_are_said_in_one_line(
    browser_machine: BrowserMachine,
) -> None:
    browser_machine.put("id", "echo 1000")
    done = browser_machine.set_up()
    assert done.returncode == 1
    command = "apt-get install --yes --no-install-recommends chromium jekyll hugo nodejs npm"
    assert done.stderr == (
        f"attnviz: missing: Chromium, Jekyll, Hugo, npm; as root, run: {command}\n"
    )
    assert browser_machine.asked() == []


@pytest.mark.parametrize("name", ["/nowhere/python3", "python-too-old"])
def test_a_named_python_that_is_absent_or_too_old_is_refused(
    machine: BareMachine, name: str
) -> None:
    machine.put("python-too-old", "exit 1")
    done = machine.run("bootstrap.sh", PYTHON=name)
    assert done.returncode == 1
    assert f"PYTHON={name}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_make_alone_lists_the_two_commands() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"make film", "make test"} <= set(re.findall(r"make \w+", done.stdout))
