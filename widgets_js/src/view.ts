// What is done with each axis of a histogram (`View`), and the axes as the kernel describes them.
// The Python twin is hepnb/widgets/hist_view.py and hist_axes.py.

import { edgeFrom } from "./edges";

export type Runs = [string, number][];
export type Item = string | number | boolean;
export type Role = "x" | "y" | "overlay" | "stack" | "range" | "bin" | "pick" | "sum";

/** What is done with one axis. What is left out has its default; `null` is everything. */
export interface Step {
  as: Role;
  range?: [number | null, number | null] | null;
  /** Bins merged into one, or the edges to keep (`null` only as first or last: the axis' end). */
  rebin?: number | (number | null)[];
  bin?: number;
  /** A coordinate instead of `bin`; the kernel writes it back as `bin`. */
  at?: number;
  items?: Item[] | null;
  /** `sum`: whether under- and overflow count (they do unless said). */
  flow?: boolean;
}

/** A step for each axis, by its key. One is `x`; `y` excludes `overlay` and `stack`. */
export type View = Record<string, Step>;

export interface AxisWire {
  key: string;
  name: string;
  label: Runs;
  unit: string;
  dense: boolean;
  size: number;
  /** Little-endian float64, or the first and last of `size + 1` evenly spaced ones. */
  edges: DataView | [number, number] | null;
  items: Item[];
  circular: boolean;
  discrete: boolean;
  flow: [boolean, boolean];
  log: boolean;
  /** How an expression names the axis: by name, or by position where it has none. */
  index: string | number;
  /** The source text of each edge; null where there are very many. */
  texts: string[] | null;
  /** Python's `repr` of the names that are not plain. */
  quoted: Record<string, string>;
}

export interface Axis extends Omit<AxisWire, "edges"> {
  /** `size + 1` of a dense axis; empty for categories. */
  edges: Float64Array;
}

/** An overlay or stack starts with so many. */
export const MANY = 8;
/** A whole-number axis of at most so many bins can be overlaid. */
const COUNTABLE = 64;

/** Little-endian float64; copied, because a view may start where no Float64Array can. */
export function floats(view: DataView): Float64Array {
  return new Float64Array(
    view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer,
  );
}

export function readAxis(axis: AxisWire): Axis {
  const { edges, size } = axis;
  if (!Array.isArray(edges)) return { ...axis, edges: edges ? floats(edges) : new Float64Array() };
  const [first, last] = edges;
  const even = Float64Array.from({ length: size + 1 }, (_, i) => {
    const part = i / size;
    return (1 - part) * first + part * last;
  });
  return { ...axis, edges: even };
}

/** What an overlay or stack of this axis may choose from: categories, or few whole numbers. */
export function choices(axis: Axis): Item[] {
  if (!axis.dense) return axis.items;
  const few = axis.discrete && !axis.circular && axis.size <= COUNTABLE;
  return few ? Array.from(axis.edges.subarray(0, axis.size)) : [];
}

/** What can be done with an axis. */
export function roles(axis: Axis): Role[] {
  const curves: Role[] = choices(axis).length > 0 ? ["overlay", "stack"] : [];
  if (!axis.dense) return ["x", "y", "overlay", "stack", "pick", "sum"];
  const summed: Role[] = axis.circular ? ["bin", "sum"] : ["range", "bin", "sum"];
  return ["x", "y", ...curves, ...summed];
}

/** The number of the edge nearest to a coordinate. */
export function nearestEdge(edges: Float64Array, value: number): number {
  const low = Math.min(edges.length - 1, edgeFrom(edges, value));
  const here = edges[low] ?? 0;
  const before = edges[low - 1];
  return before !== undefined && value - before < here - value ? low - 1 : low;
}

/** First bin and the one after the last, of a step's range, for a control to show. */
export function binsOf(step: Step, axis: Axis): [number, number] {
  const [low, high] = step.range ?? [null, null];
  return [
    low === null ? 0 : nearestEdge(axis.edges, low),
    high === null ? axis.size : nearestEdge(axis.edges, high),
  ];
}

/** The range of a step for bins [start, stop); an open end where the axis ends. */
export function rangeOf(
  axis: Axis,
  start: number,
  stop: number,
): [number | null, number | null] | null {
  if (start <= 0 && stop >= axis.size) return null;
  return [
    start <= 0 ? null : (axis.edges[start] ?? null),
    stop >= axis.size ? null : (axis.edges[stop] ?? null),
  ];
}
