// What the second film may show, beside the first.

const PRESETS = {
  head: (spec, trace) => {
    const count = trace?.layers[trace.layer]?.heads ?? 1;
    return { ...spec, layer: trace?.layer, head: ((trace?.head ?? 0) + 1) % count };
  },
  unmasked: (spec) => ({ ...spec, mask: "none" }),
  masked: (spec) => ({ ...spec, mask: "causal" }),
  sentence: (spec) => spec,
};

/** The order of a second film, made from the first one's by a preset's name. */
export function secondOrder(preset, { scene, spec, theme, aspect }, trace) {
  const changed = PRESETS[preset](spec, trace);
  const given = Object.entries(changed).filter(([, value]) => value !== undefined && value !== null);
  return { scene, spec: Object.fromEntries(given), theme, aspect };
}
