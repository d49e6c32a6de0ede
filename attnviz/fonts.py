"""Scripts beyond the project's own font: the families that draw them, and who packages them."""

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Script:
    """A script that Source Sans Pro does not hold.

    Parameters
    ----------
    name
        What people call it.
    sample
        A word in it, to try whether it can be drawn.
    package
        The Debian package that brings a font for it.
    families
        Fonts that look right beside Source Sans Pro, the best first; empty: any that holds it.
    prefixes
        How the Unicode names of its letters begin.
    """

    name: str
    sample: str
    package: str
    families: tuple[str, ...]
    prefixes: tuple[str, ...]


SCRIPTS = (
    # Han letters take another shape in each language: what stands beside them decides, so the
    # scripts that one language alone uses come first.
    Script(
        "Kana",
        "かなカナ",
        "fonts-noto-cjk",
        ("Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans", "Hiragino Sans", "Yu Gothic"),
        ("HIRAGANA", "KATAKANA"),
    ),
    Script(
        "Hangul",
        "고양이",
        "fonts-nanum",
        (
            *("Noto Sans CJK KR", "Noto Sans KR", "Source Han Sans K"),
            *("Apple SD Gothic Neo", "Malgun Gothic", "NanumBarunGothic", "NanumGothic"),
        ),
        ("HANGUL",),
    ),
    Script(
        "Han",
        "漢字",
        "fonts-noto-cjk",
        ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC"),
        ("CJK UNIFIED", "CJK COMPATIBILITY"),
    ),
    Script("Hebrew", "שלום", "fonts-noto-core", ("Noto Sans Hebrew",), ("HEBREW",)),
    Script("Arabic", "سلام", "fonts-noto-core", ("Noto Sans Arabic",), ("ARABIC",)),
    Script("Devanagari", "नमस्ते", "fonts-noto-core", ("Noto Sans Devanagari",), ("DEVANAGARI",)),
    Script("Bengali", "বাংলা", "fonts-noto-core", ("Noto Sans Bengali",), ("BENGALI",)),
    Script("Tamil", "தமிழ்", "fonts-noto-core", ("Noto Sans Tamil",), ("TAMIL",)),
    Script("Thai", "ภาษาไทย", "fonts-noto-core", ("Noto Sans Thai",), ("THAI",)),
    Script("Georgian", "ქართული", "fonts-noto-core", ("Noto Sans Georgian",), ("GEORGIAN",)),
    Script("Armenian", "հայերեն", "fonts-noto-core", ("Noto Sans Armenian",), ("ARMENIAN",)),
    Script("Ethiopic", "አማርኛ", "fonts-noto-core", ("Noto Sans Ethiopic",), ("ETHIOPIC",)),
)
"""In the order in which their fonts are preferred."""


def script_of(character: str) -> Script | None:
    """Tell the script of a character, where it needs a font of its own.

    Parameters
    ----------
    character
        One character.

    Returns
    -------
    Script or None
        None for the letters of Source Sans Pro and for scripts that the table does not know.
    """
    name = unicodedata.name(character, "")
    return next((script for script in SCRIPTS if name.startswith(script.prefixes)), None)


def scripts_in(text: str) -> tuple[Script, ...]:
    """List the scripts of a text that need a font of their own.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    tuple of Script
        In the order of `SCRIPTS`, each once.
    """
    found = {script_of(character) for character in text}
    return tuple(script for script in SCRIPTS if script in found)
