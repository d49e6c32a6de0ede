"""Text to tokens and ids, for the tiny models."""

import functools
from dataclasses import dataclass

from tokenizers import Tokenizer

from attnviz.errors import UserError
from attnviz.models.vocabulary import MASK, PAD, TOKENIZER_PATH, byte_alphabet

MAX_TOKENS = 32
"""The longest sentence of the tiny models: their learned positions mean nothing beyond."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A sentence in pieces.

    Parameters
    ----------
    texts
        What is shown: a piece that starts a word stands bare (``bank``), one that continues it
        is marked (``##ing``), a byte of a character without a piece is named (``<0xE3>``).
    ids
        The row of each piece in the embedding table.
    """

    texts: tuple[str, ...]
    ids: tuple[int, ...]


class TinyTokenizer:
    """The pieces of `tokenizer.json`, without any special token around them.

    Parameters
    ----------
    tokenizer
        A tokenizer as :func:`attnviz.models.vocabulary.build_tokenizer` makes it.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        bytes_shown = byte_alphabet()
        self._shown = tuple(
            bytes_shown.get(piece, piece)
            for piece, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
        )
        ids = tokenizer.get_vocab()
        self.pad_id = ids[PAD]
        self.mask_id = ids[MASK]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The shown text of every piece, by id."""
        return self._shown

    def encode(self, text: str) -> Tokens:
        """Cut any text into pieces, however long it is.

        Parameters
        ----------
        text
            Any text.

        Returns
        -------
        Tokens
            Its pieces; none where the text is blank.
        """
        ids = tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)
        return Tokens(tuple(self._shown[i] for i in ids), ids)

    def tokenize(self, text: str) -> Tokens:
        """Cut a sentence into the pieces a tiny model can read.

        Parameters
        ----------
        text
            A sentence.

        Returns
        -------
        Tokens
            From 1 to `MAX_TOKENS` pieces.

        Raises
        ------
        UserError
            If there are none, or more than the model has positions for.
        """
        tokens = self.encode(text)
        if not tokens.ids:
            raise UserError("the text holds no token; give at least one word")
        if len(tokens.ids) > MAX_TOKENS:
            raise UserError(
                f"the text has {len(tokens.ids):,} tokens, the tiny models read at most"
                f" {MAX_TOKENS}; give a shorter text"
            )
        return tokens


@functools.cache
def load_tokenizer() -> TinyTokenizer:
    """Read the tokenizer that ships with the tiny models.

    Returns
    -------
    TinyTokenizer
        The one that every tiny model uses; read once.
    """
    return TinyTokenizer(Tokenizer.from_str(TOKENIZER_PATH.read_text(encoding="utf-8")))
