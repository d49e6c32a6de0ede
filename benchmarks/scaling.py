"""What more workers gain, measured, and on paper for as many as a cluster has.

    python -m benchmarks.scaling [SCENES…] [--workers 1,2,4] [--clip score-grid] [--quality hd]

The gallery (or the scenes named) and one clip alone are filmed, cold, with each number of workers.
The serial share is found twice: from the wall times by Amdahl's law (growth.py says how; only
numbers of workers up to that of the cores count, and the machine must be idle), and from parts
(on_paper.py has the formula), each measured in CPU seconds, which other load hardly changes:

    start    a film of one still caption with two workers: interpreter, libraries, workers
    unseen   over the one clip, two workers' CPU less one's, without what two take longer to
             start: another forward pass, and the beats that the other draws, played unseen
    read     decoding every finished film, as the check at the end of a render does
    drawn    one worker's CPU, without its start and the reading
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from attnviz.render.catalogue import SceneRef, find
from attnviz.render.checking import decode
from attnviz.render.output import QUALITIES, Output
from benchmarks.cost import ROOT, Cost
from benchmarks.growth import serial_share, speed_up
from benchmarks.on_paper import Parts
from benchmarks.sides import Films, ours, scenes_named
from benchmarks.tables import megabytes, table

CLIP = "score-grid"
MANY = 64
"""As many workers as a cluster may have."""

_STILL = f"{ROOT / 'benchmarks' / 'timed_scenes.py'}:Still"

Made = Mapping[int, Films]
"""Number of workers to what they made; 1 and 2 are among them."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """One subject with several numbers of workers.

    Parameters
    ----------
    subject
        What was filmed.
    costs
        Number of workers to what it cost.
    serial
        The serial share that Amdahl's law finds in the wall times; None: fewer than two numbers of
        workers had a core each.
    parts
        What the parts cost.
    """

    subject: str
    costs: Mapping[int, Cost]
    serial: float | None
    parts: Parts


def measured(
    clip: SceneRef, gallery: Sequence[SceneRef], workers: Sequence[int], output: Output
) -> list[Scaling]:
    """Film one clip, then many, with every number of workers."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        still = _each("still", [find(_STILL)], (1, 2), output, place)
        alone = _each(f"{clip.name} alone", [clip], workers, output, place)
        together = _each("gallery", gallery, workers, output, place)
        more = alone[2].cost.cpu - alone[1].cost.cpu
        unseen = max(0.0, more - (still[2].cost.cpu - still[1].cost.cpu))
        return [
            Scaling(subject, _costs(made), _fitted(made), parts(made[1], still, unseen))
            for subject, made in ((f"{clip.name} alone", alone), ("gallery", together))
        ]


def _each(
    subject: str, scenes: Sequence[SceneRef], workers: Sequence[int], output: Output, place: Path
) -> Made:
    made = {}
    for count in workers:
        folder = place / f"{subject} {count}"
        made[count] = ours(scenes, output, folder, ["--workers", str(count)])
        line = f"{subject}, {count} workers: {made[count].cost.wall:.1f} s"
        print(line, file=sys.stderr, flush=True)
    return made


def _costs(made: Made) -> dict[int, Cost]:
    return {count: films.cost for count, films in made.items()}


def _fitted(made: Made) -> float | None:
    """Find the serial share in the times of workers that had a core each."""
    fitting = [count for count in made if count <= cores()]
    if len(fitting) < 2:
        return None
    return serial_share(fitting, [made[count].cost.wall for count in fitting])


def parts(one: Films, still: Made, unseen: float) -> Parts:
    """Take the render of one worker apart.

    Parameters
    ----------
    one
        What one worker made.
    still
        A film with nothing to draw.
    unseen
        As measured before.
    """
    lengths = [length for film in one.files.values() for length in _beat_seconds(film)]
    began = time.process_time()
    for film in one.files.values():
        decode(film)
    read = time.process_time() - began
    drawn = max(0.0, one.cost.cpu - still[1].cost.cpu - read)
    longest = max(lengths) / sum(lengths)
    return Parts(still[2].cost.cpu, unseen, drawn, longest, len(lengths), read)


def _beat_seconds(film: Path) -> list[float]:
    manifest = json.loads(film.with_suffix(".manifest.json").read_bytes())
    return [beat["end"] - beat["start"] for beat in manifest["beats"]]


def report(found: Sequence[Scaling]) -> str:
    """Return everything that was measured, as text."""
    head = ["subject", "workers", "wall s", "CPU s", "times as fast", "largest process"]
    rows = [
        [
            one.subject,
            str(count),
            f"{cost.wall:.1f}",
            f"{cost.cpu:.1f}",
            f"{one.costs[1].wall / cost.wall:.2f}",
            megabytes(cost.peak),
        ]
        for one in found
        for count, cost in one.costs.items()
    ]
    return "\n".join([table(head, rows), *(_on_paper(one) for one in found)])


def _on_paper(one: Scaling) -> str:
    """Return what follows for many workers, as text."""
    made, whole = one.parts, one.parts.wall(1)
    fitted = (
        "not fitted: fewer than two numbers of workers had a core each"
        if one.serial is None
        else f"{one.serial:.1%} serial by the fit: {speed_up(MANY, one.serial):.1f} times as fast"
    )
    return f"""
{one.subject}, on paper with {MANY} workers:
  {fitted}
  parts: start {made.start:.1f} s, unseen {made.unseen:.1f}, drawn {made.drawn:.1f}\
 in {made.beats} beats, the longest {made.longest:.1%} of it, read {made.read:.1f}
  {made.serial:.1%} serial by the parts; with the longest beat uncut {made.wall(MANY):.1f} s,\
 {whole / made.wall(MANY):.1f} times as fast"""


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def main() -> int:
    """Measure and report; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenes", nargs="*", help="which scenes; none: all")
    parser.add_argument("--clip", default=CLIP, help="which scene alone")
    parser.add_argument("--workers", default="1,2,4", help="with commas; 1 and 2 among them")
    parser.add_argument("--quality", choices=QUALITIES, default="hd")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    asked = parser.parse_args()
    workers = [int(count) for count in asked.workers.split(",")]
    if not {1, 2} <= {*workers}:
        parser.error("--workers: 1 and 2 are needed, the parts are found from them")
    gallery = scenes_named(asked.scenes)
    found = measured(find(asked.clip), gallery, workers, Output(QUALITIES[asked.quality]))
    print(json.dumps([asdict(one) for one in found]) if asked.json else report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
