// Before the first paint: the theme that was chosen. And what takes longest is asked for first: the
// film that the command line named is begun while the page's modules are still on their way.
{
  document.documentElement.dataset.theme = localStorage.getItem("attnviz-theme") ?? "";

  // What is asked for already, by path and body: api.js takes it from here.
  const answers = new Map();

  const begin = (path, body) => {
    const headers = { "Content-Type": "application/json" };
    const post = body ? { method: "POST", headers, body } : {};
    const answer = fetch(path, { priority: "high", ...post });
    answer.catch(() => {});
    answers.set(path + (body ?? ""), answer);
    return answer;
  };

  const beginFilm = async () => {
    begin("/api/scenes");
    const choices = await begin("/api/choices");
    if (location.hash || !choices.ok) return;
    const { start } = await choices.clone().json();
    const { scene, spec, theme, aspect } = start;
    begin("/api/render", JSON.stringify({ scene, spec, theme, aspect, beat: 0, frame: 0, base: null }));
  };
  // Where it fails, the page asks again and says why.
  globalThis.attnvizBegun = { answers, ready: beginFilm().catch(() => {}) };
}
