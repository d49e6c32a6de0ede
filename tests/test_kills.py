"""Renders that are killed lose nothing, and the next one heals what they left."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kills import storm

TIMES = 8


@pytest.mark.slow
def test_a_storm_of_kills_loses_and_corrupts_nothing(tmp_path: Path) -> None:
    found = storm(tmp_path, TIMES)
    assert found.kills + found.survived == TIMES
    assert found.kills >= 2  # moments are drawn from the time of a first render, which may be slow
    assert (found.lost, found.corrupt, found.healed) == (0, 0, True)
