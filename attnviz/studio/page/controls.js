// The row below the timeline: play, steps, loop, speed, and where the film is.

import { SPEEDS } from "./clock.js";
import { make } from "./dom.js";

/** Join the buttons of `root` to the clock, and say where it stands. */
export function joinControls(root, conductor) {
  const { clock, line } = conductor;
  const find = (name) => root.querySelector(`[data-do="${name}"]`);
  const acts = {
    play: () => clock.toggle(),
    "beat-back": () => clock.stepBeat(-1),
    "frame-back": () => clock.step(-1),
    "frame-on": () => clock.step(1),
    "beat-on": () => clock.stepBeat(1),
    loop: () => clock.setLoop(!clock.loop),
  };
  for (const [name, act] of Object.entries(acts)) find(name).addEventListener("click", act);
  const speed = find("speed");
  speed.append(...SPEEDS.map((each) => make("option", { value: `${each}` }, `${each}×`)));
  speed.addEventListener("change", () => clock.setSpeed(Number(speed.value)));
  const where = root.querySelector(".where");
  const caption = root.querySelector(".caption");

  const show = () => {
    const play = find("play");
    play.setAttribute("aria-label", clock.playing ? "Pause" : "Play");
    play.querySelector("use").setAttribute("href", clock.playing ? "#i-pause" : "#i-play");
    find("loop").setAttribute("aria-pressed", clock.loop);
    speed.value = `${clock.speed}`;
    const beat = line.beatAt(clock.frame);
    const waiting = clock.waiting || clock.held;
    where.textContent = `${clock.frame} / ${line.length - 1}${waiting ? " · drawing" : ""}`;
    const says = beat?.caption ?? "";
    if (caption.textContent !== says) caption.textContent = says;
  };
  conductor.addEventListener("frame", show);
  show();
}
