"""Pictures as plain SVG, for notebooks and pages: drawn without manim and without torch."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path

from attnviz.errors import UserError, quoted

_LONGEST_PATH = 400
"""Characters of a path that an error repeats."""

_INVISIBLE = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
_REORDERING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Unicode's names of the characters that are written as escapes: XML cannot hold them, or what
is read would not be what is there."""


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """A picture that a notebook shows as the value of a cell.

    Parameters
    ----------
    title
        What it shows, in words.
    svg
        The picture, a whole SVG document.
    """

    title: str
    svg: str

    def __str__(self) -> str:
        """Return the SVG document."""
        return self.svg

    def __repr__(self) -> str:
        """Return what it shows, for consoles without pictures."""
        return f"<picture: {self.title}>"

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | PathLike[str]) -> None:
        """Write the SVG document to a file.

        Parameters
        ----------
        path
            The file; one that is there is replaced.

        Raises
        ------
        UserError
            If the file cannot be written.
        """
        try:
            Path(path).write_text(self.svg, encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise UserError(
                f"{quoted(str(path), _LONGEST_PATH)} cannot be written ({reason});"
                " give a file in a folder that exists and is yours to write in"
            ) from error


def element(tag: str, *content: str, **attributes: object) -> str:
    """Write an element of SVG.

    Parameters
    ----------
    tag
        Its name.
    content
        What stands in it: elements, or the result of :func:`words`.
    attributes
        An underscore in a name stands for a hyphen; values are escaped.
    """
    written = "".join(
        f' {name.replace("_", "-")}="{words(_plain(value))}"' for name, value in attributes.items()
    )
    inside = "".join(content)
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"


def words(text: str) -> str:
    """Escape a text for SVG; what XML cannot hold is written as Python's escapes."""
    return escape("".join(map(_printable, text)))


def _plain(value: object) -> str:
    """Return a number without needless digits: a hundredth of a pixel cannot be seen."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _printable(character: str) -> str:
    if (
        unicodedata.category(character) in _INVISIBLE
        or unicodedata.bidirectional(character) in _REORDERING
    ):
        return character.encode("unicode_escape").decode("ascii")
    return character
