// A slider with two handles that stand on bin edges, and typed limits beside it.

import { el, setAttribute } from "./dom";
import { edgeTyped } from "./limits";
import { short } from "./ticks";
import { typedField } from "./typed";
import type { Axis } from "./view";

export interface RangeControl {
  node: HTMLElement;
  set(start: number, stop: number): void;
}

/** `moved` gets bins [start, stop). */
export function rangeControl(
  axis: Axis,
  moved: (start: number, stop: number) => void,
): RangeControl {
  const unit = axis.unit ? ` ${axis.unit}` : "";
  const text = (edge: number) => short(axis.edges[edge] ?? 0);
  const handle = (side: string) =>
    el("input", {
      type: "range",
      min: 0,
      max: axis.size,
      step: 1,
      class: "hepnb-handle",
      "aria-label": `${axis.name}, ${side} limit`,
    });
  const [low, high] = [handle("lower"), handle("upper")];
  const entry = (side: "low" | "high") =>
    typedField(
      `${axis.name}, ${side === "low" ? "lower" : "upper"} limit, typed`,
      "a coordinate, or #12 for the edge with that number; empty for the end of the axis",
      "hepnb-limit",
      (typed) => {
        const edge = edgeTyped(typed, axis, side);
        if ("problem" in edge) return edge.problem;
        const start = side === "low" ? edge.value : Number(low.value);
        const stop = side === "high" ? edge.value : Number(high.value);
        if (start >= stop)
          return side === "low" ? "not below the upper limit" : "not above the lower limit";
        place(start, stop);
        moved(start, stop);
        return "";
      },
    );
  const [from, to] = [entry("low"), entry("high")];
  const track = el("div", { class: "hepnb-track" });
  const slider = el("div", { class: "hepnb-slider" }, track, low, high);
  const paint = (over: boolean) => {
    const [start, stop] = [Number(low.value), Number(high.value)];
    track.style.setProperty("--hepnb-from", `${(100 * start) / axis.size}%`);
    track.style.setProperty("--hepnb-to", `${(100 * stop) / axis.size}%`);
    low.style.zIndex = start > axis.size / 2 ? "2" : "1"; // both at the end: the lower one moves
    setAttribute(low, "aria-valuetext", `${text(start)}${unit}`);
    setAttribute(high, "aria-valuetext", `${text(stop)}${unit}`);
    from.show(text(start), over);
    to.show(text(stop), over);
  };
  const place = (start: number, stop: number) => {
    if (low.value !== String(start)) low.value = String(start);
    if (high.value !== String(stop)) high.value = String(stop);
    paint(false);
  };
  low.addEventListener("input", () => {
    if (Number(low.value) >= Number(high.value)) low.value = String(Number(high.value) - 1);
    paint(true);
    moved(Number(low.value), Number(high.value));
  });
  high.addEventListener("input", () => {
    if (Number(high.value) <= Number(low.value)) high.value = String(Number(low.value) + 1);
    paint(true);
    moved(Number(low.value), Number(high.value));
  });
  // a press beside the handles calls the nearer one
  slider.addEventListener("pointerdown", (event) => {
    if (event.target !== slider && event.target !== track) return;
    const { left, width } = track.getBoundingClientRect();
    const edge = Math.round((axis.size * (event.clientX - left)) / width);
    const [start, stop] = [Number(low.value), Number(high.value)];
    const called = Math.abs(edge - start) < Math.abs(edge - stop) ? low : high;
    called.value = String(edge);
    called.dispatchEvent(new Event("input"));
    event.preventDefault();
    called.focus();
  });
  place(0, axis.size);
  const node = el(
    "div",
    { class: "hepnb-range", role: "group", "aria-label": `Range of ${axis.name}` },
    from.input,
    slider,
    to.input,
    el("span", { class: "hepnb-faint" }, axis.unit),
    from.told,
    to.told,
  );
  return { node, set: place };
}
