"""What the store holds, as ``render.py cache`` shows and clears it."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from attnviz.errors import UserError, closest, quoted
from attnviz.render.entries import Entry, excess
from attnviz.render.imports import MEMORY
from attnviz.render.limits import DAYS, PLACE, SIZE, Limits, size_text
from attnviz.render.output import Output
from attnviz.render.store import Store

MOST_SHOWN = 20
"""Clips that are listed unless all are asked for."""

_MINUTE, _HOUR, _DAY = 60, 60 * 60, 24 * 60 * 60
_LEAST_TEXT = 20
_HEADS = ("scene", "output", "size", "last used", "text")
_DAMAGED = "(damaged)"


@dataclass(frozen=True, slots=True)
class Holding:
    """A clip in the store and what it is of.

    Parameters
    ----------
    entry
        The clip.
    scene, text
        The scene's name and the sentence; empty where the manifest cannot be read.
    output
        Quality, and theme and aspect where they are not the usual ones.
    """

    entry: Entry
    scene: str
    text: str
    output: str

    @classmethod
    def of(cls, entry: Entry) -> Holding:
        """Read what an entry is of."""
        told = entry.manifest()
        if not told:
            return cls(entry, "", "", "")
        usual, output = Output(), told["output"]
        words = [output["quality"]]
        words += [told["theme"]] if told["theme"] != usual.theme else []
        words += [output["aspect"]] if output["aspect"] != usual.aspect.name else []
        return cls(entry, told["scene"]["name"], told["spec"]["text"], " ".join(words))

    def as_dict(self) -> dict[str, Any]:
        """Return the clip as plain data."""
        return {
            "key": self.entry.path.name,
            "scene": self.scene,
            "text": self.text,
            "output": self.output,
            "bytes": self.entry.size,
            "last_used": _timestamp(self.entry.used),
        }


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was removed.

    Parameters
    ----------
    clips, size
        How many clips, and their bytes.
    """

    clips: int
    size: int

    def line(self, left: Holdings) -> str:
        """Return what a person reads.

        Parameters
        ----------
        left
            What the store still holds.
        """
        freed = f"{_clips(self.clips)} removed, {size_text(self.size)} freed"
        return f"{freed}; {_clips(len(left.entries))}, {size_text(left.size)}, kept"


def wanted_limits(clear: bool, days: float | None, size: int | None) -> Limits:
    """Return how much may stay where everything, the old or the too much is to go."""
    if clear:
        return Limits(0, 0)
    return Limits(sys.maxsize if size is None else size, float("inf") if days is None else days)


@dataclass(frozen=True)
class Holdings:
    """The clips in a store, or those of some scenes, the last used first.

    Parameters
    ----------
    store
        The store.
    scenes
        Names of scenes; none: all.

    Raises
    ------
    UserError
        If the store has no clip of such a scene; the nearest name is given.
    """

    store: Store
    scenes: Sequence[str] = ()
    entries: list[Entry] = field(init=False)

    def __post_init__(self) -> None:
        """Look at what is there."""
        entries = self.store.entries()
        if self.scenes:
            told = [Holding.of(entry) for entry in entries]
            _require_known(self.scenes, {one.scene for one in told if one.scene})
            entries = [one.entry for one in told if one.scene in self.scenes]
        object.__setattr__(self, "entries", entries)

    @property
    def size(self) -> int:
        """Bytes of all the clips."""
        return sum(entry.size for entry in self.entries)

    def clear(self, allowed: Limits) -> Cleared:
        """Remove what is over some limits.

        Parameters
        ----------
        allowed
            How much may stay; a size of 0: nothing.

        Raises
        ------
        StoreError
            If the store cannot be written.
        """
        gone = excess(self.entries, allowed, time.time())
        paths = [entry.path for entry in gone]
        if self.store.folder is not None and allowed.size == 0 and not self.scenes:
            memory = self.store.folder / MEMORY
            paths += [memory] if memory.exists() else []
        self.store.remove(paths)
        return Cleared(len(gone), sum(entry.size for entry in gone))

    def lines(self, most: int | None) -> list[str]:
        """Return what a person reads: place, size, limits and a table of the clips.

        Parameters
        ----------
        most
            How many clips the table has; None: all.
        """
        allowed = self.store.limits
        told = [
            f"place   {self.store.folder or 'none: no home folder'}  ({PLACE})",
            f"clips   {len(self.entries)}, {size_text(self.size)}",
            f"limits  {_limit(allowed)}  ({SIZE}), {allowed.days:g} days unused  ({DAYS})",
        ]
        if not self.entries:
            return told
        now = time.time()
        newest, oldest = (_ago(now - self.entries[end].used) for end in (0, -1))
        told.append(f"used    last {newest}, longest unused {oldest}")
        shown = [Holding.of(entry) for entry in self.entries[:most]]
        table = _table([_HEADS, *(_row(one, now) for one in shown)])
        rest = len(self.entries) - len(shown)
        return [*told, "", *table, *([f"… {rest} more; --list shows all"] if rest else [])]

    def as_json(self, cleared: Cleared | None = None) -> str:
        """Return all of it as one line of JSON."""
        content = {
            "folder": None if self.store.folder is None else str(self.store.folder),
            "clips": len(self.entries),
            "bytes": self.size,
            "limits": {"bytes": self.store.limits.size, "days": self.store.limits.days},
            "newest_use": _timestamp(self.entries[0].used) if self.entries else None,
            "oldest_use": _timestamp(self.entries[-1].used) if self.entries else None,
            "entries": [Holding.of(entry).as_dict() for entry in self.entries],
        }
        if cleared is not None:
            content["removed"] = {"clips": cleared.clips, "bytes": cleared.size}
        return json.dumps(content)


def _require_known(names: Iterable[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            there = f"there are {', '.join(sorted(known))}" if known else "it is empty"
            raise UserError(
                f"the store has no clip of {quoted(name)}{closest(name, known)} ({there})"
            )


def _clips(count: int) -> str:
    return f"{count} clip" if count == 1 else f"{count} clips"


def _limit(allowed: Limits) -> str:
    return f"at most {size_text(allowed.size)}" if allowed.size else "0: nothing is kept"


def _row(one: Holding, now: float) -> tuple[str, ...]:
    used = _ago(now - one.entry.used)
    return one.scene or _DAMAGED, one.output, size_text(one.entry.size), used, one.text


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align all columns but the last, which is cut to the terminal's width."""
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    left = shutil.get_terminal_size().columns - sum(widths) - 2 * len(widths)
    room = max(_LEAST_TEXT, left)
    lines = []
    for *cells, last in rows:
        aligned = [f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)]
        short = last if len(last) <= room else last[: room - 1] + "…"
        lines.append("  ".join([*aligned, short]).rstrip())
    return lines


def _ago(seconds: float) -> str:
    for unit, name in ((_DAY, "days"), (_HOUR, "hours"), (_MINUTE, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds // unit:.0f} {name} ago"
    return "just now" if seconds < _MINUTE else "a minute ago"


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
