// What a run printed and showed, as the page shows it.
import { make } from "./make.js";
import { LiveSlider } from "./slider.js";

const SLIDER = "application/vnd.nnreg.slider+json";
const SAID = [
  [/^Right\.$/, "live-right"],
  [/^There is no answer yet/, "live-open"],
  [/^(With your change|As computed here)/, "live-claim"], // a number of the text that no longer holds
  [/^[A-Z\d].* .*\.$/, "live-sentence"], // in an exercise it says what is wrong
];

// Return elements, the text to compare with the book's, and whether there is a picture.
export function render({ outputs, error }, askFrame, isTheBooks) {
  const said = (text) => (isTheBooks ? text.replaceAll(/^With your change/gm, "As computed here") : text);
  const shown = outputs.map((output) => ("stdout" in output ? printed(said(output.stdout)) : value(output.value, askFrame)));
  if (error) shown.push(failure(error));
  return {
    elements: shown.map(({ element }) => element),
    text: shown.map(({ text = "" }) => text).join("\n"),
    picture: shown.some(({ picture }) => picture),
  };
}

export function printed(text) {
  const pre = make("pre");
  text.replace(/\n$/, "").split("\n").forEach((line, i) => {
    const [, look] = SAID.find(([pattern]) => pattern.test(line)) ?? [];
    pre.append(i ? "\n" : "", look ? make("span", { className: look }, line) : line);
  });
  return { text, element: box("stream", make("div", { className: "highlight" }, pre)) };
}

function value(bundle, askFrame) {
  if (bundle[SLIDER]) {
    return { picture: true, element: new LiveSlider(bundle[SLIDER], askFrame).element };
  }
  if (bundle["image/svg+xml"]) {
    return { picture: true, element: picture(bundle["image/svg+xml"]) };
  }
  const text = bundle["text/plain"] ?? "";
  if (bundle["text/html"]) {
    const table = box("text_html");
    table.innerHTML = bundle["text/html"];
    return { text, element: table };
  }
  return { ...printed(text), text };
}

export function picture(svg) {
  const card = make("div", { className: "live-picture" });
  card.innerHTML = svg;
  return card;
}

// The message first: it is what helps.
function failure({ name, message, traceback }) {
  const first = make("p", {}, make("strong", {}, name), message ? `: ${message}` : "");
  const element = make("div", { className: "output live-error" }, first);
  const frames = traceback.split("\n").filter((line) => !line.startsWith(name)).join("\n");
  if (frames) element.append(make("pre", {}, frames));
  return { element };
}

function box(kind, ...children) {
  return make("div", { className: `output ${kind}` }, ...children);
}
