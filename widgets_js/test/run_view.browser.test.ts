import { afterEach, expect, test } from "vitest";
import widget from "../src/run_view";
import { FakeModel, later } from "./model";
import "../src/run_view.css";

const snapshot = {
  seq: 1,
  id: "20261121-x",
  name: "<i>dimuon</i>",
  state: "running",
  error: null,
  now: 100,
  started: 40,
  ended: null,
  progress: {
    events: 10,
    events_total: 100,
    chunks: 1,
    chunks_total: 10,
    files: 0,
    files_total: 1,
    files_failed: 0,
    events_lost: 0,
    rate: null,
    eta: null,
    eta_error: null,
  },
  workers: [],
  collections: [{ name: "Muon", events: 10, total: 20, min: 0, max: 3 }],
  statistics: [],
  cutflow: [],
  files: [],
  log: { total: 0, counts: {}, tail: [] },
};
const parts = ["progress", "collections", "log", "statistics", "files"];
let close: (() => void) | undefined;

async function show() {
  const fake = new FakeModel({ state: snapshot, schema: {}, parts, problem: "" });
  const place = document.createElement("div");
  document.body.append(place);
  const render = widget.render as (props: unknown) => () => void;
  close = render({ model: fake.model, el: place });
  await later(30);
  return { fake, place };
}

afterEach(() => {
  close?.();
  document.body.replaceChildren();
});

test("the state of the traits alone draws all of it", async () => {
  const { place } = await show();
  expect(place.querySelector("i")).toBeNull();
  expect(place.textContent).toContain("<i>dimuon</i>");
  expect(place.textContent).toContain("Muon");
  const fill = place.querySelector<HTMLElement>(".hepnb-fill");
  const bar = place.querySelector<HTMLElement>(".hepnb-progress");
  await later(250);
  const share = (fill?.clientWidth ?? 0) / (bar?.clientWidth ?? 1);
  expect(share).toBeCloseTo(0.1, 1);
});

test("many states cost one drawing, the last one", async () => {
  const { fake, place } = await show();
  for (let seq = 2; seq < 200; seq += 1) {
    fake.values.state = { ...snapshot, seq, progress: { ...snapshot.progress, events: seq / 2 } };
    fake.tell("change:state");
  }
  await later(60);
  expect(place.querySelector<HTMLElement>(".hepnb-root")?.dataset.seq).toBe("199");
});

test("a problem from the kernel is shown as an alert", async () => {
  const { fake, place } = await show();
  fake.values.problem = "KeyError: 'x'";
  fake.tell("change:problem");
  const alerts = [...place.querySelectorAll<HTMLElement>('[role="alert"]')].filter(
    (a) => !a.hidden,
  );
  expect(alerts.map((a) => a.textContent)).toEqual(["KeyError: 'x'"]);
});

test("closing leaves nothing behind", async () => {
  const { fake } = await show();
  close?.();
  expect(fake.listeners).toBe(0);
  close = undefined;
});

test("two views on a page have nothing in common, and one may close", async () => {
  const first = await show();
  const closeFirst = close;
  const second = await show();
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  closeFirst?.();
  second.fake.values.state = { ...snapshot, seq: 2, name: "other" };
  second.fake.tell("change:state");
  await later(60);
  expect(second.place.textContent).toContain("other");
  expect(first.place.textContent).toContain("<i>dimuon</i>");
});

test("pictures of collections stay the same nodes until they change", async () => {
  const sizes = [1, 3, 6];
  const collections = [{ name: "Muon", events: 10, total: 20, min: 0, max: 3, sizes }];
  const { fake, place } = await show();
  const tell = async (seq: number, given: unknown) => {
    fake.values.state = { ...snapshot, seq, collections: given };
    fake.tell("change:state");
    await later(60);
    return [place.querySelector(".hepnb-spark"), place.querySelector(".hepnb-sizes")];
  };
  const before = await tell(2, collections);
  expect(before.every((node) => node !== null)).toBe(true);
  expect(await tell(3, structuredClone(collections))).toEqual(before);
  expect((await tell(4, structuredClone(collections)))[0]).toBe(before[0]);
  const [spark] = await tell(5, [{ ...collections[0], sizes: [1, 3, 7] }]);
  expect(spark).not.toBe(before[0]);
});
