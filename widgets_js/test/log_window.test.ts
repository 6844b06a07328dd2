import { expect, test } from "vitest";
import { Channel } from "../src/channel";
import { firstLine, place } from "../src/log";
import { LogSource } from "../src/log_source";
import { height, PAGE, pagesFor, ROW, visible } from "../src/log_window";
import type { LogRecord } from "../src/snapshot";
import { FakeModel, later } from "./model";

const record = (n: number): LogRecord => ({
  n,
  time: n,
  level: "INFO",
  worker: 1,
  chunk: "a.root:0-10",
  logger: "root",
  text: `line ${n}`,
  repeat: 1,
});
const page = (start: number, count: number) =>
  Array.from({ length: count }, (_, i) => record(start + i));

test("a screenful of rows, whatever the length", () => {
  expect(visible(0, 260, 1_000)).toEqual({ first: 0, count: 14, offset: 0 });
  expect(visible(10 * ROW, 260, 1_000).first).toBe(10);
  expect(visible(1e9, 260, 5).count).toBe(1);
  expect(pagesFor(PAGE - 1, 2)).toEqual([0, 1]);
  expect(pagesFor(0, 0)).toEqual([]);
});

test("ten million lines can be scrolled from end to end", () => {
  const total = 10_000_000;
  const tall = height(total);
  expect(tall).toBeLessThan(30_000_000);
  expect(visible(0, 260, total).first).toBe(0);
  const end = visible(tall - 260, 260, total);
  expect(end.first + end.count).toBe(total);
});

test("the tail is there at once, older lines are asked for once", async () => {
  const fake = new FakeModel();
  let drawn = 0;
  const source = new LogSource(new Channel(fake.model), () => {
    drawn += 1;
  });
  source.update({ total: 1000, counts: { INFO: 1000 }, tail: page(800, 200) });
  expect(source.lines(990, 10).map((r) => r?.n)).toEqual(page(990, 10).map((r) => r.n));
  expect(fake.sent).toHaveLength(0);
  expect(source.lines(0, 5)[0]).toBeUndefined();
  source.lines(0, 5);
  expect(fake.sent).toHaveLength(1);
  expect(fake.sent[0]).toMatchObject({ kind: "log", start: 0, count: PAGE, search: null });
  fake.answer({ total: 1000, records: page(0, PAGE) });
  await later();
  expect(drawn).toBe(1);
  expect(source.lines(0, 5)[4]?.text).toBe("line 4");
});

test("an answer to an old filter is not shown", async () => {
  const fake = new FakeModel();
  const source = new LogSource(new Channel(fake.model), () => {});
  source.update({ total: 1000, counts: {}, tail: page(800, 200) });
  source.filter({ search: "muon" });
  source.filter({ search: "muon_pt" });
  expect(source.known).toBe(false);
  fake.answer({ total: 700, records: page(0, PAGE) });
  await later();
  expect(source.known).toBe(false);
  expect(fake.sent[1]).toMatchObject({ search: "muon_pt" });
  fake.answer({ total: 3, records: page(5, 3) });
  await later();
  expect([source.known, source.total, source.lines(0, 3).length]).toEqual([true, 3, 3]);
  source.filter({ search: "" });
  expect(source.total).toBe(1000);
});

test("how a line reads", () => {
  expect(firstLine({ ...record(1), text: "boom\n  trace", repeat: 3 })).toBe("× 3  boom ⏎");
  expect(place(record(1))).toBe("w1 a.root:0-10");
  expect(place({ ...record(1), worker: null, chunk: "" })).toBe("");
});
