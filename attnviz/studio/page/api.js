// What the page asks of the server.

/** The server's refusal, or its silence: one line for the reader, and the field it is about. */
export class Refusal extends Error {
  constructor(message, field = null, status = 0) {
    super(message);
    this.field = field;
    this.status = status;
  }
}

const SILENT = "The studio does not answer: is the command still running in its terminal?";

/** Take what early.js has asked for already, once; else nothing. */
function takeBegun(path, body) {
  const key = path + (body ?? "");
  const { answers } = globalThis.attnvizBegun;
  const answer = answers.get(key);
  answers.delete(key);
  return answer;
}

async function send(path, options) {
  let answer;
  try {
    const begun = takeBegun(path, options.body);
    answer = await (begun ?? fetch(path, { cache: "no-store", ...options }));
    options.signal?.throwIfAborted();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(SILENT);
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Refusal(said.error ?? `${answer.status} ${answer.statusText}`, said.field, answer.status);
}

const get = async (path, signal) => (await send(path, { signal })).json();

async function post(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return (await send(path, { method: "POST", headers, body: JSON.stringify(body), signal })).json();
}

export const getScenes = () => get("/api/scenes");
export const getChoices = () => get("/api/choices");
export const postRender = (order, signal) => post("/api/render", order, signal);
export const postExport = (order) => post("/api/export", order);
export const postMarkup = (order) => post("/api/markup", order);

export function getValue(film, address, signal) {
  const asked = new URLSearchParams({ address });
  return get(`/api/films/${encodeURIComponent(film)}/value?${asked}`, signal);
}

/** The stream of a film's records, without the pictures that film `have` brought. */
export async function openRecords(film, have, signal) {
  const asked = have ? `?${new URLSearchParams({ have })}` : "";
  const answer = await send(`/api/films/${encodeURIComponent(film)}/records${asked}`, { signal });
  return answer.body;
}

const RETRY_MS = 2000;

/**
 * Follow the server's events for as long as the page is open.
 * `onAgain` is called when the stream is back after a break: events may have been missed.
 */
export function listen(onEvent, onBreak, onAgain) {
  let broken = false;
  const open = () => {
    const source = new EventSource("/api/events");
    source.onopen = () => {
      if (broken) onAgain();
      broken = false;
    };
    source.onmessage = (message) => onEvent(JSON.parse(message.data));
    source.onerror = () => {
      if (!broken) onBreak();
      broken = true;
      // A browser tries again by itself, but not after an answer that is an error.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, RETRY_MS);
    };
  };
  open();
}
