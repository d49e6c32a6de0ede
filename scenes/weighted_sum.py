"""Scene 7: the answer is a blend of values."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from manim import Create, FadeIn, FadeOut, VGroup

from attnviz.animations import appear
from attnviz.animations.blending import (
    become,
    become_row,
    fill_rows,
    gather,
    single_out,
    spell_out,
    turn,
    turn_back,
    weigh,
)
from attnviz.derived import top, top_magnitude
from attnviz.errors import UserError
from attnviz.mobjects.grid import DIGITS_UP_TO
from attnviz.mobjects.pen import element
from attnviz.mobjects.plane import PlanePlot
from attnviz.mobjects.product import Factor, Product
from attnviz.mobjects.scaling import WeightedRows
from attnviz.mobjects.sums import ProductSum
from attnviz.mobjects.tokens import excerpt
from attnviz.spec import Spec
from attnviz.stage import AttentionScene
from attnviz.text import Line, Run

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
        return before.shape[1:] == output.shape

    def move_vector(self) -> None:
        """Beat 4: the layer's output is added to the word's vector, among the other words."""
        palette, query, tokens = self.theme.palette, self.query, self.trace.tokens
        before = f"hidden_states[{self.layer}]"
        words, after = range(len(tokens)), len(tokens)
        labels = {query: self.point_name("before", palette.query)}
        labels[after] = self.point_name("after", palette.output)
        for word in words if len(words) <= DIGITS_UP_TO else self.focused[0]:
            labels.setdefault(word, self.pen.token(tokens[word], colour=palette.dim))
        self.plot = plot = PlanePlot(
            self.pen,
            f"stacked({before}, {self.vectors(query)[1]})",
            labels,
            colours=[
                *(palette.query if i == query else palette.dim for i in words),
                palette.output,
            ],
            moves=[(query, after)],
            zone=self.zones.stage,
        )
        formula = self.formula('{{x_"after" : output}} = {{x_"before" : query}} + "output"')
        with self.beat(
            "move",
            "The layer's output is added to the vector of {query}, and moves it by {way}.",
            query=self.query_word(query),
            way=f"norm({self.address('output', query)})",
        ):
            self.play(FadeIn(plot.axes, plot.note), appear(plot.marks(but=[after]), self.theme))
            self.play(Create(plot.arrows), FadeIn(formula), run_time=self.theme.timing.slow)
            self.play(FadeIn(plot.mark(after)))

    def point_name(self, when: str, colour: str) -> Line:
        """Return the name of the lit word's point before or after the layer."""
        return self.pen.phrase(
            f"{{query}} {when}", {"query": self.query_word(self.query)}, colour=colour
        )

    def vectors(self, place: int, prefix: str = "") -> tuple[str, str]:
        """Return the addresses of a word's vector before and after this layer's attention."""
        dot = "." if prefix else ""
        before = f"{prefix}{dot}hidden_states[{self.layer}, {place}]"
        return before, f"add({before}, {self.address('output', place, prefix=prefix)})"

    def meet_another_context(self) -> None:
        """Beat 5: the same word in another sentence, where there is one to meet it in."""
        place = self.place_elsewhere()
        if place is None:
            return
        palette, query = self.theme.palette, self.query
        here, there = self.vectors(query), self.vectors(place, "other")
        moved = (query, len(self.trace.tokens))
        colours = [palette.query, palette.output, palette.ink, palette.ink]
        contexts = (("", query, palette.output), ("other", place, palette.ink))
        stage, header = self.zones.stage, 5 * self.theme.sizes.token
        sentences, zone = stage.rows(header, stage.height - header)
        labels = {
            1: self.looked_at(*contexts[0]),
            3: self.looked_at(*contexts[1]),
            0: self.point_name("before", palette.query),
            2: self.point_name("before", palette.ink),
        }
        plot = PlanePlot(
            self.pen,
            f"stacked(stacked({here[0]}, {here[1]}), stacked({there[0]}, {there[1]}))",
            labels,
            colours=colours,
            moves=[(0, 1), (2, 3)],
            zone=zone,
        )
        lines = VGroup(
            *(
                self.context(*context).stand_in(line)
                for context, line in zip(contexts, sentences.rows(1, 1), strict=True)
            )
        )
        with self.beat(
            "contexts",
            "{query} in two sentences: {start} apart before this layer, {end} apart after it.",
            query=self.query_word(query),
            start=f"distance({here[0]}, {there[0]})",
            end=f"distance({here[1]}, {there[1]})",
        ):
            self.play(FadeOut(self.plot.axes, self.plot.note, *self.plot.marks(but=moved)))
            self.play(
                *(become(self.plot.mark(old), plot.mark(new)) for new, old in enumerate(moved)),
                become(self.plot.arrows[0], plot.arrows[0]),
                FadeIn(plot.axes, plot.note, lines),
                run_time=self.theme.timing.slow,
            )
            self.play(FadeIn(plot.mark(2)), Create(plot.arrows[1]))
            self.play(FadeIn(plot.mark(3)))

    def context(self, prefix: str, place: int, colour: str) -> Line:
        """Return a sentence, or a piece of it about one of its words."""
        return self.pen.token(excerpt(self._traces[prefix].tokens, place), colour=colour)

    def looked_at(self, prefix: str, place: int, colour: str) -> Line:
        """Return the name of a point after the layer: the word, and what it looked at most."""
        trace = self._traces[prefix]
        key = top(trace.layers[self.layer].weights[self.head, place])
        words = {"query": trace.tokens[place], "key": trace.tokens[key]}
        slots = {name: Run(token, "token") for name, token in words.items()}
        return self.pen.phrase("{query} → {key}", slots, colour=colour)

    def place_elsewhere(self) -> int | None:
        """Return where the lit word stands in another sentence; None where there is none."""
        text = next(text for text in CONTEXTS if text != self.spec.text)
        try:
            other = self.trace_for(replace(self.spec, text=text), "other")
        except UserError:  # a saved trace holds one sentence
            return None
        word = self.trace.tokens[self.query]
        return other.tokens.index(word) if word in other.tokens else None
