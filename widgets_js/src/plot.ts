// The picture of a slice, and what pointer and keys do on it.

import { type Composed, compose, describe } from "./compose";
import { cursorText, nearestBin } from "./cursor";
import { colour } from "./curves";
import { display } from "./display";
import { el, renew, setText, svg } from "./dom";
import { downloads } from "./download";
import type { Drawing } from "./drawing";
import { Cells } from "./heatmap";
import type { Look } from "./look";
import type { Slice } from "./slice";
import { statisticsTable } from "./statistics_table";
import type { Scale } from "./ticks";

export interface PlotEvents {
  /** A range between two coordinates was chosen. */
  zoom(axis: "x" | "y", low: number, high: number): void;
  reset(): void;
}

type Point = [number, number];

export class Plot {
  readonly node: HTMLElement;
  /** The menu that saves the picture; whoever shows the plot places it. */
  readonly files: HTMLElement;
  /** What downloaded files are called. */
  name = "histogram";
  private readonly stage: HTMLElement;
  private readonly cells = new Cells();
  private readonly picture = svg("g");
  private readonly marker = svg("g", { class: "hepnb-marker" });
  private readonly brush = svg("rect", { class: "hepnb-brush", visibility: "hidden" });
  private readonly canvas = svg(
    "svg",
    { class: "hepnb-svg", role: "img" },
    this.picture,
    this.brush,
    this.marker,
  );
  private readonly readout = el("div", { class: "hepnb-readout", role: "status" });
  private readonly statistics = el("div");
  private drawing: Drawing | undefined;
  private composed: Composed | undefined;
  private cursor: Point = [-1, -1];
  private from: Point | null = null;
  private width = 0;
  private readonly observer: ResizeObserver;

  constructor(private readonly events: PlotEvents) {
    const said = "Histogram: arrow keys move over the bins, Escape shows the whole range";
    const stage = { class: "hepnb-plot", tabindex: "0", role: "group", "aria-label": said };
    this.stage = el("div", stage, this.cells.node, this.canvas);
    this.files = downloads(() => ({
      svg: this.canvas,
      cells: this.cells.node,
      statistics: this.statistics.querySelector("table"),
      drawing: this.drawing,
      name: this.name,
    }));
    this.node = el("div", {}, this.stage, this.readout, this.statistics);
    this.listen();
    this.observer = new ResizeObserver(() => {
      const width = this.stage.clientWidth; // drawing changes the height, and must not call itself
      if (width === this.width) return;
      this.width = width;
      requestAnimationFrame(() => this.draw());
    });
    this.observer.observe(this.stage);
  }

  show(slice: Slice, look: Look): void {
    this.drawing = display(slice, look);
    const table = look.stats ? statisticsTable(this.drawing.statistics) : null;
    renew(this.statistics, table ? [table] : []);
    this.draw();
  }

  /** What a person should know about the picture, besides what it shows. */
  get note(): string {
    return this.drawing?.note ?? "";
  }

  close(): void {
    this.observer.disconnect();
  }

  private draw(): void {
    const { drawing } = this;
    if (!drawing) return;
    this.width ||= this.stage.clientWidth; // later the observer says it: asking costs a layout
    const width = Math.max(240, this.width || 640);
    const composed = compose(drawing, width);
    this.composed = composed;
    this.canvas.setAttribute("viewBox", `0 0 ${width} ${composed.height}`);
    this.canvas.setAttribute("aria-label", describe(drawing));
    renew(this.picture, composed.nodes);
    this.cells.show(drawing, composed);
    const [across, up] = this.bins();
    if (this.cursor[0] >= across || this.cursor[1] >= up) this.cursor = [-1, -1];
    this.mark(false);
  }

  /** Number of bins along x, and along y in a heat map (else 0). */
  private bins(): Point {
    const { drawing } = this;
    return [
      (drawing?.x.edges.length ?? 1) - 1,
      drawing?.heat ? drawing.heat.y.edges.length - 1 : 0,
    ];
  }

  private listen(): void {
    const { stage } = this;
    const place = (event: PointerEvent): Point => {
      const { left, top } = this.canvas.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    stage.addEventListener("pointermove", (event) => {
      this.point(place(event));
      if (this.from !== null) this.drag(this.from, place(event));
    });
    stage.addEventListener("pointerleave", () => this.forget());
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.drawing) return;
      this.from = place(event);
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointerup", (event) => {
      const { from } = this;
      this.release();
      if (from !== null) this.zoom(from, place(event));
    });
    stage.addEventListener("pointercancel", () => this.release());
    stage.addEventListener("dblclick", () => this.events.reset());
    stage.addEventListener("keydown", (event) => this.key(event));
  }

  private point([px, py]: Point): void {
    const { drawing, composed } = this;
    if (!drawing || !composed) return;
    const i = nearestBin(drawing.x.edges, composed.x, px);
    const j = drawing.heat ? nearestBin(drawing.heat.y.edges, composed.y, py) : 0;
    this.cursor = i < 0 || j < 0 ? [-1, -1] : [i, j];
    this.mark(false);
  }

  private forget(): void {
    this.cursor = [-1, -1];
    this.mark(false);
  }

  private release(): void {
    this.from = null;
    this.brush.setAttribute("visibility", "hidden");
  }

  private key(event: KeyboardEvent): void {
    const [across, up] = this.bins();
    const [i, j] = this.cursor;
    const step = event.shiftKey ? Math.max(1, Math.round(across / 20)) : 1;
    const moves: Record<string, Point> = {
      ArrowRight: [i + step, j],
      ArrowLeft: [i < 0 ? across - 1 : i - step, j],
      Home: [0, j],
      End: [across - 1, j],
    };
    if (up > 0) {
      const rows = event.shiftKey ? Math.max(1, Math.round(up / 20)) : 1;
      moves.ArrowUp = [i, j + rows];
      moves.ArrowDown = [i, j < 0 ? up - 1 : j - rows];
    }
    const target = moves[event.key];
    if (event.key === "Escape") {
      if (this.from !== null) this.release();
      else this.events.reset();
    } else if (target === undefined) return;
    else {
      const within = (at: number, size: number) => Math.max(0, Math.min(size - 1, at));
      this.cursor = [within(target[0], across), within(target[1], up)];
      this.mark(true);
    }
    event.preventDefault();
  }

  /** What of x and y a drag between two points spans, where there is an axis to zoom. */
  private spans(from: Point, to: Point): { x: Point | null; y: Point | null } {
    const { drawing, composed } = this;
    const span = (scale: Scale | undefined, a: number, b: number): Point | null => {
      if (!scale || Math.abs(a - b) < 5) return null;
      const [start, stop] = [...scale.range].sort((p, q) => p - q) as Point;
      const inside = [a, b].map((at) => Math.min(stop, Math.max(start, at)));
      return inside.sort((p, q) => p - q) as Point;
    };
    const dense = drawing && drawing.x.items.length === 0;
    const tall = drawing?.heat && drawing.heat.y.items.length === 0;
    return {
      x: dense ? span(composed?.x, from[0], to[0]) : null,
      y: tall ? span(composed?.y, from[1], to[1]) : null,
    };
  }

  private drag(from: Point, to: Point): void {
    const { composed, brush } = this;
    const { x, y } = this.spans(from, to);
    if (!composed || (!x && !y)) return;
    const { box, bottom } = composed;
    const [left, right] = x ?? [box.x, box.x + box.width];
    const [top, low] = y ?? [box.y, bottom];
    const size = { x: left, y: top, width: right - left, height: low - top };
    for (const [name, value] of Object.entries(size)) brush.setAttribute(name, String(value));
    brush.setAttribute("visibility", "visible");
  }

  private zoom(from: Point, to: Point): void {
    const { drawing, composed } = this;
    const { x, y } = this.spans(from, to);
    if (!drawing || !composed) return;
    for (const [which, span, scale, axis] of [
      ["x", x, composed.x, drawing.x],
      ["y", y, composed.y, drawing.heat?.y],
    ] as const) {
      if (!span || !axis) continue;
      const { edges, under, over } = axis;
      const [first, last] = [edges[Number(under)] ?? 0, edges.at(-1 - Number(over)) ?? 0];
      const coordinates = span.map((pixel) => scale.invert(pixel)).sort((a, b) => a - b);
      const [low = first, high = last] = coordinates.map((v) => Math.min(last, Math.max(first, v)));
      if (low < high) this.events.zoom(which, low, high);
    }
  }

  /** Show the cursor; `spoken` when keys moved it, so that a screen reader says the bin. */
  private mark(spoken: boolean): void {
    const { drawing, composed, cursor } = this;
    this.readout.setAttribute("aria-live", spoken ? "polite" : "off");
    if (!drawing || !composed || cursor[0] < 0) {
      this.marker.replaceChildren();
      setText(this.readout, HINT);
      return;
    }
    const [i, j] = cursor;
    setText(this.readout, cursorText(drawing, i, j));
    const { x, y, box, bottom } = composed;
    const [left, right] = [x(drawing.x.edges[i] ?? 0), x(drawing.x.edges[i + 1] ?? 0)];
    if (drawing.heat) {
      const { edges } = drawing.heat.y;
      const [low, high] = [y(edges[j] ?? 0), y(edges[j + 1] ?? 0)];
      const size = { x: left - 1, y: high - 1, width: right - left + 2, height: low - high + 2 };
      const around = { x: left - 2, y: high - 2, width: right - left + 4, height: low - high + 4 };
      this.marker.replaceChildren(
        svg("rect", { class: "hepnb-cell hepnb-outer", ...around }),
        svg("rect", { class: "hepnb-cell", ...size }),
      );
      return;
    }
    const middle = (left + right) / 2;
    const [floor, top] = y.range;
    const dots = drawing.curves.flatMap((curve, at) => {
      const value = curve.values[i] ?? Number.NaN;
      if (Number.isNaN(value)) return [];
      const cy = Math.max(top, value <= y.domain[0] ? floor : y(value));
      return [svg("circle", { class: `hepnb-dot ${colour(at)}`, cx: middle, cy, r: 3.5 })];
    });
    const line = { x1: middle, x2: middle, y1: box.y, y2: bottom };
    this.marker.replaceChildren(svg("line", { class: "hepnb-cross", ...line }), ...dots);
  }
}

const HINT = "Drag to zoom in, double click for the whole range.";
