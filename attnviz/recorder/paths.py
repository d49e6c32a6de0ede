"""Ways back from a tensor to what it was made of, and the same ways forward again."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from attnviz.recorder.tape import Node

_RESHAPES = frozenset({"view", "_unsafe_view", "reshape", "_reshape_alias", "_reshape_copy"})
_COPIES = frozenset({"clone", "contiguous", "detach", "alias", "lift_fresh", "_to_copy", "copy"})
_MOVES = frozenset(
    {
        "transpose",
        "permute",
        "t",
        "unsqueeze",
        "squeeze",
        "expand",
        "select",
        "slice",
        "split",
        "split_with_sizes",
        "unbind",
    }
)
_SCALINGS = frozenset({"mul", "div"})


@dataclass(frozen=True, slots=True)
class Linear:
    """A product with a matrix of weights, found on the way back from a tensor.

    Parameters
    ----------
    x
        What was multiplied, ``[row, d_in]``.
    weight
        ``[d_in, d_out]``.
    bias
        ``[d_out]``, or None.
    result
        The product, ``[row, d_out]``, perhaps with an axis of size 1 before.
    path
        How the tensor was laid out from the product, the first step first.
    """

    x: Node
    weight: Tensor
    bias: Tensor | None
    result: Node
    path: tuple[Node, ...]


def is_layout(node: Node) -> bool:
    """Tell whether an operation only lays its numbers out otherwise, or rounds them."""
    if node.op in _RESHAPES:
        return node.func is not None and node.func._overloadname != "dtype"
    return node.op in _COPIES or node.op in _MOVES or _is_first_append(node)


def source(node: Node) -> Node:
    """Return the tensor that a layout operation took its numbers from."""
    if node.op == "cat":
        full: Node = next(part for part in node.args[0] if part.value.numel())
        return full
    taken = node.args[1] if node.op == "copy" else node.args[0]
    # Arguments may be plain values; that of a layout operation is a tensor.
    assert isinstance(taken, Node)
    return taken


def _is_first_append(node: Node) -> bool:
    """Tell whether something was put behind nothing, as a cache of keys does the first time."""
    return node.op == "cat" and sum(part.value.numel() > 0 for part in node.args[0]) == 1


def layout_root(node: Node) -> tuple[Node, tuple[Node, ...]]:
    """Return where a tensor's numbers were computed, and the layout steps since, in their order."""
    steps = []
    while is_layout(node):
        steps.append(node)
        node = source(node)
    return node, tuple(reversed(steps))


def replay(path: Sequence[Node], tensor: Tensor) -> Tensor:
    """Lay another tensor out as the steps of a path did theirs."""
    for step in path:
        assert step.func is not None
        if step.op in _RESHAPES:
            tensor = tensor.reshape(step.shape)
        elif step.op == "expand":
            tensor = tensor.expand(step.shape)
        elif step.op not in _COPIES and step.op != "cat":
            moved = step.func(tensor, *step.args[1:], **(step.kwargs or {}))
            tensor = moved[step.part] if isinstance(moved, list | tuple) else moved
    return tensor


def signature(path: Sequence[Node]) -> tuple[Hashable, ...]:
    """Return what a layout depends on, and nothing else: equal for paths that lay out alike."""

    def plain(argument: object) -> object:
        if isinstance(argument, tuple):
            return tuple(plain(part) for part in argument)
        return None if isinstance(argument, Node) else argument

    def named(step: Node) -> tuple[object, ...]:
        if step.op in _COPIES:  # where the copy lies does not matter
            return ()
        return tuple((name, plain(value)) for name, value in (step.kwargs or {}).items())

    return tuple(
        (step.func, step.part, tuple(step.shape), plain(step.args), named(step)) for step in path
    )


def scaling(node: Node) -> tuple[Node, float] | None:
    """Return what an operation multiplied by one number, and that number; else None."""
    if node.op not in _SCALINGS or (node.kwargs or {}).get("rounding_mode") is not None:
        return None
    first, second = node.args[0], node.args[1]
    number = one_number(second)
    if isinstance(first, Node) and number is not None:
        return first, number if node.op == "mul" else 1 / number
    number = one_number(first)
    if node.op == "mul" and isinstance(second, Node) and number is not None:
        return second, number
    return None


def one_number(argument: object) -> float | None:
    """Return a number, or the only one of a tensor; else None."""
    if isinstance(argument, Node):
        return float(argument.value) if argument.value.numel() == 1 else None
    return float(argument) if isinstance(argument, int | float) else None


def unscaled(node: Node) -> tuple[Tensor, float]:
    """Return a tensor as it was before it was multiplied by numbers, and their product."""
    factor = 1.0
    steps: list[Node] = []
    after: list[Node] = []
    root, reached = node, node.value
    while True:
        scaled = scaling(root)
        if scaled is not None:
            root, factor = scaled[0], factor * scaled[1]
            after, reached = list(steps), root.value
        elif is_layout(root):
            steps.append(root)
            root = source(root)
        else:
            return replay(list(reversed(after)), reached), factor


def linear(node: Node) -> Linear | None:
    """Follow a tensor back to the product with a matrix of weights that it is laid out from."""
    steps: list[Node] = []
    bias: Tensor | None = None
    while True:
        scaled, added = scaling(node), added_bias(node)
        if is_layout(node):
            steps.append(node)
            node = source(node)
        elif scaled is not None and bias is None:
            node = scaled[0]
        elif added is not None and bias is None:
            node, bias = added
        else:
            break
    made = product(node)
    if made is None or (bias is not None and made.bias is not None):
        return None
    return replace(made, bias=made.bias if bias is None else bias, path=tuple(reversed(steps)))


def linear_ancestors(node: Node, most: int = 80) -> list[Linear]:
    """Return the products with weights that a tensor is computed from, none behind another."""
    found, waiting, met = [], [node], {id(node)}
    while waiting and len(met) < most:
        here = waiting.pop()
        made = linear(here)
        if made is not None:
            found.append(made)
            continue
        for parent in here.parents():
            if id(parent) not in met:
                met.add(id(parent))
                waiting.append(parent)
    return found


def added_bias(node: Node) -> tuple[Node, Tensor] | None:
    """Return what a vector was added to, and the vector, where an operation is that; else None."""
    if node.op != "add" or node.argument("alpha") != 1:
        return None
    first, second = node.args[0], node.args[1]
    if isinstance(first, Node) and isinstance(second, Node):
        for body, bias in ((first, second), (second, first)):
            if bias.shape == node.shape[-1:] and body.shape == node.shape:
                return body, bias.value
    return None


def product(node: Node) -> Linear | None:
    """Return the factors, where an operation is one product with a matrix; else None."""
    match node.op:
        case "mm":
            return Linear(node.args[0], node.args[1].value, None, node, ())
        case "addmm":
            bias, x, weight = node.args[:3]
            plain = node.argument("alpha") == 1 and node.argument("beta") == 1
            if plain and bias.shape == weight.shape[-1:]:
                return Linear(x, weight.value, bias.value, node, ())
        case "bmm":
            x, weight = node.args[:2]
            if len(x.value) == 1:
                return Linear(x, weight.value[0], None, node, ())
    return None


def indices(shape: Sequence[int]) -> Tensor:
    """Return a tensor of a shape that holds the place of each of its numbers."""
    return torch.arange(math.prod(shape)).reshape(tuple(shape))
