"""What a site's configuration says: read as data, never run."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import yaml

from attnviz.errors import UserError

YAML = (".yml", ".yaml")
DATA = (".toml", *YAML, ".json")
SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts", ".cts")

# A text is matched first, since a pattern of files such as "**/*.md" looks like a comment.
_TEXT = r"""(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`)"""
_TEXT_OR_COMMENT = re.compile(rf"({_TEXT})|//[^\n]*|/\*.*?\*/", re.DOTALL)


class _Plain(yaml.SafeLoader):
    """YAML's plain values; what stands under any other tag is read as nothing."""


def _nothing(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> None:
    return None


# MkDocs' own documentation asks for !!python/name: and !ENV tags in mkdocs.yml.
_Plain.add_multi_constructor("", _nothing)


def first_file(folder: Path, name: str, suffixes: tuple[str, ...]) -> Path | None:
    """Return the first file of a folder with a name and one of the suffixes."""
    paths = (folder / (name + suffix) for suffix in suffixes)
    return next((path for path in paths if path.is_file()), None)


def read_settings(path: Path) -> Mapping[str, object]:
    """Read a configuration in YAML, TOML or JSON.

    Parameters
    ----------
    path
        The file; its suffix tells the language.

    Returns
    -------
    Mapping[str, object]
        The settings by name, names in lower case; none where the file is empty.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    try:
        text = path.read_text("utf-8-sig")
        match path.suffix:
            case ".toml":
                settings: object = tomllib.loads(text)
            case ".json":
                settings = json.loads(text)
            case _:
                settings = yaml.load(text, Loader=_Plain)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(settings, dict):
        return {}
    return {str(name).lower(): value for name, value in settings.items()}


def text_of(settings: Mapping[str, object], name: str, otherwise: str) -> str:
    """Return a setting that is a text, or the first text of a list of them."""
    value = settings.get(name.lower())
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) and value.strip() else otherwise


def script_texts(path: Path, name: str) -> tuple[str, ...]:
    """Find the texts that a JavaScript configuration gives a setting, by its look alone.

    Parameters
    ----------
    path
        The configuration, e.g. docusaurus.config.js.
    name
        The setting, e.g. ``baseUrl``.

    Returns
    -------
    tuple[str, ...]
        The quoted text after the name, or those of the list after it; none where
        the value is computed.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    try:
        source = path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise _unreadable(path, error) from error
    source = _TEXT_OR_COMMENT.sub(lambda found: found[1] or "", source)
    setting = rf"(?<![\w.]){re.escape(name)}['\"]?\s*[:=]\s*"
    found = re.search(rf"{setting}({_TEXT}|\[\s*(?:{_TEXT}\s*(?:,\s*)?)*\])", source)
    texts = [] if found is None else [text[1:-1] for text in re.findall(_TEXT, found[1])]
    return tuple(text for text in texts if "${" not in text)


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(f"cannot read the site's configuration {path}: {error}")
