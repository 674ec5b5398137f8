// Runs before the first paint, so that a reader of dark pages never sees a white one.
{
  const page = document.documentElement.dataset;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  page.mode = localStorage.getItem("mode") || "auto";
  page.theme = page.mode === "auto" ? system : page.mode;
}
