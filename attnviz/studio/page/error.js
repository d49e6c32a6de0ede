// What went wrong, over the picture; the last good film stays beneath.

/** Shows a problem {message, file, line, passing} in a pane's alert, until it is cleared. */
export class Problem {
  #root;
  #passing = false;

  constructor(root) {
    this.#root = root;
  }

  show({ message, file, line, passing = false }) {
    this.#passing = passing;
    this.#root.querySelector(".message").textContent = message;
    this.#root.querySelector(".place").textContent = file ? `${file}${line ? `:${line}` : ""}` : "";
    this.#root.hidden = false;
  }

  /** The server answers: what only said that it does not is over. */
  pass() {
    if (this.#passing) this.clear();
  }

  clear() {
    this.#root.hidden = true;
  }
}
