// The two optimisers, as `nnreg.nn` has them. Adam follows the gradient of loss and penalty together,
// and leaves no weight at exactly 0. Exact zeros need proximal steps, which `nnreg` takes with plain
// gradient descent and momentum: Adam's steps differ from weight to weight, so that a threshold of
// rate · l1 would not be theirs. To compare penalties, compare them under one optimiser.

export class Adam {
  constructor(rate, penalty, size) {
    this.rate = rate;
    this.penalty = penalty;
    this.m = new Float64Array(size);
    this.v = new Float64Array(size);
    this.power1 = 1; // 0.9 to the number of steps
    this.power2 = 1; // 0.999 to it
  }

  step({ theta, gradient, weights }) {
    const { m, v, rate } = this;
    this.penalty.addGradient(weights, gradient);
    const correction1 = 1 - (this.power1 *= 0.9);
    const correction2 = 1 - (this.power2 *= 0.999);
    for (let i = 0; i < theta.length; i++) {
      const g = gradient[i];
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      theta[i] -= ((rate / correction1) * m[i]) / (Math.sqrt(v[i] / correction2) + 1e-7);
    }
  }
}

// SGD(rate, momentum=0.9, proximal=True).
export class ProximalSGD {
  constructor(rate, penalty, size) {
    this.rate = rate;
    this.penalty = penalty;
    this.velocity = new Float64Array(size);
  }

  step({ theta, gradient, weights }) {
    const { velocity, rate, penalty } = this;
    for (let i = 0; i < theta.length; i++) {
      const before = theta[i];
      const moved = before + 0.9 * velocity[i] - rate * gradient[i];
      theta[i] = i < weights.length ? penalty.prox(moved, rate) : moved;
      velocity[i] = theta[i] - before; // the way that was really gone
    }
  }
}
