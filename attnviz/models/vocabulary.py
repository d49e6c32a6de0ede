"""Build the tokenizer of the tiny models: ``python -m attnviz.models.vocabulary``.

Whole everyday words come first, then the pieces that most often start or continue a word, then
single characters and bytes, so that any text at all has known pieces.
"""

import string
from collections import Counter
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from attnviz.models.corpus import corpus_words
from attnviz.models.examples import words as split_words
from attnviz.models.words import all_words

PAD, MASK = "[PAD]", "[MASK]"
"""Used in training only; no sentence holds them."""

CONTINUES = "##"
"""Stands before a piece that continues a word."""

CLITICS = ("'s", "'t", "'re", "'ve", "'ll", "'d", "'m")
TOKENIZER_PATH = Path(__file__).parent / "tokenizer.json"

_PIECES = 220
"""How many pieces longer than one letter and shorter than a word."""

_LONGEST_PIECE = 4
_SUFFIXES = split_words(
    """s es ed d ing er ers ly y est ness ful less ment ments tion able al ity ies ied ish
ism ist ous ive en ation ize ise ized ised age ance ence or ors ward like"""
)
_LONGEST_WORD = 4_096
"""In bytes; a longer run of letters would become one unknown piece."""

_FIRST_HIGH_BYTE, _NEVER_IN_UTF8 = 0x80, {0xC0, 0xC1, *range(0xF5, 0x100)}


def byte_alphabet() -> dict[str, str]:
    """Name the bytes beyond ASCII.

    Returns
    -------
    dict
        The character that the byte-level step writes for a byte, to its shown text (``<0xE3>``).
    """
    # The step keeps printable Latin-1 as it is and moves the other bytes beyond U+00FF, in order.
    kept = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    moved = {byte: 0x100 + i for i, byte in enumerate(b for b in range(0x100) if b not in kept)}
    return {
        chr(moved.get(byte, byte)): f"<0x{byte:02X}>"
        for byte in range(_FIRST_HIGH_BYTE, 0x100)
        if byte not in _NEVER_IN_UTF8
    }


def pieces() -> list[str]:
    """List the vocabulary in the order of its ids.

    Returns
    -------
    list of str
        The pieces, each once; those that continue a word start with ``##``.
    """
    words = list(dict.fromkeys([*all_words(), *corpus_words()]))
    characters = string.ascii_lowercase + string.digits
    return list(
        dict.fromkeys(
            [
                PAD,
                MASK,
                *string.punctuation,
                *CLITICS,
                *words,
                *characters,
                *(CONTINUES + character for character in characters),
                *_frequent_pieces(words),
                *byte_alphabet(),
            ]
        )
    )


def build_tokenizer() -> Tokenizer:
    """Build the tokenizer from the word lists.

    Returns
    -------
    Tokenizer
        A WordPiece tokenizer that lower-cases, cuts off punctuation and adds nothing.
    """
    vocabulary = {piece: i for i, piece in enumerate(pieces())}
    tokenizer = Tokenizer(
        models.WordPiece(
            vocabulary,
            unk_token=MASK,  # never reached: every character has a piece
            max_input_chars_per_word=_LONGEST_WORD,
            continuing_subword_prefix=CONTINUES,
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace(Regex("[‘’]"), "'"),
            normalizers.Replace(Regex("[“”]"), '"'),
            # What draws nothing has no piece either.
            normalizers.Replace(Regex(r"[\p{Cc}&&[^\s]]"), ""),
            normalizers.Lowercase(),
        ]
    )
    clitics = "|".join(clitic[1:] for clitic in CLITICS)
    words = Regex(f"'(?:{clitics})(?![a-z0-9])|[a-z0-9]+|[^a-z0-9]")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(words, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            pre_tokenizers.Split(Regex("[^ -~]"), "isolated"),
        ]
    )
    return tokenizer


def _frequent_pieces(words: list[str]) -> list[str]:
    """Find the pieces that save most letters over the word lists."""
    saved: Counter[str] = Counter()
    for word in words:
        for start in range(len(word)):
            for size in range(2, min(_LONGEST_PIECE, len(word) - start) + 1):
                piece = word[start : start + size]
                if size < len(word) and piece.isalpha():
                    saved[piece if start == 0 else CONTINUES + piece] += size - 1
    known = {*words, *(CONTINUES + suffix for suffix in _SUFFIXES)}
    ranked = sorted(saved, key=lambda piece: (-saved[piece], piece))
    chosen = [piece for piece in ranked if piece not in known]
    return [CONTINUES + suffix for suffix in _SUFFIXES] + chosen[: _PIECES - len(_SUFFIXES)]


if __name__ == "__main__":
    build_tokenizer().save(str(TOKENIZER_PATH))
    print(f"{len(pieces())} pieces in {TOKENIZER_PATH}")
