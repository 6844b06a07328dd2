// One bin of a dense axis: a slider, its edges, and a typed coordinate or number.

import { el, setText } from "./dom";
import { binTyped } from "./limits";
import { short } from "./ticks";
import { typedField } from "./typed";
import type { Axis, Step } from "./view";

/** `[10, 20) GeV`, or the number itself where bins are whole numbers. */
function binName(axis: Axis, bin: number): string {
  const unit = axis.unit ? ` ${axis.unit}` : "";
  const [low, high] = [axis.edges[bin] ?? 0, axis.edges[bin + 1] ?? 0];
  if (axis.discrete && high - low === 1) return `${short(low)}${unit}`;
  return `[${short(low)}, ${short(high)})${unit}`;
}

export function binControl(axis: Axis, changed: (bin: number) => void) {
  const slider = el("input", {
    type: "range",
    class: "hepnb-handle",
    min: 0,
    max: Math.max(0, axis.size - 1),
    step: 1,
    "aria-label": `${axis.name}: bin`,
  });
  const said = el("span", { class: "hepnb-binname" });
  const field = typedField(
    `${axis.name}: bin, typed`,
    "a coordinate in the bin, or #12 for the bin with that number",
    "hepnb-limit",
    (text) => {
      const bin = binTyped(text, axis);
      if ("problem" in bin) return bin.problem;
      place(bin.value);
      changed(bin.value);
      return "";
    },
  );
  const paint = (over: boolean) => {
    const text = binName(axis, Number(slider.value));
    setText(said, text);
    slider.setAttribute("aria-valuetext", text);
    field.show(`#${slider.value}`, over);
  };
  const place = (bin: number) => {
    slider.value = String(bin);
    paint(false);
  };
  slider.addEventListener("input", () => {
    paint(true);
    changed(Number(slider.value));
  });
  const set = (step: Step) => place(step.bin ?? 0);
  const track = el(
    "div",
    { class: "hepnb-slider hepnb-single" },
    el("div", { class: "hepnb-track" }),
    slider,
  );
  const node = el("div", { class: "hepnb-range" }, field.input, track, said, field.told);
  return { node, set };
}
