"""Type on screen: lines, numbers and formulas that know what they say and where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from manim import VGroup, VMobject

from attnviz.typeset import Weight, formula_outlines, line_outlines, sign_outlines
from attnviz.zones import Zone

RunKind = Literal["words", "token", "number"]


@dataclass(frozen=True)
class Run:
    """A stretch of one line: the author's words, a token, or a number with its address."""

    text: str
    kind: RunKind = "words"
    address: str | None = None
    value: float | None = None
    strong: bool = False

    def __deepcopy__(self, memo: object) -> Self:
        """Return itself: nothing in it can change, and mobjects are copied often."""
        return self


class Line(VGroup):
    """Type on one baseline (or, for a wrapped caption, several; the last one counts).

    The first submobject is an invisible anchor from the baseline to the cap height, so that both
    stay known through every shift, scale and rotation.

    Parameters
    ----------
    glyphs
        The outlines, with the origin on the baseline.
    cap_height
        Height of a capital in frame units.
    runs
        What the line says.

    Attributes
    ----------
    muted
        Whether it keeps its colour where others are lit.
    """

    def __init__(self, glyphs: Sequence[VMobject], cap_height: float, runs: Sequence[Run]) -> None:
        anchor = VMobject(stroke_width=0, fill_opacity=0)
        anchor.set_points_as_corners([(0.0, 0.0, 0.0), (0.0, cap_height, 0.0)])
        super().__init__(anchor, *glyphs)
        self.runs = tuple(runs)
        self.muted = False

    @property
    def text(self) -> str:
        """All that the line says, as one string."""
        return "".join(run.text for run in self.runs)

    @property
    def glyphs(self) -> list[VMobject]:
        """The visible outlines."""
        return list(self.submobjects[1:])

    @property
    def baseline(self) -> float:
        """Height of the baseline in the frame."""
        return float(self.submobjects[0].points[0][1])

    @property
    def cap_height(self) -> float:
        """Present height of a capital, in frame units."""
        points = self.submobjects[0].points
        return float(np.linalg.norm(points[-1] - points[0]))

    def stand_on(self, baseline: float) -> Self:
        """Shift the line up or down until its baseline is at ``baseline``."""
        return self.shift((0.0, baseline - self.baseline, 0.0))

    def stand_in(self, zone: Zone) -> Self:
        """Shift the line up or down until its capitals are in the middle of a zone's height."""
        return self.stand_on(float(zone.centre[1]) - self.cap_height / 2)

    def begin_at(self, x: float) -> Self:
        """Shift the line sideways until its left end is at ``x``."""
        return self.shift((x - float(self.get_left()[0]), 0.0, 0.0))

    def end_at(self, x: float) -> Self:
        """Shift the line sideways until its right end is at ``x``."""
        return self.shift((x - float(self.get_right()[0]), 0.0, 0.0))

    def ink(self, colour: str, opacity: float = 1.0) -> Self:
        """Give every glyph one colour."""
        for glyph in self.glyphs:
            glyph.set_fill(colour, opacity=opacity).set_stroke(width=0)
        return self


class Number(Line):
    """A printed number that knows which element of which tensor it is.

    Parameters
    ----------
    glyphs, cap_height
        As in :class:`Line`.
    text
        The number as printed.
    value
        Its exact value.
    address
        Where the value stands, e.g. ``layers[1].weights[2, 6, 3]``.
    """

    def __init__(
        self,
        glyphs: Sequence[VMobject],
        cap_height: float,
        *,
        text: str,
        value: float,
        address: str,
    ) -> None:
        super().__init__(glyphs, cap_height, [Run(text, "number", address, value)])

    @property
    def address(self) -> str:
        """Where the value stands."""
        return str(self.runs[0].address)

    @property
    def value(self) -> float:
        """The exact value."""
        value = self.runs[0].value
        assert value is not None
        return value


class Formula(VGroup):
    """A formula whose terms can be lit one at a time.

    Parameters
    ----------
    glyphs
        All outlines, in the order drawn.
    terms
        Name of each term to the places of its glyphs.
    expression
        The Typst mathematics that it was set from.
    cap_height
        Height of a capital in frame units.
    """

    def __init__(
        self,
        glyphs: Sequence[VMobject],
        terms: Mapping[str, Sequence[int]],
        *,
        expression: str,
        cap_height: float,
    ) -> None:
        super().__init__(*glyphs)
        self._places = {name: tuple(places) for name, places in terms.items()}
        self.expression = expression
        self.cap_height = cap_height

    @property
    def terms(self) -> list[str]:
        """Names of the terms, in the order written."""
        return list(self._places)

    def term(self, name: str) -> VGroup:
        """Return the glyphs of one term."""
        return VGroup(*(self[place] for place in self._places[name]))

    def unnamed(self) -> VGroup:
        """Return the glyphs that belong to no term: brackets, fraction bars, signs."""
        named = {place for places in self._places.values() for place in places}
        return VGroup(*(glyph for place, glyph in enumerate(self) if place not in named))


class Typesetter:
    """Sets lines, numbers and formulas from outlines that are compiled once a process."""

    def line(
        self,
        runs: str | Sequence[Run],
        cap_height: float,
        colour: str,
        *,
        weight: Weight = "regular",
        width: float | None = None,
    ) -> Line:
        """Return a line of type with its baseline at height 0, centred at 0.

        Parameters
        ----------
        runs
            A string (the author's words), or runs.
        cap_height
            Height of a capital, in frame units.
        colour
            Hex colour of all glyphs.
        weight
            Weight of the type; strong runs are always bold.
        width
            Where to wrap, in frame units; None: never.

        Raises
        ------
        UserError
            If no installed font draws one of the characters.
        """
        wanted = (Run(runs),) if isinstance(runs, str) else tuple(runs)
        parts = tuple((run.text, "bold" if run.strong else weight) for run in wanted)
        outlines = line_outlines(parts, None if width is None else width / cap_height)
        line = Line([outline.drawn(cap_height) for outline in outlines], cap_height, wanted)
        line.submobjects[0].set_x(min(float(glyph.get_left()[0]) for glyph in line.glyphs))
        return line.ink(colour)

    def number(
        self,
        text: str,
        *,
        value: float,
        address: str,
        cap_height: float,
        colour: str,
        weight: Weight = "regular",
    ) -> Number:
        """Return a number put together from glyphs compiled once; tabular figures align by place.

        Parameters
        ----------
        text
            The number as printed, of digits and the signs ``. − ∞ % +``.
        value, address
            What it is the print of.
        cap_height, colour, weight
            As in :meth:`line`.
        """
        signs = sign_outlines(weight)
        left = pen = -self.number_width(text, cap_height, weight) / 2
        glyphs = []
        for sign in text:
            outline, advance = signs[sign]
            glyphs.append(outline.drawn(cap_height, pen))
            pen += advance * cap_height
        number = Number(glyphs, cap_height, text=text, value=value, address=address)
        number.submobjects[0].set_x(left)
        return number.ink(colour)

    def number_width(self, text: str, cap_height: float, weight: Weight = "regular") -> float:
        """Return how wide a printed number would be, in frame units."""
        return sum(sign_outlines(weight)[sign][1] for sign in text) * cap_height

    def formula(
        self, expression: str, *, cap_height: float, ink: str, colours: Mapping[str, str]
    ) -> Formula:
        """Return a formula, its named terms in their colours.

        Parameters
        ----------
        expression
            Typst mathematics; ``{{ Q : query }}`` names a term.
        cap_height
            Height of a capital in frame units.
        ink
            Hex colour of what has no colour of its own.
        colours
            Term to hex colour.
        """
        outlines, terms = formula_outlines(expression)
        glyphs = [outline.drawn(cap_height).set_color(ink) for outline in outlines]
        formula = Formula(glyphs, terms, expression=expression, cap_height=cap_height)
        for name, colour in colours.items():
            formula.term(name).set_color(colour)
        return formula
