// Curves as SVG: steps, areas, points with errors, bands. Colours come from the style sheet, by number.

import type { Box } from "./axes";
import { svg } from "./dom";
import type { Curve, Drawing, Panel } from "./drawing";
import {
  acrossPath,
  areaPath,
  boxPath,
  columnPath,
  errorPath,
  MOST_STEPS,
  mark,
  markPath,
  stepPath,
} from "./steps";
import type { Scale } from "./ticks";

const COLOURS = 10;
const DASHES = ["", "7 3", "2 3", "9 3 2 3", "5 5", "12 4", "3 2 3 6", "1 3"];

/** The class and dashes of the line of curve `i`. */
export function style(i: number): { class: string; "stroke-dasharray"?: string } {
  const dash = DASHES[i % DASHES.length];
  const name = { class: `hepnb-curve ${colour(i)}` };
  return dash ? { ...name, "stroke-dasharray": dash } : name;
}

export function colour(i: number): string {
  return `hepnb-c${i % COLOURS}`;
}

/** Values to pixels of a box; what is lower than the axis stands on its floor. */
interface Places {
  xs: Float64Array;
  floor: number;
  base: number;
  at(value: number): number;
}

function places(edges: Float64Array, x: Scale, y: Scale): Places {
  const floor = Math.max(...y.range);
  const [low] = y.domain;
  const at = (value: number) => {
    if (Number.isNaN(value)) return value;
    return value <= low ? floor : Math.max(-1e4, y(value));
  };
  return { xs: Float64Array.from(edges, (e) => x(e)), floor, base: low < 0 ? y(0) : floor, at };
}

export function drawCurves(drawing: Drawing, x: Scale, y: Scale): SVGElement {
  const group = svg("g", { class: "hepnb-curves" });
  const to = places(drawing.x.edges, x, y);
  const order = drawing.curves.map((_, i) => i);
  if (drawing.stacked) order.reverse(); // the top one first, the data last of all
  order.sort((a, b) => Number(isData(drawing, a)) - Number(isData(drawing, b)));
  for (const i of order) {
    const curve = drawing.curves[i];
    if (curve?.base) group.append(...area(curve, i, to));
  }
  if (drawing.band && drawing.bars) {
    const [low, high] = drawing.band.map((ends) => ends.map(to.at));
    const d = areaPath(to.xs, high ?? [], low ?? []);
    group.append(svg("path", { class: "hepnb-band", d }));
  }
  for (const i of order) {
    const curve = drawing.curves[i];
    if (curve && !curve.base) group.append(...drawCurve(curve, i, to, drawing));
  }
  return group;
}

/** The data of a stack, drawn as points in the colour of text. */
export function isData({ stacked, curves }: Drawing, i: number): boolean {
  return stacked && curves[i]?.base === null;
}

function area(curve: Curve, i: number, to: Places): SVGElement[] {
  const [tops, bottoms] = [curve.values.map(to.at), (curve.base ?? curve.values).map(to.at)];
  return [
    svg("path", { class: `hepnb-fill hepnb-full ${colour(i)}`, d: areaPath(to.xs, tops, bottoms) }),
  ];
}

function drawCurve(curve: Curve, i: number, to: Places, drawing: Drawing): SVGElement[] {
  const known = { "data-curve": curve.label };
  const ys = curve.values.map(to.at);
  if (ys.length > MOST_STEPS || curve.floor) {
    const lows = curve.floor ? curve.floor.map(to.at) : ys;
    const d = columnPath(to.xs, lows, ys);
    return [svg("path", { class: `hepnb-curve ${colour(i)} hepnb-columns`, d, ...known })];
  }
  const solid = ys.map((y) => (Number.isNaN(y) ? to.base : y));
  const out: SVGElement[] = [];
  const ink = isData(drawing, i) || (curve.kind === "points" && drawing.curves.length === 1);
  const tone = ink ? "hepnb-ink" : colour(i);
  const [tops, bottoms] = [curve.high?.map(to.at), curve.low?.map(to.at)];
  if (curve.kind === "filled") {
    const floor = solid.map(() => to.base);
    out.push(svg("path", { class: `hepnb-fill ${tone}`, d: areaPath(to.xs, solid, floor) }));
    if (drawing.bars && tops && bottoms) {
      out.push(svg("path", { class: "hepnb-band", d: boxPath(to.xs, tops, bottoms) }));
    }
  } else if (drawing.bars && tops && bottoms) {
    out.push(svg("path", { class: `hepnb-errors ${tone}`, d: errorPath(to.xs, tops, bottoms) }));
  }
  if (curve.kind === "errorbar") {
    out.push(svg("path", { class: `hepnb-errors ${tone}`, d: acrossPath(to.xs, ys), ...known }));
  } else if (curve.kind === "points") {
    const d = markPath(to.xs, ys, ink ? 0 : i, 3.2);
    out.push(svg("path", { class: `hepnb-mark ${tone}`, d, ...known }));
  } else {
    const d = stepPath(to.xs, solid, to.base);
    out.unshift(svg("path", { ...style(i), d, ...known }));
  }
  return out;
}

/** The comparison: its band, the line of agreement, and a mark with an error for each bin. */
export function drawPanel(
  panel: Panel,
  drawing: Drawing,
  x: Scale,
  y: Scale,
  box: Box,
): SVGElement {
  const group = svg("g", { class: "hepnb-panel" });
  const to = places(drawing.x.edges, x, y);
  const [low, high] = panel.range;
  const at = (value: number) => y(Math.min(high, Math.max(low, value)));
  const agreed = y(panel.kind === "ratio" ? 1 : 0);
  if (panel.band) {
    const [lows, highs] = panel.band.map((ends) => ends.map(at));
    const d = boxPath(to.xs, highs ?? [], lows ?? []);
    group.append(svg("path", { class: "hepnb-band", d }));
  }
  const d = `M${box.x} ${agreed}H${box.x + box.width}`;
  group.append(svg("path", { class: "hepnb-agreed", d }));
  panel.curves.forEach((curve, k) => {
    const i = panel.at[k] ?? k;
    const ink = isData(drawing, i);
    const tone = ink ? "hepnb-ink" : colour(i);
    const ys = curve.values.map((v) => (v < low || v > high ? Number.NaN : at(v)));
    if (ys.length > MOST_STEPS) {
      const all = curve.values.map(at);
      const path = columnPath(to.xs, all, all);
      group.append(svg("path", { class: `hepnb-curve ${tone} hepnb-columns`, d: path }));
      return;
    }
    if (panel.kind === "pull" && panel.curves.length === 1) {
      const tops = curve.values.map((v) => at(Math.max(0, v)));
      const bottoms = curve.values.map((v) => at(Math.min(0, v)));
      group.append(svg("path", { class: `hepnb-fill ${tone}`, d: boxPath(to.xs, tops, bottoms) }));
      return;
    }
    if (curve.low && curve.high) {
      const path = errorPath(to.xs, curve.high.map(at), curve.low.map(at));
      group.append(svg("path", { class: `hepnb-errors ${tone}`, d: path }));
    }
    const path = markPath(to.xs, ys, ink ? 0 : i, 2.4) + beyond(curve, to.xs, panel, box);
    group.append(svg("path", { class: `hepnb-mark ${tone}`, d: path }));
  });
  return group;
}

/** Triangles at the edge of the panel for what lies beyond it. */
function beyond({ values }: Curve, xs: Float64Array, { range }: Panel, box: Box): string {
  return Array.from(values, (value, i) => {
    if (!(value < range[0] || value > range[1])) return "";
    const x = ((xs[i] ?? 0) + (xs[i + 1] ?? 0)) / 2;
    return value > range[1] ? mark(x, box.y + 4, 2, 3) : mark(x, box.y + box.height - 4, 2, -3);
  }).join("");
}
