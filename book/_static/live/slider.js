// A slider whose pictures Python draws when they are asked for; looks as the one that it replaces.
import { make } from "./make.js";

const number = (value) => value.split(" = ").pop();

export class LiveSlider {
  #asked = null; // only the newest is kept: the last move wins
  #busy = false;

  // `askFrame(handle, k)` promises {"image/svg+xml", caption, alt}.
  constructor(spec, askFrame) {
    this.spec = spec;
    this.askFrame = askFrame;
    const id = `${spec.name}-live`;
    const last = spec.values.length - 1;
    const oninput = () => this.move(this.input.valueAsNumber);
    this.input = make("input", { type: "range", id, min: 0, max: last, step: 1, value: spec.start, oninput });
    this.card = make("div", { className: "nnreg-explore-card" });
    this.output = make("output", { htmlFor: id, "aria-live": "off" });
    this.caption = make("p", { className: "nnreg-explore-caption", "aria-live": "polite" });
    const ends = [0, last].map((k) => make("span", {}, number(spec.values[k])));
    this.element = make(
      "div",
      { className: "nnreg-explore live-explore", role: "group", "aria-label": `Explore ${spec.label}, live` },
      this.card,
      make("label", { htmlFor: id }, `Choose ${spec.label}`),
      make(
        "div",
        { className: "nnreg-explore-slider" },
        this.input,
        make("div", { className: "nnreg-explore-ends", "aria-hidden": "true" }, ...ends),
        ...(spec.mark ? [this.#mark(spec.mark, last)] : []),
      ),
      this.output,
      this.caption,
    );
    this.move(spec.start);
  }

  async move(k) {
    const value = this.spec.values[k];
    this.output.textContent = value;
    this.input.setAttribute("aria-valuetext", value);
    this.input.style.setProperty("--filled", `${(100 * k) / Number(this.input.max)}%`);
    this.#asked = k;
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#asked !== null) {
        const next = this.#asked;
        this.#asked = null;
        this.#show(await this.askFrame(this.spec.handle, next));
      }
    } catch (error) {
      this.caption.textContent = error.message;
    }
    this.#busy = false;
  }

  #show(frame) {
    this.card.innerHTML = frame["image/svg+xml"];
    this.caption.textContent = frame.caption;
  }

  #mark({ at, text }, last) {
    const label = make("span", {}, text);
    label.style.left = `${(100 * at) / last}%`;
    label.style.transform = `translateX(${(-100 * at) / last}%)`;
    return make("div", { className: "nnreg-explore-mark" }, label);
  }
}
