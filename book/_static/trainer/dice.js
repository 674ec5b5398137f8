// Random numbers from a seed, because Math.random has none: the generator sfc32 of C. Doty-Humphrey.
// One seed has many streams, so that what is drawn for one purpose never shifts what another gets.
export const STREAMS = { points: 1, wrong: 2, validation: 3, weights: 4, noise: 5, masks: 6 };

export class Dice {
  constructor(seed, stream) {
    this.state = Int32Array.of(seed, stream, 0, 1);
    for (let i = 0; i < 15; i++) this.uniform(); // a small seed is spread over all bits
  }

  // In [0, 1), in steps of 2^-32.
  uniform() {
    const s = this.state;
    const sum = s[0] + s[1] + s[3];
    s[3] += 1;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }

  // Standard normal, after Box and Muller; rounded, because the last digits of Math.log and Math.cos
  // differ from browser to browser.
  normal() {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return Math.fround(radius * Math.cos(2 * Math.PI * this.uniform()));
  }

  // 0, 1, …, n - 1, each as likely as the others.
  below(n) {
    return Math.floor(n * this.uniform());
  }

  // 0 to n - 1 in random order, after Fisher and Yates.
  permutation(n) {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}
