"""Text to pieces: clean, complete, reproducible, and few to a word."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import UserError
from attnviz.models.corpus import corpus_words
from attnviz.models.tokenizer import MAX_TOKENS, load_tokenizer
from attnviz.models.vocabulary import (
    MASK,
    PAD,
    TOKENIZER_PATH,
    build_tokenizer,
    byte_alphabet,
    pieces,
)
from attnviz.models.words import all_words

EVERYDAY = """
The children were playing in the garden when it started to rain.
She put the keys on the kitchen table and forgot them.
We had soup and bread for lunch yesterday.
My brother bought a new bicycle last week.
Can you tell me where the station is?
He was too tired to cook dinner.
The dog barked at the postman every morning.
I would like a cup of tea with milk, please.
They moved to a small house near the sea.
Our teacher read us a funny story.
It is getting dark outside.
The train to London was late again.
Don't forget to water the plants while I am away.
She smiled and opened the letter slowly.
The shop on the corner sells fresh fruit and vegetables.
I have never seen such a beautiful sunset.
He broke his arm when he fell off the ladder.
What are you doing this weekend?
The film was longer than I expected.
My grandmother makes the best apple pie.
There is a strange noise coming from the engine.
We went swimming in the lake after school.
The baby slept through the night for the first time.
He asked the waiter for the bill.
They argued about money all evening.
The cat sat on the warm window sill.
You should see a doctor about that cough.
She wants to become a pilot one day.
The museum is closed on Mondays.
I lost my umbrella on the bus.
He painted the fence green last summer.
Please turn off the lights before you leave.
The meeting starts at nine o'clock.
Her mother works in a hospital.
We took a photograph of the old bridge.
The soup was so hot that I burned my tongue.
He has two sisters and a younger brother.
It snowed heavily during the night.
She borrowed three books from the library.
The plane landed an hour ago.
I usually walk to work when the weather is nice.
They are planning a surprise party for Anna.
The roads were empty on Sunday morning.
He did not answer the phone.
A tall man in a grey coat was waiting by the door.
The farmer keeps sheep and a few cows.
We could hear music from the flat upstairs.
I think the answer is wrong.
She cut the bread with a sharp knife.
The river was frozen all winter.
""".strip().splitlines()


def texts(text: str) -> list[str]:
    return list(load_tokenizer().encode(text).texts)


def test_the_default_sentence_is_exactly_its_seven_words() -> None:
    words = ["he", "left", "the", "roses", "by", "the", "bank"]
    assert texts("he left the roses by the bank") == words


def test_a_sentence_with_a_clitic_works_as_typed() -> None:
    assert texts("apple 's iphone is quite expensive") == [
        *["apple", "'s", "iphone"],
        *["is", "quite", "expensive"],
    ]
    assert texts("Apple’s iPhone") == ["apple", "'s", "iphone"]
    assert texts("I don't") == ["i", "don", "'t"]


def test_everyday_sentences_split_into_few_pieces_a_word() -> None:
    # Punctuation counts among the pieces and not among the words: the strict reading.
    assert len(EVERYDAY) == 50
    n_words = sum(len(sentence.split()) for sentence in EVERYDAY)
    n_pieces = sum(len(texts(sentence)) for sentence in EVERYDAY)
    assert n_pieces / n_words < 1.3


def test_the_vocabulary_has_one_to_two_thousand_pieces_each_once() -> None:
    vocabulary = load_tokenizer().vocabulary
    assert 1_000 <= len(vocabulary) <= 2_000
    assert len(set(vocabulary)) == len(vocabulary)


def test_pieces_are_clean_to_look_at() -> None:
    clean = re.compile(r"(##)?[a-z0-9]+|'[a-z]+|[!-~]|<0x[0-9A-F]{2}>")
    unclean = [p for p in load_tokenizer().vocabulary if not clean.fullmatch(p)]
    assert unclean == [PAD, MASK]


def test_every_word_of_the_corpus_is_one_piece() -> None:
    shattered = [w for w in (*all_words(), *corpus_words()) if texts(w) != [w]]
    assert shattered == []


def test_a_word_without_a_piece_is_marked_where_it_goes_on() -> None:
    assert texts("gardening") == ["garden", "##ing"]
    assert texts("zx") == ["z", "##x"]


def test_characters_without_a_piece_become_their_bytes() -> None:
    assert texts("日 é") == ["<0xE6>", "<0x97>", "<0xA5>", "<0xC3>", "<0xA9>"]
    shown = byte_alphabet()
    assert set(shown.values()) >= {f"<0x{b:02X}>" for b in "🙂ф日é".encode()}


def test_markup_and_metacharacters_are_ordinary_pieces() -> None:
    assert texts('<b> #read("x") $x$ \\') == [
        *["<", "b", ">", "#", "read", "(", '"', "x", '"', ")", "$", "x", "$", "\\"],
    ]
    assert not {PAD, MASK} & set(texts("[MASK] [PAD]"))


@given(st.text())
def test_any_text_goes_into_known_pieces(text: str) -> None:
    tokens = load_tokenizer().encode(text)
    assert MASK not in tokens.texts
    assert PAD not in tokens.texts
    vocabulary = load_tokenizer().vocabulary
    assert tuple(vocabulary[i] for i in tokens.ids) == tokens.texts


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1))
def test_the_pieces_spell_the_text(text: str) -> None:
    spelt = b"".join(
        bytes([int(piece[3:5], 16)])
        if piece.startswith("<0x")
        else piece.removeprefix("##").encode()
        for piece in texts(text)
    )
    plain = unicodedata.normalize("NFC", text).translate(str.maketrans("‘’“”", "''\"\""))
    # Letter by letter, as the tokenizer lowers case: Python's own gives final sigmas.
    assert spelt.decode() == "".join(character.lower() for character in plain)


def test_more_than_the_limit_is_refused_with_both_numbers() -> None:
    tokenizer = load_tokenizer()
    assert len(tokenizer.tokenize("the " * MAX_TOKENS).ids) == MAX_TOKENS
    with pytest.raises(UserError, match=r"33 tokens.* at most 32"):
        tokenizer.tokenize("the " * (MAX_TOKENS + 1))
    with pytest.raises(UserError, match=r"10,000 tokens"):
        tokenizer.tokenize("the " * 10_000)


def test_a_text_without_tokens_is_refused() -> None:
    with pytest.raises(UserError, match="no token"):
        load_tokenizer().tokenize(" \t ")


def test_the_shipped_file_is_what_the_lists_build() -> None:
    built = build_tokenizer()
    assert TOKENIZER_PATH.read_text(encoding="utf-8") == built.to_str(pretty=True)
    assert len(pieces()) == built.get_vocab_size()
