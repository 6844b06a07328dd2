// A slider with two handles that stand on bin edges, and typed limits beside it.

import { el, onEntered, setAttribute } from "./dom";
import type { Axis } from "./picture";
import { short } from "./ticks";

export interface RangeControl {
  node: HTMLElement;
  set(start: number, stop: number): void;
}

/** `moved` gets bins [start, stop) from the handles, `typed` coordinates or null for an open end. */
export function rangeControl(
  axis: Axis,
  moved: (start: number, stop: number) => void,
  typed: (low: number | null, high: number | null) => void,
): RangeControl {
  const unit = axis.unit ? ` ${axis.unit}` : "";
  const text = (edge: number) => `${short(axis.edges[edge] ?? 0)}${unit}`;
  const handle = (side: string) =>
    el("input", {
      type: "range",
      min: 0,
      max: axis.size,
      step: 1,
      class: "hepnb-handle",
      "aria-label": `${axis.name}, ${side} limit`,
    });
  const entry = (side: string) =>
    el("input", {
      type: "number",
      step: "any",
      class: "hepnb-input hepnb-limit",
      "aria-label": `${axis.name}, ${side} limit, typed`,
    });
  const [low, high, from, to] = [handle("lower"), handle("upper"), entry("lower"), entry("upper")];
  const track = el("div", { class: "hepnb-track" });
  const slider = el("div", { class: "hepnb-slider" }, track, low, high);
  let typing: HTMLInputElement | undefined; // what is half typed stays
  const paint = () => {
    const [start, stop] = [Number(low.value), Number(high.value)];
    track.style.setProperty("--hepnb-from", `${(100 * start) / axis.size}%`);
    track.style.setProperty("--hepnb-to", `${(100 * stop) / axis.size}%`);
    low.style.zIndex = start > axis.size / 2 ? "2" : "1"; // both at the end: the lower one moves
    setAttribute(low, "aria-valuetext", text(start));
    setAttribute(high, "aria-valuetext", text(stop));
    if (typing !== from) from.value = short(axis.edges[start] ?? 0);
    if (typing !== to) to.value = short(axis.edges[stop] ?? 0);
  };
  low.addEventListener("input", () => {
    if (Number(low.value) >= Number(high.value)) low.value = String(Number(high.value) - 1);
    paint();
    moved(Number(low.value), Number(high.value));
  });
  high.addEventListener("input", () => {
    if (Number(high.value) <= Number(low.value)) high.value = String(Number(low.value) + 1);
    paint();
    moved(Number(low.value), Number(high.value));
  });
  // what is not typed keeps its edge: the rounded number beside it may lie in the next bin
  const edge = (handle: HTMLInputElement, end: number) =>
    Number(handle.value) === end ? null : (axis.edges[Number(handle.value)] ?? null);
  const entered = (input: HTMLInputElement, end: number) => {
    const value = input.value === "" ? null : Number(input.value);
    return value !== null && short(value) === short(axis.edges[end] ?? 0) ? null : value;
  };
  for (const input of [from, to]) {
    input.addEventListener("input", () => {
      typing = input;
    });
    onEntered(input, () => {
      typing = undefined;
      if (input === from) typed(entered(from, 0), edge(high, axis.size));
      else typed(edge(low, 0), entered(to, axis.size));
    });
  }
  const set = (start: number, stop: number) => {
    low.value = String(start);
    high.value = String(stop);
    paint();
  };
  set(0, axis.size);
  const node = el(
    "div",
    { class: "hepnb-range", role: "group", "aria-label": `Range of ${axis.name}` },
    from,
    slider,
    to,
    el("span", { class: "hepnb-faint" }, axis.unit),
  );
  return { node, set };
}
