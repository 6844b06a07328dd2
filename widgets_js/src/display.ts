// From a slice and a look to what is drawn: flow, sums, normalisation, errors, stacks. The same
// transforms, with the same numbers, as hepnb/widgets/hist_display.py; a test drives both.

import { compare } from "./compare";
import type { Band, Curve, Drawing } from "./drawing";
import { drawnAxis, isLog, kept, valuesLabel } from "./drawn_axis";
import { heat, profile } from "./heat";
import { garwood } from "./intervals";
import type { Look } from "./look";
import { factor, notes } from "./normalise";
import type { Slice } from "./slice";
import { type Statistics, statistics, sum } from "./statistics_box";

type Array = Float64Array;

/** What is drawn of a slice of one or two dimensions. */
export function display(slice: Slice, look: Look): Drawing {
  const [axis, other] = slice.axes;
  if (!axis) throw new Error("a slice has an axis");
  if (other) {
    const byMean = look.profile && slice.kind === "count" && other.items.length === 0;
    return byMean ? profile(slice, look) : heat(slice, look);
  }
  const [x, widths] = drawnAxis(axis, look, isLog(axis, look.logx));
  const data = dataOf(slice, look);
  let rows = slice.series.map((_, i) => rowOf(slice, look, i, i === data));
  const counted = slice.kind === "count";
  if (counted) {
    let totals = rows.map((_, i) => totalOf(slice, i));
    if (slice.stacked) {
      const whole = totals.reduce((all, total, i) => (i === data ? all : all + total), 0);
      totals = totals.map((total, i) => (i === data ? total : whole));
    }
    const spans = slice.stacked ? widths : widths.map((width) => width / slice.group);
    rows = rows.map((row, i) => scaled(row, factor(look, totals[i] ?? 0, spans)));
  }
  const [curves, band] = slice.stacked ? stacked(rows, data) : [rows, null];
  const said = notes(slice, look);
  const below = compare(curves, look, { stacked: slice.stacked, data, band });
  if (!below && look.below) {
    said.push(slice.stacked ? NEEDS_DATA : "a comparison needs two series");
  } else if (look.below === "pull" && curves.some(({ low }) => !low)) {
    said.push("pulls need errors");
  }
  return {
    x,
    ylabel: valuesLabel(axis, look, counted),
    log: look.logy,
    zero: counted,
    curves,
    stacked: slice.stacked,
    bars: look.errors || look.kind === "errorbar" || look.kind === "points",
    band,
    below,
    heat: null,
    statistics: statisticsOf(slice),
    note: said.join("; "),
  };
}

const NEEDS_DATA = "choose the series that is the data as reference, to compare it with the sum";

/** In a stack the reference is the data: points beside the stack, compared with its sum. -1: none. */
function dataOf({ stacked, series }: Slice, look: Look): number {
  if (!stacked || series.length < 2) return -1;
  return series.findIndex(({ label }) => label === look.reference);
}

/** Series `i` of some numbers of a slice. */
function seriesOf(slice: Slice, values: Array, i: number): Array {
  const size = slice.values.length / Math.max(1, slice.series.length);
  return values.subarray(i * size, (i + 1) * size);
}

function rowOf(slice: Slice, look: Look, i: number, isData: boolean): Curve {
  const [axis] = slice.axes;
  const label = slice.series[i]?.label ?? "";
  const kind = isData ? "points" : look.kind;
  const row: Curve = {
    label,
    kind,
    values: slice.values,
    low: null,
    high: null,
    base: null,
    floor: null,
  };
  const size = slice.values.length / slice.series.length;
  const [from, to] = axis ? kept(axis, look, size) : [0, 0];
  const drawn = (values: Array) => seriesOf(slice, values, i).subarray(from, to);
  const counted = slice.kind === "count";
  const summed = counted && look.cumulative !== null;
  const merged = slice.sums && (summed || slice.stacked) ? slice.sums : null;
  const values = drawn(merged ?? slice.values);
  const variances = slice.variances ? drawn(slice.variances) : slice.counts ? values : null;
  if (slice.group > 1 && !merged) {
    return { ...row, values, floor: slice.low && drawn(slice.low) };
  }
  row.values = summed ? sumUp(values, look) : values;
  const spread = variances && summed ? sumUp(variances, look) : variances;
  if (kind === "points" && counted && areCounts(row.values, spread)) {
    row.low = row.values.map((value) => garwood(value)[0]);
    row.high = row.values.map((value) => garwood(value)[1]);
  } else if (spread) {
    const error = spread.map((value) => Math.sqrt(Math.max(0, value)));
    row.low = row.values.map((value, at) => value - (error[at] ?? 0));
    row.high = row.values.map((value, at) => value + (error[at] ?? 0));
  }
  return row;
}

/** Whether bins are numbers of events: whole, and each its own variance. */
function areCounts(values: Array, variances: Array | null): boolean {
  return variances?.every((v, i) => v === values[i] && Number.isInteger(v)) ?? false;
}

function sumUp(values: Array, look: Look): Array {
  const out = values.slice();
  if (look.cumulative === "down") out.reverse();
  for (let i = 1; i < out.length; i += 1) out[i] = (out[i] ?? 0) + (out[i - 1] ?? 0);
  if (look.cumulative === "down") out.reverse();
  return out;
}

function scaled(row: Curve, by: Array): Curve {
  const times = (values: Array | null) => values?.map((v, i) => v * (by[i] ?? 0)) ?? null;
  const values = row.values.map((value, i) => value * (by[i] ?? 0));
  let [low, high] = [times(row.low), times(row.high)];
  if (by.some((b) => b < 0)) [low, high] = [high, low];
  return { ...row, values, low, high, floor: times(row.floor) };
}

/** The curves, each upon the one before, and the error of their sum. */
function stacked(rows: Curve[], data: number): [Curve[], Band | null] {
  let base = new Float64Array(rows[0]?.values.length ?? 0);
  let squares: Array | undefined = new Float64Array(base.length);
  const curves = rows.map((row, at) => {
    if (at === data) return row;
    const under = base;
    const on = (values: Array) => values.map((value, i) => value + (under[i] ?? 0));
    base = on(row.values.map((value) => (Number.isNaN(value) ? 0 : value)));
    const { low, high } = row;
    if (!low || !high) {
      squares = undefined;
      return { ...row, values: base, base: under, low: null, high: null, floor: null };
    }
    squares = squares?.map((square, i) => {
      const error = (high[i] ?? 0) - (row.values[i] ?? 0);
      return square + (Number.isNaN(error) ? 0 : error ** 2);
    });
    return { ...row, values: base, base: under, low: on(low), high: on(high), floor: null };
  });
  if (!squares) return [curves, null];
  const error = squares.map(Math.sqrt);
  return [
    curves,
    [base.map((v, i) => v - (error[i] ?? 0)), base.map((v, i) => v + (error[i] ?? 0))],
  ];
}

/** The sum of the bins in view, without flow. */
function totalOf(slice: Slice, i: number): number {
  const [axis] = slice.axes;
  const values = seriesOf(slice, slice.sums ?? slice.values, i);
  return sum(values.subarray(Number(axis?.under), values.length - Number(axis?.over)));
}

function statisticsOf(slice: Slice): Statistics[] {
  const [axis] = slice.axes;
  if (slice.kind !== "count" || !axis) return [];
  return slice.series.map(({ label }, i) => {
    const values = seriesOf(slice, slice.sums ?? slice.values, i);
    const variances = slice.variances && seriesOf(slice, slice.variances, i);
    return statistics(label, {
      values,
      variances: slice.counts ? values : variances,
      edges: axis.edges,
      under: axis.under,
      over: axis.over,
      counts: slice.counts,
      dense: axis.items.length === 0,
    });
  });
}
