"""Scene 8: several looks at once, then one vector again."""

from __future__ import annotations

from manim import UP, Create, FadeIn, FadeOut, Group

from attnviz.animations import appear, scatter, slide
from attnviz.derived import top, top_magnitude
from attnviz.mobjects.heads import (
    HeadOutput,
    HeadView,
    Joined,
    Ruler,
    bands,
    share_colours,
    shares_of_output,
    signs_between,
)
from attnviz.mobjects.matrices import TitledMatrix
from attnviz.mobjects.sums import sum_line
from attnviz.spec import Spec
from attnviz.stage import AttentionScene

FORMULA = '"MultiHead" = "concat"("heads") thin {{W_O : output}}'


class MultiHead(AttentionScene):
    """Several looks at once, then one vector again."""

    # The heads of the first layer differ most in what they do.
    spec = Spec(layer=0)

    def construct(self) -> None:
        """Play the four beats."""
        self.require("x_q", "w_o", "output")
        self.limit_heads(range(2, 9))
        self.show_heads()
        self.show_outputs()
        self.join_outputs()
        self.project()

    def show_heads(self) -> None:
        """Beat 1: the words' vectors go to every head; each head looks in its own way."""
        stage, wide = self.zones.stage, self.theme.space.wide_gap
        self.upper, self.lower = stage.rows(8, 4, gap=wide)
        link = (self.query, top(self.attention.weights[self.head, self.query]))
        self.views = [
            HeadView(self.pen, f"layers[{self.layer}]", head, self.trace.tokens, link, zone)
            for head, zone in enumerate(self.upper.columns(*[1] * self.head_count, gap=wide))
        ]
        vectors = TitledMatrix(
            self.pen, "vectors", self.address("x_q"), stage.shrunk(0.6), self.theme.palette.ink
        )
        Group(*self.views).set_y(stage.centre[1])
        self.add(vectors)
        with self.beat(
            "heads",
            "The same vectors go to {count} heads; each looks at the sentence in its own way.",
            count=f"size({self.address('weights')}, 0)",
        ):
            self.play(scatter(vectors, self.views), run_time=self.theme.timing.slow)

    def show_outputs(self) -> None:
        """Beat 2: every head blends its own values."""
        heads = self.address("heads")
        columns = self.lower.columns(*[1] * self.head_count, gap=self.theme.space.wide_gap)
        self.outputs = [
            HeadOutput(self.pen, heads, head, zone) for head, zone in enumerate(columns)
        ]
        with self.beat(
            "outputs",
            "Each head blends its own values: an output of {width} numbers for every word.",
            width=f"size({heads}, 2)",
        ):
            self.play(Group(*self.views).animate.align_to((0.0, self.upper.top, 0.0), UP))
            self.play(appear(self.outputs, self.theme))

    def join_outputs(self) -> None:
        """Beat 3: the outputs slide together, side by side."""
        middle = self.zones.stage.shrunk(0.62)
        heads = self.address("heads")
        joined = Joined(self.pen, self.outputs, heads, middle)
        ruler = Ruler(self.pen, joined, heads, whole=f"size({self.address('w_o')}, 0)")
        with self.beat(
            "concat",
            "Side by side, the outputs of {count} heads are one matrix of {whole} columns.",
            count=f"size({heads}, 0)",
            whole=f"size({self.address('w_o')}, 0)",
        ):
            self.play(FadeOut(*self.views), FadeIn(self.formula(FORMULA)))
            self.play(*slide(self.outputs, joined.parts))
            self.play(FadeIn(ruler))
        self.play(FadeOut(ruler), run_time=self.theme.timing.quick)

    def project(self) -> None:
        """Beat 4: W_O mixes the heads: one element as the sum of its shares, then all of them."""
        palette, wide = self.theme.palette, self.theme.space.wide_gap
        products, sum_zone = self.zones.stage.rows(5, 1)
        left, middle, right = products.columns(4, 3, 4, gap=2 * wide)
        column = top_magnitude(self.pen.array(self.address("output", self.query)))
        joined = Joined(self.pen, self.outputs, self.address("heads"), left)
        projection = TitledMatrix(
            self.pen, "output projection", self.address("w_o"), middle, palette.output
        )
        output = TitledMatrix(self.pen, "output", self.address("output"), right, palette.ink)
        signs = signs_between(self.pen, ("·", "="), (joined, projection, output))
        tints = bands(projection.body, self.pen, self.head_count)
        row = joined.outline(row=self.query, colour=palette.query)
        meets = projection.outline(column=column, colour=palette.output)
        element = output.outline(row=self.query, column=column, colour=palette.ink)
        terms = shares_of_output(self.attention, f"layers[{self.layer}]", self.query, column)
        shares = sum_line(
            self.pen,
            terms,
            self.address("output", self.query, column),
            share_colours(self.pen, terms),
            sum_zone.width,
        ).move_to(sum_zone.centre)
        with self.beat(
            "project",
            "The output projection adds the heads up: each puts in its share of every number.",
        ):
            self.play(*slide(self.outputs, joined.parts), FadeIn(joined.title))
            self.play(FadeIn(projection, tints, signs[0]))
            self.play(Create(row), Create(meets))
            self.play(appear(shares, self.theme))
            self.play(FadeIn(signs[1], element, output.title))
            self.play(FadeIn(output.body))
            self.bring_to_front(element)
