// Points in the plane to learn on. The training labels may be partly wrong; the validation labels
// never are, so that they say what was learnt and what was only remembered.
import { Dice, STREAMS } from "./dice.js";
import { DIGITS } from "./digits.js";

const VALIDATION_ROWS = 1000;

const SOURCES = {
  spiral: { classes: 3, half: 1.15, draw: spiral },
  moons: { classes: 2, half: 2.4, draw: moons },
  digits: { classes: 3, half: 2.75, draw: digits },
};

// The rows of a training and its validation. `wrong` marks the labels in `y` that differ from
// `truth`; `box` is the part of the plane to draw, the same for all samples: left, right, bottom, top.
export function makeData({ data, points, wrong, sample }) {
  const { classes, half, draw } = SOURCES[data];
  const { train, validation } = draw(points, sample);
  const flipped = flipLabels(train.y, wrong, classes, new Dice(sample, STREAMS.wrong));
  return {
    X: train.X,
    ...flipped,
    truth: train.y,
    XVal: validation.X,
    yVal: validation.y,
    classes,
    box: [-half, half, -half, half],
  };
}

function spiral(points, sample) {
  const arms = (n, dice) => spiralArms(Math.round(n / 3), dice);
  return drawTwice(arms, points, sample);
}

function moons(points, sample) {
  const arcs = (n, dice) => twoMoons(Math.round(n / 2), dice);
  return drawTwice(arcs, points, sample);
}

// Rows for training, and fresh ones of the same kind.
function drawTwice(draw, points, sample) {
  return {
    train: draw(points, new Dice(sample, STREAMS.points)),
    validation: draw(VALIDATION_ROWS, new Dice(sample, STREAMS.validation)),
  };
}

// `nnreg.data.spiral`: along an arm the radius grows from 0 to 1, and the angle with it.
function spiralArms(perClass, dice) {
  const { X, y } = emptyRows(3 * perClass);
  for (let i = 0; i < y.length; i++) {
    const arm = Math.floor(i / perClass);
    const radius = (i % perClass) / (perClass - 1);
    const angle = 2.5 * (4 * (arm + radius) + 0.2 * dice.normal());
    X[2 * i] = radius * Math.sin(angle);
    X[2 * i + 1] = radius * Math.cos(angle);
    y[i] = arm;
  }
  return { X, y };
}

// Two half circles that reach into one another, with normal noise around their common centre.
function twoMoons(perClass, dice) {
  const { X, y } = emptyRows(2 * perClass);
  for (let i = 0; i < y.length; i++) {
    const moon = Math.floor(i / perClass);
    const side = 1 - 2 * moon; // the second moon is the first one turned by half a circle
    const angle = (Math.PI * (i % perClass)) / (perClass - 1);
    X[2 * i] = side * (Math.cos(angle) - 0.5) + 0.25 * dice.normal();
    X[2 * i + 1] = side * (Math.sin(angle) - 0.25) + 0.25 * dice.normal();
    y[i] = moon;
  }
  return { X, y };
}

// As many of the digits as are asked for, chosen by chance; those that are left are for validation.
function digits(points, sample) {
  const order = new Dice(sample, STREAMS.points).permutation(DIGITS.y.length);
  return { train: pick(order.slice(0, points)), validation: pick(order.slice(points)) };
}

function pick(chosen) {
  const { X, y } = emptyRows(chosen.length);
  chosen.forEach((row, i) => {
    X[2 * i] = DIGITS.X[2 * row] / 1000;
    X[2 * i + 1] = DIGITS.X[2 * row + 1] / 1000;
    y[i] = Number(DIGITS.y[row]);
  });
  return { X, y };
}

// `nnreg.data.flip_labels`: a share of the rows gets another class, each wrong one as likely.
function flipLabels(truth, share, classes, dice) {
  const y = truth.slice();
  const wrong = new Uint8Array(truth.length);
  const rows = dice.permutation(truth.length).slice(0, Math.round(share * truth.length));
  for (const row of rows) {
    y[row] = (truth[row] + 1 + dice.below(classes - 1)) % classes;
    wrong[row] = 1;
  }
  return { y, wrong };
}

// In single precision, which rounds away what Math.sin says differently from browser to browser.
function emptyRows(n) {
  return { X: new Float32Array(2 * n), y: new Uint8Array(n) };
}
