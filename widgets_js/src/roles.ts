// What can be done with an axis, in the words of the chooser, and what follows for the others.

import { isCurves } from "./resolve";
import { type Axis, type Role, roles, type Step, type View } from "./view";

/** A role, with `pick` and `sum` each in two kinds: one category or several, with flow or without. */
export type Choice = Role | "one" | "net";

const WORDS: Record<Choice, string> = {
  x: "x axis",
  y: "y axis",
  overlay: "overlay",
  stack: "stack",
  range: "range, summed",
  bin: "one bin",
  one: "one",
  pick: "several, summed",
  sum: "sum of all",
  net: "sum without flow",
};

/** The entries of the chooser. */
export function offers(axis: Axis): [Choice, string][] {
  const flow = axis.flow[0] || axis.flow[1];
  const kinds = (role: Role): Choice[] => {
    if (role === "pick") return ["one", "pick"];
    return role === "sum" && flow ? ["sum", "net"] : [role];
  };
  return roles(axis)
    .flatMap(kinds)
    .map((choice) => [choice, WORDS[choice]]);
}

/** The chooser's entry for a step; several categories stay so when one of them is left. */
export function choiceOf(step: Step, before?: Choice): Choice {
  if (step.as === "sum") return step.flow === false ? "net" : "sum";
  if (step.as !== "pick") return step.as;
  return (step.items?.length ?? 0) === 1 && before !== "pick" ? "one" : "pick";
}

/** What a choice starts with; the range or the categories of the step before stay. */
export function begun(axis: Axis, choice: Choice, before: Step): Step {
  const range = before.range ?? null;
  const items = before.items?.length ? before.items : null;
  if (choice === "sum") return { as: "sum" };
  if (choice === "net") return { as: "sum", flow: false };
  if (choice === "one") return { as: "pick", items: (items ?? axis.items).slice(0, 1) };
  if (choice === "pick") return { as: "pick", items: items ?? axis.items.slice(0, 2) };
  if (choice === "bin") return { as: "bin", bin: 0 };
  if (choice === "range") return { as: "range", range };
  if (choice === "overlay" || choice === "stack") {
    const kept = isCurves(before.as) || before.as === "pick";
    return { as: choice, items: kept && (items?.length ?? 0) > 1 ? items : null };
  }
  if (!axis.dense) return { as: choice, items: before.as === "pick" ? null : items };
  return { as: choice, range, rebin: before.rebin ?? 1 };
}

/**
 * The whole view after one axis changed: one x, at most one y, and no y beside an overlay. The axis
 * that held the role before takes the one left, or is summed (`left`).
 */
export function settled(axes: Axis[], view: View, key: string, step: Step): View {
  const out: View = { ...view, [key]: step };
  const was = view[key]?.as;
  const others = axes.filter((axis) => axis.key !== key);
  for (const axis of others) {
    const other = axis.key;
    const now = out[other];
    if (!now || !clash(now.as, step.as)) continue;
    const swapped = (was === "x" || was === "y") && (now.as === "x" || now.as === "y");
    out[other] = swapped ? { ...now, as: was } : left(axis);
  }
  if (axes.some((axis) => out[axis.key]?.as === "x")) return out;
  const second = others.find((axis) => out[axis.key]?.as === "y");
  const y = second && out[second.key];
  if (y) out[second.key] = { ...y, as: "x" };
  else {
    const free = others.filter((axis) => out[axis.key]?.as === "sum");
    const next = best(free.length > 0 ? free : others);
    if (!next) return view; // the one axis there is stays x
    out[next.key] = begun(next, "x", { as: "sum" });
  }
  return out;
}

/** What is done with an axis that nobody speaks of; `_left` in `hist_view.py` is the same. */
function left({ key, items }: Axis): Step {
  const varied = key === "variation" && items.includes("nominal");
  return varied ? { as: "pick", items: ["nominal"] } : { as: "sum" };
}

function clash(one: Role, other: Role): boolean {
  if (isCurves(one)) return isCurves(other) || other === "y";
  return (one === "x" || one === "y") && (one === other || (one === "y" && isCurves(other)));
}

/** The axis one most likely wants to see: dense, and of many bins. */
function best(axes: Axis[]): Axis | undefined {
  return [...axes].sort((a, b) => Number(b.dense) - Number(a.dense) || b.size - a.size)[0];
}
