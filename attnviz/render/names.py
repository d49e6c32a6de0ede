"""File names: readable, of ``a-z 0-9 -`` alone, and never the same for two different films."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from attnviz.naming import digest, slug
from attnviz.render.output import Output
from attnviz.spec import Spec

_LONGEST_WORDS = 120
_BIGGEST_PLAIN_INDEX = 1_000

# Values that stand in a name as they are; anything else is shortened and told apart by a digest.
_PLAIN = re.compile(r"[a-z0-9]{1,20}|window:[0-9]+|auto:[a-z]+")


def stem(scene: str, spec: Spec, default: Spec, output: Output) -> str:
    """Name a film's files after what differs from the scene's default.

    Parameters
    ----------
    scene
        The scene's command-line name.
    spec, default
        What is shown, and the scene's own subject.
    output
        Quality and theme; the defaults are not named.

    Returns
    -------
    str
        E.g. ``self-attention-text-the-nurse-said-k3v9q2ma-light``. Where a slug loses
        information, a digest of all the exact values follows the last of them.
    """
    differences = spec.differences(default)
    words = "-".join(word for word in _words(differences) if word)
    lossless = all(_stands_as_it_is(name, value) for name, value in differences.items())
    parts = [scene, words[:_LONGEST_WORDS].strip("-"), *output.differences()]
    if not lossless or len(words) > _LONGEST_WORDS:
        parts.insert(2, digest(dict(differences)))
    return "-".join(part for part in parts if part)


def _words(differences: Mapping[str, object]) -> Iterator[str]:
    for name, value in differences.items():
        yield slug(name)
        if value is not True:
            yield "default" if value is None else slug(str(value))


def _stands_as_it_is(name: str, value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, int):
        return value < _BIGGEST_PLAIN_INDEX
    return name in ("model", "mask", "head") and _PLAIN.fullmatch(str(value)) is not None
