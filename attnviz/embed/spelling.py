"""How a request spells its scene and its options: read from a post, and written into one."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from attnviz.errors import UserError, closest, quoted
from attnviz.render import catalogue

NOTE = "note"
"""The option that keeps a note's own words; it means nothing."""

_SCENE = "scene"
_FLAG = "hide-special"
_YES = "true"
OPTIONS = (
    "text",
    "target",
    "model",
    "layer",
    "head",
    "mask",
    _FLAG,
    "theme",
    "aspect",
    "quality",
    "caption",
    "alt",
    NOTE,
)
"""What a request may say of its clip."""

_SPACE = re.compile(r"\s*")
_DASHES = "[-–—]"  # typographic editors join two hyphens
_OPTION = re.compile(rf"{_DASHES}*([A-Za-z][\w-]*)=(?!\s|\Z)")
_NO_VALUE = re.compile(rf"{_DASHES}*([A-Za-z][\w-]*)=(?=\s|\Z)")
_DASHED = re.compile(rf"{_DASHES}+([A-Za-z][\w-]*)(?=\s|\Z)")
_DASHED_WORD = re.compile(rf"{_DASHES}+[A-Za-z]")
_LINE = re.compile(rf"{_DASHES}*([A-Za-z][\w-]*)[ \t]*:(?:[ \t]+|(?=\n|\Z))")
_CELL_OPTION = re.compile(r"(?m)^[ \t]*#\|")
_REST = re.compile(r"[^\n]*")
_BARE = re.compile(r"\S+")
_QUOTES = {'"': '"', "'": "'", "“": "“”", "”": "“”", "„": "“”", "‘": "‘’", "’": "‘’", "‚": "‘’"}
"""Which signs close the quotes that a sign opens."""
_QUOTED = {
    sign: re.compile(rf"{sign}(.*?)[{closing}](?=\s|\Z)", re.DOTALL)
    for sign, closing in _QUOTES.items()
}
_LINE_BREAK = re.compile(r"[ \t]*\n\s*")
_OWN_SCENE = re.compile(r".+\.py:[^\W\d]\w*", re.DOTALL)

# References of HTML stand for signs that would end a comment, a value or a line, or begin a tag.
_NAMED = MappingProxyType({"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"})
_REFERENCE = re.compile(rf"&(?:#([0-9]{{1,7}})|#[xX]([0-9A-Fa-f]{{1,6}})|({'|'.join(_NAMED)}));")
_TO_WRITE = re.compile(
    r"[\"\x00-\x1f\x7f-\x9f\u2028\u2029]|(?<=-)-|(?<=\*)/|\{(?=[{%#</])"
    rf"|&(?={_REFERENCE.pattern[1:]})"
)
_QUOTED_ALWAYS = frozenset({"text", "target", "caption", "alt", NOTE})
_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z0-9._:/+]+(?:-[A-Za-z0-9._:/+]+)*")


@dataclass(frozen=True, slots=True)
class Asked:
    """One clip that a post asks for.

    Parameters
    ----------
    scene
        Its name on the command line, or ``path/to/file.py:ClassName``.
    options
        As the author wrote them, by their names on the command line.
    """

    scene: str
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def read(words: str, *, lines: bool = False) -> Asked:
    """Read a scene and its options.

    Parameters
    ----------
    words
        What stands in the directive or the block, with plain line feeds.
    lines
        Whether a line may also be ``name: value``.

    Returns
    -------
    Asked
        The clip; the option `NOTE` is left out.

    Raises
    ------
    UserError
        If there is no such scene or option, or the words follow no form.
    """
    found = _Reader(words, lines=lines)
    scene = _scene(found.scene, found.options.pop(_SCENE, None))
    found.options.pop(NOTE, None)
    return Asked(scene, MappingProxyType(found.options))


def write(asked: Asked, note: str | None = None) -> str:
    """Write a scene and its options on one line, to be read back as the same.

    Parameters
    ----------
    asked
        The clip.
    note
        The words of the note that asked for it.
    """
    written = [_value(asked.scene, _NEEDS_NO_QUOTES.fullmatch(asked.scene) is None)]
    options = asked.options if note is None else {**asked.options, NOTE: note}
    for name, value in options.items():
        if name == _FLAG and value == _YES:
            written.append(name)
        else:
            is_quoted = name in _QUOTED_ALWAYS or not _NEEDS_NO_QUOTES.fullmatch(value)
            written.append(f"{name}={_value(value, is_quoted)}")
    return " ".join(written)


def _value(value: str, is_quoted: bool) -> str:
    if not is_quoted:
        return value
    return f'"{_TO_WRITE.sub(lambda found: f"&#{ord(found[0])};", value)}"'


class _Reader:
    """Takes words apart; `scene` holds those of the first line that belong to no option."""

    def __init__(self, words: str, *, lines: bool) -> None:
        # Quarto has the options of a cell behind such marks.
        self._words = _CELL_OPTION.sub("", words) if lines else words
        self._lines = lines
        self._place = 0
        self.scene: list[str] = []
        self.options: dict[str, str] = {}
        self._scene_line = -1
        while self._next():
            self._take()

    def _next(self) -> bool:
        """Pass over white space; tell whether there is more."""
        match = _SPACE.match(self._words, self._place)
        assert match is not None
        self._place = match.end()
        return self._place < len(self._words)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._words, self._place)
        if found:
            self._place = found.end()
        return found

    def _take(self) -> None:
        """Take an option with its value, or one more word of the scene."""
        before = self._words[self._words.rfind("\n", 0, self._place) + 1 : self._place]
        begins_line = self._lines and not before.strip()
        if begins_line and (found := self._match(_LINE)):
            self._put(found[1], self._rest_of_line())
        elif found := self._match(_OPTION):
            self._put(found[1], self._one_value())
        elif found := self._match(_NO_VALUE):
            self._put(found[1], None)
        elif found := self._match(_DASHED):
            is_flag = found[1] == _FLAG or not self._next() or self._is_dashed()
            self._put(found[1], None if is_flag else self._one_value())
        else:
            self._take_word(self._words.count("\n", 0, self._place), begins_line)

    def _take_word(self, line: int, begins_line: bool) -> None:
        word = self._one_value()
        if word == _FLAG and self.scene:
            self._put(word, None)
            return
        is_more = bool(self.scene) and line == self._scene_line
        if not is_more and (self.scene or (self.options and not begins_line)):
            raise UserError(
                f"{quoted(word)} belongs to no option; write name=value, "
                'and quote a value of several words: text="he left"'
            )
        self._scene_line = line
        self.scene.append(word)

    def _is_dashed(self) -> bool:
        return _DASHED_WORD.match(self._words, self._place) is not None

    def _one_value(self) -> str:
        sign = self._words[self._place]
        if sign in _QUOTED:
            found = self._match(_QUOTED[sign])
            if found is None:
                raise UserError(
                    f"the quote is not closed: {quoted(self._words[self._place :])}; "
                    f"end it with {_QUOTES[sign][-1]} and a space"
                )
            return _plain(_LINE_BREAK.sub(" ", found[1]))
        bare = self._match(_BARE)
        assert bare is not None
        return _plain(bare[0])

    def _rest_of_line(self) -> str | None:
        start = self._place
        sign = self._words[start : start + 1]
        if sign in _QUOTED and (found := self._match(_QUOTED[sign])):
            rest = self._match(_REST)
            assert rest is not None
            if not rest[0].strip():
                return _plain(_LINE_BREAK.sub(" ", found[1]))
            self._place = start
        rest = self._match(_REST)
        assert rest is not None
        return rest[0].strip() or None

    def _put(self, name: str, value: str | None) -> None:
        if name not in OPTIONS and name != _SCENE:
            raise UserError(
                f"unknown option {quoted(name)}{closest(name, OPTIONS)} "
                f"(there are {', '.join(OPTIONS)})"
            )
        if name in self.options:
            raise UserError(f"the option {name} stands there twice; leave one out")
        if value is None and name != _FLAG:
            raise UserError(f"the option {name} has no value; write {name}=…")
        self.options[name] = _YES if value is None else value


def _plain(value: str) -> str:
    """Return a value with the characters that its references stand for."""
    return _REFERENCE.sub(_character, value)


def _character(reference: re.Match[str]) -> str:
    decimal, hexadecimal, name = reference.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    is_character = code <= sys.maxunicode and unicodedata.category(chr(code)) != "Cs"
    return chr(code) if is_character else reference[0]


def _scene(words: list[str], named: str | None) -> str:
    if named is not None and words:
        raise UserError(f"two scenes, {quoted(words[0])} and {quoted(named)}; leave one out")
    words = words if named is None else [named]
    if not words:
        raise UserError(
            "no scene is named; write its name first, one of "
            f"{', '.join(ref.name for ref in catalogue.listed())}"
        )
    listed = {ref.name for ref in catalogue.listed()}
    name = " ".join(words)
    if len(words) == 1 and (name in listed or _OWN_SCENE.fullmatch(name)):
        return name
    if (joined := "-".join(name.lower().split())) in listed:
        return joined
    if words[0] in listed or _OWN_SCENE.fullmatch(words[0]):
        raise UserError(
            f"{quoted(words[1])} belongs to no option; write name=value, "
            'and quote a value of several words: text="he left"'
        )
    if ".py" in name or ":" in name:
        raise UserError(f"no scene {quoted(name)}; wanted path/to/file.py:ClassName")
    return catalogue.find(name).name
