// What is drawn of a histogram, as numbers: curves with their errors, a heat map, a lower panel. Made
// by display.ts; the Python twin is hepnb/widgets/hist_drawing.py.

import type { Look } from "./look";
import type { Statistics } from "./statistics_box";
import type { Runs } from "./view";

export interface DrawnAxis {
  label: Runs;
  unit: string;
  /** Finite, those of flow bins included; 0, 1, 2, … of categories. */
  edges: Float64Array;
  items: string[];
  /** The first and the last bin hold what lies outside. */
  under: boolean;
  over: boolean;
  log: boolean;
  discrete: boolean;
}

export interface Curve {
  label: string;
  kind: Look["kind"];
  values: Float64Array;
  /** The ends of the errors. */
  low: Float64Array | null;
  high: Float64Array | null;
  /** Where a stacked series begins; null is zero. */
  base: Float64Array | null;
  /** The lowest bin of each group of a thinned histogram, whose highest is in `values`. */
  floor: Float64Array | null;
}

export type Band = [Float64Array, Float64Array];

/** Each series against the reference; NaN where there is nothing to compare. */
export interface Panel {
  kind: "ratio" | "pull";
  label: string;
  curves: Curve[];
  /** Which of the drawing's curves each of these is. */
  at: number[];
  /** The reference's own error, around 1 for a ratio. */
  band: Band | null;
  range: [number, number];
}

/** Row by row, y slowest; the sums along each axis at its sides. */
export interface Heat {
  y: DrawnAxis;
  label: Runs;
  log: boolean;
  values: Float64Array;
  /** Worked out when they are asked for: a redraw needs none. */
  readonly errors: Float64Array | null;
  top: Curve;
  side: Curve;
}

export interface Drawing {
  x: DrawnAxis;
  ylabel: Runs;
  log: boolean;
  /** The contents count from zero; means do not. */
  zero: boolean;
  curves: Curve[];
  stacked: boolean;
  /** Whether error bars are asked for. */
  bars: boolean;
  /** The error of a stack's sum. */
  band: Band | null;
  below: Panel | null;
  heat: Heat | null;
  statistics: Statistics[];
  note: string;
}
