import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { spans } from "../src/ansi";
import { Channel } from "../src/channel";
import {
  type Brief,
  briefly,
  folds,
  type LogRecord,
  place,
  records,
  summary,
} from "../src/log_record";
import { LogRows } from "../src/log_rows";
import { LogSearch, told } from "../src/log_search";
import { EVERYTHING, LogSource } from "../src/log_source";
import { FakeModel } from "./model";

const brief = (start: number, count: number, word = "line"): Brief => ({
  names: ["a.root:0-10", "toy"],
  rows: Array.from({ length: count }, (_, i) => {
    const n = start + i;
    return [n, n, 1, 1, 0, 1, 1, `${word} ${n}`, 1];
  }),
});
const page = (total: number, start: number, count: number, word = "line") => ({
  total,
  start,
  counts: { INFO: total },
  searched: 1,
  ...brief(start, count, word),
});
const record = (text: string, more: Partial<LogRecord> = {}): LogRecord => ({
  ...(records(brief(1, 1))[0] as LogRecord),
  text,
  lines: text.split("\n").length,
  ...more,
});

let fake: FakeModel;
let drawn: number;
let source: LogSource;

beforeEach(() => {
  vi.useFakeTimers();
  fake = new FakeModel();
  drawn = 0;
  source = new LogSource(new Channel(fake.model), () => {
    drawn += 1;
  });
});
afterEach(() => {
  source.close();
  vi.useRealTimers();
});
const passing = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const asked = (at = fake.sent.length - 1) => fake.sent[at];

test("the tail is asked for once, and again only when there is more", async () => {
  source.grown(1000);
  source.want(0, 20, true);
  await passing();
  expect(asked()).toMatchObject({ kind: "log", start: -20, count: 20, levels: null });
  fake.answer(page(1000, 980, 20));
  await passing(1000);
  expect([source.total, source.at(999)?.text, drawn]).toEqual([1000, "line 999", 1]);
  source.want(980, 20, true);
  await passing(1000);
  expect(fake.sent).toHaveLength(1);
  source.grown(1005);
  expect(source.total).toBe(1000); // no row without its text at the end
  await passing(1000);
  expect(fake.sent).toHaveLength(2);
});

test("the tail is looked at twice a second at most", async () => {
  source.want(0, 20, true);
  for (let ms = 0; ms < 2000; ms += 10) {
    source.grown(ms * 100 + 100);
    await passing(10);
    if (fake.sent.length > 0 && asked()?.done === undefined) {
      const total = ms * 100 + 100;
      fake.answer(page(total, Math.max(0, total - 20), Math.min(total, 20)));
      Object.assign(asked() ?? {}, { done: true });
    }
  }
  expect(fake.sent.length).toBeLessThanOrEqual(5);
  expect(fake.sent.length).toBeGreaterThanOrEqual(3);
});

test("a jump is asked for where it rests, with few lines around", async () => {
  source.want(0, 20, false);
  await passing();
  fake.answer(page(1_000_000, 0, 28));
  await passing();
  for (let step = 1; step <= 20; step += 1) {
    source.want(step * 10_000, 20, false);
    await passing(1);
  }
  await passing(200);
  expect(fake.sent).toHaveLength(2);
  const { start, count } = asked() as { start: number; count: number };
  expect([start, count]).toEqual([199_992, 36]);
  fake.answer(page(1_000_000, start, count));
  await passing();
  expect(source.at(200_019)?.text).toBe("line 200019");
  source.want(200_000, 20, false);
  await passing(100);
  expect(fake.sent).toHaveLength(2);
});

test("an answer to an old filter is not used", async () => {
  source.want(0, 20, false);
  source.set({ ...EVERYTHING, levels: ["ERROR"] });
  await passing();
  source.set({ ...EVERYTHING, levels: ["WARNING"] });
  await passing();
  const old = fake.sent.findIndex((m) => String(m.levels) === "ERROR");
  const young = fake.sent.findIndex((m) => String(m.levels) === "WARNING");
  expect([old, young].every((at) => at >= 0)).toBe(true);
  fake.answer(page(3, 0, 3, "young"), young);
  await passing();
  fake.answer(page(700, 0, 30, "old"), old);
  await passing(500);
  expect([source.total, source.at(0)?.text, source.at(5)]).toEqual([3, "young 0", undefined]);
});

test("what an answer does not bring is not asked for without end", async () => {
  source.want(0, 20, false);
  await passing();
  fake.answer(page(1000, 0, 5));
  await passing();
  let answered = 1;
  for (let i = 0; i < 50; i += 1) {
    await passing(50);
    if (fake.sent.length > answered) {
      answered = fake.sent.length;
      fake.answer(page(1000, 0, 5));
    }
  }
  expect(fake.sent.length).toBeLessThan(5);
});

test("an error is shown and not asked for again by drawing", async () => {
  source.set({ ...EVERYTHING, search: "(", regex: true });
  fake.tell("msg:custom", { id: asked()?.id, ok: false, error: "no regular expression" });
  await passing();
  expect(source.problem).toBe("no regular expression");
  for (let i = 0; i < 20; i += 1) source.want(0, 20, false);
  await passing(1000);
  expect(fake.sent).toHaveLength(1);
});

test("rows that have other numbers than before are forgotten", async () => {
  let moved = 0;
  source.onMoved = () => {
    moved += 1;
  };
  source.want(0, 20, false);
  await passing();
  fake.answer(page(1000, 0, 30));
  await passing();
  source.grown(1100);
  source.want(25, 20, false);
  await passing(300);
  const { start, count } = asked() as { start: number; count: number };
  expect(start).toBeLessThan(30);
  const shifted = page(600, start, count);
  shifted.rows.forEach((row) => {
    row[0] += 500;
  });
  fake.answer(shifted);
  await passing();
  expect([moved, source.total, source.at(0)]).toEqual([1, 600, undefined]);
});

test("a whole message takes the place of its short form, and keeps it", async () => {
  source.want(0, 5, false);
  await passing();
  const short = page(5, 0, 5);
  if (short.rows[2]) short.rows[2][8] = -30;
  fake.answer(short);
  await passing();
  expect(source.at(2)).toMatchObject({ cut: true, lines: 30 });
  source.whole(2);
  await passing();
  expect(asked()).toMatchObject({ start: 2, count: 1, whole: true });
  fake.answer({ ...page(5, 2, 1), rows: [[2, 2, 1, 1, 0, 1, 1, "all\nof it", 2]] });
  await passing();
  expect(source.at(2)).toMatchObject({ cut: false, text: "all\nof it" });
});

test("a search goes on until all is searched, and says where it is", async () => {
  const rows: number[] = [];
  const search = new LogSearch(
    new Channel(fake.model),
    () => EVERYTHING,
    () => {},
    (row) => rows.push(row),
  );
  search.set("muon", false);
  await passing();
  expect(asked()).toMatchObject({ kind: "log_find", search: "muon", regex: false });
  fake.answer({ total: 3, searched: 0.4, hit: null, n: null, row: null });
  await passing();
  expect(told(search)).toBe("3 hits so far (40 % searched)");
  fake.answer({ total: 7, searched: 1, hit: null, n: null, row: null });
  await passing();
  expect([fake.sent.length, told(search), rows]).toEqual([2, "7 hits", []]);
  void search.step(false, 100);
  await passing();
  expect(asked()).toMatchObject({ near: 100, back: false });
  fake.answer({ total: 7, searched: 1, hit: 4, n: 120, row: 118 });
  await passing();
  expect([told(search), rows]).toEqual(["5 of 7", [118]]);
  void search.step(false, null);
  await passing();
  expect(asked()).toMatchObject({ near: 120 });
  fake.answer({ total: 7, searched: 1, hit: null, n: null, row: null });
  await passing();
  expect(asked()).toMatchObject({ near: -1 }); // round the end
  fake.answer({ total: 7, searched: 1, hit: 0, n: 3, row: 3 });
  await passing();
  expect([told(search), rows]).toEqual(["1 of 7", [118, 3]]);
});

test("backwards waits for the whole, a newer search for nothing", async () => {
  const rows: number[] = [];
  const make = () =>
    new LogSearch(
      new Channel(fake.model),
      () => EVERYTHING,
      () => {},
      (row) => rows.push(row),
    );
  const search = make();
  search.set("x", true);
  await passing();
  fake.answer({ total: 1, searched: 1, hit: null, n: null, row: null });
  await passing();
  void search.step(true, null);
  await passing();
  fake.answer({ total: 1, searched: 0.5, hit: 0, n: 9, row: 9 });
  await passing();
  expect(rows).toEqual([]);
  fake.answer({ total: 2, searched: 1, hit: 1, n: 99, row: 99 });
  await passing();
  expect(rows).toEqual([99]);
  void search.step(true, null);
  await passing();
  const old = fake.sent.length - 1;
  search.set("(", true);
  fake.answer({ total: 2, searched: 1, hit: 0, n: 9, row: 9 }, old);
  await passing();
  expect(rows).toEqual([99]);
  fake.tell("msg:custom", { id: asked()?.id, ok: false, error: "no regular expression: why" });
  await passing();
  expect(told(search)).toBe("no regular expression: why");
});

test("how a line reads", () => {
  const line = (text: string) => {
    const { before, from, end } = summary(record(text));
    return before + text.slice(from, end);
  };
  expect(line("boom\n  more")).toBe("boom");
  const traceback = "Traceback (most recent call last):\n  File x\nValueError: bad basket";
  expect(line(`${traceback}\n`)).toBe("Traceback … ValueError: bad basket");
  expect(line(`${traceback}\n\nwith\n    a note\nin definition 'x'`)).toBe(
    "Traceback … ValueError: bad basket",
  );
  expect(line(`${traceback}\n\nDuring it:\n\n${traceback.replace("bad", "worse")}`)).toBe(
    "Traceback … ValueError: worse basket",
  );
  expect(folds(record("short"))).toBe(false);
  expect(folds(record("one\ntwo"))).toBe(true);
  expect(folds(record("x".repeat(500)))).toBe(true);
  expect(place(record(""))).toBe("w1 a.root:0-10");
  expect(place(record("", { worker: null, chunk: "" }))).toBe("");
});

test("hits are marked where the kernel says, across colours and escapes", () => {
  const text = "\x1b[31mone mu\x1b[0mon two muon";
  const [from, end, last] = [text.indexOf("mu"), text.indexOf("on two") + 2, text.length];
  const pieces = [
    { text: "one ", style: "hepnb-fg-1" },
    { text: "mu", style: "hepnb-fg-1 hepnb-mark" },
    { text: "on", style: "hepnb-mark" },
    { text: " two ", style: "" },
    { text: "muon", style: "hepnb-mark" },
  ];
  expect(spans(text, [from, end, last - 4, last])).toEqual(pieces);
  expect(spans("ab", [0, 0, 1, 1])).toEqual([{ text: "ab", style: "" }]);
  expect(spans("ab", [0, 1, 1, 2])).toEqual([{ text: "ab", style: "hepnb-mark" }]);
});

test("of a traceback that is folded its last line is marked", () => {
  const rows = new LogRows();
  const text = "Traceback (most recent call last):\n  go()\nValueError: go";
  const line = record(text, { marks: [37, 39, text.length - 2, text.length] });
  const look = { opened: false, active: false, selected: false, hit: false };
  const marked = () => [...rows.node.querySelectorAll(".hepnb-mark")].map((m) => m.textContent);
  rows.show(0, [line], () => look);
  expect(rows.node.querySelector(".hepnb-log-text")?.textContent).toMatch(
    /^Traceback … ValueError: go/,
  );
  expect(marked()).toEqual(["go"]);
  rows.show(0, [line], () => ({ ...look, opened: true }));
  expect(marked()).toEqual(["go", "go"]);
});

test("another search asks again for what is shown, which stays meanwhile", async () => {
  source.want(0, 3, false);
  await passing();
  fake.answer(page(3, 0, 3));
  await passing();
  const marked = (at: number) => source.at(at)?.marks;
  source.mark("line", false);
  expect(asked()).toMatchObject({ start: 0, search: "line", regex: false, all: true });
  expect(source.at(1)?.text).toBe("line 1");
  const answer = page(3, 0, 3);
  answer.rows[1]?.push([0, 4]);
  fake.answer(answer);
  await passing();
  expect([marked(0), marked(1)]).toEqual([[], [0, 4]]);
  source.mark("(", true);
  expect(marked(1)).toEqual([]);
  const before = fake.sent.length;
  source.mark("", false);
  await passing(1000);
  expect([fake.sent.length, source.at(1)?.text]).toEqual([before, "line 1"]);
  source.set({ ...EVERYTHING, levels: ["INFO"] });
  source.want(0, 0, false); // nothing is drawn yet
  source.mark("", false);
  fake.answer(page(3, 0, 3));
  await passing();
  expect([source.total, source.at(1)?.text]).toEqual([3, "line 1"]);
});

test("an opened message gets the marks of a newer search, and stays whole", async () => {
  source.want(0, 1, false);
  await passing();
  const cut = page(1, 0, 1);
  if (cut.rows[0]) cut.rows[0][8] = -3;
  fake.answer(cut);
  await passing();
  source.whole(0);
  await passing();
  source.mark("l", false); // while it is under way
  const [opening, marking] = [fake.sent.length - 2, fake.sent.length - 1];
  expect(asked(opening)).toMatchObject({ whole: true });
  fake.answer(page(1, 0, 1, "whole"), opening);
  fake.answer(cut, marking);
  await passing();
  expect(asked()).toMatchObject({ whole: true, search: "l" });
  const whole = page(1, 0, 1, "whole");
  whole.rows[0]?.push([3, 4]);
  fake.answer(whole);
  await passing();
  expect(source.at(0)).toMatchObject({ text: "whole 0", cut: false, marks: [3, 4] });
  source.mark("h", false);
  fake.answer(cut);
  await passing();
  expect(source.at(0)).toMatchObject({ text: "whole 0", marks: [] });
  expect(asked()).toMatchObject({ whole: true, search: "h" });
});

test("of a long file name the middle goes, not the entries", () => {
  const chunk = "Run2012BC_DoubleMuParked.root:56800-56900";
  expect(briefly(record("", { chunk }))).toBe("w1 Run2012B…:56800-56900");
  expect(briefly(record("", { chunk }))).toHaveLength(24);
  expect(briefly(record(""))).toBe("w1 a.root:0-10");
});
