"""Names made from other names: readable, of ``a-z 0-9 -`` alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata

_LONGEST_SLUG = 40
_DIGEST_CHARACTERS = 8  # base 32: 40 bits

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")


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
