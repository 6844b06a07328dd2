// A step of a view in whole bins, as hepnb/widgets/hist_view.py reads it: both sides must agree on
// which bins a range or an edge means. What does not fit throws an Error that says so in a line.

import { binOf, edgeFrom } from "./edges";
import { type Axis, choices, type Item, MANY, type Role, type Step } from "./view";

export interface Resolved {
  role: Role;
  start: number;
  stop: number;
  rebin: number;
  /** The numbers of the edges that are kept; none where bins are merged by `rebin`. */
  cuts: number[];
  items: Item[];
  flow: boolean;
}

export const isCurves = (role: Role) => role === "overlay" || role === "stack";
const isShown = (role: Role) => role === "x" || role === "y";

export function resolve(step: Step, axis: Axis): Resolved {
  const out = { start: 0, stop: axis.size, rebin: 1, cuts: [], items: [], flow: true };
  if (step.as === "sum") return { ...out, role: "sum", flow: step.flow ?? true };
  if (step.as === "bin") return { ...out, role: "bin", start: bin(step, axis) };
  if (isCurves(step.as) || !axis.dense) return { ...out, ...chosen(step, axis) };
  return { ...out, ...dense(step, axis) };
}

/** The step in JSON, complete: `resolve` of it gives the same. */
export function written(step: Resolved, axis: Axis): Step {
  const { role, start, stop } = step;
  if (role === "bin") return { as: role, bin: start };
  if (role === "sum") return step.flow ? { as: role } : { as: role, flow: false };
  if (isCurves(role) || !axis.dense) {
    const all = everything(role, axis);
    const whole = role !== "pick" && same(step.items, all);
    return { as: role, items: whole ? null : [...step.items] };
  }
  const limit = (edge: number) => (edge === 0 || edge === axis.size ? null : at(axis.edges, edge));
  const range: Step["range"] =
    start === 0 && stop === axis.size ? null : [limit(start), limit(stop)];
  if (role === "range") return { as: role, range };
  return { as: role, range, rebin: step.cuts.length > 0 ? step.cuts.map(limit) : step.rebin };
}

function bin(step: Step, axis: Axis): number {
  if (step.at === undefined) return Math.min(Math.max(0, step.bin ?? 0), axis.size - 1);
  const found = binOf(axis.edges, step.at);
  if (found < 0 || found >= axis.size)
    throw new Error(`${step.at} lies outside of the axis ${axis.name} (${extent(axis)})`);
  return found;
}

function dense(step: Step, axis: Axis): Partial<Resolved> & { role: Role } {
  const role = step.as;
  const listed = Array.isArray(step.rebin);
  const kept = Array.isArray(step.rebin) ? cutsOf(step.rebin, axis) : [];
  const [start, stop] =
    listed && !step.range ? [kept[0] ?? 0, kept[kept.length - 1] ?? 0] : bins(step, axis);
  if (listed) {
    const inside = kept.filter((cut) => start < cut && cut < stop);
    return { role, start, stop, cuts: [start, ...inside, stop] };
  }
  const rebin = isShown(role) && typeof step.rebin === "number" ? step.rebin : 1;
  if (rebin < 1 || rebin > stop - start)
    throw new Error(`${stop - start} bins of ${axis.name} cannot be merged by ${rebin}`);
  return { role, start, stop: stop - ((stop - start) % rebin), rebin };
}

function bins(step: Step, axis: Axis): [number, number] {
  const [low, high] = step.range ?? [null, null];
  const start = low === null ? 0 : edgeAt(axis.edges, low, false);
  const stop = high === null ? axis.size : edgeAt(axis.edges, high, true);
  if (start >= stop)
    throw new Error(`no bin of ${axis.name} between ${low} and ${high} (${extent(axis)})`);
  return [start, stop];
}

function cutsOf(edges: (number | null)[], axis: Axis): number[] {
  const found = edges.map((edge, i) => {
    if (edge === null) return i === 0 ? 0 : axis.size;
    const here = edgeAt(axis.edges, edge, false);
    if (!close(axis.edges, here, edge)) throw new Error(`${axis.name} has no edge at ${edge}`);
    return here;
  });
  if (found.length < 2 || found.some((edge, i) => i > 0 && edge <= (found[i - 1] ?? 0)))
    throw new Error(`the edges of ${axis.name} must be two or more in rising order`);
  return found;
}

function chosen(step: Step, axis: Axis): Partial<Resolved> & { role: Role } {
  let role = step.as;
  const all = everything(role, axis);
  let items = step.items ?? all;
  const boolean = typeof axis.items[0] === "boolean";
  if (boolean) {
    if (isShown(role) || items.length === 0) items = axis.items;
    else if (isCurves(role) && items.length === 1) role = "pick";
  }
  if (items.length === 0 && (role === "pick" || axis.dense))
    throw new Error(`${axis.name}: choose at least one`);
  if (!axis.dense) return { role, items };
  const bins = items.map((item) => choices(axis).indexOf(item));
  return { role, items, start: Math.min(...bins), stop: Math.max(...bins) + 1 };
}

function everything(role: Role, axis: Axis): Item[] {
  return isShown(role) ? axis.items : choices(axis).slice(0, MANY);
}

export function same<T>(a: T[], b: T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

const at = (edges: Float64Array, i: number) => edges[i] ?? Number.NaN;

function extent({ edges, size }: Axis): string {
  return `it goes from ${at(edges, 0)} to ${at(edges, size)}`;
}

/** The edge at `value`, or the next one outwards, so that bins stay whole. */
function edgeAt(edges: Float64Array, value: number, up: boolean): number {
  const low = edgeFrom(edges, value);
  for (const i of [low - 1, low]) if (close(edges, i, value)) return i;
  return Math.min(Math.max(up ? low : low - 1, 0), edges.length - 1);
}

function close(edges: Float64Array, i: number, value: number): boolean {
  if (i < 0 || i >= edges.length) return false;
  if (at(edges, i) === value) return true;
  const left = i > 0 ? at(edges, i) - at(edges, i - 1) : Number.POSITIVE_INFINITY;
  const right = i + 1 < edges.length ? at(edges, i + 1) - at(edges, i) : Number.POSITIVE_INFINITY;
  const narrow = Math.min(left, right);
  return narrow < Number.POSITIVE_INFINITY && Math.abs(at(edges, i) - value) <= 1e-9 * narrow;
}
