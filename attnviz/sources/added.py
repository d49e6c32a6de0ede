"""What a model adds to its tokens' vectors before it does anything else with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

_LOOK_UP = torch.ops.aten.embedding.default
_ADD = (torch.ops.aten.add.Tensor, torch.ops.aten.add_.Tensor)
_TIMES = (torch.ops.aten.mul.Tensor, torch.ops.aten.mul_.Tensor)
_SAME = (
    *(torch.ops.aten.clone.default, torch.ops.aten.detach.default, torch.ops.aten.alias.default),
    *(torch.ops.aten.view.default, torch.ops.aten.unsqueeze.default),
    *(torch.ops.aten._to_copy.default, torch.ops.aten._unsafe_view.default),
)
"""Operations that hand on the same numbers."""

_GLANCES = (
    *(torch.ops.aten.select.int, torch.ops.aten.slice.Tensor),
    *(torch.ops.aten.empty_like.default, torch.ops.aten.zeros_like.default),
    *(torch.ops.aten.ones_like.default, torch.ops.aten.sym_size.int),
)
"""Operations by which models only learn how many tokens there are."""


class Added(TorchDispatchMode):
    """Watches a forward pass from the look-up of the tokens to the first use of their vectors.

    It follows the numbers, not the names of modules: the vectors that are looked up by the
    tokens' ids, a factor by which all of them are multiplied, and each tensor that is added. What
    differs from place to place is the position's; what does not (a segment's) is counted.

    Parameters
    ----------
    ids
        The tokens' ids, in the order of the text.

    Attributes
    ----------
    table
        ``[vocabulary, d_embedding]``, times the factor; None where no look-up was seen.
    tokens, positions
        ``[token, d_embedding]``: the tokens' vectors, times the factor, and what is added for
        their places; None where nothing is.
    factor
        By which the model multiplies the table's rows.
    others
        How many more tensors are added.
    """

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch says no types here
        self.table: Tensor | None = None
        self.tokens: Tensor | None = None
        self.positions: Tensor | None = None
        self.factor = 1.0
        self.others = 0
        self._ids = list(ids)
        self._sum: Tensor | None = None
        self._done = False

    def __enter__(self) -> Added:
        """Begin to watch."""
        super().__enter__()  # type: ignore[no-untyped-call]  # torch says no types here
        return self

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation, and look at what it does with the tokens' vectors."""
        result = func(*args, **(kwargs or {}))
        if not self._done:
            if self._sum is None:
                self._look_for_tokens(func, args, result)
            elif func not in _GLANCES and any(arg is self._sum for arg in args):
                self._follow(func, args, result)
        return result

    def _look_for_tokens(self, func: Callable[..., Any], args: Sequence[Any], result: Any) -> None:
        if func is _LOOK_UP and args[1].flatten().tolist() == self._ids:
            self.table, self._sum = args[0].detach(), result
            self.tokens = self._rows(result)

    def _follow(self, func: Callable[..., Any], args: Sequence[Any], result: Any) -> None:
        """Take in one operation on the sum so far; the first that is no part of it is the end."""
        assert self._sum is not None
        others = [arg for arg in args if arg is not self._sum]
        if func in _TIMES and self.positions is None and not self.others and _is_one(others):
            self._multiply(float(others[0]))
        elif func in _ADD and len(others) == 1 and self._is_of_tokens(others[0]):
            self._add(others[0])
        elif func not in _SAME or result.numel() != self._sum.numel():
            self._done = True
            return
        self._sum = result

    def _multiply(self, factor: float) -> None:
        assert self.tokens is not None
        assert self.table is not None
        self.factor *= factor
        self.tokens, self.table = self.tokens * factor, self.table * factor

    def _add(self, other: Tensor) -> None:
        rows = self._rows(torch.broadcast_to(other, self._sum_shape()))
        if len(torch.unique(rows, dim=0)) < len(rows):
            self.others += 1
        else:
            self.positions = rows if self.positions is None else self.positions + rows

    def _is_of_tokens(self, other: Any) -> bool:
        if not isinstance(other, Tensor):
            return False
        shape = self._sum_shape()
        return other.shape[-1:] == shape[-1:] and other.ndim <= len(shape)

    def _sum_shape(self) -> torch.Size:
        assert self._sum is not None
        return self._sum.shape

    def _rows(self, vectors: Tensor) -> Tensor:
        # Cloned: a later operation may write to the same memory.
        return vectors.detach().reshape(len(self._ids), -1).clone()


def _is_one(others: Sequence[Any]) -> bool:
    """Tell whether an operation's other operands are a single number."""
    return len(others) == 1 and (
        isinstance(others[0], int | float)
        or (isinstance(others[0], Tensor) and others[0].numel() == 1)
    )
