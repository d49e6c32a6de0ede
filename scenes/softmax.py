"""Scene 5: from scores to shares that add up to one."""

from __future__ import annotations

from typing import ClassVar

from manim import Create, FadeIn, FadeOut, VGroup

from attnviz.animations import gather, recolour
from attnviz.animations.bars import (
    file_in,
    lay_down,
    restate,
    say_next,
    slide_under,
    stand_up,
    tell,
    unfold,
)
from attnviz.animations.waves import leave, normalise
from attnviz.mobjects.softmax_row import Extremes, SoftmaxRow
from attnviz.spec import Spec
from attnviz.stage import AttentionScene

FORMULA = (
    '{{"share" : share}} = e^({{"score" : score}} {{- "largest" : largest}})'
    ' / {{sum e^("score" - "largest") : sum}}'
)


class Softmax(AttentionScene):
    """From scores to shares that add up to one."""

    # A head of the first layer spreads its shares, so that each can be seen.
    spec = Spec(layer=0, head=3)
    loop: ClassVar[tuple[str, ...]] = ("shares",)

    def construct(self) -> None:
        """Play the six beats."""
        plain = self.address("scores", self.head)
        self.scores = plain if self.mask.all() else f"masked({plain}, {self.mask_address()})"
        self.weights = self.address("weights", self.head)
        keys, stage = self.attention.key_tokens, self.zones.stage
        self.row = SoftmaxRow(self.pen, self.scores, self.weights, self.query, keys, stage)
        self.show_scores()
        self.take_off_the_largest()
        self.raise_e()
        self.divide()
        self.normalise_all()
        self.compare_rows()

    def show_scores(self) -> None:
        """Beat 1: one row of the grid of scores stands up as bars."""
        room, _totals = self.zones.stage.columns(11, 1)
        fill = self.signed_fill(self.address("scores", self.head))
        self.grid = self.head_grid(self.scores, room, fill=fill)
        outline = self.grid.face.row_outline(self.query)
        self.law = self.formula(FORMULA).set_color(self.theme.palette.dim)
        self.bars = self.row.standing()
        self.add(self.grid, outline, self.law)
        with self.beat(
            "scores",
            "The scores of {query}: the better the key, the higher its bar.",
            query=self.query_word(self.query),
        ):
            grid, face = self.grid, self.grid.face
            row = (face.row(self.query), *face.row_digits(self.query))
            self.play(leave(grid, *row, grid.key_labels), FadeOut(outline))
            self.remove(*grid.key_labels)  # copies of them go on
            self.play(slide_under(grid.key_labels, self.row.field.labels))
            self.remove(*grid.get_family())
            self.play(stand_up(face, self.query, self.bars), run_time=self.theme.timing.slow)
            self.play(recolour(self.law.term("score"), self.theme.palette.ink))

    def take_off_the_largest(self) -> None:
        """Beat 2: the largest score is taken off every score; no bar's end moves."""
        before, self.bars = self.bars, self.row.hanging()
        self.line = self.row.subtraction()
        with self.beat(
            "largest",
            "Take the largest, {largest}, off each: it cancels later and keeps powers small.",
            largest=self.row.largest,
        ):
            self.play(recolour(self.law.term("largest"), self.theme.palette.ink))
            self.play(tell(self.line, before))
            self.play(restate(before, self.bars), run_time=self.theme.timing.slow)

    def raise_e(self) -> None:
        """Beat 3: e to the power of every difference; their sum gathers below."""
        before, self.bars = self.bars, self.row.raised()
        said, self.line = self.line, self.row.power()
        total = self.row.total
        caption = "Raise e to each: every number is positive now. Together they are {sum}."
        if not self.mask[self.query].all():
            caption = (
                "Raise e to each: the masked ones give exactly zero, the others a sum of {sum}."
            )
        with self.beat("powers", caption, sum=self.row.sum):
            self.play(say_next(said, self.line))
            self.play(restate(before, self.bars), run_time=self.theme.timing.slow)
            self.play(FadeIn(total.words()))
            self.play(gather(self.bars.values, total.parts["sum"], self.theme))

    def divide(self) -> None:
        """Beat 4: each divided by the sum; the shares end to end are one full bar."""
        before, self.bars = self.bars, self.row.divided()
        said, self.line = self.line, self.row.division()
        slow, ink = self.theme.timing.slow, self.theme.palette.ink
        self.full = self.row.end_to_end(self.zones.stage.shrunk(0.96))
        with self.beat(
            "shares",
            "Divide each by {sum}: laid end to end, the shares fill one bar of {total}.",
            sum=self.row.sum,
            total=f"total({self.row.shares})",
        ):
            self.play(recolour(self.law.term("sum"), ink), say_next(said, self.line))
            self.play(restate(before, self.bars), run_time=slow)
            self.play(FadeOut(self.line, self.row.total, self.bars.line))
            self.play(lay_down(self.bars, self.row.field.labels, self.full), run_time=slow)
            self.play(FadeIn(self.full.rule, self.full.total))

    def normalise_all(self) -> None:
        """Beat 5: the bar becomes its row of the grid; every other row follows."""
        grid, slow = self.grid, self.theme.timing.slow
        weights = grid.redrawn(self.pen, self.weights, fill=self.theme.palette.weights)
        hidden = ~self.mask
        hidden[self.query] = False
        hatches = grid.face.hatches(hidden)
        grid.face.take_row(self.query, weights)
        self.totals = weights.row_totals(self.pen)
        with self.beat(
            "rows", "Every row of the grid does the same, on its own: each adds up to one."
        ):
            marks = FadeIn(VGroup(*hatches.values()))
            self.play(file_in(self.full, grid, self.query), marks, run_time=slow)
            self.add(grid, *hatches.values())
            self.play(
                normalise(grid.face, weights, hatches), FadeIn(self.totals), run_time=2 * slow
            )
            grid.adopt(weights)

    def compare_rows(self) -> None:
        """Beat 6: the sharpest and the flattest row, by their lead and their entropy."""
        layer = self.attention
        ends = Extremes(
            self.pen,
            self.scores,
            self.weights,
            layer.query_tokens,
            layer.key_tokens,
            self.zones.stage,
        )
        if not ends.rows:
            return
        caption = "Entropy measures how far a row's shares are spread: a sharp row has little."
        if ends.lead_decides:
            caption = "The row with the greater lead is sharper: its entropy (spread) is lower."
        face = self.grid.face
        with self.beat("sharpness", caption):
            outlines = VGroup(*map(face.row_outline, ends.rows))
            cells = [face.row(row) for row in ends.rows]
            self.play(Create(outlines))
            self.play(leave(self.grid, *cells), FadeOut(self.totals, outlines))
            self.play(
                *(unfold(row, block) for row, block in zip(cells, ends.blocks, strict=True)),
                run_time=self.theme.timing.slow,
            )
