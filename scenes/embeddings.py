"""Scene 1: from words to vectors that know their place."""

from __future__ import annotations

from typing import ClassVar

from manim import UP, Create, FadeIn, FadeOut, Group

from attnviz.animations import appear, recolour
from attnviz.animations.columns import (
    SplitUp,
    line_up,
    look_up,
    merge,
    point_out,
    read_off,
    resettle,
)
from attnviz.derived import nearest_pair, repeated_pair, top_magnitude
from attnviz.mobjects.columns import Columns, EmbeddingTable, TokenSlots, signed_fill
from attnviz.mobjects.pair_of_sums import PairOfSums
from attnviz.mobjects.pen import element
from attnviz.mobjects.sums import sum_line
from attnviz.mobjects.token_ids import TokenIds, largest_cap, typed
from attnviz.stage import AttentionScene
from attnviz.text import Run
from attnviz.zones import Zone

TOKEN, POSITION = "token_embeddings", "position_embeddings"
SUM = f"add({TOKEN}, {POSITION})"


class Embeddings(AttentionScene):
    """From words to vectors that know their place."""

    loop: ClassVar[tuple[str, ...]] = ("position",)

    def construct(self) -> None:
        """Play the four beats."""
        self.require_of_trace(TOKEN, POSITION, "embedding_table")
        self.repeat = repeated_pair(self.pen.array("ids"))
        self.pair = self.repeat or nearest_pair(self.pen.array(SUM))
        self.fill = signed_fill(self.pen, f"stacked({SUM}, stacked({TOKEN}, {POSITION}))")
        self.split_sentence()
        self.look_up_vectors()
        self.add_positions()
        self.compare_sums()

    def split_sentence(self) -> None:
        """Beat 1: the sentence as typed splits into its tokens; each one's id drops out below."""
        stage, words = self.zones.stage, self.trace.tokens
        cap = largest_cap(self.pen, words, stage)
        sentence = typed(self.pen, self.trace.text, stage, cap)
        self.cut = tokens = TokenIds(self.pen, words, stage)
        self.add(sentence)
        with self.beat(
            "tokens",
            "The sentence is cut into {n} tokens, and each has a number: its id.",
            n=f"size({TOKEN}, 0)",
        ):
            self.play(SplitUp(sentence, tokens), FadeIn(tokens.chips))
            self.play(appear(tokens.numbers, self.theme, shift=-self.theme.space.wide_gap))

    def look_up_vectors(self) -> None:
        """Beat 2: each id takes its vector from the table; a copy stands under its token."""
        slots = TokenSlots(self.pen, self.trace.tokens, self.zones.stage, self.pair)
        upper, lower = slots.below.rows(2, 3, gap=2 * self.theme.space.wide_gap)
        table = EmbeddingTable(self.pen, upper, self.fill)
        columns = self.columns(slots, TOKEN, lower)
        ids = list(enumerate(self.trace.ids))
        marks = [table.mark(word) for _, word in ids]
        ways = [table.way(word, columns.bars[place]) for place, word in ids]
        lit, others = self.pair[0], [i for i, _ in ids if i != self.pair[0]]
        with self.beat(
            "table",
            "Each id picks a vector from a table: {d} numbers, violet below zero.",
            d=f"size({TOKEN}, 1)",
        ):
            self.play(line_up(self.cut, slots.row, slots.ids))
            self.play(FadeIn(table))
            lamp = recolour([slots.ids[lit]], self.theme.palette.ink)
            self.play(lamp, FadeIn(marks[lit]), Create(ways[lit]))
            self.play(look_up(table, columns, [ids[lit]], self.theme), FadeIn(columns.bars[lit]))
            self.play(point_out([marks[i] for i in others], [ways[i] for i in others], self.theme))
            self.play(
                look_up(table, columns, [ids[i] for i in others], self.theme),
                *(FadeIn(columns.bars[i]) for i in others),
                run_time=self.theme.timing.slow,
            )
        self.play(FadeOut(table, *marks, *ways), run_time=self.theme.timing.quick)
        self.slots, self.vectors = slots, columns

    def columns(self, slots: TokenSlots, address: str, zone: Zone, side: int = 0) -> Columns:
        """Return vectors as columns under their tokens, in the middle of a slot or at one side."""
        palette = self.theme.palette
        inks = {TOKEN: palette.ink, POSITION: palette.dim, SUM: palette.output}
        return Columns(
            self.pen,
            address,
            slots.beside(side),
            zone=zone,
            width=slots.width_of_column,
            fill=self.fill,
            colour=inks[address],
        )

    def add_positions(self) -> None:
        """Beat 3: a position's vector is added to each; one number is spelled out."""
        slots, lit, palette = self.slots, self.pair[0], self.theme.palette
        body, below, foot = slots.below.rows(8, 1, 1.5)
        tokens, positions = (
            self.columns(slots, TOKEN, body, -1),
            self.columns(slots, POSITION, body, 1),
        )
        sums = self.columns(slots, SUM, body)
        entry = top_magnitude(self.pen.array(element(SUM, lit)))
        signs = slots.signs(self.pen, body)
        place = self.pen.phrase("position {i}", {"i": f"index({lit})"}, colour=palette.dim)
        slots.put_under(place, lit, below)
        terms = [element(TOKEN, lit, entry), element(POSITION, lit, entry)]
        line = sum_line(
            self.pen, terms, element(SUM, lit, entry), [palette.ink, palette.dim], foot.width
        )
        line.move_to(foot.centre)
        *frames, found = (part.frame(lit, entry, palette.ink) for part in (tokens, positions, sums))
        formula = self.formula('{{x : output}} = "token" + "position"')
        with self.beat(
            "position",
            "Every position has a vector of its own, which is added to the token's.",
        ):
            self.play(resettle(self.vectors, tokens))
            self.play(FadeIn(positions, signs, formula, shift=self.theme.space.gap * UP))
            self.play(*map(Create, frames))
            self.play(read_off(line, frames, self.theme))
            self.play(FadeIn(place))
            self.play(FadeOut(*frames, signs), merge(tokens, positions, sums, [lit], self.theme))
            self.play(Create(found))
            others = [i for i in range(len(slots.middles)) if i != lit]
            self.play(
                merge(tokens, positions, sums, others, self.theme),
                run_time=self.theme.timing.slow,
            )
        self.sums, self.aside = sums, Group(line, place, slots, found, formula)

    def compare_sums(self) -> None:
        """Beat 4: one word in two places, or else the two nearest words, by their cosine."""
        (one, other), stage = self.pair, self.zones.stage
        words = {"one": self.word(one)} | ({} if self.repeat else {"other": self.word(other)})
        if self.repeat:
            template = "{one} stands here twice: one token vector, but two sums, for two places."
        else:
            template = "No word is here twice; the sums of {one} and {other} are most alike."
        body, foot = stage.rows(8, 1)
        both = PairOfSums(
            self.pen,
            (TOKEN, POSITION, SUM),
            self.pair,
            tokens=self.trace.tokens,
            zone=body,
            fill=self.fill,
        )
        cosines = self.pen.phrase(
            "likeness (cosine): token vectors {tokens}, sums {sums}",
            {
                name: f"cosine({element(address, one)}, {element(address, other)})"
                for name, address in (("tokens", TOKEN), ("sums", SUM))
            },
            cap=self.theme.sizes.caption,
        ).stand_in(foot)
        with self.beat("twice", template, **words):
            self.play(FadeOut(self.aside, *self.sums.but(self.pair)))
            self.play(resettle(self.sums, both.sums, self.pair))
            self.play(FadeIn(both.words, both.under, both.signs, *both.terms))
            self.play(FadeIn(cosines))

    def word(self, place: int) -> Run:
        """Return a token for a caption."""
        return Run(self.trace.tokens[place], "token", strong=True)
