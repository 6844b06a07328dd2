// A whole picture from a drawing: boxes, scales, curves or colours, axes and labels.

import {
  type Box,
  bottomAxis,
  flowMarks,
  innerDomain,
  label,
  leftAxis,
  leftNames,
  numbered,
  plainText,
  round,
  textWidth,
} from "./axes";
import { zDomain } from "./colours";
import { drawCurves, drawPanel } from "./curves";
import { svg, uniqueId } from "./dom";
import type { Curve, Drawing, DrawnAxis, Heat } from "./drawing";
import { barRoom, cellsPlace, drawBar } from "./heatmap";
import { placeLegend } from "./legend";
import { stepPath } from "./steps";
import { linearTicks, logTicks, makeScale, type Scale, yDomain } from "./ticks";

const RIGHT = 18;
const TOP = 22;
const BOTTOM = 46;
const GAP = 8;

export interface Composed {
  nodes: SVGElement[];
  width: number;
  height: number;
  /** The frame of curves or colours, and its scales. */
  box: Box;
  x: Scale;
  y: Scale;
  /** What the colours of a heat map span; of curves the contents. */
  z: [number, number];
  /** The lowest edge of all frames that share x. */
  bottom: number;
}

export function compose(drawing: Drawing, width: number): Composed {
  return drawing.heat ? composeHeat(drawing, drawing.heat, width) : composeCurves(drawing, width);
}

function composeCurves(drawing: Drawing, width: number): Composed {
  const { below, log } = drawing;
  const high = Math.round(Math.min(400, Math.max(230, width * 0.5)));
  const lower = below ? Math.round(Math.max(80, high * 0.3)) : 0;
  const first = valueDomain(drawing);
  const labels = below ? textWidth("−0.5") : 0;
  const left = 30 + Math.max(labels, numbered(first, high - TOP - BOTTOM, log).room);
  const span: [number, number] = [left, width - RIGHT];
  const x = makeScale(ends(drawing.x.edges), span, drawing.x.log);
  const box: Box = { x: left, y: TOP, width: span[1] - left, height: high - TOP - BOTTOM };
  const legend = placeLegend(drawing, x, box, first);
  box.y += legend.above;
  const { domain } = legend;
  const y = makeScale(domain, [box.y + box.height, box.y], log);
  const written = numbered(domain, box.height, log);
  const nodes: SVGElement[] = [
    flowMarks(drawing.x, x, box, "x"),
    clipped(drawCurves(drawing, x, y), box),
    svg("rect", { class: "hepnb-frame", ...box }),
    bottomAxis(drawing.x, x, box, { words: !below }),
    leftAxis(y, box, written),
    upright(drawing.ylabel, box.y),
    legend.draw(box),
  ];
  let bottom = box.y + box.height;
  if (below) {
    const panel: Box = { ...box, y: bottom + GAP, height: lower };
    bottom = panel.y + panel.height;
    const scale = makeScale(below.range, [bottom, panel.y], false);
    const middle = panel.y + lower / 2;
    const turned = { transform: `translate(13 ${middle}) rotate(-90)`, "text-anchor": "middle" };
    const most = lower + 20;
    const words = textWidth(below.label) > most ? below.kind : below.label;
    nodes.push(
      clipped(drawPanel(below, drawing, x, scale, panel), panel),
      svg("rect", { class: "hepnb-frame", ...panel }),
      bottomAxis(drawing.x, x, panel),
      leftAxis(scale, panel, numbered(below.range, lower, false), { top: panel.y }),
      svg("text", turned, words),
    );
  }
  const height = bottom + BOTTOM;
  nodes.push(under(drawing.x, width, height));
  return { nodes, width, height, box, x, y, z: domain, bottom };
}

function composeHeat(drawing: Drawing, heat: Heat, width: number): Composed {
  const wide = width >= 460;
  const high = Math.round(Math.min(420, Math.max(230, width * 0.56)));
  const names = heat.y.items.map((item) => textWidth(item));
  const numbers = numbered(innerDomain(heat.y), high - TOP - BOTTOM, heat.y.log, false);
  const left = 30 + Math.min(width * 0.25, names.length > 0 ? Math.max(...names) : numbers.room);
  const side = wide ? Math.round(width * 0.13) : 0;
  const top = wide ? Math.round(high * 0.18) : 0;
  const z = zDomain(heat.values, heat.log);
  const bar = barRoom(heat, z, high - TOP - BOTTOM);
  const box: Box = {
    x: left,
    y: TOP + (top ? top + GAP : 0),
    width: width - left - bar - 2 * GAP - (side ? side + GAP : 0) - 4,
    height: high - TOP - BOTTOM,
  };
  const bottom = box.y + box.height;
  const x = makeScale(ends(drawing.x.edges), [box.x, box.x + box.width], drawing.x.log);
  const y = makeScale(ends(heat.y.edges), [bottom, box.y], heat.y.log);
  const barBox = { ...box, x: width - bar - 4, width: 12 };
  const nodes: SVGElement[] = [
    cellsPlace(box),
    flowMarks(drawing.x, x, box, "x", true),
    flowMarks(heat.y, y, box, "y", true),
    svg("rect", { class: "hepnb-frame", ...box }),
    bottomAxis(drawing.x, x, box, { outward: true }),
    heat.y.items.length > 0
      ? leftNames(heat.y.items, y, box, left - 30)
      : leftAxis(y, box, numbers, { outward: true }),
    drawBar(heat, z, barBox),
    upright(drawing.ylabel, box.y),
  ];
  if (wide) {
    const above: Box = { ...box, y: TOP, height: top };
    const beside: Box = { ...box, x: box.x + box.width + GAP, width: side };
    nodes.push(...projection(heat.top, drawing.x, x, above, heat.log, "x"));
    nodes.push(...projection(heat.side, heat.y, y, beside, heat.log, "y"));
  }
  const height = bottom + BOTTOM;
  nodes.push(under(drawing.x, box.x + box.width + RIGHT, height));
  return { nodes, width, height, box, x, y, z, bottom };
}

/** The sums along one axis as steps, beside the heat map. */
function projection(
  curve: Curve,
  axis: DrawnAxis,
  along: Scale,
  box: Box,
  log: boolean,
  which: "x" | "y",
): SVGElement[] {
  const domain = yDomain(curve.values, curve.values, log);
  const length = which === "x" ? box.height : box.width;
  const start = which === "x" ? box.y + box.height : box.x;
  const scale = makeScale(domain, which === "x" ? [start, box.y] : [start, start + length], log);
  const spots = Float64Array.from(axis.edges, (edge) => along(edge));
  const at = (value: number) => (value > domain[0] ? scale(value) : start);
  const values = curve.values.map(at);
  const zero = domain[0] < 0 ? scale(0) : start;
  const d = which === "x" ? stepPath(spots, values, zero) : sideways(spots, values, zero);
  const nodes: SVGElement[] = [
    svg("path", { class: "hepnb-curve hepnb-c0", d }),
    svg("rect", { class: "hepnb-frame hepnb-thin", ...box }),
  ];
  const ticks = log ? logTicks(domain, 2) : linearTicks(domain, 2, true);
  const last = ticks.major.at(-1);
  if (last) {
    const text = `${last.text}${ticks.factor && last.value !== 0 ? ticks.factor : ""}`;
    const place =
      which === "x"
        ? { x: box.x - 6, y: round(scale(last.value) + 4), "text-anchor": "end" }
        : { x: round(scale(last.value)), y: box.y + box.height + 17, "text-anchor": "middle" };
    const tick =
      which === "x"
        ? `M${box.x} ${round(scale(last.value))}h6`
        : `M${round(scale(last.value))} ${box.y + box.height}v-6`;
    const axisMarks = svg("g", { class: "hepnb-axis" }, svg("path", { d: tick }));
    axisMarks.append(svg("text", place, text));
    nodes.push(axisMarks);
  }
  return nodes;
}

function sideways(spots: Float64Array, values: Float64Array, zero: number): string {
  const out = [`M${round(zero)} ${round(spots[0] ?? 0)}`];
  values.forEach((value, i) => {
    out.push(`H${round(value)}V${round(spots[i + 1] ?? 0)}`);
  });
  return `${out.join("")}H${round(zero)}`;
}

/** What the y axis of curves must hold. */
function valueDomain({ curves, band, bars, log, zero }: Drawing): [number, number] {
  const lows: number[] = [];
  const highs: number[] = [];
  for (const { values, low, high, floor } of curves) {
    values.forEach((value, i) => {
      const down = bars ? (low?.[i] ?? value) : (floor?.[i] ?? value);
      lows.push(value > 0 && down <= 0 ? value : down);
      highs.push(bars ? (high?.[i] ?? value) : value);
    });
  }
  if (band && bars) highs.push(...band[1]);
  if (zero || log) return yDomain(lows, highs, log);
  const known = [...lows, ...highs].filter(Number.isFinite);
  const low = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (known.length === 0) return [0, 1];
  const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

function ends(edges: Float64Array): [number, number] {
  const [low, high] = [edges[0] ?? 0, edges[edges.length - 1] ?? 1];
  return high > low ? [low, high] : [low, low + 1];
}

/** The label of the vertical axis, ending at the top. */
function upright(runs: Drawing["ylabel"], y: number): SVGElement {
  return label(runs, { transform: `translate(14 ${round(y)}) rotate(-90)`, "text-anchor": "end" });
}

/** The label of the x axis, at the lower right. */
function under(axis: DrawnAxis, width: number, height: number): SVGElement {
  return label(axis.label, { x: width - RIGHT, y: height - 8, "text-anchor": "end" });
}

/** Keeps what is drawn within its frame. */
function clipped(node: SVGElement, box: Box): SVGElement {
  const id = uniqueId("frame");
  const clip = svg("clipPath", { id }, svg("rect", { ...box }));
  return svg("g", { "clip-path": `url(#${id})` }, clip, node);
}

/** The picture in words. */
export function describe({ x, ylabel, curves, heat, below }: Drawing): string {
  const bins = `${x.edges.length - 1} bins`;
  if (heat) {
    const against = `${plainText(ylabel)} against ${plainText(x.label)}`;
    return `Heat map of ${against}, ${bins} by ${heat.y.edges.length - 1}`;
  }
  const names = curves.map((curve) => curve.label).filter((name) => name !== "");
  const of = names.length > 0 ? `, curves: ${names.join(", ")}` : "";
  const panel = below ? `; below, ${below.label}` : "";
  return `${plainText(ylabel)} against ${plainText(x.label)}, ${bins}${of}${panel}`;
}
