"""The blocks of a post, told in one pass: its prose and comments, its fenced blocks, its code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attnviz.embed import signs
from attnviz.embed.columns import Line, line_end
from attnviz.embed.inline import Inline, Kind, Part, Skip

_MOST_CONTAINERS = 32
"""Lists and quotes nested deeper are read as text."""

_CODE_INDENT = 4
_QUOTE = -1


def no_skip(_start: int, end: int) -> int:
    """Read on where a comment ends."""
    return end


def parts(text: str, skip: Skip = no_skip) -> Iterator[Part]:
    """Yield the prose, comments, fenced blocks and template tags of a post; all else is code.

    The blocks are CommonMark's, and on top of these front matter, the comments and
    modules of MDX, and the tags of Liquid and of Hugo. A fence counts in raw HTML too,
    as MDX has it.

    Parameters
    ----------
    text
        The post.
    skip
        Given a comment's start and end, where to read on.

    Yields
    ------
    Part
        In the order in which their blocks begin.
    """
    return _Reader(text, skip).read()


class _Reader:
    def __init__(self, text: str, skip: Skip) -> None:
        self._text = text
        self._inline = Inline(text, skip)
        # The containers that are open: for a list item how far its content is indented.
        self._stack: list[int] = []
        self._bare = False  # the innermost item has nothing in it yet
        # The block of text that is open.
        self._start: int | None = None
        self._end = 0
        self._html = False
        self._no_rule = 0  # no rule before this place
        self._no_module_comment = False

    def read(self) -> Iterator[Part]:
        text = self._text
        place = _front_end(text)
        while place < len(text):
            if not self._stack and (plain := signs.PLAIN.match(text, place)):
                self._extend(place, plain.end())
                place = plain.end()
                continue
            found, place = self._line(place)
            yield from found
        yield from self._close()[0]

    def _extend(self, start: int, end: int) -> None:
        if self._start is None:
            self._start, self._html = start, False
        self._end = end

    def _close(self) -> tuple[list[Part], int]:
        """End the block of text, if one is open; return its parts and where to read on."""
        if self._start is None:
            return [], 0
        start, self._start = self._start, None
        return self._inline.read(start, self._end, html=self._html)

    def _line(self, place: int) -> tuple[list[Part], int]:
        """Read a line; return the parts that it ends or begins, and where to read on."""
        line = Line(self._text, place)
        matched = self._match(line)
        was_open = self._start is not None
        if was_open and self._continues(line, matched):
            self._end = line.following
            return [], line.following
        found, resume = self._close()
        if resume > place:
            return found, self._resume(resume)
        if was_open and not self._html and self._is_underline(line, matched):
            return found, line.following
        if matched < len(self._stack):
            del self._stack[matched:]
            self._bare = False
        more, place = self._begin(line)
        return found + more, place

    def _resume(self, place: int) -> int:
        """Take what is left of a line as text; return where the next one begins."""
        end, following = line_end(self._text, place)
        if self._text[place:end].strip():
            self._start, self._end, self._html = place, following, False
        return following

    def _match(self, line: Line) -> int:
        """Pass over what continues the open containers; return how many it does."""
        for number, content in enumerate(self._stack):
            if content == _QUOTE:
                if line.sign != ">" or line.indent >= _CODE_INDENT:
                    return number
                line.pass_sign(1)
                line.indent_by(1)
            elif not line.sign:
                if self._bare and number == len(self._stack) - 1:
                    return number
            elif line.indent >= content:
                line.indent_by(content)
            else:
                return number
        return len(self._stack)

    def _continues(self, line: Line, matched: int) -> bool:
        """Tell whether a line belongs to the open block of text."""
        all_matched = matched == len(self._stack)
        if not line.sign:
            return False
        if line.indent >= _CODE_INDENT:
            return all_matched or not self._html
        if self._html:
            return all_matched and not signs.FENCE.match(self._text, line.place)
        if line.sign not in signs.OF_BLOCKS:
            return True
        return not (self._is_underline(line, matched) or self._interrupts(line, matched))

    def _is_underline(self, line: Line, matched: int) -> bool:
        """Tell whether a line makes the text above it a heading."""
        return (
            line.sign in ("=", "-")
            and line.indent < _CODE_INDENT
            and matched == len(self._stack)
            and signs.UNDERLINE.match(self._text, line.place) is not None
        )

    def _interrupts(self, line: Line, matched: int) -> bool:
        """Tell whether a line begins something else than text, be it within a paragraph."""
        text, place = self._text, line.place
        if line.sign == ">":
            return matched < _MOST_CONTAINERS
        if line.sign in "`~":
            return signs.FENCE.match(text, place) is not None
        if line.sign == "#":
            return signs.HEADING.match(text, place) is not None
        if line.sign == "<":
            raw = any(start.match(text, place) for start, _ in signs.RAW_HTML)
            return raw or signs.HTML_BLOCK.match(text, place) is not None
        if line.sign == "{":
            return self._end_of_module_comment(place) is not None
        if line.sign in signs.RULES and self._is_rule(line):
            return True
        if signs.ADMONITION.match(text, place):
            return matched < _MOST_CONTAINERS
        item = signs.ITEM.match(text, place) if matched < _MOST_CONTAINERS else None
        if item is None or matched < len(self._stack):
            return item is not None
        return (item[1] is None or int(item[1]) == 1) and bool(text[item.end() : line.end].strip())

    def _is_rule(self, line: Line) -> bool:
        if line.place < self._no_rule:
            return False
        rule = signs.RULES[line.sign].match(self._text, line.place, line.end)
        assert rule is not None
        if rule.end() < line.end:
            self._no_rule = rule.end()
            return False
        return rule[0].count(line.sign) >= signs.SHORTEST_RULE

    def _begin(self, line: Line) -> tuple[list[Part], int]:
        """Read a line that continues no text, from behind its containers."""
        if line.sign in signs.OF_CONTAINERS:
            self._open_containers(line)
        text, place = self._text, line.place
        if not line.sign:
            blanks = None if self._bare else signs.BLANKS.match(text, line.following)
            return [], blanks.end() if blanks else line.following
        self._bare = False
        if line.sign in signs.OF_BLOCKS and (block := self._block(line)):
            return block
        if line.indent >= _CODE_INDENT:
            return [], line.following
        if not self._stack and signs.MODULE_LINE.match(text, place):
            return [], self._end_of_paragraph(line)
        self._start, self._end = place, line.following
        self._html = line.sign == "<" and bool(
            signs.HTML_BLOCK.match(text, place) or signs.LONE_TAG.match(text, place)
        )
        return [], line.following

    def _block(self, line: Line) -> tuple[list[Part], int] | None:
        """Read a block that is no paragraph, if one begins here."""
        text, place = self._text, line.place
        if line.sign == "{" and (end := self._end_of_module_comment(place)):
            return self._read_now(place, *line_end(text, end), html=True)
        if line.indent >= _CODE_INDENT:
            return None
        if line.sign in signs.RULES and self._is_rule(line):
            return [], line.following
        if fence := signs.FENCE.match(text, place):
            return self._fence(line, fence[0])
        if signs.HEADING.match(text, place):
            return self._read_now(place, line.end, line.following)
        if line.sign == "<":
            for start, ending in signs.RAW_HTML:
                if start.match(text, place):
                    return self._raw_html(line, ending, is_comment=start.pattern == signs.COMMENT)
        return None

    def _open_containers(self, line: Line) -> None:
        """Pass over the marks of new quotes and list items."""
        while line.sign in signs.OF_CONTAINERS and line.indent < _CODE_INDENT:
            if len(self._stack) == _MOST_CONTAINERS:
                return
            if line.sign == ">":
                line.pass_sign(1)
                line.indent_by(1)
                self._stack.append(_QUOTE)
                self._bare = False
                continue
            if line.sign in signs.RULES and self._is_rule(line):
                return
            if signs.ADMONITION.match(self._text, line.place):
                self._stack.append(line.indent + _CODE_INDENT)
                return
            item = signs.ITEM.match(self._text, line.place)
            if item is None:
                return
            content = line.indent + len(item[0])
            line.pass_sign(len(item[0]))
            self._bare = not line.sign
            spaces = line.indent if line.sign and line.indent <= _CODE_INDENT else 1
            line.indent_by(spaces)
            self._stack.append(content + spaces)

    def _read_now(
        self, start: int, end: int, following: int, *, html: bool = False
    ) -> tuple[list[Part], int]:
        """Read a block that ends by itself."""
        found, resume = self._inline.read(start, end, html=html)
        return found, self._resume(resume) if resume > end else following

    def _end_of_module_comment(self, place: int) -> int | None:
        """Return where the comment of MDX ends that begins here, if one does."""
        if self._no_module_comment or not self._text.startswith(signs.MODULE_COMMENT, place):
            return None
        found = signs.MODULE_COMMENT_END.search(self._text, place)
        self._no_module_comment = found is None
        return found.end() if found else None

    def _raw_html(
        self, line: Line, ending: re.Pattern[str], *, is_comment: bool
    ) -> tuple[list[Part], int]:
        """Read raw HTML to the end of the line in which it ends, or of what it stands in."""
        text, start = self._text, line.place
        if not self._stack:
            found = ending.search(text, start)
            end, following = line_end(text, found.end() if found else len(text))
        else:
            place, end, following = start, line.end, line.following
            while not ending.search(text, place, end) and following < len(text):
                line = Line(text, following)
                if self._match(line) < len(self._stack):
                    break
                place, end, following = line.place, line.end, line.following
        return self._read_now(start, end, following, html=True) if is_comment else ([], following)

    def _fence(self, line: Line, mark: str) -> tuple[list[Part], int]:
        """Read a fenced block to its end, or that of what it stands in."""
        text, start = self._text, line.place
        info = text[start + len(mark) : line.end].strip()
        body, raw = line.following, self._inline.is_raw(start)
        ending = signs.fence_end(mark[0], len(mark))
        end, following = line.end, line.following
        while following < len(text):
            if not self._stack:
                found = signs.line_of_fence_end(mark[0], len(mark)).search(text, following)
                line = Line(text, found.start() if found else len(text))
            else:
                line = Line(text, following)
                if self._match(line) < len(self._stack):
                    break
            if line.indent < _CODE_INDENT and (last := ending.match(text, line.place)):
                block = (body, following if self._stack else line.place - line.indent)
                part = Part(Kind.FENCE, start, last.end(), info, block, raw=raw)
                return [part], line.following
            if line.sign or not self._stack:
                end = line.end
            following = line.following
        else:
            part = Part(Kind.FENCE, start, end, info, (body, end), closed=False, raw=raw)
            return [part], len(text)
        return [Part(Kind.FENCE, start, end, info, (body, max(body, end)), raw=raw)], following

    def _end_of_paragraph(self, line: Line) -> int:
        """Return where the lines end that no blank one parts from this one."""
        while line.sign and line.following < len(self._text):
            line = Line(self._text, line.following)
        return line.following


def _front_end(text: str) -> int:
    """Return where the front matter ends, or the post begins where there is none."""
    first = 1 if text.startswith("\ufeff") else 0
    start = signs.FRONT_START.match(text, first)
    end = signs.FRONT_ENDS[start[1]].search(text, start.end()) if start else None
    return line_end(text, end.end())[1] if end else first
