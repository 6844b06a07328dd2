// A picture as a file: PNG, SVG and PDF as it would be printed, on white; CSV with its numbers.

import { el, setText, svg } from "./dom";
import type { Drawing } from "./drawing";
import { histogramCsv } from "./histogram_csv";
import { menuButton } from "./menu";
import { pdf } from "./pdf";
import { save } from "./save";
import { drawnTable } from "./statistics_table";

export interface Source {
  svg: SVGSVGElement;
  /** What lies behind it in a heat map. */
  cells: HTMLCanvasElement;
  /** What stands below it. */
  statistics: HTMLTableElement | null;
  drawing: Drawing | undefined;
  name: string;
}

type Maker = (source: Source) => Blob | Promise<Blob>;

const MAKERS: Record<string, Maker> = {
  PNG: (source) => png(standalone(source)),
  SVG: (source) => new Blob([markup(standalone(source))], { type: "image/svg+xml" }),
  PDF: (source) => pdf(standalone(source)),
  CSV: ({ drawing }) =>
    new Blob([drawing ? histogramCsv(drawing) : ""], { type: "text/csv;charset=utf-8" }),
};
const SCALE = 3; // pixels of a PNG for each of the picture
const KEPT = [
  "fill",
  "fill-opacity",
  "font-size",
  "opacity",
  "paint-order",
  "stroke",
  "stroke-dasharray",
  "stroke-opacity",
  "stroke-width",
];

/** A menu that saves the picture. */
export function downloads(source: () => Source): HTMLElement {
  const said = el("span", { class: "hepnb-said", role: "status" });
  const entries = Object.entries(MAKERS).map(([text, make]) => {
    const act = async () => {
      try {
        const from = source();
        const name = `${fileName(from.name)}.${text.toLowerCase()}`;
        save(await make(from), name);
        setText(said, `saved ${name}`);
      } catch (error) {
        setText(said, `no ${text}: ${error instanceof Error ? error.message : error}`);
      }
    };
    return { text, act };
  });
  return el("span", { class: "hepnb-copy" }, said, menuButton("Download", entries));
}

/** A name that every file system takes, whatever the histogram is called. */
function fileName(name: string): string {
  const safe = name
    .normalize("NFKC")
    .replace(/[^\p{L}\p{N}.-]+/gu, "_")
    .replace(/^[._-]+|[._-]+$/g, "")
    .slice(0, 80);
  return safe === "" || /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(safe) ? "histogram" : safe;
}

/** A copy with its styles written into it, in the colours of print. */
export function standalone({ svg: picture, cells, statistics }: Source): SVGSVGElement {
  const copy = picture.cloneNode(true) as SVGSVGElement;
  copy.querySelector(".hepnb-cells")?.setAttribute("href", cells.toDataURL());
  for (const node of copy.querySelectorAll(".hepnb-marker, .hepnb-brush")) node.remove();
  const [, , width = 640, high = 320] = (copy.getAttribute("viewBox") ?? "").split(" ").map(Number);
  const [table, more] = statistics ? drawnTable(statistics, width, high) : [svg("g"), 0];
  copy.append(table);
  const height = high + more;
  const paper = el(
    "div",
    { class: "hepnb-root hepnb-explorer hepnb-print", "aria-hidden": "true" },
    copy,
  );
  paper.style.colorScheme = "light"; // whatever the theme of the page
  const place = picture.closest(".hepnb-root")?.parentNode ?? document.body;
  place.append(paper);
  const nodes = [...copy.querySelectorAll<SVGElement>("*")];
  const styles = nodes.map((node) => {
    const style = getComputedStyle(node);
    return KEPT.map((name) => [name, style.getPropertyValue(name)] as const);
  });
  nodes.forEach((node, i) => {
    node.removeAttribute("class");
    for (const [name, value] of styles[i] ?? []) {
      if (value) node.setAttribute(name, value.replaceAll("px", ""));
    }
  });
  paper.remove();
  for (const name of ["class", "role", "style"]) copy.removeAttribute(name);
  copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.setAttribute("font-family", "Helvetica, Arial, sans-serif");
  copy.prepend(svg("rect", { width, height, fill: "#fff" }));
  return copy;
}

export function markup(picture: SVGSVGElement): string {
  return new XMLSerializer().serializeToString(picture);
}

async function png(picture: SVGSVGElement): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(markup(picture))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Number(picture.getAttribute("width")) * SCALE;
  canvas.height = Number(picture.getAttribute("height")) * SCALE;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("too large"))), "image/png");
  });
}
