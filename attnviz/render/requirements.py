"""What pyproject.toml asks of Python and of each package, compared with what is installed."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import attnviz

_PROJECT_FILE = Path(attnviz.__file__).resolve().parent.parent / "pyproject.toml"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_BOUND = re.compile(r"(>=|<)\s*([0-9.]+)")
_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package (or Python) and the versions that will do.

    Parameters
    ----------
    name
        The package.
    text
        As pip takes it, e.g. ``manim[typst]>=0.22,<0.23``.
    """

    name: str
    text: str

    @property
    def bounds(self) -> str:
        """The versions that will do, as written, e.g. ``>=0.22,<0.23``."""
        return ",".join(sign + bound for sign, bound in _BOUND.findall(self.text))

    def allows(self, version: str) -> bool:
        """Tell whether a version lies within the bounds; what follows its numbers is ignored."""
        found = _release(version)
        for sign, bound in _BOUND.findall(self.text):
            length = max(len(found), len(_release(bound)))
            ours, limit = (_padded(numbers, length) for numbers in (found, _release(bound)))
            if (ours >= limit) != (sign == ">="):
                return False
        return True


def python_requirement() -> Requirement:
    """Return the versions of Python that will do."""
    return Requirement("python", "python" + _declared()[0])


def package_requirements() -> tuple[Requirement, ...]:
    """Return the packages that films need, in the order declared."""
    # A declared requirement begins with a name, so that there is always a match.
    return tuple(Requirement(_NAME.match(text)[0], text) for text in _declared()[1])  # type: ignore[index]


def install_command(*names: str, again: bool = False) -> str:
    """Return the command that installs packages, within their bounds, into the Python that runs.

    Parameters
    ----------
    names
        The packages.
    again
        True to fetch and build anew what seems to be there.
    """
    declared = {needed.name: needed.text for needed in package_requirements()}
    force = ("--force-reinstall", "--no-cache-dir") if again else ()
    wanted = (declared.get(name.lower(), name) for name in names)
    command = shlex.join([sys.executable, "-m", "pip", "install", *force, *wanted])
    cpu = "torch" in names and sys.platform == "linux"
    return command + (" (for a CPU build see README.md, 'PyTorch without CUDA')" if cpu else "")


def _declared() -> tuple[str, Sequence[str]]:
    """Return what is asked of Python and of packages, from the source tree or the installation."""
    try:
        project = tomllib.loads(_PROJECT_FILE.read_text("utf-8"))["project"]
        return project["requires-python"], project["dependencies"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        pass
    try:
        installed = metadata("attnviz")
    except PackageNotFoundError:
        return "", ()
    needed = [line for line in installed.get_all("Requires-Dist") or () if "extra ==" not in line]
    return installed["Requires-Python"], [line.partition(";")[0].strip() for line in needed]


def _release(version: str) -> tuple[int, ...]:
    found = _RELEASE.match(version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))
