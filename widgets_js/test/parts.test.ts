import { expect, test } from "vitest";
import { joined, linkText } from "../src/arcs";
import { collectionRows } from "../src/collections";
import { csv } from "../src/csv";
import { baseName, fileRow } from "../src/files";
import { lossOf } from "../src/loss";
import { countAt, momentsOf, placeOf } from "../src/moments";
import { factsOf, fraction, lostShare, sentence, stalledOf, workerRow } from "../src/progress";
import { sizesText } from "../src/sizes";
import type { Progress, Snapshot, Worker } from "../src/snapshot";
import { cutRows, cutsOf, moduleRows } from "../src/statistics";
import { Table } from "../src/table";
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
  expect(fraction({ ...progress, events_under_way: 1300 }, "running")).toBeCloseTo(0.5);
  expect(fraction({ ...progress, events_total: null }, "running")).toBeNull();
  const lossy = { ...progress, events_lost: 300 };
  expect(fraction(lossy, "running")).toBeCloseTo(0.3);
  expect(lostShare(lossy)).toBeCloseTo(0.06);
  expect(sentence(lossy)).toBe("1200 of 5000 events, 300 lost, 30 %");
  expect(Object.fromEntries(factsOf({ ...snapshot, progress: lossy })).lost).toBe("300");
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

test("the words count what the bar counts", () => {
  const half = { ...progress, events_under_way: 1300 };
  const facts = Object.fromEntries(factsOf({ ...snapshot, progress: half }));
  expect(facts.events).toBe("1200 / 5000");
  expect(facts["under way"]).toBe("1300");
  expect(facts.done).toBe("50 %");
  expect(sentence(half)).toBe("1200 of 5000 events, 50 %");
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
  expect(lossOf({ ...progress, events_lost: 7 })).toBe("7 events lost");
  expect(lossOf({ ...progress, files_failed: 2 })).toContain("2 files failed");
});

test("rows", () => {
  const collections = [
    { name: "Muon", events: 100, total: 240, min: 0, max: 9 },
    { name: "Jet", events: 0, total: 0, min: 0, max: 0 },
  ];
  const moments = momentsOf({ collections, progress } as Snapshot);
  expect(collectionRows(collections, moments)[0]?.map(({ text }) => text)).toEqual([
    "Muon",
    "240",
    "2.400",
    "2.400",
    "0–9",
    "",
  ]);
  expect(collectionRows(collections, moments)[1]?.[2]?.text).toBe("–");
  const cuts = [
    { cut: "all", raw: 100, weighted: 90 },
    { cut: "two muons", raw: 50, weighted: 30 },
    { cut: "none", raw: 0, weighted: 0 },
    { cut: "after none", raw: 0, weighted: 0 },
  ];
  expect(cutRows(cuts).map((row) => row[2]?.text)).toEqual(["", "50 %", "0 %", "–"]);
  expect(cutRows(cuts).map((row) => row[4]?.text)).toEqual(["", "33.3 %", "0 %", "–"]);
  const branched = cutRows(cuts, [null, 0, 0, 1]); // the third does not go on from the second
  expect(branched.map((row) => row[2]?.text)).toEqual(["", "50 %", "0 %", "0 %"]);
  const flow: [number, number][] = [
    [10, -8],
    [5, 4],
  ];
  const own = cutRows(cutsOf(cuts.slice(0, 2), flow));
  expect(own[1]?.map(({ text }) => text)).toEqual([
    "two muons",
    "5",
    "50 %",
    "4",
    "−50 %",
    "−50 %",
  ]);
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
    "100 %",
    "33.3 ms",
    "110 ms",
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
    "",
    "–",
    "–",
    "d",
    "not ROOT",
  ]);
  expect(baseName("")).toBe("");
  const worker = { id: 1, state: "idle", file: "", start: 0, stop: 0, events: 0, chunks: 0 };
  expect(workerRow({ ...worker, cpu: null, rss: null })[3]?.text).toBe("–");
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

const worker: Worker = {
  id: 3,
  state: "busy",
  file: "/eos/x.root",
  start: 0,
  stop: 100,
  cpu: 0.02,
  rss: 4e8,
  events: 0,
  chunks: 0,
  spent: 95,
  stalled: true,
};

test("stalled workers are called out by number, time and place", () => {
  expect(stalledOf([{ ...worker, stalled: false }])).toBe("");
  expect(stalledOf([worker])).toContain("worker 3: over 1 min on x.root, entries 0–100");
  expect(stalledOf(Array(7).fill(worker))).toContain("; and 4 more");
  expect(workerRow(worker)[1]).toEqual({ text: "⚠ stalled", tone: "bad" });
  expect(workerRow(worker)[2]?.text).toBe("1 min 35 s");
});

test("moments: so far, and since the one before", () => {
  const collections = [{ name: "Jet", events: 40, total: 100, min: 0, max: 9, sizes: [1, 3, 36] }];
  const history = [
    { chunks: 1, events: 10, collections: { Jet: [10, 10] as [number, number] } },
    { chunks: 2, events: 20, collections: { Jet: [20, 40] as [number, number] } },
    { chunks: 4, events: 40, collections: { Jet: [40, 100] as [number, number] } },
  ];
  const now = { ...progress, chunks: 4, events: 40 };
  const moments = momentsOf({ collections, history, progress: now } as unknown as Snapshot);
  expect(moments.map(({ chunks }) => chunks)).toEqual([1, 2, 4]); // the last of them is now
  expect(countAt(moments, 1, "Jet")).toEqual({ events: 20, total: 40, mean: 2, since: 3 });
  expect(countAt(moments, 0, "Muon")).toEqual({ events: 0, total: 0, mean: null, since: null });
  expect(placeOf(moments, 3)).toBe(1);
  expect(placeOf(moments, 99)).toBe(2);
  expect(collectionRows(collections, moments, 1)[0]?.[4]?.text).toBe("–"); // of all events only
  expect(sizesText(collections[0] as (typeof collections)[0])).toBe(
    "Jet: most often 2 (90 % of events), none in 2.5 %, at most 9",
  );
});

test("links between the same two are one, with all their branches", () => {
  const links = joined([
    { from: "Jet", to: "Muon", label: "muonIdx1" },
    { from: "Jet", to: "Muon", label: "muonIdx2" },
    { from: "Muon", to: "Jet", label: "jetIdx" },
  ]);
  expect(links.map(linkText)).toEqual(["Jet → Muon (muonIdx1, muonIdx2)", "Muon → Jet (jetIdx)"]);
});

test("csv", () => {
  expect(
    csv([
      ["a", "b,c"],
      ['say "x"', null],
      [1.5e-7, "two\nlines"],
    ]),
  ).toBe('a,"b,c"\n"say ""x""",\n1.5e-7,"two\nlines"\n');
});

test("a table is copied as it stands, numbers in full, and sorts back to where it was", () => {
  const table = new Table(
    "T",
    [
      { head: "name", sorts: true },
      { head: "n", numeric: true, sorts: true, csv: "n [s]" },
      { head: "x", csv: null },
    ],
    "",
    true,
  );
  table.fill([
    [{ text: "b" }, { text: "1.23 k", key: 1234.5 }, { text: "" }],
    [{ text: "a" }, { text: "2 M", key: 2e6 }, { text: "" }],
  ]);
  const heads = table.node.querySelectorAll<HTMLButtonElement>("button.hepnb-sort");
  const column = () => table.csv().trim().split("\n").slice(1).join(" ");
  expect(table.csv()).toBe("name,n [s]\nb,1234.5\na,2000000\n");
  const seen = [0, 1, 2].map(() => {
    heads[1]?.click();
    return [column(), table.node.querySelector("[aria-sort]")?.getAttribute("aria-sort")];
  });
  expect(seen).toEqual([
    ["a,2000000 b,1234.5", "descending"],
    ["b,1234.5 a,2000000", "ascending"],
    ["b,1234.5 a,2000000", undefined],
  ]);
});
