"""What a command costs: its wall time, and the CPU time of every process that it starts.

The command runs below a measuring process of its own (this module as a script), which on Linux
adopts the orphans among its descendants: a pool's server whose starter has ended counts too.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, kilobytes here


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took.

    Parameters
    ----------
    wall
        Seconds until it ended.
    cpu
        Seconds of CPU, user's and system's, of it and of all its descendants.
    peak
        Bytes that the largest of these processes held in memory.
    """

    wall: float
    cpu: float
    peak: int


def cost(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Cost:
    """Run a command to its end.

    Parameters
    ----------
    command
        Program and arguments.
    folder
        Where it runs; ``stdout`` and ``stderr`` are files there afterwards.
    environment
        Variables to set besides one's own.

    Returns
    -------
    Cost
        What it took.

    Raises
    ------
    RuntimeError
        If the command fails; the message holds the end of what it said.
    """
    report = folder / "cost.json"
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        done = subprocess.run(
            [sys.executable, str(Path(__file__)), str(report), *command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=out,
            stderr=err,
            check=False,
        )
    if done.returncode:
        said = (folder / "stderr").read_text("utf-8", "replace")[-1000:]
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return Cost(**json.loads(report.read_text("utf-8")))


def _measure(report: Path, command: Sequence[str]) -> int:
    """Run a command as a child, write what it cost, and return its exit code."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)
    began = time.monotonic()
    code = subprocess.run(command, check=False).returncode
    wall = time.monotonic() - began
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * _RSS_UNIT)
    report.write_text(json.dumps(asdict(found)), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(_measure(Path(sys.argv[1]), sys.argv[2:]))
