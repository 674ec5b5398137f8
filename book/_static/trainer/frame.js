// What a picture shows of a training at one moment.

export function drawSide(training, grid) {
  let now = training.now;
  if (!Object.values(now).every(Number.isFinite)) {
    training.giveUp();
    now = training.now;
  }
  const { data, network } = training;
  const { penalty, strength } = training.settings;
  return {
    epoch: training.epoch,
    diverged: training.diverged,
    now,
    box: data.box,
    ...regionsOf(network, data.box, grid),
    fit: training.predict(data.X),
    weights: network.weights.slice(),
    zeros: training.zeros,
    sparse: strength > 0 && ["l1", "elastic"].includes(penalty), // it can make weights exactly 0
    learntByHeart: training.learntByHeart,
    history: training.history,
  };
}

// The class that wins in each cell, and its probability in 255ths; row by row from the top left.
function regionsOf(network, [left, right, bottom, top], grid) {
  const regions = new Uint8Array(grid * grid);
  const margin = new Uint8Array(grid * grid);
  for (let row = 0; row < grid; row++) {
    const x1 = top - ((row + 0.5) / grid) * (top - bottom);
    for (let column = 0; column < grid; column++) {
      const x0 = left + ((column + 0.5) / grid) * (right - left);
      const cell = row * grid + column;
      regions[cell] = network.classify(x0, x1);
      margin[cell] = Math.round(255 * network.certainty(regions[cell]));
    }
  }
  return { regions, margin };
}
