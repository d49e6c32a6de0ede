// What went wrong, over the picture; the last good film stays beneath.

/** Shows a problem {message, file, line} in a pane's alert, until it is cleared. */
export class Problem {
  #root;

  constructor(root) {
    this.#root = root;
  }

  get shown() {
    return !this.#root.hidden;
  }

  show({ message, file, line }) {
    this.#root.querySelector(".message").textContent = message;
    this.#root.querySelector(".place").textContent = file ? `${file}${line ? `:${line}` : ""}` : "";
    this.#root.hidden = false;
  }

  clear() {
    this.#root.hidden = true;
  }
}
