// What a view makes of a whole histogram, in the browser: the explorer's own view grammar, with
// boost-histogram's rules for flow bins. One pass over the bins that count, in the order of memory.

import { isCurves, type Resolved } from "./resolve";
import { extentOf, type Slice, type SliceAxis } from "./slice";
import { type Axis, choices } from "./view";
import type { Whole } from "./whole";

/** For each bin of an axis that counts: where it is, and where it goes. */
interface Route {
  from: Int32Array;
  to: Int32Array;
}

export function slice(whole: Whole, axes: Axis[], steps: Resolved[]): Slice {
  const shown = (["x", "y"] as const).flatMap((role) =>
    steps.flatMap((step, i) => (step.role === role ? [i] : [])),
  );
  const curves = steps.findIndex(({ role }) => isCurves(role));
  const items = steps[curves]?.items ?? [""];
  const sliced = shown.map((i) => sliceAxis(axes[i] as Axis, steps[i] as Resolved));
  const size = sliced.reduce((product, axis) => product * extentOf(axis), 1);
  const routes = combined(axes, steps, sliced, size);
  const fields = (whole.storage === "sum" ? sums : means)(whole, routes, size * items.length);
  return {
    axes: sliced,
    series: items.map((item) => ({ label: curves < 0 ? "" : named(item) })),
    stacked: steps[curves]?.role === "stack",
    kind: whole.storage === "sum" ? "count" : "mean",
    ...fields,
    group: 1,
    low: null,
    sums: null,
  };
}

/** Python's name of an item. */
function named(item: string | number | boolean): string {
  return item === true ? "True" : item === false ? "False" : String(item);
}

function sliceAxis(axis: Axis, step: Resolved): SliceAxis {
  const edges = axis.dense
    ? Float64Array.from(edgesOf(step), (i) => axis.edges[i] ?? 0)
    : Float64Array.from({ length: step.items.length + 1 }, (_, i) => i);
  return {
    key: axis.key,
    label: axis.label,
    unit: axis.unit,
    edges,
    items: axis.dense ? [] : step.items.map(named),
    under: axis.flow[0],
    over: axis.flow[1],
    circular: axis.circular && step.cuts.length === 0,
    discrete: axis.discrete,
    log: axis.log,
    width: axis.dense ? commonWidth(edges) : null,
  };
}

/** The numbers of the edges that stay. */
function edgesOf({ start, stop, rebin, cuts }: Resolved): number[] {
  if (cuts.length > 0) return cuts;
  return Array.from({ length: (stop - start) / rebin + 1 }, (_, i) => start + i * rebin);
}

function commonWidth(edges: Float64Array): number | null {
  const first = (edges[1] ?? 0) - (edges[0] ?? 0);
  let low = first;
  let high = first;
  for (let i = 1; i + 1 < edges.length; i += 1) {
    const width = (edges[i + 1] ?? 0) - (edges[i] ?? 0);
    low = Math.min(low, width);
    high = Math.max(high, width);
  }
  if (!Number.isFinite(low) || !Number.isFinite(high) || high - low > 1e-6 * Math.abs(first))
    return null;
  const last = edges.length - 1;
  return ((edges[last] ?? 0) - (edges[0] ?? 0)) / last;
}

/**
 * The routes of all axes: short ones made one, so that the inner loop is long, and the longest that
 * is summed next to it.
 */
function combined(axes: Axis[], steps: Resolved[], sliced: SliceAxis[], size: number): Route[] {
  let stride = 1;
  const routes = axes.map((axis, i) => {
    const step = steps[i] as Resolved;
    const into = isCurves(step.role)
      ? size
      : step.role === "y"
        ? extentOf(sliced[0] as SliceAxis)
        : 1;
    const made = route(axis, step, stride, into);
    stride *= axis.size + Number(axis.flow[0]) + Number(axis.flow[1]);
    return made;
  });
  while (routes.length > 1 && length(routes[0]) * length(routes[1]) <= 512) {
    const [inner, outer] = routes.splice(0, 2) as [Route, Route];
    routes.unshift({ from: crossed(inner.from, outer.from), to: crossed(inner.to, outer.to) });
  }
  const [inner, ...outer] = routes as [Route, ...Route[]];
  const summed = (one: Route) => (one.to.at(-1) === 0 ? length(one) : 0);
  return [inner, ...outer.sort((a, b) => summed(b) - summed(a))];
}

const length = (one: Route | undefined) => one?.from.length ?? 0;

function crossed(inner: Int32Array, outer: Int32Array): Int32Array {
  const out = new Int32Array(inner.length * outer.length);
  outer.forEach((far, j) => {
    inner.forEach((near, i) => {
      out[j * inner.length + i] = far + near;
    });
  });
  return out;
}

/** One axis: `stride` of its bins in memory, `into` that of its bins in the result. */
function route(axis: Axis, step: Resolved, stride: number, into: number): Route {
  const [under, over] = axis.flow.map(Number) as [number, number];
  const from: number[] = [];
  const to: number[] = [];
  const add = (bin: number, goal: number) => {
    from.push((bin + under) * stride);
    to.push(goal * into);
  };
  const { role, start, stop } = step;
  if (role === "bin") add(start, 0);
  else if (role === "sum") {
    const [first, end] = step.flow ? [-under, axis.size + over] : [0, axis.size];
    for (let bin = first; bin < end; bin += 1) add(bin, 0);
  } else if (role === "range") for (let bin = start; bin < stop; bin += 1) add(bin, 0);
  else if (isCurves(role) || !axis.dense) {
    const places = new Map(choices(axis).map((item, i) => [item, i]));
    step.items.forEach((item, i) => {
      add(places.get(item) ?? 0, role === "pick" ? 0 : i);
    });
    // what is in no category stays beside those that are shown
    if (over && (role === "x" || role === "y")) add(axis.size, step.items.length);
  } else denseRoute(axis, step, add);
  return { from: Int32Array.from(from), to: Int32Array.from(to) };
}

/** x or y: what lies outside the range goes to the flow bins that there are. */
function denseRoute(axis: Axis, step: Resolved, add: (bin: number, goal: number) => void): void {
  const [under, over] = axis.flow.map(Number) as [number, number];
  const edges = edgesOf(step);
  const last = under + edges.length - 1;
  let group = 0;
  for (let bin = -under; bin < axis.size + over; bin += 1) {
    if (bin < step.start) {
      if (under) add(bin, 0);
    } else if (bin >= step.stop) {
      if (over) add(bin, last);
    } else {
      while (bin >= (edges[group + 1] ?? 0)) group += 1;
      add(bin, under + group);
    }
  }
}

type Numbers = Pick<Slice, "values" | "variances" | "counts">;

/** Call `inner` with the offsets of each run of the fastest route. */
function walk(routes: Route[], inner: (from: number, to: number) => void): void {
  const outer = (level: number, from: number, to: number) => {
    if (level === 0) {
      inner(from, to);
      return;
    }
    const one = routes[level] as Route;
    for (let i = 0; i < one.from.length; i += 1)
      outer(level - 1, from + (one.from[i] ?? 0), to + (one.to[i] ?? 0));
  };
  outer(routes.length - 1, 0, 0);
}

function sums(whole: Whole, routes: Route[], size: number): Numbers {
  const [values, variances] = whole.fields.map((field) => summed(field, routes, size));
  if (!values) throw new Error("a histogram without contents was sent");
  const spread = variances ?? (whole.known ? values : null);
  return { values, variances: spread, counts: spread !== null && countsOf(values, spread) };
}

/** Where rows go to the same place, four of them are read at once: this is what takes the time. */
function summed(field: Float64Array, [inner, ...more]: Route[], size: number): Float64Array {
  const out = new Float64Array(size);
  const { from, to } = more.shift() ?? ONCE;
  walk([inner as Route, ...more], (here, there) => {
    const row = (i: number) => here + (from[i] as number);
    for (let i = 0; i < from.length; ) {
      const goal = to[i] as number;
      if (to[i + 3] === goal) {
        addFour(
          out,
          there + goal,
          field,
          row(i),
          row(i + 1),
          row(i + 2),
          row(i + 3),
          inner as Route,
        );
        i += 4;
      } else {
        addOne(out, there + goal, field, row(i), inner as Route);
        i += 1;
      }
    }
  });
  return out;
}

const ONCE: Route = { from: Int32Array.of(0), to: Int32Array.of(0) };

function addFour(
  out: Float64Array,
  there: number,
  field: Float64Array,
  a: number,
  b: number,
  c: number,
  d: number,
  { from, to }: Route,
): void {
  for (let k = 0; k < from.length; k += 1) {
    const at = from[k] as number;
    const goal = there + (to[k] as number);
    out[goal] =
      (out[goal] as number) +
      (field[a + at] as number) +
      (field[b + at] as number) +
      (field[c + at] as number) +
      (field[d + at] as number);
  }
}

function addOne(
  out: Float64Array,
  there: number,
  field: Float64Array,
  here: number,
  { from, to }: Route,
): void {
  let goal = -1;
  let sum = 0;
  for (let k = 0; k < from.length; k += 1) {
    const next = there + (to[k] as number);
    if (next !== goal) {
      if (goal >= 0) out[goal] = sum;
      goal = next;
      sum = out[goal] as number;
    }
    sum += field[here + (from[k] as number)] as number;
  }
  if (goal >= 0) out[goal] = sum;
}

function countsOf(values: Float64Array, variances: Float64Array): boolean {
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    if (value !== variances[i] || value !== Math.floor(value)) return false;
  }
  return true;
}

/** Means of samples, merged as boost-histogram's accumulators are. */
function means(whole: Whole, routes: Route[], size: number): Numbers {
  const weighted = whole.storage === "weighted_mean";
  const [weights, ...more] = whole.fields as [Float64Array, ...Float64Array[]];
  const squares = weighted ? (more.shift() as Float64Array) : weights;
  const [mean, deviations] = more as [Float64Array, Float64Array];
  const n = new Float64Array(size);
  const n2 = new Float64Array(size);
  const values = new Float64Array(size);
  const spread = new Float64Array(size);
  const { from, to } = routes[0] as Route;
  walk(routes, (here, there) => {
    for (let k = 0; k < from.length; k += 1) {
      const at = here + (from[k] as number);
      const goal = there + (to[k] as number);
      const w = weights[at] as number;
      if (w === 0) continue;
      const [before, old, added] = [n[goal] as number, values[goal] as number, mean[at] as number];
      const total = before + w;
      const now = (before * old + w * added) / total;
      n[goal] = total;
      n2[goal] = (n2[goal] as number) + (squares[at] as number);
      values[goal] = now;
      spread[goal] =
        (spread[goal] as number) +
        (deviations[at] as number) +
        (before * (now - old) ** 2 + w * (now - added) ** 2);
    }
  });
  const variances = spread.map((sum, i) => {
    const [w, w2] = [n[i] as number, n2[i] as number];
    if (weighted) return w * w > w2 ? sum / (w - w2 / w) / w : Number.NaN;
    return w > 1 ? sum / (w - 1) / w : Number.NaN;
  });
  return { values, variances, counts: false };
}
