// Penalties on the weights: l1 Σ|w| + l2 Σw², which is `nnreg.L1`, `nnreg.L2` or `nnreg.ElasticNet`
// (half and half).

const SHARES = { none: [0, 0], l1: [1, 0], l2: [0, 1], elastic: [0.5, 0.5] };

export class Penalty {
  constructor(kind, strength) {
    [this.l1, this.l2] = SHARES[kind].map((share) => share * strength);
  }

  value(w) {
    let sum = 0;
    for (let i = 0; i < w.length; i++) sum += this.l1 * Math.abs(w[i]) + this.l2 * w[i] * w[i];
    return sum;
  }

  // At 0, where |w| has no derivative, Math.sign gives 0. No weight is ever taken out for good, as in
  // TensorFlow Playground, which removes a link once L1 carries it across 0: there the data may pull
  // a weight back that it needs later, and what is left is no minimum of loss plus penalty.
  addGradient(w, gradient) {
    for (let i = 0; i < w.length; i++)
      gradient[i] += this.l1 * Math.sign(w[i]) + 2 * this.l2 * w[i];
  }

  // The proximal step: towards 0 by step · l1, but not across it, and then shorter by L2's share.
  prox(w, step) {
    const shift = Math.min(Math.max(w, -step * this.l1), step * this.l1);
    return (w - shift) / (1 + 2 * step * this.l2);
  }
}
