// What stands under the cursor: a bin, its edges, content and error.

import type { Curve, Drawing, DrawnAxis } from "./drawing";
import { binNear } from "./edges";
import { number } from "./format";
import { type Scale, short } from "./ticks";

/** The bin at a pixel, -1 beside the picture. */
export function nearestBin(edges: Float64Array, scale: Scale, pixel: number): number {
  const [start, stop] = scale.range;
  if (pixel < Math.min(start, stop) || pixel > Math.max(start, stop)) return -1;
  return binNear(edges, scale.invert(pixel));
}

/** The bin of x, and of y in a heat map, in words. */
export function cursorText(drawing: Drawing, i: number, j: number): string {
  const { heat, curves, below } = drawing;
  if (heat) {
    const at = j * (drawing.x.edges.length - 1) + i;
    const error = heat.errors ? ` ± ${number(heat.errors[at], 3)}` : "";
    const where = `x ${binText(drawing.x, i)}, y ${binText(heat.y, j)}`;
    return `${where}: ${number(heat.values[at], 5)}${error}`;
  }
  const contents = curves.map((curve) => contentText(curve, i));
  const compared = below?.curves ?? [];
  for (const curve of compared) {
    const name = compared.length > 1 ? ` ${curve.label}` : "";
    contents.push(`${below?.kind}${name} ${contentText({ ...curve, label: "" }, i, 3)}`);
  }
  return `${binText(drawing.x, i)}: ${contents.join(" · ")}`;
}

/** `label value ± error`; a stacked series by itself, not as high as it stands. */
function contentText({ label, values, low, high, base, floor }: Curve, i: number, digits = 5) {
  const name = label ? `${label} ` : "";
  if (floor) return `${name}${number(floor[i])} to ${number(values[i])}`;
  const top = values[i] ?? 0;
  const value = `${name}${number(top - (base?.[i] ?? 0), digits)}`;
  if (!low || !high || !Number.isFinite(top)) return value;
  const [down, up] = [top - (low[i] ?? top), (high[i] ?? top) - top];
  if (Math.abs(down - up) <= 1e-6 * Math.abs(up)) return `${value} ± ${number(up, 3)}`;
  return `${value} +${number(up, 3)} −${number(down, 3)}`;
}

function binText(axis: DrawnAxis, i: number): string {
  const { edges, items, discrete, unit } = axis;
  const item = items[i];
  if (item !== undefined) return item;
  const [low, high] = [edges[i] ?? 0, edges[i + 1] ?? 0];
  const of = unit ? ` ${unit}` : "";
  if (axis.under && i === 0) return `below ${short(high)}${of}`;
  if (axis.over && i === edges.length - 2) return `${short(low)}${of} and above`;
  if (discrete && high - low === 1) return short(low);
  return `[${short(low)}, ${short(high)})${of}`;
}
