"""Where a layer takes a word's vector: among the other words, and in two sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from manim import VGroup

from attnviz.derived import top
from attnviz.mobjects.pen import Pen, element
from attnviz.mobjects.plane import PlanePlot
from attnviz.mobjects.tokens import excerpt
from attnviz.text import Line, Run
from attnviz.zones import Zone

_SENTENCE_CAPS = 2.5


@dataclass(frozen=True)
class Spot:
    """A word at its place in a sentence, where a layer's output is added to its vector.

    Parameters
    ----------
    layer
        The layer's number.
    place
        The word's, counted from 0.
    prefix
        Of the sentence's trace.
    """

    layer: int
    place: int
    prefix: str = ""

    @property
    def _trace(self) -> str:
        return f"{self.prefix}." if self.prefix else ""

    @property
    def output(self) -> str:
        """Address of what the layer adds."""
        return f"{self._trace}layers[{self.layer}].output[{self.place}]"

    @property
    def all_before(self) -> str:
        """Address of the vectors of all words that the layer meets."""
        return f"{self._trace}hidden_states[{self.layer}]"

    @property
    def before(self) -> str:
        """Address of the vector that the layer meets."""
        return element(self.all_before, self.place)

    @property
    def after(self) -> str:
        """Address of that vector with the output added."""
        return f"add({self.before}, {self.output})"

    def word(self, pen: Pen) -> str:
        """Return the word's text."""
        return pen.traces[self.prefix].tokens[self.place]

    def point_name(self, pen: Pen, when: str, colour: str) -> Line:
        """Return the name of the word's point before or after the layer."""
        slots = {"word": Run(self.word(pen), "token", strong=True)}
        return pen.phrase(f"{{word}} {when}", slots, colour=colour)

    def looked_at(self, pen: Pen, head: int, colour: str) -> Line:
        """Return what the word looked at most in a head of this layer: the name of its end."""
        trace = pen.traces[self.prefix]
        key = top(trace.layers[self.layer].weights[head, self.place])
        slots = {"key": Run(trace.tokens[key], "token", strong=True)}
        return pen.phrase("after looking at {key}", slots, colour=colour)

    def sentence(self, pen: Pen, colour: str) -> Line:
        """Return the sentence, or a piece of it about the word."""
        return pen.token(excerpt(pen.traces[self.prefix].tokens, self.place), colour=colour)


class AmongWords(PlanePlot):
    """All words' vectors before a layer, and one of them with the layer's output added.

    Parameters
    ----------
    pen
        Draws the labels.
    spot
        The word that moves.
    named
        The other words that have a label.
    zone
        The room.
    """

    def __init__(self, pen: Pen, spot: Spot, named: Sequence[int], zone: Zone) -> None:
        palette = pen.theme.palette
        tokens = pen.traces[spot.prefix].tokens
        self.ends = (spot.place, len(tokens))
        labels = {
            spot.place: spot.point_name(pen, "before", palette.query),
            len(tokens): spot.point_name(pen, "after", palette.output),
        }
        for word in named:
            labels.setdefault(word, pen.token(tokens[word], colour=palette.dim))
        colours = [palette.dim] * len(tokens) + [palette.output]
        colours[spot.place] = palette.query
        super().__init__(
            pen,
            f"stacked({spot.all_before}, {spot.after})",
            labels,
            colours=colours,
            moves=[self.ends],
            zone=zone,
        )


class InTwoSentences(PlanePlot):
    """One word in two sentences, before and after a layer, below the sentences themselves.

    Parameters
    ----------
    pen
        Draws the labels.
    spots
        The word in either sentence.
    head
        The head whose most looked-at word tells the ends apart.
    zone
        The room.
    """

    def __init__(self, pen: Pen, spots: tuple[Spot, Spot], head: int, zone: Zone) -> None:
        palette = pen.theme.palette
        one, other = spots
        header = 2 * _SENTENCE_CAPS * pen.theme.sizes.token
        upper, lower = zone.rows(header, zone.height - header)
        labels = {
            1: one.looked_at(pen, head, palette.output),
            3: other.looked_at(pen, head, palette.ink),
            0: one.point_name(pen, "before", palette.query),
            2: other.point_name(pen, "before", palette.ink),
        }
        super().__init__(
            pen,
            f"stacked(stacked({one.before}, {one.after}), stacked({other.before}, {other.after}))",
            labels,
            colours=[palette.query, palette.output, palette.ink, palette.ink],
            moves=[(0, 1), (2, 3)],
            zone=lower,
        )
        self.sentences = VGroup(
            *(
                spot.sentence(pen, colour).stand_in(line)
                for spot, colour, line in zip(
                    spots, (palette.output, palette.ink), upper.rows(1, 1), strict=True
                )
            )
        ).set_x(zone.centre[0])
        self.add(self.sentences)
