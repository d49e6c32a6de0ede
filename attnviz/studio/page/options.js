// What the form's lists offer, and in which words.

const nameOf = (choice) => choice.name ?? choice;

/** Options for choices that are names or have one; `current` is added where it is none of them. */
export function named(choices, current) {
  const options = choices.map((each) => ({
    value: nameOf(each),
    label: nameOf(each),
    title: each.what ?? each.summary,
  }));
  if (current && !options.some(({ value }) => value === current)) {
    options.push({ value: current, label: current });
  }
  return options;
}

/** The layers of a model, once its trace says them. */
export function layerOptions(trace, current) {
  const measured = trace && current === "" ? ` (${trace.layer})` : "";
  const layers = (trace?.layers ?? []).map((layer, i) => ({
    value: i,
    label: `${i}${layer.kind === "cross" ? " cross" : ""}`,
    title: layer.name,
  }));
  if (!trace && current !== "") layers.push({ value: current, label: `${current}` });
  return [{ value: "", label: `auto${measured}` }, ...layers];
}

/** The heads of the layer looked at, and what a head may be asked for by. */
export function headOptions(trace, layer, behaviours, pair) {
  const count = trace?.layers[layer === "" ? trace.layer : layer]?.heads ?? 0;
  const heads = Array.from({ length: count }, (_, i) => ({ value: i, label: `${i}` }));
  return [
    { value: "", label: trace ? `auto (${trace.head})` : "auto" },
    ...heads,
    ...behaviours.map((each) => ({ value: each, label: each })),
    { value: pair, label: "auto:word>word" },
  ];
}

/** The masks; a window's width is written beside it. */
export function maskOptions(masks) {
  const kinds = new Set(masks.map((mask) => mask.split(":")[0]));
  return [
    { value: "", label: "model’s" },
    ...[...kinds].map((kind) => ({ value: kind, label: kind })),
  ];
}
