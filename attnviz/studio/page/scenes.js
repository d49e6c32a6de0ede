// The scenes, each with a still of it.

import { make } from "./dom.js";

/** Fill `root` with a button for each scene; return what marks the one that is shown. */
export function listScenes(root, scenes, onChoose) {
  const buttons = scenes.map(({ name, summary, thumbnail }) => {
    const still = thumbnail
      ? make("img", { src: thumbnail, alt: "", width: "160", height: "90", decoding: "async" })
      : make("span", { class: "still" });
    const words = make("span", { class: "words" }, make("strong", {}, name), make("small", {}, summary));
    const button = make("button", { type: "button", title: summary }, still, words);
    button.dataset.scene = name;
    button.addEventListener("click", () => onChoose(name));
    return button;
  });
  root.replaceChildren(...buttons.map((button) => make("li", {}, button)));
  return (name) => {
    for (const button of buttons) {
      const current = button.dataset.scene === name;
      const had = button.getAttribute("aria-current") === "true";
      button.setAttribute("aria-current", current);
      if (current && !had) button.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  };
}
