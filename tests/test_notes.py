"""An author's notes to scenes: what is asked for, what is not, and what cannot be told."""

from __future__ import annotations

import pytest

from attnviz.embed.keywords import KEYWORDS
from attnviz.embed.notes import scenes_for
from attnviz.embed.requests import find_requests
from attnviz.errors import UserError
from attnviz.render import catalogue

PHRASINGS = {
    "embeddings": (
        "word + positional embeddings",
        "token embeddings",
        "positional encodings",
        "the sum of token and position embeddings",
        "words becoming word vectors",
        "turning words into vectors",
        "the embedding table",
        "how a sentence is split into tokens",
        "from words to vectors that know their place",
        "words that know their place",
    ),
    "self-attention": (
        "same sentence attention",
        "self attention",
        "Self-Attention",
        "attention in the same sentence",
        "attention between the words of a single sentence",
        "every word looking at every other word",
        "how words attend to each other",
        "attention within one sentence",
        "every word looks at every word of the same sentence",
    ),
    "projections": (
        "queries keys and values",
        "queries, keys & values",
        "QKV projections",
        "Q, K, V",
        "query, key, and value vectors",
        "the projections",
        "W_Q, W_K and W_V",
        "three questions to one vector: query, key, value",
    ),
    "score-grid": (
        "score matrix",
        "the score grid",
        "dot products of all pairs",
        "the dot product of queries and keys",
        "attention scores",
        "scaling by the square root",
        "QK^T",
        "how well each key answers each query",
    ),
    "softmax": (
        "softmax",
        "the soft-max",
        "softmax turning scores into weights",
        "the softmax of the score matrix",
        "scores to probabilities",
        "normalizing the scores",
        "normalising scores",
        "shares that add up to one",
        "from scores to shares that add up to one",
    ),
    "causal-mask": (
        "masked attention",
        "the causal mask",
        "causal masking",
        "looking ahead",
        "masked self-attention",
        "attention with a causal mask",
        "hiding the future",
        "masking in GPT",
        "no word may look ahead",
        "words that may not see ahead",
    ),
    "weighted-sum": (
        "blending the values",
        "the weighted sum",
        "weighted sum of values",
        "mixing values",
        "the weighted average of the values",
        "combining the values",
        "the answer is a blend of values",
    ),
    "multi-head": (
        "multi head",
        "multi-head attention",
        "multihead attention",
        "multi-head self-attention",
        "concatenating the heads",
        "several heads",
        "attention with many heads",
        "heads side by side",
        "several looks at once, then one vector again",
    ),
    "cross-attention": (
        "different sentence attention",
        "attention between two sentences",
        "attention between words of two different sentences",
        "attention from one sentence to the other",
        "attention across sentences",
        "two different sentences",
        "another sentence",
        "cross attention",
        "encoder decoder attention",
        "translation",
        "the decoder looking at the encoder",
        "one sentence asks, another answers",
    ),
}

SEVERAL = {
    "attention between two sentences and same sentence": ("cross-attention", "self-attention"),
    "self- and cross-attention": ("self-attention", "cross-attention"),
    "same and different sentence attention": ("self-attention", "cross-attention"),
    "softmax, then the causal mask": ("softmax", "causal-mask"),
    "softmax + causal mask + several heads": ("softmax", "causal-mask", "multi-head"),
    "self attention and same sentence attention": ("self-attention",),
    "self-attention and how it works": ("self-attention",),
}


def test_every_scene_has_its_words_and_its_phrasings() -> None:
    names = [ref.name for ref in catalogue.listed()]
    assert list(KEYWORDS) == names
    assert list(PHRASINGS) == names
    assert min(map(len, PHRASINGS.values())) >= 6


@pytest.mark.parametrize(
    ("words", "scene"), [(words, scene) for scene, told in PHRASINGS.items() for words in told]
)
def test_a_phrasing_finds_its_scene(words: str, scene: str) -> None:
    assert scenes_for(f"insert manim of {words}", is_marked=True) == (scene,)
    assert scenes_for(f"insert manim of {words}".upper(), is_marked=True) == (scene,)


@pytest.mark.parametrize(("words", "scenes"), SEVERAL.items())
def test_one_note_may_ask_for_several(words: str, scenes: tuple[str, ...]) -> None:
    assert scenes_for(f"insert manim of {words}", is_marked=True) == scenes


def test_the_name_of_every_scene_is_enough() -> None:
    for ref in catalogue.listed():
        for name in (ref.name, ref.name.replace("-", " "), catalogue.summary(ref)):
            assert scenes_for(f"insert manim of {name}", is_marked=True) == (ref.name,)


@pytest.mark.parametrize(
    "note",
    [
        "_insert manim of softmax_",
        "*insert manim of softmax*",
        "**insert manim of softmax**",
        "***Insert manim of softmax.***",
        "__insert manim of softmax__.",
        "[insert manim of softmax]",
        "(Insert a manim of softmax)",
        "*[insert manim of softmax]*",
        "insert manim of softmax",
        "Insert manim of softmax.",
        "TODO: insert manim of softmax",
        "TODO insert manim of softmax",
        "[TODO] insert manim of softmax",
        '_insert manim of "the softmax"_',
        "**TODO:** insert manim of softmax",
        "_TODO(me): manim of softmax_",
        "FIXME - put an animation of softmax here",
        "- [ ] insert manim of softmax",
        "_please add a short manim clip showing softmax_",
        "_add a video of softmax_",
        "_put a film about softmax_",
        "_show an animation of softmax_",
        "_Add attnviz animation: softmax_",
        "_insert softmax manim here_",
        "_insert an animation with manim of softmax_",
        "[manim of softmax]",
        "_INSERT MANIM OF\nSOFTMAX_",
        "> _insert manim of\n> softmax_",
        "_insert manim of `softmax`_",
    ],
)
def test_forms_of_a_note(note: str) -> None:
    (request,) = find_requests(f"Before.\n\n{note}\n\nAfter.\n")
    assert (request.form, request.line) == ("note", 3)
    assert [asked.scene for asked in request.clips] == ["softmax"]
    assert note.endswith(request.source)


@pytest.mark.parametrize(
    "talk",
    [
        "_insert your name_",
        "*show that attention works*",
        "_insert a figure of our lab_",
        "_insert a video of our lab_",
        "_insert a video of attention_",
        "_insert a video of projections for next year_",
        "_insert self-attention here_",
        "*manim*",
        "*Manim and attention*",
        "*a film of self-attention*",
        "*the video shows self-attention*",
        "*we use manim to insert clips of softmax*",
        "*add manim to requirements.txt*",
        "*show manim code for softmax*",
        "*put the clip on the table*",
        "*Add a film critic's attention to the list*",
        "*install manim*",
        "We insert manim of softmax.",
        "Manim of softmax",
        "Insert a clip of softmax into your post.",
        "Add a video of self-attention to your post with one command.",
        "To insert manim of softmax, write a directive.",
        "One line says more.\nInsert manim of softmax\nand another one.",
        "Insert manim of softmax. It shows how shares come to be.",
        "`_insert manim of softmax_`",
        "    _insert manim of softmax_",
        "```\n_insert manim of softmax_\n```",
        "<!-- _insert manim of softmax_ -->",
        "<!-- TODO: insert manim of softmax -->",
        "---\ntodo: _insert manim of softmax_\n---",
        "{% raw %}\n_insert manim of softmax_\n{% endraw %}",
        "{% comment %}\n_insert manim of softmax_\n{% endcomment %}",
        "{{< note >}}{{< x '_insert manim of softmax_' >}}",
        "<div>\n_insert manim of softmax_\n</div>",
        "$$\n\\text{insert manim of softmax}\n$$",
        r"\_insert manim of softmax\_ and so on",
        "[insert manim of softmax](a/b.html)",
        f"_insert manim of softmax {'very ' * 80}quickly_",
    ],
)
def test_talk_is_no_note(talk: str) -> None:
    assert find_requests(talk) == ()


@pytest.mark.parametrize(
    ("words", "scenes"),
    [
        ("attention", "self-attention or causal-mask or multi-head or cross-attention"),
        ("attention weights", "self-attention or softmax or weighted-sum or cross-attention"),
        ("masked multi-head attention", "causal-mask or multi-head"),
        ("attention between words", "self-attention or cross-attention"),
        ("one sentence", "self-attention or cross-attention"),
        ("cross-attention in the same sentence", "self-attention or cross-attention"),
        (
            "every word looking at every word of another sentence",
            "self-attention or cross-attention",
        ),
        ("queries and keys", "projections or score-grid"),
    ],
)
def test_an_ambiguous_note_names_its_scenes(words: str, scenes: str) -> None:
    with pytest.raises(UserError) as raised:
        find_requests(f"One.\n\n_insert manim of {words}_\n")
    first = scenes.partition(" ")[0]
    assert str(raised.value) == (
        f"line 3: the note 'insert manim of {words}' may mean {scenes}; "
        f"write the one you want in its place: <!-- attnviz: {first} -->"
    )


@pytest.mark.parametrize(
    ("note", "near"),
    [
        ("_insert manim of sofmax_", "softmax"),
        ("_insert manim of croos attention_", "cross-attention"),
        ("_insert manim of softmax and beam search_", "softmax"),
        ("_insert manim of layer normalisation_", "softmax"),
        ("_insert manim of masked language modelling_", "causal-mask"),
        ("_insert manim of a database query_", "projections"),
        ("_insert manim of the flux capacitor_", ""),
        ("insert manim of the flux capacitor", ""),
        ("TODO: insert manim of our plan", ""),
        ("_insert manim of a word that looks_", ""),  # in the titles of two scenes
        ("_insert manim_", ""),
        ("_insert manim here_", ""),
    ],
)
def test_an_unknown_note_names_the_closest_scenes(note: str, near: str) -> None:
    with pytest.raises(UserError, match=r"^line 2: no scene for the note '") as raised:
        find_requests(f"\r\n{note}\r\n")
    assert f"<!-- attnviz: {near}" in str(raised.value)
    assert ("none is close" in str(raised.value)) == (not near)


@pytest.mark.parametrize("sentence", ['"he left the roses"', "“he left the roses”"])
def test_a_note_that_gives_a_sentence_is_refused(sentence: str) -> None:
    with pytest.raises(UserError) as raised:
        find_requests(f"_insert manim of self attention in {sentence}_")
    assert str(raised.value) == (
        "line 1: the note gives a sentence, 'he left the roses'; write a directive in its place: "
        '<!-- attnviz: self-attention text="…" -->'
    )


@pytest.mark.parametrize(
    "text",
    [
        "We begin. _insert manim of softmax_",
        "_insert manim of softmax_ We go on.",
        "# [insert manim of softmax]",
        "| a | _insert manim of softmax_ |",
        "So it is (insert manim of softmax) and so on.",
    ],
)
def test_a_note_among_other_text_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"^line 1: the note shares its line with other text"):
        find_requests(text)
