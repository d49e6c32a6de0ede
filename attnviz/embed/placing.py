"""How a kind of site takes a figure: what stands in the post, and in further files of the site."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from attnviz.embed.habits import (
    HUGO_BUNDLE_MARK,
    HUGO_STATIC_MARK,
    JEKYLL_MARK,
    hugo_folder,
    jekyll_includes,
    jekyll_source,
    post_key,
    safe_part,
)
from attnviz.embed.jsx import as_jsx
from attnviz.embed.sites import Site, require_inside

_NO_FILES: Mapping[Path, bytes] = MappingProxyType({})
_SHORTEST_FENCE = 3

# Liquid ends a tag at the first }} or %}, so that only what opens one has to be hidden.
_LIQUID = re.compile(r"\{\{|\{%")
_HUGO_MARKS = (HUGO_STATIC_MARK, HUGO_BUNDLE_MARK)
_SCRIPT = re.compile(r"(<script\b.*?</script>)", re.DOTALL)
# Tags, and what is raw between them.
_TAG = re.compile(r"(<(script|style)\b.*?</\2>|<[^>]*>)", re.DOTALL)
_MARKDOWN_IN_A_TAG = str.maketrans({sign: f"&#{ord(sign)};" for sign in "`\\[]"})
_MARKDOWN = str.maketrans({sign: f"&#{ord(sign)};" for sign in "`\\[]*_"})
# What Quarto does not see when it looks for the files of a page.
_UNSEEN_BY_QUARTO = re.compile(
    r"""<(?:video|track)\b[^>]*?\s(?:poster|src)=(?:"([^"]*)"|'([^']*)')"""
)

_SHORTCODE = """\
{{- /* Written by attnviz, which keeps it as it is: shows assets/attnviz/NAME.html. */ -}}
{{- $name := .Get 0 -}}
{{- $page := .Page -}}
{{- $position := .Position -}}
{{- with resources.Get (printf "attnviz/%s.html" $name) -}}
  {{- $figure := replace .Content "STATIC" (strings.TrimSuffix "/" (relURL "")) -}}
  {{- range findRE "BUNDLE/[^\\"'\\\\s,)<>]+" $figure | uniq -}}
    {{- $path := strings.TrimPrefix "BUNDLE/" . -}}
    {{- $address := printf "%s/%s" (strings.TrimSuffix "/" $page.RelPermalink) $path -}}
    {{- with $page.Resources.Get $path -}}
      {{- $address = .RelPermalink -}}
    {{- end -}}
    {{- $figure = replace $figure . $address -}}
  {{- end -}}
  {{- safeHTML $figure -}}
{{- else -}}
  {{- errorf "attnviz: there is no figure %q: %s" $name $position -}}
{{- end -}}
""".replace("STATIC", HUGO_STATIC_MARK).replace("BUNDLE", HUGO_BUNDLE_MARK)


@dataclass(frozen=True, slots=True)
class Placement:
    """What a figure becomes on a site.

    Parameters
    ----------
    markup
        What stands in the post, on lines of its own. On Quarto an empty one comes
        first and last, without which Pandoc sees no fence in a list.
    files
        Further files of the site by absolute path, inside its folder.
    """

    markup: str
    files: Mapping[Path, bytes]


def place(site: Site, name: str, figure: str) -> Placement:
    """Put a figure the way a kind of site takes it.

    Parameters
    ----------
    site
        The site.
    name
        The clip's name, safe as a file's.
    figure
        Plain HTML without blank lines, in which the address of every file begins
        with the site's public path.

    Returns
    -------
    Placement
        The markup for the post and the files that belong to it.

    Raises
    ------
    UserError
        If a file would lie outside the site.
    """
    match site.name:
        case "jekyll":
            include = {_jekyll_include(site, name): _as_include(site, figure)}
            return _placement(site, f"{{% include {_key(site, name)}.html %}}", include)
        case "hugo":
            files = {_hugo_figure(site, name): _for_hugo(site, figure)}
            files[_hugo_shortcode(site)] = _SHORTCODE
            shown = _key(site, name).removeprefix("attnviz/")
            return _placement(site, f'{{{{< attnviz "{shown}" >}}}}', files)
        case "quarto":
            return Placement(_as_raw_block(_with_files_seen(figure)), _NO_FILES)
        case "mkdocs":
            return Placement(_without_markdown(figure), _NO_FILES)
        case "mdx" | "docusaurus":
            return Placement(as_jsx(figure), _NO_FILES)
        case _:
            return Placement(figure, _NO_FILES)


def unplaced(site: Site, name: str) -> tuple[Path, ...]:
    """Return the files that `place` has written for one clip alone, to prune with it.

    Parameters
    ----------
    site
        The site.
    name
        The clip's name.

    Returns
    -------
    tuple[Path, ...]
        Their paths, there or not; Hugo's shortcode serves every clip and stays.

    Raises
    ------
    UserError
        If one would lie outside the site.
    """
    match site.name:
        case "jekyll":
            path = _jekyll_include(site, name)
        case "hugo":
            path = _hugo_figure(site, name)
        case _:
            return ()
    require_inside(site.root, path)
    return (path,)


def _placement(site: Site, markup: str, files: Mapping[Path, str]) -> Placement:
    for path in files:
        require_inside(site.root, path)
    encoded = {path: text.encode() for path, text in files.items()}
    return Placement(markup, MappingProxyType(encoded))


def _key(site: Site, name: str) -> str:
    """Return the figure's name within the site: two posts may ask for one clip."""
    return f"attnviz/{post_key(site.name, site.root, site.post)}/{safe_part(name)}"


def _jekyll_include(site: Site, name: str) -> Path:
    return jekyll_includes(site.root) / f"{_key(site, name)}.html"


def _hugo_figure(site: Site, name: str) -> Path:
    return hugo_folder(site.root, "assetDir", "assets") / f"{_key(site, name)}.html"


def _hugo_shortcode(site: Site) -> Path:
    layouts = hugo_folder(site.root, "layoutDir", "layouts")
    # Hugo 0.146 renamed the folder and still reads the old one, which older ones need.
    new = layouts / "_shortcodes"
    return (new if new.is_dir() else layouts / "shortcodes") / "attnviz.html"


def _as_include(site: Site, figure: str) -> str:
    def hidden(text: str) -> str:
        return _LIQUID.sub(lambda opening: f"{{{{ '{opening[0]}' }}}}", text)

    text = site.public.join(map(hidden, _in_few_lines(figure).split(site.public)))
    if not site.public.startswith(JEKYLL_MARK):
        return f"{text}\n"
    folder = site.assets.relative_to(jekyll_source(site.root)).as_posix()
    # In an include the name would outlive the file, and the next one sets it anew.
    return f"{{%- assign attnviz = '/{folder}' | relative_url -%}}\n{text}\n"


def _in_few_lines(figure: str) -> str:
    """Join a figure's lines: the line of an include may be indented, its further lines not."""
    parts = _SCRIPT.split(figure.strip())
    return "".join(part if i % 2 else part.replace("\n", " ") for i, part in enumerate(parts))


def _for_hugo(site: Site, figure: str) -> str:
    def hidden(text: str) -> str:
        for mark in _HUGO_MARKS:
            text = text.replace(mark, f"&#123;{mark[1:]}")
        return text

    return site.public.join(map(hidden, figure.strip().split(site.public))) + "\n"


def _without_markdown(figure: str) -> str:
    """Write Markdown's signs as entities: in a list Python-Markdown reads HTML as text."""

    def hidden(tag: re.Match[str]) -> str:
        return tag[0] if tag[2] else tag[0].translate(_MARKDOWN_IN_A_TAG)

    texts, last = [], 0
    for tag in _TAG.finditer(figure):
        texts += [figure[last : tag.start()].translate(_MARKDOWN), hidden(tag)]
        last = tag.end()
    return "".join([*texts, figure[last:].translate(_MARKDOWN)])


def _as_raw_block(figure: str) -> str:
    longest = max(map(len, re.findall(r"`+", figure)), default=0)
    fence = "`" * max(_SHORTEST_FENCE, longest + 1)
    return f"\n{fence}{{=html}}\n{figure}\n{fence}\n"


def _with_files_seen(figure: str) -> str:
    """Link the files that Quarto would not copy to its site, where no reader meets the links."""
    addresses = dict.fromkeys(one or other for one, other in _UNSEEN_BY_QUARTO.findall(figure))
    links = "".join(f'<a href="{address}"></a>' for address in addresses if address)
    return f"{figure}\n<div hidden>{links}</div>" if links else figure
