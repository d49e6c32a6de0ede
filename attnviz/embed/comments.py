"""The comments in which a post keeps its directives, as HTML and as MDX spell them."""

from __future__ import annotations

import re
from enum import Enum

OPENING = re.compile(r"(?:<!--|\{/\*)\s*attnviz\s*:", re.IGNORECASE)
"""How a directive begins."""

CLOSING = re.compile(r"<!--\s*/\s*attnviz\s*-->|\{/\*\s*/\s*attnviz\s*\*/\s*\}", re.IGNORECASE)
"""What stands after a directive's markup."""

ENDING = re.compile(r"(?:-->|\*/\s*\})\Z")
"""How a comment ends."""

# Signs that would end a comment of the other kind, and how they are written in it.
_ESCAPES = {
    "<!--": (("-->", "--&gt;"), ("--!>", "--!&gt;"), ("<!--", "&lt;!--")),
    "{/*": (("*/", "*&#47;"), ("{/*", "&#123;/*")),
}


class Comment(Enum):
    """How a post spells its comments."""

    HTML = ("<!--", "-->")
    MDX = ("{/*", "*/}")

    @property
    def closing(self) -> str:
        """The comment after the markup."""
        return self.around("/attnviz")

    def around(self, words: str) -> str:
        """Return a comment of these words."""
        opening, ending = self.value
        return f"{opening} {words} {ending}"


def dedented(source: str, indent: str) -> str:
    """Return a source without the indent of its further lines."""
    first, *rest = re.split(r"(\r\n|[\r\n])", source)
    short = indent.rstrip()
    return first + "".join(
        line.removeprefix(indent if line.startswith(indent) else short) for line in rest
    )


def respelled(source: str, style: Comment) -> str:
    """Return a comment with the same words in another spelling, or as it is."""
    opening, ending = style.value
    inner = ENDING.sub("", source)
    # A comment of MDX is JavaScript's, which ends at its first sign, in quotes or not.
    if source.startswith(opening) and (style is Comment.HTML or "*/" not in inner):
        return source
    inner = inner.removeprefix("<!--").removeprefix("{/*")
    for sign, escape in _ESCAPES[opening]:
        inner = inner.replace(sign, escape)
    return f"{opening}{inner}{ending}"
