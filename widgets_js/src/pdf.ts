// A picture as a PDF of one page: paths and text stay paths and text (ISO 32000-1). It knows what the
// pictures here are made of, and no more of SVG than that.

import { type Glyph, glyph } from "./pdf_text";

const POINTS = 0.75; // of a pixel
const latin = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

export async function pdf(picture: SVGSVGElement): Promise<Blob> {
  const page = new Page();
  await page.children(picture);
  const [width, height] = ["width", "height"].map((n) => Number(picture.getAttribute(n)));
  return page.finish(width ?? 0, height ?? 0);
}

class Page {
  private readonly out: string[] = [];
  private readonly alphas = new Map<string, string>();
  private readonly images: Pixels[] = [];

  async children(node: Element): Promise<void> {
    for (const child of node.children) await this.draw(child as SVGElement);
  }

  private async draw(node: SVGElement): Promise<void> {
    if (["title", "clipPath"].includes(node.tagName)) return;
    this.out.push("q");
    const clip = node.getAttribute("clip-path")?.match(/#([\w-]+)/)?.[1];
    const frame = clip ? node.querySelector(`[id="${clip}"] rect`) : null;
    if (frame) this.out.push(`${rectangle(frame)} W n`);
    if (node.tagName === "text") await this.text(node);
    else if (node.tagName === "image") await this.image(node);
    else if (node.tagName === "g") await this.children(node);
    else this.shape(node);
    this.out.push("Q");
  }

  private shape(node: SVGElement): void {
    const path = outline(node);
    if (path === "") return;
    const fill = this.paint(node, "fill");
    const stroke = this.paint(node, "stroke");
    const dashes = (node.getAttribute("stroke-dasharray") ?? "none").match(/[\d.]+/g);
    this.out.push(`${node.getAttribute("stroke-width") ?? 1} w [${dashes?.join(" ") ?? ""}] 0 d`);
    this.out.push(path, fill && stroke ? "B" : fill ? "f" : stroke ? "S" : "n");
  }

  /** Set a colour; false where there is none. */
  private paint(node: SVGElement, which: "fill" | "stroke"): boolean {
    const [r, g, b, a = 1] = rgb(node.getAttribute(which) ?? "none");
    if (r === undefined || a === 0) return false;
    const opacity = ["opacity", `${which}-opacity`].map((n) => Number(node.getAttribute(n) ?? 1));
    const alpha = opacity.reduce((all, one) => all * one, a);
    this.out.push(`${[r, g, b].join(" ")} ${which === "fill" ? "rg" : "RG"}`);
    this.alpha(which === "fill" ? "ca" : "CA", alpha);
    return true;
  }

  private alpha(which: "ca" | "CA", alpha: number): void {
    const entry = `/${which} ${alpha.toFixed(3)}`;
    if (!this.alphas.has(entry)) this.alphas.set(entry, `A${this.alphas.size}`);
    this.out.push(`/${this.alphas.get(entry)} gs`);
  }

  private async text(node: SVGElement): Promise<void> {
    const size = Number(node.getAttribute("font-size") ?? 12);
    const [place, turned] = placeOf(node);
    const anchor = node.getAttribute("text-anchor") ?? "start";
    const before = { start: 0, middle: 0.5, end: 1 }[anchor] ?? 0;
    const pieces = piecesOf(node, size);
    const known = pieces.every(({ glyphs }) => glyphs !== null);
    if (!known) {
      const pixels = written(node, size);
      const [wide, high] = [pixels.width / pixels.scale, pixels.height / pixels.scale];
      const turn = turned ? "0 -1 1 0" : "1 0 0 1";
      this.out.push(`${turn} ${place[0]} ${place[1]} cm`);
      this.place(pixels, -before * wide, -0.8 * high, wide, high);
      return;
    }
    this.paint(node, "fill");
    const haloed = node.getAttribute("paint-order") === "stroke" && this.paint(node, "stroke");
    if (haloed) this.out.push(`${node.getAttribute("stroke-width") ?? 1} w`);
    const total = pieces.reduce((sum, piece) => sum + piece.width, 0);
    const from = this.out.length;
    let along = -before * total;
    this.out.push("BT 0 Tr");
    for (const { glyphs, size: own, down } of pieces) {
      for (const { font, code, width, raised } of glyphs ?? []) {
        const real = raised ? own * 0.7 : own;
        const off = down - (raised ? own * 0.35 : 0);
        const [x, y] = turned
          ? [place[0] + off, place[1] - along]
          : [place[0] + along, place[1] + off];
        const turn = turned ? "0 -1 -1 0" : "1 0 0 -1";
        const hex = code.toString(16).padStart(2, "0");
        this.out.push(`/${font} ${real} Tf ${turn} ${fixed(x)} ${fixed(y)} Tm <${hex}> Tj`);
        along += (width * real) / 1000;
      }
    }
    this.out.push("ET");
    if (haloed) this.out.splice(from, 0, "BT 1 Tr", ...this.out.slice(from + 1)); // lies behind
  }

  private async image(node: SVGElement): Promise<void> {
    const image = new Image();
    image.src = node.getAttribute("href") ?? "";
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d");
    context?.drawImage(image, 0, 0);
    const data = context?.getImageData(0, 0, canvas.width, canvas.height).data;
    if (!data) return;
    const [x = 0, y = 0, wide = 0, high = 0] = box(node);
    this.place({ width: canvas.width, height: canvas.height, scale: 1, data }, x, y, wide, high);
  }

  private place(pixels: Pixels, x: number, y: number, wide: number, high: number): void {
    this.out.push(`${wide} 0 0 ${-high} ${x} ${y + high} cm /I${this.images.length} Do`);
    this.images.push(pixels);
  }

  async finish(width: number, height: number): Promise<Blob> {
    const [w, h] = [width * POINTS, height * POINTS];
    const content = `${POINTS} 0 0 ${-POINTS} 0 ${h} cm 0 J 0 j\n${this.out.join("\n")}`;
    const first = 6;
    const names = this.images.map((_, i) => `/I${i} ${first + 2 * i} 0 R`).join(" ");
    const states = [...this.alphas].map(([entry, name]) => `/${name} << ${entry} >>`).join(" ");
    const fonts =
      "/F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> " +
      "/S << /Type /Font /Subtype /Type1 /BaseFont /Symbol >>";
    const objects: Uint8Array<ArrayBuffer>[] = [
      latin("<< /Type /Catalog /Pages 2 0 R >>"),
      latin("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
      latin(
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${w} ${h}] /Contents 4 0 R /Resources 5 0 R >>`,
      ),
      await stream("", latin(content)),
      latin(`<< /Font << ${fonts} >> /ExtGState << ${states} >> /XObject << ${names} >> >>`),
    ];
    for (const [i, { width, height, data }] of this.images.entries()) {
      const size = `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /BitsPerComponent 8`;
      const colours = new Uint8Array(width * height * 3);
      const mask = new Uint8Array(width * height);
      for (let at = 0; at < mask.length; at += 1) {
        for (let k = 0; k < 3; k += 1) colours[3 * at + k] = data[4 * at + k] ?? 0;
        mask[at] = data[4 * at + 3] ?? 255;
      }
      const soft = `/SMask ${first + 2 * i + 1} 0 R`;
      objects.push(await stream(`${size} /ColorSpace /DeviceRGB ${soft}`, colours));
      objects.push(await stream(`${size} /ColorSpace /DeviceGray`, mask));
    }
    return assemble(objects);
  }
}

interface Pixels {
  width: number;
  height: number;
  /** Pixels for each of the picture. */
  scale: number;
  data: Uint8ClampedArray;
}

interface Piece {
  glyphs: Glyph[] | null;
  width: number;
  size: number;
  down: number;
}

/** The runs of a text with their sizes and shifts; glyphs are null where no font has a character. */
function piecesOf(node: SVGElement, size: number): Piece[] {
  let down = 0;
  return [...node.childNodes].flatMap((child) => {
    if (child instanceof Element && child.tagName === "title") return [];
    const own = child instanceof Element ? Number(child.getAttribute("font-size") ?? size) : size;
    if (child instanceof Element) down += Number.parseFloat(child.getAttribute("dy") ?? "0") * own;
    const found = [...(child.textContent ?? "")].map(glyph);
    const glyphs = found.filter((one) => one !== null);
    const width = glyphs.reduce((sum, g) => sum + g.width * own * (g.raised ? 0.7 : 1), 0) / 1000;
    return [{ glyphs: glyphs.length === found.length ? glyphs : null, width, size: own, down }];
  });
}

/** A text as pixels, for writing systems that the common fonts lack. */
function written(node: SVGElement, size: number): Pixels {
  const scale = 6;
  const canvas = document.createElement("canvas");
  const font = `${size * scale}px Helvetica, Arial, sans-serif`;
  let context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser draws no text");
  context.font = font;
  const parts = [...node.childNodes].filter(
    (n) => !(n instanceof Element && n.tagName === "title"),
  );
  const text = parts.map((part) => part.textContent).join("");
  canvas.width = Math.max(1, Math.ceil(context.measureText(text).width));
  canvas.height = Math.ceil(size * scale * 1.3);
  context = canvas.getContext("2d") ?? context;
  context.font = font;
  context.fillText(text, 0, 0.8 * canvas.height);
  const { width, height } = canvas;
  return { width, height, scale, data: context.getImageData(0, 0, width, height).data };
}

/** Where a text stands, and whether it is turned upwards. */
function placeOf(node: SVGElement): [[number, number], boolean] {
  const turned = node
    .getAttribute("transform")
    ?.match(/translate\(([\d.-]+) ([\d.-]+)\) rotate\(-90\)/);
  if (turned) return [[Number(turned[1]), Number(turned[2])], true];
  return [[Number(node.getAttribute("x") ?? 0), Number(node.getAttribute("y") ?? 0)], false];
}

function outline(node: SVGElement): string {
  if (node.tagName === "rect") return rectangle(node);
  return (node.getAttribute("d") ?? "").replace(/([A-Za-z])([^A-Za-z]*)/g, pathStep());
}

/** Steps of a path in PDF's words; straight lines need to know where they begin. */
function pathStep(): (whole: string, command: string, rest: string) => string {
  let [x, y] = [0, 0];
  return (_, command, rest) => {
    const n = (rest.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
    if (command === "Z") return "h\n";
    if (command === "H") x = n[0] ?? 0;
    else if (command === "V") y = n[0] ?? 0;
    else if (command === "h") x += n[0] ?? 0;
    else if (command === "v") y += n[0] ?? 0;
    else [x = 0, y = 0] = n.slice(-2);
    if (command === "C") return `${n.join(" ")} c\n`;
    return `${x} ${y} ${command === "M" ? "m" : "l"}\n`;
  };
}

function box(node: Element): number[] {
  return ["x", "y", "width", "height"].map((name) => Number(node.getAttribute(name) ?? 0));
}

function rectangle(node: Element): string {
  return `${box(node).join(" ")} re`;
}

function rgb(colour: string): number[] {
  if (colour === "#fff") return [1, 1, 1];
  const parts = (colour.match(/[\d.]+/g) ?? []).map(Number);
  if (colour.startsWith("color(srgb")) return parts;
  return colour.startsWith("rgb") ? parts.map((v, i) => (i < 3 ? v / 255 : v)) : [];
}

function fixed(value: number): string {
  return value.toFixed(2);
}

async function stream(
  entries: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Response(
    new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate")),
  );
  const data = new Uint8Array(await packed.arrayBuffer());
  const head = latin(`<< ${entries} /Filter /FlateDecode /Length ${data.length} >>\nstream\n`);
  return new Uint8Array(await new Blob([head, data, latin("\nendstream")]).arrayBuffer());
}

function assemble(objects: Uint8Array<ArrayBuffer>[]): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [latin("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")];
  let at = parts[0]?.length ?? 0;
  const places: number[] = [];
  for (const [i, object] of objects.entries()) {
    places.push(at);
    for (const part of [latin(`${i + 1} 0 obj\n`), object, latin("\nendobj\n")]) {
      parts.push(part);
      at += part.length;
    }
  }
  const rows = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  parts.push(
    latin(
      `xref\n0 ${size}\n0000000000 65535 f \n${rows}` +
        `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`,
    ),
  );
  return new Blob(parts, { type: "application/pdf" });
}
