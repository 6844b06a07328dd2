// What stands under the cursor: a bin, its edges, content and error.

import { number } from "./format";
import type { Axis, Picture } from "./picture";
import { type Scale, short } from "./ticks";

export interface Cursor {
  bin: number;
  picture: Picture;
  axis: Axis | undefined;
}

/** The bin at a pixel, -1 beside the picture. */
export function nearestBin(edges: Float64Array, x: Scale, pixel: number): number {
  const [start = 0, stop = 0] = x.range;
  if (pixel < start || pixel > stop) return -1;
  const value = x.invert(pixel);
  let low = 0;
  let high = edges.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  return low;
}

export function cursorText({ bin, picture, axis }: Cursor): string {
  const contents = picture.curves.map(({ label, values, errors, low }) => {
    const value = low ? `${number(low[bin])} to ${number(values[bin])}` : number(values[bin], 5);
    const error = errors ? ` ± ${number(errors[bin], 3)}` : "";
    return `${label ? `${label} ` : ""}${value}${error}`;
  });
  return `${binText(bin, picture, axis)}: ${contents.join(" · ")}`;
}

function binText(bin: number, picture: Picture, axis: Axis | undefined): string {
  const item = picture.items[bin];
  if (item !== undefined) return item;
  const low = picture.edges[bin] ?? 0;
  const high = picture.edges[bin + 1] ?? 0;
  if (axis?.discrete && high - low === 1) return short(low);
  const last = bin === picture.edges.length - 2 && !axis?.flow[1];
  const unit = axis?.unit ? ` ${axis.unit}` : "";
  return `[${short(low)}, ${short(high)}${last ? "]" : ")"}${unit}`;
}
