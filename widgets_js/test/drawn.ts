// Slices for tests of the picture.

import { DEFAULT_LOOK, type Look } from "../src/look";
import type { Slice, SliceAxis } from "../src/slice";

export function axis(changes: Partial<SliceAxis> = {}): SliceAxis {
  return {
    key: "x",
    label: [["x [GeV]", 0]],
    unit: "GeV",
    edges: Float64Array.of(0, 10, 20, 30, 40),
    items: [],
    under: true,
    over: true,
    circular: false,
    discrete: false,
    log: false,
    width: 10,
    ...changes,
  };
}

/** A slice of counts over one axis or two, flow bins included. */
export function counts(values: number[], changes: Partial<Slice> = {}): Slice {
  return {
    axes: [axis()],
    series: [{ label: "" }],
    stacked: false,
    kind: "count",
    values: Float64Array.from(values),
    variances: null,
    counts: true,
    group: 1,
    low: null,
    sums: null,
    ...changes,
  };
}

export function look(changes: Partial<Look> = {}): Look {
  return { ...DEFAULT_LOOK, ...changes };
}

/** Two axes of four and two bins, with the flow bins of x. */
export function cells(): Slice {
  const y = axis({ key: "y", label: [["y", 0]], unit: "cm", edges: Float64Array.of(0, 1, 2) });
  return counts([9, 1, 0, 2, 3, 8, 7, 4, 5, 0, 6, 5], {
    axes: [axis(), { ...y, under: false, over: false, width: 1 }],
  });
}
