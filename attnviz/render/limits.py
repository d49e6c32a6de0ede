"""Where the user's store is and how much it may hold: environment variables, sizes and ages."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from attnviz.errors import UserError, quoted

PLACE, SIZE, DAYS = "ATTNVIZ_CACHE", "ATTNVIZ_CACHE_SIZE", "ATTNVIZ_CACHE_DAYS"
"""The environment variables: the store's folder, its size limit, its age limit."""

_THOUSAND = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB")
_BYTES: Mapping[str, int] = MappingProxyType(
    {"": 1} | {unit.lower(): _THOUSAND**power for power, unit in enumerate(_UNITS)}
)
_DAYS: Mapping[str, float] = MappingProxyType({"": 1, "h": 1 / 24, "d": 1, "w": 7})
_AMOUNT = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*([a-z]*)\s*", re.IGNORECASE)
_FOLDER = "attnviz"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a store may hold.

    Parameters
    ----------
    size
        Bytes; 0 turns the store off.
    days
        Days since a clip's last use.
    """

    size: int = 2 * 10**9
    days: float = 90.0


def limits(environment: Mapping[str, str] = os.environ) -> Limits:
    """Return the limits that the environment sets.

    Raises
    ------
    UserError
        If a variable is no size or no age.
    """
    usual = Limits()
    size, days = (environment.get(name, "").strip() for name in (SIZE, DAYS))
    return Limits(
        parse_size(size, SIZE) if size else usual.size,
        parse_days(days, DAYS) if days else usual.days,
    )


def folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder of the user's store; None where the user has no home to hold one.

    Parameters
    ----------
    environment
        Asked for ``ATTNVIZ_CACHE``, then for what is the platform's custom.
    """
    if named := environment.get(PLACE, "").strip():
        return Path(named).expanduser().resolve()
    custom = environment.get("XDG_CACHE_HOME", "")
    if Path(custom).is_absolute():  # the specification has others ignored
        return Path(custom, _FOLDER)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / _FOLDER


def parse_size(text: str, what: str = "size") -> int:
    """Return a size such as ``500MB``, ``1.5 GB`` or ``0`` in bytes; units are powers of 1000.

    Parameters
    ----------
    text
        As the user wrote it.
    what
        Its name, for the error.

    Raises
    ------
    UserError
        If it is no size.
    """
    return int(_parse(text, _BYTES, f"{what}: no size {quoted(text)}; give one such as 500MB or 0"))


def size_text(size: float) -> str:
    """Return a size with two or three digits, e.g. ``812 kB`` or ``1.3 MB``."""
    unit = 0
    while size >= _THOUSAND and unit + 1 < len(_UNITS):
        size, unit = size / _THOUSAND, unit + 1
    digits = 1 if unit and size < 10 else 0
    return f"{size:.{digits}f} {_UNITS[unit]}"


def parse_days(text: str, what: str = "age") -> float:
    """Return an age such as ``30d``, ``2w``, ``12h`` or ``30`` in days.

    Parameters
    ----------
    text
        As the user wrote it.
    what
        Its name, for the error.

    Raises
    ------
    UserError
        If it is no age.
    """
    return _parse(text, _DAYS, f"{what}: no age {quoted(text)}; give one such as 30d, 2w or 12h")


def _parse(text: str, units: Mapping[str, float], error: str) -> float:
    found = _AMOUNT.fullmatch(text)
    if found is None or found[2].lower() not in units:
        raise UserError(error)
    return float(found[1]) * units[found[2].lower()]
