// A canvas that shows one frame of one film: the one asked for last, exactly.

const AHEAD = 4;

/** Draws records; `element` carries what is on the canvas: data-film, data-frame, data-digest. */
export class Player {
  #canvas;
  #pen;
  #bitmaps;
  #asked = 0;
  #drawn = 0;
  onDraw = () => {};

  constructor(element, bitmaps) {
    this.element = element;
    this.#canvas = element.querySelector("canvas");
    this.#pen = this.#canvas.getContext("2d", { alpha: false });
    this.#bitmaps = bitmaps;
  }

  /** Show the picture `frame` of a film as its frame `index`. */
  async show(film, frame, index) {
    const turn = ++this.#asked;
    const shown = this.element.dataset;
    if (shown.digest === frame.digest) {
      this.#drawn = turn;
      this.#note(film, frame, index);
      return;
    }
    const bitmap = await this.#bitmaps.get(frame.digest).catch(() => null);
    // Decoding may overtake: what was asked for earlier is never drawn over what is newer.
    if (!bitmap || turn < this.#drawn) return;
    if (bitmap.width === 0) {
      if (turn === this.#asked) this.show(film, frame, index);
      return;
    }
    this.#drawn = turn;
    this.#draw(bitmap);
    this.#note(film, frame, index);
  }

  /** Decode what comes next, before it is asked for. */
  prepare(film, index) {
    for (const frame of film.following(index, AHEAD)) {
      this.#bitmaps.get(frame.digest).catch(() => {});
    }
  }

  #draw(bitmap) {
    const { width, height } = bitmap;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.element.style.setProperty("--ratio", width / height);
    }
    this.#pen.drawImage(bitmap, 0, 0);
  }

  /** Say what is seen, to those who do not see it. */
  #describe(film, index) {
    const beat = film.beatAt(index);
    const said = [film.info.scene, beat?.name, beat?.caption].filter(Boolean).join(": ");
    if (this.#canvas.ariaLabel !== said) this.#canvas.ariaLabel = said;
  }

  #note(film, frame, index) {
    const shown = this.element.dataset;
    const isNew = shown.film !== film.id;
    shown.film = film.id;
    shown.frame = index;
    shown.digest = frame.digest;
    this.#describe(film, index);
    if (isNew) {
      performance.clearMarks("film-picture");
      performance.mark("film-picture", { detail: film.id });
      if (performance.getEntriesByName("first-picture").length === 0) {
        performance.mark("first-picture", { detail: film.id });
      }
    }
    this.onDraw(film, index);
  }
}
