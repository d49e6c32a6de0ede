"""Typst: which font draws a text, and the outlines of texts, each compiled once a process."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import font_source_sans_pro
import numpy as np
import typst
from manim import SCALE_FACTOR_PER_FONT_POINT, MathTypst, Typst, VMobject, config
from manim.utils.typst_file_writing import TYPST_COMPILATION_FONT_SIZE

from attnviz.errors import UserError
from attnviz.fonts import script_of, scripts_in

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

# manim's camera draws a stroke of width 1 a hundredth of a frame unit wide at every resolution; its
# Typst mobject multiplies a width in units by half the pixels of a unit.
_STROKES_PER_UNIT = 100
_TYPST_STROKE = 0.5

_MOST_KEPT = 4096
"""Texts whose outlines are kept: a scene has some dozens. Manim need not keep copies as well."""

Weight = Literal["regular", "semibold", "bold"]


@dataclass(frozen=True)
class Outline:
    """The outline of one glyph, in cap heights, its origin on the text's baseline.

    Parameters
    ----------
    points
        Bézier points ``[point, axis]``, read-only.
    stroke
        Width of its stroke, in cap heights: fraction bars and roots' tops are strokes, all else is
        filled.
    """

    points: np.ndarray
    stroke: float

    def drawn(self, scale: float, x: float = 0.0) -> VMobject:
        """Return it as a mobject, scaled about the origin and then shifted to the right."""
        glyph = VMobject(stroke_width=self.stroke * scale * _STROKES_PER_UNIT, fill_opacity=1)
        return glyph.set_points(self.points * scale + np.array([x, 0.0, 0.0]))


def _outline(glyph: VMobject, origin: np.ndarray) -> Outline:
    points = np.asarray(glyph.points - origin)
    points.setflags(write=False)
    # manim makes Typst's strokes as wide as the pixels of the moment say; outlines outlive them.
    pixels = config.pixel_width / config.frame_width
    return Outline(points, glyph.get_stroke_width() / (pixels * _TYPST_STROKE))


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


def _font_size(cap_em: float = _CAP_EM) -> float:
    """Return the font size whose capitals are one frame unit high."""
    return 1 / (cap_em * TYPST_COMPILATION_FONT_SIZE * SCALE_FACTOR_PER_FONT_POINT)


@lru_cache(maxsize=_MOST_KEPT)
def line_outlines(
    parts: tuple[tuple[str, Weight], ...], width: float | None
) -> tuple[Outline, ...]:
    """Set a line of type, centred, its baseline (of the last line, where it wraps) at the origin.

    Parameters
    ----------
    parts
        Texts, each with its weight.
    width
        Where to wrap, in cap heights; None: never.

    Raises
    ------
    UserError
        If no installed font draws one of the characters.
    """
    text = "".join(part for part, _ in parts)
    fallback = needs_fallback(text)
    body = "".join(f'#text(weight: "{weight}", {_quoted(part)})' for part, weight in parts)
    marked = f'#box(width: 0pt, text("{_REFERENCE}"))'
    if width is not None:
        points = width / (_font_size() * SCALE_FACTOR_PER_FONT_POINT)
        body = f"#block(width: {points:.3f}pt, align(center)[{marked}{body}])"
        marked = ""
    reference, *glyphs = Typst(
        f"{marked}{body}",
        typst_preamble=_preamble(text, fallback=fallback),
        font_paths=all_fonts() if fallback else own_fonts(),
        font_size=_font_size(),
        use_svg_cache=False,
    ).submobjects
    edges = [(glyph.get_left()[0], glyph.get_right()[0]) for glyph in glyphs]
    centre = (min(left for left, _ in edges) + max(right for _, right in edges)) / 2
    origin = np.array([centre, reference.get_bottom()[1], 0.0])
    return tuple(_outline(glyph, origin) for glyph in glyphs)


@cache
def sign_outlines(weight: Weight) -> Mapping[str, tuple[Outline, float]]:
    """Return each sign of a number with its advance, in cap heights.

    The signs are set between reference letters, whose distances give the advances.
    """
    text = _REFERENCE + "".join(_REFERENCE + sign for sign in _NUMBER_SIGNS) + _REFERENCE
    glyphs = Typst(
        f"#text(kerning: false, {_quoted(text)})",
        typst_preamble=_preamble(text, fallback=False, weight=weight),
        font_paths=own_fonts(),
        font_size=_font_size(),
        use_svg_cache=False,
    ).submobjects
    first, references, outlines = glyphs[0], glyphs[1::2], glyphs[2::2]
    lefts = [float(reference.get_left()[0]) for reference in references]
    letter = lefts[0] - float(first.get_left()[0])
    baseline = float(first.get_bottom()[1])
    return MappingProxyType(
        {
            sign: (
                _outline(outline, np.array([left + letter, baseline, 0.0])),
                right - left - letter,
            )
            for sign, outline, (left, right) in zip(
                _NUMBER_SIGNS, outlines, pairwise(lefts), strict=True
            )
        }
    )


@lru_cache(maxsize=_MOST_KEPT)
def formula_outlines(
    expression: str,
) -> tuple[tuple[Outline, ...], Mapping[str, tuple[int, ...]]]:
    """Set a formula of Typst mathematics, and find the places of its named terms' glyphs.

    Parameters
    ----------
    expression
        ``{{ Q : query }}`` names a term.
    """
    raw = MathTypst(
        expression,
        font_size=_font_size(_MATH_CAP_EM),
        font_paths=own_fonts(),
        use_svg_cache=False,
    )
    order = {id(glyph): place for place, glyph in enumerate(raw.submobjects)}
    names = dict.fromkeys(_TERM.findall(expression))
    terms = {name: tuple(order[id(glyph)] for glyph in raw.select(name)) for name in names}
    outlines = tuple(_outline(glyph, raw.get_center()) for glyph in raw.submobjects)
    return outlines, MappingProxyType(terms)
