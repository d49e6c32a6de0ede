"""One forward pass, recorded, and the trace that is made of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.errors import AttnvizError, UserError
from attnviz.recorder import RecordingWarning, record
from attnviz.records import AttentionTrace, ModelTrace
from attnviz.sources.added import Added
from attnviz.sources.looking import striking_focus

_LARGEST_TABLE = 100_000_000
"""Numbers in an embedding table beyond which it is left out of a trace (400 MB of them)."""

_HALVES = (torch.float16, torch.bfloat16)


@dataclass(frozen=True, slots=True)
class Pass:
    """What a forward pass over a text computed.

    Parameters
    ----------
    layers
        Its attentions, in the order in which they ran.
    added
        The tokens' vectors, and what was added to them.
    result
        What the model returned.
    missed
        What attention could not be recorded, and why.
    """

    layers: tuple[AttentionTrace, ...]
    added: Added
    result: Any
    missed: tuple[str, ...]

    def trace(self, *, notes: Sequence[str] = (), **fields: Any) -> ModelTrace:
        """Put the trace together.

        Parameters
        ----------
        notes
            Sentences for the manifest.
        fields
            The other fields of a ModelTrace: its model, text, tokens, ids and what else is known.

        Raises
        ------
        TensorError
            If the parts do not fit each other.
        """
        written = fields.get("target_tokens")
        quiet = {fields["tokens"][place] for place in fields.get("special", ())}
        quiet |= {written[place] for place in fields.get("target_special", ()) if written}
        vectors = {
            "token_embeddings": self.added.tokens,
            "position_embeddings": self.added.positions,
            "embedding_table": self._table(),
        }
        fields |= {name: as_array(found) for name, found in vectors.items() if found is not None}
        return ModelTrace(
            **fields,
            layers=self.layers,
            focus=striking_focus(self.layers, "cross" if written else "self", quiet),
            notes=(*notes, *self._notes()),
        )

    def _table(self) -> Tensor | None:
        table = self.added.table
        return None if table is None or table.numel() > _LARGEST_TABLE else table

    def _notes(self) -> list[str]:
        notes = [f"Not recorded: {reason}." for reason in self.missed]
        if self.added.factor != 1:
            notes.append(
                f"The model multiplies the rows of its embedding table by {self.added.factor:.4g};"
                " embedding_table and token_embeddings are given multiplied."
            )
        if self.added.positions is not None and self.added.others:
            notes.append(
                "Besides token and position the model adds a vector that is the same in many"
                " places, a segment's, to each token; it is in neither token_embeddings nor"
                " position_embeddings."
            )
        return notes


def run_pass(call: Callable[[], Any], name: str, tokens: Sequence[str], ids: Sequence[int]) -> Pass:
    """Run a model once, without gradients, and record its attention.

    Parameters
    ----------
    call
        Runs it.
    name
        The model's name, for errors.
    tokens, ids
        What it reads.

    Returns
    -------
    Pass
        Its attentions and its result.

    Raises
    ------
    UserError
        If it never calls attention.
    TensorError
        If its numbers do not hold the equations of attention: NaN in its scores, for instance.
    """
    with torch.no_grad(), warnings.catch_warnings():
        # What was missed stands in the notes.
        warnings.simplefilter("ignore", RecordingWarning)
        with record(tokens=tokens) as seen, Added(ids) as added:
            result = call()
    if not seen:
        try:
            seen.trace()
        except AttnvizError as error:
            raise UserError(f"{name}: {error}") from error
    return Pass(seen[:], added, result, seen.missed)


@contextmanager
def evaluating(model: object) -> Iterator[None]:
    """Put a module into evaluation mode for a while, then each of its parts back into its own."""
    parts = list(model.modules()) if isinstance(model, nn.Module) else []
    training = [part for part in parts if part.training]
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True


def as_array(tensor: Tensor) -> np.ndarray:
    """Return a tensor as numpy has it; half precision is widened."""
    found = tensor.detach().cpu()
    return np.asarray((found.float() if found.dtype in _HALVES else found).numpy())
