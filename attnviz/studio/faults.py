"""An error as the page shows it: one line, and where in the author's code it is."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from attnviz.errors import AttnvizError
from attnviz.render.imports import PROJECT


def fault(error: BaseException, own: Path | None = None) -> dict[str, Any]:
    """Return what is said of an error.

    Parameters
    ----------
    error
        What was raised.
    own
        The folder of the author's scene, besides the project's.

    Returns
    -------
    dict
        ``message``, ``file`` and ``line``; the last two None where the error is no line's.
    """
    if isinstance(error.__cause__, SyntaxError):
        error = error.__cause__  # a scene that cannot be read
    kind, said = type(error).__name__, " ".join(str(error).split())
    if isinstance(error, AttnvizError):
        return {"message": said, "file": None, "line": None}
    if isinstance(error, SyntaxError):
        return {"message": f"{kind}: {error.msg}", "file": error.filename, "line": error.lineno}
    places = [own] if own else []
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_authors(Path(frame.filename), places):
            return {"message": f"{kind}: {said}", "file": frame.filename, "line": frame.lineno}
    return {"message": f"{kind}: {said}", "file": None, "line": None}


def _is_authors(file: Path, places: list[Path]) -> bool:
    """Tell whether an author may have written a file: a scene, the kit, one of their own."""
    if file.is_relative_to(PROJECT / "scenes") or any(file.is_relative_to(one) for one in places):
        return True
    return file.is_relative_to(PROJECT / "attnviz")
