// Pictures by digest: the encoded ones, counted and shared between films, and a few decoded ones.

/** Encoded pictures, each held for as long as a film holds it. */
export class Blobs {
  #held = new Map();
  onRelease = () => {};

  get size() {
    return this.#held.size;
  }

  get(digest) {
    return this.#held.get(digest)?.blob;
  }

  /** Hold a picture once more; tell whether it is there. */
  hold(digest, bytes) {
    const entry = this.#held.get(digest);
    if (entry) entry.holders += 1;
    else if (bytes.length === 0) return false;
    else this.#held.set(digest, { blob: new Blob([bytes], { type: "image/png" }), holders: 1 });
    return true;
  }

  release(digest) {
    const entry = this.#held.get(digest);
    if (!entry) return;
    entry.holders -= 1;
    if (entry.holders > 0) return;
    this.#held.delete(digest);
    this.onRelease(digest);
  }
}

// A draft frame takes 1.6 MB decoded.
const MOST_BITMAPS = 32;
// The pixels of the picture as they are: no colour management, no premultiplied alpha.
const AS_IT_IS = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

/** Decoded pictures, the least recently used one closed first. */
export class Bitmaps {
  #blobs;
  #decoded = new Map();

  constructor(blobs) {
    this.#blobs = blobs;
    blobs.onRelease = (digest) => this.#drop(digest);
  }

  get size() {
    return this.#decoded.size;
  }

  /** Promise the bitmap of a digest; null where no film holds it any more. */
  get(digest) {
    const known = this.#decoded.get(digest);
    if (known) {
      this.#decoded.delete(digest);
      this.#decoded.set(digest, known);
      return known;
    }
    const blob = this.#blobs.get(digest);
    if (!blob) return Promise.resolve(null);
    const coming = createImageBitmap(blob, AS_IT_IS);
    this.#decoded.set(digest, coming);
    coming.catch(() => this.#decoded.delete(digest));
    if (this.#decoded.size > MOST_BITMAPS) this.#drop(this.#decoded.keys().next().value);
    return coming;
  }

  #drop(digest) {
    const coming = this.#decoded.get(digest);
    this.#decoded.delete(digest);
    // Closed a turn later: who waits for it draws it first.
    coming?.then((bitmap) => setTimeout(() => bitmap.close())).catch(() => {});
  }
}
