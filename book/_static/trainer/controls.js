// The controls of a trainer. Each setting has one of three forms, and tells `changed` its new value.
import { make } from "./panel.js";
import { COMPARED, CHOICES, parse } from "./choices.js";

/** A control with its label; `show` sets it, and `place` says of which network it is. */
export function makeControl(key, id, changed) {
  const { name, kind, values, write } = CHOICES[key];
  const forms = { slider, choice, number };
  const label = make("label", { for: id }, name);
  const input = kind === "choice" ? make("select", { id }) : make("input", { id, autocomplete: "off" });
  const { parts, show } = forms[kind](input, { values, write, changed, key });
  const element = make("div", { class: `nnreg-trainer-setting nnreg-trainer-${kind}` }, label, ...parts);
  return { element, show, place: (words) => { label.textContent = `${name}${words}`; } };
}

function slider(input, { values, write, changed }) {
  const output = make("output", { for: input.id, "aria-live": "off" });
  Object.assign(input, { type: "range", min: 0, max: values.length - 1, step: 1 });
  const ends = [values[0], values.at(-1)].map((value) => make("span", {}, write(value)));
  const track = make("div", { class: "nnreg-trainer-ends", "aria-hidden": "true" }, ...ends);
  const show = (value) => {
    const index = values.indexOf(value);
    input.value = index;
    output.textContent = write(value);
    input.setAttribute("aria-valuetext", write(value));
    input.style.setProperty("--filled", `${(100 * index) / (values.length - 1)}%`);
  };
  // A finger that scrolls the page over the slider has moved it first: put it back.
  let before = 0;
  input.addEventListener("pointerdown", () => { before = input.valueAsNumber; }, true);
  input.addEventListener("pointercancel", () => changed(values[before]));
  input.addEventListener("input", () => changed(values[input.valueAsNumber]));
  return { parts: [output, input, track], show };
}

function choice(input, { values, write, changed, key }) {
  input.append(...values.map((value) => make("option", { value }, write(value))));
  input.addEventListener("change", () => changed(parse(key, input.value)));
  return { parts: [input], show: (value) => { input.value = value; } };
}

function number(input, { changed, key }) {
  Object.assign(input, { type: "number", min: 0, max: 999999 });
  input.addEventListener("change", () => {
    const value = parse(key, input.value);
    if (value !== undefined) changed(value);
  });
  return { parts: [input], show: (value) => { input.value = value; } };
}

/** A choice among words, by their keys. */
export function makeSelect(name, id, options, changed) {
  const select = make("select", { id });
  for (const [value, words] of Object.entries(options)) select.append(make("option", { value }, words));
  select.addEventListener("change", () => changed(select.value));
  const label = make("label", { for: id }, name);
  const element = make("div", { class: "nnreg-trainer-setting nnreg-trainer-choice" }, label, select);
  return { element, show: (value) => { select.value = value; } };
}

/** What a second network does otherwise; its value there stands in `slot`. */
export function makeComparison(id, slot, choose, changed) {
  const options = { "": "nothing: one network" };
  for (const key of COMPARED) options[key] = CHOICES[key].name;
  const asked = makeSelect("Second network, which differs in", `${id}-differs`, options, (key) => choose(key || null));
  let control = null, shown = null;
  const show = (differs, other) => {
    if (differs !== shown) {
      control = differs && makeControl(differs, `${id}-right-${differs}`, changed);
      control?.place(" on the right");
      slot.replaceChildren(...(control ? [control.element] : []));
      shown = differs;
    }
    asked.show(differs ?? "");
    control?.show(other);
  };
  return { element: asked.element, show };
}

/** A button; its words say what it does. */
export function makeButton(words, pressed) {
  const button = make("button", { type: "button" }, words);
  button.addEventListener("click", pressed);
  return button;
}

/** A part that unfolds. */
export function makeFold(words, ...children) {
  return make("details", {}, make("summary", {}, words), ...children);
}
