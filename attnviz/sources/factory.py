"""A user's own module, from a function in a file of theirs, or handed over in Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from attnviz.errors import UserError, quoted
from attnviz.records import ModelTrace
from attnviz.sources.passes import evaluating, run_pass
from attnviz.sources.pieces import pairs
from attnviz.sources.user_code import import_file, user_code

_WANTED = (
    "wanted (module, tokens) with (piece, id) pairs, or (module, tokens, inputs) with texts and"
    " what the module is called with"
)


@dataclass(frozen=True, slots=True)
class Made:
    """What a factory made.

    Parameters
    ----------
    module
        What is run.
    tokens, ids
        What it reads; ids are positions where the factory gave none.
    call
        Runs the module on them.
    knows_ids
        Whether the ids are rows of an embedding table.
    """

    module: Any
    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    call: Callable[[], Any]
    knows_ids: bool = True


def trace_factory(path: Path, function: str, text: str) -> ModelTrace:
    """Run the module that a function in a user's file returns.

    The function is called with the text, if it takes a parameter.

    Parameters
    ----------
    path
        The file.
    function
        The function's name.
    text
        The text.

    Returns
    -------
    ModelTrace
        The module's attentions, and its tokens' vectors where it looks them up.

    Raises
    ------
    UserError
        If the user's code raises (one line with its file and line), returns something else, or
        never calls attention.
    """
    path = path.resolve()
    name = f"{path.name}:{function}"
    with user_code(path):
        factory = getattr(import_file(path), function, None)
        if not callable(factory):
            raise UserError(f"{name} is a {type(factory).__name__}, not a function; {_WANTED}")
        takes_text = _takes_text(factory)
        made = _made(name, factory(text) if takes_text else factory())
        if takes_text:
            return trace_module(made, name, text)
        found = trace_module(made, name, " ".join(made.tokens))
    return replace(found, notes=(*found.notes, f"{name} takes no text: its tokens are its own."))


def trace_module(made: Made, name: str, text: str) -> ModelTrace:
    """Run any module on tokens, in evaluation mode, and record its attention.

    Parameters
    ----------
    made
        The module and its tokens.
    name
        Its name.
    text
        The text as the user gave it.

    Returns
    -------
    ModelTrace
        Its attentions.

    Raises
    ------
    UserError
        If it never calls attention, or on other lengths than that of the tokens.
    """
    with evaluating(made.module):
        done = run_pass(made.call, name, made.tokens, made.ids)
    lengths = {side for layer in done.layers for side in layer.weights.shape[1:]}
    if len(made.tokens) not in lengths:
        raise UserError(
            f"{name} gave {len(made.tokens)} tokens, but its attention runs over"
            f" {', '.join(map(str, sorted(lengths)))}; give one token for each query, and"
            " torch's own layers batch_first=True"
        )
    notes = () if made.knows_ids else ("No ids were given: those here are positions.",)
    return done.trace(model=name, text=text, tokens=made.tokens, ids=made.ids, notes=notes)


def made_of_pairs(module: Any, tokens: Sequence[str], ids: Sequence[int]) -> Made:
    """Return a module that is called with its tokens' ids, of shape ``[1, token]``."""
    parameter = next(module.parameters(), None) if hasattr(module, "parameters") else None
    device = None if parameter is None else parameter.device
    rows = torch.tensor([list(ids)], device=device)
    return Made(module, tuple(tokens), tuple(ids), lambda: module(rows))


def _takes_text(factory: Callable[..., Any]) -> bool:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(p.kind in kinds for p in inspect.signature(factory).parameters.values())


def _made(name: str, found: object) -> Made:
    match found:
        case (module, tokens) if callable(module):
            return made_of_pairs(module, *pairs(name, tokens))
        case (module, [*tokens], inputs) if callable(module) and _are_texts(tokens):
            return _made_with_inputs(module, tuple(map(str, tokens)), inputs)
    raise UserError(f"{name} returned {quoted(f'{type(found).__name__} {found!r}')}; {_WANTED}")


def _are_texts(tokens: Sequence[object]) -> bool:
    return bool(tokens) and all(isinstance(token, str) for token in tokens)


def _made_with_inputs(module: Any, tokens: tuple[str, ...], inputs: object) -> Made:
    args: tuple[Any, ...] = ()
    named: dict[str, Any] = {}
    if isinstance(inputs, Mapping):
        named = {str(key): value for key, value in inputs.items()}
    else:
        args = tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
    ids = _ids_among([*args, *named.values()], len(tokens))
    positions = tuple(range(len(tokens)))
    return Made(module, tokens, ids or positions, lambda: module(*args, **named), ids is not None)


def _ids_among(inputs: Sequence[object], count: int) -> tuple[int, ...] | None:
    """Return the tokens' ids, where an input is as many whole numbers."""
    for given in inputs:
        if isinstance(given, Tensor) and given.dtype == torch.long and given.numel() == count:
            found = tuple(given.flatten().tolist())
            if min(found) >= 0:
                return found
    return None
