"""Scene 6: no word may look ahead."""

from __future__ import annotations

from dataclasses import replace

from manim import Create, FadeIn, FadeOut, Group, ReplacementTransform, TransformFromCopy

from attnviz.animations import EASE_MOVE, appear, recolour
from attnviz.animations.waves import mask_wave, normalise
from attnviz.derived import most_hidden
from attnviz.errors import UserError
from attnviz.mobjects.masks import MaskedGrid
from attnviz.mobjects.named import score_formula
from attnviz.mobjects.pen import element
from attnviz.mobjects.questions import Questions
from attnviz.mobjects.shares import ShareTable
from attnviz.spec import Spec
from attnviz.stage import AttentionScene
from attnviz.zones import Zone

FORMULA = '"softmax" ({scores} + {{{{M : mask}}}})'


class CausalMask(AttentionScene):
    """No word may look ahead."""

    spec = Spec(model="writer", mask="causal")
    tokens = range(2, 257)
    loop = ("mask",)
    kind = "self"

    def construct(self) -> None:
        """Play the four beats."""
        if self.mask.all():
            raise UserError(
                f"the mask of {self.trace.model} hides nothing here; "
                "give --mask causal or --mask window:N with a small N"
            )
        self.trace_for(replace(self.spec, mask="none"), prefix="none")
        self.before = self.address("weights", self.head, prefix="none")
        self.ask_questions()
        self.hide_the_future()
        self.share_again()
        self.compare_masks()

    def ask_questions(self) -> None:
        """Beat 1: one sentence asks as many questions as it has words."""
        questions = Questions(self.pen, self.trace.tokens, self.zones.stage)
        arrow = questions.peek()
        self.add(questions.sentence)
        with self.beat(
            "questions",
            "One sentence asks {n} questions at once: what comes next? To look ahead is to cheat.",
            n=f"size({self.address('scores')}, 1)",
        ):
            self.play(appear(questions.asked, self.theme), run_time=self.theme.timing.turns)
            self.play(recolour(questions.unlit, self.theme.palette.dim), Create(arrow))
        self.questions = Group(questions, arrow)

    def hide_the_future(self) -> None:
        """Beat 2: in the grid of scores every pair that the mask forbids becomes −∞."""
        scores, mask = self.address("scores", self.head), self.mask_address()
        fill = self.signed_fill(scores)
        self.row = most_hidden(self.pen.array(self.before), self.mask)
        self.grid = self.head_grid(scores, fill=fill, places=1, lens=self.row)
        masked = self.grid.redrawn(self.pen, f"masked({scores}, {mask})", fill=fill, places=1)
        self.hatches = self.grid.face.hatches(~self.mask)
        formula = self.formula(FORMULA.format(scores=score_formula(self.attention)))
        with self.beat(
            "mask", "Before the softmax, the score of every word that is out of sight becomes −∞."
        ):
            self.play(FadeOut(self.questions), FadeIn(self.grid, formula))
            self.play(
                mask_wave(self.grid.face, masked, self.hatches, ~self.mask),
                run_time=2 * self.theme.timing.slow,
            )
            self.grid.adopt(masked)

    def share_again(self) -> None:
        """Beat 3: softmax by rows; what the mask took, the others share."""
        timing, after = self.theme.timing, self.address("weights", self.head)
        weights = self.grid.redrawn(self.pen, after, fill=self.theme.palette.weights)
        totals, outline = weights.row_totals(self.pen), weights.row_outline(self.row)
        columns = {"no mask": element(self.before, self.row), "masked": element(after, self.row)}
        with self.beat(
            "shares",
            "Unmasked, {query} gives {hidden} to words out of sight; now the others share it.",
            query=self.query_word(self.row),
            hidden=element(f"hidden_shares({self.before}, {self.mask_address()})", self.row),
        ):
            self.play(
                normalise(self.grid.face, weights, self.hatches),
                FadeIn(totals),
                run_time=2 * timing.slow,
            )
            self.grid.adopt(weights)
            self.play(Create(outline))
            aside = self.step_aside(self.grid, outline, totals)
            table = ShareTable(self.pen, self.attention.key_tokens, columns, aside.room)
            unmasked, masked = table.columns
            self.play(*aside.moves)
            self.play(FadeIn(table.labels, unmasked))
            self.play(TransformFromCopy(unmasked.bars, masked.bars, rate_func=EASE_MOVE))
            self.play(FadeIn(masked.type))
        self.grid = aside.grid
        self.aside = Group(aside.outline, totals, table)

    def compare_masks(self) -> None:
        """Beat 4: how many pairs are kept, here and under two other masks on the same scores."""
        zones = self.zones.stage.split(1, 1, 1, gap=2 * self.theme.space.wide_gap)
        prefixes = self.three_masks()
        grids = [
            self.masked_grid(prefix, zone) for prefix, zone in zip(prefixes, zones, strict=True)
        ]
        here = prefixes.index("")
        others = [grid for index, grid in enumerate(grids) if index != here]
        with self.beat(
            "masks",
            "This mask keeps {kept} of {pairs} pairs; beside it, the same scores, other masks.",
            pairs=f"count({self.mask_address()})",
            kept=f"count_true({self.mask_address()})",
        ):
            self.play(FadeOut(self.aside, self.grid.trimmings, self.grid.titles))
            self.play(
                ReplacementTransform(self.grid.face.cells, grids[here].face.cells),
                FadeIn(grids[here].around),
                rate_func=EASE_MOVE,
            )
            self.play(appear(others, self.theme))

    def three_masks(self) -> list[str]:
        """Return the prefixes of the traces under a window, the causal mask and none."""
        own = self.spec.mask or "causal"
        rules = [own if own.startswith("window") else "window:3", "causal", "none"]
        prefixes = ["" if rule == own else rule.partition(":")[0] for rule in rules]
        for prefix, rule in zip(prefixes, rules, strict=True):
            self.trace_for(replace(self.spec, mask=rule), prefix)
        return prefixes

    def masked_grid(self, prefix: str, zone: Zone) -> MaskedGrid:
        """Return the small grid of one of the three masks."""
        mask = self.mask_address(prefix)
        names = {"causal": "causal", "none": "no mask"}
        title = self.pen.phrase(
            names.get(prefix or str(self.spec.mask), "window of {keys}"),
            {"keys": f"count_true({element(mask, len(self.trace.tokens) - 1)})"},
        )
        weights = self.address("weights", self.head, prefix=prefix)
        return MaskedGrid(self.pen, title, weights, mask, zone)
