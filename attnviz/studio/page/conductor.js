// Keeps what is looked at in its place: the clock, the films on the line of time, their players.

import { Clock } from "./clock.js";
import { oncePerFrame } from "./dom.js";
import { Line } from "./line.js";

/** Where in a film someone looks: a beat by its name, and how far into it. */
function placeIn(film, index) {
  const beat = film?.beatAt(index);
  if (!beat) return { name: null, number: 0, offset: 0, index };
  return { name: beat.name, number: beat.number, offset: index - beat.start, index };
}

const BEGINNING = { name: null, number: 0, offset: 0, index: 0 };

/** Find a place in a film: its index, and whether that is certain and drawn. */
function find(place, film) {
  const beat = place.name === null ? null : film.beatNamed(place.name);
  let { index } = place;
  if (beat) {
    index = beat.start + place.offset;
    if (beat.end !== undefined) index = Math.min(index, beat.end - 1);
  }
  if (film.done) index = Math.min(index, film.length - 1);
  const known = place.name === null || beat !== null || film.ended;
  return { index, certain: known && (film.ended || film.frameAt(index) !== null) };
}

/**
 * Plays the films of the panes in step. Fires "frame" (what is looked at changed) and "line" (what
 * is known of the films changed); both at most once a frame.
 */
export class Conductor extends EventTarget {
  #panes = [];
  #place = BEGINNING;
  // Where one was in the film that a new one is to follow.
  #left = null;
  #tellFrame = oncePerFrame(() => this.dispatchEvent(new Event("frame")));
  #tellLine = oncePerFrame(() => this.dispatchEvent(new Event("line")));
  line = new Line();
  clock = new Clock(this.line);

  constructor() {
    super();
    this.clock.addEventListener("move", () => {
      this.#remember();
      this.#draw();
    });
    this.clock.addEventListener("change", () => this.#tellFrame());
  }

  get place() {
    return this.#place;
  }

  setPanes(panes) {
    this.#panes = panes;
    this.refresh();
  }

  /** Look at a place as soon as the film has it. */
  goTo(place) {
    this.#place = place;
    this.clock.held = true;
    this.refresh();
  }

  /** Begin at the beginning, in a film that is still to come. */
  restart(playing) {
    this.#left ??= this.#place;
    this.#place = BEGINNING;
    this.clock.held = true;
    if (playing) this.clock.play();
  }

  /** That film will not come: stay where one was. */
  stay() {
    if (this.#left === null) return;
    const place = this.#left;
    this.#left = null;
    this.goTo(place);
  }

  /** Another film is shown, or more of one has arrived. */
  refresh() {
    const films = this.#panes.map((pane) => pane.film).filter((film) => film !== null);
    if (films.length === 0 || this.#panes[0].film === null) return;
    this.line.lay(films);
    if (!this.clock.held) this.#left = null;
    if (this.#left !== null) return;
    if (this.clock.held) this.#settle(films[0]);
    else this.#keep(films[0]);
    this.#draw();
    this.#tellLine();
  }

  /** Another film has come into a pane: what was looked at is looked for in it. */
  changeFilm(pane) {
    if (pane === this.#panes[0]) {
      this.clock.held = true;
      this.#left = null;
    }
    this.refresh();
  }

  #settle(film) {
    const { index, certain } = find(this.#place, film);
    if (!certain) return;
    this.clock.seek(this.line.place(0, index));
    this.#remember();
  }

  /** A line laid anew may put the same frame elsewhere. */
  #keep(film) {
    const { index } = find(this.#place, film);
    if (index !== this.line.local(0, this.clock.frame)) this.clock.seek(this.line.place(0, index));
  }

  #remember() {
    if (this.clock.held || this.line.films.length === 0) return;
    this.#place = placeIn(this.line.films[0], this.line.local(0, this.clock.frame));
  }

  #draw() {
    let which = 0;
    for (const pane of this.#panes) {
      if (pane.film === null) continue;
      this.#drawFilm(pane, which);
      which += 1;
    }
    this.#tellFrame();
  }

  #drawFilm(pane, which) {
    const { film } = pane;
    const looked = this.clock.held && which === 0 ? find(this.#place, film).index : this.clock.frame;
    const index = this.line.local(which, looked);
    const frame = film.frameAt(index);
    const shown = frame ?? film.nearest(index);
    if (!shown) return;
    pane.player.show(film, shown, frame ? index : shown.at + shown.count - 1);
    pane.player.prepare(film, index);
  }
}
