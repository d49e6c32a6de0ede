"""Build .venv from the pinned lists; the standard library only, since nothing is installed yet.

`scripts/bootstrap.sh` calls it once the system libraries are there. It never downloads CUDA by
accident, and keeps a torch that already stands in .venv and satisfies the bound of pyproject.toml.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# What torch's CUDA build brings along, by the beginning of the package's name.
CUDA_PREFIXES = ("nvidia-", "cuda-", "triton")
# The driver of an NVIDIA GPU, on Linux and on Linux inside Windows.
NVIDIA_DRIVER = (Path("/proc/driver/nvidia"), Path("/usr/lib/wsl/lib/libcuda.so.1"))


class SetupError(Exception):
    """The set-up cannot go on; the message is one line that says what to do."""


def say(message: str) -> None:
    """Tell what happens, ahead of the words of the commands that follow."""
    print(f"attnviz: {message}", flush=True)


def normalised(name: str) -> str:
    """Return a package's name as the index compares it: lower case, single hyphens."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_name(requirement: str) -> str:
    """Return the normalised package name of a requirement such as ``manim[typst]==0.22.0``."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    if match is None:
        raise SetupError(f"not a requirement: {requirement!r}")
    return normalised(match.group())


def read_pins(path: Path) -> dict[str, str]:
    """Read a pinned list: package name to its line, comments left out."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return {requirement_name(line): line for line in lines if line}


def release(version: str) -> tuple[int, ...]:
    """Return the comparable head of a version: ``2.13.0+cpu`` is ``(2, 13, 0)``."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def torch_bound(pyproject: Path) -> tuple[int, ...]:
    """Return the lowest torch release that pyproject.toml allows."""
    dependencies = tomllib.loads(pyproject.read_text("utf-8"))["project"]["dependencies"]
    (bound,) = (line for line in dependencies if requirement_name(line) == "torch")
    return release(bound.partition(">=")[2])


def run(*command: str | Path) -> None:
    """Run a command, its output on the screen; a failure ends the set-up."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise SetupError(f"this failed, its own words are above: {' '.join(map(str, command))}")


def pip(*arguments: str | Path) -> None:
    """Run the pip of .venv."""
    run(PYTHON, "-m", "pip", *arguments)


def ask_venv(code: str) -> str:
    """Return what a line of Python prints in .venv."""
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def installed_version(name: str) -> str | None:
    """Return the version of a package in .venv, or None where it is not installed."""
    code = f"import importlib.metadata; print(importlib.metadata.version({name!r}))"
    try:
        return ask_venv(code)
    except subprocess.CalledProcessError:
        return None


def torch_requirements() -> set[str]:
    """Return the names of the packages in .venv that the torch installed there brought along."""
    code = (
        "import importlib.metadata as m, json;"
        "print(json.dumps([m.requires('torch') or [], [d.name for d in m.distributions()]]))"
    )
    required, present = json.loads(ask_venv(code))
    return {requirement_name(r) for r in required} & {normalised(name) for name in present}


def has_nvidia_gpu() -> bool:
    """Tell whether the driver of an NVIDIA GPU is there."""
    return any(path.exists() for path in NVIDIA_DRIVER)


def cuda_packages(report: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
    """Return the CUDA packages that a pip installation report lists."""
    names = (normalised(item["metadata"]["name"]) for item in report["install"])
    return sorted(name for name in names if name.startswith(CUDA_PREFIXES))


def refuse_cuda_by_accident(torch_pin: str) -> None:
    """Stop where the default index would bring CUDA to a Linux machine without an NVIDIA GPU.

    Pip resolves without installing; ``fast-deps`` reads the metadata of a wheel alone, so that
    looking does not itself download the gigabytes.
    """
    if sys.platform != "linux" or has_nvidia_gpu():
        return
    say("looking which build of torch the package index offers")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        looking = ("--dry-run", "--quiet", "--quiet", "--use-feature=fast-deps")
        pip("install", *looking, "--report", report, torch_pin)
        found = cuda_packages(json.loads(report.read_text("utf-8")))
    if found:
        raise SetupError(
            f"{torch_pin} would bring {len(found)} CUDA packages ({found[0]}, …: gigabytes) to a "
            "machine without an NVIDIA GPU; name the CPU index of PyTorch's install page "
            "(make film TORCH_INDEX=…) or take them all the same (make film CUDA=yes)"
        )


def install_pins(pins: dict[str, str]) -> None:
    """Install pinned packages, all in one resolution."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = Path(folder) / "pins.txt"
        chosen.write_text("\n".join(pins.values()), "utf-8")
        pip("install", "--requirement", chosen)


def install_torch(torch_pin: str, index: str | None) -> None:
    """Install the pinned torch, from the named index where one is named."""
    source = ("--index-url", index) if index else ()
    pip("install", *source, torch_pin)


def main(arguments: list[str]) -> None:
    """Build or complete .venv; ``--dev`` adds the tools of the tests."""
    pins = read_pins(ROOT / "requirements.txt")
    torch_pin, pip_pin = pins.pop("torch"), pins.pop("pip")
    if "--dev" in arguments:
        pins |= read_pins(ROOT / "requirements-dev.txt")
    index = os.environ.get("TORCH_INDEX")

    if not PYTHON.exists():
        say(f"making {VENV} with Python {sys.version.split()[0]}")
        venv.create(VENV, with_pip=True, symlinks=True)
    if installed_version("pip") is None:  # interrupted, or made by a tool that leaves pip out
        run(PYTHON, "-m", "ensurepip", "--default-pip")
    if installed_version("pip") != pip_pin.partition("==")[2]:
        pip("install", "--quiet", pip_pin)

    torch = installed_version("torch")
    keep_torch = torch is not None and release(torch) >= torch_bound(ROOT / "pyproject.toml")
    if keep_torch:
        say(f"using the torch {torch} that is installed")
        # It keeps the versions that it came with: some releases of torch accept one only.
        # setuptools must be new enough to install this project.
        for name in torch_requirements() - {"setuptools"}:
            pins.pop(name, None)
    elif not index and os.environ.get("CUDA") != "yes":
        refuse_cuda_by_accident(torch_pin)

    install_pins(pins)
    if not keep_torch:
        # Last: what torch needs is there by now, so that its index need hold torch alone.
        install_torch(torch_pin, index)
    pip("install", "--quiet", "--no-build-isolation", "--no-deps", "--editable", ROOT)
    run(PYTHON, "-c", "import manim, torch")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetupError as error:
        sys.exit(f"attnviz: {error}")
