"""Scenes that say what they cost: CPU seconds of all threads, on stderr, when they have ended."""

from __future__ import annotations

import sys
import time
from typing import ClassVar, Literal

from manim import FadeIn

from attnviz.animations.waves import mask_wave
from attnviz.spec import Spec
from attnviz.stage import AttentionScene
from scenes.causal_mask import CausalMask
from scenes.multi_head import MultiHead

MARK = "CPU seconds of the scene:"


class Still(AttentionScene):
    """One caption, and nothing that moves."""

    def construct(self) -> None:
        """Play the one beat."""
        with self.beat("still", "Nothing moves."):
            pass


class Timed(AttentionScene):
    """Measures from the first mobject that is made to the last frame that is drawn."""

    def construct(self) -> None:
        """Play the scene that follows in the order of classes."""
        began = time.process_time()
        super().construct()
        print(MARK, time.process_time() - began, file=sys.stderr, flush=True)


class PlainGrid(AttentionScene):
    """A grid of scores appears, and pair by pair becomes its masked scores."""

    tokens = range(2, 257)
    kind: ClassVar[Literal["self", "cross"] | None] = "self"

    def construct(self) -> None:
        """Build the grid, then play its one beat."""
        scores, mask = self.address("scores", self.head), self.mask_address()
        fill, slow = self.signed_fill(scores), self.theme.timing.slow
        grid = self.head_grid(scores, fill=fill, places=1)
        masked = grid.redrawn(self.pen, f"masked({scores}, {mask})", fill=fill, places=1)
        hatches = grid.face.hatches(~self.mask)
        with self.beat("mask", "Scores, then masked scores."):
            self.play(FadeIn(grid), run_time=slow)
            self.play(mask_wave(grid.face, masked, hatches, ~self.mask), run_time=2 * slow)


class Grid(Timed, PlainGrid):
    """The grid alone, timed."""

    spec = Spec()


class TimedCausalMask(Timed, CausalMask):
    """The whole of causal-mask, timed."""

    spec = Spec(mask="causal")


class TimedMultiHead(Timed, MultiHead):
    """The whole of multi-head, timed."""

    spec = Spec(layer=0)
