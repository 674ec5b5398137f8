// Texts are the same if their words are, and their numbers up to rounding.
const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi;
const RELATIVE = 1e-6;
const ROUNDING = 1e-12; // what is left of numbers that are 0 in exact arithmetic

const near = (a, b) => Math.abs(a - b) <= Math.max(RELATIVE * Math.abs(b), ROUNDING);

export function same(text, other) {
  const [words, otherWords] = [text, other].map((t) => t.replace(NUMBER, "#").replace(/\s+/g, ""));
  if (words !== otherWords) return false;
  const [numbers, otherNumbers] = [text, other].map((t) => (t.match(NUMBER) ?? []).map(Number));
  return numbers.every((number, i) => near(number, otherNumbers[i]));
}
