"""Scene 3: three questions to one vector: query, key, value."""

from __future__ import annotations

from typing import ClassVar

from manim import Create, FadeIn, FadeOut, Group

from attnviz.animations import hush, relight
from attnviz.animations.flows import Drift, multiply
from attnviz.animations.products import become, drop_in, fill_up, lay_on, place_among
from attnviz.mobjects.dot import DotProduct
from attnviz.mobjects.named import NamedVector
from attnviz.mobjects.projection import QueryKeyValue, is_normed
from attnviz.stage import AttentionScene
from attnviz.text import Run

ONE = "{{q : query}} = x thin {{W_Q : query}}"
ALL = "{{Q = X W_Q : query}} wide {{K = X W_K : key}} wide {{V = X W_V : value}}"
ROLES = ("a query asks", "a key is matched with it", "a value is handed over")


class Projections(AttentionScene):
    """Three questions to one vector: query, key, value."""

    kind = "self"
    loop: ClassVar[tuple[str, ...]] = ("query",)

    def construct(self) -> None:
        """Play the six beats."""
        self.require("x_q", "x_kv", "w_q", "w_k", "w_v")
        address = f"layers[{self.layer}]"
        self.three = QueryKeyValue(self.pen, self.attention, address, self.head)
        self.rule = self.formula(ALL)
        self.show_vector()
        self.meet_column()
        self.fill_query()
        self.take_all()
        self.ask_twice_more()
        self.tell_roles()

    def show_vector(self) -> None:
        """Beat 1: one token's vector, and the matrix that makes its query."""
        self.one = self.three.one(self.query, self.zones.stage)
        way = self.zones.stage.centre - self.one.left.get_center()
        self.add(self.one.left.shift(way))
        self.law = self.formula(ONE)
        normed = is_normed(self.trace, self.layer)
        with self.beat(
            "vector",
            ("Rescaled by the layer norm, " if normed else "As it enters the layer, ")
            + "{token} is {d_model} numbers. A learned matrix reads them.",
            token=self.query_word(self.query),
            d_model=f"size({self.one.left.factor.address}, 1)",
        ):
            self.play(Drift(self.one.left, -way), FadeIn(self.one.rights[0]))
            self.play(FadeIn(self.law))

    def meet_column(self) -> None:
        """Beat 2: the row meets the first column; the products add up to one number."""
        made, palette = self.three.made[0], self.theme.palette
        token = self.attention.query_tokens[self.query]
        vector = NamedVector(f"{made.x}[{self.query}]", "x", "x", token, palette.ink)
        column = NamedVector(made.column(0), "first column", "w", "", palette.query)
        total = made.sum_of(self.query, 0)
        self.dot = DotProduct(self.pen, vector, column, total, self.one.corner, places=2)
        self.row = self.one.left.body.copy()
        self.frame = self.one.rights[0].outline(column=0)
        with self.beat(
            "dot",
            "The row meets the first column: multiply pair by pair, add up: {total}.",
            total=total,
        ):
            self.play(
                lay_on(self.row, self.frame, self.theme),
                Create(self.frame),
                run_time=self.theme.timing.slow,
            )
            self.play(FadeIn(self.dot.vectors))
            self.play(FadeIn(self.dot.signs, self.dot.ground, self.dot.caption))
            self.play(multiply(self.dot), run_time=2 * self.theme.timing.turns)
            self.play(FadeIn(self.dot.total))

    def fill_query(self) -> None:
        """Beat 3: the number drops into the query; every other column gives one more."""
        (matrix,), (query,) = self.one.rights, self.one.results
        made = self.three.made[0]
        last = matrix.outline(column=matrix.values.shape[1] - 1)
        slots: dict[str, str | Run] = {
            "token": self.query_word(self.query),
            "d_k": f"size({made.result}, 1)",
        }
        caption = "Each of the {d_k} columns gives one number: together, the query of {token}."
        if made.biased:
            caption = "Each of {d_k} columns gives one number, plus a bias: the query of {token}."
        with self.beat("query", caption, **slots):
            self.play(drop_in(self.dot.total, query), run_time=self.theme.timing.slow)
            self.play(
                FadeOut(self.row),
                self.frame.animate.move_to(last),
                fill_up(query, self.theme),
                run_time=2 * self.theme.timing.slow,
            )
            self.play(FadeOut(self.frame))

    def take_all(self) -> None:
        """Beat 4: all tokens at once; the inner sizes match."""
        one, every = self.one, self.three.all(self.zones.stage, self.focused[0])
        with self.beat(
            "tokens",
            "All at once: the inner sizes match, {d_model}, and {n} vectors give {n} queries.",
            d_model=f"size({every.left.factor.address}, 1)",
            n=f"size({every.left.factor.address}, 0)",
        ):
            self.play(FadeOut(self.dot, self.law))
            self.play(
                place_among(one.left, every.left, self.query),
                become(one.rights[0], every.rights[0]),
                place_among(one.results[0], every.results[0], self.query),
                run_time=self.theme.timing.slow,
            )
            self.play(FadeIn(every.left.body, every.labels), FadeOut(one.left.body))
            self.play(Create(every.join), FadeIn(self.rule.term("query")))
            self.play(FadeIn(every.results[0].body), FadeOut(one.results[0].body))
        self.every = every

    def ask_twice_more(self) -> None:
        """Beat 5: the same vectors meet two more matrices."""
        with self.beat(
            "matrices", "The same vectors meet two more matrices: their keys, and their values."
        ):
            self.play(FadeOut(self.every.join))
            for place, term in ((1, "key"), (2, "value")):
                self.play(FadeIn(self.every.rights[place], self.rule.term(term)))
                self.play(FadeIn(self.every.results[place]))

    def tell_roles(self) -> None:
        """Beat 6: what each of the three is for, each lighting its matrices."""
        pairs = [
            Group(right, result)
            for right, result in zip(self.every.rights, self.every.results, strict=True)
        ]
        lines = self.three.roles(ROLES, self.every.corner)
        with self.beat(
            "roles", "One vector, three roles: it asks, it is found, and it hands something over."
        ):
            self.play(hush(self.every.left, self.every.labels, *pairs))
            for pair, line in zip(pairs, lines, strict=True):
                self.play(relight(pair), FadeIn(line))
            self.play(relight(self.every.left, self.every.labels))
