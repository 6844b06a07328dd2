// One row of controls per axis: what is done with it, and the control that fits.

import { el, onEntered, setText } from "./dom";
import { items, one } from "./items";
import { type Axis, binsOf, rangeOf, type Step } from "./picture";
import { rangeControl } from "./range";
import { short } from "./ticks";

export interface AxisRow {
  node: HTMLElement;
  set(step: Step): void;
}

type Mode = Step["as"] | "several";

const DENSE: [Mode, string][] = [
  ["x", "x axis"],
  ["range", "range, summed"],
  ["bin", "one bin"],
  ["sum", "sum of all"],
];
const CATEGORY: [Mode, string][] = [
  ["x", "x axis"],
  ["overlay", "overlay"],
  ["pick", "one"],
  ["several", "several, summed"],
  ["sum", "sum of all"],
];
const MANY = 8;

/** `changed` gets the step a person chose. */
export function axisRow(axis: Axis, changed: (step: Step) => void): AxisRow {
  const modes = axis.dense
    ? DENSE.filter(([mode]) => !axis.circular || mode !== "range")
    : CATEGORY;
  const select = el(
    "select",
    { class: "hepnb-select", "aria-label": `${axis.name}: what to do` },
    ...modes.map(([mode, text]) => el("option", { value: mode }, text)),
  );
  const place = el("div", { class: "hepnb-control" });
  const name = el("span", { class: "hepnb-axisname", title: axis.name }, ...labelNodes(axis));
  const node = el(
    "div",
    { class: "hepnb-axisrow", role: "group", "aria-label": axis.name, "data-axis": axis.key },
    name,
    select,
    place,
  );
  let mode: Mode | undefined;
  let control: { node: HTMLElement; set(step: Step): void } | undefined;
  const build = (wanted: Mode) => {
    if (mode === wanted) return;
    mode = wanted;
    control = controlFor(axis, wanted, changed);
    place.replaceChildren(control.node);
  };
  select.addEventListener("change", () => {
    const wanted = select.value as Mode;
    build(wanted);
    const step = initial(axis, wanted);
    control?.set(step);
    changed(step);
  });
  const set = (step: Step) => {
    const stays = mode === "several" && step.as === "pick";
    const several = step.as === "pick" && (step.items?.length ?? 0) > 1;
    const wanted: Mode = stays || several ? "several" : step.as;
    select.value = wanted;
    build(wanted);
    control?.set(step);
  };
  return { node, set };
}

function labelNodes(axis: Axis): (Node | string)[] {
  return axis.label.map(([text, level]) =>
    level === 0 ? text : el(level < 0 ? "sub" : "sup", {}, text),
  );
}

/** What a role starts with. */
export function initial(axis: Axis, mode: Mode): Step {
  if (mode === "several") return { as: "pick", items: axis.items.slice(0, 2) };
  if (mode === "pick") return { as: "pick", items: axis.items.slice(0, 1) };
  if (mode === "bin") return { as: "bin", bin: 0 };
  if (mode === "overlay") return { as: "overlay", items: null };
  if (mode === "range") return { as: "range", range: null };
  if (mode === "x")
    return axis.dense ? { as: "x", range: null, rebin: 1 } : { as: "x", items: null };
  return { as: "sum" };
}

function controlFor(axis: Axis, mode: Mode, changed: (step: Step) => void) {
  if (mode === "sum") return sumControl(axis);
  if (mode === "pick") return one(axis, (items) => changed({ as: "pick", items }));
  if (mode === "bin") return binControl(axis, (bin) => changed({ as: "bin", bin }));
  if (!axis.dense) {
    const as = mode === "several" ? "pick" : (mode as "x" | "overlay");
    const most = mode === "overlay" ? MANY : axis.items.length;
    return items(axis, most, (chosen) => changed({ as, items: chosen }));
  }
  return mode === "x" ? xControl(axis, changed) : summedControl(axis, changed);
}

function sumControl(axis: Axis): { node: HTMLElement; set(): void } {
  const [under, over] = axis.flow;
  const dense =
    under && over ? "with under- and overflow" : under ? "with underflow" : "with overflow";
  const text = !(under || over) ? "" : axis.dense ? dense : "with what is in no category";
  return { node: el("span", { class: "hepnb-faint" }, text), set: () => {} };
}

function summedControl(axis: Axis, changed: (step: Step) => void) {
  const range = rangeControl(
    axis,
    (start, stop) => changed({ as: "range", range: rangeOf(axis, start, stop) ?? null }),
    (low, high) => changed({ as: "range", range: [low, high] }),
  );
  const set = (step: Step) => range.set(...binsOf(step, axis));
  return { node: range.node, set };
}

function xControl(axis: Axis, changed: (step: Step) => void) {
  let now: Step = { as: "x", range: null, rebin: 1 };
  const change = (part: Partial<Step>) => {
    now = { ...now, ...part };
    changed(now);
  };
  const rebin = el("input", {
    type: "number",
    class: "hepnb-input hepnb-rebin",
    min: 1,
    max: axis.size,
    step: 1,
    "aria-label": `${axis.name}: bins merged into one`,
  });
  onEntered(rebin, () => {
    const wanted = Math.round(Number(rebin.value));
    const [start, stop] = binsOf(now, axis);
    change({ rebin: Math.min(Math.max(1, wanted || 1), stop - start) });
  });
  const range = rangeControl(
    axis,
    (start, stop) =>
      change({ range: rangeOf(axis, start, stop) ?? null, rebin: fitting(stop - start) }),
    (low, high) => change({ range: [low, high], rebin: 1 }),
  );
  const factor = () => (typeof now.rebin === "number" ? now.rebin : 1);
  const fitting = (bins: number) => Math.min(factor(), bins);
  const set = (step: Step) => {
    now = step;
    range.set(...binsOf(step, axis));
    if (document.activeElement !== rebin) rebin.value = String(factor());
  };
  if (axis.circular) range.node.hidden = true;
  if (axis.circular || axis.discrete) return { node: range.node, set };
  const label = el("label", { class: "hepnb-check" }, "rebin", rebin);
  return { node: el("div", { class: "hepnb-row" }, range.node, label), set };
}

function binControl(axis: Axis, changed: (bin: number) => void) {
  const slider = el("input", {
    type: "range",
    class: "hepnb-single",
    min: 0,
    max: Math.max(0, axis.size - 1),
    step: 1,
    "aria-label": `${axis.name}: bin`,
  });
  const said = el("span", { class: "hepnb-binname" });
  const paint = () => {
    const bin = Number(slider.value);
    const unit = axis.unit ? ` ${axis.unit}` : "";
    const [low, high] = [axis.edges[bin] ?? 0, axis.edges[bin + 1] ?? 0];
    const text =
      axis.discrete && high - low === 1 ? short(low) : `[${short(low)}, ${short(high)})${unit}`;
    setText(said, text);
    slider.setAttribute("aria-valuetext", text);
  };
  slider.addEventListener("input", () => {
    paint();
    changed(Number(slider.value));
  });
  const set = (step: Step) => {
    slider.value = String(step.bin ?? 0);
    paint();
  };
  return { node: el("div", { class: "hepnb-row hepnb-grow" }, slider, said), set };
}
