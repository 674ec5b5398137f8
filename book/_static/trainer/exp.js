// Math.exp may differ by a last digit from browser to browser, and training makes any difference
// grow: after a few hundred epochs it is seen. This one is made of sums and products alone, which
// are the same everywhere; so a link to a moment of a training shows everybody the same picture.

// ln 2 in two parts: the first has so few digits that its product with any k is exact.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LOWEST = -708; // where numbers would lose digits

const HALVES = new Float64Array(1024); // 1, 1/2, 1/4, …
const TAYLOR = new Float64Array(14); // 1, 1, 1/2!, 1/3!, …
for (let i = 0; i < HALVES.length; i++) HALVES[i] = i ? HALVES[i - 1] / 2 : 1;
for (let i = 0; i < TAYLOR.length; i++) TAYLOR[i] = i ? TAYLOR[i - 1] / i : 1;

// e^x for x up to 0: the series of e^r with x = r - k ln 2 and r small, and k times halved.
export function exp(x) {
  if (x < LOWEST) return 0;
  const k = Math.round(-x / Math.LN2);
  const r = x + k * LN2_HIGH + k * LN2_LOW;
  let sum = 0;
  for (let i = TAYLOR.length - 1; i >= 0; i--) sum = sum * r + TAYLOR[i];
  return sum * HALVES[k];
}
