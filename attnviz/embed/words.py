"""What is said beside a clip, read from its manifest: alt text, caption line, table of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]

MOST_NUMBERS = 40
"""How many numbers the table under a clip shows; the manifest beside it has all."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A number of a film: its address, as it is printed, and the exact value."""

    address: str
    text: str
    value: str


def alt_text(summary: str, manifest: Manifest) -> str:
    """Return in words what a clip shows.

    Parameters
    ----------
    summary
        The scene's title, a sentence.
    manifest
        What was shown; where the lit query looks most is the argmax of its row of weights.
    """
    return f"{summary} In “{_text(manifest)}”, {looks_most(manifest)}."


def looks_most(manifest: Manifest) -> str:
    """Return where the lit query looks most, e.g. ``bank looks most at roses, 0.61``."""
    most = manifest["looks_most"]
    where = "itself" if most["itself"] else most["key"]
    return f"{most['query']} looks most at {where}, {most['text']}"


def facts(manifest: Manifest) -> str:
    """Return of what model and where in it the numbers are."""
    most, mask = manifest["looks_most"], manifest["counterfactual_mask"]
    place = f"model {manifest['model']}, layer {most['layer']}, head {most['head']}"
    return f"{place}, mask {mask}" if mask else place


def numbers(manifest: Manifest) -> list[Shown]:
    """Return every number of a film once, in the order of drawing."""
    found = {
        number["address"]: Shown(number["address"], number["text"], _exact(number["value"]))
        for number in _numbers(manifest)
    }
    return list(found.values())


def _numbers(manifest: Manifest) -> Iterator[Mapping[str, Any]]:
    for beat in manifest["beats"]:
        yield from beat["numbers"]


def _exact(value: float | str) -> str:
    if isinstance(value, str):
        return value.replace("inf", "∞").replace("-", "−")
    return repr(value).removesuffix(".0")


def _text(manifest: Manifest) -> str:
    return " ".join(str(manifest["spec"]["text"] or " ".join(manifest["tokens"])).split())
