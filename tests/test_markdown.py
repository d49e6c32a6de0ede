"""What the parts of a post are, judged by markdown-it-py where CommonMark says it."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from attnviz.embed.inline import Kind
from attnviz.embed.markdown import parts

MEGABYTES_5 = 5_000_000
MOST_SECONDS = 10.0
"""A post of 5 MB takes under 2 on a machine that has nothing else to do."""


def prose(text: str) -> str:
    """Return what a post says, what is hidden in it as dots."""
    said = []
    for part in parts(text):
        if part.kind is Kind.PROSE:
            place = part.start
            for start, end in part.hidden:
                said += [text[place:start], "…"]
                place = max(place, min(end, part.end))
            said.append(text[place : part.end])
    return "".join(said)


def of_kind(text: str, kind: Kind) -> list[str]:
    return [text[part.start : part.end] for part in parts(text) if part.kind is kind]


# The authority: which lines are prose and where fences open, on text of block signs alone.

_PIECES = [
    *("a", "b c", "- ", "* ", "1. ", "2) ", "> ", ">", "    ", "  ", "\t", "# ", "---", "***"),
    *("===", "+ ", "-", "\n", "\n", "\n", "\n\n", "```", "~~~", "````", "``` py\n", "\n```\n"),
]
_HTML_PIECES = ["<div>", "</div>", "<!--", "-->", "<b>", "<?", "?>", "<script>", "</script>"]


def _by_authority(text: str) -> tuple[set[int], list[tuple[int, str]]]:
    reader = MarkdownIt("commonmark", {"maxNesting": 100}).disable(["reference", "inline"])
    tokens = [token for token in reader.parse(text) if token.map]
    said = {line for t in tokens if t.type == "inline" for line in range(*t.map or (0, 0))}
    return said, [((t.map or [0])[0], t.info.strip()) for t in tokens if t.type == "fence"]


def _by_us(text: str) -> tuple[set[int], list[tuple[int, str]]]:
    said: set[int] = set()
    fences = []
    for part in parts(text):
        line = text.count("\n", 0, part.start)
        if part.kind is Kind.PROSE:
            said |= set(range(line, line + len(text[part.start : part.end].rstrip().split("\n"))))
        elif part.kind is Kind.FENCE:
            fences.append((line, part.info))
    return said, fences


def _assume_comparable(text: str) -> None:
    assume(not text.startswith("---"))  # front matter to us
    # Where a line is indented both to continue a quote lazily and to be code, CommonMark has it
    # continue; where a tab follows the mark of an item in a quote, it counts columns of the page.
    # markdown-it-py 4 differs from both.
    assume("    " not in text or ">" not in text)
    assume("\t" not in text or ">" not in text)


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
@settings(max_examples=600)
def test_blocks_are_those_of_commonmark(text: str) -> None:
    _assume_comparable(text)
    assert _by_us(text) == _by_authority(text)


@given(st.lists(st.sampled_from([*_PIECES[:-5], *_HTML_PIECES]), max_size=12).map("".join))
@settings(max_examples=400)
def test_raw_html_is_that_of_commonmark(text: str) -> None:
    assume("<script>" not in text.partition("<div>")[2])  # in a block of HTML it hides more to us
    _assume_comparable(text)
    assert _by_us(text) == _by_authority(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\na: _b_\n---\nc", "c"),
        ("\ufeff---\na: b\n...\nc", "c"),
        ("+++\na = 1\n+++\nc", "c"),
        ("---\r\na: b\r\n---\r\nc", "c"),
        ("\n---\na\n\n---\nc", "a\nc"),  # not at the top: rules
        ("---\n\na\n\n---\nc", "a\nc"),  # a rule, for front matter begins at once
        ("---\na: b\nc", "a: b\nc"),  # never closed
        ("a `b` c", "a … c"),
        ("a ``b ` c`` d", "a … d"),
        ("a `b\nc` d", "a … d"),
        ("a `b\n\nc` d", "a `b\nc` d"),  # no span over a blank line
        ("a ``b` c", "a ``b` c"),
        (r"a \`b` c", r"a \`b` c"),
        ("<a title='`'>b `c`", "<a title='`'>b …"),
        ("> a `b\n> c` d", "a … d"),
        ("a <!-- b --> c", "a … c"),
        ("a <!-- b\n\nc", "a <!-- b\nc"),  # in a paragraph a comment ends with it
        ("<!-- a\n\nb --> c\n\nd", "d"),
        ("a <!--> b --> c", "a <!--> b --> c"),
        ("a <code>b</code> c", "a … c"),
        ("a {% raw %}b{% endraw %} c", "a …… c"),
        ("a\n{% highlight x %}\n\nb\n\n{% endhighlight %}\nc", "a\n…c"),
        ("a\n{% comment %}\n\n```\n\n{% endcomment %}\n\nc", "a\n…c"),
        ("a\n{{< highlight x >}}\n\nb\n\n{{< /highlight >}}\nc", "a\n…c"),
        ("a {{ b }} c {{< d >}} e", "a … c … e"),
        ("a $$b$$ c", "a … c"),
        ("import A from './a'\nexport const b = 1\n\nc", "c"),
        ("import taxes are high", "import taxes are high"),
        ("{/* a\n\nb */}\n\nc", "c"),
        ("<pre>\n\na\n</pre>\n\nc", "c"),
        ("<script>\n\na\n</script>\n\nc", "c"),
        ("<div>\n<code>\n\na\n</code>\n</div>\n\nc", "c"),
        ("a\rb\r\rc", "a\rb\rc"),
        ("a\r\n```\r\nb\r\n```\r\nc", "a\r\nc"),
    ],
)
def test_prose(text: str, said: str) -> None:
    assert prose(text) == said


@pytest.mark.parametrize(
    ("text", "fences"),
    [
        ("```\na\n```\nb", ["```\na\n```"]),
        ("~~~~ x `y`\n```\n~~~\n~~~~  \nb", ["~~~~ x `y`\n```\n~~~\n~~~~  "]),
        ("a\n```\nb", ["```\nb"]),
        ("```\r\na\r\n```\r\nb", ["```\r\na\r\n```"]),
        ("```\ra\r```\rb", ["```\ra\r```"]),
        ("- a\n\n  ```\n  b\n  ```\n", ["```\n  b\n  ```"]),
        ("> ```\n> a\nb", ["```\n> a"]),
        ("- ```\n  a\n\nb", ["```\n  a"]),
        ("<Tab>\n```\na\n```\n</Tab>", ["```\na\n```"]),  # as MDX has it
        ("``` a`\nb\n", []),
        ("    ```\n    a\n", []),
        ("<!--\n```\n-->\n", []),
        ("<pre>\n```\n</pre>\n", []),
    ],
)
def test_fences(text: str, fences: list[str]) -> None:
    assert of_kind(text, Kind.FENCE) == fences


def test_reading_goes_on_where_it_is_told() -> None:
    text = "<!-- a -->\n```\n<!-- b -->\nc\n"
    end = text.index("c")
    found = list(parts(text, lambda _start, _end: end))
    assert [text[part.start : part.end] for part in found] == ["<!-- a -->", "c\n"]


_POST = (
    "---\ntitle: x\n---\n"
    + (
        "# A heading\n\nA paragraph of `code`, *emphasis* and [a link](a/b.html)\n"
        "runs over several lines, as the paragraphs of a post do <!-- not all -->.\n\n"
        "- an item of a list, with `code`\n- another one, which is also somewhat longer\n\n"
        "```python\nfor x in y:\n    print(x)\n```\n\n> A quote of somebody who said much.\n\n"
    )
    * 12_500
)


@pytest.mark.parametrize(
    "text",
    [
        _POST,
        "he left the roses by the bank\n\n" * (MEGABYTES_5 // 31),
        "word " * (MEGABYTES_5 // 5),
        "`" * MEGABYTES_5,
        "".join("`" * n + " " for n in range(1, 3_100)),
        "x " + "<!-- " * 100_000,
        "<!-- a\n" * 100_000,
        "{/* a\n" * 100_000,
        "x " + "{% comment %}" * 100_000,
        "<div>" + "<code>" * 100_000,
        "> " * 100_000 + "\n" + "> a\n" * 100_000,
        "- " * 100_000 + "\n" + "\n" * 1_000_000,
        "- a\n" + "\n" * MEGABYTES_5,
        "- * + " * 100_000,
        "* " * 1_000_000 + "x",
        "```\n" + "~~~\n" * 100_000,
        "<a b='c'\n" * 100_000,
        "<a" + " b=c" * 100_000,
        "$$ a " * 100_000,
        "a\r" * (MEGABYTES_5 // 2),
    ],
    ids=lambda text: f"{text[:12]!r}",
)
def test_a_long_post_is_read_in_time(text: str) -> None:
    begin = time.process_time()
    for _ in parts(text):
        pass
    assert time.process_time() - begin < MOST_SECONDS
