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
