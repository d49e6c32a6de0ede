"""Records one after another: a description in JSON and the bytes that it speaks of."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any, Final

from attnviz.errors import AttnvizError

_LENGTHS: Final = struct.Struct("!II")

MOST_BYTES: Final = 32_000_000
"""The longest description or body: more than any frame of a draft has."""


def framed(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return a record as it is sent.

    Parameters
    ----------
    header
        What can be written as JSON.
    body
        What it speaks of.

    Returns
    -------
    bytes
        The lengths of both as 32-bit numbers, the highest byte first, then both.
    """
    written = json.dumps(header, ensure_ascii=False, allow_nan=False).encode(
        "utf-8", errors="replace"
    )
    return _LENGTHS.pack(len(written), len(body)) + written + body


async def read(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes] | None:
    """Read the next record; None where the stream has ended, in the midst of one too.

    Raises
    ------
    AttnvizError
        If a record is longer than :data:`MOST_BYTES`.
    """
    try:
        lengths = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
        if max(lengths) > MOST_BYTES:
            raise AttnvizError(f"a record of {max(lengths):,} bytes: more than a frame can have")
        header, body = [await reader.readexactly(length) for length in lengths]
    except (asyncio.IncompleteReadError, OSError):
        return None
    return json.loads(header), body
