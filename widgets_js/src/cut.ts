// A view of a whole histogram, carried out in the browser: its numbers, its complete form and its
// expression, as the kernel would give them.

import { expression } from "./code";
import { resolve, written } from "./resolve";
import type { Slice } from "./slice";
import { slice } from "./slicing";
import type { Axis, View } from "./view";
import type { Whole } from "./whole";

export interface Cut {
  slice: Slice;
  view: View;
  code: string;
}

/** Throws an Error of one line for a step that does not fit its axis. */
export function cut(base: string, axes: Axis[], whole: Whole, view: View): Cut {
  const steps = axes.map((axis) => resolve(view[axis.key] ?? { as: "sum" }, axis));
  if (whole.storage !== "sum" && steps.some(({ cuts }) => cuts.length > 0))
    throw new Error("bins of means can be merged by a number, not at edges");
  const complete = axes.map((axis, i) => [axis.key, written(steps[i] as (typeof steps)[0], axis)]);
  return {
    slice: slice(whole, axes, steps),
    view: Object.fromEntries(complete),
    code: expression(base, axes, steps),
  };
}
