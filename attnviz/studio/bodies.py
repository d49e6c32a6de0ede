"""The body of an order: one flat JSON object, its fields known and of the right kind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final, NoReturn

from attnviz.errors import UserError, quoted, require_known

LARGEST_NUMBER: Final = 10**6
"""More than any layer, head or beat; longer numbers would only make long messages."""

_KINDS: Final[Mapping[type, str]] = MappingProxyType(
    {str: "text", int: "a whole number", bool: "true or false", dict: "an object", list: "a list"}
)


class BodyError(UserError):
    """What came is no JSON object at all."""


class FieldError(UserError):
    """A field of an order cannot be what it says it is.

    Parameters
    ----------
    field
        The field, as the page's form has it.
    message
        What was wanted, what came and what to do.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class ForbiddenError(FieldError):
    """An order names code or a file that the command line did not."""


def read_body(body: bytes, kinds: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """Read the JSON object of an order.

    Parameters
    ----------
    body
        What came.
    kinds
        The fields that there are, and what kinds of value each takes.

    Returns
    -------
    dict
        The fields that were given; one that is null was not.

    Raises
    ------
    BodyError
        If it is no JSON object.
    FieldError
        If there is no such field, or its value is of another kind.
    """
    try:
        found = json.loads(
            body.decode("utf-8"),
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_twins,
        )
    except (ValueError, RecursionError) as error:
        raise BodyError(f"no JSON of an order ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise BodyError("an order is a JSON object")
    return checked(found, kinds)


def checked(found: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """Return the fields of an object that were given, each of a kind that it may be."""
    for name, value in found.items():
        with in_field(quoted(name)):
            require_known("field", name, kinds)
        if value is not None and type(value) not in kinds[name]:
            wanted = " or ".join(_KINDS[kind] for kind in kinds[name])
            raise FieldError(name, f"{name}: wanted {wanted}, got {described(value)}")
        if type(value) is int and not 0 <= value <= LARGEST_NUMBER:
            raise FieldError(name, f"{name}: give a number from 0 to {LARGEST_NUMBER:,}")
    return {name: value for name, value in found.items() if value is not None}


@contextmanager
def in_field(field: str) -> Iterator[None]:
    """Let an error of the user's name the field that it is about."""
    try:
        yield
    except FieldError:
        raise
    except UserError as error:
        raise FieldError(field, str(error)) from error


def described(value: object) -> str:
    """Return a value of JSON in a few words, for an error."""
    if isinstance(value, dict | list):
        return _KINDS[type(value)]
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field is given twice")
    return found
