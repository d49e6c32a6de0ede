"""How heavy a clip is for its page, and how heavy it may be."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attnviz.embed.versions import Version
from attnviz.render.output import Output

BUDGETS: Mapping[str, int] = MappingProxyType({"video": 1_500_000, "webm": 1_000_000})
"""Bytes of a film of :data:`BUDGET_SECONDS` at :data:`BUDGET_PIXELS`, by kind of file."""

BUDGET_SECONDS = 40
BUDGET_PIXELS = Output().width * Output().height
POSTER_BUDGET = 60_000


def budget(what: str, version: Version) -> int | None:
    """Return how many bytes a file of a clip may have; None: that is left open.

    A longer film, or one of more pixels, may weigh more in proportion; a shorter or smaller one is
    held to the same.
    """
    if what == "poster":
        return POSTER_BUDGET
    if what not in BUDGETS:
        return None
    size = version.manifest["output"]
    longer = max(1.0, float(version.manifest["seconds"]) / BUDGET_SECONDS)
    larger = max(1.0, float(size["width"] * size["height"]) / BUDGET_PIXELS)
    return round(BUDGETS[what] * longer * larger)


def weighed(version: Version) -> list[tuple[str, int, int]]:
    """Return the files that have a budget: what each is, its bytes and the most it may have."""
    return [
        (what, size, most)
        for what, size in version.weights.items()
        if (most := budget(what, version)) is not None
    ]
