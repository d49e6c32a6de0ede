"""attnviz: short films of attention whose every number comes from a real model."""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.recorder import record
    from attnviz.render.inline import clip
    from attnviz.sources import trace
    from attnviz.studio.inline import preview

__version__ = "0.1.0"

__all__ = ["clip", "preview", "record", "trace"]

_HOMES = MappingProxyType(
    {
        "clip": "attnviz.render.inline",
        "preview": "attnviz.studio.inline",
        "record": "attnviz.recorder",
        "trace": "attnviz.sources",
    }
)
"""The module of each public function. It is imported when the function is first asked for:
torch and manim take seconds, and most of attnviz needs neither."""

if not TYPE_CHECKING:  # a checker sees the names themselves, and refuses others

    def __getattr__(name):
        """Hand out a public function from its module (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)

    def __dir__():
        """List the public functions, loaded or not."""
        return sorted({*globals(), *__all__})
