// Trains and draws as it is told: the same in a worker, and in a page that has none.
//
// in   {type: "start", side, settings}   a training at epoch 0, in the place of the side's last one
//      {type: "step", epochs, within}    of each side; no new epoch after so many milliseconds
//      {type: "drop", side}
// out  {type: "frame", sides: {a: …, b: …}}, one for each message; after "start" with the side's `data`
//
// How long a message takes is up to the one who sends it: some epochs for each picture that is shown.
import { drawSide } from "./frame.js";
import { Training } from "./training.js";

const GRID = 100; // cells across a picture

// `post` takes a frame, and the buffers in it that may be handed over instead of copied; the
// function that is returned takes messages.
export function makeLoop(post) {
  const trainings = {};

  function draw(started) {
    const sides = {};
    for (const side in trainings) sides[side] = drawSide(trainings[side], GRID);
    if (started) sides[started].data = trainings[started].data;
    const buffers = Object.values(sides).flatMap(({ regions, margin, fit, weights }) =>
      [regions, margin, fit, weights].map(({ buffer }) => buffer),
    );
    post({ type: "frame", sides }, buffers);
  }

  const answers = {
    start({ side, settings }) {
      trainings[side] = new Training(settings);
      draw(side);
    },
    step({ epochs, within = Infinity }) {
      const end = performance.now() + within;
      for (let i = 0; i < epochs && (i === 0 || performance.now() < end); i++)
        for (const side in trainings) trainings[side].step();
      draw();
    },
    drop({ side }) {
      delete trainings[side];
      draw();
    },
  };
  return (message) => answers[message.type](message);
}
