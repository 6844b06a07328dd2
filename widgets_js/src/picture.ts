// What the kernel sends of a histogram: the axes (`frame`) and the numbers drawn (`picture`).

import { type AxisWire, floats, type Runs, type View } from "./view";

export * from "./view";

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
