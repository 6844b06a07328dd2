// Two dimensions: the heat map with its projections, and the profile; as hepnb/widgets/hist_heat.py
// has it.

import type { Curve, Drawing } from "./drawing";
import { drawnAxis, finiteEdges, isLog, kept, zLabel } from "./drawn_axis";
import type { Look } from "./look";
import { factor, notes } from "./normalise";
import type { Slice, SliceAxis } from "./slice";
import { cut, type Statistics, statistics2d, sum, type Window } from "./statistics_box";

type Array = Float64Array;

/** The contents as colours, and their sums along each axis. Thinned bins are drawn as sums. */
export function heat(slice: Slice, look: Look): Drawing {
  const [xAxis, yAxis] = axesOf(slice);
  const [columns, rows] = shape(slice);
  const [x, xWidths] = drawnAxis(xAxis, look, isLog(xAxis, look.logx));
  const [y, yWidths] = drawnAxis(yAxis, look, isLog(yAxis, look.logy));
  const window = { x: kept(xAxis, look, columns), y: kept(yAxis, look, rows) };
  const cells = cellsOf(slice);
  const spread = variancesOf(slice);
  const values = cut(cells, columns, window);
  const variances = spread === cells ? values : spread && cut(spread, columns, window);
  const plain = {
    ...look,
    cumulative: null,
    normalise: slice.kind === "count" ? look.normalise : null,
  };
  const total = plain.normalise ? sum(cut(cells, columns, inside(slice))) : 0;
  const by = plain.normalise ? factor(plain, total, areasOf(xWidths, yWidths)) : null;
  let errors: Array | null | undefined;
  const project = (of: Array) => projections(of, xWidths.length, yWidths.length);
  const sums = project(values);
  const squares = variances === values ? sums : variances && project(variances);
  const side = (along: 0 | 1, widths: Array): Curve => {
    const scale = factor(plain, total, widths);
    const error = squares?.[along].map(root);
    const end = (sign: number) =>
      error
        ? product(
            sums[along].map((v, i) => v + sign * (error[i] as number)),
            scale,
          )
        : null;
    return { ...STEP, values: product(sums[along], scale), low: end(-1), high: end(1) };
  };
  const said = notes(slice, look);
  if (look.cumulative && slice.kind === "count") said.push("a heat map is not summed up");
  return {
    ...EMPTY,
    x,
    ylabel: y.label,
    log: y.log,
    heat: {
      y,
      label: zLabel(slice, look),
      log: look.logz,
      values: product(values, by),
      get errors() {
        errors ??= variances && product(variances.map(root), by);
        return errors;
      },
      top: side(0, xWidths),
      side: side(1, yWidths),
    },
    statistics: statisticsOf(slice),
    note: said.join("; "),
  };
}

/** The sums of cells in each column and in each row. */
function projections(cells: Array, wide: number, high: number): [Array, Array] {
  const columns = new Float64Array(wide);
  const rows = new Float64Array(high);
  for (let j = 0, at = 0; j < high; j += 1) {
    let total = 0;
    for (let i = 0; i < wide; i += 1, at += 1) {
      const cell = cells[at] as number;
      if (Number.isNaN(cell)) continue;
      total += cell;
      columns[i] = (columns[i] as number) + cell;
    }
    rows[j] = total;
  }
  return [columns, rows];
}

function areasOf(widths: Array, heights: Array): Array {
  const out = new Float64Array(widths.length * heights.length);
  heights.forEach((height, j) => {
    out.set(
      widths.map((width) => width * height),
      j * widths.length,
    );
  });
  return out;
}

function product(values: Array, by: Array | null): Array {
  if (!by) return values;
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 1) out[i] = (values[i] as number) * (by[i] as number);
  return out;
}

/** The mean of y in each bin of x, and the error of that mean; what lies outside y is left out. */
export function profile(slice: Slice, look: Look): Drawing {
  const [xAxis, yAxis] = axesOf(slice);
  const [columns] = shape(slice);
  const [x] = drawnAxis(xAxis, look, isLog(xAxis, look.logx));
  const window = { x: kept(xAxis, look, columns), y: inside(slice).y };
  const cells = cut(cellsOf(slice), columns, window);
  const spread = variancesOf(slice);
  const variances = spread && cut(spread, columns, window);
  const edges = finiteEdges(yAxis.edges);
  const wide = x.edges.length - 1;
  const mean = new Float64Array(wide);
  const error = new Float64Array(wide);
  for (let i = 0; i < wide; i += 1) {
    let [total, first, second, squares] = [0, 0, 0, 0];
    const each = (act: (centre: number, cell: number, at: number) => void) => {
      for (let at = i, j = 0; at < cells.length; at += wide, j += 1) {
        act(((edges[j] ?? 0) + (edges[j + 1] ?? 0)) / 2, cells[at] ?? 0, at);
      }
    };
    each((centre, cell, at) => {
      total += cell;
      first += centre * cell;
      squares += variances?.[at] ?? 0;
    });
    mean[i] = total > 0 ? first / total : Number.NaN;
    each((centre, cell) => {
      second += (centre - (mean[i] ?? 0)) ** 2 * cell;
    });
    error[i] = Math.sqrt(Math.max(0, second / total) * squares) / total;
  }
  const end = (sign: number) => variances && mean.map((m, i) => m + sign * (error[i] ?? 0));
  const said = notes(slice, { ...look, normalise: null, cumulative: null });
  return {
    ...EMPTY,
    x,
    ylabel: [["Mean of ", 0], ...yAxis.label],
    log: look.logy,
    curves: [{ ...STEP, kind: "errorbar", values: mean, low: end(-1), high: end(1) }],
    bars: true,
    statistics: statisticsOf(slice),
    note: said.join("; "),
  };
}

const STEP: Omit<Curve, "values" | "low" | "high"> = {
  label: "",
  kind: "step",
  base: null,
  floor: null,
};
const EMPTY = {
  zero: false,
  curves: [],
  stacked: false,
  bars: false,
  band: null,
  below: null,
  heat: null,
};

function axesOf({ axes: [x, y] }: Slice): [SliceAxis, SliceAxis] {
  if (!x || !y) throw new Error("two dimensions have two axes");
  return [x, y];
}

/** Columns and rows, flow included. */
function shape(slice: Slice): [number, number] {
  const [x] = axesOf(slice);
  const columns = x.edges.length - 1 + Number(x.under) + Number(x.over);
  return [columns, slice.values.length / Math.max(1, columns)];
}

function inside(slice: Slice): Window {
  const [x, y] = axesOf(slice);
  const [columns, rows] = shape(slice);
  return {
    x: [Number(x.under), columns - Number(x.over)],
    y: [Number(y.under), rows - Number(y.over)],
  };
}

function cellsOf(slice: Slice): Array {
  return slice.sums ?? slice.values;
}

function variancesOf(slice: Slice): Array | null {
  return slice.variances ?? (slice.counts ? cellsOf(slice) : null);
}

function root(value: number): number {
  return Math.sqrt(Math.max(0, value));
}

function statisticsOf(slice: Slice): Statistics[] {
  if (slice.kind !== "count") return [];
  const [x, y] = axesOf(slice);
  return [
    statistics2d({
      values: cellsOf(slice),
      variances: variancesOf(slice),
      columns: shape(slice)[0],
      ...inside(slice),
      xEdges: x.items.length > 0 ? null : x.edges,
      yEdges: y.items.length > 0 ? null : y.edges,
      counts: slice.counts,
    }),
  ];
}
