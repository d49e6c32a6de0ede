"""What the page asks for, as jobs: checked as strictly as on the command line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from attnviz.errors import quoted, require_known
from attnviz.model_choice import choose_model
from attnviz.render import catalogue
from attnviz.render.formats import FORMATS, ordered
from attnviz.render.jobs import Job
from attnviz.render.output import ASPECTS, QUALITIES, THEMES, Output
from attnviz.spec import Spec
from attnviz.studio.bodies import (
    LARGEST_NUMBER,
    FieldError,
    ForbiddenError,
    checked,
    described,
    in_field,
    read_body,
)
from attnviz.studio.choices import PAGE_SITES, Shelf

LOOKED_AT: Final = QUALITIES["draft"]
"""The quality of the films on the page."""

_FILM: Final[Mapping[str, tuple[type, ...]]] = MappingProxyType(
    {"scene": (str,), "spec": (dict,), "theme": (str,), "aspect": (str,)}
)
"""What every order may say of its film."""

_SUBJECT: Final[Mapping[str, tuple[type, ...]]] = MappingProxyType(
    {
        "text": (str,),
        "target": (str,),
        "model": (str,),
        "layer": (int,),
        "head": (int, str),
        "mask": (str,),
        "hide_special": (bool,),
    }
)
"""The fields of a Spec."""

_PATH_SIGNS: Final = frozenset("/\\:.~")
_USUAL: Final = Output()


@dataclass(frozen=True, slots=True)
class Order:
    """A film that the page asks for.

    Parameters
    ----------
    job
        What to draw.
    given
        The fields of its Spec that were asked for, by name, without those that change nothing.
    """

    job: Job
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RenderOrder(Order):
    """A film to look at.

    Parameters
    ----------
    place
        The beat that is looked at, and the frame in it.
    base
        The film that the page holds; None: none.
    """

    place: tuple[int, int]
    base: str | None


@dataclass(frozen=True, slots=True)
class ExportOrder(Order):
    """A clip to write.

    Parameters
    ----------
    formats
        Formats besides mp4.
    """

    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MarkupOrder(Order):
    """The markup of a clip that was written.

    Parameters
    ----------
    site
        The kind of site.
    """

    site: str


class Orders:
    """Reads orders; each method raises a UserError where the command line would refuse.

    Parameters
    ----------
    shelf
        The scenes, and what else the command line named: no other file of the user's is touched.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._models = shelf.named.models
        self._shelf = shelf

    def render(self, body: bytes) -> RenderOrder:
        """Read what ``POST /api/render`` takes."""
        asked = read_body(body, {**_FILM, "beat": (int,), "frame": (int,), "base": (str,)})
        order = self._order(asked, LOOKED_AT.name)
        place = asked.get("beat", 0), asked.get("frame", 0)
        return RenderOrder(order.job, order.given, place, asked.get("base"))

    def export(self, body: bytes) -> ExportOrder:
        """Read what ``POST /api/export`` takes."""
        asked = read_body(body, {**_FILM, "quality": (str,), "formats": (list,)})
        order = self._order(asked, asked.get("quality", _USUAL.quality.name))
        return ExportOrder(order.job, order.given, _formats(asked.get("formats", [])))

    def markup(self, body: bytes) -> MarkupOrder:
        """Read what ``POST /api/markup`` takes."""
        asked = read_body(body, {**_FILM, "site": (str,)})
        order = self._order(asked, _USUAL.quality.name)
        return MarkupOrder(order.job, order.given, _known(asked, "site", PAGE_SITES[0], PAGE_SITES))

    def _order(self, asked: Mapping[str, Any], quality: str) -> Order:
        output = Output(
            QUALITIES[_known({"quality": quality}, "quality", quality, QUALITIES)],
            _known(asked, "theme", _USUAL.theme, THEMES),
            ASPECTS[_known(asked, "aspect", _USUAL.aspect.name, ASPECTS)],
        )
        if "scene" not in asked:
            raise FieldError("scene", "no scene named")
        _refuse_file("scene", asked["scene"], self._shelf.scenes)
        with in_field("scene"):
            ref = self._shelf.find(asked["scene"])
            default = self._shelf.spec(ref)
        given = self._subject(asked.get("spec", {}))
        spec = catalogue.subject(default, given)
        return Order(Job(ref, spec, output), _telling(default, given))

    def _subject(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a Spec that were given, each checked by itself."""
        found = checked(asked, _SUBJECT)
        given = {name: found[name] for name in _SUBJECT if name in found}
        if "model" in given:
            _refuse_file("model", given["model"], self._models)
            with in_field("model"):
                choose_model(require_known("model", given["model"], self._models))
        if "head" in given:
            given["head"] = _head(given["head"])
        for name, value in given.items():
            with in_field(name):
                given[name] = getattr(Spec(**{name: value}), name)
        return given


def _telling(default: Spec, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what of the given must be told for the same Spec."""
    wanted, told = catalogue.subject(default, given), dict(given)
    for name in given:
        less = {other: value for other, value in told.items() if other != name}
        if catalogue.subject(default, less) == wanted:
            told = less
    if told.get("hide_special") is False:
        raise FieldError("hide_special", "hide_special: this scene hides them in any case")
    return MappingProxyType(told)


def _head(head: int | str) -> int | str:
    """Return the number of a head as a number, however it was typed."""
    if isinstance(head, int) or not (head.isascii() and head.isdecimal()):
        return head
    if len(head) > len(str(LARGEST_NUMBER)):
        raise FieldError("head", f"head {quoted(head)}: give a number up to {LARGEST_NUMBER:,}")
    return int(head)


def _known(asked: Mapping[str, Any], field: str, otherwise: str, choices: Collection[str]) -> str:
    with in_field(field):
        return require_known(field, asked.get(field, otherwise), choices)


def _refuse_file(field: str, name: str, allowed: Collection[str]) -> None:
    """Stop where a file is named that the command line did not name, whether it is there or not."""
    if name not in allowed and not _PATH_SIGNS.isdisjoint(name):
        raise ForbiddenError(
            field,
            f"{field} {quoted(name)} was not named when the preview began;"
            " end it and name it on the command line",
        )


def _formats(names: list[Any]) -> tuple[str, ...]:
    for name in names:
        if not isinstance(name, str):
            raise FieldError("formats", f"formats: wanted names, got {described(name)}")
        with in_field("formats"):
            require_known("format", name, FORMATS)
    return ordered(names)
