"""Traces of as many tokens as wanted, from a real forward pass; no shipped model reads so many."""

from __future__ import annotations

from pathlib import Path

import torch

import attnviz

_WIDTH, _HEADS, _HIDDEN = 16, 2, 32
_SEED = 0


def save_long_trace(count: int, folder: Path) -> Path:
    """Record a causal layer of random weights on made-up tokens, and save the trace.

    Parameters
    ----------
    count
        How many tokens.
    folder
        Where the file goes.
    """
    torch.manual_seed(_SEED)
    layer = torch.nn.TransformerEncoderLayer(_WIDTH, _HEADS, _HIDDEN, batch_first=True).eval()
    mask = torch.nn.Transformer.generate_square_subsequent_mask(count)
    with torch.no_grad(), attnviz.record(tokens=[f"word{i}" for i in range(count)]) as seen:
        layer(torch.randn(1, count, _WIDTH), src_mask=mask, is_causal=True)
    file = folder / f"{count}.safetensors"
    seen.trace().save(file)
    return file
