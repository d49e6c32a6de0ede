"""Watching what torch computes, below everything that a user can see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from attnviz.recorder.drafts import Draft, Ending
from attnviz.recorder.eager import draft_of_steps, find_blend
from attnviz.recorder.fused import KERNELS, draft_of_kernel
from attnviz.recorder.layouts import Place
from attnviz.recorder.modules import Modules
from attnviz.recorder.native import LAYERS, draft_of_layer
from attnviz.recorder.paths import added_bias, layout_root, product
from attnviz.recorder.scores import FACTORS, UnrecordableError
from attnviz.recorder.tape import Node, Tape, op_name

_SCALED_IN_PLACE = frozenset({"aten::mul_", "aten::div_"})
"""Operations that write over queries, or over weights, of which the numbers before are wanted."""


class Watcher(TorchDispatchMode):
    """Sees every operation as torch's dispatcher runs it, and runs the very same.

    A mode of functions would be seen by ``nn.TransformerEncoderLayer``, which then leaves its fused
    path and gives other last digits; a mode of the dispatcher is not.

    Parameters
    ----------
    item
        Which item of a batch is written down.
    """

    def __init__(self, item: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch says no types here
        self.item = item
        self.modules = Modules()
        self.drafts: list[Draft] = []
        self.missed: list[str] = []
        self._tape = Tape()
        self._endings: dict[int, Ending] = {}
        self._joined: dict[int, tuple[Ending, Place]] = {}

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation and note it."""
        given = dict(kwargs or {})
        if torch.is_inference_mode_enabled():
            # Without autograd, composite operations arrive whole; autograd would take them apart.
            with self:
                result = func.decompose(*args, **given)
            if result is not NotImplemented:
                return result
        if func._schema.name in _SCALED_IN_PLACE:
            self._tape.preserve(args[0])
        result = func(*args, **given)
        # Gradients are computed of weights and values too, and checkpoints run forward again.
        if torch._C._current_graph_task_id() == -1:
            nodes = self._tape.write(func, args, given, result)
            if nodes:
                self._look(nodes[0])
        return result

    def forget(self) -> None:
        """Let go of every tensor of the model."""
        self._tape = Tape()
        self._endings.clear()
        self._joined.clear()

    def _look(self, node: Node) -> None:
        name = op_name(node.func) if node.func else ""
        if name in FACTORS:
            self._try(lambda: self._blend(node))
            self._join(node)
        elif name == "addmm":
            self._join(node)
        elif name == "add":
            self._add(node)
        elif name.startswith(KERNELS):
            self._try(lambda: self._kernel(node))
        elif name in LAYERS:
            self._try(lambda: self._layer(node))

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except UnrecordableError as error:
            self.missed.append(f"{self.modules.name()}: {error}")

    def _blend(self, node: Node) -> None:
        blend = find_blend(node)
        if blend is not None:
            name, n_heads = self.modules.name(), self.modules.n_heads()
            self._open(draft_of_steps(blend, name, n_heads, self.item, self._tape))

    def _kernel(self, node: Node) -> None:
        self._open(draft_of_kernel(node, self.modules.name(), self.item, self._tape))

    def _layer(self, node: Node) -> None:
        self.drafts.append(draft_of_layer(node, self.modules.name(), self.item))

    def _open(self, ending: Ending) -> None:
        """Keep an attention, and wait for the matrix that joins its heads."""
        self.drafts.append(ending.draft)
        self._tape.turn()
        self._endings[id(ending.heads)] = ending

    def _join(self, node: Node) -> None:
        made = product(node)
        if made is None or not self._endings:
            return
        ending = self._endings.get(id(layout_root(made.x)[0]))
        if ending is None or ending.draft.w_o is not None:
            return
        place = ending.join(made, self._tape)
        if place is not None and made.bias is None:
            self._joined[id(node)] = ending, place

    def _add(self, node: Node) -> None:
        added = added_bias(node) if self._joined else None
        if added is None:
            return
        body, bias = added
        waiting = self._joined.pop(id(layout_root(body)[0]), None)
        if waiting is not None:
            ending, place = waiting
            ending.add(bias, node, place)
