"""A clip as the markup that a careful web author would write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from attnviz.embed.versions import Version
from attnviz.embed.words import MOST_NUMBERS, Shown, facts, numbers

CLASS = "attnviz"

_LIGHT = "(prefers-color-scheme: light)"
_FILM = "width:100%;height:auto;display:block"
_CAPTION = "margin-top:.5em;font-size:.9em"
_DETAILS = "margin-top:.5em;font-size:.8em"
_TABLE = (
    "border-spacing:.8em 0;text-align:left;overflow-wrap:anywhere;font-variant-numeric:tabular-nums"
)
_TABLE_TITLE = "padding-left:.8em;text-align:left"
_PICTURE_WIDTH = 640

SCRIPT = """\
(()=>{const live=()=>document.querySelectorAll("figure.attnviz video:not([data-live])").forEach(v=>{
const is=q=>matchMedia(`(prefers-${q})`),light=is("color-scheme:light"),
still=is("reduced-motion:reduce");let ours=0,stopped=0;v.dataset.live="";
if(v.dataset.light){const dark=v.poster,dress=changed=>{v.poster=light.matches?v.dataset.light:dark;
if(changed){const t=v.currentTime,on=!v.paused;v.load();v.currentTime=t;if(on)v.play()}};
dress();light.addEventListener("change",dress)}
still.addEventListener("change",()=>still.matches&&v.pause());
v.addEventListener("pause",()=>{stopped=!ours});v.addEventListener("play",()=>{ours=stopped=0});
new IntersectionObserver(([e])=>{if(e.isIntersecting){if(!still.matches&&!stopped)
v.play().catch(()=>{})}else if(!v.paused){ours=1;v.pause()}},{threshold:.5}).observe(v)});
live();addEventListener("DOMContentLoaded",live)})()"""
"""Plays a film while it is in sight, unless motion is unwelcome or the reader stopped it, and
dresses it in the reader's colour scheme. Once a page is enough; more do no harm."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What a figure shows.

    Parameters
    ----------
    versions
        One a theme, the dark one first where there are two.
    alt
        In words.
    caption
        The line under the film.
    """

    versions: Sequence[Version]
    alt: str
    caption: str


def figure(clip: Clip, *, script: bool = True) -> str:
    """Write a film with its tracks, caption and numbers; no line of it is empty.

    Parameters
    ----------
    clip
        The clip.
    script
        Whether to bring the script: the first figure of a page does.
    """
    parts = [*_video(clip), *_beside(clip)]
    if script:
        parts.append(f"<script>{SCRIPT}</script>")
    return _figure(parts)


def picture(clip: Clip) -> str:
    """Write a film as a moving picture that links to it, for pages that take no video."""
    first, alt = clip.versions[0], escape(clip.alt)
    light = [
        f'<source media="{_LIGHT}" srcset="{escape(other.urls["webp"])}">'
        for other in clip.versions[1:]
    ]
    image = f'<img src="{escape(first.urls["webp"])}" alt="{alt}" width="{_PICTURE_WIDTH}">'
    parts = [
        f'<a href="{escape(first.urls["video"])}"><picture>',
        *light,
        f"{image}</picture></a>",
        *_beside(clip),
    ]
    return _figure(parts)


def _figure(parts: Sequence[str]) -> str:
    return "\n".join([f'<figure class="{CLASS}" style="margin:1.5em 0">', *parts, "</figure>"])


def _video(clip: Clip) -> Iterator[str]:
    first = clip.versions[0]
    size = first.manifest["output"]
    light = "".join(f' data-light="{escape(other.urls["poster"])}"' for other in clip.versions[1:])
    yield (
        '<video playsinline muted loop controls preload="metadata"'
        f' width="{size["width"]}" height="{size["height"]}"'
        f' poster="{escape(first.urls["poster"])}"{light}'
        f' aria-label="{escape(clip.alt)}" style="{_FILM}">'
    )
    for other in clip.versions[1:]:
        yield from _sources(other, f' media="{_LIGHT}"')
    yield from _sources(first, "")
    yield from tracks(first)
    yield f'<a href="{escape(first.urls["video"])}">{escape(clip.alt)}</a>'
    yield "</video>"


def tracks(version: Version) -> Iterator[str]:
    """Yield the captions and the chapters of a film as its tracks, within the page.

    A browser refuses a track's file from elsewhere, or beside a page that is opened from a disk.
    """
    for kind, text in version.tracks.items():
        url = f"data:text/vtt;charset=utf-8,{quote(text)}"
        yield f'<track kind="{kind}" src="{url}" srclang="en" label="{kind.capitalize()}">'


def _sources(version: Version, media: str) -> Iterator[str]:
    for what, kind in version.types.items():
        yield f'<source src="{escape(version.urls[what])}" type="{escape(kind)}"{media}>'


def _beside(clip: Clip) -> Iterator[str]:
    yield f'<figcaption style="{_CAPTION}">{escape(clip.caption)}</figcaption>'
    yield from _details(clip.versions[0])


def _details(version: Version) -> Iterator[str]:
    shown = numbers(version.manifest)
    yield f'<details style="{_DETAILS}"><summary>Numbers in this clip</summary>'
    yield f'<table style="{_TABLE}">'
    yield f'<caption style="{_TABLE_TITLE}">{escape(facts(version.manifest))}</caption>'
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("tensor", "shown", "exact"))
    yield f"<thead><tr>{heads}</tr></thead>"
    yield "<tbody>"
    yield from map(_row, shown[:MOST_NUMBERS])
    yield "</tbody>"
    yield "</table>"
    url, count = escape(version.urls["manifest"]), len(shown)
    yield f'<p><a href="{url}">All {count} numbers</a>, as JSON.</p>'
    yield "</details>"


def _row(number: Shown) -> str:
    cells = (f"<code>{escape(number.address)}</code>", escape(number.text), escape(number.value))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
