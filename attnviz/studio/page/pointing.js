// Pointing at the picture of a pane: by pointer, by tap, and by keyboard through one button that
// moves over it.

import { neighbour, targetAt, targetsOf } from "./regions.js";

const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Calls `onPoint(target, held)`; target is null where there is none; held: by tap or keyboard. */
export class Pointing {
  #pane;
  #picker;
  #outline;
  #canvas;
  #onPoint;
  #regions = null;
  #targets = [];
  #at = null;

  constructor(pane, onPoint) {
    this.#pane = pane;
    this.#onPoint = onPoint;
    this.#canvas = pane.root.querySelector("canvas");
    this.#picker = pane.root.querySelector(".picker");
    this.#outline = pane.root.querySelector(".outline");
    const player = pane.player.element;
    player.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") this.#onPoint(this.#under(event), false);
    });
    player.addEventListener("pointerleave", () => this.#onPoint(null, false));
    player.addEventListener("click", (event) => {
      // A click of the keyboard has no place.
      if (event.detail > 0) this.#onPoint(this.#under(event), true);
    });
    this.#picker.addEventListener("focus", () => this.#onPoint(this.#at ?? this.#targets[0], true));
    this.#picker.addEventListener("keydown", (event) => this.#key(event));
  }

  /** The picture has changed. */
  see(film, index) {
    const regions = film.regionsAt(index);
    if (regions === this.#regions) return;
    this.#regions = regions;
    this.#targets = regions ? targetsOf(regions) : [];
    this.#picker.hidden = this.#targets.length === 0;
    this.#place(this.#picker, this.#at ?? this.#targets[0]);
  }

  get isStill() {
    return this.#targets.length > 0;
  }

  /** Draw the outline around an address, if the picture has it; else none. */
  mark(address) {
    this.#at = this.#targets.find((target) => target.address === address) ?? null;
    this.#outline.hidden = this.#at === null;
    if (this.#at === null) return;
    this.#place(this.#outline, this.#at);
    this.#place(this.#picker, this.#at);
  }

  #place(element, target) {
    if (!target) return;
    const { width, height } = this.#canvas;
    const [x, y, wide, high] = target.box;
    element.style.left = `${(100 * x) / width}%`;
    element.style.top = `${(100 * y) / height}%`;
    element.style.width = `${(100 * wide) / width}%`;
    element.style.height = `${(100 * high) / height}%`;
    if (element === this.#picker) {
      element.setAttribute("aria-label", `${target.text ?? ""} ${target.address}`.trim());
    }
  }

  #under({ clientX, clientY }) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    const x = ((clientX - left) / width) * this.#canvas.width;
    const y = ((clientY - top) / height) * this.#canvas.height;
    return targetAt(this.#targets, x, y);
  }

  #key(event) {
    const direction = ARROWS[event.key];
    if (!direction || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const from = this.#at ?? this.#targets[0];
    if (from) this.#onPoint(neighbour(this.#targets, from, ...direction), true);
  }
}
