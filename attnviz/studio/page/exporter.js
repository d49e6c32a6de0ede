// The film in full quality, its markup for a site, and the command line that does the same.

import { postExport, postMarkup } from "./api.js";
import { copyText, copies, make } from "./dom.js";

/** The export dialog. `panes()` gives what may be exported. */
export class Exporter {
  #dialog;
  #panes;
  #running = null;
  #heard = new Map();

  constructor(dialog, choices, panes) {
    this.#dialog = dialog;
    this.#panes = panes;
    this.#find("quality").append(
      ...choices.qualities.map(({ name, width, height, fps }) =>
        make("option", { value: name }, `${name} · ${width} × ${height}, ${fps} fps`),
      ),
    );
    // The page shows the first quality already, and the first format is always there.
    this.#find("quality").selectedIndex = Math.min(1, choices.qualities.length - 1);
    this.#find("formats").append(...choices.formats.map((each, i) => format(each, i === 0)));
    this.#find("site").append(
      ...choices.sites.map((site) => make("option", { value: site.name ?? site }, site.name ?? site)),
    );
    this.#find("start").addEventListener("click", () => this.#export());
    this.#find("markup").addEventListener("click", () => this.#copyMarkup());
    copies(this.#find("copy"), () => this.#find("command").textContent);
  }

  open() {
    const panes = this.#panes();
    const which = this.#find("which");
    which.closest(".field").hidden = panes.length < 2;
    if (which.options.length !== panes.length) {
      which.replaceChildren(
        ...panes.map((pane, i) => make("option", { value: `${i}` }, i === 0 ? "the first" : "the second")),
      );
    }
    this.#find("command").textContent = panes[0]?.command ?? "";
    this.#dialog.showModal();
  }

  /** The server says how an export goes. */
  hear(event) {
    this.#heard.set(event.id, event);
    if (event.id === this.#running) this.#tell(event);
  }

  #tell({ state, files, error }) {
    if (state === "running") this.#say("Rendering …");
    if (state === "done") {
      this.#done("Written:");
      const written = Object.entries(files ?? {});
      this.#find("files").replaceChildren(
        ...written.map(([what, path]) => make("li", {}, `${what} `, make("code", {}, path))),
      );
    }
    if (state === "failed") this.#done(error?.message ?? error ?? "The export failed.");
  }

  #find(name) {
    return this.#dialog.querySelector(`[data-part="${name}"]`);
  }

  #order() {
    const pane = this.#panes()[Number(this.#find("which").value) || 0];
    const { scene, spec, theme, aspect } = pane.form.state;
    return { scene, spec, theme, aspect };
  }

  async #export() {
    const chosen = [...this.#dialog.querySelectorAll("[name=format]:checked")];
    const formats = chosen.map((box) => box.value);
    this.#find("files").replaceChildren();
    this.#find("start").disabled = true;
    this.#find("progress").hidden = false;
    this.#say("Rendering …");
    try {
      const order = { ...this.#order(), quality: this.#find("quality").value, formats };
      const { id, command } = await postExport(order);
      this.#running = id;
      this.#find("command").textContent = command;
      // It may have been told before its name was known here.
      const heard = this.#heard.get(id);
      if (heard) this.#tell(heard);
    } catch (error) {
      this.#done(error.message);
    }
  }

  async #copyMarkup() {
    try {
      const site = this.#find("site").value;
      const { markup, command } = await postMarkup({ ...this.#order(), site });
      if (command) this.#find("command").textContent = command;
      const went = await copyText(markup);
      this.#say(went ? "The markup is on the clipboard." : "The browser forbids the clipboard.");
    } catch (error) {
      this.#say(error.message);
    }
  }

  #done(message) {
    this.#find("start").disabled = false;
    this.#find("progress").hidden = true;
    this.#say(message);
  }

  #say(message) {
    this.#find("said").textContent = message;
  }
}

function format({ name, summary }, always) {
  const box = make("input", { type: "checkbox", name: "format", value: name });
  box.checked = box.disabled = always;
  return make("label", { class: "check", title: summary }, box, ` ${name}`);
}
