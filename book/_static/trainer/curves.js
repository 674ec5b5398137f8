// Two small pictures beside the map: the losses, and how large the weights are.
import { sharp } from "./picture.js";

const INK = "#262626", PALE = "#e3e3e3", AXIS = "#4d4d4d";
const TRAINING = { colour: "#0072b2", text: "#005f95", dash: [] };
const VALIDATION = { colour: "#d55e00", text: "#a34700", dash: [6, 4] };
const FONT = "13px system-ui, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif";
const BINS = 40;

/** A round multiple of `unit` that is not below a value: of few, so that axes jump seldom. */
export function ceiling(value, unit) {
  for (let power = unit; ; power *= 10) {
    for (const step of [1, 1.5, 2, 3, 5, 7]) if (!(step * power < value)) return step * power;
  }
}

/** The limits that several networks share, so that their pictures can be compared. */
export function limitsOf(frames) {
  const largest = (pick) => Math.max(...frames.map(pick));
  const most = (values) => values.reduce((most, value) => Math.max(most, Number.isFinite(value) ? value : 0), 0);
  const weight = ceiling(largest(({ weights }) => most(weights.map(Math.abs))), 1);
  return {
    epoch: ceiling(largest(({ epoch }) => epoch), 100),
    loss: ceiling(Math.min(10, largest(({ history }) => most([...history.loss, ...history.val_loss]))), 1),
    weight,
    sparse: frames.some(({ sparse, zeros }) => sparse || zeros.exact),
    count: largest((frame) => Math.max(most(bins(frame.weights, weight)), frame.zeros.exact, 1)),
  };
}

/** How many weights are in each of the bins from -limit to limit. */
export function bins(weights, limit) {
  const counts = new Array(BINS).fill(0);
  for (const weight of weights) {
    if (weight === 0) continue; // zeros have a bar of their own, beside the others
    const bin = Math.floor(((weight + limit) / (2 * limit)) * BINS);
    counts[Math.min(BINS - 1, Math.max(0, bin))] += 1;
  }
  return counts;
}

function write(pen, text, x, y, { align = "left", colour = INK } = {}) {
  Object.assign(pen, { font: FONT, textAlign: align, textBaseline: "middle", lineJoin: "round" });
  Object.assign(pen, { strokeStyle: "#fff", lineWidth: 5, fillStyle: colour });
  pen.strokeText(text, x, y);
  pen.fillText(text, x, y);
}

function line(pen, colour, width, dash, points) {
  Object.assign(pen, { strokeStyle: colour, lineWidth: width, lineJoin: "round" });
  pen.setLineDash(dash);
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.stroke();
  pen.setLineDash([]);
}

/** Draw training and validation loss against the epochs. */
export function drawCurves(canvas, { history }, limits) {
  const { pen, width, height } = sharp(canvas);
  const frame = { left: 36, right: width - 8, top: 24, bottom: height - 20 };
  const across = (epoch) => frame.left + (epoch / limits.epoch) * (frame.right - frame.left);
  const up = (loss) => frame.bottom - Math.min(1.03, loss / limits.loss) * (frame.bottom - frame.top);
  for (const share of [0.5, 1]) {
    const y = up(share * limits.loss);
    line(pen, PALE, 1, [], [[frame.left, y], [frame.right, y]]);
    write(pen, String(share * limits.loss), frame.left - 4, y, { align: "right" });
  }
  line(pen, AXIS, 1, [], [[frame.left, frame.top], [frame.left, frame.bottom], [frame.right, frame.bottom]]);
  write(pen, "0", frame.left - 4, frame.bottom, { align: "right" });
  write(pen, `${limits.epoch.toLocaleString("en")} epochs`, frame.right, frame.bottom + 11, { align: "right" });
  write(pen, "Loss", 0, 8);
  const ends = [["training", "loss", TRAINING], ["validation", "val_loss", VALIDATION]].map(([name, key, look]) => {
    const points = history.epoch.map((epoch, i) => [across(epoch), up(history[key][i])]);
    const drawn = points.filter(([, y]) => Number.isFinite(y));
    line(pen, look.colour, 2.2, look.dash, drawn);
    const [x, y] = drawn.at(-1) ?? [frame.left, frame.bottom];
    const left = Math.min(x + 4, frame.right - pen.measureText(name).width);
    const beside = [y, ...drawn.filter(([x]) => x >= left - 4).map(([, y]) => y)]; // its own line there
    const [high, low] = [Math.min(...beside), Math.max(...beside)];
    return { name: drawn.length ? name : "", left, line: y, low, y: Math.max(frame.top - 6, high - 10), look };
  });
  // Each line is named above its end; where there is no room between them, the lower one below it.
  const [upper, lower] = ends.sort((one, other) => one.line - other.line);
  if (lower.y < upper.y + 16) lower.y = Math.min(lower.low + 11, frame.bottom - 8);
  upper.y = Math.min(upper.y, lower.y - 16);
  for (const { name, left, y, look } of ends) write(pen, name, left, y, { colour: look.text });
}

/** Draw how many weights have which size; beside that, how many are exactly zero. */
export function drawWeights(canvas, frame, limits) {
  const { pen, width, height } = sharp(canvas);
  const [bottom, top, right] = [height - 20, 24, width - 44]; // right: where the sizes end
  const bar = right / BINS, zeros = width - 14;
  const tall = (count) => (count / limits.count) * (bottom - top);
  pen.fillStyle = TRAINING.colour;
  bins(frame.weights, limits.weight).forEach((count, bin) => {
    pen.fillRect(bin * bar + 0.5, bottom - tall(count), bar - 1, tall(count));
  });
  line(pen, AXIS, 1, [], [[0, bottom], [right, bottom]]);
  write(pen, `−${limits.weight}`, 0, bottom + 11);
  write(pen, "0", right / 2, bottom + 11, { align: "center" });
  write(pen, String(limits.weight), right, bottom + 11, { align: "right" });
  write(pen, "Weights", 0, 8);
  if (!limits.sparse) return;
  pen.fillStyle = VALIDATION.colour;
  pen.fillRect(zeros - 4, bottom - tall(frame.zeros.exact), 8, tall(frame.zeros.exact));
  line(pen, AXIS, 1, [], [[zeros - 12, bottom], [zeros + 12, bottom]]);
  write(pen, "= 0", zeros, bottom + 11, { align: "center", colour: VALIDATION.text });
  write(pen, `exactly 0: ${frame.zeros.exact}`, width - 2, 8, { align: "right", colour: VALIDATION.text });
}
