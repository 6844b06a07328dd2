// The cells of a heat map, one colour for each pixel, and its colour bar.

import { type Box, label, numbered, rightAxis } from "./axes";
import { PIXELS, SHADES, shader } from "./colours";
import type { Composed } from "./compose";
import { el, svg } from "./dom";
import type { Drawing, Heat } from "./drawing";
import { binNear } from "./edges";
import { makeScale } from "./ticks";

/**
 * The cells, on a canvas behind the picture: as an image in it they would have to be packed and read
 * again for each redraw. A file gets them as an image.
 */
export class Cells {
  readonly node = el("canvas", { class: "hepnb-cells", "aria-hidden": "true", hidden: true });
  private image: ImageData | undefined;

  show({ heat, x: axis }: Drawing, { x, y, z, box, width, height }: Composed): void {
    const [wide, high] = [Math.round(box.width), Math.round(box.height)];
    this.node.hidden = !heat || wide < 1 || high < 1;
    if (!heat || this.node.hidden) return;
    const columns = binsOf(axis.edges, wide, (i) =>
      x.invert(box.x + ((i + 0.5) * box.width) / wide),
    );
    const rows = binsOf(heat.y.edges, high, (j) =>
      y.invert(box.y + ((j + 0.5) * box.height) / high),
    );
    const across = axis.edges.length - 1;
    const shade = shader(z, heat.log);
    if (this.image?.width !== wide || this.image.height !== high) {
      this.image = new ImageData(wide, high);
      [this.node.width, this.node.height] = [wide, high];
    }
    fill(this.image, columns, rows, (i, j) => shade(heat.values[j * across + i] ?? 0));
    this.node.getContext("2d")?.putImageData(this.image, 0, 0);
    const share = (part: number, of: number) => `${(100 * part) / of}%`;
    Object.assign(this.node.style, {
      left: share(box.x, width),
      top: share(box.y, height),
      width: share(box.width, width),
      height: share(box.height, height),
    });
  }
}

/** What stands for the cells in the picture. */
export function cellsPlace(box: Box): SVGElement {
  return svg("image", { class: "hepnb-cells", ...box, ...CRISP });
}

/** The bar that says which colour is how much, at the right of the picture. */
export function drawBar(heat: Heat, domain: [number, number], box: Box): SVGElement {
  const z = makeScale(domain, [box.y + box.height, box.y], heat.log);
  const image = svg("image", { ...box, ...CRISP, href: barImage(Math.round(box.height)) });
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
export function barRoom(heat: Heat, domain: [number, number], height: number): number {
  return 12 + numbered(domain, height, heat.log).room + 28;
}

/** The bin of each of `size` pixels. */
function binsOf(edges: Float64Array, size: number, value: (pixel: number) => number): Int32Array {
  return Int32Array.from({ length: size }, (_, pixel) => binNear(edges, value(pixel)));
}

/** Colour pixels by the shades of their bins; each bin is looked up once in a line. */
function fill(
  image: ImageData,
  columns: Int32Array,
  rows: Int32Array,
  shade: (i: number, j: number) => number,
): void {
  const pixels = new Uint32Array(image.data.buffer);
  const wide = columns.length;
  rows.forEach((row, j) => {
    const start = j * wide;
    if (row === rows[j - 1]) {
      pixels.copyWithin(start, start - wide, start);
      return;
    }
    let [before, pixel] = [-1, 0];
    for (let i = 0; i < wide; i += 1) {
      const column = columns[i] as number;
      if (column !== before) pixel = PIXELS[shade(column, row)] ?? 0;
      before = column;
      pixels[start + i] = pixel;
    }
  });
}

let lastBar = { high: 0, href: "" };

/** Every shade from the bottom to the top, so many pixels high. */
function barImage(high: number): string {
  if (lastBar.high === high) return lastBar.href;
  const canvas = el("canvas", { width: 1, height: high });
  const image = new ImageData(1, high);
  const rows = Int32Array.from({ length: high }, (_, j) => high - 1 - j);
  const steps = Math.max(1, high - 1);
  fill(image, Int32Array.of(0), rows, (_, j) => Math.round((j / steps) * (SHADES - 1)));
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  lastBar = { high, href: canvas.toDataURL() };
  return lastBar.href;
}

const CRISP = { preserveAspectRatio: "none", "image-rendering": "pixelated" };
