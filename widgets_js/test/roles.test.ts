import { expect, test } from "vitest";
import { begun, choiceOf, offers, settled } from "../src/roles";
import type { View } from "../src/view";
import { category, dense, regular } from "./axes";

const mass = regular("mass", 60, 60, 120);
const pt = regular("pt", 100, 0, 500);
const kind = category("kind", ["a", "b", "c"]);
const axes = [mass, pt, kind];
const view: View = {
  mass: { as: "x", range: [70, 110], rebin: 2 },
  pt: { as: "y", range: null, rebin: 5 },
  kind: { as: "sum" },
};
const words = (axis: Parameters<typeof offers>[0]) => offers(axis).map(([choice]) => choice);

test("the chooser offers what fits the axis", () => {
  expect(words(mass)).toEqual(["x", "y", "range", "bin", "sum", "net"]);
  expect(words(kind)).toEqual(["x", "y", "overlay", "stack", "one", "pick", "sum", "net"]);
  const phi = dense("phi", [-3, 0, 3], { circular: true, flow: [false, false] });
  expect(words(phi)).toEqual(["x", "y", "bin", "sum"]);
  const few = dense("n", [0, 1, 2], { discrete: true });
  expect(words(few)).toContain("stack");
  const tight = category("tight", [false, true], { flow: [false, false] });
  expect(words(tight)).toEqual(["x", "y", "overlay", "stack", "one", "pick", "sum"]);
});

test("an axis that takes a role gives its own to the one that held it", () => {
  const swapped = settled(axes, view, "pt", { as: "x", range: null, rebin: 5 });
  expect(swapped.mass).toEqual({ as: "y", range: [70, 110], rebin: 2 });
  const other = settled(axes, view, "mass", { as: "y", range: [70, 110], rebin: 2 });
  expect(other.pt).toEqual({ as: "x", range: null, rebin: 5 });
  expect(settled(axes, view, "kind", { as: "x", items: null }).mass).toEqual({ as: "sum" });
});

test("variations that lose their role show the nominal, not a sum of all", () => {
  const variation = category("variation", ["nominal", "jes_up", "jes_down"]);
  const over: View = { ...view, pt: { as: "sum" }, variation: { as: "overlay", items: null } };
  const next = settled([...axes, variation], over, "kind", { as: "overlay", items: null });
  expect(next.variation).toEqual({ as: "pick", items: ["nominal"] });
});

test("without an x the second axis takes it, else the summed one of most bins", () => {
  expect(settled(axes, view, "mass", { as: "sum" }).pt?.as).toBe("x");
  const one: View = { mass: { as: "x" }, pt: { as: "sum" }, kind: { as: "sum" } };
  expect(settled(axes, one, "mass", { as: "range", range: null }).pt?.as).toBe("x");
  expect(settled([mass], { mass: { as: "x" } }, "mass", { as: "sum" }).mass?.as).toBe("x");
});

test("a second axis and an overlay exclude each other, and there is one overlay", () => {
  expect(settled(axes, view, "kind", { as: "stack", items: null }).pt).toEqual({ as: "sum" });
  const over: View = { ...view, pt: { as: "sum" }, kind: { as: "overlay", items: ["a"] } };
  expect(settled(axes, over, "pt", { as: "y" }).kind).toEqual({ as: "sum" });
  const more = category("more", ["u", "v"]);
  const two = settled([...axes, more], over, "more", { as: "stack", items: null });
  expect(two.kind).toEqual({ as: "sum" });
});

test("every role can follow every other, and there is always one x", () => {
  const n = dense("n", [0, 1, 2, 3], { discrete: true });
  const all = [...axes, n, category("tight", [false, true])];
  let now: View = { mass: { as: "x" }, pt: { as: "sum" }, kind: { as: "sum" }, n: { as: "sum" } };
  now.tight = { as: "sum" };
  let seed = 7;
  for (let i = 0; i < 600; i += 1) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const axis = all[seed % all.length] ?? mass;
    const entries = offers(axis);
    const choice = entries[(seed >> 8) % entries.length]?.[0] ?? "sum";
    now = settled(all, now, axis.key, begun(axis, choice, now[axis.key] ?? { as: "sum" }));
    const held = Object.values(now).map((step) => step.as);
    expect(held.filter((as) => as === "x")).toHaveLength(1);
    expect(held.filter((as) => as === "y").length).toBeLessThanOrEqual(1);
    const curves = held.filter((as) => as === "overlay" || as === "stack").length;
    expect(curves).toBeLessThanOrEqual(held.includes("y") ? 0 : 1);
    for (const axis of all) {
      const step = now[axis.key] ?? { as: "sum" };
      expect(offers(axis).map(([word]) => word)).toContain(choiceOf(step));
    }
  }
});

test("a range and categories stay when the role changes", () => {
  const range = { as: "range" as const, range: [20, 50] as [number, number] };
  expect(begun(pt, "x", range)).toEqual({ as: "x", range: [20, 50], rebin: 1 });
  expect(begun(kind, "pick", { as: "overlay", items: ["c", "a"] }).items).toEqual(["c", "a"]);
  expect(choiceOf({ as: "pick", items: ["a"] })).toBe("one");
  expect(choiceOf({ as: "pick", items: ["a"] }, "pick")).toBe("pick");
  expect(choiceOf({ as: "sum", flow: false })).toBe("net");
});
