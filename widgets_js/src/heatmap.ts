// A heat map as an image inside the picture, one colour for each pixel, and its colour bar.

import { type Box, label, numbered, rightAxis } from "./axes";
import { SHADES, shade, TABLE, zDomain } from "./colours";
import { svg } from "./dom";
import type { Drawing, Heat } from "./drawing";
import { binNear } from "./edges";
import { makeScale, type Scale } from "./ticks";

/** The cells of a heat map in a box. */
export function drawHeat({ heat, x: axis }: Drawing, x: Scale, y: Scale, box: Box): SVGElement {
  const group = svg("g", { class: "hepnb-heat" });
  group.append(svg("rect", { class: "hepnb-paper", ...box }));
  if (!heat) return group;
  const [wide, high] = [Math.round(box.width), Math.round(box.height)];
  const columns = binsOf(axis.edges, wide, (i) => x.invert(box.x + ((i + 0.5) * box.width) / wide));
  const rows = binsOf(heat.y.edges, high, (j) => y.invert(box.y + ((j + 0.5) * box.height) / high));
  const domain = zDomain(heat.values, heat.log);
  const shades = Int16Array.from(heat.values, (value) => shade(value, domain, heat.log));
  const across = axis.edges.length - 1;
  group.append(
    picture(box, wide, high, (i, j) => shades[(rows[j] ?? 0) * across + (columns[i] ?? 0)] ?? -1),
  );
  return group;
}

/** The bar that says which colour is how much, at the right of the picture. */
export function drawBar(heat: Heat, box: Box): SVGElement {
  const domain = zDomain(heat.values, heat.log);
  const z = makeScale(domain, [box.y + box.height, box.y], heat.log);
  const high = Math.round(box.height);
  const image = picture(box, 1, high, (_, j) =>
    Math.round(((high - 1 - j) / Math.max(1, high - 1)) * (SHADES - 1)),
  );
  const right = box.x + box.width;
  const group = svg("g", { class: "hepnb-bar" }, image);
  group.append(svg("rect", { class: "hepnb-frame", ...box }));
  const written = numbered(domain, box.height, heat.log);
  group.append(rightAxis(z, box, written));
  group.append(
    label(heat.label, {
      transform: `translate(${right + written.room + 22} ${box.y}) rotate(-90)`,
      "text-anchor": "end",
    }),
  );
  return group;
}

/** Pixels the bar and its words take. */
export function barRoom(heat: Heat, height: number): number {
  return 12 + numbered(zDomain(heat.values, heat.log), height, heat.log).room + 28;
}

/** The bin of each of `size` pixels. */
function binsOf(edges: Float64Array, size: number, value: (pixel: number) => number): Int32Array {
  return Int32Array.from({ length: size }, (_, pixel) => binNear(edges, value(pixel)));
}

function picture(
  box: Box,
  wide: number,
  high: number,
  shadeAt: (i: number, j: number) => number,
): SVGElement {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, wide);
  canvas.height = Math.max(1, high);
  const context = canvas.getContext("2d");
  if (context && wide > 0 && high > 0) {
    const image = context.createImageData(wide, high);
    for (let j = 0, at = 0; j < high; j += 1) {
      for (let i = 0; i < wide; i += 1, at += 4) {
        const tone = shadeAt(i, j);
        if (tone < 0) continue;
        for (let k = 0; k < 3; k += 1) image.data[at + k] = TABLE[tone * 3 + k] ?? 0;
        image.data[at + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
  }
  const place = { ...box, href: canvas.toDataURL(), preserveAspectRatio: "none" };
  return svg("image", { class: "hepnb-image", ...place });
}
