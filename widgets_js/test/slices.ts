// Slices without contents, for tests of what is offered for them.

import type { Slice, SliceAxis } from "../src/slice";

export const axis = (more: Partial<SliceAxis> = {}): SliceAxis => ({
  key: "x",
  label: [["x", 0]],
  unit: "",
  edges: Float64Array.from([1, 2, 4]),
  items: [],
  under: true,
  over: true,
  circular: false,
  discrete: false,
  log: false,
  width: 1,
  ...more,
});

export const slice = (more: Partial<Slice> = {}): Slice => ({
  axes: [axis()],
  series: [{ label: "" }],
  stacked: false,
  kind: "count",
  values: new Float64Array(4),
  variances: null,
  counts: true,
  group: 1,
  low: null,
  sums: null,
  ...more,
});
