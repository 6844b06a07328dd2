// What the plot draws of a slice.

import { extentOf, type Slice } from "./slice";
import type { Runs } from "./view";

export * from "./view";

export interface Curve {
  label: string;
  values: Float64Array;
  errors: Float64Array | null;
  low: Float64Array | null;
  total: number | null;
  total_error: number | null;
  under: number | null;
  over: number | null;
}

export interface Picture {
  x: string;
  xlabel: Runs;
  ylabel: Runs;
  edges: Float64Array;
  items: string[];
  curves: Curve[];
  log: boolean;
  note: string;
}

export interface Look {
  logx: boolean | null;
  logy: boolean;
  errors: boolean;
}

export function pictureOf(slice: Slice): Picture {
  const [x] = slice.axes;
  if (!x) throw new Error("a slice without axes");
  const every = slice.values.length / Math.max(1, slice.series.length);
  const [from, size] = [Number(x.under), x.edges.length - 1];
  const sum = (numbers: Float64Array) => numbers.reduce((all, value) => all + value, 0);
  const curves = slice.series.map(({ label }, i): Curve => {
    const inside = (all: Float64Array) => all.subarray(i * every + from, i * every + from + size);
    const values = inside(slice.values);
    const variances = slice.variances && inside(slice.variances);
    const means = slice.kind === "mean";
    return {
      label,
      values,
      errors:
        variances && slice.group === 1 ? variances.map((v) => Math.sqrt(Math.max(0, v))) : null,
      low: slice.low && inside(slice.low),
      total: means ? null : sum(inside(slice.sums ?? slice.values)),
      total_error: means || !variances ? null : Math.sqrt(sum(variances)),
      under: x.under && !means ? (slice.values[i * every] ?? 0) : null,
      over: x.over && !means ? (slice.values[i * every + extentOf(x) - 1] ?? 0) : null,
    };
  });
  const edges = x.edges.slice();
  const at = (i: number) => edges[i] ?? 0;
  if (!Number.isFinite(at(0))) edges[0] = 2 * at(1) - at(2);
  if (!Number.isFinite(at(size))) edges[size] = 2 * at(size - 1) - at(size - 2);
  const notes = slice.variances ? [] : ["errors are not known: weights were not squared"];
  if (slice.group > 1)
    notes.push(`each column spans ${slice.group} bins, lowest to highest; zoom in to see them`);
  const what = slice.kind === "mean" ? "Mean" : "Events";
  const width =
    x.items.length > 0 || slice.kind === "mean"
      ? ""
      : ` / ${x.width ? `${Number(x.width.toPrecision(4))} ${x.unit}`.trim() : "bin"}`;
  return {
    x: x.key,
    xlabel: x.label,
    ylabel: [[x.discrete && x.width === 1 ? what : `${what}${width}`, 0]],
    edges,
    items: x.items,
    curves,
    log: x.log,
    note: notes.join("; "),
  };
}
