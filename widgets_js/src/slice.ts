// A slice: the numbers of what a view shows, before any choice of how to draw them. Made by the
// kernel (hepnb/widgets/hist_slice.py) or in the browser (slicing.ts); the drawing cannot tell which.

import { floats, type Runs } from "./view";

export interface SliceAxis {
  key: string;
  label: Runs;
  unit: string;
  /** `n + 1` bin edges, which may be infinite at the ends; 0 to n of categories. */
  edges: Float64Array;
  /** The names of categories; empty for a dense axis. */
  items: string[];
  /** Whether the values have a flow bin before the first and after the last bin. */
  under: boolean;
  over: boolean;
  circular: boolean;
  discrete: boolean;
  /** The bins grow by a constant factor. */
  log: boolean;
  /** The width that all bins share, else null. */
  width: number | null;
}

export interface Slice {
  /** x, or x and y. */
  axes: SliceAxis[];
  /** One without a label, or one for each item of an overlay or stack. */
  series: { label: string }[];
  stacked: boolean;
  kind: "count" | "mean";
  /** Series slowest, then y, then x, flow bins included where an axis has them. */
  values: Float64Array;
  variances: Float64Array | null;
  /** Values are numbers of events: each variance is its value, Poisson intervals are right. */
  counts: boolean;
  /**
   * Bins in one along each axis where the kernel thinned very many; then `values` are the highest,
   * `low` the lowest and `sums` the sum of each group, `variances` the sums of theirs. Flow bins are
   * never grouped.
   */
  group: number;
  low: Float64Array | null;
  sums: Float64Array | null;
}

export interface SliceWire extends Omit<Slice, "axes" | "values" | "variances" | "low" | "sums"> {
  axes: (Omit<SliceAxis, "edges"> & { edges: DataView })[];
  values: DataView;
  variances: DataView | null;
  low: DataView | null;
  sums: DataView | null;
}

/** Bins of an axis, flow bins included. */
export function extentOf(axis: SliceAxis): number {
  return axis.edges.length - 1 + Number(axis.under) + Number(axis.over);
}

export function readSlice(wire: SliceWire): Slice {
  const maybe = (view: DataView | null) => (view ? floats(view) : null);
  return {
    ...wire,
    axes: wire.axes.map((axis) => ({ ...axis, edges: floats(axis.edges) })),
    values: floats(wire.values),
    variances: maybe(wire.variances),
    low: maybe(wire.low),
    sums: maybe(wire.sums),
  };
}
