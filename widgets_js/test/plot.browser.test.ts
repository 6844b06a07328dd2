import axe from "axe-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { markup, type Source, standalone } from "../src/download";
import type { Look } from "../src/look";
import { Plot } from "../src/plot";
import type { Slice } from "../src/slice";
import "../src/hist_explorer.css";
import { cells, counts, look } from "./drawn";
import { later } from "./model";

let plot: Plot;
const zooms: [string, number, number][] = [];
let resets = 0;

function show(slice: Slice, how: Partial<Look> = {}, width = 640): HTMLElement {
  const root = document.createElement("div");
  root.className = "hepnb-root hepnb-explorer";
  root.style.width = `${width}px`;
  plot = new Plot({
    zoom: (axis, low, high) => zooms.push([axis, low, high]),
    reset: () => {
      resets += 1;
    },
  });
  root.append(plot.node);
  document.body.append(root);
  plot.show(slice, look(how));
  return root;
}

function stage(): HTMLElement {
  return plot.node.querySelector(".hepnb-plot") as HTMLElement;
}

function frame(): DOMRect {
  return (plot.node.querySelector(".hepnb-frame") as Element).getBoundingClientRect();
}

function point(kind: string, x: number, y: number): void {
  const { left, top, width, height } = frame();
  const at = { clientX: left + x * width, clientY: top + y * height };
  stage().dispatchEvent(new PointerEvent(kind, { ...at, button: 0, bubbles: true, pointerId: 1 }));
}

/** What the menu of downloads is given. */
function source(root: HTMLElement): Source {
  const svg = root.querySelector(".hepnb-svg") as SVGSVGElement;
  const cells = root.querySelector("canvas") as HTMLCanvasElement;
  const statistics = root.querySelector("table");
  return { svg, cells, statistics, drawing: undefined, name: "h" };
}

const readout = () => plot.node.querySelector(".hepnb-readout") as HTMLElement;
const press = (key: string) => stage().dispatchEvent(new KeyboardEvent("keydown", { key }));
const three = counts([0, 9, 4, 1, 2, 0, 0, 3, 3, 3, 3, 0, 0, 12, 6, 5, 4, 0], {
  series: [{ label: "a" }, { label: "<i>b</i>" }, { label: "data" }],
});

beforeEach(() => {
  zooms.length = 0;
  resets = 0;
  vi.spyOn(HTMLElement.prototype, "setPointerCapture").mockImplementation(() => {});
});

afterEach(() => {
  plot.close();
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

test("large numbers of a heat map's y axis stay off its label", () => {
  const slice = cells();
  const [x, y] = slice.axes as [(typeof slice.axes)[0], (typeof slice.axes)[0]];
  const edges = Float64Array.of(0, 100_000, 200_000);
  show({ ...slice, axes: [x, { ...y, label: [["distance [cm]", 0]], edges }] });
  const texts = [...plot.node.querySelectorAll<SVGTextElement>("svg text")];
  const label = texts.find((text) => text.textContent === "distance [cm]") as SVGTextElement;
  const numbers = texts.filter((text) => /^\d*00000$/.test(text.textContent ?? ""));
  expect(numbers.length).toBeGreaterThan(0);
  const { right } = label.getBoundingClientRect();
  for (const text of numbers) expect(text.getBoundingClientRect().left).toBeGreaterThan(right);
});

test("the keyboard walks over the bins, and what stands there is said", () => {
  show(counts([7, 9, 0, 1, 2, 5]), { kind: "points", flow: true });
  press("Home");
  expect(readout().textContent).toBe("below 0 GeV: 7 +3.77 −2.58");
  press("ArrowRight");
  press("ArrowRight");
  expect(readout().textContent).toBe("[10, 20) GeV: 0 +1.84 −0");
  expect(readout().getAttribute("aria-live")).toBe("polite");
  press("End");
  expect(readout().textContent).toMatch(/^40 GeV and above: 5/);
  press("Escape");
  expect(resets).toBe(1);
});

test("in a heat map the keyboard walks both ways", () => {
  show(cells());
  press("Home");
  press("ArrowUp");
  expect(readout().textContent).toBe("x [0, 10) GeV, y [1, 2) cm: 4 ± 2");
  press("ArrowRight");
  press("ArrowDown");
  expect(readout().textContent).toBe("x [10, 20) GeV, y [0, 1) cm: 0 ± 0");
});

test("a drag zooms x, and both axes of a heat map; never past the edges", () => {
  show(counts([7, 9, 0, 1, 2, 5]), { flow: true });
  point("pointerdown", 0.5, 0.5);
  point("pointermove", 0.99, 0.6);
  expect(plot.node.querySelector(".hepnb-brush")?.getAttribute("visibility")).toBe("visible");
  point("pointerup", 0.999, 0.6);
  expect(zooms).toEqual([["x", expect.closeTo(20, 0), 40]]);
  plot.show(cells(), look());
  point("pointerdown", 0.25, 0.75);
  point("pointerup", 0.75, 0.25);
  expect(zooms.slice(1)).toEqual([
    ["x", expect.closeTo(10, 0), expect.closeTo(30, 0)],
    ["y", expect.closeTo(0.5, 1), expect.closeTo(1.5, 1)],
  ]);
});

test("Escape lets go of a drag", () => {
  show(counts([7, 9, 0, 1, 2, 5]));
  point("pointerdown", 0.2, 0.5);
  press("Escape");
  point("pointerup", 0.8, 0.5);
  expect([zooms.length, resets]).toEqual([0, 0]);
});

test("a stack is listed as it stands, its data first, and compared below", () => {
  const root = show({ ...three, stacked: true }, { reference: "data", below: "ratio" });
  const names = [...root.querySelectorAll(".hepnb-legend text")].map((text) => text.textContent);
  expect(names).toEqual(["data", "<i>b</i>", "a", "error of the sum"]);
  expect(root.querySelectorAll(".hepnb-full")).toHaveLength(4); // two areas, and in the legend
  expect(root.querySelector("i")).toBeNull();
  expect(root.querySelector("svg")?.getAttribute("aria-label")).toContain("below, data / sum");
  press("Home");
  expect(readout().textContent).toBe(
    "[0, 10) GeV: a 9 ± 3 · <i>b</i> 3 ± 1.73 · data 12 +4.56 −3.42 · ratio 1 +0.38 −0.285",
  );
});

test.each([640, 320])("no curve and no word runs through the legend, %i px", (width) => {
  const slice = counts([...[0, 9, 9, 9, 9, 0], ...[0, 8, 8, 8, 8, 0]], {
    series: [{ label: "signal" }, { label: "background with a name" }],
  });
  const root = show(slice, {}, width);
  const legend = (root.querySelector(".hepnb-legend") as Element).getBoundingClientRect();
  for (const curve of root.querySelectorAll(".hepnb-curves path")) {
    const box = curve.getBoundingClientRect();
    expect(box.top).toBeGreaterThan(legend.bottom - 1);
  }
  expect(legend.right).toBeLessThanOrEqual(root.getBoundingClientRect().right);
});

test("empty cells stay blank, contents have colours, within the frame", () => {
  const root = show(cells(), { logz: true });
  const canvas = root.querySelector("canvas") as HTMLCanvasElement;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const at = (x: number, y: number) => [
    ...context.getImageData(x * canvas.width, y * canvas.height, 1, 1).data,
  ];
  const [drawn, around] = [canvas.getBoundingClientRect(), frame()];
  for (const side of ["left", "right", "top", "bottom"] as const) {
    expect(Math.abs(drawn[side] - around[side])).toBeLessThan(1);
  }
  expect(at(0.375, 0.75)[3]).toBe(0); // the empty bin
  expect(at(0.125, 0.75)).toEqual([0, 34, 78, 255]); // the lowest content
  expect(at(0.875, 0.25)).toEqual([254, 232, 56, 255]); // the highest
});

test("the picture stands alone as a file: styles in it, no marker, print on white", () => {
  document.documentElement.style.colorScheme = "dark";
  const root = show(three, { flow: true, kind: "filled" });
  press("Home");
  const text = markup(standalone(source(root)));
  document.documentElement.style.colorScheme = "";
  expect(text).not.toMatch(/class=|var\(|hepnb-cross/);
  expect(text).toContain("&lt;i&gt;b&lt;/i&gt;");
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  expect(parsed.querySelector("parsererror")).toBeNull();
  expect(parsed.querySelector("text")?.getAttribute("fill")).toBe("rgb(0, 0, 0)");
  const shades = [...parsed.querySelectorAll("rect")].map((rect) => rect.getAttribute("opacity"));
  expect(shades).toContain("0.09");
  expect(document.querySelector(".hepnb-print")).toBeNull();
});

test("nothing lies over the cells or behind the empty ones", () => {
  const root = show(cells(), { flow: true });
  const over = root.querySelectorAll("svg rect:not(.hepnb-brush)");
  expect(over.length).toBeGreaterThan(3);
  for (const rect of over) expect(getComputedStyle(rect).fill).toBe("none");
});

test("who reads the statistics stays there while their numbers change", () => {
  const root = show(counts([7, 9, 0, 1, 2, 5]), { stats: true });
  const region = root.querySelector<HTMLElement>("[aria-label=Statistics]");
  region?.focus();
  plot.show(counts([7, 9, 0, 1, 3, 5]), look({ stats: true }));
  expect(document.activeElement).toBe(region);
  expect(region?.textContent).toContain("25");
});

test.each([640, 240])("a file has the statistics below the picture, %i px", (width) => {
  const root = show(three, { stats: true }, width);
  const [, , , high] = (plot.node.querySelector("svg")?.getAttribute("viewBox") ?? "").split(" ");
  const copy = standalone(source(root));
  document.body.append(copy);
  const texts = [...copy.querySelectorAll("text")];
  const cells = [...(root.querySelector("table")?.querySelectorAll("td, th") ?? [])];
  const table = texts.slice(-cells.length);
  expect(table.map((text) => text.textContent)).toEqual(cells.map((cell) => cell.textContent));
  const page = copy.getBoundingClientRect();
  for (const text of table.filter(({ textContent }) => textContent)) {
    const { left, right, top, bottom } = text.getBoundingClientRect();
    expect(left).toBeGreaterThan(page.left);
    expect(right).toBeLessThan(page.right);
    expect(top).toBeGreaterThan(page.top + Number(high) - 4);
    expect(bottom).toBeLessThanOrEqual(page.bottom);
  }
  plot.show(three, look({ stats: false }));
  expect(standalone(source(root)).getAttribute("height")).toBe(high);
});

test("a file of a heat map has its cells in it, at their place", () => {
  const root = show(cells(), { flow: true });
  const copy = standalone(source(root));
  const [image] = copy.querySelectorAll("image");
  expect(image?.getAttribute("href")).toBe(root.querySelector("canvas")?.toDataURL());
  const box = root.querySelector(".hepnb-frame") as Element;
  for (const name of ["x", "y", "width", "height"]) {
    expect(image?.getAttribute(name)).toBe(box.getAttribute(name));
  }
  expect(copy.querySelectorAll("image:not([href])")).toHaveLength(0);
});

test("every download is a file of its kind with a safe name", async () => {
  const saved: [string, Blob][] = [];
  const blobs: Blob[] = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    blobs.push(blob as Blob);
    return "blob:none";
  });
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
    this: HTMLAnchorElement,
  ) {
    saved.push([this.download, blobs.at(-1) as Blob]);
  });
  show(cells(), { flow: true }).append(plot.files);
  plot.name = "../m_{μμ} / GeV";
  for (const kind of ["PNG", "SVG", "PDF", "CSV"]) {
    const rows = plot.files.querySelectorAll<HTMLElement>("[role=menuitem]");
    [...rows].find((row) => row.textContent === kind)?.click();
    for (let i = 0; i < 100 && saved.at(-1)?.[0].endsWith(kind.toLowerCase()) !== true; i += 1) {
      await later(20);
    }
  }
  const names = saved.map(([name]) => name);
  expect(names).toEqual(["png", "svg", "pdf", "csv"].map((kind) => `m_μμ_GeV.${kind}`));
  const [png, , pdf, csv] = await Promise.all(saved.map(([, blob]) => blob.arrayBuffer()));
  const text = (bytes: ArrayBuffer | undefined) => new TextDecoder("latin1").decode(bytes);
  expect(text(png).slice(1, 4)).toBe("PNG");
  const page = text(pdf);
  expect(page.startsWith("%PDF-1.4")).toBe(true);
  const [head = "", size] = page.match(/^.*?\n4 0 obj\n<<.*?\/Length (\d+) >>\nstream\n/s) ?? [];
  const packed = new Blob([pdf ?? ""]).slice(head.length, head.length + Number(size));
  const unpacked = packed.stream().pipeThrough(new DecompressionStream("deflate"));
  const content = await new Response(unpacked).text();
  expect(content).toMatch(/2\.5 w\nBT 1 Tr\n(.*?)\nET\nBT 0 Tr\n\1\nET/s); // a halo over cells
  const start = Number(page.match(/startxref\n(\d+)/)?.[1]);
  const places = [...page.slice(start).matchAll(/^(\d{10}) 00000 n/gm)].map(([, at]) => Number(at));
  places.forEach((at, i) => {
    expect(page.slice(at)).toMatch(new RegExp(`^${i + 1} 0 obj`));
  });
  const rows = new TextDecoder().decode(csv).trim().split("\n");
  expect(rows[0]).toBe("x [GeV] low,x [GeV] high,y low,y high,content,error");
  expect(rows).toHaveLength(13);
  expect(rows[1]).toBe("-Infinity,0,0,1,9,3");
});

test.each(["light", "dark"])("axe finds nothing, %s", async (scheme) => {
  const shown = [
    show({ ...three, stacked: true }, { reference: "data", below: "ratio", flow: true }),
    show(cells(), { flow: true }),
  ];
  for (const root of shown) {
    root.style.colorScheme = scheme;
    const { violations } = await axe.run(root);
    expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
  }
});
