// The legend: inside the frame where the curves leave room for it, else in rows above.

import { type Box, innerDomain, shortened, textWidth } from "./axes";
import { colour, isData, style } from "./curves";
import { svg } from "./dom";
import type { Drawing } from "./drawing";
import { mark } from "./steps";
import type { Scale } from "./ticks";

const LINE = 17;
const SWATCH = 34;

interface Entry {
  text: string;
  swatch: (x: number, y: number) => SVGElement[];
}

export interface Legend {
  /** Pixels of rows above the frame, 0 for a legend inside. */
  above: number;
  /** The y axis that leaves it room. */
  domain: [number, number];
  draw(box: Box): SVGElement;
}

/** Where the legend of a picture goes, whose frame is `box` and whose y axis spans `domain`. */
export function placeLegend(
  drawing: Drawing,
  x: Scale,
  box: Box,
  domain: [number, number],
): Legend {
  const entries = entriesOf(drawing);
  const nothing = { above: 0, domain, draw: () => svg("g") };
  if (entries.length === 0) return nothing;
  const width = SWATCH + 8 + Math.max(...entries.map(({ text }) => textWidth(text)));
  const height = LINE * entries.length + 8;
  const inside = innerDomain(drawing.x).map((edge) => x(edge)) as [number, number];
  if (height < 0.45 * box.height && width < 0.6 * (inside[1] - inside[0])) {
    const choices = [inside[1] - width - 8, inside[0] + 10].map((left) => ({
      left,
      high: roomed(drawing, x, domain, [left - 6, left + width + 6], 1 - (height + 6) / box.height),
    }));
    const [best] = choices.sort((a, b) => a.high - b.high);
    const most = drawing.log ? domain[1] * (domain[1] / domain[0]) ** 0.7 : domain[1] * 1.7;
    if (best && best.high <= Math.max(most, domain[1])) {
      return {
        above: 0,
        domain: [domain[0], best.high],
        draw: (frame) => list(entries, best.left, frame.y + 8),
      };
    }
  }
  return { ...nothing, ...rows(entries, box.width) };
}

/** The upper end of the y axis with which no curve comes higher than `share` of it over a span. */
function roomed(
  { x: axis, curves, band, bars, log }: Drawing,
  x: Scale,
  [low, high]: [number, number],
  span: [number, number],
  share: number,
): number {
  let most = Number.NEGATIVE_INFINITY;
  const { edges } = axis;
  for (let i = 0; i + 1 < edges.length; i += 1) {
    if (x(edges[i + 1] ?? 0) < span[0] || x(edges[i] ?? 0) > span[1]) continue;
    for (const curve of curves) {
      const value = Math.max(curve.values[i] ?? 0, bars ? (curve.high?.[i] ?? 0) : 0);
      if (Number.isFinite(value)) most = Math.max(most, value);
    }
    most = Math.max(most, band?.[1][i] ?? most);
  }
  if (!(most > low)) return high;
  const needed = log ? low * (most / low) ** (1 / share) : low + (most - low) / share;
  return Math.max(high, needed);
}

/** What is listed, the topmost of a stack first, its data before it. */
function entriesOf(drawing: Drawing): Entry[] {
  const { curves, stacked, bars, band } = drawing;
  if (curves.length < 2 && !curves[0]?.label) return [];
  const order = curves.map((_, i) => i);
  if (stacked) order.reverse();
  order.sort((a, b) => Number(isData(drawing, b)) - Number(isData(drawing, a)));
  const entries = order.map((i) => ({
    text: shortened(curves[i]?.label ?? "", 200),
    swatch: (x: number, y: number) => swatch(drawing, i, x, y),
  }));
  if (stacked && bars && band) {
    const box = (x: number, y: number) => ({ x, y: y - 5, width: 26, height: 10 });
    const swatch = (x: number, y: number) => [svg("rect", { class: "hepnb-band", ...box(x, y) })];
    entries.push({ text: "error of the sum", swatch });
  }
  return entries;
}

function swatch(drawing: Drawing, i: number, x: number, y: number): SVGElement[] {
  const curve = drawing.curves[i];
  const line = svg("path", { ...style(i), d: `M${x} ${y}H${x + 26}` });
  if (!curve) return [line];
  const ink = isData(drawing, i);
  const tone = ink ? "hepnb-ink" : colour(i);
  if (ink || curve.kind === "points" || (curve.kind === "errorbar" && !curve.base)) {
    const bar = svg("path", { class: `hepnb-errors ${tone}`, d: `M${x + 13} ${y - 6}V${y + 6}` });
    if (curve.kind === "errorbar") {
      bar.setAttribute("d", `M${x} ${y}H${x + 26}M${x + 13} ${y - 6}V${y + 6}`);
      return [bar];
    }
    return [
      bar,
      svg("path", { class: `hepnb-mark ${tone}`, d: mark(x + 13, y, ink ? 0 : i, 3.2) }),
    ];
  }
  const box = { x, y: y - 5, width: 26, height: 10 };
  if (curve.base) return [svg("rect", { class: `hepnb-fill hepnb-full ${tone}`, ...box })];
  if (curve.kind === "filled") {
    return [svg("rect", { class: `hepnb-fill ${tone}`, ...box }), line];
  }
  return [line];
}

function list(entries: Entry[], left: number, top: number): SVGElement {
  const group = svg("g", { class: "hepnb-legend" });
  entries.forEach(({ text, swatch }, i) => {
    const y = top + LINE * i + 8;
    group.append(...swatch(left, y), svg("text", { x: left + SWATCH, y: y + 4 }, text));
  });
  return group;
}

/** As many entries in a row as fit. */
function rows(entries: Entry[], width: number): Pick<Legend, "above" | "draw"> {
  const at: [number, number][] = [];
  let [x, row] = [0, 0];
  for (const { text } of entries) {
    const wide = SWATCH + textWidth(text) + 16;
    if (x > 0 && x + wide > width) [x, row] = [0, row + 1];
    at.push([x, row]);
    x += wide;
  }
  const above = (row + 1) * LINE + 4;
  const draw = (box: Box) => {
    const group = svg("g", { class: "hepnb-legend" });
    entries.forEach(({ text, swatch }, i) => {
      const [dx = 0, line = 0] = at[i] ?? [];
      const y = box.y - above - 10 + LINE * line + 10;
      const fits = shortened(text, width - SWATCH);
      group.append(
        ...swatch(box.x + dx, y),
        svg("text", { x: box.x + dx + SWATCH, y: y + 4 }, fits),
      );
    });
    return group;
  };
  return { above, draw };
}
