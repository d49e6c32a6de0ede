// The panel that says what a number is: its value, what it was computed from, its row, its tensor.

import { getValue } from "./api.js";
import { copies, make, say } from "./dom.js";
import { Pointing } from "./pointing.js";
import { exact, fromList, rowTable, sizeOf, tensorTable, toTsv } from "./values.js";

// Short enough to feel at once; long enough not to ask for all that the pointer passes.
const HOVER_MS = 50;
const MOST_KEPT = 200;
const MOST_LISTED = 300;
// Rows of a table that are seen at once.
const FITTING = 12;

/** Fills `root`; what is held (by tap, by keyboard, from a list) stays until another is. */
export class Inspector {
  #root;
  #conductor;
  #pointings = new Map();
  #pane = null;
  #address = null;
  #held = false;
  #past = [];
  #answers = new WeakMap();
  #asking = null;
  #timer = null;
  #listed = null;
  #table = null;

  constructor(root, conductor) {
    this.#root = root;
    this.#conductor = conductor;
    this.#find("back").addEventListener("click", () => this.#goBack());
    this.#find("let-go").addEventListener("click", () => this.letGo());
    this.#find("still").addEventListener("click", () => this.#goToStill());
    copies(this.#find("copy"), () => toTsv(this.#table));
    this.#find("table").closest("details").addEventListener("toggle", () => this.#fillTable());
    conductor.addEventListener("frame", () => this.#follow());
  }

  /** Listen to what is pointed at in a pane. */
  join(pane) {
    const pointing = new Pointing(pane, (target, held) => this.#point(pane, target, held));
    this.#pointings.set(pane, pointing);
    this.#pane ??= pane;
    pane.glance.onPoint = (target, held) => this.#point(pane, target, held);
    pane.player.onDraw = (film, index) => {
      pointing.see(film, index);
      if (pane === this.#pane) pointing.mark(this.#address);
      this.#follow();
    };
    pane.addEventListener("film", () => {
      if (pane === this.#pane && this.#address) this.#look(this.#address);
    });
  }

  leave(pane) {
    this.#pointings.delete(pane);
    if (pane !== this.#pane) return;
    this.letGo();
    this.#pane = this.#pointings.keys().next().value ?? null;
  }

  /** Inspect nothing. */
  letGo() {
    this.#held = false;
    this.#past = [];
    this.#forget();
  }

  #find(name) {
    return this.#root.querySelector(`[data-part="${name}"]`);
  }

  #point(pane, target, held) {
    clearTimeout(this.#timer);
    if (!target) {
      if (held) this.letGo();
      else if (!this.#held) this.#timer = setTimeout(() => this.#forget(), HOVER_MS);
      return;
    }
    if (this.#held && !held) return;
    if (held) {
      this.#held = true;
      say(`${target.text ?? ""} ${target.address}`.trim());
    }
    if (pane !== this.#pane) this.#pointings.get(this.#pane)?.mark(null);
    this.#pane = pane;
    if (held) this.#look(target.address);
    else this.#timer = setTimeout(() => this.#look(target.address), HOVER_MS);
    this.#pointings.get(pane).mark(target.address);
  }

  /** Go to an address from a list: one can come back. */
  #go(address) {
    if (this.#address && this.#address !== address) this.#past.push(this.#address);
    this.#held = true;
    this.#look(address);
  }

  #goBack() {
    const address = this.#past.pop();
    if (address) this.#look(address);
  }

  #goToStill() {
    const { clock, line } = this.#conductor;
    const still = this.#pane.film?.nextStill(line.local(0, clock.frame)) ?? null;
    clock.pause();
    if (still !== null) clock.seek(line.place(0, still));
  }

  #forget() {
    this.#asking?.abort();
    this.#address = null;
    this.#pointings.get(this.#pane)?.mark(null);
    this.#find("answer").hidden = true;
    this.#find("hint").hidden = false;
  }

  async #look(address) {
    this.#address = address;
    this.#pointings.get(this.#pane)?.mark(address);
    const { film } = this.#pane;
    if (!film) return;
    this.#asking?.abort();
    this.#asking = new AbortController();
    try {
      const answer = await this.#ask(film, address, this.#asking.signal);
      if (this.#address === address) this.#show(answer);
    } catch (error) {
      if (error.name !== "AbortError") this.#refuse(address, error.message);
    }
  }

  async #ask(film, address, signal) {
    const answers = this.#answers.get(film) ?? new Map();
    this.#answers.set(film, answers);
    if (answers.has(address)) return answers.get(address);
    const answer = await getValue(film.id, address, signal);
    answers.set(address, answer);
    if (answers.size > MOST_KEPT) answers.delete(answers.keys().next().value);
    return answer;
  }

  #show({ address, value, shape, formula, from, row, table }) {
    this.#begin(address);
    const whole = value === null || value === undefined;
    this.#find("value").textContent = whole ? sizeOf(shape) : exact(value);
    this.#find("formula").textContent = formula ?? "";
    const go = (other) => this.#go(other);
    this.#fill("from", from?.length > 0 ? fromList(from, go) : null);
    this.#fill("row", row ? rowTable(row, address) : null);
    // What scrolls must be reached by keyboard too.
    this.#find("row").tabIndex = row?.values.length > FITTING ? 0 : -1;
    this.#table = table;
    this.#find("table").closest("[data-section]").hidden = !table;
    this.#fillTable();
  }

  /** A tensor may have thousands of cells: they are made when they are looked at. */
  #fillTable() {
    const part = this.#find("table");
    const wanted = this.#table && part.closest("details").open;
    part.replaceChildren(...(wanted ? [tensorTable(this.#table, this.#address)] : []));
  }

  #refuse(address, message) {
    this.#begin(address);
    this.#find("value").textContent = "";
    this.#find("formula").textContent = message;
    for (const name of ["from", "row", "table"]) this.#fill(name, null);
  }

  #begin(address) {
    this.#find("hint").hidden = true;
    this.#find("answer").hidden = false;
    this.#find("address").textContent = address;
    this.#find("back").hidden = this.#past.length === 0;
  }

  /** Put content into a part; hide the section of a part that has none. */
  #fill(name, content) {
    const part = this.#find(name);
    part.closest("[data-section]").hidden = content === null;
    part.replaceChildren(...(content ? [content] : []));
  }

  /** Keep up with the film: the numbers of the beat, and whether the picture stands still. */
  #follow() {
    const film = this.#pane?.film;
    if (!film) return;
    const { clock, line } = this.#conductor;
    const which = Math.max(0, line.films.indexOf(film));
    if (!line.films[which]) return;
    const still = this.#pointings.get(this.#pane).isStill;
    this.#find("moving").hidden = still || clock.playing;
    this.#find("playing").hidden = still || !clock.playing;
    this.#find("still-hint").hidden = !still;
    const beat = film.beatAt(line.local(which, clock.frame));
    if (clock.playing || beat?.numbers === this.#listed) return;
    this.#listed = beat?.numbers;
    this.#list(beat);
  }

  #list(beat) {
    const numbers = beat?.numbers ?? [];
    this.#find("beat").textContent = beat?.name ?? "";
    this.#find("numbers-section").hidden = numbers.length === 0;
    const more = numbers.length - MOST_LISTED;
    this.#find("numbers").replaceChildren(
      ...numbers.slice(0, MOST_LISTED).map(({ address, text }) => {
        const button = make(
          "button",
          { type: "button", title: address },
          make("b", {}, text),
          make("code", {}, address),
        );
        button.addEventListener("click", () => this.#go(address));
        return make("li", {}, button);
      }),
      ...(more > 0 ? [make("li", {}, `… ${more} more`)] : []),
    );
  }
}
