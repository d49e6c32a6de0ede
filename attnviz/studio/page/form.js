// The form made from what a scene and a model take.

import { make } from "./dom.js";
import { headOptions, layerOptions, maskOptions, named } from "./options.js";

// Long enough not to draw every letter, short enough to feel at once.
const PAUSE_MS = 220;
const WRITTEN = ["text", "target"];
const PAIR = "auto:pair";
const WINDOW = "window";

/** Replace a select's options only where they differ: an open list must not close. */
function fill(select, options, value) {
  const known = JSON.stringify(options);
  if (select.dataset.known !== known) {
    select.dataset.known = known;
    select.replaceChildren(
      ...options.map(({ value: each, label, title }) =>
        make("option", { value: `${each}`, title }, label),
      ),
    );
  }
  select.value = `${value}`;
}

/**
 * Shows and changes `state`: {scene, spec, theme, aspect}, where spec holds only what differs from
 * the scene's own. Calls `onChange()` after a pause while someone writes, else at once.
 */
export class Form {
  #root;
  #choices;
  #scenes;
  #onChange;
  #timer = null;
  #trace = null;
  state;

  constructor(root, choices, scenes, onChange) {
    this.#root = root;
    this.#choices = choices;
    this.#scenes = scenes;
    this.#onChange = onChange;
    const id = `f${Math.random().toString(36).slice(2)}`;
    for (const field of root.querySelectorAll(".field")) this.#join(field, id);
    root.addEventListener("submit", (event) => event.preventDefault());
    // A form of several fields and no button does not submit by itself.
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") event.target.blur();
      if (event.key !== "Enter" || event.isComposing || event.target.localName !== "input") return;
      event.preventDefault();
      this.#send(0);
    });
    root.addEventListener("input", ({ target }) => this.#change(target));
    const more = root.querySelector(".more");
    more.addEventListener("click", () => {
      more.setAttribute("aria-expanded", root.classList.toggle("opened"));
    });
  }

  get scene() {
    return this.#scenes.find((scene) => scene.name === this.state.scene);
  }

  /** Show another state; nothing is sent. */
  set(state) {
    if (state.scene !== this.state?.scene) this.#trace = null;
    this.state = state;
    clearTimeout(this.#timer);
    this.accept();
    for (const name of WRITTEN) this.#part(name).value = state.spec[name] ?? this.#own(name);
    this.#draw();
  }

  /** Fit the choices to what the model turned out to have. */
  describe(trace) {
    this.#trace = trace;
    this.#draw();
  }

  /** Show the server's refusal by its field. */
  refuse({ message, field }) {
    this.accept();
    const part = this.#part(field ?? "") ?? this.#part("text");
    part.setAttribute("aria-invalid", "true");
    const said = part.closest(".field").querySelector(".refusal");
    said.textContent = message;
    if (part.name !== "text" && part.name !== "target") this.#open();
  }

  accept() {
    for (const part of this.#root.querySelectorAll("[aria-invalid]")) {
      part.removeAttribute("aria-invalid");
    }
    for (const said of this.#root.querySelectorAll(".refusal")) said.textContent = "";
  }

  focus() {
    this.#part("text").focus();
    this.#part("text").select();
  }

  #part(name) {
    return this.#root.elements.namedItem(name);
  }

  #own(name) {
    return this.scene?.spec[name] ?? "";
  }

  #join(field, id) {
    const part = field.querySelector("[name]");
    part.id = `${id}-${part.name}`;
    field.querySelector("label").htmlFor = part.id;
    const said = make("p", { class: "refusal", id: `${part.id}-said`, role: "alert" });
    field.append(said);
    part.setAttribute("aria-describedby", said.id);
  }

  #open() {
    this.#root.classList.add("opened");
    this.#root.querySelector(".more").setAttribute("aria-expanded", "true");
  }

  #draw() {
    const { spec, theme, aspect } = this.state;
    const value = (name) => spec[name] ?? this.#own(name);
    const model = this.#choices.models.find((each) => each.name === value("model"));
    const mask = `${value("mask")}`;
    const head = `${value("head")}`;
    const kindOfHead = head.includes(">") ? PAIR : head;
    const layers = layerOptions(this.#trace, value("layer"));
    fill(this.#part("scene"), named(this.#scenes), this.state.scene);
    fill(this.#part("model"), named(this.#choices.models, value("model")), value("model"));
    fill(this.#part("layer"), layers, value("layer"));
    fill(
      this.#part("head"),
      headOptions(this.#trace, value("layer"), this.#choices.heads, PAIR),
      kindOfHead,
    );
    fill(this.#part("mask"), maskOptions(this.#choices.masks), mask.split(":")[0]);
    fill(this.#part("theme"), named(this.#choices.themes), theme);
    fill(this.#part("aspect"), named(this.#choices.aspects), aspect);
    this.#part("hide_special").checked = value("hide_special") === true;
    this.#show("target", Boolean(this.scene?.targets && (model?.targets ?? true)));
    this.#show("pair", kindOfHead === PAIR);
    this.#show("window", mask.startsWith(WINDOW));
    if (kindOfHead === PAIR && document.activeElement !== this.#part("pair")) {
      this.#part("pair").value = head.slice(head.indexOf(":") + 1);
    }
    if (mask.startsWith(WINDOW)) this.#part("window").value = mask.split(":")[1];
  }

  #show(name, shown) {
    this.#part(name).closest(".field").hidden = !shown;
  }

  #change(part) {
    const { name, value } = part;
    const written = part.type === "text" || part.type === "number";
    if (name === "theme" || name === "aspect" || name === "scene") this.state[name] = value;
    else if (name === "hide_special") this.#give(name, part.checked);
    else if (name === "pair") this.#give("head", `auto:${value}`);
    else if (name === "window") this.#give("mask", `${WINDOW}:${value || 1}`);
    else if (name === "mask" && value === WINDOW) this.#give("mask", this.#firstWindow());
    else if (name === "head" && value === PAIR) return this.#askPair();
    else if (/^\d+$/.test(value) && (name === "layer" || name === "head")) {
      this.#give(name, Number(value));
    } else this.#give(name, WRITTEN.includes(name) ? value.trim() : value);
    if (name === "model") for (const each of ["layer", "head"]) delete this.state.spec[each];
    if (name === "layer" && typeof this.state.spec.head === "number") delete this.state.spec.head;
    if (name === "scene") this.#changeScene();
    this.#draw();
    this.#send(written ? PAUSE_MS : 0);
  }

  #changeScene() {
    const { text } = this.state.spec;
    this.set({ ...this.state, spec: text === undefined ? {} : { text } });
  }

  /** Keep what differs from the scene's own. */
  #give(name, value) {
    const own = this.#own(name);
    if (value === "" || value === own || (value === false && own === "")) {
      delete this.state.spec[name];
    } else this.state.spec[name] = value;
  }

  #firstWindow() {
    return this.#choices.masks.find((mask) => mask.startsWith(WINDOW)) ?? `${WINDOW}:3`;
  }

  /** A pair of words is not an order before it is written. */
  #askPair() {
    this.#show("pair", true);
    this.#part("pair").value = "";
    this.#part("pair").focus();
  }

  #send(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onChange(), pause);
  }
}
