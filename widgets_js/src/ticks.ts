// Scales and ticks: round values from d3-array, with the labels that histograms of the field carry.

import { ticks as roundValues } from "d3-array";

/** Values to pixels, linear or logarithmic. */
export interface Scale {
  (value: number): number;
  invert(pixel: number): number;
  domain: [number, number];
  range: [number, number];
}

export interface Ticks {
  major: { value: number; text: string }[];
  minor: number[];
  /** A power of ten taken out of all labels, e.g. "×10⁵"; empty if none was. */
  factor: string;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export function makeScale(domain: [number, number], range: [number, number], log: boolean): Scale {
  const bend = log ? Math.log : (value: number) => value;
  const unbend = log ? Math.exp : (value: number) => value;
  const [low, high] = [bend(domain[0]), bend(domain[1])];
  const slope = (range[1] - range[0]) / (high - low || 1);
  const place = (value: number) => range[0] + (bend(value) - low) * slope;
  const invert = (pixel: number) => unbend(low + (pixel - range[0]) / slope);
  return Object.assign(place, { invert, domain, range });
}

export function superscript(power: number): string {
  return [...String(power)].map((c) => (c === "-" ? "⁻" : SUPERSCRIPTS[Number(c)])).join("");
}

/** Six digits at most, no trailing zeros. */
export function short(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) {
    return value
      .toExponential(5)
      .replace(/\.?0+e/, "e")
      .replace("e+", "e");
  }
  return String(Number(value.toPrecision(6)));
}

export function linearTicks(domain: [number, number], about: number, factored: boolean): Ticks {
  const values = roundValues(domain[0], domain[1], about);
  const size = Math.max(...domain.map(Math.abs));
  const power = size > 0 ? Math.floor(Math.log10(size)) : 0;
  const taken = factored && (power >= 5 || power <= -4) ? power : 0;
  const major = values.map((value) => ({ value, text: short(value / 10 ** taken) }));
  const shown = new Set(values);
  const step = (values[1] ?? 1) - (values[0] ?? 0);
  const parts = Math.round(step / 10 ** Math.floor(Math.log10(step) + 1e-9)) === 2 ? 4 : 5;
  const minor: number[] = [];
  const first = values[0] ?? 0;
  for (let i = -parts; i <= (values.length + 1) * parts; i += 1) {
    const value = first + (i * step) / parts;
    if (i % parts !== 0 && value >= domain[0] && value <= domain[1] && !shown.has(value)) {
      minor.push(value);
    }
  }
  return { major, minor, factor: taken ? `×10${superscript(taken)}` : "" };
}

/** Powers of ten, with 2 and 5 between them where the axis spans little. */
export function logTicks(domain: [number, number], most: number): Ticks {
  const [low, high] = domain;
  const from = Math.floor(Math.log10(low) + 1e-9);
  const to = Math.ceil(Math.log10(high) - 1e-9);
  const decades = Math.log10(high / low);
  const keep = decades > 2.5 ? [1] : decades > 0.8 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const every = Math.max(1, Math.ceil((to - from + 1) / most));
  const plain = from >= -2 && to <= 4;
  const ticks: Ticks = { major: [], minor: [], factor: "" };
  for (let power = from; power <= to; power += 1) {
    for (let m = 1; m <= 9; m += 1) {
      const value = m * 10 ** power;
      if (value < low * 0.99999 || value > high * 1.00001) continue;
      if (keep.includes(m) && power % every === 0) {
        ticks.major.push({ value, text: powerText(m, power, !plain) });
      } else if (m === 1 || every === 1) ticks.minor.push(value);
    }
  }
  return ticks;
}

function powerText(m: number, power: number, powers: boolean): string {
  if (powers && (power > 1 || power < 0)) {
    return `${m === 1 ? "" : `${m}×`}10${superscript(power)}`;
  }
  return short(Number((m * 10 ** power).toPrecision(12)));
}

/** What a y axis must hold: [low, high] of contents and errors, with room. */
export function yDomain(
  lows: Iterable<number>,
  highs: Iterable<number>,
  log: boolean,
): [number, number] {
  let low = log ? Number.POSITIVE_INFINITY : 0;
  let high = 0;
  for (const value of lows) {
    if (Number.isFinite(value) && value < low && (!log || value > 0)) low = value;
  }
  for (const value of highs) {
    if (Number.isFinite(value) && value > high) high = value;
    if (log && value > 0 && value < low) low = value;
  }
  if (log) return high > 0 ? [low * 0.5, high * 2] : [0.5, 2];
  const room = (high - low) * 0.07 || 1;
  return [low < 0 ? low - room : 0, high + room];
}
