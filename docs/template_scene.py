"""A scene of your own: copy this file, change the class, and render it.

``python render.py docs/template_scene.py:SharpestRow --quality draft``
"""

from __future__ import annotations

from manim import Create, FadeIn

from attnviz.spec import Spec
from attnviz.stage import AttentionScene


class SharpestRow(AttentionScene):
    """One word's row of attention, lit in its grid."""

    spec = Spec(text="he left the roses by the bank", model="reader")
    tokens = range(2, 33)

    def construct(self) -> None:
        """Play the two beats."""
        self.show_grid()
        self.light_row()

    def show_grid(self) -> None:
        """Beat 1: the weights of the filmed head."""
        weights = self.address("weights", self.head)
        self.grid = self.head_grid(weights, fill=self.theme.palette.weights)
        with self.beat(
            "grid",
            "Head {head} of layer {layer}: every row says where one word looks.",
            head=f"index({self.head})",
            layer=f"index({self.layer})",
        ):
            self.play(FadeIn(self.grid))

    def light_row(self) -> None:
        """Beat 2: the row of the lit query, and what the trace says about it."""
        template, slots = self.claim(self.query)
        with self.beat("row", template, **slots):
            self.play(Create(self.grid.face.row_outline(self.query)))
