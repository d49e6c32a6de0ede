"""Scene 4: how well each key answers each query."""

from __future__ import annotations

from manim import Create, FadeIn, FadeOut, GrowArrow, VGroup

from attnviz.animations import EASE_MOVE, appear, travel_copy
from attnviz.animations.flows import Drift, Pour, multiply, pour_out
from attnviz.animations.waves import fill_from, land, normalise
from attnviz.derived import most_widened, root_scales
from attnviz.mobjects.angle import SpannedPlane
from attnviz.mobjects.dot import DotProduct
from attnviz.mobjects.histogram import histograms
from attnviz.mobjects.named import query_and_key, score_formula, unscaled_logits
from attnviz.mobjects.pen import element
from attnviz.mobjects.share_bar import share_bars
from attnviz.stage import AttentionScene
from attnviz.text import Run

PAIR = "{{q : query}} dot {{k : key}} {{= |q| thin |k| thin cos theta : angle}}"


class ScoreGrid(AttentionScene):
    """How well each key answers each query."""

    loop = ("grid",)

    def construct(self) -> None:
        """Play the beats; a model that does not scale has nothing to compare."""
        self.show_vectors()
        self.multiply()
        self.measure()
        self.fill_grid()
        self.scale()
        if self.attention.bias is not None:
            self.add_bias()
        elif self.attention.scale != 1:
            self.compare_spread()
            self.compare_shares()

    def show_vectors(self) -> None:
        """Beat 1: one query and one key, as lists of numbers and as arrows."""
        key, layer = self.focused[1][0], f"layers[{self.layer}]"
        self.pair = (self.query, key)
        q, k = query_and_key(self.pen, self.attention, layer, self.head, self.pair)
        self.unscaled = f"dot_products({layer}.q[{self.head}], {layer}.k[{self.head}])"
        self.score = element(self.unscaled, *self.pair)
        left, right = self.zones.stage.split(9, 5, gap=self.theme.space.wide_gap)
        self.dot = DotProduct(self.pen, q, k, self.score, left, places=1)
        self.plane = SpannedPlane(self.pen, (q, k), self.score, right, places=1)
        self.law = self.formula(PAIR)
        self.vectors = self.dot.vectors
        self.home = self.vectors.get_center()
        self.add(self.vectors.move_to((self.home[0], left.centre[1], 0.0)))
        itself = key == self.query and self.attention.kind == "self"
        with self.beat(
            "vectors",
            f"How well does {'{query}' if itself else '{key}'} answer "
            f"{'itself' if itself else '{query}'}? A query and a key of {{d_k}} numbers tell.",
            query=self.query_word(self.query),
            d_k=f"size({self.address('q')}, 2)",
            **({} if itself else {"key": self.key_word(key)}),
        ):
            self.play(*map(GrowArrow, self.plane.arrows))
            self.play(FadeIn(self.plane.names))

    def multiply(self) -> None:
        """Beat 2: the products of their numbers add up to the score of the pair."""
        with self.beat(
            "dot",
            "Multiply them number by number and add up: this pair scores {score}.",
            score=self.score,
        ):
            self.play(FadeIn(self.law.term("query"), self.law.term("key"), self.law.unnamed()))
            self.play(self.vectors.animate.move_to(self.home), rate_func=EASE_MOVE)
            self.play(FadeIn(self.dot.signs, self.dot.ground, self.dot.caption))
            self.play(multiply(self.dot), run_time=2 * self.theme.timing.turns)
            self.play(FadeIn(self.dot.total))

    def measure(self) -> None:
        """Beat 3: their lengths and their angle give the same number."""
        with self.beat(
            "angle",
            "Drawn true to length and angle, the two arrows give the same number: {score}.",
            score=self.score,
        ):
            self.play(FadeIn(self.law.term("angle"), self.plane.lengths))
            self.play(Create(self.plane.arc), FadeIn(self.plane.degrees))
            self.play(appear(self.plane.factors, self.theme))
            self.play(travel_copy(self.dot.total, self.plane.product))

    def fill_grid(self) -> None:
        """Beat 4: the score goes to its cell; its row fills, then the grid."""
        self.fill = self.signed_fill(self.unscaled)
        self.grid = self.head_grid(self.unscaled, self.zones.stage, fill=self.fill, places=1)
        self.rule = self.formula(score_formula(self.attention))
        face = self.grid.face
        with self.beat(
            "grid",
            "Every query meets every key: {pairs} pairs, a score for each.",
            pairs=f"count({self.unscaled})",
        ):
            self.play(FadeOut(self.plane, self.dot.working, self.law))
            # Taken off and played anew, the number moves above the cell that it lands on.
            self.remove(self.dot.total)
            self.play(
                FadeIn(self.grid.around, self.rule.term("query"), self.rule.term("key")),
                land(self.dot.total, face, *self.pair),
                run_time=self.theme.timing.slow,
            )
            self.play(fill_from(face, *self.pair), run_time=self.theme.timing.turns)

    def scale(self) -> None:
        """Beat 5: one factor shrinks every score."""
        self.scaled = self.address("scores", self.head)
        if self.attention.bias is not None:
            self.scaled = f"product({self.unscaled}, {self.address('scale')})"
        if self.attention.scale == 1:
            self.face = self.grid.face
            with self.beat(
                "scale", "This model does not scale them: the sums of products stand as they are."
            ):
                pass
            return
        self.face = self.grid.redrawn(self.pen, self.scaled, fill=self.fill, places=1)
        template, slots = self.say_scale()
        with self.beat("scale", template, **slots):
            self.play(FadeIn(self.rule.unnamed(), self.rule.term("scale")))
            self.play(normalise(self.grid.face, self.face), run_time=2 * self.theme.timing.slow)

    def add_bias(self) -> None:
        """Beat 6 of a model with a bias: it is added to every score, and the film ends there."""
        scores, bias = self.address("scores", self.head), self.attention.bias
        assert bias is not None
        head = self.head if len(bias) > 1 else 0
        biased = self.grid.redrawn(self.pen, scores, fill=self.signed_fill(scores), places=1)
        with self.beat(
            "bias",
            "A bias for each pair is added, here {bias}: the score of this pair is now {score}.",
            bias=self.address("bias", head, *self.pair),
            score=element(scores, *self.pair),
        ):
            self.play(FadeIn(self.rule.term("bias")))
            self.play(normalise(self.face, biased), run_time=2 * self.theme.timing.slow)

    def say_scale(self) -> tuple[str, dict[str, str | Run]]:
        """Return what the model's own scale does: most divide by √d_k, some do not."""
        width = f"size({self.address('q')}, 2)"
        factor: dict[str, str | Run] = {"factor": self.address("scale")}
        if root_scales(self.attention.scale, self.attention.q.shape[2]):
            text = "Divided by the square root of {d_k}, every score shrinks to {factor} of itself."
            return text, factor | {"d_k": width}
        return "This model multiplies every score by {factor}, a scale of its own.", factor

    def compare_spread(self) -> None:
        """Beat 6: the scores as a histogram, scaled and before."""
        zones = self.zones.stage.split(1, 1, gap=2 * self.theme.space.wide_gap)
        self.halves = [zone.rows(3, 2, gap=self.theme.space.wide_gap) for zone in zones]
        columns = {"unscaled scores": self.unscaled, "scaled scores": self.scaled}
        uppers = [upper for upper, _ in self.halves]
        before, after = histograms(self.pen, columns, uppers, places=1)
        self.charts = VGroup(before, after)
        self.lift = self.charts.get_center() - self.zones.stage.centre
        self.charts.shift(-self.lift)
        with self.beat(
            "spread",
            "Unscaled, scores lie between {low} and {high}; scaled, between {least} and {most}.",
            low=f"least({self.unscaled})",
            high=f"greatest({self.unscaled})",
            least=f"least({self.scaled})",
            most=f"greatest({self.scaled})",
        ):
            self.play(
                FadeOut(self.grid.around, self.face.digits, *self.face.patches[1:]),
                run_time=self.theme.timing.quick,
            )
            self.remove(self.face.cells)
            self.play(
                pour_out(self.face, after.blocks),
                FadeIn(after.title, after.axis, after.ends),
                run_time=self.theme.timing.slow,
            )
            self.play(
                Pour(after.blocks, before.blocks),
                FadeIn(before.title, before.axis, before.ends),
                run_time=self.theme.timing.slow,
            )

    def compare_shares(self) -> None:
        """Beat 7: the row that gains most: after the scale more words count."""
        logits = unscaled_logits(self.attention, f"layers[{self.layer}]", self.head)
        unscaled = self.pen.array(f"softmax({logits})")
        row = most_widened(unscaled, self.attention.weights[self.head])
        before = f"softmax({element(logits, row)})"
        after = self.address("weights", self.head, row)
        columns = {"shares from unscaled scores": before, "shares from scaled scores": after}
        lowers = [lower for _, lower in self.halves]
        bars = share_bars(self.pen, columns, self.attention.key_tokens, lowers)
        with self.beat(
            "shares",
            "After softmax, the best key of {query} takes {before} unscaled, {after} scaled.",
            query=self.query_word(row),
            before=f"greatest({before})",
            after=f"greatest({after})",
        ):
            self.play(Drift(self.charts, self.lift))
            self.play(appear(bars, self.theme))
