// The page's own theme: the reader's preference, until the switch says otherwise.

const MEMORY = "attnviz-theme";
const prefersLight = matchMedia("(prefers-color-scheme: light)");

const current = () =>
  document.documentElement.dataset.theme || (prefersLight.matches ? "light" : "dark");

/** Let a button switch between dark and light, in every page that is open. */
export function joinTheme(button) {
  const label = () => {
    const other = current() === "dark" ? "light" : "dark";
    button.setAttribute("aria-label", `Switch to the ${other} theme`);
    button.title = `Switch to the ${other} theme`;
    return other;
  };
  const use = (theme) => {
    document.documentElement.dataset.theme = theme;
    label();
  };
  button.addEventListener("click", () => {
    const other = label();
    localStorage.setItem(MEMORY, other);
    use(other);
  });
  addEventListener("storage", ({ key, newValue }) => {
    if (key === MEMORY) use(newValue ?? "");
  });
  prefersLight.addEventListener("change", label);
  label();
}
