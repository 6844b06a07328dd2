import { expect, test } from "vitest";
import { collectionRows } from "../src/collections";
import { baseName, fileRow } from "../src/files";
import { factsOf, fraction, lossOf, workerRow } from "../src/progress";
import type { Progress, Snapshot } from "../src/snapshot";
import { cutRows, moduleRows } from "../src/statistics";
import { nextTab } from "../src/tabs";

const progress: Progress = {
  events: 1200,
  events_total: 5000,
  chunks: 3,
  chunks_total: 20,
  files: 1,
  files_total: 2,
  files_failed: 0,
  events_lost: 0,
  rate: 12000,
  eta: 3.2,
  eta_error: 0.5,
};
const snapshot = { state: "running", started: 0, ended: null, progress } as Snapshot;

test("progress", () => {
  expect(fraction(progress, "running")).toBeCloseTo(0.24);
  expect(fraction({ ...progress, events_total: null }, "running")).toBeNull();
  expect(fraction({ ...progress, events: 0, events_total: 0 }, "done")).toBe(1);
  expect(Object.fromEntries(factsOf(snapshot))).toEqual({
    events: "1200 / 5000",
    done: "24 %",
    speed: "12.0\u2009k events/s",
    "time left": "3.2 ± 0.5 s",
    chunks: "3 / 20",
    files: "1 / 2",
  });
});

test("no time is promised before there is something to go by", () => {
  const early = { ...snapshot, progress: { ...progress, events_total: null, eta: null } };
  expect(factsOf(early)).toContainEqual(["time left", "not known yet"]);
  expect(factsOf(early)).toContainEqual(["events", "1200"]);
});

test("until every file is open the total is an expectation and says so", () => {
  const open = { ...progress, events_total: null, events_expected: 4800.4 };
  expect(fraction(open, "running")).toBeCloseTo(0.25);
  const facts = Object.fromEntries(factsOf({ ...snapshot, progress: open }));
  expect(facts.events).toBe("1200 / ≈ 4800");
  expect(facts.done).toBe("≈ 25 %");
  expect(facts["time left"]).toBe("3.2 ± 0.5 s");
});

test("losses are never silent", () => {
  expect(lossOf(progress)).toBe("");
  expect(lossOf({ ...progress, events_lost: 7 })).toContain("7 events lost: not in any histogram");
  expect(lossOf({ ...progress, files_failed: 2 })).toContain("2 files failed");
});

test("rows", () => {
  const collections = [
    { name: "Muon", events: 100, total: 240, min: 0, max: 9 },
    { name: "Jet", events: 0, total: 0, min: 0, max: 0 },
  ];
  expect(collectionRows(collections)[0]?.map(({ text }) => text)).toEqual([
    "Muon",
    "240",
    "2.40",
    "0–9",
  ]);
  const cuts = [
    { cut: "all", raw: 100, weighted: 90 },
    { cut: "two muons", raw: 50, weighted: 30 },
    { cut: "none", raw: 0, weighted: 0 },
    { cut: "after none", raw: 0, weighted: 0 },
  ];
  expect(cutRows(cuts).map((row) => row[3]?.text)).toEqual(["", "33.3 %", "0 %", "–"]);
  const times = [
    {
      module: "pair",
      phase: "process",
      calls: 3,
      events: 1200,
      cpu: 0.1,
      wall: 0.11,
      peak: 412e6,
    },
  ];
  expect(moduleRows(times)[0]?.map(({ text }) => text)).toEqual([
    "pair",
    "process",
    "3",
    "1200",
    "100 ms",
    "110 ms",
    "100 %",
    "412\u2009MB",
    "12.0\u2009k",
  ]);
  const file = {
    dataset: "d",
    file: "/eos/x.root",
    status: "failed",
    events: 0,
    events_done: 0,
    reason: "not ROOT",
  };
  expect(fileRow(file).map(({ text }) => text)).toEqual([
    "x.root",
    "✗ failed",
    "–",
    "–",
    "d",
    "not ROOT",
  ]);
  expect(baseName("")).toBe("");
  const worker = { id: 1, state: "idle", file: "", start: 0, stop: 0, events: 0, chunks: 0 };
  expect(workerRow({ ...worker, cpu: null, rss: null })[4]?.text).toBe("–");
});

test("keys on tabs", () => {
  expect(["ArrowRight", "ArrowLeft", "Home", "End", "x"].map((key) => nextTab(key, 0, 3))).toEqual([
    1,
    2,
    0,
    2,
    null,
  ]);
});
