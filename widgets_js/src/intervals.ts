// Garwood's interval of a Poisson count, at a coverage of 68.27 %. F. Garwood, Biometrika 28 (1936)
// 437. Exact to 100 counts, right to 2e-7 counts above; as hepnb/widgets/hist_intervals.py has it.

const EXACT = 100;
const TAIL = 0.15865525393145707; // of a Gaussian beyond one sigma
const lows: number[] = [0];
const highs: number[] = [];

/** Lower and upper end; NaN for what is no count. */
export function garwood(count: number): [number, number] {
  if (count > EXACT) return [quantile(count, -1), quantile(count + 1, 1)];
  if (!Number.isInteger(count) || count < 0) return [Number.NaN, Number.NaN];
  if (highs.length === 0) {
    for (let n = 0; n <= EXACT; n += 1) {
      highs.push(solve(n, TAIL));
      lows.push(solve(n, 1 - TAIL));
    }
  }
  return [lows[count] ?? 0, highs[count] ?? 0];
}

/** The Cornish-Fisher expansion of a gamma quantile of shape `a`, at `z` sigmas, -1 or +1. */
function quantile(a: number, z: number): number {
  const root = Math.sqrt(a);
  const odd = root - 1 / (6 * root) - 7 / (1620 * root ** 3);
  return a + z * odd + 1 / (135 * a) + 53 / (34020 * a ** 2);
}

/** The mean with which a Poisson count is at most `n` with this probability, by Newton's method. */
function solve(n: number, probability: number): number {
  let mean = n + 1 - Math.sign(probability - 0.5) * Math.sqrt(n + 1) * 0.9;
  for (let round = 0; round < 60; round += 1) {
    let term = Math.exp(-mean);
    let total = term;
    for (let k = 1; k <= n; k += 1) {
      term *= mean / k;
      total += term;
    }
    const step = (total - probability) / term;
    mean = Math.max(mean + step, mean / 2);
    if (Math.abs(step) < 1e-13 * mean) break;
  }
  return mean;
}
