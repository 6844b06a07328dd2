// The Python expression of a view, for a page without a kernel and for the moment until the kernel
// has answered: the same text that hepnb/widgets/hist_code.py writes.

import { isCurves, type Resolved, same } from "./resolve";
import { type Axis, choices, type Item } from "./view";

type Piece = [Axis, string];

/** The expression of what is shown, with `base` as the source text of the histogram. */
export function expression(base: string, axes: Axis[], steps: Resolved[]): string {
  const pairs = axes.map((axis, i) => ({ axis, step: steps[i] as Resolved }));
  const index: Piece[] = [];
  const summed: Piece[] = [];
  const later: Piece[] = [];
  let kept: Axis[] = [];
  for (const { axis, step } of pairs) {
    const text = piece(axis, step);
    if (text !== null) index.push([axis, text]);
    else if (step.role === "sum") summed.push([axis, "sum"]);
    if (isShown(step)) {
      kept.push(axis);
      if (step.cuts.length > 0 && (step.start > 0 || step.stop < axis.size))
        later.push([axis, `slice(None, None, ${groups(step)})`]);
    } else if (step.role === "pick" && step.items.length > 1) {
      kept.push(axis);
      if (axis.flow[1] && !isBoolean(axis)) later.push([axis, "slice(0, len, sum)"]);
    }
  }
  let out = base;
  if (index.length > 0) {
    const places = new Map(axes.map((axis, i) => [axis, i]));
    const place = ([axis]: Piece) => places.get(axis) ?? 0;
    const all = [...index, ...summed].sort((a, b) => place(a) - place(b));
    out += move(all, (axis) => quoted(axis, axis.index));
  } else kept = [...axes];
  if (later.length > 0) out += move(later, (axis) => key(axis, kept));
  const shown = (["x", "y", "overlay", "stack"] as const).flatMap((role) =>
    pairs.filter(({ step }) => step.role === role).map(({ axis }) => axis),
  );
  const gone = later.map(([axis]) => axis);
  kept = kept.filter((axis) => shown.includes(axis) || !gone.includes(axis));
  const said = same(shown, kept) && (index.length > 0 || kept.length === 1);
  if (!said) out += `.project(${shown.map((axis) => key(axis, kept)).join(", ")})`;
  else if (index.length === 0) out += "[:]";
  return out.includes('"') || out.includes("\\") ? out : out.replaceAll("'", '"');
}

function isShown({ role }: Resolved): boolean {
  return role === "x" || role === "y" || isCurves(role);
}

const isBoolean = (axis: Axis) => typeof axis.items[0] === "boolean";

function move(pieces: Piece[], name: (axis: Axis) => string): string {
  return `[{${pieces.map(([axis, text]) => `${name(axis)}: ${text}`).join(", ")}}]`;
}

/** The axis once others are gone: one without a name has moved up. */
function key(axis: Axis, kept: Axis[]): string {
  return typeof axis.index === "string" ? quoted(axis, axis.index) : String(kept.indexOf(axis));
}

function piece(axis: Axis, step: Resolved): string | null {
  const { role, start, stop } = step;
  if (role === "sum") return step.flow ? null : "slice(0, len, sum)";
  if (role === "bin") return edge(axis, start);
  if (!axis.dense) return categories(axis, step);
  if (role === "range") {
    const low = start === 0 ? "0" : edge(axis, start);
    const high = stop === axis.size ? "len" : edge(axis, stop);
    return `slice(${low}, ${high}, sum)`;
  }
  const whole = start === 0 && stop === axis.size;
  if (whole && step.rebin === 1 && step.cuts.length === 0) return null;
  const parts = [
    start === 0 ? "None" : edge(axis, start),
    stop === axis.size ? "None" : edge(axis, stop),
  ];
  if (step.cuts.length > 0 && whole) parts.push(groups(step));
  else if (step.rebin > 1) parts.push(`${step.rebin}j`);
  return `slice(${parts.join(", ")})`;
}

function groups({ cuts }: Resolved): string {
  const sizes = cuts.slice(1).map((cut, i) => cut - (cuts[i] ?? 0));
  return `hist.rebin(groups=[${sizes.join(", ")}])`;
}

function categories(axis: Axis, step: Resolved): string | null {
  const { role, items } = step;
  if (isBoolean(axis) && (role !== "pick" || items.length > 1)) return null;
  const [first] = items;
  if (role === "pick" && items.length === 1 && first !== undefined) return quoted(axis, first, "j");
  if (role !== "pick" && same(items, choices(axis))) return null;
  return `[${items.map((item) => quoted(axis, item, "j")).join(", ")}]`;
}

/** An edge as the kernel writes it, or its number where there are too many to write. */
function edge(axis: Axis, i: number): string {
  return axis.texts?.[i] ?? String(i);
}

/** Python's `repr`: of plain names by a rule, of all others as the kernel sent it. */
function quoted(axis: Axis, item: Item, suffix = ""): string {
  if (item === true) return "True";
  if (item === false) return "False";
  if (typeof item === "number") return `${item}${suffix}`;
  return axis.quoted[item] ?? `'${item}'`;
}
