// A box that scrolls must be reachable by keyboard: give it a tab stop while, and only while, it does.
const scrollers = ".bd-article :is(mjx-container[display], pre, div.math, .pst-scrollable-table-container, dt.sig)";
const reach = () => {
  document.querySelectorAll(scrollers).forEach((box) => {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else if (box.getAttribute("tabindex") === "0") box.removeAttribute("tabindex");
  });
};
const whenTypeset = () => {
  const formulas = window.MathJax && window.MathJax.startup && window.MathJax.startup.promise;
  Promise.resolve(formulas).then(reach);
};
addEventListener("load", whenTypeset);
// Not on "resize": the text may go on changing its width after that, while a sidebar slides.
const widths = new ResizeObserver(reach);
addEventListener("load", () => document.querySelectorAll(".bd-article").forEach((text) => widths.observe(text)));
addEventListener("click", () => requestAnimationFrame(reach)); // a fold that opens
addEventListener("toggle", reach, true);

// A page opened as a file may not read its neighbours: search then lists pages without excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// A button is named by what it acts on, and by the word that is seen on it.
{
  const numbers = {};
  document.querySelectorAll(".copybtn").forEach((button) => {
    const cell = button.closest(".cell");
    const kind = cell ? (button.closest(".cell_output") ? "output of cell" : "code of cell") : "listing";
    const among = cell ? [...document.querySelectorAll(".cell")].indexOf(cell) + 1 : undefined;
    const number = among || (numbers[kind] = (numbers[kind] || 0) + 1);
    button.setAttribute("aria-label", `Copy ${kind} ${number}`);
  });
  document.querySelectorAll(".toggle-button").forEach((button) => {
    const exercise = button.closest(".exercise")?.querySelector(".caption-number");
    const title = button.closest(".admonition-title").textContent.trim();
    const what = exercise ? `${title} for ${exercise.textContent.trim()}` : title;
    const name = () => button.setAttribute("aria-label", `${button.dataset.toggleHint}: ${what}`);
    new MutationObserver(name).observe(button, { attributeFilter: ["data-toggle-hint"] });
    name();
  });
  const presses = { "window.print": () => print(), toggleFullScreen: () => toggleFullScreen() };
  document.querySelectorAll("[data-press]").forEach((button) => {
    button.addEventListener("click", presses[button.dataset.press]);
  });
}

// MathJax asks for its fonts when the first formula is set; on a slow line they may come beside it.
if (document.querySelector(".math")) {
  const fonts = new URL("mathjax/output/fonts/mathjax-newcm/chtml/woff2/", document.currentScript.src);
  for (const name of ["n", "zero", "brk"])
    new FontFace(name, `url(${new URL(`mjx-ncm-${name}.woff2`, fonts)})`).load().catch(() => {});
}
