"""What a request wants, as jobs: checked as on the command line, and no code of strangers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from attnviz.embed.choices import BOTH, PAGE_THEMES
from attnviz.embed.requests import Asked
from attnviz.errors import UserError, quoted, require_known
from attnviz.head_rules import parse_head
from attnviz.model_choice import choose_model
from attnviz.render import catalogue
from attnviz.render.jobs import Job
from attnviz.render.output import ASPECTS, QUALITIES, THEMES, Output

_ANSWERS = MappingProxyType({"yes": True, "true": True, "no": False, "false": False})


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a request does not say otherwise.

    Parameters
    ----------
    quality, theme, aspect
        As on the command line; the theme may be ``"both"``.
    subject
        Fields of the Spec, by name.
    code
        Python files that requests may name, as scenes or as models: the user's own.
    """

    quality: str = Output().quality.name
    theme: str = BOTH
    aspect: str = Output().aspect.name
    subject: Mapping[str, Any] = field(default_factory=dict)
    code: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One clip of a page.

    Parameters
    ----------
    jobs
        What to render: one a theme, the dark one first.
    caption, alt
        The author's words in place of the computed ones, if there are any.
    """

    jobs: tuple[Job, ...]
    caption: str | None = None
    alt: str | None = None

    @property
    def name(self) -> str:
        """The clip's name, safe as a file's, the same in every theme."""
        job = self.jobs[0]
        return Job(job.scene, job.spec, Output(job.output.quality, aspect=job.output.aspect)).stem()


def wanted(asked: Asked, defaults: Defaults) -> Wanted:
    """Return what a request wants.

    Parameters
    ----------
    asked
        The request's scene and options, as written.
    defaults
        What the command line said.

    Raises
    ------
    UserError
        If there is no such scene or value, or it would run code that the user did not name.
    """
    options = dict(asked.options)
    _refuse_code(asked, defaults.code)
    scene = catalogue.find(asked.scene)
    quality = QUALITIES[
        require_known("quality", options.get("quality", defaults.quality), QUALITIES)
    ]
    aspect = ASPECTS[require_known("aspect", options.get("aspect", defaults.aspect), ASPECTS)]
    theme = require_known("theme", options.get("theme", defaults.theme), PAGE_THEMES)
    subject = {
        name.replace("-", "_"): read(options[name])
        for name, read in _SUBJECT.items()
        if name in options
    }
    spec = catalogue.spec_for(scene, {**defaults.subject, **subject})
    themes = THEMES if theme == BOTH else (theme,)
    jobs = tuple(Job(scene, spec, Output(quality, name, aspect)) for name in themes)
    return Wanted(jobs, options.get("caption"), options.get("alt"))


def _refuse_code(asked: Asked, allowed: frozenset[Path]) -> None:
    """Stop where a post names a Python file: reading a stranger's post runs nothing."""
    for named in (asked.scene, asked.options.get("model", "")):
        file = named.rpartition(":")[0] if ".py:" in named else named
        if file.endswith(".py") and Path(file).resolve() not in allowed:
            raise UserError(
                f"{quoted(file)} is Python code, which a post cannot run by itself; "
                f"if you trust it, name it: --code {file}"
            )


def _layer(text: str) -> int:
    if not text.isdecimal():
        raise UserError(f"layer {quoted(text)}: give a whole number, from 0")
    return int(text)


def _head(text: str) -> int | str:
    return int(text) if text.isdecimal() else str(parse_head(text))


def _model(text: str) -> str:
    return choose_model(text).name


def _answer(text: str) -> bool:
    return _ANSWERS[require_known("answer to hide-special", text.lower(), _ANSWERS)]


_SUBJECT: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "text": str,
        "target": str,
        "model": _model,
        "layer": _layer,
        "head": _head,
        "mask": str,
        "hide-special": _answer,
    }
)
"""Options that are fields of the Spec, and how each is read."""
