"""What the softmax was taken of: q·k, times a number, plus biases, less what masks hide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import torch
from torch import Tensor

from attnviz.recorder.paths import (
    indices,
    is_layout,
    layout_root,
    one_number,
    replay,
    scaling,
    signature,
    source,
)
from attnviz.recorder.tape import Node, Tape

HIDES = -1_000.0
"""What is at most this, added to a score, hides the pair: its power of e is 0 in every precision.

Masks that are added are −∞, the least number of a type, −1e9 or −1e4; biases are of a score's size.
"""


FACTORS = MappingProxyType(
    {"mm": ("self", "mat2"), "bmm": ("self", "mat2"), "baddbmm": ("batch1", "batch2")}
)
"""The products of matrices, and what they call their factors."""


class UnrecordableError(Exception):
    """An attention that cannot be written as a record; the message says why."""


@dataclass(slots=True)
class Explained:
    """Where the scores before a softmax come from.

    Parameters
    ----------
    product
        The product of queries and keys, ``[block, query, key]`` or ``[query, key]``.
    scale
        What the product was multiplied by, and not the queries or the keys before.
    path
        How the scores are laid out from the product.
    biases
        What was added, as the scores are laid out.
    hidden
        True where a mask hides a pair, as the scores are laid out.
    """

    product: Node
    scale: float
    path: tuple[Node, ...]
    biases: list[Tensor] = field(default_factory=list)
    hidden: list[Tensor] = field(default_factory=list)

    @property
    def q(self) -> Node:
        """The queries as they meet the keys, ``[…, query, d_k]``."""
        return self._factor(0)

    @property
    def k(self) -> Node:
        """The keys as they meet the queries, ``[…, d_k, key]``."""
        return self._factor(1)

    def _factor(self, place: int) -> Node:
        found = self.product.argument(FACTORS[self.product.op][place])
        # Arguments may be plain values; the factors of a product are tensors.
        assert isinstance(found, Node)
        return found


@dataclass(slots=True)
class _Walk:
    """A walk back from the softmax: the steps so far, the nearest first, and their factor."""

    node: Node
    steps: list[Node] = field(default_factory=list)
    factor: float = 1.0


def explain(scores: Node, tape: Tape) -> Explained:
    """Take the scores apart.

    Parameters
    ----------
    scores
        What the softmax was taken of.
    tape
        Where terms that later layers may add again are kept.

    Raises
    ------
    UnrecordableError
        If they are no product of queries and keys, scaled, biased and masked.
    """
    walk = _Walk(scores)
    biases: list[Tensor] = []
    hidden: list[Tensor] = []
    while walk.node.op not in FACTORS:
        scaled = scaling(walk.node)
        if is_layout(walk.node):
            walk.steps.append(walk.node)
            walk.node = source(walk.node)
        elif scaled is not None:
            walk.node, factor = scaled
            walk.factor *= factor
        elif walk.node.op in ("add", "sub"):
            _add(walk, biases, hidden, tape)
        elif walk.node.op in ("masked_fill", "where"):
            _fill(walk, hidden)
        else:
            raise _unknown(walk.node)
    if walk.node.op == "baddbmm":
        term, beta = walk.node.argument("self"), float(walk.node.argument("beta"))
        _split(walk, term, beta, biases, hidden)
        walk.factor *= float(walk.node.argument("alpha"))
    return Explained(walk.node, walk.factor, tuple(reversed(walk.steps)), biases, hidden)


def _unknown(node: Node) -> UnrecordableError:
    made = node.op or "something that was not watched"
    return UnrecordableError(f"its scores are made by {made}, not by q·k, bias and mask")


def has_product(node: Node, depth: int = 40) -> bool:
    """Tell whether a tensor is a product, laid out, scaled, biased or masked."""
    if node.op in FACTORS:
        return True
    known = is_layout(node) or node.op in ("mul", "div", "add", "sub", "masked_fill", "where")
    return known and depth > 0 and any(has_product(p, depth - 1) for p in node.parents())


def _add(walk: _Walk, biases: list[Tensor], hidden: list[Tensor], tape: Tape) -> None:
    """Go on with the side of a sum that is the product; the other is a bias, a mask, or both."""
    node = walk.node
    first, second = node.args[0], node.args[1]
    if not (isinstance(first, Node) and isinstance(second, Node)):
        raise UnrecordableError("a number is added to its scores")
    sign = float(node.argument("alpha")) * (1 if node.op == "add" else -1)
    if has_product(first):
        term, body, sign_of_body = second, first, 1.0
    else:
        term, body, sign, sign_of_body = first, second, 1.0, sign
    tape.pin(term)
    _split(walk, term, sign, biases, hidden)
    walk.node = body
    walk.factor *= sign_of_body


def split_term(term: Node) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Yield what was added to scores as masks and biases.

    Parameters
    ----------
    term
        The sum of them.

    Yields
    ------
    tuple of Tensor
        Where a pair is hidden, and the bias or None; each laid out as the term.
    """
    for part in _parts(term):
        value = part if part.dtype == torch.float64 else part.float()
        hides = value <= HIDES
        seen = value.masked_fill(hides, 0.0)
        if not bool(seen.any()):
            yield hides, None
        else:  # a bias under a mask that it was already added to is not known any more
            yield hides, value.masked_fill(hides, -torch.inf)


def _split(
    walk: _Walk, term: Node, sign: float, biases: list[Tensor], hidden: list[Tensor]
) -> None:
    def laid_out(part: Tensor) -> Tensor:
        return replay(list(reversed(walk.steps)), part.expand(walk.node.shape))

    for hides, bias in split_term(term):
        if bool(hides.any()):
            hidden.append(laid_out(hides))
        if bias is not None:
            biases.append(laid_out(bias * (sign * walk.factor)))


def _parts(term: Node) -> Iterator[Tensor]:
    """Yield what a bias and a mask that were added before were, each laid out as their sum."""
    root, path = layout_root(term)
    if _is_mixed(term.value) and root.op == "add" and root.argument("alpha") == 1:
        sides = [side for side in root.args[:2] if isinstance(side, Node)]
        for side in sides if len(sides) == 2 else ():
            for part in _parts(side):
                yield replay(path, part.expand(root.shape))
        if len(sides) == 2:
            return
    yield term.value


def _is_mixed(value: Tensor) -> bool:
    hides = value <= HIDES
    return bool(hides.any()) and bool(value.masked_fill(hides, 0).any())


def _fill(walk: _Walk, hidden: list[Tensor]) -> None:
    """Go on with what a mask was laid over."""
    node = walk.node
    if node.op == "masked_fill":
        body, mask, filling = node.args[:3]
        hides = mask.value
    else:
        condition, kept, other = node.args[:3]
        if has_product(kept):
            body, hides, filling = kept, ~condition.value.bool(), other
        elif has_product(other):
            body, hides, filling = other, condition.value.bool(), kept
        else:
            raise _unknown(layout_root(kept)[0])
    if not isinstance(body, Node) or not _hides(filling, walk.factor):
        raise UnrecordableError("some of its scores are replaced, and not by −∞")
    hidden.append(replay(list(reversed(walk.steps)), hides.expand(node.shape)))
    walk.node = body


def _hides(filling: object, factor: float) -> bool:
    number = one_number(filling)
    if number is not None:
        return number * factor <= HIDES
    return isinstance(filling, Node) and bool((filling.value * factor <= HIDES).all())


def blocks(
    shape: Sequence[int], path: Sequence[Node], laid_out: Sequence[int], tape: Tape
) -> list[int]:
    """Tell which block ``[query, key]`` of a tensor each block of another is.

    Parameters
    ----------
    shape
        ``[…, query, key]`` of the first.
    path
        How the other is laid out from it.
    laid_out
        ``[…, query, key]`` of the other.
    tape
        Remembers what was found.

    Raises
    ------
    UnrecordableError
        If the blocks do not stay whole.
    """
    size = shape[-1] * shape[-2]

    def find() -> list[int] | None:
        places = replay(path, indices(shape)).reshape(-1, size)
        first = places[:, :1]
        stay = bool((places == first + torch.arange(size)).all())
        whole = stay and bool((first % size == 0).all()) and laid_out[-1] == shape[-1]
        return [int(place) // size for place in first[:, 0]] if whole else None

    found = tape.once(("blocks", tuple(shape), tuple(laid_out), signature(path)), find)
    if found is None:
        raise UnrecordableError("its rows of scores are cut up between product and softmax")
    return found
