"""Code that is not attnviz's: whatever it raises is told in one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from attnviz.errors import AttnvizError, UserError

_LONGEST_REASON = 300
"""Characters of another's message that an error repeats."""


def reason(error: Exception) -> str:
    """Return the type and the message of an error, on one line and not too long."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    joined = " ".join(text.split())
    return joined if len(joined) <= _LONGEST_REASON else joined[:_LONGEST_REASON] + "…"


@contextlib.contextmanager
def one_line(what: str) -> Iterator[None]:
    """Turn whatever is raised meanwhile into one line; the cause stays for ``--debug``.

    Parameters
    ----------
    what
        What could not be done.

    Raises
    ------
    UserError
        If anything but attnviz's own errors is raised, which stay as they are.
    """
    try:
        yield
    except AttnvizError:
        raise
    except Exception as error:
        raise UserError(f"{what} ({reason(error)})") from error
