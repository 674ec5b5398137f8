// What a reader can choose: its name, its values in order, how one is written, and how it is told.
const plain = (value) => String(value);
const percent = (value) => `${Math.round(100 * value)}%`;
const PENALTIES = { l1: "L1", l2: "L2", elastic: "Elastic net" };
const DATA = { spiral: "Three arms of a spiral", moons: "Two moons", digits: "Three digits, in 2-D" };

const penalised = ({ penalty, strength }) =>
  strength ? `${PENALTIES[penalty]}, λ = ${strength}` : "no penalty";
const alone = (tell) => (settings, key) => tell(settings[key]);
const unlessZero = (what, sign = "") =>
  alone((value) => (value ? `${what}${sign} ${value}` : `no ${what}`));

export const CHOICES = {
  data: { name: "Data", kind: "choice", values: Object.keys(DATA), write: (value) => DATA[value] },
  points: { name: "Training rows", kind: "slider", values: [50, 100, 150, 200, 300], write: plain },
  wrong: { name: "Wrong labels", kind: "slider", values: [0, 0.1, 0.2, 0.3, 0.4, 0.5], write: percent },
  width: {
    name: "Hidden units", kind: "slider", write: plain, tell: alone((value) => `${value} hidden units`),
    values: [2, 4, 8, 16, 32, 64, 128],
  },
  penalty: {
    name: "Penalty", kind: "choice", values: Object.keys(PENALTIES), tell: penalised,
    write: (value) => PENALTIES[value],
  },
  strength: {
    name: "Strength λ", kind: "slider", write: plain, tell: penalised,
    values: [
      0, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,
    ],
  },
  exact: {
    name: "Optimiser", kind: "choice", values: [false, true],
    write: (value) => (value ? "SGD, proximal: exact zeros" : "Adam"),
    tell: alone((value) => (value ? "SGD with proximal steps" : "Adam")),
  },
  dropout: {
    name: "Dropout", kind: "slider", write: plain, tell: unlessZero("dropout"),
    values: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
  },
  noise: {
    name: "Input noise σ", kind: "slider", write: plain, tell: unlessZero("input noise", ", σ ="),
    values: [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1],
  },
  rate: {
    name: "Learning rate", kind: "slider", write: plain, tell: alone((value) => `learning rate ${value}`),
    values: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
  },
  seed: { name: "Seed of weights and dice", kind: "number", tell: alone((value) => `seed ${value}`) },
  sample: { name: "Number of the sample", kind: "number" },
};

// In these two networks may differ. What is left out is the same for both: the data.
export const COMPARED = Object.keys(CHOICES).filter((key) => CHOICES[key].tell);

/** The value that a text stands for, or undefined. */
export function parse(key, text) {
  const { kind, values } = CHOICES[key];
  if (kind === "number") return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
  return values.find((value) => String(value) === text);
}

/** What sets two networks apart, in words. */
export function difference(left, right, key) {
  const [one, other] = [left, right].map((settings) => CHOICES[key].tell(settings, key));
  return [`Left: ${one}`, `Right: ${other}`];
}
