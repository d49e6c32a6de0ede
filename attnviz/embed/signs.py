"""The signs by which the blocks of Markdown begin and end."""

from __future__ import annotations

import re
from functools import lru_cache

OF_CONTAINERS = frozenset(">-+*0123456789!?=")
OF_BLOCKS = frozenset("`~#<{_") | OF_CONTAINERS
"""What begins with another character is text."""

FRONT_START = re.compile(r"(---|\+\+\+)[ \t]*(?:\r\n|[\r\n])(?![ \t]*(?:[\r\n]|\Z))")
FRONT_ENDS = {
    "---": re.compile(r"(?<=[\r\n])(?:---|\.\.\.)[ \t]*(?=[\r\n]|\Z)"),
    "+++": re.compile(r"(?<=[\r\n])\+\+\+[ \t]*(?=[\r\n]|\Z)"),
}
# Outside lists and quotes such lines can be nothing but text; most of a post is made of them.
PLAIN = re.compile(r"(?:(?!import\b|export\b)[^\W\d_][^\r\n]*+(?:\r\n|[\r\n]|\Z))++")
BLANKS = re.compile(r"(?:[ \t]*+(?:\r\n|[\r\n]))++")
MODULE_LINE = re.compile(
    r"import\s+(?:[\w*{][^\r\n]*\bfrom\s*)?['\"]|export\s+(?:default|const|let|function|class)\b"
)
ITEM = re.compile(r"(?:[-+*]|([0-9]{1,9})[.)])(?=[ \t\r\n]|\Z)")
ADMONITION = re.compile(r'(?:!!!|\?\?\?\+?)[ \t]+\w|===[!+]?[ \t]+"')
"""A note or a tab of MkDocs, whose content is indented as code elsewhere is."""
HEADING = re.compile(r"#{1,6}(?=[ \t\r\n]|\Z)")
UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*(?=[\r\n]|\Z)")
RULES = {sign: re.compile(rf"(?:{re.escape(sign)}[ \t]*+)++") for sign in "*-_"}
SHORTEST_RULE = 3
FENCE = re.compile(r"`{3,}(?=[^`\r\n]*(?:[\r\n]|\Z))|~{3,}")
COMMENT = "<!--"
MODULE_COMMENT = "{/*"
MODULE_COMMENT_END = re.compile(r"\*/\s*\}")
RAW_HTML = (
    (
        re.compile(r"<(?:pre|script|style|textarea)(?=[\s>]|\Z)", re.IGNORECASE),
        re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE),
    ),
    (re.compile(COMMENT), re.compile("-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(r"<![A-Za-z]"), re.compile(">")),
)
"""How raw HTML that runs on over blank lines begins and ends."""
HTML_BLOCKS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|"
    "dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|"
    "hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|"
    "search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul"
)
HTML_BLOCK = re.compile(rf"</?(?:{HTML_BLOCKS})(?=\s|/?>|\Z)", re.IGNORECASE)
ATTRIBUTE = r"""\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^'\r\n]*'|"[^"\r\n]*"))?"""
LONE_TAG = re.compile(
    rf"(?:<[A-Za-z][A-Za-z0-9-]*(?:{ATTRIBUTE})*\s*/?>|</[A-Za-z][A-Za-z0-9-]*\s*>)"
    r"[ \t]*(?=[\r\n]|\Z)"
)


@lru_cache
def fence_end(sign: str, length: int) -> re.Pattern[str]:
    """Return what ends a fenced block that began with so many signs."""
    return re.compile(rf"{sign}{{{length},}}[ \t]*(?=[\r\n]|\Z)")


@lru_cache
def line_of_fence_end(sign: str, length: int) -> re.Pattern[str]:
    """Return the line that ends such a block outside lists and quotes."""
    return re.compile(rf"(?<=[\r\n]) {{0,3}}{fence_end(sign, length).pattern}")
