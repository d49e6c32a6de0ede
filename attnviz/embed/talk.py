"""One page that holds a clip whole and steps through its beats, for talks."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template

from attnviz.embed.markup import tracks
from attnviz.embed.versions import Version

_LIGHT = "(prefers-color-scheme: light)"

_PAGE = Template(
    """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="$schemes">
<title>$title</title>
<style>
:root{--ground:$ground;--ink:$ink}
$light_colours
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{height:100vh;display:flex;flex-direction:column;justify-content:center}
video{width:100%;min-height:0;flex:0 1 auto;aspect-ratio:$width/$height;object-fit:contain}
nav{display:flex;gap:.25rem;padding:.5rem 1rem}
button{flex:1;height:1.5rem;padding:0;border:0;background:none;color:inherit;cursor:pointer}
button::before{content:"";display:block;height:.25rem;border-radius:.125rem;background:currentColor;
opacity:.3}
button[aria-current=step]::before{opacity:1}
h1,[role=status]{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
</style>
<main>
<h1>$title</h1>
<video playsinline muted preload="auto" width="$width" height="$height" aria-label="$alt">
$sources
$tracks
</video>
<nav aria-label="Beats">
$marks
</nav>
<p role="status"></p>
</main>
<script>
const beats=$beats,frame=1/$fps,video=document.querySelector("video"),
marks=[...document.querySelectorAll("button")],status=document.querySelector("[role=status]"),
still=matchMedia("(prefers-reduced-motion:reduce)");
let at=-1;
const hold=()=>{video.pause();video.currentTime=beats[at][1]-frame/2};
const go=(n,toEnd)=>{at=Math.max(0,Math.min(beats.length-1,n));
marks.forEach((mark,i)=>i==at?mark.setAttribute("aria-current","step"):mark.removeAttribute("aria-current"));
status.textContent=beats[at][2];
if(toEnd||still.matches)return hold();
video.currentTime=beats[at][0]+frame/2;video.play()};
const watch=()=>{if(!video.paused&&at>=0&&video.currentTime>=beats[at][1]-frame)hold();
requestAnimationFrame(watch)};
watch();
const keys={ArrowRight:()=>video.paused?at<beats.length-1&&go(at+1):hold(),ArrowLeft:()=>go(at-1,1),
Home:()=>go(0),End:()=>go(beats.length-1,1),
f:()=>document.fullscreenElement?document.exitFullscreen():document.documentElement.requestFullscreen()};
keys.PageDown=keys.ArrowRight;keys.PageUp=keys.ArrowLeft;
addEventListener("keydown",e=>{if(keys[e.key]&&!e.ctrlKey&&!e.metaKey&&!e.altKey){e.preventDefault();
keys[e.key]()}});
marks.forEach((mark,i)=>mark.addEventListener("click",()=>go(i)));
video.addEventListener("click",keys.ArrowRight);
</script>
</html>
"""
)


def talk(
    versions: Sequence[Version],
    grounds: Sequence[tuple[str, str]],
    title: str,
    alt: str,
    folder: Path,
) -> str:
    """Write the page.

    Parameters
    ----------
    versions
        One a theme; where there are two, the second is for readers of light pages.
    grounds
        Background and ink of each, as CSS colours.
    title, alt
        What is shown: a title, and in words.
    folder
        Where the clips' files lie.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    first = versions[0]
    told = first.manifest["output"]
    beats = [[beat["start"], beat["end"], beat["caption"]] for beat in first.manifest["beats"]]
    light = [
        f"@media{_LIGHT}{{:root{{--ground:{ground};--ink:{ink}}}}}" for ground, ink in grounds[1:]
    ]
    return _PAGE.substitute(
        title=escape(title),
        alt=escape(alt),
        schemes=" ".join(version.theme for version in versions),
        ground=grounds[0][0],
        ink=grounds[0][1],
        light_colours="".join(light),
        width=told["width"],
        height=told["height"],
        fps=told["fps"],
        sources="\n".join(_sources(versions, folder)),
        tracks="\n".join(tracks(first)),
        marks="\n".join(
            f'<button type="button" aria-label="{escape(caption)}"></button>'
            for _, _, caption in beats
        ),
        # No text of a caption may end the script.
        beats=json.dumps(beats, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    )


def _sources(versions: Sequence[Version], folder: Path) -> Iterator[str]:
    for version in reversed(versions):
        media = f' media="{_LIGHT}"' if version is not versions[0] else ""
        data = base64.b64encode((folder / version.urls["video"]).read_bytes()).decode("ascii")
        kind = version.types["video"]
        yield f'<source src="data:video/mp4;base64,{data}" type="{escape(kind)}"{media}>'
