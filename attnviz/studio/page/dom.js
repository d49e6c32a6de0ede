// Small helpers for the document.

/** Make an element: text values become attributes, all others properties. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (typeof value === "string") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Make a drawing of the sprite in index.html; it says nothing by itself. */
export function icon(name) {
  const space = "http:" + "//www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  drawing.append(use);
  return drawing;
}

/** Copy the template with this id; return its first element. */
export function stamp(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** Say something to those who do not see the page; little, and seldom. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/** Put text on the clipboard; tell whether it went. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Let a button copy what `text()` gives, and say so for a moment. */
export function copies(button, text) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const went = await copyText(text());
    button.textContent = went ? "Copied" : "The browser forbids it";
    say(button.textContent);
    setTimeout(() => (button.textContent = label), 1600);
  });
}

/** Return a function that runs `work` at most once a frame. */
export function oncePerFrame(work) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      work();
    });
  };
}

export const calm = matchMedia("(prefers-reduced-motion: reduce)");
