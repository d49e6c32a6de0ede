// The one clock: it drives one film, or two in step.

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];
// Frames that a late screen may catch up at once; a sleeping tab catches up no more.
const MOST_BEHIND = 3;

/**
 * Counts frames while it plays, and waits where the next one is not drawn yet.
 * `line` is the line of time: {length, fps, ended, isReady(frame), beatAt(frame)}.
 */
export class Clock extends EventTarget {
  #line;
  #last = 0;
  #behind = 0;
  frame = 0;
  playing = false;
  waiting = false;
  loop = false;
  speed = 1;
  /** True while a place is looked for in a new film: time stands. */
  held = false;

  constructor(line) {
    super();
    this.#line = line;
  }

  play() {
    if (this.playing) return;
    if (!this.held && !this.loop && this.#line.ended && this.frame >= this.#line.length - 1) {
      this.#move(0);
    }
    this.playing = true;
    this.#last = performance.now();
    this.#behind = 0;
    this.#changed();
    requestAnimationFrame((now) => this.#tick(now));
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.waiting = false;
    this.#changed();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Go to a frame; playing goes on from there. */
  seek(frame) {
    this.held = false;
    this.#behind = 0;
    this.#move(Math.max(0, Math.min(Math.round(frame), this.#line.length - 1)));
  }

  step(frames) {
    this.pause();
    this.seek(this.frame + frames);
  }

  /** Go to the start of the beat before or after; to this one's own start first. */
  stepBeat(direction) {
    const { beats } = this.#line;
    const ahead = beats.find((beat) => beat.start > this.frame);
    const behind = beats.findLast((beat) => beat.start < this.frame);
    if (direction < 0) this.seek(behind?.start ?? 0);
    else this.seek(ahead?.start ?? this.#line.length - 1);
  }

  setLoop(loop) {
    this.loop = loop;
    this.#changed();
  }

  setSpeed(speed) {
    this.speed = speed;
    this.#changed();
  }

  changeSpeed(by) {
    const next = SPEEDS.indexOf(this.speed) + by;
    if (next in SPEEDS) this.setSpeed(SPEEDS[next]);
  }

  #tick(now) {
    if (!this.playing) return;
    const frames = ((now - this.#last) / 1000) * this.#line.fps * this.speed;
    this.#last = now;
    this.#behind = Math.min(this.#behind + Math.max(frames, 0), MOST_BEHIND);
    let { frame } = this;
    while (this.#behind >= 1 && this.playing && !this.held) {
      const next = this.#after(frame);
      if (next === null) {
        this.#move(frame);
        this.pause();
        return;
      }
      const ready = this.#line.isReady(next);
      this.#wait(!ready);
      if (!ready) {
        this.#behind = 1;
        break;
      }
      this.#behind -= 1;
      frame = next;
    }
    if (frame !== this.frame && !this.held) this.#move(frame);
    requestAnimationFrame((later) => this.#tick(later));
  }

  /** The frame after one, in a loop its beat's first after its last; null at the end. */
  #after(frame) {
    const beat = this.loop ? this.#line.beatAt(frame) : null;
    if (beat?.end !== undefined && frame >= (beat?.end ?? 0) - 1) return beat.start;
    if (frame < this.#line.length - 1) return frame + 1;
    if (!this.#line.ended) return frame + 1;
    return null;
  }

  #wait(waiting) {
    if (waiting === this.waiting) return;
    this.waiting = waiting;
    this.#changed();
  }

  #move(frame) {
    if (frame === this.frame) return;
    this.frame = frame;
    this.dispatchEvent(new Event("move"));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
