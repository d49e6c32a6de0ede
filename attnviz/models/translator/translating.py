"""Greedy translation, one sentence or many at once."""

from collections.abc import Sequence

import torch

from attnviz.models.translator.model import EncoderDecoder
from attnviz.models.translator.tokenizer import Words


@torch.no_grad()
def translate(
    model: EncoderDecoder, words: Words, sources: Sequence[Sequence[int]]
) -> list[tuple[int, ...]]:
    """Write the likeliest word, read it, and go on until the end.

    Parameters
    ----------
    model
        The model.
    words
        Its vocabulary.
    sources
        Ids of sources of one length.

    Returns
    -------
    list of tuple of int
        Ids of the translations, without start and end; a translation may be empty, and one that
        does not end is cut where the positions do.
    """
    memory = model.encode(torch.tensor(sources)).final
    written = torch.full((len(sources), 1), words.start_id)
    done = torch.zeros(len(sources), dtype=torch.bool)
    while written.shape[1] <= model.config.max_tokens and not done.all():
        following = model.decode(written, memory).logits[:, -1].argmax(dim=-1)
        done |= following == words.end_id
        written = torch.cat([written, following.masked_fill(done, words.end_id)[:, None]], dim=1)
    return [tuple(i for i in row[1:] if i != words.end_id) for row in written.tolist()]
