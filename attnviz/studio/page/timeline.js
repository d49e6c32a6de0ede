// Beats as segments in proportion, what has arrived of them, and a playhead to drag.

import { make } from "./dom.js";

const percent = (part, whole) => `${(100 * part) / whole}%`;

function put(element, start, end, length) {
  element.style.left = percent(start, length);
  element.style.width = percent(end - start, length);
  return element;
}

/** Draws the line of time into `root` and moves the clock by pointer and by keys. */
export class Timeline {
  #conductor;
  #root;
  #beats;
  #arrived;
  #head;
  #drawnBeats = "";

  constructor(root, conductor) {
    this.#conductor = conductor;
    this.#root = root;
    this.#beats = root.querySelector(".beats");
    this.#arrived = root.querySelector(".arrived");
    this.#head = root.querySelector(".playhead");
    conductor.addEventListener("line", () => this.#drawLine());
    conductor.addEventListener("frame", () => this.#drawHead());
    root.addEventListener("pointerdown", (event) => this.#grab(event));
    root.addEventListener("keydown", (event) => this.#key(event));
  }

  #drawLine() {
    const { line } = this.#conductor;
    const known = JSON.stringify([line.length, line.beats.map((b) => [b.name, b.start, b.end])]);
    if (known !== this.#drawnBeats) {
      this.#drawnBeats = known;
      this.#beats.replaceChildren(...line.beats.map((beat, i) => this.#segment(beat, i)));
    }
    this.#arrived.replaceChildren(
      ...line
        .ranges()
        .map(([start, end]) => put(make("span"), start, Math.min(end, line.length), line.length)),
    );
    this.#drawHead();
  }

  #segment(beat, i) {
    const { line } = this.#conductor;
    const end = beat.end ?? line.beats[i + 1]?.start ?? line.length;
    const name = make("span", {}, beat.name);
    const segment = make("span", { class: "beat", title: beat.caption || beat.name }, name);
    segment.classList.toggle("open", beat.end === undefined);
    return put(segment, beat.start, Math.max(end, beat.start + 1), line.length);
  }

  #drawHead() {
    const { line, clock } = this.#conductor;
    const last = Math.max(1, line.length - 1);
    const beat = line.beatAt(clock.frame);
    this.#head.style.left = percent(Math.min(clock.frame, last), last);
    this.#root.classList.toggle("waiting", clock.waiting || clock.held);
    line.beats.forEach((each, i) => {
      this.#beats.children[i]?.classList.toggle("current", each.number === beat?.number);
    });
    const said = `frame ${clock.frame} of ${last}${beat ? `, beat ${beat.name}` : ""}`;
    this.#root.setAttribute("aria-valuemax", last);
    this.#root.setAttribute("aria-valuenow", clock.frame);
    this.#root.setAttribute("aria-valuetext", said);
  }

  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#root.focus({ preventScroll: true });
    this.#root.setPointerCapture(event.pointerId);
    const { clock } = this.#conductor;
    const wasPlaying = clock.playing;
    clock.pause();
    const scrub = ({ clientX }) => {
      const { left, width } = this.#root.getBoundingClientRect();
      clock.seek(((clientX - left) / width) * (this.#conductor.line.length - 1));
    };
    scrub(event);
    const end = () => {
      this.#root.removeEventListener("pointermove", scrub);
      if (wasPlaying) clock.play();
    };
    this.#root.addEventListener("pointermove", scrub);
    this.#root.addEventListener("lostpointercapture", end, { once: true });
  }

  #key(event) {
    const { clock, line } = this.#conductor;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const moves = {
      ArrowLeft: () => (event.shiftKey ? clock.stepBeat(-1) : clock.step(-1)),
      ArrowRight: () => (event.shiftKey ? clock.stepBeat(1) : clock.step(1)),
      ArrowDown: () => clock.step(-1),
      ArrowUp: () => clock.step(1),
      PageDown: () => clock.step(-line.fps),
      PageUp: () => clock.step(line.fps),
      Home: () => clock.seek(0),
      End: () => clock.seek(line.length - 1),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  }
}
