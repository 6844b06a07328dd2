import { expect, test } from "vitest";
import { DEFAULT_LOOK, type Look } from "../src/look";
import { fitting, LookBar } from "../src/look_bar";
import type { Slice } from "../src/slice";
import { axis, slice } from "./slices";

const two = [{ label: "tt" }, { label: "<b>zz" }];
const names = (given: Slice, look: Partial<Look> = {}) =>
  [...fitting({ ...DEFAULT_LOOK, ...look }, given)].sort();

test("of one axis", () => {
  expect(names(slice())).toEqual(
    ["cumulative", "errors", "flow", "kind", "logx", "logy", "normalise", "stats"].sort(),
  );
  expect(names(slice({ counts: false }))).not.toContain("errors");
  expect(names(slice(), { kind: "points" })).not.toContain("errors");
  const zero = slice({
    axes: [axis({ edges: Float64Array.from([0, 1]), under: false, over: false })],
  });
  expect(names(zero)).not.toContain("logx");
  expect(names(zero)).not.toContain("flow");
  const mean = names(slice({ kind: "mean" }));
  expect(mean).not.toContain("normalise");
  expect(mean).not.toContain("cumulative");
  expect(names(slice({ axes: [axis({ items: ["a", "b"] })] }))).not.toContain("cumulative");
});

test("of several curves and of a stack", () => {
  expect(names(slice({ series: two }))).toContain("below");
  expect(names(slice({ series: two }))).not.toContain("reference");
  expect(names(slice({ series: two }), { below: "ratio" })).toContain("reference");
  const stack = slice({ series: two, stacked: true });
  expect(names(stack)).toContain("reference");
  expect(names(stack)).not.toContain("below");
  expect(names(stack, { reference: "tt" })).toContain("below");
});

test("of two axes", () => {
  const plane = slice({ axes: [axis(), axis()] });
  expect(names(plane)).toEqual(["flow", "logx", "logy", "logz", "normalise", "profile", "stats"]);
  expect(names(plane, { profile: true })).toContain("kind");
  expect(names(plane, { profile: true })).not.toContain("logz");
  const named = slice({ axes: [axis(), axis({ items: ["a", "b"] })] });
  expect(names(named)).not.toContain("profile");
});

test("a choice is told whole, and a control that does not fit is not there but keeps its value", () => {
  const told: Look[] = [];
  const bar = new LookBar((look) => told.push(look));
  document.body.replaceChildren(bar.node);
  bar.show({ ...DEFAULT_LOOK, logz: true }, slice({ series: two }));
  const shown = (text: string) =>
    [...bar.node.querySelectorAll("label, button")].some(
      (node) => node.textContent?.startsWith(text) && !node.closest("[hidden]"),
    );
  expect(shown("log z")).toBe(false);
  expect(shown("to")).toBe(false);
  const select = [...bar.node.querySelectorAll("label")]
    .find((label) => label.textContent?.startsWith("below"))
    ?.querySelector("select") as HTMLSelectElement;
  select.focus();
  select.value = "ratio";
  select.dispatchEvent(new Event("change"));
  expect(told).toEqual([{ ...DEFAULT_LOOK, logz: true, below: "ratio" }]);
  expect(shown("to")).toBe(true);
  expect(document.activeElement).toBe(select);
  expect(bar.node.querySelector("b")).toBeNull();
  bar.show(told[0] as Look, slice({ series: two }));
  expect(document.activeElement).toBe(select);
});

test("log x says what is drawn while it is left to the bins", () => {
  const told: Look[] = [];
  const bar = new LookBar((look) => told.push(look));
  bar.show(DEFAULT_LOOK, slice({ axes: [axis({ log: true })] }));
  const press = [...bar.node.querySelectorAll("button")].find((b) => b.textContent === "log x");
  expect(press?.getAttribute("aria-pressed")).toBe("true");
  press?.click();
  expect(told[0]?.logx).toBe(false);
});
