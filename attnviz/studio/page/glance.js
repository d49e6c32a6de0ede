// The sentence in attention at a glance: how much the lit query looks at each key.

import { make } from "./dom.js";
import { exact } from "./values.js";

/** Bars over words, as soon as the model has run; pointing at one tells `onPoint(target, held)`. */
export class Glance {
  #root;
  #row = null;
  onPoint = () => {};

  constructor(root) {
    this.#root = root;
    root.addEventListener("pointerover", (event) => this.#point(event, false));
    root.addEventListener("pointerleave", () => this.onPoint(null, false));
    root.addEventListener("click", (event) => this.#point(event, true));
  }

  /** Show a row of weights: {address, query, keys, weights}. */
  show(row) {
    this.#row = row;
    this.#root.hidden = false;
    this.#root.setAttribute("aria-label", `Where ${row.query} looks`);
    this.#root.querySelector("b").textContent = row.query;
    const list = this.#root.querySelector("ol");
    list.replaceChildren(...row.keys.map((word, key) => this.#item(word, row.weights[key])));
    // What scrolls must be reached by keyboard too.
    list.tabIndex = list.scrollHeight > list.clientHeight ? 0 : -1;
  }

  #item(word, weight) {
    const item = make(
      "li",
      {},
      make("span", { class: "bar" }),
      make("span", {}, word),
      make("span", { class: "unseen" }, exact(weight)),
    );
    item.style.setProperty("--weight", weight);
    return item;
  }

  #point({ target }, held) {
    const item = target.closest("li");
    if (!item) return;
    const key = [...item.parentElement.children].indexOf(item);
    const address = `${this.#row.address.slice(0, -1)}, ${key}]`;
    this.onPoint({ address, text: exact(this.#row.weights[key]) }, held);
  }
}
