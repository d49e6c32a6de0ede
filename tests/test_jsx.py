"""Our HTML as JSX. That MDX 2.0 and 3.1 render it back to the same HTML was seen by hand."""

from __future__ import annotations

import json
import re

import pytest

from attnviz.embed.jsx import as_jsx

FIGURE = """\
<figure class="attnviz" style="margin:0">
<style>.attnviz video{width:100%}@media print{.attnviz-light{display:none}}</style>
<div><video class="attnviz-dark" playsinline muted loop controls preload="metadata" width="1280" \
height="720" poster="/a/x.png" aria-label="bank looks most at roses, 0.61">\
<source src="/a/x.webm" type='video/webm; codecs="av01.0.05M.08"'>
<source src="/a/x.mp4" type='video/mp4'>
<track kind="captions" srclang="en" label="Captions" src="/a/x.vtt" default></video></div>
<figcaption><em>bank</em> <b>looks</b> at {roses} &amp; *more*</figcaption>
<details><summary>Numbers in this clip</summary>
<table><tbody><tr><td colspan="2">0.61</td></tr></tbody></table>
</details>
<!-- of no use in a post -->
<script>document.currentScript.parentNode.className+=" on"</script>
</figure>"""

EXPECTED = r"""<figure className="attnviz" style={{"margin": "0"}}>
<style>{".attnviz video{width:100%}@media print{.attnviz-light{display:none}}"}</style>
<div><video className="attnviz-dark" playsInline muted loop controls preload="metadata" width="1280" height="720" poster="/a/x.png" aria-label="bank looks most at roses, 0.61"><source src="/a/x.webm" type={"video/webm; codecs=\"av01.0.05M.08\""} />
<source src="/a/x.mp4" type="video/mp4" />
<track kind="captions" srcLang="en" label="Captions" src="/a/x.vtt" default /></video></div>
<figcaption><em>{"bank"}</em>{" "}<b>{"looks"}</b>{" at {roses} & *more*"}</figcaption>
<details><summary>{"Numbers in this clip"}</summary>
<table><tbody><tr><td colSpan="2">{"0.61"}</td></tr></tbody></table>
</details>
<script dangerouslySetInnerHTML={{__html: "document.currentScript.parentNode.className+=\" on\""}}></script>
</figure>""".replace("\n", "")  # noqa: E501


def test_a_whole_figure() -> None:
    assert as_jsx(FIGURE) == EXPECTED


@pytest.mark.parametrize(
    ("html", "jsx"),
    [
        ("<br>", "<br />"),
        ("<br/>", "<br />"),
        ('<p class="a b" tabindex=0></p>', '<p className="a b" tabIndex="0"></p>'),
        ('<label for="x" class="a"></label>', '<label htmlFor="x" className="a"></label>'),
        (
            '<video autoplay crossorigin="anonymous"></video>',
            '<video autoPlay crossOrigin="anonymous"></video>',
        ),
        ("<video controls=''></video>", "<video controls></video>"),
        ("<i data-auto aria-hidden='true'></i>", '<i data-auto="" aria-hidden="true"></i>'),
        ("<i title='a\nb'></i>", r'<i title={"a\nb"}></i>'),
        ("<i title='{a}'></i>", '<i title={"{a}"}></i>'),
        ("<i title='a &lt; &quot;b&quot;'></i>", r'<i title={"a < \"b\""}></i>'),
        ('<img srcset="/a.webp 2x" alt="">', '<img srcSet="/a.webp 2x" alt="" />'),
        ("<i>a &lt; b &amp;&amp; {c}</i>", '<i>{"a < b && {c}"}</i>'),
        ("<i>a\n\nb</i>", r'<i>{"a\n\nb"}</i>'),
        ("<i>\\ “é” −∞</i>", r'<i>{"\\ “é” −∞"}</i>'),
        ("<div>\n\n<b>a</b>\n</div>", '<div><b>{"a"}</b></div>'),
        (
            "<p><b>a</b> <b>b</b>\n<i>c</i></p>",
            r'<p><b>{"a"}</b>{" "}<b>{"b"}</b>{"\n"}<i>{"c"}</i></p>',
        ),
        ("<!-- a --><i></i><!-- b -->", "<i></i>"),
    ],
)
def test_a_piece(html: str, jsx: str) -> None:
    assert as_jsx(html) == jsx


@pytest.mark.parametrize(
    ("style", "literal"),
    [
        ("margin:0", '{"margin": "0"}'),
        ("margin:0;", '{"margin": "0"}'),
        ("max-width: 100% ; aspect-ratio:16 / 9", '{"maxWidth": "100%", "aspectRatio": "16 / 9"}'),
        ("--ink:#123", '{"--ink": "#123"}'),
        ("-webkit-hyphens:auto", '{"WebkitHyphens": "auto"}'),
        (
            "background:url(data:image/png;base64,AA==)",
            '{"background": "url(data:image/png;base64,AA==)"}',
        ),
        ('content:";:"', r'{"content": "\";:\""}'),
        ("", "{}"),
    ],
)
def test_a_style_is_an_object(style: str, literal: str) -> None:
    quote = "'" if '"' in style else '"'
    assert as_jsx(f"<i style={quote}{style}{quote}></i>") == f"<i style={{{literal}}}></i>"


@pytest.mark.parametrize("tag", ["style", "script"])
@pytest.mark.parametrize(
    "text",
    [
        "a>b{c:d}",
        'x="</p>"',
        "if(1<2&&3){{`${a}`}}\n// end\n\nb('\\n')",
        "a{b:c}",
    ],
)
def test_raw_text_is_neither_markdown_nor_escaped(tag: str, text: str) -> None:
    jsx = as_jsx(f"<{tag}>{text}</{tag}>")
    assert "\n" not in jsx
    (literal,) = re.findall(r'"(?:\\.|[^"\\])*"', jsx)
    assert json.loads(literal) == text
    # What React would escape does not stand as a child.
    assert ("dangerouslySetInnerHTML" in jsx) == any(c in text for c in "&<>\"'")


@pytest.mark.parametrize("html", ["<div>", "<div><p></div>", "</p>", "<p></p></p>"])
def test_html_that_is_not_well_formed_is_an_error(html: str) -> None:
    with pytest.raises(ValueError, match=r"is not closed|closes nothing"):
        as_jsx(html)


def test_a_script_in_an_attribute_is_an_error() -> None:
    with pytest.raises(ValueError, match="onclick"):
        as_jsx('<b onclick="go()"></b>')
