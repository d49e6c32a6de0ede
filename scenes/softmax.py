"""Scene 5: from scores to shares that add up to one."""

from __future__ import annotations

from typing import ClassVar

from manim import Create, FadeIn, FadeOut, ReplacementTransform, VGroup

from attnviz.animations import gather, recolour
from attnviz.animations.bars import (
    file_in,
    lay_down,
    restate,
    say_next,
    stand_up,
    unfold,
)
from attnviz.animations.waves import normalise
from attnviz.derived import flattest, second, sharpest, top
from attnviz.mobjects.bars import BarField, Scale
from attnviz.mobjects.equations import Equation
from attnviz.mobjects.full_bar import FullBar, ScoresAndShares
from attnviz.mobjects.pen import element
from attnviz.spec import Spec
from attnviz.stage import AttentionScene
from attnviz.zones import Zone

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
        self.name_the_rows()
        self.show_scores()
        self.hang_from_the_largest()
        self.raise_e()
        self.divide()
        self.normalise_all()
        self.compare_rows()

    def name_the_rows(self) -> None:
        """Fix the addresses of the row in each of its states, and how it is printed."""
        scores = self.address("scores", self.head)
        self.scores = scores if self.mask.all() else f"masked({scores}, {self.mask_address()})"
        self.weights = self.address("weights", self.head)
        self.row, self.shares = (element(a, self.query) for a in (self.scores, self.weights))
        self.shifted = f"minus_max({self.row})"
        self.powers = f"exp({self.shifted})"
        self.largest, self.sum = f"greatest({self.row})", f"total({self.powers})"
        keys = range(len(self.attention.key_tokens))
        for key in keys:
            self.pen.print_difference(
                element(self.row, key), self.largest, element(self.shifted, key)
            )
        self.pen.print_sum([element(self.powers, key) for key in keys], self.sum)
        self.example = second(self.pen.array(self.shares))

    def show_scores(self) -> None:
        """Beat 1: one row of the grid of scores stands up as bars."""
        room, _totals = self.zones.stage.columns(11, 1)
        fill = self.signed_fill(self.address("scores", self.head))
        self.grid = grid = self.head_grid(self.scores, room, fill=fill)
        outline = grid.face.row_outline(self.query)
        bars, foot = self.zones.stage.rows(5, 1, gap=self.theme.space.gap)
        self.foot = foot.rows(1, 1)
        self.field = BarField(
            self.pen,
            self.attention.key_tokens,
            len(self.attention.key_tokens),
            bars,
            colour=self.theme.palette.key,
            focused=[top(self.pen.array(self.shares)), self.example, self.query],
        )
        self.scale = Scale.around(self.pen.array(self.row))
        self.bars = self.field.bars(self.row, self.scale)
        self.terms = self.formula(FORMULA).set_color(self.theme.palette.dim)
        self.add(grid, outline, self.terms)
        with self.beat(
            "scores",
            "The scores of {query}: the better the key, the higher its bar.",
            query=self.query_word(self.query),
        ):
            self.play(
                FadeOut(grid, outline),
                stand_up(grid.face, self.query, self.bars),
                ReplacementTransform(grid.key_labels.copy(), self.field.labels),
                run_time=self.theme.timing.slow,
            )
            self.play(recolour(self.terms.term("score"), self.theme.palette.ink))

    def hang_from_the_largest(self) -> None:
        """Beat 2: the largest score is taken off every score; no bar's end moves."""
        bars = self.field.bars(self.shifted, self.scale.shifted(-self.pen.value(self.largest)))
        self.sentence = self.example_line(
            "{key}: {score} − {largest} = {difference}",
            score=element(self.row, self.example),
            largest=self.largest,
            difference=element(self.shifted, self.example),
        )
        with self.beat(
            "largest",
            "Take the largest, {largest}, off each: the shares stay, and no power overflows.",
            largest=self.largest,
        ):
            self.play(recolour(self.terms.term("largest"), self.theme.palette.ink))
            self.play(FadeIn(self.sentence))
            self.play(restate(self.bars, bars), run_time=self.theme.timing.slow)
        self.bars = bars

    def raise_e(self) -> None:
        """Beat 3: e to the power of every difference; their sum gathers below."""
        bars = self.field.bars(self.powers, Scale(0.0, 1.0))
        sentence = self.example_line(
            "{key}: e to the power of {difference} ≈ {power}",
            difference=element(self.shifted, self.example),
            power=element(self.powers, self.example),
        )
        self.total = Equation(self.pen, "Σ = {sum}", {"sum": self.sum}).move_to(self.foot[0].centre)
        hidden = not self.mask[self.query].all()
        caption = (
            "Raise e to each: the masked ones give exactly zero, the others a sum of {sum}."
            if hidden
            else "Raise e to each: every number is positive now. Together they are {sum}."
        )
        with self.beat("powers", caption, sum=self.sum):
            self.play(say_next(self.sentence, sentence))
            self.play(restate(self.bars, bars), run_time=self.theme.timing.slow)
            self.play(FadeIn(self.total.words()))
            self.play(gather(bars.values, self.total.parts["sum"], self.theme))
        self.bars, self.sentence = bars, sentence

    def divide(self) -> None:
        """Beat 4: each divided by the sum; the shares end to end are one full bar."""
        bars = self.field.bars(self.shares, Scale(0.0, 1.0))
        sentence = self.example_line(
            "{key}: {power} / {sum} ≈ {share}",
            power=element(self.powers, self.example),
            sum=self.sum,
            share=element(self.shares, self.example),
        )
        self.full = FullBar(
            self.pen, self.attention.key_tokens, self.shares, self.zones.stage.shrunk(0.96)
        )
        with self.beat(
            "shares",
            "Divide each by {sum}: laid end to end, the shares fill one bar of {total}.",
            sum=self.sum,
            total=f"total({self.shares})",
        ):
            self.play(
                recolour(self.terms.term("sum"), self.theme.palette.ink),
                say_next(self.sentence, sentence),
            )
            self.play(restate(self.bars, bars), run_time=self.theme.timing.slow)
            self.play(FadeOut(sentence, self.total, bars.line), run_time=self.theme.timing.quick)
            self.play(lay_down(bars, self.field.labels, self.full), run_time=self.theme.timing.slow)
            self.play(FadeIn(self.full.rule, self.full.total))

    def normalise_all(self) -> None:
        """Beat 5: the bar becomes its row of the grid; every other row follows."""
        grid, timing = self.grid, self.theme.timing
        weights = grid.redrawn(self.pen, self.weights, fill=self.theme.palette.weights)
        hidden = ~self.mask
        hidden[self.query] = False
        hatches = grid.face.hatches(hidden)
        grid.face.take_row(self.query, weights)
        self.totals = weights.row_totals(self.pen)
        with self.beat(
            "rows", "Every row of the grid does the same, on its own: each adds up to one."
        ):
            self.play(
                file_in(self.full, grid, self.query),
                FadeIn(VGroup(*hatches.values())),
                run_time=timing.slow,
            )
            self.add(grid, *hatches.values())
            self.play(
                normalise(grid.face, weights, hatches),
                FadeIn(self.totals),
                run_time=2 * timing.slow,
            )
            grid.adopt(weights)

    def compare_rows(self) -> None:
        """Beat 6: two rows of the grid, by their lead and their entropy."""
        weights = self.pen.array(self.weights)
        rows = list(dict.fromkeys((sharpest(weights), flattest(weights))))
        leads = [self.pen.value(f"lead({element(self.scores, row)})") for row in rows]
        scale = Scale.around(*(self.pen.array(element(self.scores, row)) for row in rows))
        zones = self.zones.stage.split(*[1] * len(rows), gap=3 * self.theme.space.wide_gap)
        blocks = [self.block(row, scale, zone) for row, zone in zip(rows, zones, strict=True)]
        caption = (
            "Here the row whose best key leads by more is the sharper: fewer bits of entropy."
            if leads == sorted(leads, reverse=True)
            else "Rows differ: the fewer bits of entropy, the sharper the row."
        )
        with self.beat("sharpness", caption):
            outlines = VGroup(*(self.grid.face.row_outline(row) for row in rows))
            self.play(Create(outlines))
            self.play(
                FadeOut(self.grid, self.totals, outlines),
                *(unfold(self.grid.face.row(q), b) for q, b in zip(rows, blocks, strict=True)),
                run_time=self.theme.timing.slow,
            )

    def block(self, row: int, scale: Scale, zone: Zone) -> ScoresAndShares:
        """Return one row's scores and shares, under its lead and its entropy."""
        scores, shares = element(self.scores, row), element(self.weights, row)
        title = Equation(
            self.pen,
            "{query}: lead {lead}, entropy {bits} bits",
            {
                "query": self.query_word(row),
                "lead": f"lead({scores})",
                "bits": f"entropy({shares})",
            },
            colours={"query": self.theme.palette.query},
        )
        keys = self.attention.key_tokens
        return ScoresAndShares(self.pen, title, keys, scores, shares, scale, zone)

    def example_line(self, template: str, **slots: str) -> Equation:
        """Return the arithmetic of one key, in the line below the bars."""
        line = Equation(
            self.pen,
            template,
            {"key": self.key_word(self.example), **slots},
            colours={"key": self.theme.palette.key},
        )
        return line.move_to(self.foot[1].centre)
