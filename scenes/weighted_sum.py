"""Scene 7: the answer is a blend of values."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from manim import Create, FadeIn, FadeOut

from attnviz.animations import appear
from attnviz.animations.blending import (
    become,
    become_row,
    fill_rows,
    gather,
    reappear,
    single_out,
    spell_out,
    turn,
    turn_back,
    weigh,
)
from attnviz.derived import top, top_magnitude
from attnviz.errors import UserError
from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.mobjects.moves import AmongWords, InTwoSentences, Spot
from attnviz.mobjects.pen import element
from attnviz.mobjects.product import Factor, Product
from attnviz.mobjects.scaling import WeightedRows
from attnviz.mobjects.sums import ProductSum
from attnviz.spec import Spec
from attnviz.stage import AttentionScene

CONTEXTS = ("he left the account at the bank", Spec().text)
"""Where a word is met again: the first sentence that is not the filmed one."""


class WeightedSum(AttentionScene):
    """The answer is a blend of values."""

    loop: ClassVar[tuple[str, ...]] = ("add",)

    def construct(self) -> None:
        """Play the beats; what the trace does not hold is left out."""
        self.weigh_values()
        self.add_up()
        self.blend_all()
        if self.keeps_residual():
            self.move_vector()
            self.meet_another_context()

    def weigh_values(self) -> None:
        """Beat 1: one row of weights turns and stands beside the values; each scales its own."""
        stage, query = self.zones.stage, self.query
        weights = self.address("weights", self.head)
        grid = self.head_grid(weights, fill=self.theme.palette.weights)
        outline = grid.face.row_outline(query)
        body, self.foot = stage.rows(7, 1)
        self.rows = rows = WeightedRows(
            self.pen,
            element(weights, query),
            self.address("v", self.head),
            self.address("heads", self.head, query),
            query=self.attention.query_tokens[query],
            tokens=self.attention.key_tokens,
            zone=body,
        )
        most = top(self.attention.weights[self.head, query])
        others = [key for key in range(len(rows.cells)) if key != most]
        self.add(grid, outline)
        with self.beat(
            "weigh",
            "Each value is multiplied by its weight for {query}: small weights leave little.",
            query=self.query_word(query),
        ):
            self.play(single_out(grid, query, rows), FadeOut(outline))
            self.play(turn(grid, query, rows, self.theme), run_time=self.theme.timing.slow)
            self.play(FadeIn(rows.values_title, rows.values))
            self.play(FadeIn(rows.scaled_title, rows.signs), weigh(rows, [most], self.theme))
            self.play(weigh(rows, others, self.theme), run_time=self.theme.timing.slow)

    def add_up(self) -> None:
        """Beat 2: the weighted values slide on to each other; one number is spelled out."""
        rows, palette = self.rows, self.theme.palette
        blend = self.address("heads", self.head, self.query)
        column = top_magnitude(self.pen.array(blend))
        self.column = column
        self.frames = rows.column_outlines(column)
        self.written = self.formula("{{z : output}} = sum_k w_k thin {{v_k : value}}")
        self.line = line = ProductSum(
            self.pen,
            self.address("weights", self.head, self.query),
            [self.address("v", self.head, key, column) for key in range(len(rows.cells))],
            element(blend, column),
            colours=(palette.ink, palette.value, palette.output),
            width=self.foot.width,
        ).move_to(self.foot.centre)
        with self.beat(
            "add",
            "Added up, column by column, they are one new vector: a blend of the values.",
        ):
            self.play(FadeIn(self.written))
            self.play(FadeIn(rows.sum_label), gather(rows, self.theme))
            self.play(Create(self.frames))
            self.play(spell_out(line, rows, column, self.theme), run_time=self.theme.timing.turns)

    def blend_all(self) -> None:
        """Beat 3: every query's row at once: the product of two matrices."""
        rows, query = self.rows, self.query
        product = self.product()
        lit = product.lit(query, self.column)
        formula = self.formula("{{Z : output}} = W thin {{V : value}}")
        weights, values, blends = product.left, product.right, product.result
        with self.beat(
            "product", "All rows at once: weights times values, a blend for every word."
        ):
            self.play(FadeOut(rows.aside, self.frames, self.line, self.written))
            self.play(
                turn_back(rows, weights.body, query, self.theme),
                become(rows.values, values.body),
                become_row(rows.sum, blends.body, query),
                run_time=self.theme.timing.slow,
            )
            self.play(
                FadeIn(weights.title, values.title, blends.title, product.signs, product.join)
            )
            self.play(fill_rows(weights.body, query, self.theme))
            self.play(fill_rows(blends.body, query, self.theme), run_time=self.theme.timing.slow)
            self.play(Create(lit), FadeIn(formula))
        self.play(FadeOut(product, lit, formula), run_time=self.theme.timing.quick)

    def product(self) -> Product:
        """Return weights · values = blends."""
        palette, extent = self.theme.palette, self.rows.extent
        shares, values, blends = (self.address(a, self.head) for a in ("weights", "v", "heads"))
        return Product(
            self.pen,
            Factor(
                shares, palette.ink, name="weights", symbol="W", ramp=palette.weights, extent=1.0
            ),
            Factor(values, palette.value, name="values", symbol="V", extent=extent),
            Factor(blends, palette.output, name="blends", symbol="Z", extent=extent),
            self.zones.stage.shrunk(0.95),
        )

    def keeps_residual(self) -> bool:
        """Tell whether the trace holds the vectors to which this layer's output is added."""
        before, output = self.trace.hidden_states, self.attention.output
        if before is None or output is None or self.attention.kind != "self":
            return False
        own = self.attention.query_tokens == self.trace.tokens
        return own and before.shape[1:] == output.shape

    def move_vector(self) -> None:
        """Beat 4: the layer's output is added to the word's vector, among the other words."""
        words = range(len(self.trace.tokens))
        named = words if len(words) <= DIGITS_UP_TO else self.focused[0]
        self.spot = Spot(self.layer, self.query)
        self.plot = plot = AmongWords(self.pen, self.spot, named, self.zones.stage)
        start, end = plot.ends
        formula = self.formula('{{x_"after" : output}} = {{x_"before" : query}} + "output"')
        with self.beat(
            "move",
            "The layer's output is added to the vector of {query}, and moves it by {way}.",
            query=self.query_word(start),
            way=f"norm({self.spot.output})",
        ):
            self.play(FadeIn(plot.axes, plot.note), appear(plot.marks(but=[end]), self.theme))
            self.play(Create(plot.arrows), FadeIn(formula), run_time=self.theme.timing.slow)
            self.play(FadeIn(plot.mark(end)))

    def meet_another_context(self) -> None:
        """Beat 5: the same word in another sentence, where there is one to meet it in."""
        here, there = self.spot, self.spot_elsewhere()
        if there is None:
            return
        before, plot = (
            self.plot,
            InTwoSentences(self.pen, (here, there), self.head, self.zones.stage),
        )
        with self.beat(
            "contexts",
            "{query} in two sentences: {start} apart before this layer, {end} apart after it.",
            query=self.query_word(self.query),
            start=f"distance({here.before}, {there.before})",
            end=f"distance({here.after}, {there.after})",
        ):
            self.play(FadeOut(before.axes, before.note, *before.marks(but=before.ends)))
            self.play(
                *(
                    reappear(before.mark(old), plot.mark(new))
                    for new, old in enumerate(before.ends)
                ),
                become(before.arrows[0], plot.arrows[0]),
                FadeIn(plot.axes, plot.note, plot.sentences),
                run_time=self.theme.timing.slow,
            )
            self.play(FadeIn(plot.mark(2)), Create(plot.arrows[1]))
            self.play(FadeIn(plot.mark(3)))

    def spot_elsewhere(self) -> Spot | None:
        """Return the lit word's place in another sentence; None where there is none."""
        text = next(text for text in CONTEXTS if text != self.spec.text)
        try:
            other = self.trace_for(replace(self.spec, text=text), "other")
        except UserError:  # a saved trace holds one sentence
            return None
        word = self.trace.tokens[self.query]
        found = word in other.tokens
        return Spot(self.layer, other.tokens.index(word), "other") if found else None
