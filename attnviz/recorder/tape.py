"""The tape: which operation made which tensor, for as long as an attention may still ask."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch._ops import OpOverload

_MOST_KEPT = 4_000
"""Operations after which the older half is forgotten: an attention spans some dozens."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A tensor and the operation that made it.

    Parameters
    ----------
    value
        The tensor, outside the graph of gradients.
    func
        The operation; None where nothing watched made it: a parameter, an input, a constant.
    args, kwargs
        What the operation was called with, a node in the place of each tensor.
    part
        Which of the operation's results it is.
    """

    value: Tensor
    func: OpOverload | None = None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None
    part: int = 0

    @property
    def op(self) -> str:
        """The operation's name, the same in place or not; "" where there is none."""
        return "" if self.func is None else op_name(self.func)

    @property
    def shape(self) -> torch.Size:
        """The tensor's shape."""
        return self.value.shape

    def argument(self, name: str) -> Any:
        """Return an argument of the operation by its name, the default where it was left out."""
        assert self.func is not None
        for place, argument in enumerate(self.func._schema.arguments):
            if argument.name == name:
                if not argument.kwarg_only and place < len(self.args):
                    return self.args[place]
                return (self.kwargs or {}).get(name, argument.default_value)
        raise LookupError(f"{self.func} has no argument {name}")

    def parents(self) -> Iterator[Node]:
        """Yield the tensors that the operation took."""
        for argument in (*self.args, *(self.kwargs or {}).values()):
            if isinstance(argument, Node):
                yield argument
            elif isinstance(argument, list | tuple):
                yield from (item for item in argument if isinstance(item, Node))


def op_name(func: OpOverload) -> str:
    """Return the name of an operation, e.g. ``add`` for ``aten::add_.Tensor``."""
    name = func._schema.name.partition("::")[2]
    return name.rstrip("_") if len(name) > 1 else name


Key = tuple[Any, ...]
Found = TypeVar("Found")


class Tape:
    """What was computed lately.

    A tensor is known again by the memory it lies in and by its shape: autograd hands views on as
    other objects. A node keeps its tensor, so that its memory is not given to another meanwhile.
    """

    def __init__(self) -> None:
        self._new: dict[Key, Node] = {}
        self._old: dict[Key, Node] = {}
        self._pinned: dict[Key, Node] = {}
        self._found: dict[Hashable, Any] = {}

    def write(
        self, func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any
    ) -> list[Node]:
        """Note an operation; return a node for each tensor that came of it."""
        taken = tuple(self._noted(argument) for argument in args)
        named = {name: self._noted(argument) for name, argument in kwargs.items()}
        results = result if isinstance(result, list | tuple) else [result]
        nodes = []
        for part, tensor in enumerate(results):
            if isinstance(tensor, Tensor):
                node = Node(tensor.detach(), func, taken, named, part)
                self._new[_key(tensor)] = node
                nodes.append(node)
        if len(self._new) > _MOST_KEPT:
            self.turn()
        return nodes

    def preserve(self, tensor: Tensor) -> None:
        """Keep a copy of what is known of a tensor, which is about to be written over."""
        node = self.node(tensor)
        # A node is frozen for everyone else: its numbers stay, only their memory is another.
        object.__setattr__(node, "value", node.value.clone())

    def node(self, tensor: Tensor) -> Node:
        """Return what is known of a tensor."""
        key = _key(tensor)
        for kept in (self._new, self._old, self._pinned):
            if key in kept:
                return kept[key]
        leaf = Node(tensor.detach())
        self._new[key] = leaf
        return leaf

    def pin(self, node: Node) -> None:
        """Never forget a node: later layers may add the same bias."""
        self._pinned[_key(node.value)] = node

    def once(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """Return what was found for a key before, or find it: layers are laid out alike."""
        if key not in self._found:
            self._found[key] = find()
        found: Found = self._found[key]
        return found

    def turn(self) -> None:
        """Forget what is older than the last turn."""
        self._old, self._new = self._new, {}

    def _noted(self, argument: Any) -> Any:
        if isinstance(argument, Tensor):
            return self.node(argument)
        if isinstance(argument, list | tuple):
            return tuple(self._noted(item) for item in argument)
        return argument


def _key(tensor: Tensor) -> Key:
    if tensor.layout != torch.strided or tensor.is_nested:
        return (id(tensor),)
    try:
        place = tensor.data_ptr()
    except RuntimeError:  # a tensor without memory of its own, of a subclass
        return (id(tensor),)
    return place, tuple(tensor.shape), tensor.stride(), tensor.dtype, tensor.device
