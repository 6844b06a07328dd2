import axe from "axe-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { AxisRows } from "../src/axis_rows";
import { root } from "../src/dom";
import type { Axis, View } from "../src/view";
import { category, dense, HOSTILE, regular, thousands } from "./axes";
import { later } from "./model";
import "../src/hist_explorer.css";

const pt = dense("pt", [0, 10, 20, 40, 80]);
const mass = regular("mass", 60, 60, 120);
const process = category("process", thousands());
const channel = category("channel", ["ee", "emu", "mumu"]);

let told: View[] = [];
let rows: AxisRows;
let box: HTMLElement;

function show(axes: Axis[], view: View): void {
  told = [];
  rows = new AxisRows((view) => told.push(view));
  box = root("explorer");
  box.append(rows.node);
  document.body.replaceChildren(box);
  rows.show(axes, view);
}

function find<E extends HTMLElement = HTMLInputElement>(label: string): E {
  const found = [...box.querySelectorAll<E>(`[aria-label="${label}"]`)];
  const seen = found.find((node) => node.checkVisibility());
  if (!seen) throw new Error(`nothing is named ${label}`);
  return seen;
}

const listbox = () => find<HTMLElement>("process: categories");
const options = () => [...listbox().querySelectorAll<HTMLElement>("[role=option]")];
const active = () => document.getElementById(listbox().getAttribute("aria-activedescendant") ?? "");
const step = (key: string) => told.at(-1)?.[key];
const saidIn = (key: string) =>
  [...box.querySelectorAll(`[data-axis="${key}"] .hepnb-told`)].map((n) => n.textContent).join("");

beforeEach(() => page.viewport(1000, 800));
afterEach(() => document.body.replaceChildren());

test("a range by keyboard: handles on edges, read with coordinate and unit", async () => {
  show([mass, pt], { mass: { as: "x" }, pt: { as: "range", range: null } });
  const low = find("pt [GeV], lower limit");
  low.focus();
  await userEvent.keyboard("{ArrowRight}{ArrowRight}");
  expect(step("pt")).toEqual({ as: "range", range: [20, null] });
  expect(low.getAttribute("aria-valuetext")).toBe("20 GeV");
  expect(find("pt [GeV], lower limit, typed").value).toBe("20");
  await userEvent.keyboard("{End}");
  expect(step("pt")?.range).toEqual([40, null]); // never past the other handle
  const high = find("pt [GeV], upper limit");
  high.focus();
  await userEvent.keyboard("{Home}");
  expect(high.getAttribute("aria-valuetext")).toBe("80 GeV");
});

test("a press on the track calls the nearer handle", async () => {
  show([mass, pt], { mass: { as: "x" }, pt: { as: "range", range: null } });
  const slider = find("pt [GeV], lower limit").parentElement as HTMLElement;
  const { width, height } = slider.getBoundingClientRect();
  const at = (part: number) => ({ position: { x: part * width, y: height / 2 } });
  await userEvent.click(slider, at(0.3));
  expect(step("pt")?.range).toEqual([10, null]);
  await userEvent.click(slider, at(0.76));
  expect(step("pt")?.range).toEqual([10, 40]);
  expect(document.activeElement).toBe(find("pt [GeV], upper limit"));
});

test("a typed limit goes to the edge outwards; what is wrong is said in place", async () => {
  show([mass, pt], { mass: { as: "x" }, pt: { as: "range", range: null } });
  const from = find("pt [GeV], lower limit, typed");
  await userEvent.fill(from, "15 GeV");
  expect(told).toEqual([]);
  await userEvent.keyboard("{Enter}");
  expect(step("pt")?.range).toEqual([10, null]);
  expect(from.value).toBe("10");
  await userEvent.fill(from, "ten");
  await userEvent.keyboard("{Enter}");
  expect(told).toHaveLength(1);
  expect(saidIn("pt")).toBe("“ten” is not a number");
  expect(from.getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(from.getAttribute("aria-describedby") ?? "")?.textContent).toBe(
    "“ten” is not a number",
  );
  await userEvent.keyboard("{Escape}");
  expect(from.value).toBe("10");
  expect(saidIn("pt")).toBe("");
  const to = find("pt [GeV], upper limit, typed");
  await userEvent.fill(to, "#3");
  from.focus();
  expect(step("pt")?.range).toEqual([10, 40]);
  await userEvent.fill(to, "5");
  await userEvent.keyboard("{Enter}");
  expect(saidIn("pt")).toBe("not above the lower limit");
});

test("one bin, by slider and typed", async () => {
  show([mass, pt], { mass: { as: "x" }, pt: { as: "bin", bin: 1 } });
  const slider = find("pt [GeV]: bin");
  expect(slider.getAttribute("aria-valuetext")).toBe("[10, 20) GeV");
  slider.focus();
  await userEvent.keyboard("{ArrowRight}");
  expect(step("pt")).toEqual({ as: "bin", bin: 2 });
  await userEvent.fill(find("pt [GeV]: bin, typed"), "79");
  await userEvent.keyboard("{Enter}");
  expect(step("pt")).toEqual({ as: "bin", bin: 3 });
  expect(box.textContent).toContain("[40, 80) GeV");
});

test("bins are merged by a divisor, another factor, or edges", async () => {
  show([mass, pt], { mass: { as: "x", range: [60, 90], rebin: 1 }, pt: { as: "sum" } });
  const select = find<HTMLSelectElement>("mass [GeV]: bins merged into one");
  const offered = [...select.options].map(({ value }) => value);
  expect(offered).toEqual(["1", "2", "3", "5", "6", "10", "15", "30", "typed"]);
  await userEvent.selectOptions(select, "5");
  expect(step("mass")).toEqual({ as: "x", range: [60, 90], rebin: 5 });
  await userEvent.selectOptions(select, "typed");
  const field = find("mass [GeV]: how bins are merged, typed");
  expect(document.activeElement).toBe(field);
  await userEvent.fill(field, "60, 70 85.5");
  await userEvent.keyboard("{Enter}");
  expect(saidIn("mass")).toBe("85.5 is no edge: there is 85 and 86");
  await userEvent.fill(field, "60, 70, 120");
  await userEvent.keyboard("{Enter}");
  expect(step("mass")).toEqual({ as: "x", range: null, rebin: [null, 70, null] });
  expect(field.value).toBe("60, 70, 120");
});

test("ten thousand categories: a few rows, all within reach of the keyboard", async () => {
  show([mass, process], { mass: { as: "x" }, process: { as: "pick", items: ["QCD_HT0"] } });
  await userEvent.selectOptions(find("process: what to do"), "pick");
  expect(box.querySelectorAll("*").length).toBeLessThan(200);
  listbox().focus();
  await userEvent.keyboard("{End}");
  expect(active()?.textContent).toContain("signal_m9999");
  expect(active()?.getAttribute("aria-posinset")).toBe("10000");
  expect(active()?.getAttribute("aria-setsize")).toBe("10000");
  await userEvent.keyboard(" ");
  expect(step("process")?.items).toEqual(["QCD_HT0", "signal_m9999_ct3"]);
  listbox().scrollTop = 5000 * 26;
  await later(50);
  expect(options().some((row) => row.textContent?.includes("QCD_HT5000"))).toBe(true);
  expect(options().length).toBeLessThan(40);
  expect(box.querySelectorAll("*").length).toBeLessThan(200);
});

test("a wildcard, and all of what it finds", async () => {
  const two = ["signal_m1_ct1", "signal_m2_ct2"];
  show([mass, process], { mass: { as: "x" }, process: { as: "pick", items: two } });
  const line = box.querySelector<HTMLButtonElement>(".hepnb-foldline");
  line?.focus();
  await userEvent.keyboard("{Enter}");
  expect(line?.getAttribute("aria-expanded")).toBe("true");
  await userEvent.fill(find("process: search"), "QCD_*");
  expect(box.textContent).toContain("1000 found");
  await userEvent.click(find("process: all of the listed"));
  expect(step("process")?.items).toHaveLength(1002);
  expect(line?.textContent).toContain("1002 of 10\u2009000");
  await userEvent.click(find("process: none of the listed"));
  expect(step("process")?.items).toEqual(two);
  await userEvent.fill(find("process: search"), "");
  await userEvent.click(find("process: none of the listed"));
  expect(step("process")?.items).toEqual(two); // nothing chosen is not told
  expect(saidIn("process")).toBe("choose at least one");
  rows.show([mass, process], told.at(-1) ?? {});
  expect(saidIn("process")).toBe("choose at least one"); // and a refresh does not undo it
  await userEvent.click(find("process: invert of the listed"));
  expect(step("process")?.items).toHaveLength(10_000);
  expect(saidIn("process")).toBe("");
});

test("too many curves are not asked for", async () => {
  show([mass, process], { mass: { as: "x" }, process: { as: "overlay", items: null } });
  await userEvent.click(box.querySelector(".hepnb-foldline") as HTMLElement);
  await userEvent.click(find("process: all of the listed"));
  expect(told).toEqual([]);
  expect(saidIn("process")).toContain("at most 64 can be drawn");
});

test("the order by keyboard, and by drag", async () => {
  show([mass, channel], { mass: { as: "x" }, channel: { as: "stack", items: null } });
  const list = find<HTMLElement>("channel: categories");
  list.focus();
  await userEvent.keyboard("{ArrowRight}{Alt>}{ArrowLeft}{/Alt}");
  expect(step("channel")?.items).toEqual(["emu", "ee", "mumu"]);
  expect(list.getAttribute("aria-activedescendant")).toBe(list.querySelector("[role=option]")?.id);
  const grip = (name: string) =>
    [...list.querySelectorAll("[role=option]")].find((row) => row.textContent?.startsWith(name))
      ?.lastElementChild as HTMLElement;
  await userEvent.dragAndDrop(grip("emu"), grip("mumu"));
  expect(step("channel")?.items).toEqual(["ee", "mumu", "emu"]);
  expect(told).toHaveLength(2); // the end of the drag chose nothing
  await userEvent.keyboard(" ");
  expect(step("channel")?.items).toEqual(["ee", "mumu"]);
});

test("a long list is put in order by drag", async () => {
  show([mass, process], { mass: { as: "x" }, process: { as: "overlay", items: null } });
  await userEvent.click(box.querySelector(".hepnb-foldline") as HTMLElement);
  const grip = (at: number) => options()[at]?.querySelector(".hepnb-grip") as HTMLElement;
  await userEvent.dragAndDrop(grip(0), grip(3));
  expect(step("process")?.items?.slice(0, 4)).toEqual([
    "signal_m1_ct1",
    "signal_m2_ct2",
    "signal_m3_ct3",
    "QCD_HT0",
  ]);
});

test("a drag that ends beside the list leaves the next press its meaning", async () => {
  show([mass, channel], { mass: { as: "x" }, channel: { as: "stack", items: null } });
  const list = find<HTMLElement>("channel: categories");
  const row = (at: number) =>
    list.querySelectorAll<HTMLElement>("[role=option]")[at] as HTMLElement;
  const middle = (node: Element) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return { clientX: left + 0.9 * width, clientY: top + height / 2, bubbles: true };
  };
  row(0)
    .querySelector(".hepnb-grip")
    ?.dispatchEvent(new PointerEvent("pointerdown", middle(row(0))));
  document.dispatchEvent(new PointerEvent("pointermove", middle(row(1))));
  document.dispatchEvent(new PointerEvent("pointerup", { clientX: 0, clientY: 0 }));
  const items = step("channel")?.items ?? [];
  expect(told).toHaveLength(1);
  await userEvent.click(row(1));
  expect(step("channel")?.items).toEqual([items[0], items[2]]);
});

test("names are text: whatever they hold, however long they are", async () => {
  const axis = category("process", HOSTILE);
  show([mass, axis], { mass: { as: "x" }, process: { as: "pick", items: HOSTILE.slice(0, 4) } });
  await userEvent.click(box.querySelector(".hepnb-foldline") as HTMLElement);
  expect(box.querySelector("script, b")).toBeNull();
  expect(options().map((row) => row.title)).toEqual([...HOSTILE.slice(0, 9), '""']);
  for (const row of options()) expect(row.firstElementChild?.tagName).toBe("BDI");
  const long = options()[3]?.firstElementChild as HTMLElement;
  expect(long.scrollWidth).toBeGreaterThan(long.clientWidth);
  await page.viewport(320, 800);
  expect(document.documentElement.scrollWidth).toBe(320);
});

test("a refresh leaves focus, caret, scroll and half-typed values alone", async () => {
  const axes = [mass, pt, process];
  const view: View = {
    mass: { as: "x", range: null, rebin: 1 },
    pt: { as: "range", range: null },
    process: { as: "pick", items: ["QCD_HT0", "QCD_HT10"] },
  };
  show(axes, view);
  const refresh = () => rows.show(structuredClone(axes), structuredClone(view));
  const from = find("pt [GeV], lower limit, typed");
  await userEvent.fill(from, "123");
  from.setSelectionRange(1, 2);
  refresh();
  expect([from.value, from.selectionStart, from.selectionEnd]).toEqual(["123", 1, 2]);
  expect(document.activeElement).toBe(from);
  view.pt = { as: "range", range: [10, null] }; // moved elsewhere meanwhile
  refresh();
  expect(from.value).toBe("123");
  expect(find("pt [GeV], lower limit").value).toBe("1");
  await userEvent.keyboard("{Escape}");
  expect(from.value).toBe("10");
  await userEvent.click(box.querySelector(".hepnb-foldline") as HTMLElement);
  listbox().scrollTop = 3000;
  await userEvent.fill(find("process: search"), "sign");
  find("process: search").setSelectionRange(2, 2);
  await later(20);
  const scroll = listbox().scrollTop;
  axes[2] = category("process", [...thousands(), "new"]);
  refresh();
  expect(find("process: search").value).toBe("sign");
  expect(find("process: search").selectionStart).toBe(2);
  expect(document.activeElement).toBe(find("process: search"));
  expect(listbox().scrollTop).toBe(scroll);
  expect(box.textContent).toContain("2 of 10\u2009001");
});

test("nine axes and twenty: those that are summed fold away, what is used stays", async () => {
  for (const count of [9, 20]) {
    const axes = Array.from({ length: count }, (_, i) => regular(`axis${i}`, 10, 0, 1));
    const view: View = { axis0: { as: "x" }, axis5: { as: "range", range: [0.5, null] } };
    show(axes, view);
    const seen = () =>
      [...box.querySelectorAll<HTMLElement>("[data-axis]")].filter((row) => row.checkVisibility());
    expect(seen().map((row) => row.dataset.axis)).toEqual(["axis0", "axis5"]);
    const more = box.querySelector<HTMLElement>(".hepnb-more") as HTMLElement;
    expect(more.textContent).toContain(`${count - 2} more axes, summed: axis1`);
    await userEvent.click(more);
    expect([more.getAttribute("aria-expanded"), seen().length]).toEqual(["true", count]);
    await userEvent.selectOptions(find("axis3 [GeV]: what to do"), "bin");
    await userEvent.click(more);
    expect(seen().map((row) => row.dataset.axis)).toEqual(["axis0", "axis3", "axis5"]);
    await userEvent.selectOptions(find("axis5 [GeV]: what to do"), "sum");
    expect(seen()).toHaveLength(3);
    expect(document.documentElement.scrollWidth).toBe(1000);
  }
});

test.each(["light", "dark"])("axe finds nothing, %s", async (scheme) => {
  show([mass, pt, channel, process, dense("phi", [-3, 0, 3], { circular: true, unit: "rad" })], {
    mass: { as: "x" },
    pt: { as: "bin", bin: 0 },
    channel: { as: "stack", items: null },
    process: { as: "pick", items: ["QCD_HT0", "QCD_HT10"] },
  });
  box.style.colorScheme = scheme;
  await userEvent.click(box.querySelector(".hepnb-foldline") as HTMLElement);
  await userEvent.fill(find("pt [GeV]: bin, typed"), "x");
  await userEvent.keyboard("{Enter}");
  const { violations } = await axe.run(box);
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
});
