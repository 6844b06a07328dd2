// What the kernel sends of a histogram: the axes (`frame`) and the numbers drawn (`picture`).

export type Runs = [string, number][];
export type Item = string | number | boolean;
export type Role = "x" | "overlay" | "range" | "bin" | "pick" | "sum";

/** What is done with one axis; see hepnb/widgets/hist_view.py. */
export interface Step {
  as: Role;
  range?: [number | null, number | null] | null;
  rebin?: number;
  bin?: number;
  items?: Item[] | null;
}

export type View = Record<string, Step>;

export interface AxisWire {
  key: string;
  name: string;
  label: Runs;
  unit: string;
  dense: boolean;
  size: number;
  edges: DataView | null;
  items: Item[];
  circular: boolean;
  discrete: boolean;
  flow: [boolean, boolean];
  log: boolean;
}

export interface Frame {
  seq: number;
  shown: string;
  title: string;
  names: string[];
  axes: AxisWire[];
}

export interface CurveWire {
  label: string;
  values: DataView;
  errors: DataView | null;
  low: DataView | null;
  total: number | null;
  total_error: number | null;
  under: number | null;
  over: number | null;
}

export interface PictureWire {
  seq: number;
  shown: string;
  code: string;
  view: View;
  live: "" | "filling" | "complete";
  committed?: number;
  folded?: number;
  x: string;
  xlabel: Runs;
  ylabel: Runs;
  edges: DataView;
  items: string[];
  curves: CurveWire[];
  log: boolean;
  note: string;
}

export interface Axis extends Omit<AxisWire, "edges"> {
  edges: Float64Array;
}

export interface Curve extends Omit<CurveWire, "values" | "errors" | "low"> {
  values: Float64Array;
  errors: Float64Array | null;
  low: Float64Array | null;
}

export interface Picture extends Omit<PictureWire, "edges" | "curves"> {
  edges: Float64Array;
  curves: Curve[];
}

export interface Look {
  logx: boolean | null;
  logy: boolean;
  errors: boolean;
}

/** Little-endian float64; copied, because a view may start where no Float64Array can. */
export function floats(view: DataView): Float64Array {
  return new Float64Array(
    view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer,
  );
}

export function readAxis(axis: AxisWire): Axis {
  return { ...axis, edges: axis.edges ? floats(axis.edges) : new Float64Array() };
}

export function readPicture(wire: PictureWire): Picture {
  return {
    ...wire,
    edges: floats(wire.edges),
    curves: wire.curves.map((curve) => ({
      ...curve,
      values: floats(curve.values),
      errors: curve.errors ? floats(curve.errors) : null,
      low: curve.low ? floats(curve.low) : null,
    })),
  };
}

/** The number of the edge nearest to a coordinate. */
export function nearestEdge(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  const here = edges[low] ?? 0;
  const before = edges[low - 1];
  return before !== undefined && value - before < here - value ? low - 1 : low;
}

/** First bin and the one after the last, of a step's range. */
export function binsOf(step: Step, axis: Axis): [number, number] {
  const [low, high] = step.range ?? [null, null];
  return [
    low === null ? 0 : nearestEdge(axis.edges, low),
    high === null ? axis.size : nearestEdge(axis.edges, high),
  ];
}

/** The range of a step for bins [start, stop); an open end where the axis ends. */
export function rangeOf(axis: Axis, start: number, stop: number): Step["range"] {
  if (start <= 0 && stop >= axis.size) return null;
  return [
    start <= 0 ? null : (axis.edges[start] ?? null),
    stop >= axis.size ? null : (axis.edges[stop] ?? null),
  ];
}
