// Keys that work wherever nothing else wants them, and the dialog that lists them.

import { make } from "./dom.js";

const TYPING = "input, textarea, select, [contenteditable]";
const KEEPS_SPACE = "button:not(.picker), summary, a";
// Of this tab alone: who turns single keys off has a reason to.
const MEMORY = "attnviz-keys";

const LISTED = [
  ["Space", "play or pause"],
  ["← →", "one frame back or on"],
  ["⇧← ⇧→  or  , .", "one beat back or on"],
  ["Home End", "the first or the last frame"],
  ["L", "loop the beat"],
  ["+ −", "faster or slower"],
  ["/", "write a sentence"],
  ["Esc", "let go of what is inspected"],
  ["?", "this list"],
];

/** Listen for the keys; `extra` adds what is not the clock's. */
export function joinShortcuts(conductor, dialog, extra) {
  const { clock, line } = conductor;
  const keys = {
    " ": () => clock.toggle(),
    ArrowLeft: () => clock.step(-1),
    ArrowRight: () => clock.step(1),
    ",": () => clock.stepBeat(-1),
    ".": () => clock.stepBeat(1),
    Home: () => clock.seek(0),
    End: () => clock.seek(line.length - 1),
    l: () => clock.setLoop(!clock.loop),
    "+": () => clock.changeSpeed(1),
    "=": () => clock.changeSpeed(1),
    "-": () => clock.changeSpeed(-1),
    "?": () => dialog.showModal(),
    ...extra,
  };
  const shifted = { ArrowLeft: keys[","], ArrowRight: keys["."] };
  const enabled = dialog.querySelector("[name=keys]");
  enabled.checked = sessionStorage.getItem(MEMORY) !== "off";
  enabled.addEventListener("change", () => {
    sessionStorage.setItem(MEMORY, enabled.checked ? "on" : "off");
  });
  dialog
    .querySelector("dl")
    .append(
      ...LISTED.map(([key, does]) =>
        make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, does)),
      ),
    );

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (!enabled.checked || target.closest(TYPING) || document.querySelector("dialog[open]")) return;
    if (key === " " && target.closest(KEEPS_SPACE)) return;
    const act = (event.shiftKey && shifted[key]) || keys[key.length === 1 ? key.toLowerCase() : key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
