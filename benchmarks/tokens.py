"""What long sentences cost: CPU seconds a second of film, for 8 to 256 tokens.

    python -m benchmarks.tokens [grid causal-mask multi-head] [--quality draft,hd] [--counts 8,64]

The sentences are made up and the weights random, but the traces are those of a real forward pass.
Each film is drawn, encoded and checked by one worker of `render.py`; what is counted is
the scene's own CPU time, from its first mobject to its last frame, without start-up. The growth
is the b of cost = a · tokens^b. The exit code is 1 where 64 tokens cost more than 4 times 8 tokens.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from attnviz.render.output import QUALITIES
from benchmarks.cost import ROOT, cost
from benchmarks.growth import exponent
from benchmarks.tables import table

SUBJECTS = {"grid": "Grid", "causal-mask": "TimedCausalMask", "multi-head": "TimedMultiHead"}
COUNTS = (8, 16, 32, 64, 128, 256)
FEW, MANY = 8, 64
MOST_TIMES = 4

_SCENES = ROOT / "benchmarks" / "timed_scenes.py"
_MARK = re.compile(r"^CPU seconds of the scene: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Growth:
    """How the cost of one subject at one quality grows.

    Parameters
    ----------
    subject, quality
        What was filmed, and as what.
    costs
        Number of tokens to CPU seconds a second of film.
    """

    subject: str
    quality: str
    costs: Mapping[int, float]

    @property
    def exponent(self) -> float:
        """The b of cost = a · tokens^b."""
        return exponent(list(self.costs), list(self.costs.values()))

    @property
    def times(self) -> float | None:
        """How many times 64 tokens cost what 8 do; None where one of them was not measured."""
        if not {FEW, MANY} <= self.costs.keys():
            return None
        return self.costs[MANY] / self.costs[FEW]


def seconds_a_second(subject: str, quality: str, trace: Path, folder: Path) -> float:
    """Film a subject; return the scene's CPU seconds a second of its film."""
    folder.mkdir()
    command = [sys.executable, str(ROOT / "render.py"), f"{_SCENES}:{SUBJECTS[subject]}"]
    command += ["--model", str(trace), "--layer", "0", "--head", "0", "--quality", quality]
    command += ["--workers", "1", "-o", str(folder / "media"), "--force", "--json"]
    surroundings = {"PYTHONPATH": str(ROOT), "ATTNVIZ_CACHE": str(folder / "store")}
    cost(command, folder, surroundings)
    found = _MARK.search((folder / "stderr").read_text("utf-8"))
    if found is None:
        raise RuntimeError(f"{subject} did not say what it cost: it ran in another process")
    clip = json.loads((folder / "stdout").read_text("utf-8"))
    return float(found[1]) / float(clip["seconds"])


def measured(
    subjects: Sequence[str], qualities: Sequence[str], counts: Sequence[int]
) -> list[Growth]:
    """Film every subject at every quality with every number of tokens."""
    from benchmarks.long_texts import save_long_trace

    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        traces = {count: save_long_trace(count, place) for count in counts}
        growths = []
        for subject in subjects:
            for quality in qualities:
                costs = {}
                for count, trace in traces.items():
                    folder = place / f"{subject}-{quality}-{count}"
                    costs[count] = seconds_a_second(subject, quality, trace, folder)
                    told = f"{subject} {quality} {count}: {costs[count]:.2f}"
                    print(told, file=sys.stderr, flush=True)
                growths.append(Growth(subject, quality, costs))
    return growths


def report(growths: Sequence[Growth]) -> str:
    """Return everything that was measured, as text."""
    counts = list(growths[0].costs)
    head = ["CPU s a second of film", "quality", *map(str, counts), "exponent", f"{MANY} / {FEW}"]
    rows = [
        [
            growth.subject,
            growth.quality,
            *(f"{growth.costs[count]:.2f}" for count in counts),
            f"{growth.exponent:.2f}",
            "–" if growth.times is None else f"{growth.times:.2f}",
        ]
        for growth in growths
    ]
    return table(head, rows)


def main() -> int:
    """Measure and report; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("subjects", nargs="*", default=["grid"], metavar="SUBJECT")
    parser.add_argument("--quality", default="draft,hd", help="with commas between")
    parser.add_argument("--counts", default=",".join(map(str, COUNTS)), help="2 to 256, likewise")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    asked = parser.parse_args()
    qualities = asked.quality.split(",")
    unknown = {*asked.subjects} - {*SUBJECTS} | {*qualities} - {*QUALITIES}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    growths = measured(asked.subjects, qualities, [int(count) for count in asked.counts.split(",")])
    if asked.json:
        derived = [{"exponent": growth.exponent, "times": growth.times} for growth in growths]
        print(json.dumps([asdict(one) | more for one, more in zip(growths, derived, strict=True)]))
    else:
        print(report(growths))
    return int(any((growth.times or 0.0) > MOST_TIMES for growth in growths))


if __name__ == "__main__":
    sys.exit(main())
