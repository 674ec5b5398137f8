// One training: its data, its network, and what it has come to so far. Each epoch is one step on all
// rows at once.
import { makeData } from "./data.js";
import { Dice, STREAMS } from "./dice.js";
import { Network } from "./network.js";
import { Adam, ProximalSGD } from "./optimizers.js";
import { Penalty } from "./penalty.js";
import { complete } from "./ranges.js";

const MOST_ROWS = 300;

export class Training {
  constructor(settings) {
    this.settings = complete(settings);
    const { width, penalty, strength, exact, rate, seed } = this.settings;
    this.data = makeData(this.settings);
    this.network = new Network(width, this.data.classes, new Dice(seed, STREAMS.weights));
    this.dice = { noise: new Dice(seed, STREAMS.noise), masks: new Dice(seed, STREAMS.masks) };
    this.penalty = new Penalty(penalty, strength);
    const Optimizer = exact ? ProximalSGD : Adam;
    this.optimizer = new Optimizer(rate, this.penalty, this.network.theta.length);
    this.epoch = 0;
    this.diverged = false;
    this.lastGood = this.network.theta.slice();
    // As in `nnreg.nn.History`: loss, penalty and accuracy of the epoch's own pass, before its step,
    // and the validation after it. At first of each epoch; whenever there are too many rows, every
    // second one goes, and from then on half as many are recorded.
    this.history = { epoch: [], loss: [], penalty: [], accuracy: [], val_loss: [], val_accuracy: [] };
    this.every = 1;
  }

  get parameters() {
    return this.network.parameters;
  }

  predict(X) {
    return this.network.predict(X);
  }

  scores(X) {
    return this.network.scores(X);
  }

  // Trains n epochs, or fewer if it diverges.
  step(n = 1) {
    for (let i = 0; i < n && !this.diverged; i++) this.trainEpoch();
  }

  trainEpoch() {
    const { network, data } = this;
    const { loss, accuracy } = network.trainingPass(data, this.settings, this.dice);
    const penalty = this.penalty.value(network.weights);
    if (!Number.isFinite(loss + penalty)) {
      this.giveUp();
      return;
    }
    this.lastGood.set(network.theta);
    this.optimizer.step(network);
    if (this.epoch % this.every === 0) this.record({ epoch: this.epoch, loss, penalty, accuracy });
    this.epoch += 1;
  }

  // Training has led to numbers that are none: it ends, with the last weights that gave a loss.
  giveUp() {
    this.network.theta.set(this.lastGood);
    this.diverged = true;
  }

  record(row) {
    const { history, data } = this;
    const validation = this.network.evaluate(data.XVal, data.yVal);
    row = { ...row, val_loss: validation.loss, val_accuracy: validation.accuracy };
    for (const name in history) history[name].push(row[name]);
    if (history.epoch.length < MOST_ROWS) return;
    for (const name in history) history[name] = history[name].filter((_, i) => i % 2 === 0);
    this.every *= 2;
  }

  // Loss and accuracy of the network as it stands, without dice: for training, and for new rows.
  get now() {
    const { X, y, XVal, yVal } = this.data;
    const train = this.network.evaluate(X, y);
    const validation = this.network.evaluate(XVal, yVal);
    const penalty = this.penalty.value(this.network.weights);
    return { ...train, penalty, val_loss: validation.loss, val_accuracy: validation.accuracy };
  }

  // Weights that are exactly 0, of all weights.
  get zeros() {
    const { weights } = this.network;
    return { exact: weights.reduce((count, w) => count + (w === 0), 0), of: weights.length };
  }

  // Wrong labels that the network repeats, of all wrong labels.
  get learntByHeart() {
    const { X, y, wrong } = this.data;
    const classes = this.predict(X);
    const repeated = wrong.reduce((count, is, i) => count + (is && classes[i] === y[i]), 0);
    return { count: repeated, of: wrong.reduce((sum, is) => sum + is, 0) };
  }
}
