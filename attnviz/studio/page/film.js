// A film as far as it has arrived. Records do not come in order of time.

/** Return the last index whose item has key <= wanted, or -1; items are sorted by that key. */
function lastUpTo(items, key, wanted) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle][key] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function insert(items, key, item) {
  const before = lastUpTo(items, key, item[key]);
  if (before >= 0 && items[before][key] === item[key]) return false;
  items.splice(before + 1, 0, item);
  return true;
}

/** The frames, beats, numbers and regions of one film, and what became of it. */
export class Film {
  #blobs;
  #frames = [];
  #regions = new Map();
  #ranges = null;
  info = null;
  trace = null;
  beats = [];
  newest = null;
  done = false;
  failure = null;
  lacking = false;

  constructor(id, blobs) {
    this.id = id;
    this.#blobs = blobs;
  }

  /** Take in a record; return its kind. A picture the page no longer holds makes it `lacking`. */
  take({ header, body }) {
    switch (header.kind) {
      case "film":
        this.info = header;
        break;
      case "trace":
        this.trace = header;
        break;
      case "beat":
        this.#takeBeat(header);
        break;
      case "frame":
        this.#takeFrame(header, body);
        break;
      case "regions":
        this.#regions.set(header.at, header.regions);
        break;
      case "done":
        this.done = true;
        this.frames = header.frames;
        break;
      case "error":
        this.failure = header;
        break;
      case "cancelled":
        this.failure = { message: "The drawing of this film was given up.", file: null, line: null };
        break;
    }
    return header.kind;
  }

  /** Let go of its pictures. */
  close() {
    for (const frame of this.#frames) this.#blobs.release(frame.digest);
    this.#frames = [];
    this.#regions.clear();
    this.#ranges = [];
    this.newest = null;
  }

  /** Whether its stream has come to an end. */
  get ended() {
    return this.done || this.failure !== null;
  }

  get hasPicture() {
    return this.#frames.length > 0;
  }

  get size() {
    return this.#frames.length;
  }

  get fps() {
    return this.info?.fps ?? 15;
  }

  /** The number of frames; an estimate until it is done. */
  get length() {
    if (this.done) return this.frames;
    const last = this.#frames.at(-1);
    return Math.max(this.info?.about ?? 1, last ? last.at + last.count : 1, 1);
  }

  /** The record of the frame with this index, or null where it has not arrived. */
  frameAt(index) {
    const frame = this.#frames[lastUpTo(this.#frames, "at", index)];
    return frame && index < frame.at + frame.count ? frame : null;
  }

  /** The best picture there is for an index: the one before it in its beat, or the newest. */
  nearest(index) {
    const before = this.#frames[lastUpTo(this.#frames, "at", index)];
    const beat = this.beatAt(index);
    return before && beat && before.at >= beat.start ? before : this.newest;
  }

  /** The next `count` records from an index on, to decode ahead. */
  following(index, count) {
    const from = lastUpTo(this.#frames, "at", index) + 1;
    return this.#frames.slice(from, from + count);
  }

  beatAt(index) {
    const beat = this.beats[lastUpTo(this.beats, "start", index)];
    return beat && (beat.end === undefined || index < beat.end) ? beat : null;
  }

  beatNamed(name) {
    return this.beats.find((beat) => beat.name === name) ?? null;
  }

  /** What can be pointed at in the picture of an index, or null where it moves. */
  regionsAt(index) {
    const frame = this.frameAt(index);
    return (frame && this.#regions.get(frame.at)) ?? null;
  }

  /** The first frame after an index, or else the first of all, where something can be pointed at. */
  nextStill(index) {
    const stills = [...this.#regions.keys()].sort((a, b) => a - b);
    return stills.find((at) => at > index) ?? stills[0] ?? null;
  }

  /** What has arrived, as [start, end) ranges that do not touch. */
  ranges() {
    if (this.#ranges) return this.#ranges;
    const ranges = [];
    for (const { at, count } of this.#frames) {
      const last = ranges.at(-1);
      if (last && last[1] >= at) last[1] = Math.max(last[1], at + count);
      else ranges.push([at, at + count]);
    }
    this.#ranges = ranges;
    return ranges;
  }

  #takeBeat({ number, name, start, end, caption, numbers }) {
    const known = this.beats.find((beat) => beat.number === number);
    const beat = known ?? { number, name, start, end: undefined, caption: "", numbers: [] };
    if (end !== undefined) Object.assign(beat, { end, caption, numbers: numbers ?? [] });
    if (!known) insert(this.beats, "start", beat);
  }

  #takeFrame({ beat, at, count, digest }, body) {
    const frame = { beat, at, count, digest };
    if (!this.#blobs.hold(digest, body)) this.lacking = true;
    else if (insert(this.#frames, "at", frame)) {
      this.newest = frame;
      this.#ranges = null;
    } else this.#blobs.release(digest);
  }
}
