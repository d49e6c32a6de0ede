"""Scene 9: one sentence asks, another answers."""

from __future__ import annotations

from manim import FadeIn, FadeOut, LaggedStart, ReplacementTransform, Transform, VGroup

from attnviz.animations import EASE_MOVE, appear, hush, reach_out, recolour
from attnviz.animations.waves import Fold
from attnviz.derived import top, turning
from attnviz.errors import UserError
from attnviz.mobjects.origins import origins, two_sides
from attnviz.mobjects.sentence_grid import sentence_grids
from attnviz.spec import Spec
from attnviz.stage import AttentionScene

FORMULA = '"Attention"({{Q : query}}, {{K : key}}, {{V : value}})'


class CrossAttention(AttentionScene):
    """One sentence asks, another answers."""

    spec = Spec(text="the small cat saw the black dog", model="translator")
    kind = "cross"
    loop = ("turns",)

    def construct(self) -> None:
        """Play the seven beats."""
        self.write_sentences()
        self.show_origins()
        self.fan_out()
        self.take_turns()
        self.turn_around()
        self.fold_into_grid()
        self.compare_sources()

    def write_sentences(self) -> None:
        """Beat 1: two sentences, each in its own place and language."""
        palette = self.theme.palette
        self.pair = self.token_pair(
            self.zones.stage, (palette.ink, palette.ink), ("Decoder", "Encoder")
        )
        self.add(self.pair.titles, self.pair.keys)
        with self.beat(
            "sentences",
            "Two sentences: the encoder has read one, the decoder writes the other, word by word.",
        ):
            words = [FadeIn(word) for word in self.pair.queries]
            self.play(LaggedStart(*words, lag_ratio=0.5), run_time=self.theme.timing.turns)

    def show_origins(self) -> None:
        """Beat 2: the decoder's vectors become queries, the encoder's keys and values."""
        layer = f"layers[{self.layer}]"
        sides = two_sides(self.pen, self.attention, layer, self.head, self.focused)
        self.origins = origins(self.pen, sides, self.zones.stage)
        above, below = self.origins
        formula = self.formula(FORMULA)
        with self.beat(
            "origins",
            "Queries come from the decoder's vectors, keys and values from the encoder's.",
        ):
            self.play(
                FadeOut(self.pair.titles),
                ReplacementTransform(self.pair.queries, above.tokens, rate_func=EASE_MOVE),
                ReplacementTransform(self.pair.keys, below.tokens, rate_func=EASE_MOVE),
                run_time=self.theme.timing.slow,
            )
            self.play(FadeIn(above.heading, below.heading, above.vectors, below.vectors))
            self.play(FadeIn(formula.unnamed()))
            self.play(FadeIn(above.arrow, *above.matrices, formula.term("query")))
            self.play(FadeIn(below.arrow, below.matrices[0], formula.term("key")))
            self.play(FadeIn(below.matrices[1], formula.term("value")))

    def fan_out(self) -> None:
        """Beat 3: one word's links, as wide as their weights, which stand at the keys."""
        weights = self.address("weights", self.head, self.query)
        palette = self.theme.palette
        self.pair = self.token_pair(self.zones.stage, (palette.query, palette.key))
        self.links = [
            self.pair.fan(row, query) for query, row in enumerate(self.attention.weights[self.head])
        ]
        self.shares = self.pair.numbers(weights)
        self.legend = self.link_legend(weights)
        template, slots = self.claim(self.query)
        asking, answering = self.origins
        with self.beat("fan", template, **slots):
            self.play(FadeOut(*asking.matter, *answering.matter))
            self.play(
                ReplacementTransform(asking.tokens, self.pair.queries, rate_func=EASE_MOVE),
                ReplacementTransform(answering.tokens, self.pair.keys, rate_func=EASE_MOVE),
                FadeIn(self.pair.titles),
            )
            self.play(reach_out(self.links[self.query], self.theme), FadeIn(self.legend))
            self.play(appear(self.shares, self.theme))

    def take_turns(self) -> None:
        """Beat 4: word by word the decoder asks the whole source; then all links at once."""
        palette, timing = self.theme.palette, self.theme.timing
        queries, shown = self.pair.queries, self.links[self.query]
        with self.beat("turns", "Word by word, the decoder asks the whole of the other sentence."):
            self.play(FadeOut(self.shares, shown), recolour(queries, palette.dim))
            shown = self.links[0].copy()
            self.play(reach_out(shown, self.theme), recolour(queries[:1], palette.query))
            for query, links in enumerate(self.links[1:], start=1):
                self.play(
                    Transform(shown, links.copy()),
                    recolour([queries[query - 1]], palette.dim),
                    recolour([queries[query]], palette.query),
                    run_time=timing.turns / len(queries),
                )
            self.remove(shown)
            self.play(FadeIn(*self.links), recolour(queries, palette.query))

    def turn_around(self) -> None:
        """Beat 5: where the word order of the two sentences turns, links cross."""
        weights = self.attention.weights[self.head]
        query = turning(weights)
        if query is None:
            with self.beat(
                "order", "No word looks behind the word before it: here no strongest links cross."
            ):
                pass
            return
        pairs = [(each, top(weights[each])) for each in (query, query + 1)]
        crossing = [self.links[asking][answering] for asking, answering in pairs]
        others = [link for links in self.links for link in links if link not in crossing]
        (one, here), (two, there) = pairs
        with self.beat(
            "order",
            "{one} looks at {here}, {two} at {there}: the word order turns, so the links cross.",
            one=self.query_word(one),
            here=self.key_word(here),
            two=self.query_word(two),
            there=self.key_word(there),
        ):
            self.play(hush(*others))

    def fold_into_grid(self) -> None:
        """Beat 6: the links fold into a grid, which is no square where the lengths differ."""
        weights = self.address("weights", self.head)
        self.grid = self.head_grid(weights, fill=self.theme.palette.weights)
        with self.beat(
            "grid",
            "As a grid: a row for each of {queries} queries, a column for each of {keys} keys.",
            queries=f"size({weights}, 0)",
            keys=f"size({weights}, 1)",
        ):
            self.play(FadeOut(self.legend), run_time=self.theme.timing.quick)
            self.pair.set_z_index(1)  # words pass before the cells, not behind them
            self.play(
                Fold(self.links, self.grid.face),
                ReplacementTransform(self.pair.queries, self.grid.query_labels),
                ReplacementTransform(self.pair.keys, self.grid.key_labels),
                ReplacementTransform(self.pair.titles, self.grid.titles),
                run_time=2 * self.theme.timing.slow,
            )
            self.play(*self.bring_digits(self.grid.face, VGroup()))
            self.add(self.grid)

    @property
    def encoder(self) -> int:
        """The last layer in which the source attends to itself."""
        source = self.attention.key_tokens
        layers = enumerate(self.trace.layers)
        within = [i for i, layer in layers if layer.query_tokens == layer.key_tokens == source]
        if not within:
            raise UserError(
                f"{self.name} compares with the encoder's own attention, which the trace of "
                f"{self.trace.model} does not hold; choose another model"
            )
        return within[-1]

    def compare_sources(self) -> None:
        """Beat 7: the encoder's attention to its own sentence beside the decoder's to it."""
        source = self.attention.key_tokens
        grids = {
            "encoder on itself": (
                f"layers[{self.encoder}].weights[{self.head}]",
                (source, source),
            ),
            "decoder on encoder": (
                self.address("weights", self.head),
                (self.attention.query_tokens, source),
            ),
        }
        zones = self.zones.stage.split(1, 1, gap=3 * self.theme.space.wide_gap)
        own, cross = sentence_grids(self.pen, grids, zones)
        with self.beat(
            "sources",
            "One attention, two sources: the encoder asks its own words, the decoder asks those.",
        ):
            self.play(FadeOut(*self.grid.magnified), run_time=self.theme.timing.quick)
            self.play(
                ReplacementTransform(self.grid.face.cells, cross.grid.face.cells),
                ReplacementTransform(self.grid.titles, cross.grid.titles),
                *(
                    ReplacementTransform(here, there) if len(there) else FadeOut(here)
                    for here, there in zip(self.grid.words, cross.grid.words, strict=True)
                ),
                run_time=self.theme.timing.slow,
                rate_func=EASE_MOVE,
            )
            self.play(FadeIn(cross.title))
            self.play(FadeIn(own))
