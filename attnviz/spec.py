"""Spec: what a user chooses to see. Frozen, hashable, plain Python."""

import re
import unicodedata
from dataclasses import dataclass, fields
from typing import Literal

from attnviz.errors import UserError, closest, quoted
from attnviz.head_rules import HeadRule, parse_head

MAX_CHARACTERS = 2_000
"""The longest text a Spec takes, in characters; no film of a longer one can be read."""

MAX_WINDOW = 100_000
"""The widest window a mask takes, in keys: more than any text here has."""

_WHITE_CONTROLS = frozenset("\t\n\v\f\r\x85")
"""The control characters that Unicode counts as white space."""

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reorder the text around them: what is drawn would not be what is read."""

_BLANK_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs"})

_WINDOW = re.compile(r"window:([0-9]+)")
_MASK_FORMS = ("none", "causal", "window:N")


@dataclass(frozen=True, slots=True)
class MaskRule:
    """Which keys a query may attend.

    Parameters
    ----------
    kind
        ``"none"``: every key. ``"causal"``: the keys up to the query's own.
        ``"window"``: causal with `window` keys, the query's own among them.
    window
        The number of keys of a window; None for the other kinds.
    """

    kind: Literal["none", "causal", "window"]
    window: int | None = None

    def __post_init__(self) -> None:
        """Refuse a window without a width, and a width without a window."""
        if self.kind not in ("none", "causal", "window"):
            raise UserError(f"unknown mask {self.kind!r}: give one of {', '.join(_MASK_FORMS)}")
        if (self.kind == "window") != (self.window is not None):
            raise UserError(f"mask {self.kind!r} with window {self.window!r}: only a window has N")
        if self.window is not None and not 1 <= self.window <= MAX_WINDOW:
            raise UserError(f"mask window:{self.window}: N must be from 1 to {MAX_WINDOW:,} keys")

    def __str__(self) -> str:
        """Write the rule as the command line takes it, e.g. ``window:3``."""
        return self.kind if self.window is None else f"{self.kind}:{self.window}"


def parse_mask(text: str) -> MaskRule:
    """Read a mask as the command line takes it.

    Parameters
    ----------
    text
        ``"none"``, ``"causal"`` or ``"window:N"`` with N of at least 1.

    Returns
    -------
    MaskRule
        The rule; ``str(rule)`` writes it back.

    Raises
    ------
    UserError
        If the text is none of the three.
    """
    if text == "none":
        return MaskRule("none")
    if text == "causal":
        return MaskRule("causal")
    window = _WINDOW.fullmatch(text)
    if window is None:
        hint = closest(text, _MASK_FORMS) or f": give one of {', '.join(_MASK_FORMS)}"
        raise UserError(f"unknown mask {quoted(text)}{hint}")
    digits = window[1].lstrip("0") or "0"
    # Measured before it is read: Python refuses to read thousands of digits.
    if len(digits) > len(str(MAX_WINDOW)):
        raise UserError(f"mask {quoted(text)}: N must be from 1 to {MAX_WINDOW:,} keys")
    return MaskRule("window", int(digits))


@dataclass(frozen=True, slots=True)
class Spec:
    """What a user chooses to see: the words, the model and where to look in it.

    Text is normalised when the Spec is built (Unicode NFC, runs of white space
    to one space, none at the ends), so two ways of typing a sentence are equal.
    Layers and heads count from 0.

    Parameters
    ----------
    text
        The source sentence, 1 to 2,000 characters.
    target
        The decoder's sentence, for cross-attention; None: the model's own output.
    model
        The name of a tiny model, or a path to a model or a saved trace.
    layer
        Where to look; None: where the model's measurements say.
    head
        The same, by its number or by what it does: ``"auto:previous"``, ``"auto:first"``,
        ``"auto:self"``, ``"auto:next"``, ``"auto:duplicate"`` or a query and a key,
        ``"auto:bank>roses"``.
    mask
        ``"none"``, ``"causal"`` or ``"window:N"`` in place of the model's own
        mask, as a counterfactual; None: the model's own.
    hide_special
        Draw the tokens that the tokenizer added dim; their numbers stay.

    Raises
    ------
    UserError
        If a field cannot be what it says it is.
    """

    text: str = "he left the roses by the bank"
    target: str | None = None
    model: str = "reader"
    layer: int | None = None
    head: int | str | None = None
    mask: str | None = None
    hide_special: bool = False

    def __post_init__(self) -> None:
        """Check and normalise every field."""
        # A frozen dataclass can only be normalised past its own lock.
        put = object.__setattr__
        put(self, "text", _normal_text("text", self.text))
        if self.target is not None:
            put(self, "target", _normal_text("target", self.target))
        put(self, "model", _checked_model(self.model))
        put(self, "layer", _checked_index("layer", self.layer))
        put(self, "head", _checked_head(self.head))
        if self.mask is not None:
            put(self, "mask", str(parse_mask(_checked_str("mask", self.mask))))
        if not isinstance(self.hide_special, bool):
            raise UserError(
                f"hide_special: wanted True or False, got {quoted(repr(self.hide_special))}"
            )

    @property
    def mask_rule(self) -> MaskRule | None:
        """The parsed mask, or None where the model's own stands."""
        return None if self.mask is None else parse_mask(self.mask)

    @property
    def head_rule(self) -> HeadRule | None:
        """What the head must do most, or None where no such thing is asked."""
        return parse_head(self.head) if isinstance(self.head, str) else None

    def differences(self, default: "Spec") -> dict[str, object]:
        """List the fields in which this Spec differs from another.

        Parameters
        ----------
        default
            The Spec to compare with, usually a scene's own.

        Returns
        -------
        dict
            Field name to this Spec's value, in the order of the fields.
        """
        names = (field.name for field in fields(self))
        return {
            name: getattr(self, name)
            for name in names
            if getattr(self, name) != getattr(default, name)
        }


def _checked_str(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise UserError(f"{name}: wanted text, got {type(value).__name__} {quoted(repr(value))}")
    return value


def _checked_index(name: str, value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError(
            f"{name}: wanted a whole number, got {type(value).__name__} {quoted(repr(value))}"
        )
    if value < 0:
        raise UserError(f"{name} {value}: {name}s count from 0; give 0 or more")
    return value


def _checked_head(value: object) -> int | str | None:
    if not isinstance(value, str) or value.isdigit():
        return _checked_index("head", value)
    _refuse_controls("head", value, allowed=frozenset())
    if len(value) > MAX_CHARACTERS:
        raise UserError(f"head: {len(value):,} characters are more than a text may have")
    return str(parse_head(value))


def _checked_model(value: object) -> str:
    model = _checked_str("model", value)
    _refuse_controls("model", model, allowed=frozenset())
    if not model.strip():
        raise UserError("model: the name is empty; give a model, e.g. 'reader'")
    return model


def _normal_text(name: str, value: object) -> str:
    text = _checked_str(name, value)
    _refuse_controls(name, text, allowed=_WHITE_CONTROLS)
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if not any(_is_visible(character) for character in text):
        raise UserError(f"{name}: there is nothing to read in it; give at least one word")
    if len(text) > MAX_CHARACTERS:
        raise UserError(
            f"{name}: {len(text):,} characters, at most {MAX_CHARACTERS:,} can be shown;"
            " give a shorter text"
        )
    return text


def _refuse_controls(name: str, text: str, allowed: frozenset[str]) -> None:
    for position, character in enumerate(text):
        category = unicodedata.category(character)
        if category == "Cs":
            what, cure = "unpaired surrogate", "give text that is valid Unicode"
        elif (category == "Cc" and character not in allowed) or character in _BIDI_CONTROLS:
            what, cure = "control character", "leave it out"
        else:
            continue
        where = f"U+{ord(character):04X} at position {position} (counted from 0)"
        raise UserError(f"{name}: {what} {where}; {cure}")


def _is_visible(character: str) -> bool:
    # Separators, controls and format characters draw nothing by themselves.
    # Unassigned ones may be newer than this Python's Unicode: text.py judges them.
    return unicodedata.category(character) not in _BLANK_CATEGORIES
