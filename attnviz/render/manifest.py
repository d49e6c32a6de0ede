"""The manifest beside a clip: what was shown, of what, by what, and every number of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.film import Beat, Film
from attnviz.render.imports import file_digest
from attnviz.render.output import Output
from attnviz.spec import Spec

if TYPE_CHECKING:
    from attnviz.records import ModelTrace

FORMAT = "attnviz-manifest"
VERSION = 1

_INFINITY = "inf"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a manifest says besides the film itself.

    Parameters
    ----------
    scene
        Name, class and file of the scene.
    spec, output
        What was shown, and as what.
    key
        The content key.
    versions
        Package name to version.
    """

    scene: Mapping[str, str]
    spec: Spec
    output: Output
    key: str
    versions: Mapping[str, str]


def manifest(
    subject: Subject,
    trace: Mapping[str, Any],
    film: Film,
    files: Mapping[str, Path],
    frames: int,
) -> str:
    """Write the manifest of a film.

    Parameters
    ----------
    subject
        What it is a film of.
    trace
        What :func:`trace_facts` says of the recorded pass.
    film
        What the scene showed.
    files
        What each file is to its path; recorded are name, size and digest.
    frames
        Length of the film.

    Returns
    -------
    str
        Valid JSON: infinite values stand as the strings ``"inf"`` and ``"-inf"``.
    """
    output = subject.output
    content = {
        "format": FORMAT,
        "format_version": VERSION,
        "scene": dict(subject.scene),
        "spec": asdict(subject.spec),
        **trace,
        "notes": film.notes,
        "theme": subject.output.theme,
        "output": {
            "quality": output.quality.name,
            "aspect": output.aspect.name,
            "width": output.width,
            "height": output.height,
            "fps": output.quality.fps,
        },
        "frames": frames,
        "seconds": frames / output.quality.fps,
        "beats": [beat_facts(beat) for beat in film.beats],
        "files": {what: file_facts(path) for what, path in files.items()},
        "versions": dict(subject.versions),
        "key": subject.key,
    }
    return as_text(content)


def as_text(content: Mapping[str, Any]) -> str:
    """Return the content of a manifest as it stands in its file."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def write(content: str | Mapping[str, Any], path: Path) -> None:
    """Write a manifest, or its content, to a file."""
    text = content if isinstance(content, str) else as_text(content)
    # What is no text in a path is written as JSON's own escapes.
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def trace_facts(trace: ModelTrace) -> dict[str, Any]:
    """Return what a manifest says of the forward pass that the numbers come from."""
    masks = (layer.counterfactual_mask for layer in trace.layers)
    return {
        "model": trace.model,
        "tokens": list(trace.tokens),
        "ids": list(trace.ids),
        "special": list(trace.special),
        "target_tokens": None if trace.target_tokens is None else list(trace.target_tokens),
        "focus": asdict(trace.focus) if trace.focus else None,
        "counterfactual_mask": next((mask for mask in masks if mask), None),
    }


def beat_facts(beat: Beat) -> dict[str, Any]:
    """Return what a manifest says of a beat: when it is, its caption and all its numbers."""
    return {
        "name": beat.name,
        "caption": beat.caption,
        "start": beat.start,
        "end": beat.end,
        "numbers": [
            {"address": number.address, "value": exact(number.value), "text": number.text}
            for number in beat.numbers
        ],
    }


def file_facts(path: Path) -> dict[str, Any]:
    """Return what a manifest says of a file: its name, size and digest."""
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": file_digest(path)}


def exact(value: float) -> float | str:
    """Return a value as JSON can hold it: infinities as strings, a number's every digit."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return "nan" if math.isnan(plain) else (_INFINITY if plain > 0 else f"-{_INFINITY}")
    return plain


def read(path: Path, form: str = FORMAT) -> dict[str, Any] | None:
    """Return the content of a manifest of one format, or None where there is no sound one."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    sound = isinstance(content, dict) and content.get("format_version") == VERSION
    return content if sound and content.get("format") == form else None


def vouches(content: Mapping[str, Any], key: str, files: Mapping[str, Path]) -> bool:
    """Tell whether a manifest is of this key and every file is still as it was recorded."""
    try:
        return bool(
            content["key"] == key
            and all(content["files"][what] == file_facts(path) for what, path in files.items())
        )
    except (KeyError, TypeError, OSError):
        return False
