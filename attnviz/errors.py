"""The errors of attnviz: one line each, with the exit code the command line ends in."""

import difflib
import unicodedata
from collections.abc import Collection, Iterable
from typing import ClassVar

_LONGEST_QUOTE = 40
"""Characters of a user's text that an error repeats, unless told otherwise."""

_LONGEST_NAME = 100
"""Names longer than this have no near match worth the search."""


class AttnvizError(Exception):
    """Something went wrong that is not the user's fault; the command exits with 1.

    Parameters
    ----------
    message
        What was wanted, what came and what to do. White space, line breaks
        included, is joined to single spaces, so that an error is one line.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class UserError(AttnvizError):
    """The user asked for something that cannot be done; the command exits with 2."""

    exit_code: ClassVar[int] = 2


class TensorError(AttnvizError, ValueError):
    """An array does not fit the equations: its shape, type or values are wrong."""


def closest(name: str, choices: Iterable[str]) -> str:
    """Suggest the choice that looks most like a misspelt name.

    Parameters
    ----------
    name
        What the user wrote.
    choices
        The names that exist.

    Returns
    -------
    str
        ``", did you mean 'x'?"``, or ``""`` where nothing is near. It is made
        to stand at the end of an error message.
    """
    if len(name) > _LONGEST_NAME:
        return ""
    folded = {choice.casefold(): choice for choice in choices}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f", did you mean {folded[near[0]]!r}?" if near else ""


def require_known(what: str, value: str, choices: Collection[str]) -> str:
    """Refuse a name that is none of those there are.

    Parameters
    ----------
    what
        What the names are names of, e.g. ``"theme"``.
    value
        What the user wrote.
    choices
        The names that exist.

    Returns
    -------
    str
        The name.

    Raises
    ------
    UserError
        If there is no such name; the message names the closest and all of them.
    """
    if value not in choices:
        raise UserError(
            f"unknown {what} {quoted(value)}{closest(value, choices)}"
            f" (there are {', '.join(choices)})"
        )
    return value


def quoted(text: str, longest: int = _LONGEST_QUOTE) -> str:
    """Quote a user's text for an error message: short, on one line, printable.

    Parameters
    ----------
    text
        Any text at all.
    longest
        How many characters to keep; the rest becomes an ellipsis.

    Returns
    -------
    str
        The text between quotation marks, with control characters and unpaired
        surrogates written as escapes.
    """
    cut = text if len(text) <= longest else text[:longest] + "…"
    # Invisible format characters (bidirectional overrides among them) could
    # reorder the terminal's line, so they are escaped with the control codes.
    return "'" + "".join(_printable(character) for character in cut) + "'"


def _printable(character: str) -> str:
    if character == " " or unicodedata.category(character)[0] not in "CZ":
        return character
    return character.encode("unicode_escape").decode("ascii")
