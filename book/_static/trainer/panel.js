// One network: its map, its curves, its weights, and what they show in a sentence.
import { drawCurves, drawWeights } from "./curves.js";
import { drawMarker, makeMap } from "./picture.js";

/** An element with attributes and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** A share in percent; 100% and 0% are kept for all and none. */
function percent(share) {
  const rounded = Math.round(100 * share);
  if (rounded === 100 && share < 1) return "99%";
  return rounded === 0 && share > 0 ? "1%" : `${rounded}%`;
}

const losses = ({ loss, val_loss }) =>
  `training loss ${loss.toFixed(2)}, validation loss ${val_loss.toFixed(2)}`;

/** What a frame shows, for the eyes and for the ears. */
export function sentence({ epoch, diverged, now, learntByHeart, zeros, sparse }) {
  const parts = [`${percent(now.accuracy)} of the training rows right, ${percent(now.val_accuracy)} of new rows`];
  parts.push(losses(now));
  if (learntByHeart.of) parts.push(`${learntByHeart.count} of ${learntByHeart.of} wrong labels repeated`);
  if (sparse || zeros.exact) parts.push(`${zeros.exact} of ${zeros.of} weights exactly 0`);
  const end = diverged ? " The loss is no longer finite, so the training has stopped." : "";
  return `Epoch ${epoch.toLocaleString("en")}: ${parts.join("; ")}.${end}`;
}

/** What markers, tints and rings mean. */
export function drawLegend(legend, { classes, wrong }) {
  const hidden = { "aria-hidden": "true" };
  const markers = Array.from({ length: classes }, () => make("canvas", hidden));
  const count = classes === 2 ? "two classes" : "three classes";
  const parts = [[...markers, count], ["tint: what the network says, white: unsure"]];
  if (wrong.includes(1)) {
    const ring = (name) => make("i", { class: `nnreg-trainer-${name}`, ...hidden });
    parts.push([ring("let-go"), "wrong label"], [ring("by-heart"), "repeated by the network"]);
  }
  legend.replaceChildren(...parts.map((part) => make("span", {}, ...part)));
  markers.forEach(drawMarker);
}

/** The pictures of one network: its map, with a heading and a sentence, and its two plots. */
export function makePanel() {
  const heading = make("p", { class: "nnreg-trainer-heading" });
  const regions = make("canvas"), rows = make("canvas");
  const picture = (name) => ({ role: "img", "aria-label": name });
  const map = make("div", { class: "nnreg-trainer-map", ...picture("Decision regions") }, regions, rows);
  const words = make("p", { class: "nnreg-trainer-words" });
  const curves = make("canvas", picture("Losses")), weights = make("canvas", picture("Weights"));
  const drawMap = makeMap(regions, rows);
  return {
    seen: make("div", { class: "nnreg-trainer-seen" }, heading, map, words),
    plotted: make("div", { class: "nnreg-trainer-plotted" }, curves, weights),
    name: (text) => { heading.textContent = text; },
    draw: (frame) => {
      drawMap(frame);
      words.textContent = sentence(frame);
    },
    plot: (frame, limits) => {
      drawCurves(curves, frame, limits);
      drawWeights(weights, frame, limits);
    },
    tell: (frame) => {
      const { now, zeros } = frame;
      map.ariaLabel = `Decision regions and training rows. ${sentence(frame)}`;
      curves.ariaLabel = `Curves: ${losses(now)}.`;
      weights.ariaLabel = `Histogram of ${zeros.of} weights, of which ${zeros.exact} are exactly 0.`;
    },
  };
}
