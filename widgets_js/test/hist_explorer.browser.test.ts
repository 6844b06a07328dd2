import { afterEach, expect, test } from "vitest";
import widget from "../src/hist_explorer";
import { FakeModel, later } from "./model";
import "../src/hist_explorer.css";

const bytes = (...values: number[]) => new DataView(new Float64Array(values).buffer);

function state() {
  const axes = [
    {
      key: "pt",
      name: "pt [GeV]",
      label: [["pt [GeV]", 0]],
      unit: "GeV",
      dense: true,
      size: 4,
      edges: bytes(0, 10, 20, 40, 80),
      items: [],
      circular: false,
      discrete: false,
      flow: [true, true],
      log: false,
      index: "pt",
      texts: ["0j", "10j", "20j", "40j", "80j"],
      quoted: {},
    },
    {
      key: "kind",
      name: "kind",
      label: [["kind", 0]],
      unit: "",
      dense: false,
      size: 2,
      edges: null,
      items: ["<b>e</b>", "mu"],
      circular: false,
      discrete: true,
      flow: [false, true],
      log: false,
      index: "kind",
      texts: null,
      quoted: {},
    },
  ];
  const x = { key: "pt", label: [["pt [GeV]", 0]], unit: "GeV", edges: axes[0]?.edges, items: [] };
  const slice = {
    axes: [
      { ...x, under: true, over: true, circular: false, discrete: false, log: false, width: null },
    ],
    series: [{ label: "" }],
    stacked: false,
    kind: "count",
    values: bytes(0, 1, 4, 9, 0, 2),
    variances: bytes(0, 1, 4, 9, 0, 2),
    counts: true,
    group: 1,
    low: null,
    sums: null,
  };
  const state = {
    seq: 1,
    shown: "",
    code: 'h.project("pt")',
    view: { pt: { as: "x", range: null, rebin: 1 }, kind: { as: "sum" } },
    live: "",
    whole: 0,
    slice: slice as typeof slice | null,
  };
  const look = { logx: null, logy: false, errors: true };
  return {
    frame: { seq: 1, shown: "", title: "pt", names: [""], base: "h", axes },
    whole: {},
    state,
    look,
    problem: "",
  };
}

let close: (() => void) | undefined;

async function show(values: Record<string, unknown> = state()) {
  const fake = new FakeModel(values);
  const place = document.createElement("div");
  place.style.width = "800px";
  document.body.append(place);
  const render = widget.render as (props: unknown) => () => void;
  close = render({ model: fake.model, el: place });
  await later(60);
  return { fake, place };
}

afterEach(() => {
  close?.();
  document.body.replaceChildren();
});

test("a step for each bin and an error bar where there is one", async () => {
  const { place } = await show();
  const path = place.querySelector(".hepnb-curve")?.getAttribute("d") ?? "";
  expect(path.match(/H/g)).toHaveLength(4);
  expect(place.querySelector(".hepnb-errors")?.getAttribute("d")?.match(/M/g)).toHaveLength(3);
  const cells = [...place.querySelectorAll(".hepnb-statistics td")].map((td) => td.textContent);
  expect(cells.slice(0, 4)).toEqual(["16", "14 ± 3.74", "0", "2"]);
});

test("names are text", async () => {
  const { place } = await show();
  const select = place.querySelector('[data-axis="kind"] select') as HTMLSelectElement;
  select.value = "one";
  select.dispatchEvent(new Event("change"));
  expect(place.querySelector("b")).toBeNull();
  expect(place.textContent).toContain("<b>e</b>");
});

test("a picture that comes while a person moves leaves the controls alone", async () => {
  const { fake, place } = await show();
  const low = place.querySelector<HTMLInputElement>('[aria-label="pt [GeV], lower limit"]');
  if (!low) throw new Error("no handle");
  low.value = "2";
  low.dispatchEvent(new Event("input"));
  await later(60);
  expect(fake.sent.at(-1)).toMatchObject({ kind: "view", view: { pt: { range: [20, null] } } });
  fake.values.state = { ...state().state, seq: 2 };
  fake.tell("change:state");
  expect(low.value).toBe("2");
  fake.answer("drawn");
  await later();
  expect(low.value).toBe("0"); // what the kernel shows, once it has answered
});

test("an empty and a negative histogram are drawn, also on a log scale", async () => {
  for (const values of [
    [0, 0, 0, 0],
    [-4, 2, 0, -1],
    [Number.NaN, 1, 2, 3],
  ]) {
    const made = state();
    if (made.state.slice) made.state.slice.values = bytes(0, ...values, 0);
    made.look.logy = true;
    const { place } = await show(made);
    const path = place.querySelector(".hepnb-curve")?.getAttribute("d") ?? "NaN";
    expect(path).not.toMatch(/NaN|Infinity/);
    close?.();
    document.body.replaceChildren();
  }
});

/** The same histogram, sent whole: kind has 2 categories and an overflow. */
function whole() {
  const made = state();
  made.state = { ...made.state, whole: 1, slice: null };
  const numbers = Uint8Array.from({ length: 18 }, (_, i) => i);
  const field = { type: "u1", data: new DataView(numbers.buffer) };
  return { ...made, whole: { version: 1, storage: "sum", known: true, fields: [field] } };
}

const code = (place: Element) => place.querySelector(".hepnb-code")?.textContent;

function move(place: Element, label: string, value: string) {
  const input = place.querySelector<HTMLInputElement>(`[aria-label="${label}"]`);
  if (!input) throw new Error(`no ${label}`);
  input.value = value;
  input.dispatchEvent(new Event("input"));
}

test("a whole histogram is sliced here, before the kernel has answered", async () => {
  const { fake, place } = await show(whole());
  const before = place.querySelector(".hepnb-curve")?.getAttribute("d");
  move(place, "pt [GeV], lower limit", "2");
  await expect.poll(() => place.querySelector(".hepnb-curve")?.getAttribute("d")).not.toBe(before);
  await expect.poll(() => code(place)).toBe('h[{"pt": slice(20j, None), "kind": sum}]');
  await expect
    .poll(() => fake.sent.at(-1))
    .toMatchObject({ kind: "view", view: { pt: { range: [20, null] } } });
});

test("with the kernel gone a whole histogram can still be turned", async () => {
  const { fake, place } = await show(whole());
  fake.dead = true;
  move(place, "pt [GeV], lower limit", "1");
  await expect.poll(() => place.textContent).toContain("can still be turned");
  move(place, "pt [GeV], upper limit", "3");
  await expect.poll(() => code(place)).toBe('h[{"pt": slice(10j, 40j), "kind": sum}]');
});

test("contents that come while it fills leave the view where it was put", async () => {
  const { fake, place } = await show(whole());
  move(place, "pt [GeV], lower limit", "2");
  await expect.poll(() => code(place)).toContain("20j");
  const before = place.querySelector(".hepnb-curve")?.getAttribute("d");
  const more = whole();
  new Uint8Array(more.whole.fields[0]?.data.buffer as ArrayBuffer).fill(3, 3, 5);
  fake.values.whole = { ...more.whole, version: 2 };
  fake.values.state = { ...more.state, seq: 2, whole: 2, live: "filling" }; // the view of before
  fake.tell("change:state");
  await expect.poll(() => code(place)).toBe('h[{"pt": slice(20j, None), "kind": sum}]');
  await expect.poll(() => place.querySelector(".hepnb-curve")?.getAttribute("d")).not.toBe(before);
  expect(place.querySelector<HTMLInputElement>('[aria-label="pt [GeV], lower limit"]')?.value).toBe(
    "2",
  );
});

test("an axis that grows while a person moves leaves the view where it was put", async () => {
  const { fake, place } = await show(whole());
  move(place, "pt [GeV], lower limit", "2");
  await later(60);
  const more = whole();
  const kind = more.frame.axes[1];
  if (kind) Object.assign(kind, { items: ["<b>e</b>", "mu", "tau"], size: 3 });
  const numbers = Uint8Array.from({ length: 24 }, (_, i) => i);
  const field = { type: "u1", data: new DataView(numbers.buffer) };
  fake.values.frame = { ...more.frame, seq: 2 };
  fake.values.whole = { ...more.whole, version: 2, fields: [field] };
  fake.values.state = { ...more.state, seq: 2, whole: 2 };
  fake.tell("change:state");
  await expect.poll(() => code(place)).toBe('h[{"pt": slice(20j, None), "kind": sum}]');
});

test("it narrows with its place", async () => {
  const { place } = await show();
  place.style.width = "320px";
  await later(80);
  const picture = place.querySelector("svg");
  expect(picture?.getBoundingClientRect().width).toBeLessThan(320);
  expect(place.scrollWidth).toBeLessThanOrEqual(320);
});

test("closing leaves nothing behind", async () => {
  const { fake } = await show();
  close?.();
  expect(fake.listeners).toBe(0);
  close = undefined;
});
