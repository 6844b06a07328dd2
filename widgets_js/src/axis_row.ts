// One row of controls per axis: what is done with it, and the control that fits.

import { el } from "./dom";
import { flows, type ItemsOptions, items } from "./items";
import { rangeControl } from "./range";
import { rebinControl } from "./rebin";
import { isCurves } from "./resolve";
import { begun, type Choice, choiceOf, offers } from "./roles";
import { binControl } from "./single_bin";
import { type Axis, binsOf, MANY, rangeOf, type Step } from "./view";

export interface AxisRow {
  node: HTMLElement;
  /** Show a step. The same step again touches nothing: no focus, caret or half-typed value. */
  set(step: Step): void;
  /** Take an axis in place of the one before; false if it is another one. */
  grow(axis: Axis): boolean;
}

interface Control {
  node: HTMLElement;
  set(step: Step): void;
  grow?(axis: Axis): void;
  open?(): void;
}

const MOST = 64; // curves that can still be told apart, with luck

/** `changed` gets the step a person chose. */
export function axisRow(axis: Axis, step: Step, changed: (step: Step) => void): AxisRow {
  let now = axis;
  let last = step;
  const select = el(
    "select",
    { class: "hepnb-select hepnb-role", "aria-label": `${axis.name}: what to do` },
    ...offers(axis).map(([choice, text]) => el("option", { value: choice }, text)),
  );
  const place = el("div", { class: "hepnb-control" });
  const node = el(
    "div",
    { class: "hepnb-axisrow", role: "group", "aria-label": axis.name, "data-axis": axis.key },
    el("bdi", { class: "hepnb-axisname", title: axis.name }, ...labelNodes(axis)),
    select,
    place,
  );
  let choice: Choice | undefined;
  let control: Control | undefined;
  const tell = (chosen: Step) => {
    last = chosen;
    changed(chosen);
  };
  const build = (wanted: Choice) => {
    if (choice === wanted) return;
    choice = wanted;
    control = controlFor(now, wanted, tell);
    place.replaceChildren(...(control ? [control.node] : []));
    node.dataset.role = wanted;
  };
  select.addEventListener("change", () => {
    const wanted = select.value as Choice;
    const begins = begun(now, wanted, last);
    build(wanted);
    control?.set(begins);
    control?.open?.();
    tell(begins);
  });
  const set = (wanted: Step) => {
    const kind = choiceOf(wanted, choice);
    last = wanted;
    if (select.value !== kind) select.value = kind;
    build(kind);
    control?.set(wanted);
  };
  const grow = (wider: Axis) => {
    if (!grown(now, wider)) return false;
    if (wider.size === now.size) return true;
    const fits = flows(now) === flows(wider) && control?.grow;
    now = wider;
    if (fits) control?.grow?.(wider);
    else {
      choice = undefined;
      set(last);
    }
    return true;
  };
  set(step);
  return { node, set, grow };
}

/** Whether an axis is the one before, perhaps with more categories at its end. */
function grown(before: Axis, now: Axis): boolean {
  if (before === now) return true;
  const same = (["key", "name", "unit", "dense", "circular", "discrete"] as const).every(
    (word) => before[word] === now[word],
  );
  if (!same || before.edges.length !== now.edges.length || now.size < before.size) return false;
  if (String(before.flow) !== String(now.flow)) return false;
  return (
    before.edges.every((edge, at) => edge === now.edges[at]) &&
    before.items.every((item, at) => item === now.items[at])
  );
}

function labelNodes(axis: Axis): (Node | string)[] {
  return axis.label.map(([text, level]) =>
    level === 0 ? text : el(level < 0 ? "sub" : "sup", {}, text),
  );
}

function controlFor(
  axis: Axis,
  choice: Choice,
  changed: (step: Step) => void,
): Control | undefined {
  if (choice === "sum") return note(sumWords(axis));
  if (choice === "net") return note("");
  if (choice === "bin") return binControl(axis, (bin) => changed({ as: "bin", bin }));
  if (choice === "range") return rangeOnly(axis, changed);
  const as = choice === "one" ? "pick" : choice;
  const curves = isCurves(as);
  if (!axis.dense || curves) {
    const options: ItemsOptions = {
      single: choice === "one",
      orders: as !== "pick",
      first: as === "x" || as === "y" ? Number.POSITIVE_INFINITY : MANY,
      most: curves ? MOST : Number.POSITIVE_INFINITY,
    };
    return items(axis, options, (chosen) => changed({ as, items: chosen }));
  }
  return drawn(axis, as === "y" ? "y" : "x", changed);
}

function note(text: string): Control {
  return { node: el("span", { class: "hepnb-faint" }, text), set: () => {} };
}

function sumWords({ dense, flow: [under, over] }: Axis): string {
  if (!under && !over) return "";
  if (!dense) return "with what is in no category";
  return under && over ? "with under- and overflow" : under ? "with underflow" : "with overflow";
}

function rangeOnly(axis: Axis, changed: (step: Step) => void): Control {
  const range = rangeControl(axis, (start, stop) =>
    changed({ as: "range", range: rangeOf(axis, start, stop) }),
  );
  return { node: range.node, set: (step) => range.set(...binsOf(step, axis)) };
}

/** The x or y axis: its range, and how its bins are merged. */
function drawn(axis: Axis, as: "x" | "y", changed: (step: Step) => void): Control {
  let now: Step = { as, range: null, rebin: 1 };
  const change = (part: Partial<Step>) => {
    now = { ...now, ...part, as };
    set(now);
    changed(now);
  };
  const rebin = rebinControl(axis, (wanted) =>
    change(typeof wanted === "number" ? { rebin: wanted } : { rebin: wanted, range: null }),
  );
  const range = rangeControl(axis, (start, stop) =>
    change({ range: rangeOf(axis, start, stop), rebin: fitting(stop - start) }),
  );
  const fitting = (bins: number) =>
    typeof now.rebin === "number" && now.rebin > bins ? 1 : (now.rebin ?? 1);
  const set = (step: Step) => {
    now = step;
    const [start, stop] = binsOf(step, axis);
    range.set(start, stop);
    rebin.set(step.rebin ?? 1, stop - start);
  };
  if (axis.circular) return { node: el("span", { class: "hepnb-faint" }, "the whole circle"), set };
  const parts = axis.discrete ? [range.node] : [range.node, rebin.node];
  return { node: el("div", { class: "hepnb-drawn" }, ...parts), set };
}
