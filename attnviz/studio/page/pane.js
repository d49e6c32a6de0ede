// One film: its form, its picture, and the stream that brings it.

import { openRecords, postRender, Refusal } from "./api.js";
import { stamp } from "./dom.js";
import { Problem } from "./error.js";
import { Film } from "./film.js";
import { Form } from "./form.js";
import { Glance } from "./glance.js";
import { Player } from "./player.js";
import { Broken, readRecords } from "./records.js";

// Films that someone wrote over before they were whole.
const MOST_SPARE = 4;
const UNPROCESSABLE = 422;
const CUT = "The film broke off: the studio went away or was started again.";

const isAbort = (error) => error.name === "AbortError";

/**
 * Fires "film" when another film is shown, "progress" when more of it has come, "order" when its
 * form asks for another and "taken" or "refused" when the server answered.
 */
export class Pane extends EventTarget {
  #shared;
  #posting = null;
  #reading = null;
  #coming = null;
  #good = null;
  // What the coming film may lean on until it is whole: it is sent without the pictures held here.
  #spare = [];
  #films = new Set();
  film = null;
  command = "";

  /** `shared` is what all panes have: {blobs, bitmaps, choices, scenes, place(), anyFilm()}. */
  constructor(shared) {
    super();
    this.#shared = shared;
    this.root = stamp("pane");
    this.empty = this.root.querySelector(".empty");
    this.player = new Player(this.root.querySelector(".player"), shared.bitmaps);
    this.glance = new Glance(this.root.querySelector(".glance"));
    this.problem = new Problem(this.root.querySelector(".error"));
    this.form = new Form(this.root.querySelector("form"), shared.choices, shared.scenes, () => {
      this.#tell("order");
      this.order();
    });
    const again = this.root.querySelector(".again");
    again.addEventListener("click", () => this.order());
  }

  /** Ask for the film that the form describes; `anew`: even one that is here already. */
  async order(anew = false) {
    this.#posting?.abort();
    const posting = new AbortController();
    this.#posting = posting;
    this.root.setAttribute("aria-busy", "true");
    const base = this.#base();
    const { scene, spec, theme, aspect } = this.form.state;
    const { number: beat, offset: frame } = this.#shared.place();
    try {
      const order = { scene, spec, theme, aspect, beat, frame, base: base?.id ?? null };
      const { film, command } = await postRender(order, posting.signal);
      this.form.accept();
      this.problem.pass();
      this.command = command;
      this.#tell("taken");
      await this.#bring(film, base, anew);
    } catch (error) {
      if (isAbort(error)) return;
      if (!(error instanceof Refusal)) throw error;
      this.#tell("refused");
      if (error.field || error.status === UNPROCESSABLE) this.form.refuse(error);
      else this.problem.show({ message: error.message, passing: error.status === 0 });
    }
    if (this.#posting === posting) this.root.setAttribute("aria-busy", `${this.#coming !== null}`);
  }

  /** Stop and let go of everything. */
  close() {
    this.#posting?.abort();
    this.#reading?.abort();
    for (const film of this.#films) film.close();
    this.root.remove();
  }

  /** The film whose pictures need not be sent again: a whole one if there is one. */
  #base() {
    return this.#good ?? this.film ?? this.#shared.anyFilm();
  }

  async #bring(id, base, anew) {
    const known = [this.#coming, this.film].find((film) => film?.id === id);
    if (!anew && known && !known.failure && (known.done || this.#coming === known)) {
      this.#show(known);
      this.problem.clear();
      return;
    }
    this.#reading?.abort();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    const film = new Film(id, this.#shared.blobs);
    this.#spare = [...this.#spare, this.#coming, this.film].filter(Boolean).slice(-MOST_SPARE);
    this.#films.add(film);
    this.#coming = film;
    this.#tidy();
    await this.#read(film, base?.id, signal);
    // A picture was left out that is no longer held: all of them, then.
    if (film.lacking && !signal.aborted) await this.#read(film, null, signal);
    if (!film.ended && !signal.aborted) film.failure = { message: CUT, passing: true };
    if (!signal.aborted) this.#end(film);
  }

  async #read(film, have, signal) {
    film.lacking = false;
    try {
      const stream = await openRecords(film.id, have, signal);
      for await (const record of readRecords(stream, signal)) {
        if (signal.aborted) return;
        const kind = film.take(record);
        if (kind === "trace") this.#describe(film.trace);
        if (kind === "frame" && film.hasPicture && this.film !== film) this.#show(film);
        // What a failure means for what is shown is decided at the end.
        else if (!film.failure) this.#tell("progress");
      }
    } catch (error) {
      if (!isAbort(error) && !(error instanceof Broken)) throw error;
    }
  }

  #describe(trace) {
    this.form.describe(trace);
    this.glance.show(trace.row);
    const notes = this.root.querySelector(".notes");
    const [first = "", ...others] = trace.notes;
    notes.querySelector("summary").textContent = first;
    notes.querySelector("p").textContent = others.join(" ");
    notes.hidden = trace.notes.length === 0;
  }

  #show(film) {
    if (this.film === film) return;
    if (this.film) this.#spare.push(this.film);
    this.film = film;
    this.problem.clear();
    this.root.classList.add("filled");
    this.#tell("film");
  }

  #end(film) {
    this.#coming = null;
    if (film.failure) {
      this.problem.show(film.failure);
      if (this.#good) this.glance.show(this.#good.trace.row);
      if (this.#good && this.film !== this.#good) {
        this.film = this.#good;
        this.#tell("film");
      }
    } else {
      this.problem.clear();
      this.#good = film;
      if (film.hasPicture) this.#show(film);
    }
    this.#spare = [];
    this.#tidy();
    this.#tell("progress");
  }

  /** Close the films that nothing needs any more. */
  #tidy() {
    const needed = new Set([this.film, this.#coming, this.#good, ...this.#spare]);
    for (const film of this.#films) {
      if (needed.has(film)) continue;
      film.close();
      this.#films.delete(film);
    }
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
