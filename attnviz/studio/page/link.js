// The page's state in its address, so that reloading and sharing keep it.

const SPEC = ["text", "target", "model", "layer", "head", "mask", "hide_special"];
const SECOND = "2.";

function writeFilm(parameters, { scene, spec, theme, aspect }, prefix) {
  const all = { scene, theme, aspect, ...spec };
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined && value !== null) parameters.set(prefix + name, value);
  }
}

function readValue(name, text) {
  if (name === "hide_special") return text === "true";
  return (name === "layer" || name === "head") && /^\d+$/.test(text) ? Number(text) : text;
}

function readFilm(parameters, prefix, start) {
  if (!parameters.has(`${prefix}scene`)) return null;
  const own = (name) => parameters.get(prefix + name);
  const given = SPEC.filter((name) => parameters.has(prefix + name));
  const spec = Object.fromEntries(given.map((name) => [name, readValue(name, own(name))]));
  return {
    scene: own("scene"),
    spec,
    theme: own("theme") ?? start.theme,
    aspect: own("aspect") ?? start.aspect,
  };
}

/** Write the films' orders and the place looked at into the address. */
export function writeLink(orders, place) {
  const parameters = new URLSearchParams();
  orders.forEach((order, i) => writeFilm(parameters, order, i === 0 ? "" : SECOND));
  if (place.name !== null) parameters.set("beat", place.name);
  parameters.set("frame", place.name === null ? place.index : place.offset);
  const address = `#${parameters}`;
  if (address !== location.hash) history.replaceState(null, "", address);
}

/** Read the address: {orders, place}; null where it says nothing. */
export function readLink(start) {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const first = readFilm(parameters, "", start);
  if (!first) return null;
  const second = readFilm(parameters, SECOND, start);
  const frame = Math.max(0, Number.parseInt(parameters.get("frame"), 10) || 0);
  const name = parameters.get("beat");
  return {
    orders: second ? [first, second] : [first],
    place: { name, number: 0, offset: frame, index: frame },
  };
}
