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
    },
  ];
  const curve = { label: "", errors: bytes(1, 2, 3, 0), low: null, total: 14, total_error: 3.7 };
  const picture = {
    seq: 1,
    shown: "",
    code: 'h.project("pt")',
    view: { pt: { as: "x", range: null, rebin: 1 }, kind: { as: "sum" } },
    live: "",
    x: "pt",
    xlabel: [["pt [GeV]", 0]],
    ylabel: [["Events / bin", 0]],
    edges: bytes(0, 10, 20, 40, 80),
    items: [],
    curves: [{ ...curve, values: bytes(1, 4, 9, 0), under: 0, over: 2 }],
    log: false,
    note: "",
  };
  const look = { logx: null, logy: false, errors: true };
  return {
    frame: { seq: 1, shown: "", title: "pt", names: [""], axes },
    picture,
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
  expect(place.textContent).toContain("in view 14 ± 3.7 · below 0 · above 2");
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
  fake.values.picture = { ...state().picture, seq: 2 };
  fake.tell("change:picture");
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
    const [curve] = made.picture.curves;
    if (curve) curve.values = bytes(...values);
    made.look.logy = true;
    const { place } = await show(made);
    const path = place.querySelector(".hepnb-curve")?.getAttribute("d") ?? "NaN";
    expect(path).not.toMatch(/NaN|Infinity/);
    close?.();
    document.body.replaceChildren();
  }
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
