"""Scene 2: every word of a sentence looks at every word of the same sentence."""

from __future__ import annotations

from manim import (
    Create,
    FadeIn,
    FadeOut,
    FadeTransform,
    Group,
    ReplacementTransform,
    Transform,
    TransformFromCopy,
)

from attnviz.animations import EASE_MOVE, appear, hush, pile, reach_out, recolour, relight
from attnviz.animations.waves import Fold
from attnviz.mobjects.named import score_formula
from attnviz.mobjects.values import Blend
from attnviz.stage import AttentionScene

FORMULA = '{{{{"softmax" : softmax}}}} ({scores}) {{{{V : value}}}}'


class SelfAttention(AttentionScene):
    """Every word looks at every word of the same sentence."""

    loop = ("fan",)
    kind = "self"

    def construct(self) -> None:
        """Play the five beats."""
        self.write_twice()
        self.fan_out()
        self.fold_into_grid()
        self.blend_values()
        self.assemble_formula()

    def write_twice(self) -> None:
        """Beat 1: the same words as queries and as keys; one of them lights."""
        palette, timing = self.theme.palette, self.theme.timing
        self.pair = self.token_pair(self.zones.stage, (palette.dim, palette.key))
        self.same = self.pair.same_word_lines()
        sentence = self.pair.sentence(palette.ink)
        self.add(sentence)
        with self.beat(
            "twice", "One sentence, written twice: each word asks, and each word answers."
        ):
            self.play(
                ReplacementTransform(sentence.copy(), self.pair.queries),
                ReplacementTransform(sentence, self.pair.keys),
                run_time=timing.slow,
                rate_func=EASE_MOVE,
            )
            self.play(FadeIn(self.pair.titles), Create(self.same))
            self.play(recolour([self.pair.queries[self.query]], palette.query))

    def fan_out(self) -> None:
        """Beat 2: one query's links, as wide as its weights, which stand at the keys."""
        weights = self.address("weights", self.head, self.query)
        self.links = [
            self.pair.fan(row, query) for query, row in enumerate(self.attention.weights[self.head])
        ]
        self.shares = self.pair.numbers(weights)
        self.legend = self.link_legend(weights)
        template, slots = self.claim(self.query)
        with self.beat("fan", template, **slots):
            self.play(FadeOut(self.same), run_time=self.theme.timing.quick)
            self.play(reach_out(self.links[self.query], self.theme), FadeIn(self.legend))
            self.play(appear(self.shares, self.theme))

    def fold_into_grid(self) -> None:
        """Beat 3: every word takes its turn, then all links fold into the grid."""
        timing, weights = self.theme.timing, self.address("weights", self.head)
        self.grid = self.head_grid(weights, fill=self.theme.palette.weights)
        with self.beat("grid", "Every word takes its turn; each link becomes one cell of a grid."):
            self.play(hush(self.shares), FadeOut(self.legend), run_time=timing.quick)
            self.take_turns()
            self.pair.set_z_index(1)  # words pass before the cells, not behind them
            self.play(
                Fold(self.links, self.grid.face),
                ReplacementTransform(self.pair.queries, self.grid.query_labels),
                ReplacementTransform(self.pair.keys, self.grid.key_labels),
                ReplacementTransform(self.pair.titles, self.grid.titles),
                run_time=2 * timing.slow,
            )
            self.play(*self.bring_digits(self.grid.face, self.shares))
            self.add(self.grid)

    def take_turns(self) -> None:
        """Let each other word send its links, then all at once."""
        palette, timing = self.theme.palette, self.theme.timing
        queries, shown = self.pair.queries, self.links[self.query].copy()
        others = [query for query in range(len(queries)) if query != self.query]
        self.remove(self.links[self.query])
        for query, before in zip(others, [self.query, *others], strict=False):
            self.play(
                Transform(shown, self.links[query].copy()),
                recolour([queries[query]], palette.query),
                recolour([queries[before]], palette.dim),
                run_time=timing.turns / len(others),
            )
        self.remove(shown)
        self.play(FadeIn(*self.links), recolour(queries, palette.query))

    def blend_values(self) -> None:
        """Beat 4: the row of one query cuts the values into slices that stack to its new vector."""
        theme, timing = self.theme, self.theme.timing
        outline = self.grid.face.row_outline(self.query)
        aside = self.step_aside(self.grid, outline)
        self.blend = Blend(
            self.pen,
            f"layers[{self.layer}]",
            self.head,
            self.query,
            tokens=self.attention.key_tokens,
            name=self.pen.phrase("new {token}", {"token": self.query_word(self.query)}),
            zone=aside.room,
            focused=self.focused[1],
        )
        with self.beat(
            "blend",
            "The weights of {query} set how thick a slice of each value goes into its new vector.",
            query=self.query_word(self.query),
        ):
            self.play(Create(outline))
            self.give_way(aside, self.grid.face, self.blend.standing, self.blend.weights)
            pieces = self.blend.slices
            self.play(pile(self.blend.rows.matrix, pieces, theme), run_time=2 * timing.slow)
            self.play(FadeIn(self.blend.label), FadeTransform(pieces, self.blend.blended))
        self.grid, self.outline = aside.grid, aside.outline

    def assemble_formula(self) -> None:
        """Beat 5: the formula assembles, each term from the part of the stage it stands for."""
        formula = self.formula(FORMULA.format(scores=score_formula(self.attention)))
        rest = [formula.term(name) for name in formula.terms if name in ("scale", "bias")]
        asking, answering = self.grid.side_words
        scores = Group(self.grid.face, self.outline)
        with self.beat(
            "formula",
            "Match queries with keys, turn the scores into shares, blend the values.",
        ):
            self.play(hush(scores, self.blend))
            self.play(
                TransformFromCopy(asking, formula.term("query")),
                TransformFromCopy(answering, formula.term("key")),
            )
            self.play(relight(scores), hush(asking, answering))
            self.play(*(FadeIn(part) for part in (formula.unnamed(), *rest)))
            self.play(FadeIn(formula.term("softmax")))
            self.play(relight(self.blend), hush(scores))
            self.play(TransformFromCopy(self.blend.rows.matrix, formula.term("value")))
            self.play(relight(asking, answering, scores))
