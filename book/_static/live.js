// Cells that run in the page, where the site has a Python for them; live/page.js is the rest.
{
  const script = document.currentScript;
  const folder = new URL("live/", script.src);
  const begin = async () => {
    const answer = await fetch(new URL("live.json", folder), { cache: "no-cache" });
    if (!answer.ok) return;
    const live = await answer.json();
    if (!live.available) return;
    const { Page } = await import(new URL(`${live.scripts}/page.js`, folder));
    new Page(folder, script.dataset.page, live);
  };
  // A page that is opened as a file may start no worker: it stays as it is, and lacks nothing.
  if (location.protocol !== "file:") begin();
}
