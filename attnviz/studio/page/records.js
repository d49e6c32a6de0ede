// The stream of records: u32 length of the header, u32 length of the body (big-endian),
// the header (JSON), the body.

const LENGTHS = 8;
const WORD = 4;

/** What has arrived and is not read yet, without copying it together at every chunk. */
class Bytes {
  #chunks = [];
  #start = 0;
  length = 0;

  push(chunk) {
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  take(count) {
    const taken = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const chunk = this.#chunks[0];
      const part = chunk.subarray(this.#start, this.#start + count - filled);
      taken.set(part, filled);
      filled += part.length;
      this.#start += part.length;
      if (this.#start === chunk.length) {
        this.#chunks.shift();
        this.#start = 0;
      }
    }
    this.length -= count;
    return taken;
  }
}

/** The stream broke off. */
export class Broken extends Error {}

async function readChunk(reader) {
  try {
    return await reader.read();
  } catch (error) {
    throw error.name === "AbortError" ? error : new Broken(error.message);
  }
}

/** Yield {header, body} for each record of a stream of bytes, as soon as it is whole. */
export async function* readRecords(stream, signal) {
  const reader = stream.getReader();
  const stop = () => reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop);
  const bytes = new Bytes();
  const text = new TextDecoder();
  let lengths = null;
  try {
    for (;;) {
      if (lengths === null && bytes.length >= LENGTHS) {
        const view = new DataView(bytes.take(LENGTHS).buffer);
        lengths = [view.getUint32(0), view.getUint32(WORD)];
      }
      if (lengths !== null && bytes.length >= lengths[0] + lengths[1]) {
        const header = JSON.parse(text.decode(bytes.take(lengths[0])));
        const body = bytes.take(lengths[1]);
        lengths = null;
        yield { header, body };
        continue;
      }
      const { done, value } = await readChunk(reader);
      if (done) return;
      bytes.push(value);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}
