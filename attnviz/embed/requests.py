"""The requests for clips in a post: directives, fenced blocks, notes; found and written."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from attnviz.embed import spelling
from attnviz.embed.comments import CLOSING, ENDING, OPENING, Comment, dedented, respelled
from attnviz.embed.inline import Kind, Part
from attnviz.embed.loose import LooseNote, loose_notes, own_words
from attnviz.embed.markdown import parts
from attnviz.embed.notes import MEDIA
from attnviz.embed.sections import BEFORE, Sections, asks_in_fence
from attnviz.embed.spelling import Asked
from attnviz.errors import UserError
from attnviz.render import catalogue

__all__ = ["Asked", "Comment", "Request", "directives", "find_requests"]

DIRECTIVE = "directive"
FENCE = "fence"
NOTE = "note"

_LINE_END = re.compile(r"\r\n|[\r\n]")
_NEARLY = re.compile(r"(?:<!--|\{/\*)\s*attnviz\s+([\w-]+)", re.IGNORECASE)
_NESTED = {"<": "<!--", "{": "{/*"}
_MARKER = re.compile(r"[^\s>]")


@dataclass(frozen=True, slots=True)
class Request:
    """A request, and what stands in the post for it.

    Parameters
    ----------
    form
        ``"directive"``, ``"fence"`` or ``"note"``.
    start, end
        Offsets into the text of all that is to be replaced: the request, and
        the markup that was placed for it before, through its closing comment.
    line
        Its first line, from 1.
    indent
        What stands before it on its line: white space, or the marks of a quote.
        It is repeated on every further line.
    source
        The request itself as it stands.
    clips
        What it asks for: one clip, of a note also two or more.
    """

    form: str
    start: int
    end: int
    line: int
    indent: str
    source: str
    clips: tuple[Asked, ...]


def find_requests(text: str) -> tuple[Request, ...]:
    """Find every request for a clip in a post.

    Parameters
    ----------
    text
        The post, with the line ends it has.

    Returns
    -------
    tuple of Request
        In the order in which they stand; no two overlap.

    Raises
    ------
    UserError
        If one cannot be understood, or not be replaced safely; the message
        begins with its line.
    """
    return tuple(_Finder(text).find())


def directives(request: Request, style: Comment) -> tuple[tuple[str, Asked], ...]:
    """Return the comment that is to stand in the post for each clip of a request.

    Parameters
    ----------
    request
        The request.
    style
        How the post spells comments.

    Returns
    -------
    tuple of (str, Asked)
        Each directive, without the indent of its lines, and the clip it asks for.
    """
    if request.form == DIRECTIVE:
        return ((respelled(dedented(request.source, request.indent), style), request.clips[0]),)
    words = own_words(request.source) if request.form == NOTE else None
    return tuple(
        (style.around(f"attnviz: {spelling.write(asked, words)}"), asked) for asked in request.clips
    )


class _Finder:
    """Looks for the requests of one post."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._sections = Sections(text)

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_END.finditer(self._text))]

    def find(self) -> list[Request]:
        media = [found.start() for found in MEDIA.finditer(self._text)]
        found: list[Request] = []
        for part in parts(self._text, self._sections.end):
            following = bisect_left(media, part.start)
            if following == len(media):
                break
            if media[following] < part.end:
                found += self._in_part(part)
        return sorted(found, key=lambda request: request.start)

    def _in_part(self, part: Part) -> Iterator[Request]:
        line = part.start
        try:
            if part.kind is Kind.COMMENT:
                yield from self._in_comment(part)
            elif part.kind is Kind.FENCE:
                yield from self._in_fence(part)
            elif part.kind is Kind.TAG and OPENING.search(self._text, part.start, part.end):
                raise UserError("a request stands inside another tag; give it a line of its own")
            elif part.kind is Kind.PROSE:
                for note in loose_notes(self._text, part):
                    line = note.start
                    yield self._note(note)
        except UserError as error:
            raise UserError(f"line {self._line(line)}: {error}") from error

    def _in_comment(self, part: Part) -> Iterator[Request]:
        source = self._text[part.start : part.end]
        opening = OPENING.match(source)
        if opening is None:
            _refuse_strays(source)
            return
        inner = ENDING.sub("", source[opening.end() :])
        comment = _NESTED[source[0]]
        if not part.closed or comment in inner:
            ending = "-->" if source[0] == "<" else "*/}"
            raise UserError(f"the directive is not closed; end it with {ending}")
        self._refuse_raw(part)
        self._refuse_company(part.start, part.end)
        asked = spelling.read(self._inner(part.start, inner))
        yield self._request(DIRECTIVE, part, (asked,), self._sections.end(part.start, part.end))

    def _in_fence(self, part: Part) -> Iterator[Request]:
        words = asks_in_fence(part.info)
        if words is None:
            return
        if not part.closed:
            raise UserError("the attnviz block is not closed; end it with the marks it begins with")
        self._refuse_raw(part)
        body = self._text[slice(*part.body)]
        words = self._inner(part.start, f"{words}\n{body}")
        yield self._request(FENCE, part, (spelling.read(words, lines=True),))

    def _note(self, note: LooseNote) -> Request:
        if not note.is_alone:
            raise UserError("the note shares its line with other text; give it a line of its own")
        clips = tuple(Asked(scene) for scene in note.scenes)
        return self._request(NOTE, Part(Kind.PROSE, note.start, note.end), clips)

    def _request(
        self, form: str, part: Part, clips: tuple[Asked, ...], end: int | None = None
    ) -> Request:
        return Request(
            form,
            part.start,
            part.end if end is None else end,
            self._line(part.start),
            self._indent(part.start),
            self._text[part.start : part.end],
            clips,
        )

    def _refuse_raw(self, part: Part) -> None:
        if part.raw:
            raise UserError(
                "a request between {% raw %} and {% endraw %} cannot be replaced; move it out"
            )

    def _refuse_company(self, start: int, end: int) -> None:
        """Refuse a directive that does not stand alone on its lines."""
        after = _LINE_END.search(self._text, end)
        rest = self._text[end : after.start() if after else len(self._text)]
        if rest.strip() or not BEFORE.fullmatch(self._text, self._line_start(start), start):
            raise UserError(
                "the directive shares its line with other text; give it a line of its own"
            )

    def _line(self, place: int) -> int:
        return bisect_right(self._lines, place)

    def _line_start(self, place: int) -> int:
        return self._lines[self._line(place) - 1]

    def _indent(self, start: int) -> str:
        before = self._text[self._line_start(start) : start].removeprefix("\ufeff")
        return _MARKER.sub(" ", before)

    def _inner(self, start: int, words: str) -> str:
        """Return words with plain line ends, without the marks of quotes before their lines."""
        depth = self._indent(start).count(">")
        marks = re.compile(rf"\n(?:[ \t]*>){{0,{depth}}}") if depth else None
        plain = _LINE_END.sub("\n", words)
        return marks.sub("\n", plain) if marks else plain


def _refuse_strays(comment: str) -> None:
    """Refuse a comment that is nearly a directive, or ends one that is not there."""
    if CLOSING.fullmatch(comment):
        raise UserError(
            "this comment ends no directive; remove it with the markup above it, "
            "or write the directive that it ends"
        )
    nearly = _NEARLY.match(comment)
    if nearly and nearly[1] in {ref.name for ref in catalogue.listed()}:
        raise UserError(f"a directive has a colon: <!-- attnviz: {nearly[1]} … -->")
