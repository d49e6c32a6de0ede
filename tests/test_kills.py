"""Renders that are killed lose nothing, and the next one heals what they left."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kills import storm

TIMES = 8


@pytest.mark.slow
def test_a_storm_of_kills_loses_and_corrupts_nothing(tmp_path: Path) -> None:
    found = storm(tmp_path, TIMES)
    assert (found.kills, found.lost, found.corrupt, found.healed) == (TIMES, 0, 0, True)
