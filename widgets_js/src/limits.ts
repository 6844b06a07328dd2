// What a person types for an axis: limits, a bin, how bins are merged. Each becomes numbers of edges
// or bins, or a sentence on what is wrong.

import { binOf } from "./edges";
import { short } from "./ticks";
import type { Axis } from "./view";

export type Typed<T> = { value: T } | { problem: string };

/** A coordinate, with or without its unit or a j; NaN if it is none. */
function coordinate(text: string, axis: Axis): number {
  let bare = text.trim();
  if (axis.unit && bare.endsWith(axis.unit)) bare = bare.slice(0, -axis.unit.length).trim();
  if (/^[-+.\d].*j$/i.test(bare)) bare = bare.slice(0, -1);
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(bare) ? Number(bare) : Number.NaN;
}

/** `#12`, `bin 12`; undefined if the text is no such thing. */
function index(text: string): number | undefined {
  const found = /^(?:#|bin\s)\s*(\d+)$/i.exec(text.trim());
  return found ? Number(found[1]) : undefined;
}

const NOT = (text: string) => `“${text.trim()}” is not a number`;

/** The number of an edge: the one at the coordinate, or the next one outwards. */
export function edgeTyped(text: string, axis: Axis, side: "low" | "high"): Typed<number> {
  if (text.trim() === "") return { value: side === "low" ? 0 : axis.size };
  const edge = index(text);
  if (edge !== undefined) {
    if (edge <= axis.size) return { value: edge };
    return { problem: `the last edge is #${axis.size}` };
  }
  const value = coordinate(text, axis);
  if (Number.isNaN(value)) return { problem: NOT(text) };
  const [first, last] = [axis.edges[0] ?? 0, axis.edges[axis.size] ?? 0];
  if (side === "low" && value >= last) return { problem: `the axis ends at ${short(last)}` };
  if (side === "high" && value <= first) return { problem: `the axis starts at ${short(first)}` };
  return { value: outward(axis.edges, value, side) };
}

function outward(edges: Float64Array, value: number, side: "low" | "high"): number {
  const bin = binOf(edges, value);
  for (const edge of [bin, bin + 1]) {
    const at = edges[edge] ?? Number.NaN;
    const below = at - (edges[edge - 1] ?? Number.NEGATIVE_INFINITY);
    const above = (edges[edge + 1] ?? Number.POSITIVE_INFINITY) - at;
    if (Math.abs(value - at) <= 1e-9 * Math.min(below, above)) return edge;
  }
  for (const edge of [bin, bin + 1]) {
    if (short(edges[edge] ?? Number.NaN) === short(value)) return edge; // typed as it is shown
  }
  return Math.min(edges.length - 1, Math.max(0, side === "low" ? bin : bin + 1));
}

export function binTyped(text: string, axis: Axis): Typed<number> {
  const bin = index(text);
  if (bin !== undefined) {
    return bin < axis.size ? { value: bin } : { problem: `the last bin is #${axis.size - 1}` };
  }
  const value = coordinate(text, axis);
  if (Number.isNaN(value)) return { problem: NOT(text) };
  const found = binOf(axis.edges, value);
  if (found >= 0 && found < axis.size) return { value: found };
  if (value === axis.edges[axis.size]) return { value: axis.size - 1 };
  const ends = [axis.edges[0] ?? 0, axis.edges[axis.size] ?? 0].map(short);
  return { problem: `the axis goes from ${ends.join(" to ")}` };
}

export type Rebin = number | (number | null)[];

/** A factor, or edges with commas or blanks between them, of which each must be one of the axis. */
export function rebinTyped(text: string, axis: Axis, bins: number): Typed<Rebin> {
  const words = text.split(/[\s,;]+/).filter((word) => word !== "");
  const [only] = words;
  if (only === undefined) return { value: 1 };
  if (words.length === 1) {
    const factor = coordinate(only, axis);
    if (Number.isInteger(factor) && factor >= 1 && factor <= bins) return { value: factor };
    return { problem: `a factor is a whole number from 1 to ${bins}` };
  }
  const out: (number | null)[] = [];
  let before = -1;
  for (const word of words) {
    const value = coordinate(word, axis);
    if (Number.isNaN(value)) return { problem: NOT(word) };
    const edge = outward(axis.edges, value, "low");
    const at = axis.edges[edge] ?? 0;
    if (short(at) !== short(value)) {
      const next = axis.edges[Math.min(edge + 1, axis.size)] ?? 0;
      return { problem: `${short(value)} is no edge: there is ${short(at)} and ${short(next)}` };
    }
    if (edge <= before) return { problem: "edges must rise" };
    before = edge;
    out.push(edge === 0 || edge === axis.size ? null : at); // the axis' ends may be infinite
  }
  return { value: out };
}

/** What divides a number of bins without rest, from 1 up. */
export function divisors(bins: number): number[] {
  const out: number[] = [];
  for (let d = 1; d * d <= bins; d += 1) {
    if (bins % d === 0) out.push(d, bins / d);
  }
  return [...new Set(out)].sort((a, b) => a - b);
}
