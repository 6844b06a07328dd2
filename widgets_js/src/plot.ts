// The picture of a histogram: frame, ticks, labels, curves, and what pointer and keys do on it.

import { type Cursor, cursorText, nearestBin } from "./cursor";
import { drawCurves } from "./curves";
import { el, setText, svg } from "./dom";
import type { Axis, Look, Picture, Runs } from "./picture";
import { linearTicks, logTicks, makeScale, type Scale, type Ticks, yDomain } from "./ticks";

const LEFT = 66;
const RIGHT = 18;
const TOP = 24;
const BOTTOM = 48;

export interface PlotEvents {
  /** The x range between two coordinates was chosen. */
  zoom(low: number, high: number): void;
  reset(): void;
}

export class Plot {
  readonly node: HTMLElement;
  private readonly canvas = svg("svg", { class: "hepnb-svg", role: "img" });
  private readonly readout = el("div", { class: "hepnb-readout" });
  private readonly marker = svg("g", { class: "hepnb-marker" });
  private readonly brush = svg("rect", { class: "hepnb-brush", visibility: "hidden" });
  private picture: Picture | undefined;
  private axis: Axis | undefined;
  private look: Look = { logx: null, logy: false, errors: true };
  private x: Scale = makeScale([0, 1], [0, 1], false);
  private y: Scale = makeScale([0, 1], [1, 0], false);
  private cursor = -1;
  private from: number | null = null;
  private width = 0;
  private readonly observer: ResizeObserver;

  constructor(private readonly events: PlotEvents) {
    const stage = el(
      "div",
      {
        class: "hepnb-plot",
        tabindex: "0",
        role: "group",
        "aria-label": "Histogram: arrow keys move over the bins, Escape shows the whole range",
      },
      this.canvas,
    );
    this.node = el("div", {}, stage, this.readout);
    this.listen(stage);
    this.observer = new ResizeObserver(() => {
      const width = stage.clientWidth; // drawing changes the height, and must not call for itself
      if (width !== this.width) requestAnimationFrame(() => this.draw());
    });
    this.observer.observe(stage);
  }

  show(picture: Picture, axis: Axis | undefined, look: Look): void {
    this.picture = picture;
    this.axis = axis;
    this.look = look;
    this.draw();
  }

  close(): void {
    this.observer.disconnect();
  }

  /** Whether x is drawn logarithmically: as asked, or as the bins are. */
  get logx(): boolean {
    const { picture, look } = this;
    if (!picture || picture.items.length > 0 || !((picture.edges[0] ?? 0) > 0)) return false;
    return look.logx ?? picture.log;
  }

  private draw(): void {
    const { picture, look } = this;
    if (!picture) return;
    this.width = this.canvas.parentElement?.clientWidth ?? 0;
    const width = Math.max(240, this.width || 640);
    const height = Math.round(Math.min(400, Math.max(240, width * 0.5)));
    const { edges } = picture;
    const domain: [number, number] = [edges[0] ?? 0, edges[edges.length - 1] || 1];
    this.x = makeScale(domain, [LEFT, width - RIGHT], this.logx);
    const range = yDomain(...extremes(picture, look.errors), look.logy);
    this.y = makeScale(range, [height - BOTTOM, TOP], look.logy);
    this.canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.canvas.setAttribute("height", String(height));
    this.canvas.setAttribute("aria-label", describe(picture));
    const box = {
      x: LEFT,
      y: TOP,
      width: width - LEFT - RIGHT,
      height: height - TOP - BOTTOM,
    };
    this.canvas.replaceChildren(
      drawCurves(picture, this.x, this.y, look.errors),
      svg("rect", { class: "hepnb-frame", ...box }),
      xAxis(picture, this.x, box, this.logx),
      yAxis(this.y, box, look.logy),
      label(picture.xlabel, { x: width - RIGHT, y: height - 8, "text-anchor": "end" }),
      label(picture.ylabel, {
        transform: `translate(14 ${TOP}) rotate(-90)`,
        "text-anchor": "end",
      }),
      this.brush,
      this.marker,
    );
    this.brush.setAttribute("y", String(TOP));
    this.brush.setAttribute("height", String(box.height));
    if (this.cursor >= edges.length - 1) this.cursor = -1;
    this.mark(false);
  }

  private listen(stage: HTMLElement): void {
    const place = (event: PointerEvent) => event.clientX - this.canvas.getBoundingClientRect().left;
    stage.addEventListener("pointermove", (event) => {
      this.cursor = this.picture ? nearestBin(this.picture.edges, this.x, place(event)) : -1;
      this.mark(false);
      if (this.from !== null) this.drag(this.from, place(event));
    });
    stage.addEventListener("pointerleave", () => {
      this.cursor = -1;
      this.mark(false);
    });
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.picture || this.picture.items.length > 0) return;
      this.from = place(event);
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointerup", (event) => {
      const { from } = this;
      this.from = null;
      this.brush.setAttribute("visibility", "hidden");
      if (from === null || Math.abs(place(event) - from) < 5) return;
      const [low, high] = [from, place(event)].sort((a, b) => a - b) as [number, number];
      this.events.zoom(this.x.invert(low), this.x.invert(high));
    });
    stage.addEventListener("pointercancel", () => {
      this.from = null;
      this.brush.setAttribute("visibility", "hidden");
    });
    stage.addEventListener("dblclick", () => this.events.reset());
    stage.addEventListener("keydown", (event) => this.key(event));
  }

  private key(event: KeyboardEvent): void {
    const bins = (this.picture?.edges.length ?? 1) - 1;
    const step = event.shiftKey ? Math.max(1, Math.round(bins / 20)) : 1;
    const moves: Record<string, number> = {
      ArrowRight: this.cursor + step,
      ArrowLeft: this.cursor < 0 ? bins - 1 : this.cursor - step,
      Home: 0,
      End: bins - 1,
    };
    const target = moves[event.key];
    if (event.key === "Escape") this.events.reset();
    else if (target === undefined) return;
    else {
      this.cursor = Math.min(bins - 1, Math.max(0, target));
      this.mark(true);
    }
    event.preventDefault();
  }

  private drag(from: number, to: number): void {
    const [low = 0, high = 0] = this.x.range;
    const inside = (value: number) => Math.min(high, Math.max(low, value));
    const [left, right] = [inside(from), inside(to)].sort((a, b) => a - b) as [number, number];
    this.brush.setAttribute("x", String(left));
    this.brush.setAttribute("width", String(right - left));
    this.brush.setAttribute("visibility", "visible");
  }

  /** Show the cursor; `spoken` when keys moved it, so that a screen reader says the bin. */
  private mark(spoken: boolean): void {
    const { picture, cursor } = this;
    this.readout.setAttribute("aria-live", spoken ? "polite" : "off");
    if (!picture || cursor < 0) {
      this.marker.replaceChildren();
      setText(this.readout, HINT);
      return;
    }
    const at: Cursor = { bin: cursor, picture, axis: this.axis };
    setText(this.readout, cursorText(at));
    const middle =
      (this.x(picture.edges[cursor] ?? 0) + this.x(picture.edges[cursor + 1] ?? 0)) / 2;
    const [bottom = 0, top = 0] = this.y.range;
    const dots = picture.curves.map((curve, i) => {
      const value = curve.values[cursor] ?? 0;
      const low = this.y.domain[0] ?? 0;
      const cy = value <= low ? bottom : this.y(value);
      return svg("circle", { class: `hepnb-dot hepnb-c${i % 8}`, cx: middle, cy, r: 3.5 });
    });
    this.marker.replaceChildren(
      svg("line", { class: "hepnb-cross", x1: middle, x2: middle, y1: top, y2: bottom }),
      ...dots,
    );
  }
}

const HINT = "Drag to zoom in, double click for the whole range.";

function* values(picture: Picture, errors: boolean, sign: 1 | -1): Generator<number> {
  for (const { values, errors: spread, low } of picture.curves) {
    const source = sign < 0 && low ? low : values;
    for (let i = 0; i < source.length; i += 1) {
      const value = source[i] ?? 0;
      const reach = value + sign * (errors && spread ? (spread[i] ?? 0) : 0);
      yield sign < 0 && value > 0 && reach <= 0 ? value : reach;
    }
  }
}

function extremes(picture: Picture, errors: boolean): [Iterable<number>, Iterable<number>] {
  return [values(picture, errors, -1), values(picture, errors, 1)];
}

function describe({ xlabel, ylabel, edges, curves }: Picture): string {
  const text = (runs: Runs) => runs.map(([part]) => part).join("");
  const names = curves.map((curve) => curve.label).filter((name) => name !== "");
  const of = names.length > 0 ? `, curves: ${names.join(", ")}` : "";
  return `${text(ylabel)} against ${text(xlabel)}, ${edges.length - 1} bins${of}`;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function xAxis(picture: Picture, x: Scale, box: Box, log: boolean): SVGElement {
  const bottom = box.y + box.height;
  const group = svg("g", { class: "hepnb-axis" });
  if (picture.items.length > 0) {
    const room = box.width / picture.items.length;
    const every = Math.max(1, Math.ceil(44 / room));
    picture.items.forEach((item, i) => {
      if (i % every !== 0) return;
      const most = Math.max(3, Math.floor((room * every) / 7));
      const text = item.length > most ? `${item.slice(0, most - 1)}…` : item;
      const at = { x: x(i + 0.5), y: bottom + 17, "text-anchor": "middle" };
      group.append(svg("text", at, svg("title", {}, item), text));
    });
    return group;
  }
  const domain = x.domain;
  const about = Math.max(3, Math.round(box.width / 80));
  const ticks = log ? logTicks(domain, about) : linearTicks(domain, about, false);
  const path = (values: number[], size: number) =>
    values.map((v) => `M${x(v).toFixed(1)} ${bottom}v${-size}`).join("");
  group.append(svg("path", { d: path(ticks.minor, 4) + path(positions(ticks), 8) }));
  let free = Number.NEGATIVE_INFINITY;
  for (const { value, text } of ticks.major) {
    const half = text.length * 3.6;
    if (x(value) - half < free) continue;
    free = x(value) + half + 6;
    group.append(svg("text", { x: x(value), y: bottom + 17, "text-anchor": "middle" }, text));
  }
  return group;
}

function yAxis(y: Scale, box: Box, log: boolean): SVGElement {
  const domain = y.domain;
  const about = Math.max(3, Math.round(box.height / 45));
  const ticks = log ? logTicks(domain, about) : linearTicks(domain, about, true);
  const group = svg("g", { class: "hepnb-axis" });
  const path = (values: number[], size: number) =>
    values.map((v) => `M${box.x} ${y(v).toFixed(1)}h${size}`).join("");
  group.append(svg("path", { d: path(ticks.minor, 4) + path(positions(ticks), 8) }));
  for (const { value, text } of ticks.major) {
    group.append(svg("text", { x: box.x - 6, y: y(value) + 4, "text-anchor": "end" }, text));
  }
  if (ticks.factor) group.append(svg("text", { x: box.x, y: box.y - 8 }, ticks.factor));
  return group;
}

function positions(ticks: Ticks): number[] {
  return ticks.major.map(({ value }) => value);
}

function label(runs: Runs, attributes: Record<string, string | number>): SVGElement {
  const text = svg("text", { class: "hepnb-label", ...attributes });
  let level = 0;
  for (const [part, wanted] of runs) {
    const dy = `${((level - wanted) * 0.35).toFixed(2)}em`;
    text.append(svg("tspan", { dy, "font-size": wanted === 0 ? undefined : "75%" }, part));
    level = wanted;
  }
  return text;
}
