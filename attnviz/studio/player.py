"""A page that holds one film whole and steps through it, beat by beat and frame by frame."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from attnviz.theme import THEMES

PANEL = "19rem"
"""Height of what stands below the film."""

_PAGE = Template(
    """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; media-src data:; \
style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="color-scheme" content="$theme">
<title>$title</title>
<style>
*{box-sizing:border-box}
body{margin:0;background:$ground;color:$ink;font:.875rem/1.4 system-ui,sans-serif}
main{height:100vh;display:flex;flex-direction:column}
video{display:block;width:100%;aspect-ratio:$width/$height}
h1{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
nav{display:flex;gap:2px;padding:.25rem .5rem 0}
button{color:inherit;background:none;cursor:pointer}
nav button{min-width:0;height:1.5rem;padding:0;border:0}
nav button::before{content:"";display:block;height:.375rem;border-radius:.125rem;
background:currentColor;opacity:.35}
nav button[aria-current=step]::before{opacity:1}
input{display:block;width:calc(100% - 1rem);margin:0 .5rem;accent-color:$accent}
.row{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem;padding:.25rem .5rem}
.row button{min-width:2rem;min-height:1.75rem;border:1px solid $dim;border-radius:.25rem;
font:inherit}
output{margin-left:auto;font-variant-numeric:tabular-nums;color:$dim}
p{margin:0;padding:0 .5rem .25rem;min-height:2.8em}
.numbers{flex:1;min-height:0;overflow:auto;padding:0 .5rem .5rem}
table{border-collapse:collapse;width:100%}
caption{text-align:left;color:$dim}
th,td{padding:.1rem .75rem .1rem 0;text-align:left;font-weight:400;
font-variant-numeric:tabular-nums}
thead th{color:$dim}
code{font:.8125rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
:focus-visible{outline:2px solid $accent;outline-offset:1px}
</style>
<main>
<h1>$title</h1>
<video muted playsinline preload="auto" width="$width" height="$height" aria-label="$title"
src="data:video/mp4;base64,$film"></video>
<nav aria-label="Beats">
$marks
</nav>
<input type="range" min="0" max="$last" value="0" aria-label="Frame">
<div class="row">
<button type="button" data-do="," aria-label="Beat before" title="Beat before (,)">⏮</button>
<button type="button" data-do="ArrowLeft" aria-label="Frame before" title="Frame before (←)">
◂</button>
<button type="button" data-do=" " aria-label="Play" title="Play or pause (space)">▶</button>
<button type="button" data-do="ArrowRight" aria-label="Next frame" title="Next frame (→)">
▸</button>
<button type="button" data-do="." aria-label="Next beat" title="Next beat (.)">⏭</button>
<output aria-live="off"></output>
</div>
<p role="status"></p>
<div class="numbers" tabindex="0" role="region" aria-label="Numbers">
<table><caption></caption>
<thead><tr><th scope="col">printed</th><th scope="col">exact value</th>
<th scope="col">address</th></tr></thead><tbody></tbody></table>
</div>
</main>
<script>
const {fps,frames,beats}=$told;
const pick=selector=>document.querySelector(selector),video=pick("video"),line=pick("input"),
count=pick("output"),status=pick("p"),body=pick("tbody"),about=pick("caption"),
toggle=pick('[data-do=" "]'),marks=[...document.querySelectorAll("nav button")];
let frame=-1,beat=-1,late;
const cell=(tag,text)=>{const made=document.createElement(tag);made.textContent=text;return made};
const tell=n=>{
beat=n;
marks.forEach((mark,i)=>i===n?mark.setAttribute("aria-current","step"):mark.removeAttribute("aria-current"));
const {name,caption,numbers}=beats[n];
status.textContent=caption;
about.textContent="Numbers of “"+name+"”: "+numbers.length;
body.replaceChildren(...numbers.map(({text,value,address})=>{
const row=document.createElement("tr"),where=cell("td","");
where.append(cell("code",address));
row.append(cell("th",text),cell("td",value),where);
row.firstChild.scope="row";
return row}));
};
const draw=n=>{
frame=n;
line.value=n;
line.ariaValueText=count.value="frame "+n+" of "+frames;
const now=beats.findLastIndex(one=>one.start<=n);
if(now!==beat)tell(Math.max(0,now));
};
// In the middle of a frame, no rounding leads to its neighbour.
// On a busy machine a browser may lose a seek: it is asked for again.
const go=n=>{n=Math.max(0,Math.min(frames-1,n));video.pause();video.currentTime=(n+.5)/fps;draw(n);
clearTimeout(late);late=setTimeout(()=>{if(video.seeking)go(frame)},2000)};
const follow=()=>{
if(!video.paused){draw(Math.min(frames-1,Math.floor(video.currentTime*fps)));requestAnimationFrame(follow)}
};
const play=()=>{
if(!video.paused)return go(frame);
if(frame===frames-1)video.currentTime=0;
video.play();
};
video.addEventListener("play",()=>{toggle.textContent="⏸";toggle.ariaLabel="Pause";follow()});
video.addEventListener("pause",()=>{toggle.textContent="▶";toggle.ariaLabel="Play"});
video.addEventListener("ended",()=>go(frames-1));
video.addEventListener("click",play);
line.addEventListener("input",()=>go(+line.value));
marks.forEach((mark,i)=>mark.addEventListener("click",()=>go(beats[i].start)));
const back=()=>go(frame>beats[beat].start?beats[beat].start:beats[Math.max(0,beat-1)].start);
const keys={" ":play,",":back,".":()=>go(beat+1<beats.length?beats[beat+1].start:frames-1),
ArrowLeft:()=>go(frame-1),ArrowRight:()=>go(frame+1),Home:()=>go(0),End:()=>go(frames-1)};
const shifted={ArrowLeft:keys[","],ArrowRight:keys["."]};
document.querySelectorAll("[data-do]").forEach(one=>one.addEventListener("click",keys[one.dataset.do]));
addEventListener("keydown",event=>{
const act=event.shiftKey&&shifted[event.key]||keys[event.key];
if(!act||event.ctrlKey||event.metaKey||event.altKey)return;
if(event.key===" "&&event.target.closest("button"))return;
event.preventDefault();
act();
});
draw(0);
</script>
</html>
"""
)


def player(told: Mapping[str, Any], film: Path, title: str) -> str:
    """Write the page.

    Parameters
    ----------
    told
        The film's manifest.
    film
        Its file.
    title
        What it shows, in words.

    Returns
    -------
    str
        HTML that needs no other file and asks for none.
    """
    output, palette = told["output"], THEMES[told["theme"]].palette
    beats = [_beat(beat, output["fps"]) for beat in told["beats"]]
    content = {"fps": output["fps"], "frames": told["frames"], "beats": beats}
    return _PAGE.substitute(
        theme=told["theme"],
        title=escape(title),
        width=output["width"],
        height=output["height"],
        ground=palette.background,
        ink=palette.ink,
        dim=palette.dim,
        accent=palette.query,
        film=base64.b64encode(film.read_bytes()).decode("ascii"),
        last=told["frames"] - 1,
        marks="\n".join(
            f'<button type="button" style="flex:{beat["end"] - beat["start"]}"'
            f' aria-label="{escape(beat["caption"])}" title="{escape(beat["name"])}"></button>'
            for beat in beats
        ),
        # No text of a caption may end the script.
        told=json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
    )


def _beat(beat: Mapping[str, Any], fps: int) -> dict[str, Any]:
    """Return a beat in frames; every digit of its numbers stands as text, as Python writes it."""
    numbers = {
        (number["address"], number["text"]): str(number["value"]) for number in beat["numbers"]
    }
    return {
        "name": beat["name"],
        "caption": beat["caption"],
        "start": round(beat["start"] * fps),
        "end": round(beat["end"] * fps),
        "numbers": [
            {"address": address, "text": text, "value": value}
            for (address, text), value in numbers.items()
        ],
    }
