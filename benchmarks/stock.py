"""The stock `manim render` and `render.py` on the same scenes, cold and in turn.

    python -m benchmarks.stock [SCENES…] [--quality hd] [--rounds 3] [--theme dark] [--json]

Each round films every scene with both, from empty folders and stores: one stock command a scene,
as manim's users call it, and one call of `render.py` for all scenes, as this project's do. The
side that begins changes from round to round. The films of the first round are compared frame by
frame (see similarity.py). Three claims are made of the whole gallery at hd; the exit code is 1
where one of them fails there. Of fewer scenes or pixels they are shown, and decide nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

from attnviz.render.catalogue import SceneRef, listed
from attnviz.render.output import QUALITIES, THEMES, Output
from benchmarks.cost import Cost
from benchmarks.sides import Films, ours, scenes_named, stock
from benchmarks.similarity import Similarity, compare
from benchmarks.tables import megabytes, spread, table

MOST_WALL = 1 / 3
LEAST_SSIM = 0.99
JUDGED = "hd"


@dataclass(frozen=True, slots=True)
class Pair:
    """One scene, filmed by both.

    Parameters
    ----------
    scene
        Its name.
    likeness
        How alike the two films are.
    stock_bytes, our_bytes
        Their sizes.
    """

    scene: str
    likeness: Similarity
    stock_bytes: int
    our_bytes: int


@dataclass(frozen=True, slots=True)
class Round:
    """What one round cost.

    Parameters
    ----------
    stock
        Scene to the cost of its stock command.
    ours
        The cost of the one call for all of them.
    """

    stock: Mapping[str, Cost]
    ours: Cost

    @property
    def wall(self) -> float:
        """Our wall time over the stock command's, which films one scene after another."""
        return self.ours.wall / sum(cost.wall for cost in self.stock.values())

    @property
    def cpu(self) -> float:
        """Our CPU time over the stock command's."""
        return self.ours.cpu / sum(cost.cpu for cost in self.stock.values())


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of the gallery, and whether it holds."""

    said: str
    found: str
    holds: bool


def film_both(
    scenes: Sequence[SceneRef], output: Output, folder: Path, *, ours_first: bool
) -> tuple[Mapping[str, Films], Films]:
    """Film scenes with both sides, in an empty folder."""

    def theirs() -> Mapping[str, Films]:
        made = {}
        for ref in scenes:
            made[ref.name] = stock(ref, output, folder / "stock" / ref.name)
            _tell(f"  stock, {ref.name}: {made[ref.name].cost.wall:.1f} s")
        return made

    own = partial(ours, scenes, output, folder / "ours")
    if ours_first:
        made = own()
        return theirs(), made
    return theirs(), own()


def pairs(theirs: Mapping[str, Films], own: Films) -> list[Pair]:
    """Compare the films of both sides, scene by scene.

    Raises
    ------
    ValueError
        If two films of a scene are not of one length and size.
    """
    found = []
    for scene, films in theirs.items():
        files = films.files[scene], own.files[scene]
        sizes = [file.stat().st_size for file in files]
        found.append(Pair(scene, compare(*files), *sizes))
    return found


def claims(rounds: Sequence[Round], found: Sequence[Pair]) -> list[Claim]:
    """Judge what is said of the whole gallery."""
    wall = median(turn.wall for turn in rounds)
    least = min(found, key=lambda pair: pair.likeness.mean)
    larger = [pair.scene for pair in found if pair.our_bytes > pair.stock_bytes]
    return [
        Claim("at most a third of the stock wall time", f"{wall:.3f}", wall <= MOST_WALL),
        Claim(
            f"SSIM at least {LEAST_SSIM} in every scene",
            f"{least.likeness.mean:.4f} in {least.scene}",
            least.likeness.mean >= LEAST_SSIM,
        ),
        Claim("no larger file", f"larger: {', '.join(larger) or 'none'}", not larger),
    ]


def report(
    rounds: Sequence[Round], found: Sequence[Pair], judged: Sequence[Claim], *, decides: bool
) -> str:
    """Return everything that was measured, as text, and whether the claims decide anything."""
    own = [turn.ours for turn in rounds]
    lines = [
        _scenes_table(rounds, found),
        "",
        f"ours, all in one call: wall {spread([cost.wall for cost in own], '.1f')} s, "
        f"CPU {spread([cost.cpu for cost in own], '.1f')} s, "
        f"largest process {megabytes(max(cost.peak for cost in own))}",
        f"ours / stock: wall {spread([turn.wall for turn in rounds], '.3f')}, "
        f"CPU {spread([turn.cpu for turn in rounds], '.3f')}",
        "",
        f"claims about the whole gallery at {JUDGED}{'' if decides else ', which this is not'}:",
    ]
    return "\n".join([*lines, *(_verdict(claim) for claim in judged)])


def _scenes_table(rounds: Sequence[Round], found: Sequence[Pair]) -> str:
    head = ["scene", "frames", "stock wall s", "stock CPU s", "stock", "ours", "SSIM", "worst"]
    rows = [
        [
            pair.scene,
            str(pair.likeness.frames),
            *_stock_seconds(rounds, [pair.scene]),
            megabytes(pair.stock_bytes),
            megabytes(pair.our_bytes),
            f"{pair.likeness.mean:.4f}",
            f"{pair.likeness.worst:.4f} at {pair.likeness.worst_frame}",
        ]
        for pair in found
    ]
    count = sum(pair.likeness.frames for pair in found)
    total = [
        "all",
        str(count),
        *_stock_seconds(rounds, [pair.scene for pair in found]),
        megabytes(sum(pair.stock_bytes for pair in found)),
        megabytes(sum(pair.our_bytes for pair in found)),
        f"{sum(pair.likeness.mean * pair.likeness.frames for pair in found) / count:.4f}",
        f"{min(pair.likeness.worst for pair in found):.4f}",
    ]
    return table(head, [*rows, total])


def _stock_seconds(rounds: Sequence[Round], scenes: Sequence[str]) -> list[str]:
    """Return the stock command's wall and CPU seconds for some scenes together."""
    costs = [[turn.stock[scene] for scene in scenes] for turn in rounds]
    return [
        spread([sum(cost.wall for cost in turn) for turn in costs], ".1f"),
        spread([sum(cost.cpu for cost in turn) for turn in costs], ".1f"),
    ]


def _verdict(claim: Claim) -> str:
    return f"{'holds' if claim.holds else 'FAILS'}: {claim.said} ({claim.found})"


def _tell(line: str) -> None:
    """Say how far it is: a round of the gallery at hd takes a while."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Film, compare and report; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenes", nargs="*", help="which scenes; none: all")
    parser.add_argument("--quality", choices=QUALITIES, default=JUDGED)
    parser.add_argument("--theme", choices=THEMES, default=THEMES[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    scenes = scenes_named(asked.scenes)
    output = Output(QUALITIES[asked.quality], asked.theme)
    rounds: list[Round] = []
    found: list[Pair] = []
    for number in range(asked.rounds):
        with tempfile.TemporaryDirectory() as place:
            theirs, own = film_both(scenes, output, Path(place), ours_first=bool(number % 2))
            costs = {scene: films.cost for scene, films in theirs.items()}
            rounds.append(Round(costs, own.cost))
            _tell(
                f"round {number + 1}: ours {own.cost.wall:.1f} s, ours / stock wall "
                f"{rounds[-1].wall:.3f}, CPU {rounds[-1].cpu:.3f}"
            )
            found = found or pairs(theirs, own)
    judged = claims(rounds, found)
    decides = scenes == list(listed()) and asked.quality == JUDGED
    if asked.json:
        told = {
            "rounds": [asdict(turn) for turn in rounds],
            "scenes": [asdict(pair) for pair in found],
            "claims": [asdict(claim) for claim in judged],
        }
        print(json.dumps(told))
    else:
        print(report(rounds, found, judged, decides=decides))
    return int(decides and not all(claim.holds for claim in judged))


if __name__ == "__main__":
    sys.exit(main())
