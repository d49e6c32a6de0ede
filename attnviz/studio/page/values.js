// An answer of the inspector as lists and tables.

import { make } from "./dom.js";

const DECIMALS = 4;
const DIGITS = 6;
const LARGE = 1000;

/** A value with all its digits. */
export const exact = (value) => `${value}`.replaceAll("-", "−").replace("inf", "∞");

/** A value to read: short, its exact form in the title. */
function short(value) {
  if (typeof value !== "number" || Number.isInteger(value)) return exact(value);
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

/** The indices inside the bracket at the end of an address. */
function indicesOf(address) {
  if (!address.endsWith("]")) return [];
  return address.slice(address.lastIndexOf("[") + 1, -1).split(",").map(Number);
}

const rowHead = (label) => make("th", { scope: "row" }, `${label}`);
const cell = (value) => make("td", { title: `${value}` }, short(value));

/** The row of a value: labels, values, a bar each where all are shares, and the sum. */
export function rowTable({ address, labels, values, sum, first = 0, length, cut }, current) {
  const shares = values.every(isShare);
  const at = current === address ? -1 : indicesOf(current).at(-1) - first;
  const lines = values.map((value, i) => {
    const bar = make("span", { class: "bar" });
    if (shares) bar.style.width = `${100 * value}%`;
    const share = make("td", { class: "share" }, shares ? bar : "");
    const line = make("tr", {}, rowHead(labels[i]), share, cell(value));
    if (i === at) line.setAttribute("aria-current", "true");
    return line;
  });
  const total = make(
    "tr",
    {},
    rowHead(cut ? `sum of all ${length}` : "sum"),
    make("td", { class: "share" }),
    cell(sum),
  );
  return make(
    "table",
    { class: "row" },
    make("caption", { class: "unseen" }, `Row ${address}`),
    make("tbody", {}, ...lines),
    make("tfoot", {}, total),
  );
}

/** A tensor as a table, its labels on both sides. */
export function tensorTable(table, current) {
  const { address, row_labels, column_labels, values, first = [0, 0], length, cut } = table;
  const indices = current === address ? [] : indicesOf(current);
  const [row, column] = [indices.at(-2) ?? 0, indices.at(-1)];
  const heads = column_labels.map((label) => make("th", { scope: "col" }, `${label}`));
  const lines = values.map((line, i) => {
    const cells = line.map(cell);
    if (i === row - first[0]) cells[column - first[1]]?.setAttribute("aria-current", "true");
    return make("tr", {}, rowHead(row_labels[i]), ...cells);
  });
  const part = cut ? ` (a part of ${length.join(" × ")})` : "";
  return make(
    "table",
    { class: "tensor" },
    make("caption", {}, make("code", {}, address), part),
    make("thead", {}, make("tr", {}, make("td"), ...heads)),
    make("tbody", {}, ...lines),
  );
}

/** The same table, exact, as a spreadsheet takes it. */
export function toTsv({ row_labels, column_labels, values }) {
  const clean = (label) => `${label}`.replace(/[\t\r\n]/g, " ");
  const lines = [["", ...column_labels.map(clean)]];
  values.forEach((row, i) => lines.push([clean(row_labels[i]), ...row]));
  return lines.map((line) => line.join("\t")).join("\n");
}
