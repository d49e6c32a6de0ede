"""A text is filmed only if a viewer can read it: in a font, and in the model's own pieces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby

from attnviz.errors import UserError
from attnviz.fonts import script_of
from attnviz.records import ModelTrace
from attnviz.spec import Spec
from attnviz.typeset import needs_fallback

# How the tiny models' tokenizer, and those with SentencePiece's byte fallback, name a byte.
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def require_legible(spec: Spec, trace: ModelTrace) -> None:
    """Refuse a text of which a film would show boxes, or bytes in place of its words.

    Marks, signs and accented Latin letters may fall to bytes: the words around them stay legible.

    Parameters
    ----------
    spec
        What the user wrote.
    trace
        What the model made of it.

    Raises
    ------
    UserError
        If no font draws a character, or the model has no pieces for a script; the character is
        named.
    """
    for text in (spec.text, spec.target):
        if text is not None:
            needs_fallback(text)
    for tokens in (trace.tokens, trace.target_tokens or ()):
        for letter in filter(_is_of_another_script, spelled_in_bytes(tokens)):
            raise UserError(
                f"model {trace.model} has no piece for {letter!r} (U+{ord(letter):04X}, "
                f"{unicodedata.name(letter, 'no name')}): a film would show its bytes; "
                f"give a text in a script that the model knows{_who_reads(letter)}"
            )


def _who_reads(letter: str) -> str:
    script = script_of(letter)
    korean = script is not None and script.name == "Hangul"
    return ", or choose --model translator, which reads Korean" if korean else ""


def spelled_in_bytes(tokens: Iterable[str]) -> Iterator[str]:
    """Yield the characters that a model reads byte by byte."""
    for is_bytes, run in groupby(map(_BYTE.fullmatch, tokens), key=bool):
        if is_bytes:
            values = bytes(int(match[1], 16) for match in run if match)
            yield from values.decode("utf-8", errors="replace")


def _is_of_another_script(character: str) -> bool:
    name = unicodedata.name(character, "")
    return unicodedata.category(character).startswith("L") and not name.startswith("LATIN")
