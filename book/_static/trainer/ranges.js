// What can be set, where it starts and how far it goes. An address may say anything: what is no
// number becomes the start, and what is out of bounds the bound.
export const RANGES = {
  data: { start: "spiral", choices: ["spiral", "moons", "digits"] },
  points: { start: 300, low: 30, high: 400, whole: true },
  wrong: { start: 0, low: 0, high: 0.5 }, // share of the training labels
  sample: { start: 0, low: 0, high: 999999, whole: true }, // of the data, and which labels are wrong
  width: { start: 64, low: 2, high: 128, whole: true }, // hidden units
  penalty: { start: "none", choices: ["none", "l1", "l2", "elastic"] },
  strength: { start: 0.001, low: 0, high: 1000 }, // λ
  exact: { start: false, choices: [false, true] }, // proximal steps: see optimizers.js
  dropout: { start: 0, low: 0, high: 0.8 }, // of the hidden units
  noise: { start: 0, low: 0, high: 1 }, // σ, on the inputs
  rate: { start: 0.02, low: 0.00001, high: 10 },
  seed: { start: 0, low: 0, high: 999999, whole: true }, // of weights, masks and noise
};

// All settings, from some of them.
export function complete(some = {}) {
  const settings = {};
  for (const [name, { start, choices, low, high, whole }] of Object.entries(RANGES)) {
    const value = some[name] ?? start;
    if (choices) settings[name] = choices.includes(value) ? value : start;
    else {
      const number = Number.isFinite(value) ? Math.min(Math.max(value, low), high) : start;
      settings[name] = whole ? Math.round(number) : number;
    }
  }
  return settings;
}
