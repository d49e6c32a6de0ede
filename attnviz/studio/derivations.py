"""How a value was computed: a formula in words, and the values that it was computed from."""

from __future__ import annotations

from dataclasses import dataclass

NOT_HELD = "the trace does not hold what it was computed from"
LEARNED = "learned in training; every text meets the same"


@dataclass(frozen=True)
class Parent:
    """One thing that a value was computed from.

    Parameters
    ----------
    address
        Where it stands.
    label
        What it is to the value.
    """

    address: str
    label: str


@dataclass(frozen=True)
class Derivation:
    """How a value was computed.

    Parameters
    ----------
    formula
        In words.
    parents
        What it was computed from, in the order of the formula.
    """

    formula: str
    parents: tuple[Parent, ...] = ()


def derived_from(formula: str, *parents: tuple[str, str]) -> Derivation:
    """Return a derivation; each parent is its address and its label."""
    return Derivation(formula, tuple(Parent(address, label) for address, label in parents))
