// A network of one hidden layer: two inputs, ReLU units, a softmax over the classes. It computes
// what `nnreg.nn` computes from Dense, ReLU, Dropout, GaussianNoise and SoftmaxCrossEntropy, row by
// row: tests/browser/test_trainer_arithmetic.py holds the two against each other.

import { exp } from "./exp.js";

export class Network {
  constructor(width, classes, dice) {
    this.width = width;
    this.classes = classes;
    // All parameters in one vector, weights first: penalties act on the weights alone.
    const sizes = { W1: 2 * width, W2: width * classes, b1: width, b2: classes };
    const size = Object.values(sizes).reduce((sum, n) => sum + n);
    this.theta = new Float64Array(size);
    this.gradient = new Float64Array(size);
    this.parameters = parts(this.theta, sizes);
    this.gradients = parts(this.gradient, sizes);
    this.weights = this.theta.subarray(0, sizes.W1 + sizes.W2);
    // The first weights, after He et al. (2015): the standard deviation is √(2 / inputs).
    const { W1, W2 } = this.parameters;
    for (let i = 0; i < W1.length; i++) W1[i] = Math.sqrt(2 / 2) * dice.normal();
    for (let i = 0; i < W2.length; i++) W2[i] = Math.sqrt(2 / width) * dice.normal();
    // Of the row at hand.
    this.hidden = new Float64Array(width);
    this.dhidden = new Float64Array(width);
    this.logits = new Float64Array(classes);
    this.slope = new Float64Array(classes); // the loss's derivative with respect to the logits
    this.mask = new Float64Array(width);
    this.whole = new Float64Array(width).fill(1); // the mask of a network that drops nothing
  }

  // One pass of training over all rows. Returns the mean loss and the share of rows that were right
  // (with what noise and dropout did to them), and leaves the loss's gradient in `gradient`.
  trainingPass({ X, y }, { noise, dropout }, dice) {
    this.gradient.fill(0);
    let loss = 0;
    let right = 0;
    for (let i = 0; i < y.length; i++) {
      let x0 = X[2 * i];
      let x1 = X[2 * i + 1];
      if (noise > 0) {
        x0 += noise * dice.noise.normal();
        x1 += noise * dice.noise.normal();
      }
      const mask = dropout > 0 ? this.drawMask(dropout, dice.masks) : this.whole;
      this.forward(x0, x1, mask);
      right += this.winner() === y[i];
      loss += this.crossEntropy(y[i]);
      this.backward(x0, x1, mask, y.length);
    }
    return { loss: loss / y.length, accuracy: right / y.length };
  }

  // The same two numbers of the network at rest: no noise, and nothing dropped.
  evaluate(X, y) {
    let loss = 0;
    let right = 0;
    for (let i = 0; i < y.length; i++) {
      this.forward(X[2 * i], X[2 * i + 1], this.whole);
      right += this.winner() === y[i];
      loss += this.crossEntropy(y[i]);
    }
    return { loss: loss / y.length, accuracy: right / y.length };
  }

  // Each unit is dropped with probability p; those that stay are scaled up, so that the mean stays.
  drawMask(p, dice) {
    for (let j = 0; j < this.width; j++) this.mask[j] = dice.uniform() >= p ? 1 / (1 - p) : 0;
    return this.mask;
  }

  // Hidden units and logits of one row.
  forward(x0, x1, mask) {
    const { width, classes, hidden, logits } = this;
    const { W1, b1, W2, b2 } = this.parameters;
    for (let j = 0; j < width; j++)
      hidden[j] = Math.max(x0 * W1[j] + x1 * W1[width + j] + b1[j], 0) * mask[j];
    for (let k = 0; k < classes; k++) {
      let z = b2[k];
      for (let j = 0; j < width; j++) z += hidden[j] * W2[j * classes + k];
      logits[k] = z;
    }
  }

  // The row's loss -log q of its label, q the softmax; leaves q - onehot in `slope`.
  crossEntropy(label) {
    const { classes, logits, slope } = this;
    let largest = -Infinity;
    for (let k = 0; k < classes; k++) largest = Math.max(largest, logits[k]);
    let others = 0;
    for (let k = 0; k < classes; k++) {
      slope[k] = exp(logits[k] - largest); // at most 1: nothing overflows
      if (k !== label) others += slope[k];
    }
    const total = slope[label] + others;
    for (let k = 0; k < classes; k++) slope[k] /= total;
    slope[label] = -others / total; // q - 1, without the cancellation where q is almost 1
    return Math.log(total) - (logits[label] - largest);
  }

  // Adds what one row of n has to say to the gradient of the mean loss.
  backward(x0, x1, mask, n) {
    const { width, classes, hidden, dhidden, slope } = this;
    const { W2 } = this.parameters;
    const { W1: dW1, b1: db1, W2: dW2, b2: db2 } = this.gradients;
    dhidden.fill(0);
    for (let k = 0; k < classes; k++) {
      const dz = slope[k] / n;
      db2[k] += dz;
      for (let j = 0; j < width; j++) {
        dW2[j * classes + k] += hidden[j] * dz;
        dhidden[j] += W2[j * classes + k] * dz;
      }
    }
    for (let j = 0; j < width; j++) {
      if (hidden[j] === 0) continue; // ReLU or the mask has stopped it: no gradient passes
      const dh = dhidden[j] * mask[j];
      dW1[j] += x0 * dh;
      dW1[width + j] += x1 * dh;
      db1[j] += dh;
    }
  }

  // The class with the largest logit; of several, the first.
  winner() {
    const { classes, logits } = this;
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[k] > logits[best]) best = k;
    return best;
  }

  // The softmax at the winning class.
  certainty(winner) {
    const { classes, logits } = this;
    let total = 0;
    for (let k = 0; k < classes; k++) total += Math.exp(logits[k] - logits[winner]);
    return 1 / total;
  }

  // The class of a point.
  classify(x0, x1) {
    this.forward(x0, x1, this.whole);
    return this.winner();
  }

  // The classes of many points.
  predict(X) {
    return Uint8Array.from({ length: X.length / 2 }, (_, i) => this.classify(X[2 * i], X[2 * i + 1]));
  }

  // The logits of many points, row by row.
  scores(X) {
    const scores = new Float64Array((X.length / 2) * this.classes);
    for (let i = 0; i < X.length / 2; i++) {
      this.forward(X[2 * i], X[2 * i + 1], this.whole);
      scores.set(this.logits, i * this.classes);
    }
    return scores;
  }
}

// Consecutive views of a vector, by name.
function parts(vector, sizes) {
  const views = {};
  let start = 0;
  for (const [name, size] of Object.entries(sizes)) {
    views[name] = vector.subarray(start, start + size);
    start += size;
  }
  return views;
}
