"""Scene 8: several looks at once, then one vector again."""

from __future__ import annotations

from manim import Create, FadeIn, FadeOut, Group

from attnviz.animations import appear, scatter, slide
from attnviz.derived import top, top_magnitude
from attnviz.mobjects.concat import (
    Concat,
    Ruler,
    bands,
    share_colours,
    shares_of_output,
    unsaid_shares,
)
from attnviz.mobjects.heads import CROWDED, HeadTile
from attnviz.mobjects.matrices import TitledMatrix
from attnviz.mobjects.product import Factor, Product
from attnviz.mobjects.sums import sum_line
from attnviz.spec import Spec
from attnviz.stage import AttentionScene

FORMULA = '"MultiHead" = "concat"("heads") thin {{W_O : output}}'


class MultiHead(AttentionScene):
    """Several looks at once, then one vector again."""

    # The heads of the first layer differ most in what they do.
    spec = Spec(layer=0)
    tokens = range(2, 257)
    kind = "self"

    def construct(self) -> None:
        """Play the four beats."""
        self.require("x_q", "w_o", "output")
        self.limit_heads(range(2, 13))
        self.show_heads()
        self.show_outputs()
        self.join_outputs()
        self.project()

    def show_heads(self) -> None:
        """Beat 1: the words' vectors go to every head; each head looks in its own way."""
        palette, stage = self.theme.palette, self.zones.stage
        zones = stage.tiles(self.head_count, gap=self.theme.space.wide_gap)
        link = (self.query, top(self.attention.weights[self.head, self.query]))
        self.tiles = [
            HeadTile(
                self.pen,
                f"layers[{self.layer}]",
                head,
                self.trace.tokens,
                link,
                zone,
                crowded=self.head_count > CROWDED,
            )
            for head, zone in enumerate(zones)
        ]
        vectors = TitledMatrix(
            self.pen, "vectors", self.address("x_q"), stage.shrunk(0.6), palette.ink
        )
        self.add(vectors)
        with self.beat(
            "heads",
            "The same vectors go to {count} heads; each looks at the sentence in its own way.",
            count=f"size({self.address('weights')}, 0)",
        ):
            views = [tile.view for tile in self.tiles]
            self.play(scatter(vectors, views), run_time=self.theme.timing.slow)

    def show_outputs(self) -> None:
        """Beat 2: every head blends its own values."""
        with self.beat(
            "outputs",
            "Each head blends its own values: an output of {width} numbers for every word.",
            width=f"size({self.address('heads')}, 2)",
        ):
            self.play(*(tile.view.animate.shift(tile.way) for tile in self.tiles))
            self.play(appear([Group(tile.name, tile.output) for tile in self.tiles], self.theme))

    def join_outputs(self) -> None:
        """Beat 3: the outputs slide together, side by side."""
        heads, whole = self.address("heads"), f"size({self.address('w_o')}, 0)"
        self.outputs = [tile.output for tile in self.tiles]
        middle = TitledMatrix(
            self.pen,
            "concat",
            f"concat({heads})",
            self.zones.stage.shrunk(0.62),
            self.theme.palette.ink,
        )
        concat = Concat(self.pen, self.outputs, middle.body)
        self.ruler = Ruler(self.pen, concat, heads, whole)
        with self.beat(
            "concat",
            "Side by side, the outputs of {count} heads are one matrix of {whole} columns.",
            count=f"size({heads}, 0)",
            whole=whole,
        ):
            leaving = [Group(tile.view, tile.name) for tile in self.tiles]
            self.play(FadeOut(*leaving), FadeIn(self.formula(FORMULA)))
            self.play(*slide(self.outputs, concat.parts))
            self.play(FadeIn(self.ruler))

    def project(self) -> None:
        """Beat 4: W_O mixes the heads: one element as the sum of its shares, then all of them."""
        palette = self.theme.palette
        products, foot = self.zones.stage.rows(6, 1)
        column = top_magnitude(self.pen.array(self.address("output", self.query)))
        product = Product(
            self.pen,
            Factor(f"concat({self.address('heads')})", palette.query, "concat"),
            Factor(self.address("w_o"), palette.output, "projection", symbol="W_O"),
            Factor(self.address("output"), palette.ink, "output"),
            products,
        )
        concat = Concat(self.pen, self.outputs, product.left.body)
        tints = bands(product.right.body, self.pen, self.head_count)
        row, meets, element = product.lit(self.query, column)
        terms = shares_of_output(self.attention, f"layers[{self.layer}]", self.query, column)
        shares = sum_line(
            self.pen,
            terms,
            self.address("output", self.query, column),
            share_colours(self.pen, terms),
            foot.width,
            left_out=unsaid_shares(self.attention, f"layers[{self.layer}]"),
        ).move_to(foot.centre)
        with self.beat(
            "project",
            "The output projection adds the heads up: each puts in its share of every number.",
        ):
            self.play(FadeOut(self.ruler), run_time=self.theme.timing.quick)
            self.play(*slide(self.outputs, concat.parts), FadeIn(product.left.title[:2]))
            self.play(FadeIn(product.right, tints, product.signs[:1], product.join))
            self.play(Create(row), Create(meets))
            self.play(appear(shares, self.theme))
            self.play(FadeIn(product.signs[1:], product.result.title, element))
            self.play(FadeIn(product.result.body))
            self.bring_to_front(element)
