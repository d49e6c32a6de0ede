"""Every glyph on screen: set by Typst once, then copied; what no font can draw is refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

import font_source_sans_pro
import numpy as np
import typst
from manim import (
    DEFAULT_FONT_SIZE,
    SCALE_FACTOR_PER_FONT_POINT,
    MathTypst,
    Typst,
    VGroup,
    VMobject,
)
from manim.utils.typst_file_writing import TYPST_COMPILATION_FONT_SIZE

from attnviz.errors import UserError
from attnviz.fonts import script_of, scripts_in
from attnviz.zones import Zone

FAMILY = "Source Sans Pro"
FONT_FOLDER = Path(font_source_sans_pro.__file__).parent / "files"

# Heights of a capital, in em: Source Sans Pro's OS/2 table, and New Computer Modern Math's.
_CAP_EM = 0.66
_MATH_CAP_EM = 0.683
# A letter that stands flat on the baseline and ends at the cap height: set beside a text in a box
# of no width, it tells where both are, and is then taken away.
_REFERENCE = "H"
# No font may map a noncharacter: what Typst draws for it is what it draws for a missing glyph.
_NEVER_MAPPED = "\U0010ffff"
_GLYPH_REFERENCE = re.compile(rb'xlink:href="#(g[0-9A-Fa-f]+)"')
_TERM = re.compile(r":\s*([a-z_]+)\s*}}")
_NUMBER_SIGNS = "0123456789.−∞%+"

Weight = Literal["regular", "semibold", "bold"]
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
    """

    def __init__(self, glyphs: Sequence[VMobject], cap_height: float, runs: Sequence[Run]) -> None:
        anchor = VMobject(stroke_width=0, fill_opacity=0)
        anchor.set_points_as_corners([(0.0, 0.0, 0.0), (0.0, cap_height, 0.0)])
        super().__init__(anchor, *glyphs)
        self.runs = tuple(runs)

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


def _plain(outline: VMobject) -> VMobject:
    """Return an outline without the SVG path it was read from, which makes copies dear."""
    # Fraction bars and roots' tops are strokes; every other outline is filled.
    plain = VMobject(stroke_width=outline.get_stroke_width(), fill_opacity=1)
    plain.set_points(outline.points)
    return plain


def _font_size(cap_height: float, cap_em: float = _CAP_EM) -> float:
    return cap_height / (cap_em * TYPST_COMPILATION_FONT_SIZE * SCALE_FACTOR_PER_FONT_POINT)


def _quoted(text: str) -> str:
    """Return a Typst string literal: whatever the text holds, Typst reads no markup in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@cache
def own_fonts() -> Any:
    """Return the project's own fonts, read once a process (about 5 ms; every line reuses them)."""
    return typst.Fonts(include_system_fonts=False, font_paths=[FONT_FOLDER])


@cache
def all_fonts() -> Any:
    """Return the project's and the system's fonts (read only where a script needs a fallback)."""
    return typst.Fonts(include_system_fonts=True, font_paths=[FONT_FOLDER])


def _families(text: str) -> tuple[str, ...]:
    """Name the fonts to try in turn; without them Typst takes any font that maps the letters."""
    # An unknown family would make Typst warn on every line.
    installed = set(all_fonts().families())
    wanted = [family for script in scripts_in(text) for family in script.families]
    return FAMILY, *(family for family in wanted if family in installed)


def _preamble(text: str, *, fallback: bool, weight: Weight = "regular") -> str:
    families = _families(text) if fallback else (FAMILY,)
    names = "".join(f'"{family}", ' for family in families)
    return (
        f'#set text(font: ({names}), fallback: {str(fallback).lower()}, weight: "{weight}", '
        'kerning: true, number-width: "tabular")'
    )


def _svg(text: str, *, fallback: bool) -> bytes:
    source = f"{_preamble(text, fallback=fallback)}\n#text({_quoted(text)})"
    fonts = all_fonts() if fallback else own_fonts()
    svg: bytes = typst.compile(source.encode(), format="svg", font_paths=fonts)
    return svg


@cache
def _missing_glyph() -> bytes:
    found = _GLYPH_REFERENCE.search(_svg(_NEVER_MAPPED, fallback=False))
    assert found is not None
    return found.group(1)


@cache
def _draws(text: str, *, fallback: bool) -> bool:
    svg = _svg(text, fallback=fallback)
    glyphs = _GLYPH_REFERENCE.findall(svg)
    return bool(glyphs) and _missing_glyph() not in glyphs and b"<image" not in svg


def needs_fallback(text: str) -> bool:
    """Tell whether a text needs a font besides the project's own.

    Raises
    ------
    UserError
        If no installed font draws it; the message names the first such character.
    """
    if _draws(text, fallback=False):
        return False
    # Letter by letter, for some fonts map letters to empty outlines.
    letters = dict.fromkeys(c for c in text if unicodedata.category(c).startswith("L"))
    culprit = next((c for c in letters if not _draws(c, fallback=True)), None)
    if culprit is None and _draws(text, fallback=True):
        return True
    visible = [character for character in text if not character.isspace()]
    culprit = culprit or next((c for c in visible if not _draws(c, fallback=True)), text[:1])
    name = unicodedata.name(culprit, "no name")
    script = script_of(culprit)
    mend = "install a font that covers its script" + (
        f" (on Debian: apt-get install {script.package})" if script else ""
    )
    raise UserError(
        f"no installed font draws {culprit!r} (U+{ord(culprit):04X}, {name}); {mend},"
        " or leave it out of the text"
    )


class Typesetter:
    """Sets lines, numbers and formulas; each distinct string is compiled once and then copied."""

    def __init__(self) -> None:
        self._lines: dict[tuple[tuple[Run, ...], float, Weight, float | None], Line] = {}
        self._signs: dict[Weight, dict[str, tuple[VMobject, float]]] = {}

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
        key = (wanted, cap_height, weight, width)
        if key not in self._lines:
            self._lines[key] = self._set(wanted, cap_height, weight, width)
        line: Line = self._lines[key].copy()
        return line.ink(colour)

    def _set(
        self, runs: tuple[Run, ...], cap_height: float, weight: Weight, width: float | None
    ) -> Line:
        font_size = _font_size(cap_height)
        text = "".join(run.text for run in runs)
        fallback = needs_fallback(text)
        body = "".join(
            f'#text(weight: "{"bold" if run.strong else weight}", {_quoted(run.text)})'
            for run in runs
        )
        marked = f'#box(width: 0pt, text("{_REFERENCE}"))'
        if width is not None:
            points = width / (font_size * SCALE_FACTOR_PER_FONT_POINT)
            body = f"#block(width: {points:.3f}pt, align(center)[{marked}{body}])"
            marked = ""
        reference, *outlines = Typst(
            f"{marked}{body}",
            typst_preamble=_preamble(text, fallback=fallback, weight=weight),
            font_paths=all_fonts() if fallback else own_fonts(),
            font_size=font_size,
        ).submobjects
        glyphs = VGroup(*map(_plain, outlines))
        glyphs.shift((-glyphs.get_x(), -reference.get_bottom()[1], 0.0))
        line = Line(glyphs.submobjects, cap_height, runs)
        line.submobjects[0].set_x(glyphs.get_left()[0])
        return line

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
        signs = self._number_signs(weight)
        scale = _font_size(cap_height) / DEFAULT_FONT_SIZE
        pen = 0.0
        glyphs = []
        for sign in text:
            outline, advance = signs[sign]
            glyph = outline.copy().scale(scale, about_point=np.zeros(3))
            glyph.shift(np.array([pen * scale, 0.0, 0.0]))
            glyphs.append(glyph)
            pen += advance
        number = Number(glyphs, cap_height, text=text, value=value, address=address)
        number.shift(np.array([-pen * scale / 2, 0.0, 0.0]))
        number.ink(colour)
        return number

    def number_width(self, text: str, cap_height: float, weight: Weight = "regular") -> float:
        """Return how wide a printed number would be, in frame units."""
        signs = self._number_signs(weight)
        return sum(signs[sign][1] for sign in text) * _font_size(cap_height) / DEFAULT_FONT_SIZE

    def _number_signs(self, weight: Weight) -> dict[str, tuple[VMobject, float]]:
        """Return each sign's outline (origin on the baseline) and its advance, at the default size.

        The signs are set between reference letters, whose distances give the advances.
        """
        if weight not in self._signs:
            text = _REFERENCE + "".join(_REFERENCE + sign for sign in _NUMBER_SIGNS) + _REFERENCE
            glyphs = Typst(
                f"#text(kerning: false, {_quoted(text)})",
                typst_preamble=_preamble(text, fallback=False, weight=weight),
                font_paths=own_fonts(),
                font_size=DEFAULT_FONT_SIZE,
            ).submobjects
            first, references, outlines = glyphs[0], glyphs[1::2], glyphs[2::2]
            lefts = [float(reference.get_left()[0]) for reference in references]
            letter = lefts[0] - float(first.get_left()[0])
            baseline = float(first.get_bottom()[1])
            self._signs[weight] = {
                sign: (
                    _plain(outline).shift((-(left + letter), -baseline, 0.0)),
                    right - left - letter,
                )
                for sign, outline, (left, right) in zip(
                    _NUMBER_SIGNS, outlines, pairwise(lefts), strict=True
                )
            }
        return self._signs[weight]

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
        raw = MathTypst(
            expression, font_size=_font_size(cap_height, _MATH_CAP_EM), font_paths=own_fonts()
        )
        order = {id(glyph): place for place, glyph in enumerate(raw.submobjects)}
        names = dict.fromkeys(_TERM.findall(expression))
        terms = {name: [order[id(glyph)] for glyph in raw.select(name)] for name in names}
        glyphs = [_plain(glyph).set_color(ink) for glyph in raw.submobjects]
        formula = Formula(glyphs, terms, expression=expression, cap_height=cap_height)
        for name, colour in colours.items():
            formula.term(name).set_color(colour)
        return formula
