"""Which module is running: torch calls these hooks for every module, and no module is changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

_HEADS = ("num_heads", "num_attention_heads", "n_heads", "n_head", "nhead", "heads")
"""What modules call their number of heads."""


class Modules:
    """The modules that are running in this thread, the outermost first."""

    def __init__(self) -> None:
        self._running: list[nn.Module] = []
        self._names: dict[int, str] = {}
        self._thread = threading.get_ident()
        self.outermost = ""
        """The class of the first module that ran, or an empty string."""

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Keep the list while modules run."""
        hooks = [
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave, always_call=True),
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def name(self) -> str:
        """Return the path of the module that is running, in the outermost one."""
        if not self._running:
            return "attention"
        innermost = self._running[-1]
        own = self._names.get(id(innermost), "")
        # In evaluation a whole encoder layer is one operation: its attention does not run itself.
        part = "self_attn" if isinstance(innermost, nn.TransformerEncoderLayer) else ""
        return ".".join(filter(None, (own, part))) or type(innermost).__name__

    def n_heads(self) -> int | None:
        """Return the number of heads of the module that is running, where it says so."""
        for module in reversed(self._running[-2:]):
            for name in _HEADS:
                count = getattr(module, name, None)
                if isinstance(count, int) and count > 0:
                    return count
        return None

    def _enter(self, module: nn.Module, _args: Any) -> None:
        if threading.get_ident() != self._thread:
            return
        if not self._running:
            self.outermost = self.outermost or type(module).__name__
            self._names.update({id(part): name for name, part in module.named_modules()})
        self._running.append(module)

    def _leave(self, module: nn.Module, _args: Any, _result: Any) -> None:
        if threading.get_ident() == self._thread and self._running:
            self._running.pop()
