// Curves as SVG paths: steps, dashes and errors. Colours come from the style sheet, by number.

import { svg } from "./dom";
import type { Curve, Picture } from "./picture";
import { columnPath, errorPath, MOST_STEPS, stepPath } from "./steps";
import type { Scale } from "./ticks";

export const DASHES = ["", "7 3", "2 3", "9 3 2 3", "5 5", "12 4", "3 2 3 6", "1 3"];

/** The class and dashes of curve `i`. */
export function style(i: number): { class: string; "stroke-dasharray"?: string } {
  const dash = DASHES[i % DASHES.length];
  const name = { class: `hepnb-curve hepnb-c${i % DASHES.length}` };
  return dash ? { ...name, "stroke-dasharray": dash } : name;
}

export function drawCurves(picture: Picture, x: Scale, y: Scale, errors: boolean): SVGElement {
  const group = svg("g", { class: "hepnb-curves" });
  const xs = Float64Array.from(picture.edges, (edge) => x(edge));
  const floor = Math.max(...y.range);
  const base = (y.domain[0] ?? 0) < 0 ? y(0) : floor;
  const place = (value: number) => {
    if (!Number.isFinite(value)) return base;
    const low = y.domain[0] ?? 0;
    return value <= low ? floor : y(value);
  };
  picture.curves.forEach((curve, i) => {
    group.append(...drawCurve(curve, i, xs, base, place, errors));
  });
  return group;
}

function drawCurve(
  curve: Curve,
  i: number,
  xs: Float64Array,
  base: number,
  place: (value: number) => number,
  errors: boolean,
): SVGElement[] {
  const ys = Float64Array.from(curve.values, place);
  const out: SVGElement[] = [];
  const many = ys.length > MOST_STEPS;
  if (many || curve.low) {
    const lows = curve.low ? Float64Array.from(curve.low, place) : ys;
    const d = columnPath(xs, lows, ys);
    out.push(svg("path", { class: `hepnb-curve hepnb-c${i % DASHES.length} hepnb-columns`, d }));
    return out;
  }
  if (errors && curve.errors) {
    const spread = curve.errors;
    const tops = Float64Array.from(curve.values, (v, at) => place(v + (spread[at] ?? 0)));
    const bottoms = Float64Array.from(curve.values, (v, at) => place(v - (spread[at] ?? 0)));
    const d = errorPath(xs, tops, bottoms);
    out.push(svg("path", { class: `hepnb-errors hepnb-c${i % DASHES.length}`, d }));
  }
  out.unshift(svg("path", { ...style(i), d: stepPath(xs, ys, base), "data-curve": curve.label }));
  return out;
}
