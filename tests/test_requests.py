"""The requests of a post: found where they are meant, left alone elsewhere, written to last."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from attnviz.embed.requests import Asked, Comment, Request, directives, find_requests
from attnviz.errors import UserError

TEXT = "he left the roses by the bank"
ROSES = f'<!-- attnviz: causal-mask text="{TEXT}" head=2 theme=dark -->'
PLAIN = "<!-- attnviz: softmax -->"


def only(text: str) -> Request:
    (request,) = find_requests(text)
    return request


def asked(text: str) -> tuple[str, dict[str, str]]:
    (clip,) = only(text).clips
    return clip.scene, dict(clip.options)


# Directives.


@pytest.mark.parametrize(
    "directive",
    [
        ROSES,
        f'{{/* attnviz: causal-mask text="{TEXT}" head=2 theme=dark */}}',
        f'<!--attnviz:causal-mask text="{TEXT}" head=2 theme=dark-->',
        f"<!-- attnviz: causal-mask text='{TEXT}' head=2 theme=dark -->",
        f"<!-- attnviz: causal-mask text=“{TEXT}” head=2 theme=dark -->",
        f"<!-- attnviz: causal-mask text=„{TEXT}“ head=‘2’ theme=dark -->",
        f'<!-- attnviz: causal-mask --text "{TEXT}" --head 2 --theme dark -->',
        f'<!-- attnviz: causal-mask --text="{TEXT}" --head=2 –theme=dark -->',
        f'<!-- attnviz: causal-mask\n  text="{TEXT}"\n  head=2\n  theme=dark\n-->',
        '<!-- attnviz: causal-mask text="he left the\n    roses by the bank" head=2 theme=dark -->',
        f'<!-- attnviz: causal-mask\r\n\r\ntext="{TEXT}"\r\nhead=2 theme=dark -->',
        f'<!-- attnviz: text="{TEXT}" head=2 theme=dark scene=causal-mask -->',
        f'<!-- attnviz: causal mask text="{TEXT}" head=2 theme=dark note="as I said" -->',
        f'<!-- ATTNVIZ: "causal-mask" text="{TEXT}" head="2" theme="dark" -->',
        f'{{/* attnviz: causal-mask text="{TEXT}" head=2 theme=dark */ }}',
    ],
)
def test_spellings_of_a_directive(directive: str) -> None:
    text = f"A.\n\n{directive}\n\nB.\n"
    request = only(text)
    assert request == Request(
        "directive",
        4,
        4 + len(directive),
        3,
        "",
        directive,
        (Asked("causal-mask", {"text": TEXT, "head": "2", "theme": "dark"}),),
    )
    assert directives(request, Comment.MDX if directive[0] == "{" else Comment.HTML) == (
        (directive, request.clips[0]),
    )


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("hide-special", {"hide-special": "true"}),
        ("--hide-special head=1", {"hide-special": "true", "head": "1"}),
        ("head=1 hide-special", {"hide-special": "true", "head": "1"}),
        ("hide-special=no", {"hide-special": "no"}),
        ("head='auto:bank>roses'", {"head": "auto:bank>roses"}),
        ("mask=window:3", {"mask": "window:3"}),
        ("text='he didn't go'", {"text": "he didn't go"}),
        (
            'text="R&amp;D &lt;&gt; &quot;x&quot; &#45;&#x2d;> AT&T &copy;"',
            {"text": 'R&D <> "x" --> AT&T &copy;'},
        ),
        ('text="&#55296; &#9999999; &#233;&#10;"', {"text": "&#55296; &#9999999; é\n"}),
        ('text=""', {"text": ""}),
        ("text='two  blanks'", {"text": "two  blanks"}),
        (
            "caption='a' alt='b' aspect=1:1 quality=low",
            {"caption": "a", "alt": "b", "aspect": "1:1", "quality": "low"},
        ),
        (
            "model=C:\\models\\x layer=0 target='é 漢'",
            {"model": "C:\\models\\x", "layer": "0", "target": "é 漢"},
        ),
    ],
)
def test_values(words: str, options: dict[str, str]) -> None:
    assert asked(f"<!-- attnviz: softmax {words} -->") == ("softmax", options)


@pytest.mark.parametrize("scene", ["mine.py:Foo", "a/b/mine.py:Foo_2", '"my scenes/a.py:Foo"'])
def test_a_scene_of_the_users_own_passes_by_its_form(scene: str) -> None:
    assert asked(f"<!-- attnviz: {scene} head=1 -->") == (scene.strip('"'), {"head": "1"})


@pytest.mark.parametrize(
    ("directive", "error"),
    [
        (
            "<!-- attnviz: casual-mask -->",
            "unknown scene 'casual-mask', did you mean 'causal-mask'? (there are emb",
        ),
        (
            "<!-- attnviz: softmax txet=a -->",
            "unknown option 'txet', did you mean 'text'? (there are text, ",
        ),
        (
            "<!-- attnviz: softmax hide_special -->",
            "'hide_special' belongs to no option; write name=value",
        ),
        (
            "<!-- attnviz: softmax hide_special=1 -->",
            "unknown option 'hide_special', did you mean 'hide-special'?",
        ),
        (
            "<!-- attnviz: softmax head=1 head=2 -->",
            "the option head stands there twice; leave one out",
        ),
        ("<!-- attnviz: softmax --head 1 head=1 -->", "the option head stands there twice"),
        (
            '<!-- attnviz: softmax text="he left -->',
            "the quote is not closed: '\"he left '; end it with \"",
        ),
        (
            "<!-- attnviz: softmax text=he left -->",
            "'left' belongs to no option; write name=value, and quote",
        ),
        ("<!-- attnviz: softmax roses -->", "'roses' belongs to no option"),
        ("<!-- attnviz: softmax text= head=2 -->", "the option text has no value; write text=…"),
        ("<!-- attnviz: softmax --text --head 2 -->", "the option text has no value"),
        ("<!-- attnviz: softmax head = 2 -->", "'head' belongs to no option"),
        (
            "<!-- attnviz: softmax scene=softmax -->",
            "two scenes, 'softmax' and 'softmax'; leave one out",
        ),
        ("<!-- attnviz: -->", "no scene is named; write its name first, one of embeddings, "),
        ("<!-- attnviz: head=2 -->", "no scene is named"),
        ("<!-- attnviz: mine.py -->", "no scene 'mine.py'; wanted path/to/file.py:ClassName"),
        ("<!-- attnviz: mine:Foo -->", "no scene 'mine:Foo'; wanted path/to/file.py:ClassName"),
        ("<!-- attnviz: softmax", "the directive is not closed; end it with -->"),
        (
            "<!-- attnviz: softmax\n\nb\n\n<!-- c -->",
            "the directive is not closed; end it with -->",
        ),
        ("{/* attnviz: softmax\n\nb", "the directive is not closed; end it with */}"),
        ("<!-- attnviz softmax -->", "a directive has a colon: <!-- attnviz: softmax … -->"),
        ("<!-- /attnviz -->", "this comment ends no directive; remove it with the markup above it"),
        ("{/* /attnviz */}", "this comment ends no directive"),
        (f"{PLAIN} and so on", "the directive shares its line with other text; give it a line of"),
        (f"and {PLAIN}", "the directive shares its line with other text"),
        (f"# {PLAIN}", "the directive shares its line with other text"),
        (f"| a | {PLAIN} |", "the directive shares its line with other text"),
        (f"{PLAIN} {PLAIN}", "the directive shares its line with other text"),
        (f"<div>{PLAIN}</div>", "the directive shares its line with other text"),
        (
            f"{{% raw %}}\n\n{PLAIN}\n\n{{% endraw %}}",
            "a request between {% raw %} and {% endraw %} cannot be",
        ),
        (
            "{% raw %}\n\n```attnviz\nsoftmax\n```\n{% endraw %}",
            "a request between {% raw %} and {% endraw",
        ),
        (
            f"a {{{{< b c='{PLAIN}' >}}}} d",
            "a request stands inside another tag; give it a line of its own",
        ),
        (f"a {{% b c='{PLAIN}' %}} d", "a request stands inside another tag"),
        (f"a {{{{ '{PLAIN}' }}}} d", "a request stands inside another tag"),
        ("```attnviz\nsoftmax\n", "the attnviz block is not closed"),
        ("```attnviz\n```", "no scene is named"),
        ("```attnviz\nsoftmax\ntxt: a\n```", "unknown option 'txt', did you mean 'text'?"),
        ("```attnviz\nsoftmax\nroses\n```", "'roses' belongs to no option"),
        ("```attnviz\nsoftmax\nhead:\n```", "the option head has no value"),
        ("```attnviz\nsoftmax\nhead: 1\nhead: 2\n```", "the option head stands there twice"),
        (
            "```attnviz\ncasual mask\n```",
            "unknown scene 'casual mask', did you mean 'causal-mask'?",
        ),
    ],
)
def test_errors_have_their_line(directive: str, error: str) -> None:
    if "\n\n{" not in directive and not directive.startswith("{% raw"):
        with pytest.raises(UserError) as raised:
            find_requests(f"A.\r\n\r\nB.\r\r{directive}")
        assert str(raised.value).startswith(f"line 5: {error}")
    with pytest.raises(UserError) as raised:
        find_requests(directive)
    assert error in str(raised.value)


def test_the_line_of_a_request_in_raw_is_its_own() -> None:
    with pytest.raises(UserError, match=r"^line 3: "):
        find_requests(f"{{% raw %}}\n\n{PLAIN}\n{{% endraw %}}")


@pytest.mark.parametrize(
    "text",
    [
        f"`{PLAIN}`",
        f"a `` ` {PLAIN} `` b",
        f"a `\n{PLAIN[:5]}`",
        f"```\n{PLAIN}\n```",
        f"~~~~ html\n~~~\n{PLAIN}\n~~~~",
        f"````\n```attnviz\nsoftmax\n```\n{PLAIN}\n````",
        f"```\n{PLAIN}\n",
        f"- a\n\n  ```\n  {PLAIN}\n  ```",
        f"> ```\n> {PLAIN}\n> ```",
        f"    {PLAIN}",
        f"a\n\n\t{PLAIN}",
        f"- a\n\n      {PLAIN}",
        f"---\na: |\n{PLAIN}\n---\n",
        f"+++\na = '''\n{PLAIN}\n'''\n+++\n",
        "<!-- an example: attnviz: softmax -->",
        "<!--\nattnviz\n\nwas here: softmax\n-->",
        f"<!--\n{PLAIN[:-4]}\n-->",
        f"{{/* {PLAIN} */}}",
        "<!-- attnviz is a tool -->",
        "<!-- attnviz -->",
        f"<pre>\n\n{PLAIN}\n</pre>",
        f"<script>\n\n{PLAIN}\n</script>",
        f"a <code>{PLAIN}</code>",
        f"<code>\n{PLAIN}\n</code>",
        f"{{% comment %}}\n\n{PLAIN}\n\n{{% endcomment %}}",
        f"{{% highlight html %}}\n\n{PLAIN}\n\n{{%- endhighlight -%}}",
        f"{{{{< highlight html >}}}}\n\n{PLAIN}\n\n{{{{< /highlight >}}}}",
        f"export const a = `\n{PLAIN}\n`\n",
        "`<!-- /attnviz -->` closes it",
        "```\n<!-- /attnviz -->\n```",
        "```attnvizier\nsoftmax\n```",
        "```python attnviz\nsoftmax\n```",
        "    ```attnviz\n    softmax\n    ```",
        "attnviz: softmax",
        "",
        "\ufeff",
    ],
)
def test_what_is_no_request(text: str) -> None:
    assert find_requests(text) == ()


@pytest.mark.parametrize(
    ("text", "indent"),
    [
        (PLAIN, ""),
        ("\ufeff" + PLAIN, ""),
        (f"---\na: b\n---\n{PLAIN}\n", ""),
        (f"  {PLAIN}", "  "),
        (f"a\n{PLAIN}\nb", ""),
        (f"- {PLAIN}", "  "),
        (f"- a\n\n  {PLAIN}\n", "  "),
        (f"10. a\n\n    {PLAIN}\n", "    "),
        (f"- a\n    - b\n\n      {PLAIN}\n", "      "),
        (f"> {PLAIN}", "> "),
        (f"> a\n> {PLAIN}\n> b", "> "),
        (f"> - {PLAIN}", ">   "),
        (f">> 1. {PLAIN}", ">>    "),
        (f"<div>\n    {PLAIN}\n</div>", "    "),
        (f"{{{{< b >}}}}\n{PLAIN}\n{{{{< /b >}}}}", ""),
        (f"{{% b %}}\n\n{PLAIN}\n\n{{% endb %}}", ""),
        (f"!!! note\n\n    a\n\n    {PLAIN}", "    "),
        (f'=== "A"\n\n    ```\n    {PLAIN}\n    ```\n\n    {PLAIN}', "    "),
        (f'??? note "a"\n    {PLAIN}\n\n        {PLAIN}', "    "),
        (f"<!-- a -->\n{PLAIN}", ""),
        (f"a `b\n\n{PLAIN}\n\nc` d", ""),
        (f"```\na\n```\n{PLAIN}", ""),
        (f"a {{% raw %}}b{{% endraw %}}\n\n{PLAIN}", ""),
    ],
)
def test_where_a_directive_stands(text: str, indent: str) -> None:
    request = only(text)
    assert (request.source, request.indent) == (PLAIN, indent)
    assert text[request.start : request.end] == PLAIN
    assert request.line == text[: request.start].count("\n") + 1


def test_an_indented_comment_of_mdx_is_a_request() -> None:
    assert asked("<Tab>\n\n    {/* attnviz: softmax */}\n\n</Tab>") == ("softmax", {})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_directive_over_several_lines_of_a_quote(end: str) -> None:
    source = f'<!-- attnviz: softmax{end}>   text="he{end}>   left" -->'
    request = only(f"> - {source}{end}> - b{end}")
    assert dict(request.clips[0].options) == {"text": "he left"}
    ((directive, _),) = directives(request, Comment.HTML)
    # Who places it puts the indent before every further line again.
    assert directive.replace(end, f"{end}{request.indent}") == source


# Fenced blocks.


@pytest.mark.parametrize(
    "block",
    [
        f"```attnviz\ncausal-mask\ntext: {TEXT}\nhead: 2\n```",
        f'```attnviz\ncausal-mask text="{TEXT}" head=2\n```',
        f'```attnviz\ncausal mask\n\ntext="{TEXT}"\n--head 2\n```',
        f'``` attnviz causal-mask head=2\ntext="{TEXT}"\n```',
        f'```{{attnviz}}\n#| text: "{TEXT}"\n#| head: 2\ncausal-mask\n```',
        f"~~~~{{.attnviz}}\nscene: causal-mask\n  text:   {TEXT}  \nhead: 2\n~~~~~",
        f"```{{.attnviz head=2 text='{TEXT}' scene=causal-mask}}\n```",
        f"```{{ .attnviz, causal-mask }}\ntext: “{TEXT}”\nhead: '2'\n```",
        '```attnviz\ncausal-mask\ntext="he left the\n  roses by the bank"\nhead=2\n```',
        f"```Attnviz\r\ncausal-mask\r\ntext: {TEXT}\r\nhead: 2\r\n```",
    ],
)
def test_spellings_of_a_block(block: str) -> None:
    text = f"A.\n{block}\nB.\n"
    request = only(text)
    assert (request.form, request.line, request.source) == ("fence", 2, block)
    assert text[request.start : request.end] == block
    assert request.clips == (Asked("causal-mask", {"text": TEXT, "head": "2"}),)
    assert directives(request, Comment.HTML) == (
        (f'<!-- attnviz: causal-mask text="{TEXT}" head=2 -->', request.clips[0]),
    ) or list(request.clips[0].options) == ["head", "text"]


def test_a_block_in_a_list_of_a_quote() -> None:
    text = '> 1. a\n>\n>    ```attnviz\n>    softmax\n>    text: he said "no" - 1\n>    ```\n> b'
    request = only(text)
    assert request.indent == ">    "
    assert dict(request.clips[0].options) == {"text": 'he said "no" - 1'}
    assert text[request.end :] == "\n> b"


# Notes (their words: test_notes.py).


def test_four_notes_of_a_draft() -> None:
    text = (
        "Words.\n\n_insert manim of word + positional embeddings_\n\nMore.\n\n"
        "_insert manim of attention between two sentences and same sentence_\n\n"
        "_insert manim of same sentence attention_\n\n"
        "_insert manim of different sentence attention_\n"
    )
    assert [[clip.scene for clip in request.clips] for request in find_requests(text)] == [
        ["embeddings"],
        ["cross-attention", "self-attention"],
        ["self-attention"],
        ["cross-attention"],
    ]
    assert [request.line for request in find_requests(text)] == [3, 7, 9, 11]


def test_a_note_keeps_its_own_words() -> None:
    request = only("> _insert manim of attention between two\n> sentences -- and same sentence_\n")
    words = "insert manim of attention between two sentences -&#45; and same sentence"
    assert directives(request, Comment.HTML) == (
        (f'<!-- attnviz: cross-attention note="{words}" -->', Asked("cross-attention")),
        (f'<!-- attnviz: self-attention note="{words}" -->', Asked("self-attention")),
    )
    ((first, _), _) = directives(request, Comment.MDX)
    assert first == f'{{/* attnviz: cross-attention note="{words}" */}}'


# The markup of directives.

FIGURE = '<figure class="attnviz">\n<video src="a.mp4"></video>\n</figure>'
CLOSING = "<!-- /attnviz -->"


@pytest.mark.parametrize("closing", [CLOSING, "{/* /attnviz */}", "<!--/attnviz-->"])
@pytest.mark.parametrize(
    "markup",
    [
        FIGURE,
        "",
        f"\n{FIGURE}\n",
        f"```{{=html}}\n{FIGURE}\n```",
        '{{< attnviz src="a.mp4" >}}',
        "{% include attnviz.html src='a.mp4' %}",
        "<figure>\n```\n~~~\n<td>`</td>\n<!-- a\n</figure>",
        "[![alt](a.webp)](a.mp4)",
    ],
)
def test_the_markup_belongs_to_the_directive_before_it(markup: str, closing: str) -> None:
    section = f"{ROSES}\n{markup}\n{closing}"
    text = f"A.\n\n{section}\nB `c`.\n\n{PLAIN}\n"
    first, second = find_requests(text)
    assert text[first.start : first.end] == section
    assert first.source == ROSES
    assert (second.line, second.source) == (text.count("\n", 0, second.start) + 1, PLAIN)


def test_markup_keeps_the_indent_of_its_directive() -> None:
    section = f"{PLAIN}\n>   <figure>\n>   </figure>\n>   {CLOSING}"
    text = f"> - a\n>\n>   {section}\n> - b\n"
    request = only(text)
    assert text[request.start : request.end] == section
    assert request.indent == ">   "


@pytest.mark.parametrize(
    "between",
    [
        f"\n{ROSES}\n",
        "\n```attnviz\nsoftmax\n```\n",
        "\n_insert manim of softmax_\n",
        "\n_insert manim of attention_\n",
    ],
)
def test_a_directive_whose_closing_comment_is_gone_takes_no_other_request(between: str) -> None:
    text = f"{PLAIN}\n{FIGURE}\n{between}{FIGURE}\n{CLOSING}\n"
    if ROSES in between:
        first, second = find_requests(text)
        assert text[first.start : first.end] == PLAIN
        assert text[second.start : second.end] == f"{ROSES}\n{FIGURE}\n{CLOSING}"
    else:
        with pytest.raises(UserError, match=r"^line \d+: "):
            find_requests(text)


@pytest.mark.parametrize(
    "example", [f"`{CLOSING}`", f"```\n{CLOSING}\n```", f"~~~ html\n{CLOSING}\n"]
)
def test_a_closing_comment_in_an_example_closes_nothing(example: str) -> None:
    text = f"{PLAIN}\n\nIt ends so:\n\n{example}\n"
    request = only(text)
    assert text[request.start : request.end] == PLAIN


def test_a_stray_closing_comment_after_a_section() -> None:
    with pytest.raises(UserError, match=r"^line 4: this comment ends no directive"):
        find_requests(f"{PLAIN}\n<figure></figure>\n{CLOSING}\n{CLOSING}\n")


# Written directives are read back as they were meant.

VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
HARD = st.lists(
    st.sampled_from([*"-->*/}{%<!&#45;\"'“”‘’ =:\\`$", "--", "-->", "*/}", "amp;", "&lt;"])
)
OPTIONS = st.dictionaries(
    st.sampled_from(["text", "target", "model", "head", "caption", "alt", "hide-special"]),
    VALUES | HARD.map("".join),
)
STYLES = st.sampled_from(Comment)


@given(VALUES | HARD.map("".join), OPTIONS, STYLES, STYLES)
@example("x", {"text": "--> */} {{ {% &#45; &amp; \u2028\x85"}, Comment.HTML, Comment.MDX)
@settings(max_examples=400)
def test_a_written_directive_asks_for_the_same(
    path: str, options: dict[str, str], style: Comment, other: Comment
) -> None:
    clip = Asked(f"a{path}.py:Foo", options)
    made = Request("fence", 0, 0, 1, "", "", (clip,))
    for form in ("fence", "note"):
        made = Request(form, 0, 0, 1, "", "insert manim of " + "".join(options.values()), (clip,))
        ((directive, same),) = directives(made, style)
        assert same == clip
        request = only(f"{directive}\n{CLOSING}")
        assert request.source == directive
        assert request.clips == (clip,)
        # In another spelling it still says the same, and in its own it is left as it is.
        ((respelled, _),) = directives(request, other)
        assert only(respelled).clips == (clip,)
        assert (respelled == directive) == (style is other)
        assert len(directive.splitlines()) == 1
        assert "--" not in directive.removeprefix("<!--").removesuffix("-->")


@given(st.sampled_from(["-->", "--!>", "<!--", "*/", "*/}", "{/*"]), st.sampled_from("'\""))
def test_an_authors_own_signs_survive_another_spelling(sign: str, quote: str) -> None:
    for style, other in ((Comment.MDX, Comment.HTML), (Comment.HTML, Comment.MDX)):
        words = f"attnviz: softmax text={quote}a {sign} b{quote}"
        if style.value[1] in sign + "}" or sign in style.value or sign == "--!>":
            continue  # it ends or opens this very comment
        request = only(style.around(words))
        ((respelled, clip),) = directives(request, other)
        assert only(respelled).clips == (clip,)
        assert clip.options["text"] == f"a {sign} b"


# Any text at all.

PIECES = st.sampled_from(
    [
        *(
            "\n",
            "\r\n",
            "\r",
            "\n\n",
            " ",
            "    ",
            "\t",
            "> ",
            "- ",
            "1. ",
            "a b",
            "`",
            "```",
            "~~~",
        ),
        *(PLAIN, ROSES, CLOSING, "<!-- attnviz:", "-->", "{/* attnviz: softmax */}", "{/*", "*/}"),
        *("```attnviz\nsoftmax\n```\n", "```attnviz\n", "_insert manim of softmax_", "manim"),
        *("{% raw %}", "{% endraw %}", "{% comment %}", "{% endcomment %}", "{{<", ">}}", "<pre>"),
        *(
            "</pre>",
            "<div>",
            "---\n",
            "+++\n",
            "\ufeff",
            "$$",
            "\\",
            "insert manim of qkv",
            "text=“",
        ),
        *(
            "_",
            "*",
            "[",
            "]",
            "<figure>",
            "</figure>",
            FIGURE,
            "import a from 'b'",
            "#",
            "\x00",
            "\ud800",
        ),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60))
@settings(max_examples=1000)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        requests = find_requests(text)
    except UserError as error:
        event("refused")
        if not str(error).startswith("line "):
            raise
        return
    event(f"{len(requests)} requests")
    place = 0
    for request in requests:
        assert place <= request.start < request.end <= len(text)
        assert text.startswith(request.source, request.start)
        assert request.start + len(request.source) <= request.end
        assert text.count("\n", 0, request.start) <= request.line
        assert not {"\n", "\r"} & set(request.indent)
        assert directives(request, Comment.HTML)
        place = request.end
    replaced, marker = replaced_by(text, requests, "\ue000"), "\ue000"
    assume(marker not in text)
    outside = replaced.split(marker)
    inside = [text[request.start : request.end] for request in requests]
    woven = [word for pair in zip(outside, [*inside, ""], strict=True) for word in pair]
    assert "".join(woven) == text


def replaced_by(text: str, requests: tuple[Request, ...], *markers: str) -> str:
    """Return a post with a marker in place of each request; the last one goes on."""
    written, place = "", 0
    for number, request in enumerate(requests):
        written += text[place : request.start] + markers[min(number, len(markers) - 1)]
        place = request.end
    return written + text[place:]


@given(
    st.lists(
        st.sampled_from(
            [
                *("A.", "```\nx\n```", PLAIN, f"> {PLAIN}", "_insert manim of qkv_", "- b", "`c`"),
                *(
                    f"- {PLAIN}",
                    f"- a\n\n  {PLAIN}",
                    f"> - {PLAIN}\n> - b",
                    f"<div>\n{PLAIN}\n</div>",
                ),
                *(f"!!! a\n\n    {PLAIN}", f"a\n{PLAIN}\nb", "> _insert manim of qkv_\n> b"),
                *(
                    "- ```attnviz\n  softmax\n  ```",
                    "{/* attnviz: softmax */}",
                    f"1. a\n   {ROSES}",
                ),
                *("- _insert manim of qkv_\n- b", "> <!-- attnviz: softmax\n> head=1 -->", "> d"),
            ]
        ),
        max_size=8,
    )
)
@settings(max_examples=400)
def test_placed_sections_are_found_again(blocks: list[str]) -> None:
    """What a run writes, the next run reads as the same requests."""
    text = "\n\n".join(blocks)
    before = find_requests(text)
    written = replaced_by(text, before, *map(section, before))
    after = find_requests(written)
    assert [request.clips for request in after] == [request.clips for request in before]
    assert replaced_by(written, after, *map(section, after)) == written


def section(request: Request) -> str:
    """Return what is to stand in place of a request of one clip."""
    ((directive, _),) = directives(request, Comment.HTML)
    first, *lines = f"{directive}\n\n{FIGURE}\n\n{CLOSING}".split("\n")
    return "\n".join([first, *((request.indent + line).rstrip() for line in lines)])


MOST_SECONDS = 10.0
"""A post of 5 MB takes under 2 on a machine that has nothing else to do."""

_ARTICLE = (
    "A paragraph of `code` and *more* about a clip, which runs over a line or so, as it does.\n\n"
    "- one thing that is to be said\n- and another\n\n```python\nfor x in y:\n    z()\n```\n\n"
)


@pytest.mark.parametrize(
    "text",
    [
        _ARTICLE * 26_000 + PLAIN,
        (_ARTICLE * 25 + f"{ROSES}\n{FIGURE}\n{CLOSING}\n\n") * 300,
        f"{PLAIN}\n" * 20_000,
        f"{PLAIN}\n{CLOSING}\n" * 10_000,
        "_insert manim of softmax_\n" * 20_000,
        "_insert a clip of nothing_ " * 50_000,
        "(insert " * 200_000 + "manim",
        "`manim` insert manim of `x`\n" * 50_000,
        "```attnviz\nsoftmax\n```\n" * 20_000,
        "[insert manim\n" * 100_000,
        "*" * 1_000_000 + "manim",
        "<!-- attnviz" * 100_000,
    ],
    ids=lambda text: f"{text[:12]!r}",
)
def test_a_long_post_is_searched_in_time(text: str) -> None:
    begin = time.process_time()
    with contextlib.suppress(UserError):
        find_requests(text)
    assert time.process_time() - begin < MOST_SECONDS


def test_a_sign_that_would_end_a_comment_of_mdx_is_escaped() -> None:
    (request,) = find_requests('{/* attnviz: softmax caption="a */ b" */}')
    ((written, wanted),) = directives(request, Comment.MDX)
    assert written == '{/* attnviz: softmax caption="a *&#47; b" */}'
    assert wanted.options == {"caption": "a */ b"}
    (again,) = find_requests(written)
    assert again.clips == request.clips
