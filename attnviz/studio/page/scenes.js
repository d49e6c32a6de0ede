// The scenes, each with a still of it.

import { make } from "./dom.js";

const STILLS_AFTER_MS = 1500;

/** Fills `root` with a button for each scene. */
export class Scenes {
  #buttons;

  constructor(root, scenes, onChoose) {
    this.#buttons = scenes.map((scene) => sceneButton(scene, onChoose));
    root.replaceChildren(...this.#buttons.map((button) => make("li", {}, button)));
    setTimeout(() => this.showStills(), STILLS_AFTER_MS);
  }

  /** Show the stills: not before the film's first picture, which they would delay. */
  showStills() {
    for (const button of this.#buttons) {
      const still = button.querySelector("img[data-src]");
      if (!still) continue;
      still.src = still.dataset.src;
      delete still.dataset.src;
    }
  }

  /** Mark the scene that is shown. */
  mark(name) {
    for (const button of this.#buttons) {
      const current = button.dataset.scene === name;
      const had = button.getAttribute("aria-current") === "true";
      button.setAttribute("aria-current", current);
      if (current && !had) button.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }
}

function sceneButton({ name, summary, thumbnail }, onChoose) {
  const still = make("img", { alt: "", width: "160", height: "90", decoding: "async" });
  if (thumbnail) still.dataset.src = thumbnail;
  const title = make("strong", {}, name);
  const words = make("span", { class: "words" }, title, make("small", {}, summary));
  const button = make("button", { type: "button", title: summary }, still, words);
  button.dataset.scene = name;
  button.addEventListener("click", () => onChoose(name));
  return button;
}
