// Axes of a picture: ticks with their numbers or names, labels with sub- and superscripts, and the
// marks of bins that hold what lies outside.

import { svg } from "./dom";
import type { DrawnAxis } from "./drawing";
import { linearTicks, logTicks, type Scale, type Ticks } from "./ticks";
import type { Runs } from "./view";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Numbered {
  ticks: Ticks;
  /** Pixels that the widest number takes. */
  room: number;
}

const CHARACTER = 6.7; // pixels of a character at the picture's font size

/** Pixels that a text takes, about. */
export function textWidth(text: string, size = 12): number {
  return [...text].length * CHARACTER * (size / 12);
}

/** First and last coordinate without the flow bins. */
export function innerDomain({ edges, under, over }: DrawnAxis): [number, number] {
  return [edges[Number(under)] ?? 0, edges[edges.length - 1 - Number(over)] ?? 1];
}

/** Numbers for a range of values that is `length` pixels high; `factored` where a power of ten may
 *  be taken out of them. */
export function numbered(
  domain: [number, number],
  length: number,
  log: boolean,
  factored = true,
): Numbered {
  const about = Math.max(2, Math.round(length / (log ? 20 : 45)));
  const ticks = log ? logTicks(domain, about) : linearTicks(domain, about, factored);
  const widest = Math.max(0, ...ticks.major.map(({ text }) => text.length));
  return { ticks, room: widest * CHARACTER };
}

/** The axis below a box; without `words`, only its ticks; `outward` ones stay off a heat map. */
export function bottomAxis(
  axis: DrawnAxis,
  x: Scale,
  box: Box,
  { words = true, outward = false } = {},
): SVGElement {
  const bottom = box.y + box.height;
  const way = outward ? -0.5 : 1;
  const group = svg("g", { class: "hepnb-axis" });
  if (axis.items.length > 0) {
    if (words) names(axis.items, x, bottom + 17).forEach((name) => void group.append(name));
    return group;
  }
  const domain = innerDomain(axis);
  const about = Math.max(3, Math.round(box.width / 80));
  const ticks = axis.log ? logTicks(domain, about) : linearTicks(domain, about, false);
  const path = (values: number[], size: number) =>
    values.map((v) => `M${round(x(v))} ${round(bottom)}V${round(bottom - way * size)}`).join("");
  group.append(svg("path", { d: path(ticks.minor, 4) + path(positions(ticks), 8) }));
  if (!words) return group;
  let free = Number.NEGATIVE_INFINITY;
  for (const { value, text } of ticks.major) {
    const half = textWidth(text) / 2;
    if (x(value) - half < free) continue;
    free = x(value) + half + 6;
    group.append(
      svg("text", { x: round(x(value)), y: bottom + 17, "text-anchor": "middle" }, text),
    );
  }
  return group;
}

/** Names of categories below their bins, as many and as much of them as there is room for. */
function names(items: string[], x: Scale, y: number): SVGElement[] {
  const room = Math.abs(x(1) - x(0));
  const every = Math.max(1, Math.ceil(44 / room));
  return items.flatMap((item, i) => {
    if (i % every !== 0) return [];
    const first = x.domain[0];
    const at = { x: round(x(first + i + 0.5)), y, "text-anchor": "middle" };
    return [svg("text", at, svg("title", {}, item), shortened(item, room * every))];
  });
}

/** A text that fits into so many pixels. */
export function shortened(text: string, room: number): string {
  const most = Math.max(3, Math.floor(room / CHARACTER) - 1);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** The axis at the left of a box, for contents; its numbers stay below `top`. */
export function leftAxis(
  y: Scale,
  box: Box,
  { ticks }: Numbered,
  { top = box.y - 9, outward = false } = {},
): SVGElement {
  const way = outward ? -0.5 : 1;
  const group = svg("g", { class: "hepnb-axis" });
  const path = (values: number[], size: number) =>
    values.map((v) => `M${box.x} ${round(y(v))}H${box.x + way * size}`).join("");
  group.append(svg("path", { d: path(ticks.minor, 4) + path(positions(ticks), 8) }));
  let free = Number.POSITIVE_INFINITY;
  for (const { value, text } of ticks.major) {
    if (y(value) + 6 > free || y(value) - 6 < top) continue;
    free = y(value) - 6;
    group.append(svg("text", { x: box.x - 6, y: round(y(value) + 4), "text-anchor": "end" }, text));
  }
  if (ticks.factor) group.append(svg("text", { x: box.x, y: box.y - 7 }, ticks.factor));
  return group;
}

/** The axis at the right of a box, as a colour bar has it. */
export function rightAxis(y: Scale, box: Box, { ticks }: Numbered): SVGElement {
  const group = svg("g", { class: "hepnb-axis" });
  const right = box.x + box.width;
  const path = (values: number[], size: number) =>
    values.map((v) => `M${right} ${round(y(v))}H${right - size}`).join("");
  group.append(svg("path", { d: path(ticks.minor, 3) + path(positions(ticks), 6) }));
  for (const { value, text } of ticks.major) {
    group.append(svg("text", { x: right + 6, y: round(y(value) + 4) }, text));
  }
  if (ticks.factor) group.append(svg("text", { x: box.x, y: box.y - 7 }, ticks.factor));
  return group;
}

/** The names of categories at the left of a box. */
export function leftNames(items: string[], y: Scale, box: Box, room: number): SVGElement {
  const group = svg("g", { class: "hepnb-axis" });
  const every = Math.max(1, Math.ceil(14 / Math.abs(y(1) - y(0))));
  items.forEach((item, i) => {
    if (i % every !== 0) return;
    const at = { x: box.x - 6, y: round(y(y.domain[0] + i + 0.5) + 4), "text-anchor": "end" };
    group.append(svg("text", at, svg("title", {}, item), shortened(item, room)));
  });
  return group;
}

/** Shades and names the bins that hold what lies outside of an axis; over cells, whose colours say
 *  something, an outline. */
export function flowMarks(
  axis: DrawnAxis,
  scale: Scale,
  box: Box,
  along: "x" | "y",
  overCells = false,
): SVGElement {
  const group = svg("g", { class: `hepnb-outside${overCells ? " hepnb-oncells" : ""}` });
  const { edges } = axis;
  const last = edges.length - 1;
  for (const [shown, from, name] of [
    [axis.under, 0, "below"],
    [axis.over, last - 1, "above"],
  ] as const) {
    if (!shown) continue;
    const [a, b] = [scale(edges[from] ?? 0), scale(edges[from + 1] ?? 0)];
    const [start, size] = [Math.min(a, b), Math.abs(b - a)];
    const rect =
      along === "x"
        ? { x: round(start), width: round(size), y: box.y, height: box.height }
        : { y: round(start), height: round(size), x: box.x, width: box.width };
    group.append(svg("rect", rect));
    if (axis.items.length > 0) continue;
    const middle = start + size / 2;
    const bottom = box.y + box.height;
    const at =
      along === "x"
        ? { transform: `translate(${round(middle + 4)} ${bottom - 6}) rotate(-90)` }
        : { x: box.x + 6, y: round(middle + 4) };
    if (size >= 11) group.append(svg("text", at, name));
  }
  return group;
}

export function label(runs: Runs, attributes: Record<string, string | number>): SVGElement {
  const text = svg("text", { class: "hepnb-label", ...attributes });
  let level = 0;
  for (const [part, wanted] of runs) {
    const dy = `${((level - wanted) * 0.35).toFixed(2)}em`;
    text.append(svg("tspan", { dy, "font-size": wanted === 0 ? undefined : "75%" }, part));
    level = wanted;
  }
  return text;
}

export function plainText(runs: Runs): string {
  return runs.map(([part]) => part).join("");
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function positions(ticks: Ticks): number[] {
  return ticks.major.map(({ value }) => value);
}
