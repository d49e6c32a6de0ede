// The line of time: how the frames of one film, or of two in step, lie on it.

/** Keep what is in both lists of [start, end) ranges. */
function overlap(some, others) {
  const both = [];
  for (const [start, end] of some) {
    for (const [from, to] of others) {
      if (Math.max(start, from) < Math.min(end, to)) {
        both.push([Math.max(start, from), Math.min(end, to)]);
      }
    }
  }
  return both;
}

const sameBeats = (a, b) =>
  a.beats.length > 0 &&
  a.beats.length === b.beats.length &&
  a.beats.every((beat, i) => beat.name === b.beats[i].name);

/** The frames of a beat and of what lies between it and the next one. */
function span(film, number) {
  const start = number === 0 ? 0 : film.beats[number].start;
  return [start, film.beats[number + 1]?.start ?? film.length];
}

/**
 * Lays films side by side. Two films of the same beats go beat by beat, once both are drawn: where
 * a beat is shorter in one of them, its last picture waits for the other. Else frame goes by frame.
 */
export class Line {
  films = [];
  beats = [];
  length = 1;
  #aligned = false;

  lay(films) {
    this.films = films;
    const [first, second] = films;
    this.#aligned = Boolean(second?.done && first.done && sameBeats(first, second));
    if (this.#aligned) this.#layBeats(first, second);
    else {
      this.beats = first?.beats ?? [];
      this.length = Math.max(1, ...films.map((film) => film.length));
    }
  }

  get fps() {
    return this.films[0]?.fps ?? 15;
  }

  /** Whether its length is final. */
  get ended() {
    return this.films.length > 0 && this.films.every((film) => film.ended);
  }

  /** The frame of a film that belongs to a place on the line. */
  local(which, frame) {
    const film = this.films[which];
    const beat = this.#aligned ? this.beatAt(frame) : null;
    if (!beat) return Math.min(frame, film.length - 1);
    const [start, end] = span(film, beat.number);
    return Math.min(start + frame - beat.start, end - 1);
  }

  /** The place on the line where a frame of a film lies. */
  place(which, index) {
    if (!this.#aligned) return index;
    const film = this.films[which];
    const number = Math.max(0, film.beats.findLastIndex((beat) => beat.start <= index));
    return this.beats[number].start + index - span(film, number)[0];
  }

  isReady(frame) {
    if (this.films.length === 0) return false;
    return this.films.every((film, which) => film.failure || film.frameAt(this.local(which, frame)));
  }

  beatAt(frame) {
    const beat = this.beats.findLast((each) => each.start <= frame);
    return beat && (beat.end === undefined || frame < beat.end) ? beat : null;
  }

  ranges() {
    if (this.#aligned) return [[0, this.length]];
    // What is shorter shows its last picture to the end.
    return this.films
      .map((film) => film.ranges())
      .map((ranges, i) =>
        this.films[i].done ? [...ranges, [this.films[i].length, Infinity]] : ranges,
      )
      .reduce((all, ranges) => overlap(all, ranges), [[0, this.length]]);
  }

  #layBeats(first, second) {
    let start = 0;
    this.beats = first.beats.map((beat, i) => {
      const frames = [first, second].map((film) => span(film, i)).map(([from, to]) => to - from);
      const end = start + Math.max(...frames);
      const laid = { ...beat, number: i, start, end };
      start = end;
      return laid;
    });
    this.length = start;
  }
}
