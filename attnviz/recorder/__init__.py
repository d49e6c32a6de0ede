"""The recorder: the attention of any forward pass, written down while it runs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import overload

from attnviz.errors import UserError
from attnviz.recorder.drafts import Draft
from attnviz.recorder.watching import Watcher
from attnviz.records import AttentionTrace, ModelTrace


class RecordingWarning(UserWarning):
    """Some attention was seen and could not be recorded."""


class Recording(Sequence[AttentionTrace]):
    """The attentions of a forward pass, in the order in which they were computed.

    Parameters
    ----------
    tokens
        The labels of queries and keys; None: their positions, counted from 0.
    """

    def __init__(self, tokens: Sequence[str] | None = None) -> None:
        self._tokens = None if tokens is None else tuple(tokens)
        self._drafts: tuple[Draft, ...] = ()
        self._records: dict[int, AttentionTrace] = {}
        self.model = ""
        """The class of the outermost module that ran; an empty string where none did."""
        self.missed: tuple[str, ...] = ()
        """What was seen and could not be recorded: module and reason."""

    def __len__(self) -> int:
        """Count the attentions."""
        return len(self._drafts)

    @overload
    def __getitem__(self, index: int) -> AttentionTrace: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[AttentionTrace, ...]: ...
    def __getitem__(self, index: int | slice) -> AttentionTrace | tuple[AttentionTrace, ...]:
        """Return one attention, or several; each is held to the equations when first asked for.

        Raises
        ------
        TensorError
            If its numbers do not hold the equations: NaN, for instance.
        """
        if isinstance(index, slice):
            return tuple(self[i] for i in range(len(self))[index])
        place = range(len(self))[index]
        if place not in self._records:
            draft = self._drafts[place]
            labels = (self._labels(draft.scores.shape[axis]) for axis in (1, 2))
            self._records[place] = draft.record(*labels)
        return self._records[place]

    def __repr__(self) -> str:
        """Name the attentions."""
        names = ", ".join(draft.name for draft in self._drafts)
        return f"<Recording of {len(self)}: {names}>"

    def trace(
        self,
        text: str | None = None,
        *,
        model: str | None = None,
        ids: Sequence[int] | None = None,
    ) -> ModelTrace:
        """Return the attentions as a trace, which films, tables and pictures take.

        Parameters
        ----------
        text
            The sentence; None: the tokens with spaces between.
        model
            What the model is called; None: the class of the outermost module.
        ids
            The tokens' numbers; None: their positions.

        Raises
        ------
        UserError
            If no attention was recorded.
        TensorError
            If numbers do not hold the equations, or the sizes do not fit.
        """
        if not self:
            raise UserError(self._nothing())
        tokens = self._tokens or self[0].key_tokens
        return ModelTrace(
            model=model or self.model or "a function",
            text=text if text is not None else " ".join(tokens),
            tokens=tokens,
            ids=tuple(range(len(tokens)) if ids is None else ids),
            layers=self[:],
            notes=tuple(f"Not recorded: {reason}." for reason in self.missed),
        )

    def _labels(self, count: int) -> tuple[str, ...]:
        if self._tokens is not None and len(self._tokens) == count:
            return self._tokens
        return tuple(map(str, range(count)))

    def _nothing(self) -> str:
        if self.missed:
            return f"no attention could be recorded: {'; '.join(self.missed)}"
        return (
            "no attention was recorded: nothing called scaled_dot_product_attention,"
            " nn.MultiheadAttention or softmax(q @ k.T) @ v while it was watched; run the model"
            " inside the with block, in the same thread"
        )

    def _close(self, watcher: Watcher) -> None:
        self._drafts, self.missed = tuple(watcher.drafts), tuple(watcher.missed)
        self.model = watcher.modules.outermost


@contextmanager
def record(*, tokens: Sequence[str] | None = None, item: int = 0) -> Iterator[Recording]:
    """Write down every attention that is computed meanwhile, in this thread.

    Nothing of the model is changed, and its results are the same to the last bit: torch's
    dispatcher runs the same operations and shows them. What is kept are copies, outside the graph
    of gradients.

    Seen are ``scaled_dot_product_attention``, ``nn.MultiheadAttention`` and the encoder and decoder
    layers on every path, and any softmax(q·kᵀ·scale + bias, mask)·v that is written step by step
    with ``torch.softmax``. What ``torch.compile`` made runs uncompiled while it is watched, and
    gives the last digits of the module it was made of.

    Parameters
    ----------
    tokens
        The labels of queries and keys, wherever as many meet; None: their positions.
    item
        Which item of a batch, counted from 0.

    Yields
    ------
    Recording
        The attentions, a sequence; it is complete when the block ends.

    Raises
    ------
    UserError
        If the batch has fewer items.

    Warns
    -----
    RecordingWarning
        If an attention was seen and could not be recorded.

    Examples
    --------
    >>> import torch, attnviz
    >>> layer = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    >>> with attnviz.record(tokens=["he", "left"]) as seen:
    ...     _ = layer(*[torch.randn(1, 2, 8)] * 3)
    >>> [trace.weights.shape for trace in seen]
    [(2, 2, 2)]
    """
    if item < 0:
        raise UserError(f"item {item}: items of a batch count from 0; give 0 or more")
    recording, watcher = Recording(tokens), Watcher(item)
    try:
        with watcher.modules.watched(), watcher:
            yield recording
    finally:
        watcher.forget()
        recording._close(watcher)
    if watcher.missed:
        warnings.warn("; ".join(watcher.missed), RecordingWarning, stacklevel=3)


__all__ = ["Recording", "RecordingWarning", "record"]
