"""How much memory a worker takes: `python -m benchmarks.memory self-attention --quality hd`.

While films are drawn, the memory of every process of the command is read from Linux: what a
process has for itself, and its part of what it shares with others (the proportional set size).
Libraries are loaded once and shared by the workers; the sum is what the machine must have.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cost import ROOT

_EVERY = 0.25
"""Seconds between two looks."""

_A_MEGABYTE = 1024  # in the kilobytes that Linux counts


def peaks(words: list[str]) -> dict[int, int]:
    """Return the most memory that each process of a command had at once, in MB.

    Parameters
    ----------
    words
        Arguments of ``render.py``.
    """
    found: dict[int, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "render.py", *words, "--force", "-o", folder]
        run = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL)
        while run.poll() is None:
            for process, size in _sizes(run.pid).items():
                found[process] = max(size, found.get(process, 0))
            time.sleep(_EVERY)
    if run.returncode:
        raise SystemExit(run.returncode)
    return found


def _sizes(session: int) -> dict[int, int]:
    """Return the memory of the processes of a session now, in MB."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                told = re.search(r"^Pss:\s+(\d+)", (place / "smaps_rollup").read_text(), re.M)
                found[int(place.name)] = int(told[1]) // _A_MEGABYTE if told else 0
        except OSError:  # it has just ended
            continue
    return found


def main() -> None:
    """Print the peaks, the largest first: the workers come before what started them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="+")
    parser.add_argument("--quality", default="hd")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    words = [*asked.scenes, "--quality", asked.quality, "--workers", str(asked.workers)]
    found = sorted(peaks(words).values(), reverse=True)
    if asked.as_json:
        print(json.dumps({"megabytes": found}))
    else:
        print("MB of each process at its peak: " + ", ".join(map(str, found)))


if __name__ == "__main__":
    main()
