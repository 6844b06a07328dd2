// The axes of a drawing: edges with flow bins, logarithmic or not, and the words beside them; as
// hepnb/widgets/hist_drawn_axis.py has it.

import type { DrawnAxis } from "./drawing";
import type { Look } from "./look";
import type { Slice, SliceAxis } from "./slice";
import { short } from "./ticks";
import type { Runs } from "./view";

const FLOW_SHARE = 0.04; // of the axis that a flow bin takes at least

/** Edges at infinity moved to the width of the neighbouring bin, or to 1 where that is infinite. */
export function finiteEdges(edges: Float64Array): Float64Array {
  const out = edges.slice();
  const known = edges.filter(Number.isFinite);
  const at = (i: number) => known.at(i) ?? 0;
  const step = (i: number) => (known.length > 1 ? at(i + 1) - at(i) : 1);
  if (edges[0] === Number.NEGATIVE_INFINITY) out[0] = at(0) - step(0);
  if (edges.at(-1) === Number.POSITIVE_INFINITY) out[out.length - 1] = at(-1) + step(-2);
  return out;
}

/** Whether the axis is drawn logarithmically: as wanted, or as its bins are; never over zero. */
export function isLog(axis: SliceAxis, wanted: boolean | null): boolean {
  if (axis.items.length > 0 || axis.edges.length < 2) return false;
  return (finiteEdges(axis.edges)[0] ?? 0) > 0 && (wanted ?? axis.log);
}

/** The drawn bins among those with flow: the first, and the one after the last. */
export function kept(axis: SliceAxis, look: Look, size: number): [number, number] {
  if (look.flow) return [0, size];
  return [Number(axis.under), size - Number(axis.over)];
}

/** The axis with its flow bins where they are shown, and each bin's width; NaN where none is. */
export function drawnAxis(axis: SliceAxis, look: Look, log: boolean): [DrawnAxis, Float64Array] {
  const under = look.flow && axis.under;
  const over = look.flow && axis.over;
  const widths = Array.from(axis.edges.subarray(1), (edge, i) => edge - (axis.edges[i] ?? 0)).map(
    (width) => (Number.isFinite(width) ? width : Number.NaN),
  );
  const edges = Array.from(finiteEdges(axis.edges));
  const items = [...axis.items];
  const bend = (at: number) => (log ? Math.log(edges.at(at) ?? 0) : (edges.at(at) ?? 0));
  let before = -1;
  let after = bend(-1) + 1;
  if (items.length === 0 && edges.length > 1) {
    const least = FLOW_SHARE * (bend(-1) - bend(0));
    before = bend(0) - Math.max(bend(1) - bend(0), least);
    after = bend(-1) + Math.max(bend(-1) - bend(-2), least);
  }
  if (under) {
    edges.unshift(log ? Math.exp(before) : before);
    widths.unshift(Number.NaN);
    if (items.length > 0) items.unshift("below");
  }
  if (over) {
    edges.push(log ? Math.exp(after) : after);
    widths.push(Number.NaN);
    if (items.length > 0) items.push("others");
  }
  const { label, unit, discrete } = axis;
  const drawn = { label, unit, items, under, over, log, discrete, edges: Float64Array.from(edges) };
  return [drawn, Float64Array.from(widths)];
}

/** What the contents over this axis are: `Events / 2 GeV`, `Events / bin` where bins differ. */
export function valuesLabel(axis: SliceAxis, look: Look, counted: boolean): Runs {
  return [[words(axis, look, counted), 0]];
}

function words(axis: SliceAxis, look: Look, counted: boolean): string {
  if (!counted) return "Mean";
  const whole = look.normalise === "area" || look.normalise === "density";
  if (look.cumulative) {
    const what = whole ? "Cumulative fraction" : "Cumulative events";
    return `${what} (${look.cumulative === "up" ? "≤" : "≥"} x)`;
  }
  if (look.normalise === "density" || look.normalise === "width") {
    return `${whole ? "Probability density" : "Events"} / ${axis.unit || "unit of x"}`;
  }
  const what = whole ? "Fraction of events" : "Events";
  if (axis.items.length > 0 || (axis.discrete && axis.width === 1)) return what;
  if (axis.width === null) return `${what} / bin`;
  return `${what} / ${short(Number(axis.width.toPrecision(4)))} ${axis.unit}`.trimEnd();
}

/** What the contents of a heat map are. */
export function zLabel(slice: Slice, look: Look): Runs {
  if (slice.kind !== "count") return [["Mean", 0]];
  if (look.normalise === null) return [["Events / bin", 0]];
  if (look.normalise === "area") return [["Fraction of events / bin", 0]];
  const what = look.normalise === "density" ? "Probability density" : "Events";
  const [x, y] = slice.axes.map((axis, i) => axis.unit || `unit of ${"xy"[i]}`);
  return [[`${what} / (${x}·${y})`, 0]];
}
