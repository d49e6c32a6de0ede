"""HeadRule: how a user asks for a head by what it does, in place of its number."""

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from attnviz.errors import UserError, quoted

PREFIX = "auto:"
"""How a head that is asked for by what it does begins."""

BEHAVIOURS: Mapping[str, str] = MappingProxyType(
    {
        "previous": "the previous token",
        "first": "the first token",
        "self": "its own token",
        "next": "the next token",
        "duplicate": "the same token elsewhere",
    }
)
"""What a head may look at, by its name on the command line."""

PAIR_FORM = f"{PREFIX}QUERY>KEY"
_FORMS = tuple(f"{PREFIX}{name}" for name in BEHAVIOURS)

_LONGEST_NAME = 100

_PAIR = re.compile(r"\s*(\S[^>]*?|>)\s*>\s*(\S.*?)\s*")
"""The first ``>`` that has a word before it divides."""


@dataclass(frozen=True, slots=True)
class HeadRule:
    """The head that does something most.

    Parameters
    ----------
    behaviour
        One of :data:`BEHAVIOURS`, or ``"pair"``.
    pair
        For a pair, the query's word and the key's; else None.
    """

    behaviour: str
    pair: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        """Refuse a pair without its words, and words without a pair."""
        if self.behaviour not in (*BEHAVIOURS, "pair"):
            raise UserError(f"unknown behaviour {quoted(self.behaviour)}: give {_listed()}")
        if (self.behaviour == "pair") != (self.pair is not None):
            raise UserError(f"head {self.behaviour!r} with {self.pair!r}: only a pair has words")

    def __str__(self) -> str:
        """Write the rule as the command line takes it, e.g. ``auto:bank>roses``."""
        return PREFIX + (">".join(self.pair) if self.pair else self.behaviour)

    @property
    def target(self) -> str:
        """What such a head looks at."""
        return " → ".join(self.pair) if self.pair else BEHAVIOURS[self.behaviour]

    @property
    def plain(self) -> str:
        """What such a head does, in plain words."""
        if self.pair:
            return f"{self.pair[0]} looks at {self.pair[1]}"
        return f"looks at {self.target}"


def parse_head(text: str) -> HeadRule:
    """Read a behaviour as the command line takes it.

    Parameters
    ----------
    text
        ``"auto:"`` and a name of :data:`BEHAVIOURS`, or two words joined by ``>``: the query's
        and the key's.

    Returns
    -------
    HeadRule
        The rule; ``str(rule)`` writes it back. Words are in Unicode NFC.

    Raises
    ------
    UserError
        If the text is neither.
    """
    name = text.removeprefix(PREFIX)
    if text.startswith(PREFIX):
        if name in BEHAVIOURS:
            return HeadRule(name)
        if match := _PAIR.fullmatch(unicodedata.normalize("NFC", name)):
            return HeadRule("pair", (match[1], match[2]))
        if ">" in name:
            raise UserError(
                f"head {quoted(text)}: a pair has a query's word and a key's, e.g. auto:bank>roses"
            )
    # By the name alone: the prefix would make any two alike.
    near = difflib.get_close_matches(name[:_LONGEST_NAME].casefold(), BEHAVIOURS, n=1)
    hint = f", did you mean '{PREFIX}{near[0]}'?" if near else f": give a number or {_listed()}"
    raise UserError(f"unknown head {quoted(text)}{hint}")


def _listed() -> str:
    return f"{', '.join(_FORMS)} or {PAIR_FORM}"
