"""Where a film looks."""

from dataclasses import dataclass

import attnviz.records.parts as parts
from attnviz.records.base import put


@dataclass(frozen=True)
class Focus:
    """What a scene lights by default.

    Parameters
    ----------
    layer, head, query
        Counted from 0.
    reason
        The measurement that chose them, for the manifest.

    Raises
    ------
    TensorError
        If a number is not a whole number of at least 0.
    """

    layer: int
    head: int
    query: int
    reason: str

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be positions."""
        parts.text("focus: reason", self.reason)
        for name in ("layer", "head", "query"):
            put(self, name, parts.count(f"focus: {name}", getattr(self, name)))
