"""Scene 2: every word of a sentence looks at every word of the same sentence."""

from __future__ import annotations

from manim import (
    LEFT,
    RIGHT,
    Create,
    FadeIn,
    FadeOut,
    FadeTransform,
    LaggedStart,
    ReplacementTransform,
    Transform,
    TransformFromCopy,
    VGroup,
)

from attnviz.animations import (
    EASE_MOVE,
    appear,
    fold,
    hush,
    pile,
    reach_out,
    recolour,
    relight,
)
from attnviz.mobjects.links import fan, same_word_lines
from attnviz.mobjects.values import ValueRows, ramp_legend
from attnviz.stage import AttentionScene

FORMULA = (
    '{{"softmax" : softmax}} '
    "(({{Q : query}} {{K^top : key}}) / {{sqrt(d_k) : scale}}) {{V : value}}"
)


class SelfAttention(AttentionScene):
    """Every word looks at every word of the same sentence."""

    def construct(self) -> None:
        """Play the five beats."""
        self.write_twice()
        self.fan_out()
        self.fold_into_grid()
        self.blend_values()
        self.assemble_formula()

    def write_twice(self) -> None:
        """Beat 1: the same words above as queries and below as keys; one of them lights."""
        palette = self.theme.palette
        sentence = self.token_row(palette.ink)
        self.queries = self.token_row(palette.dim).set_y(self.zones.stage.at(0.18))
        self.keys = self.token_row(palette.key).set_y(self.zones.stage.at(0.68))
        self.titles = VGroup(
            self.row_title("Query", self.queries), self.row_title("Key", self.keys)
        )
        same = same_word_lines(self.queries, self.keys, self.theme)
        self.add(sentence)
        with self.beat(
            "twice", "One sentence, written twice: above, each word asks; below, each word answers."
        ):
            self.play(
                ReplacementTransform(sentence.copy(), self.queries),
                ReplacementTransform(sentence, self.keys),
                run_time=self.theme.timing.slow,
                rate_func=EASE_MOVE,
            )
            self.play(FadeIn(self.titles), Create(same))
            self.play(recolour([self.queries[self.query]], palette.query))
        self.play(FadeOut(same), run_time=self.theme.timing.quick)

    def fan_out(self) -> None:
        """Beat 2: one query's links, as wide as its weights, which stand under the keys."""
        self.links = [
            fan(row, query, self.queries, self.keys, self.theme)
            for query, row in enumerate(self.attention.weights[self.head])
        ]
        self.shares = self.numbers_under(self.keys, self.address("weights", self.head, self.query))
        self.legend = self.link_legend(self.address("weights", self.head, self.query))
        template, slots = self.claim(self.query)
        with self.beat("fan", template, **slots):
            self.play(reach_out(self.links[self.query], self.theme), FadeIn(self.legend))
            self.play(appear(self.shares, self.theme))

    def fold_into_grid(self) -> None:
        """Beat 3: every word takes its turn, then all links fold into the grid."""
        palette, timing = self.theme.palette, self.theme.timing
        _left, middle, _right = self.zones.stage.columns(1, 3, 1)
        self.grid = self.head_grid(self.address("weights", self.head), middle, fill=palette.weights)
        shown = self.links[self.query]
        others = [q for q in range(len(self.links)) if q != self.query]
        with self.beat("grid", "Every word takes its turn; each link becomes one cell of a grid."):
            self.play(hush(self.shares), FadeOut(self.legend), run_time=timing.quick)
            for query, before in zip(others, [self.query, *others], strict=False):
                self.play(
                    Transform(shown, self.links[query].copy()),
                    recolour([self.queries[query]], palette.query),
                    recolour([self.queries[before]], palette.dim),
                    run_time=timing.turns / len(others),
                )
            self.remove(shown)
            self.links[self.query] = fan(
                self.attention.weights[self.head, self.query],
                self.query,
                self.queries,
                self.keys,
                self.theme,
            )
            self.play(
                LaggedStart(*map(FadeIn, self.links), lag_ratio=timing.stagger),
                recolour(self.queries, palette.query),
            )
            self.play(
                fold(self.links, self.grid.face.rows(), self.theme),
                ReplacementTransform(self.queries, self.grid.query_labels),
                ReplacementTransform(self.keys, self.grid.key_labels),
                ReplacementTransform(self.titles, self.grid.titles),
                run_time=2 * timing.slow,
            )
            self.play(*self.bring_digits(self.grid.face, self.query, self.shares))

    def blend_values(self) -> None:
        """Beat 4: the row of one query cuts the values into slices that stack to its new vector."""
        theme, timing = self.theme, self.theme.timing
        left, right = self.zones.stage.beside(self.grid.width, gap=2 * theme.space.wide_gap)
        _header, body, foot, result = right.rows(0.9, 7.2, 0.8, 2.3)
        values = self.address("v", self.head)
        row = self.attention.weights[self.head, self.query]
        self.values = ValueRows(
            self.pen,
            values,
            self.attention.key_tokens,
            width=right.width,
            height=body.height,
            focused=self.focused,
        ).place_in(body)
        title = self.matrix_title("Values", values, theme.palette.value, self.values.matrix)
        legend = ramp_legend(self.pen, values, width=right.width / 6)
        legend.move_to(foot.centre).align_to(self.values.matrix, RIGHT)
        self.outline = self.grid.face.row_outline(self.query)
        weights = self.values.weights(self.pen, self.address("weights", self.head, self.query))
        slices = self.values.slices(row, result)
        blended = self.values.blended(
            self.pen, self.address("heads", self.head, self.query), slices
        )
        name = self.pen.phrase("new {token}", {"token": self.query_word(self.query)})
        name.next_to(blended, LEFT, buff=theme.space.wide_gap)
        with self.beat(
            "blend",
            "The weights of {query} set how thick a slice of each value goes into its new vector.",
            query=self.query_word(self.query),
        ):
            self.play(self.grid.animate.move_to(left.centre), rate_func=EASE_MOVE)
            self.play(FadeIn(self.values), FadeIn(title), FadeIn(legend))
            self.play(Create(self.outline.move_to(self.grid.face.row(self.query))))
            self.play(self.hand_over(self.grid.face, self.query, weights))
            self.play(pile(self.values.matrix, slices, theme), run_time=2 * timing.slow)
            self.play(FadeIn(name), FadeTransform(slices, blended))
        self.value_side = VGroup(self.values, title, legend, weights, blended, name)

    def assemble_formula(self) -> None:
        """Beat 5: the formula assembles, each term from the part of the stage it stands for."""
        formula = self.formula(FORMULA)
        asking = VGroup(self.grid.query_labels, self.grid.key_labels)
        scores = VGroup(self.grid.face, self.outline)
        with self.beat(
            "formula",
            "Match queries with keys, turn the scores into shares, blend the values.",
        ):
            self.play(hush(scores, self.value_side))
            self.play(
                TransformFromCopy(self.grid.query_labels, formula.term("query")),
                TransformFromCopy(self.grid.key_labels, formula.term("key")),
            )
            self.play(relight(scores), hush(asking))
            self.play(*(FadeIn(part) for part in (formula.unnamed(), formula.term("scale"))))
            self.play(FadeIn(formula.term("softmax")))
            self.play(relight(self.value_side), hush(scores))
            self.play(TransformFromCopy(self.values.matrix, formula.term("value")))
            self.play(relight(asking, scores))
