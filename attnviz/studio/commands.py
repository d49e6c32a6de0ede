"""The command line that does what an order asks for, as words and as the page shows it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from attnviz.embed.choices import BOTH
from attnviz.render.catalogue import SceneRef
from attnviz.render.formats import VIDEO
from attnviz.render.output import Output
from attnviz.studio.orders import ExportOrder, MarkupOrder, Order

DEFAULT_FOLDER: Final = "media"
"""Where clips go unless ``-o`` says otherwise."""

_PROGRAM: Final = ("python", "render.py")
_USUAL: Final = Output()


def film_words(order: Order, usual_theme: str = _USUAL.theme) -> list[str]:
    """Return the arguments of the command that renders a film as the page shows it."""
    output = order.job.output
    return [
        _scene(order.job.scene),
        *_subject(order),
        *_unless("--theme", output.theme, usual_theme),
        *_unless("--aspect", output.aspect.name, _USUAL.aspect.name),
    ]


def export_words(order: ExportOrder, folder: Path) -> list[str]:
    """Return the arguments of the command that writes a clip."""
    formats = ",".join((VIDEO, *order.formats))
    return [
        *film_words(order),
        *_unless("--quality", order.job.output.quality.name, _USUAL.quality.name),
        *_unless("--format", formats, VIDEO),
        *_unless("--output", str(folder), DEFAULT_FOLDER),
    ]


def markup_words(order: MarkupOrder, folder: Path) -> list[str]:
    """Return the arguments of the command that prints a clip's markup, and writes it if need be."""
    return [
        "embed",
        *film_words(order, BOTH),
        *("--site", order.site),
        *_unless("--output", str(folder), DEFAULT_FOLDER),
    ]


def shown(words: Sequence[str]) -> str:
    """Return a command as one line for a shell."""
    return shlex.join([*_PROGRAM, *words])


def _scene(ref: SceneRef) -> str:
    if ref.is_listed:
        return ref.name
    near = os.path.relpath(ref.source)
    path = ref.source if near.startswith((os.pardir, "-")) else near
    return f"{path}:{ref.class_name}"


def _subject(order: Order) -> Iterator[str]:
    for name, value in order.given.items():
        flag = f"--{name.replace('_', '-')}"
        yield from [flag] if value is True else _option(flag, str(value))


def _unless(flag: str, value: str, usual: str) -> Sequence[str]:
    return () if value == usual else _option(flag, value)


def _option(flag: str, value: str) -> Sequence[str]:
    # A value that begins like an option must not be taken for one.
    return (f"{flag}={value}",) if value.startswith("-") else (flag, value)
