// An answer of the inspector as lists and tables.

import { make } from "./dom.js";

const DECIMALS = 4;
const DIGITS = 6;
const LARGE = 1000;

/** A value to read: short, its exact form in the title. */
function short(value) {
  if (typeof value !== "number") return `${value}`.replace(/^-/, "−").replace("inf", "∞");
  const large = Math.abs(value) >= LARGE;
  return (large ? value.toPrecision(DIGITS) : value.toFixed(DECIMALS)).replace("-", "−");
}

/** The size of a tensor in words. */
export function sizeOf(shape) {
  return shape.length === 1 ? `${shape[0]} values` : shape.join(" × ");
}

/** What a value was computed from: a button each, to go there. */
export function fromList(from, go) {
  const items = from.map(({ address, value, shape, label }) => {
    const worth = value ?? sizeOf(shape ?? []);
    const button = make(
      "button",
      { type: "button" },
      make("span", { class: "label" }, label ?? ""),
      make("span", { class: "worth", title: `${worth}` }, short(worth)),
      make("code", {}, address),
    );
    button.addEventListener("click", () => go(address));
    return make("li", {}, button);
  });
  return make("ul", { class: "from" }, ...items);
}

const isShare = (value) => typeof value === "number" && value >= 0 && value <= 1;

/** The row of a value: labels, values, a bar each where all are shares, and the sum. */
export function rowTable({ address, labels, values, sum }, current) {
  const shares = values.every(isShare);
  const lines = values.map((value, i) => {
    const bar = make("span", { class: "bar" });
    if (shares) bar.style.width = `${100 * value}%`;
    const line = make(
      "tr",
      {},
      make("th", { scope: "row" }, `${labels?.[i] ?? i}`),
      make("td", { class: "share" }, shares ? bar : ""),
      make("td", { title: `${value}` }, short(value)),
    );
    if (isElement(current, address, i)) line.setAttribute("aria-current", "true");
    return line;
  });
  const foot = make(
    "tfoot",
    {},
    make(
      "tr",
      {},
      make("th", { scope: "row" }, "sum"),
      make("td", { class: "share" }),
      make("td", { title: `${sum}` }, short(sum)),
    ),
  );
  const caption = make("caption", { class: "unseen" }, `Row ${address}`);
  const body = make("tbody", {}, ...lines);
  return make("table", { class: "row" }, caption, body, ...(sum === undefined ? [] : [foot]));
}

function isElement(element, row, i) {
  const close = row.lastIndexOf("]");
  return element === `${row.slice(0, close)}, ${i}${row.slice(close)}`;
}

/** A tensor as a table, its labels on both sides. */
export function tensorTable({ address, row_labels, column_labels, values }) {
  const head = make(
    "tr",
    {},
    make("td", {}),
    ...column_labels.map((label) => make("th", { scope: "col" }, `${label}`)),
  );
  const lines = values.map((row, i) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, `${row_labels[i]}`),
      ...row.map((value) => make("td", { title: `${value}` }, short(value))),
    ),
  );
  const caption = make("caption", {}, make("code", {}, address));
  return make("table", { class: "tensor" }, caption, make("thead", {}, head), make("tbody", {}, ...lines));
}

/** The same table, exact, as a spreadsheet takes it. */
export function toTsv({ row_labels, column_labels, values }) {
  const clean = (label) => `${label}`.replace(/[\t\r\n]/g, " ");
  const lines = [["", ...column_labels.map(clean)]];
  values.forEach((row, i) => lines.push([clean(row_labels[i]), ...row]));
  return lines.map((line) => line.join("\t")).join("\n");
}
