// The page: what is on it, and how its parts hear of one another.

import { getChoices, getScenes, listen } from "./api.js";
import { Bitmaps, Blobs } from "./blobs.js";
import { secondOrder } from "./compare.js";
import { Conductor } from "./conductor.js";
import { joinControls } from "./controls.js";
import { calm, say } from "./dom.js";
import { Exporter } from "./exporter.js";
import { Inspector } from "./inspector.js";
import { readLink, writeLink } from "./link.js";
import { Pane } from "./pane.js";
import { Scenes } from "./scenes.js";
import { joinShortcuts } from "./shortcuts.js";
import { joinTheme } from "./theme.js";
import { Timeline } from "./timeline.js";

const LINK_PAUSE_MS = 400;
const STATES = {
  warming: "warming up",
  ready: "ready",
  broken: "the code does not load",
  away: "the studio does not answer",
};

// What stands where no picture is yet.
const EMPTY = {
  warming: "The models are being loaded …",
  ready: "The first picture is being drawn …",
  broken: "",
  away: "",
};

const byId = (id) => document.getElementById(id);

class Studio {
  #panes = [];
  #blobs = new Blobs();
  #bitmaps = new Bitmaps(this.#blobs);
  #conductor = new Conductor();
  #state = "warming";
  #linkTimer = null;
  #shared;
  #inspector;
  #exporter;
  #scenes;

  constructor(scenes, choices) {
    const place = () => this.#conductor.place;
    const anyFilm = () => this.#panes[0]?.film ?? null;
    const [blobs, bitmaps] = [this.#blobs, this.#bitmaps];
    this.#shared = { blobs, bitmaps, scenes, choices, place, anyFilm };
    this.#inspector = new Inspector(byId("inspector"), this.#conductor);
    this.#exporter = new Exporter(byId("export"), choices, () => this.#panes);
    this.#scenes = new Scenes(byId("scenes"), scenes, (name) => this.#chooseScene(name));
    new Timeline(byId("timeline"), this.#conductor);
    joinControls(byId("transport"), this.#conductor);
    const conductor = this.#conductor;
    joinShortcuts(conductor, byId("keys"), {
      "/": () => this.#panes[0].form.focus(),
      Escape: () => this.#inspector.letGo(),
    });
    byId("show-keys").addEventListener("click", () => byId("keys").showModal());
    byId("show-export").addEventListener("click", () => this.#exporter.open());
    for (const button of byId("presets").querySelectorAll("button")) {
      button.addEventListener("click", () => this.#compare(button.value));
    }
    conductor.addEventListener("frame", () => this.#link());
    conductor.clock.addEventListener("change", () => this.#link());
    addEventListener("hashchange", () => this.#follow(readLink(choices.start)));
  }

  /** Show what the address says, or what the command line asked for. */
  start() {
    const { start } = this.#shared.choices;
    const link = readLink(start);
    const { scene, spec, theme, aspect } = start;
    const orders = [{ scene, spec: { ...spec }, theme, aspect }];
    this.#follow(link ?? { orders, place: null });
    listen(
      (event) => this.#hear(event),
      () => this.#show("away"),
      // Another server gives the old films' names to other films.
      () => this.#again(true),
    );
  }

  /** For tests: what is held. */
  counts() {
    return { blobs: this.#blobs.size, bitmaps: this.#bitmaps.size, panes: this.#panes.length };
  }

  #follow(link) {
    if (!link) return;
    while (this.#panes.length > link.orders.length) this.#removePane(this.#panes.at(-1));
    link.orders.forEach((order, i) => {
      const pane = this.#panes[i] ?? this.#addPane();
      pane.form.set(order);
      if (i === 0) this.#scenes.mark(order.scene);
    });
    if (link.place) this.#conductor.goTo(link.place);
    else if (!calm.matches) this.#conductor.clock.play();
    for (const pane of this.#panes) pane.order();
  }

  #addPane() {
    const pane = new Pane(this.#shared);
    const second = this.#panes.length > 0;
    pane.root.setAttribute("aria-label", second ? "Second film" : "First film");
    pane.root.querySelector(".close").addEventListener("click", () => this.#removePane(pane));
    pane.root.querySelector(".close").hidden = !second;
    pane.addEventListener("film", () => {
      this.#conductor.changeFilm(pane);
      this.#scenes.showStills();
    });
    pane.addEventListener("progress", () => this.#conductor.refresh());
    pane.addEventListener("order", () => this.#ordered(pane));
    pane.addEventListener("taken", () => this.#link());
    pane.addEventListener("refused", () => this.#conductor.stay());
    this.#inspector.join(pane);
    byId("panes").append(pane.root);
    pane.empty.textContent = EMPTY[this.#state] ?? "";
    this.#panes.push(pane);
    this.#panesChanged();
    return pane;
  }

  #removePane(pane) {
    pane.close();
    this.#inspector.leave(pane);
    this.#panes = this.#panes.filter((each) => each !== pane);
    this.#panesChanged();
    this.#link();
  }

  #panesChanged() {
    const two = this.#panes.length > 1;
    document.body.classList.toggle("two", two);
    byId("compare").hidden = two;
    this.#conductor.setPanes(this.#panes);
  }

  #compare(preset) {
    byId("presets").hidePopover();
    const [first] = this.#panes;
    const pane = this.#addPane();
    pane.form.set(secondOrder(preset, first.form.state, first.film?.trace));
    pane.order();
    if (preset === "sentence") pane.form.focus();
  }

  #chooseScene(name) {
    const [pane] = this.#panes;
    const { text } = pane.form.state.spec;
    pane.form.set({ ...pane.form.state, scene: name, spec: text === undefined ? {} : { text } });
    this.#ordered(pane);
    pane.order();
  }

  /** Another scene begins at its beginning; all else stays where it is looked at. */
  #ordered(pane) {
    if (pane !== this.#panes[0]) return;
    const { scene } = pane.form.state;
    this.#scenes.mark(scene);
    if (pane.film === null || pane.film.info.scene === scene) return;
    this.#conductor.restart(!calm.matches);
  }

  #hear(event) {
    if (event.kind === "export") this.#exporter.hear(event);
    else if (event.kind === "code") this.#again();
    else if (event.kind === "state") {
      const mended = this.#state === "broken" && event.state === "ready";
      this.#show(event.state);
      if (event.state === "broken" && event.error) {
        for (const pane of this.#panes) pane.problem.show(event.error);
      }
      if (mended) this.#again();
    }
  }

  #show(state) {
    this.#state = state;
    const root = byId("state");
    root.dataset.state = state;
    root.textContent = STATES[state] ?? state;
    for (const pane of this.#panes) pane.empty.textContent = EMPTY[state] ?? "";
    if (state !== "ready") say(root.textContent);
  }

  #again(anew = false) {
    for (const pane of this.#panes) pane.order(anew);
  }

  #link() {
    if (this.#conductor.clock.playing) return;
    clearTimeout(this.#linkTimer);
    this.#linkTimer = setTimeout(() => {
      const orders = this.#panes.map((pane) => pane.form.state);
      writeLink(orders, this.#conductor.place);
    }, LINK_PAUSE_MS);
  }
}

joinTheme(byId("theme"));
try {
  await globalThis.attnvizBegun.ready;
  const [scenes, choices] = await Promise.all([getScenes(), getChoices()]);
  const studio = new Studio(scenes, choices);
  globalThis.attnvizCounts = () => studio.counts();
  studio.start();
} catch (error) {
  byId("state").dataset.state = "away";
  byId("state").textContent = error.message;
}
