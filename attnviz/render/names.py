"""File names: readable, of ``a-z 0-9 -`` alone, and never the same for two different films."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping

from attnviz.render.output import Output
from attnviz.spec import Spec

_LONGEST_SLUG = 40
_LONGEST_WORDS = 120
_BIGGEST_PLAIN_INDEX = 1_000
_DIGEST_CHARACTERS = 8  # base 32: 40 bits

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
# Values that stand in a name as they are; anything else is shortened and told apart by a digest.
_PLAIN = re.compile(r"[a-z0-9]{1,20}|window:[0-9]+")


def kebab(class_name: str) -> str:
    """Return a class name in kebab-case, e.g. ``SelfAttention`` as ``self-attention``."""
    words = _WORD_START.sub("-", class_name)
    name = slug(words)
    return name if name == words.lower().replace("_", "-") else f"{name}-{digest(class_name)}"


def slug(text: str) -> str:
    """Shorten a text to lower-case ASCII words joined by hyphens; information may be lost."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    words = _NOT_IN_SLUG.sub("-", ascii_text.lower()).strip("-")
    if len(words) <= _LONGEST_SLUG:
        return words
    cut = words[: _LONGEST_SLUG + 1]
    return cut[: cut.rindex("-")] if "-" in cut else words[:_LONGEST_SLUG]


def digest(value: object) -> str:
    """Return a short name of a plain value: different values have different ones."""
    exact = json.dumps(value, sort_keys=True).encode()
    return base64.b32encode(hashlib.sha256(exact).digest()).decode().lower()[:_DIGEST_CHARACTERS]


def stem(scene: str, spec: Spec, default: Spec, output: Output) -> str:
    """Name a film's files after what differs from the scene's default.

    Parameters
    ----------
    scene
        The scene's command-line name.
    spec, default
        What is shown, and the scene's own subject.
    output
        Quality and theme; the defaults are not named.

    Returns
    -------
    str
        E.g. ``self-attention-text-the-nurse-said-k3v9q2ma-light``. Where a slug loses
        information, a digest of all the exact values follows the last of them.
    """
    differences = spec.differences(default)
    words = "-".join(_words(differences))
    lossless = all(_stands_as_it_is(name, value) for name, value in differences.items())
    parts = [scene, words[:_LONGEST_WORDS].strip("-"), *output.differences()]
    if not lossless or len(words) > _LONGEST_WORDS:
        parts.insert(2, digest(dict(differences)))
    return "-".join(part for part in parts if part)


def _words(differences: Mapping[str, object]) -> Iterator[str]:
    for name, value in differences.items():
        yield name
        yield "default" if value is None else slug(str(value))


def _stands_as_it_is(name: str, value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, int):
        return value < _BIGGEST_PLAIN_INDEX
    return name in ("model", "mask") and _PLAIN.fullmatch(str(value)) is not None
