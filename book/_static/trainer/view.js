// What a trainer looks like: its pictures, its controls, and what it says aloud.
import { LAST } from "./address.js";
import { CHOICES, difference } from "./choices.js";
import { makeButton, makeComparison, makeControl, makeFold, makeSelect } from "./controls.js";
import { limitsOf } from "./curves.js";
import { drawLegend, make, makePanel, sentence } from "./panel.js";

const PLOTTED = 60; // milliseconds between two drawings of the plots, which change less than the map
const ALOUD = 2000; // and between two sentences that a screen reader hears
const COPIED = 2000; // and for so long a button says that it has copied
const END = `${LAST.toLocaleString("en")} epochs: the end. Reset starts anew.`;
const HELP = "Each change trains a new network from epoch 0, so that what you see is always one training.";
const PACES = { slow: "Slow: 20 epochs a second", steady: "Steady: 200 epochs a second", fast: "As fast as it can" };

export function makeView(root, trainer) {
  const panels = { a: makePanel(), b: makePanel() };
  const card = (name) => ({ class: `nnreg-trainer-card nnreg-trainer-${name}` });
  const group = { role: "group", tabindex: 0, "aria-label": "Network in training; the space key plays and pauses" };
  const maps = make("div", { ...card("maps"), ...group }, panels.a.seen, panels.b.seen);
  const legend = make("p", { class: "nnreg-trainer-legend" });
  const plots = make("div", card("plots"), panels.a.plotted, panels.b.plotted, legend);
  maps.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault(); // the page would scroll
    trainer.toggle();
  });

  const { buttons, showState } = makeButtons(root, trainer);
  const controls = {};
  for (const key in CHOICES)
    controls[key] = makeControl(key, `${root.id}-${key}`, (value) => trainer.change({ [key]: value }));
  const first = root.dataset.show.split(" "); // what this page is about is at hand
  const others = Object.keys(CHOICES).filter((key) => !first.includes(key));
  const [shown, folded] = [first, others].map((keys) => keys.map((key) => controls[key].element));
  const pace = makeSelect("Speed", `${root.id}-pace`, PACES, (value) => { trainer.pace = value; });
  const slot = make("div", { class: "nnreg-trainer-slot" });
  const comparison = makeComparison(
    root.id,
    slot,
    (differs) => trainer.compare(differs),
    (other) => trainer.compare(trainer.differs, other),
  );
  const help = make("p", { class: "nnreg-trainer-help" }, HELP);
  const settings = (...parts) => make("div", { class: "nnreg-trainer-settings" }, ...parts);
  const status = make("p", { class: "nnreg-trainer-aloud", role: "status" });
  root.dataset.ready = "true";
  root.append(
    maps, plots, buttons, settings(shown[0], slot, ...shown.slice(1)), help,
    makeFold("More settings", settings(...folded, pace.element)),
    makeFold("Compare two networks", settings(comparison.element)),
    status,
  );
  pace.show(trainer.pace);

  let said = -Infinity, plotted = -Infinity, drawn = null;
  const plot = (sides) => {
    plotted = performance.now();
    const limits = limitsOf(Object.values(sides));
    for (const side in sides) panels[side].plot(sides[side], limits);
  };
  const tell = (sides, remark) => {
    said = performance.now();
    const names = Object.keys(sides).length > 1 ? ["Left. ", "Right. "] : [""];
    const sentences = Object.values(sides).map((frame, i) => names[i] + sentence(frame));
    status.textContent = [...sentences, remark].join(" ").trim();
    for (const side in sides) panels[side].tell(sides[side]);
  };

  return {
    controls: (state) => {
      const { settings, differs, other, right } = state;
      for (const key in controls) {
        controls[key].show(settings[key]);
        controls[key].place(key === differs ? " on the left" : "");
      }
      comparison.show(differs, other);
      showState(state);
      const names = differs ? difference(settings, right, differs) : ["", ""];
      Object.values(panels).forEach((panel, i) => panel.name(names[i]));
    },
    draw: (state) => {
      const { sides } = state, now = performance.now(), moving = state.running && state.seen;
      const remark = showState(state);
      root.querySelector(".nnreg-trainer-fallback")?.remove();
      root.dataset.drawn = Object.keys(sides).length; // the style sheet makes room
      if (drawn !== sides.a.data) drawLegend(legend, (drawn = sides.a.data));
      for (const side in sides) panels[side].draw(sides[side]);
      if (!moving || now - plotted > PLOTTED) plot(sides);
      if (!moving || now - said > ALOUD) tell(sides, remark);
    },
  };
}

/** The buttons, and beside them what they have led to. */
function makeButtons(root, trainer) {
  const play = makeButton("Play", () => trainer.toggle());
  const step = makeButton("Step", () => trainer.go(trainer.epoch + 1));
  const remark = make("p", {}), notice = make("p", { class: "nnreg-trainer-notice", role: "status" });
  const copy = makeButton("Copy link", async () => {
    const address = trainer.link();
    const copied = await navigator.clipboard?.writeText(address).then(() => true, () => false);
    notice.textContent = copied
      ? "Copied: a link to this moment."
      : "The address of this page now leads to this moment.";
    if (!copied) return;
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy link"; notice.textContent = ""; }, COPIED);
  });
  const buttons = make("div", { class: "nnreg-trainer-buttons" }, play, step,
    makeButton("Reset", () => trainer.reset()),
    makeButton("New sample", () => trainer.change({ sample: trainer.settings.sample + 1 })),
    copy, remark, notice);

  const stateOf = ({ catchingUp, epoch, target }) => {
    const [here, there] = [epoch, target].map((number) => number.toLocaleString("en"));
    if (catchingUp) return `Catching up, ${here} of ${there}`;
    return epoch === LAST ? END : "";
  };
  const showState = (state) => {
    const goes = state.catchingUp || (state.playing && state.running);
    play.textContent = goes ? "Pause" : "Play";
    root.toggleAttribute("data-playing", goes);
    play.disabled = step.disabled = state.ended;
    remark.textContent = stateOf(state);
    return remark.textContent;
  };
  return { buttons, showState };
}
