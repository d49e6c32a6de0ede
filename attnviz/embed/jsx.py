"""A figure's HTML as JSX, the way MDX 2 and 3 take it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset(
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input"),
        *("link", "meta", "param", "source", "track", "wbr"),
    )
)
_RAW: Final = frozenset({"script", "style"})
# Where white space between tags is never shown, and where React warns of it.
_WITHOUT_TEXT: Final = frozenset(
    (
        *("colgroup", "details", "div", "dl", "figure", "ol", "picture", "select"),
        *("table", "tbody", "tfoot", "thead", "tr", "ul", "video"),
    )
)
_BOOLEAN: Final = frozenset(
    (
        *("async", "autoPlay", "checked", "controls", "default", "defer", "disabled"),
        *("disablePictureInPicture", "disableRemotePlayback", "hidden", "inert", "itemScope"),
        *("loop", "muted", "noModule", "open", "playsInline", "required", "reversed", "selected"),
    )
)
_SPELT: Final = (
    *("accessKey", "autoPlay", "colSpan", "contentEditable", "controlsList", "crossOrigin"),
    *("dateTime", "disablePictureInPicture", "disableRemotePlayback", "fetchPriority"),
    *("hrefLang", "itemProp", "itemScope", "itemType", "noModule", "playsInline"),
    *("referrerPolicy", "rowSpan", "srcDoc", "srcLang", "srcSet", "tabIndex"),
)
_RENAMED: Final = (("class", "className"), ("for", "htmlFor"))

# In a plain attribute these stand for something else, to JSX or to Markdown around it.
_SPECIAL: Final = re.compile(r"""[&<>"'{}`\\\x00-\x1f]""")
# React's server escapes these in a script or style, where the browser does not unescape them.
_SPECIAL_TO_REACT: Final = re.compile(r"""[&<>"']""")
_DECLARATION: Final = re.compile(r"""(?:[^;"'(]|"[^"]*"|'[^']*'|\([^)]*\))+""")


def as_jsx(html: str) -> str:
    """Write our own figure as JSX.

    Text becomes expressions, which neither Markdown nor JSX reads into. All stands on
    one line, since MDX 2 reads a line of tags alone and one with text as two blocks.

    Parameters
    ----------
    html
        Well-formed HTML: every element is closed or void.

    Returns
    -------
    str
        JSX without comments, which renders to the same HTML.

    Raises
    ------
    ValueError
        If an element is left open, or an attribute is a script, which JSX would call.
    """
    writer = _Writer()
    writer.feed(html)
    writer.close()
    if writer.open:
        raise ValueError(f"<{writer.open[-1]}> is not closed")
    writer.end_text()
    return "".join(writer.parts)


class _Writer(HTMLParser):
    """Writes each piece of HTML as JSX as it is read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self._start(tag, attrs, closed=tag in _VOID)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self._start(tag, attrs, closed=True)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            raise ValueError(f"</{tag}> closes nothing")
        self.end_text()
        self.open.pop()
        self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text += data

    def end_text(self) -> None:
        """Write the text read since the last tag."""
        text, self.text = self.text, ""
        parent = self.open[-1] if self.open else "figure"
        if parent in _RAW and _SPECIAL_TO_REACT.search(text):
            opening = self.parts.pop().removesuffix(">")
            inner = f"dangerouslySetInnerHTML={{{{__html: {_literal(text)}}}}}"
            self.parts.append(f"{opening} {inner}>")
        elif text.strip() or (text and parent not in _WITHOUT_TEXT):
            self.parts.append(f"{{{_literal(text)}}}")

    def _start(self, tag: str, attrs: Sequence[tuple[str, str | None]], *, closed: bool) -> None:
        self.end_text()
        written = "".join(f" {_attribute(name, value)}" for name, value in attrs)
        self.parts.append(f"<{tag}{written}{' />' if closed else '>'}")
        if not closed:
            self.open.append(tag)


def _attribute(name: str, value: str | None) -> str:
    if name.startswith("on"):
        raise ValueError(f"{name}: a script in an attribute has no place in a figure")
    name = _spelt(name)
    if name == "style":
        return f"style={{{_style(value or '')}}}"
    if name in _BOOLEAN and not value:
        return name
    text = value or ""
    return f"{name}={{{_literal(text)}}}" if _SPECIAL.search(text) else f'{name}="{text}"'


def _spelt(name: str) -> str:
    names = {**{spelt.lower(): spelt for spelt in _SPELT}, **dict(_RENAMED)}
    return names.get(name, name)


def _style(text: str) -> str:
    """Return declarations as an object literal."""
    pairs = []
    for declaration in _DECLARATION.findall(text):
        name, colon, value = declaration.partition(":")
        if colon:
            pairs.append(f"{_literal(_property(name.strip()))}: {_literal(value.strip())}")
    return f"{{{', '.join(pairs)}}}"


def _property(name: str) -> str:
    """Return a property in camel case; a custom one keeps its name."""
    if name.startswith("--"):
        return name
    return re.sub(r"-([a-z])", lambda found: found[1].upper(), name.lower())


def _literal(text: str) -> str:
    """Return a JavaScript text on one line."""
    return json.dumps(text, ensure_ascii=False)
