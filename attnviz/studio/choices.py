"""What the page offers: scenes, models and sizes; and what the command line named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeVar

from attnviz import models
from attnviz.embed.choices import SITES
from attnviz.errors import AttnvizError, UserError, require_known
from attnviz.head_rules import BEHAVIOURS, PREFIX
from attnviz.model_choice import choose_model
from attnviz.render import catalogue
from attnviz.render.catalogue import SceneRef
from attnviz.render.formats import FORMATS
from attnviz.render.output import ASPECTS, QUALITIES, THEMES, Output
from attnviz.spec import Spec
from attnviz.studio.finding import found_spec

FIRST_SCENE: Final = "self-attention"
"""The scene that is looked at where none was named."""

MASKS: Final = ("none", "causal", "window:3")
"""The masks that are offered; of windows there are more."""

PAGE_SITES: Final = SITES[1:]
"""The kinds of site that markup is for: there is no post whose files would let one guess."""

_TINY: Final = MappingProxyType(
    {
        "reader": "sees the whole sentence",
        "writer": "sees only what came before",
        "translator": "English to French, Korean to English",
    }
)
_OWN: Final = MappingProxyType(
    {
        "folder": "a Hugging Face model",
        "factory": "a module of your own",
        "saved": "a saved trace",
    }
)
_MAY_WRITE: Final = frozenset({"folder"})
"""Kinds of model that may have a decoder, or read a second sentence."""

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Named:
    """What the command line named.

    Parameters
    ----------
    scenes
        The scenes it named, the one looked at first before the others.
    given
        Fields of the Spec, by name. A model among them may be asked for from then on.
    theme, aspect
        The colours and the shape of the first film.
    """

    scenes: Sequence[SceneRef] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    theme: str = Output().theme
    aspect: str = Output().aspect.name

    @property
    def models(self) -> tuple[str, ...]:
        """The models that may be asked for: those that ship, and the one that was named."""
        return tuple(dict.fromkeys([*models.names(), *filter(None, [self.given.get("model")])]))


class Shelf:
    """The scenes that may be asked for, as they are written down.

    A file that is being edited may be broken for a moment; what was last read of it stands then,
    so that the page keeps its form and the error is told where the film is drawn.

    Parameters
    ----------
    named
        What the command line named: a scene of a file of the user's own is offered only then.

    Raises
    ------
    UserError
        If two scenes have one name, or a scene's subject cannot be read.
    """

    def __init__(self, named: Named) -> None:
        self.named = named
        own = [ref for ref in dict.fromkeys(named.scenes) if not ref.is_listed]
        self.scenes: Mapping[str, SceneRef] = MappingProxyType(
            {ref.name: ref for ref in (*catalogue.listed(), *own)}
        )
        for ref in own:
            other = self.scenes[ref.name]
            if other != ref:
                raise UserError(
                    f"{ref.argument} and {other.argument} are both called {ref.name};"
                    " preview one of them"
                )
        self._last: dict[tuple[str, str], Any] = {}
        for ref in own:
            self.spec(ref)

    @property
    def first(self) -> SceneRef:
        """The scene that is looked at first."""
        return self.named.scenes[0] if self.named.scenes else self.find(FIRST_SCENE)

    def find(self, name: str) -> SceneRef:
        """Return the scene of a name.

        Raises
        ------
        UserError
            If there is no such scene; the message names the closest and all of them.
        """
        return self.scenes[require_known("scene", name, self.scenes)]

    def spec(self, ref: SceneRef) -> Spec:
        """Return a scene's own subject."""
        return self._read(ref, "spec", _own_spec)

    def summary(self, ref: SceneRef) -> str:
        """Return the first line of a scene's docstring."""
        return self._read(ref, "summary", catalogue.summary)

    def tokens(self, ref: SceneRef) -> range:
        """Return how many tokens a scene can show."""
        return self._read(ref, "tokens", catalogue.written_tokens)

    def takes_target(self, ref: SceneRef) -> bool:
        """Tell whether a scene has room for a second sentence."""
        return self._read(ref, "target", catalogue.takes_target)

    def _read(self, ref: SceneRef, what: str, read: Callable[[SceneRef], _Read]) -> _Read:
        try:
            found = read(ref)
        except AttnvizError:
            if (ref.name, what) not in self._last:
                raise
        else:
            self._last[ref.name, what] = found
        last: _Read = self._last[ref.name, what]
        return last


def scenes(shelf: Shelf) -> list[dict[str, object]]:
    """Return what the page shows of the scenes, the user's own last."""
    return [
        {
            "name": name,
            "summary": shelf.summary(ref),
            "tokens": [shelf.tokens(ref)[0], shelf.tokens(ref)[-1]],
            "targets": shelf.takes_target(ref),
            "spec": asdict(shelf.spec(ref)),
            "thumbnail": f"/api/thumbnails/{name}",
        }
        for name, ref in shelf.scenes.items()
    ]


def choices(shelf: Shelf) -> dict[str, object]:
    """Return what each field of the page's form may be, and what it is at first."""
    named = shelf.named
    return {
        "models": list(_models(named)),
        "heads": [f"{PREFIX}{name}" for name in BEHAVIOURS],
        "masks": list(MASKS),
        "themes": list(THEMES),
        "aspects": list(ASPECTS),
        "qualities": [asdict(quality) for quality in QUALITIES.values()],
        "formats": [{"name": kind.name, "summary": kind.summary} for kind in FORMATS.values()],
        "sites": list(PAGE_SITES),
        "start": {
            "scene": shelf.first.name,
            "spec": dict(named.given),
            "theme": named.theme,
            "aspect": named.aspect,
        },
    }


def _models(named: Named) -> Iterator[dict[str, object]]:
    for name in named.models:
        if name in _TINY:
            yield {"name": name, "targets": name == models.TRANSLATOR, "what": _TINY[name]}
            continue
        kind = choose_model(name).kind
        yield {"name": name, "targets": kind in _MAY_WRITE, "what": _OWN[kind]}


def _own_spec(ref: SceneRef) -> Spec:
    """Return a scene's own subject: as it is written, or as a process of its own finds it."""
    return catalogue.written_spec(ref) or found_spec(ref, ref.source.read_bytes())
