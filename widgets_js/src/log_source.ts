// The lines of a log as the view asks for them. A line that is not here gives undefined and is
// asked for; one request is under way at a time, and an answer to an older filter is not used.

import type { Channel } from "./channel";
import { type Brief, type LogRecord, records } from "./log_record";

export interface Filter {
  levels: string[] | null;
  worker: number | null;
  chunk: string;
  logger: string;
  /** Only lines with this; the search that walks from hit to hit is in log_search.ts. */
  search: string;
  regex: boolean;
}

export const EVERYTHING: Filter = {
  levels: null,
  worker: null,
  chunk: "",
  logger: "",
  search: "",
  regex: false,
};

interface Page extends Brief {
  total: number;
  start: number;
  counts: Record<string, number>;
  searched: number;
}

const KEPT = 3000; // lines
const AHEAD = 60; // lines that are asked for in the direction of the scrolling
const AROUND = 8;
const MOST = 250; // lines in one request
const SETTLE = 40; // ms that a jump has to last before its lines are asked for
const LONGEST = 120; // ms after which they are asked for in any case
const PACE = 500; // ms between two looks at the tail

export class LogSource {
  total = 0;
  /** Whether `total` is the answer to the filter that is set. */
  known = false;
  searched = 1;
  problem = "";
  /** Lines by level, whatever levels are shown. */
  counts: Record<string, number> = {};
  filter: Filter = EVERYTHING;
  /** Called when row numbers mean other lines than before. */
  onMoved: () => void = () => {};
  private rows = new Map<number, LogRecord>();
  /** Lines without marks, until they come again with those of a new search. */
  private unmarked = new Map<number, LogRecord>();
  private marking = { search: "", regex: false };
  private opening = Promise.resolve();
  private wanted = { first: 0, count: 0, tail: false };
  private before = 0;
  private asking = 0;
  private generation = 0;
  private stale = false;
  private timer = 0;
  private since = 0;
  private looked = -PACE;
  private answered = 0;

  constructor(
    private readonly channel: Channel,
    private readonly changed: () => void,
  ) {}

  get filtered(): boolean {
    const { levels, worker, chunk, logger, search } = this.filter;
    return levels !== null || worker !== null || chunk + logger + search !== "";
  }

  /** The last lines of a log that has ended, as they came with the state. */
  begin(total: number, last: Brief): void {
    if (this.known || this.filtered) return;
    this.total = Math.max(total, last.rows.length);
    this.put(this.total - last.rows.length, records(last));
  }

  /** The run says that there are more lines now. */
  grown(total: number): void {
    this.stale = true;
    if (!this.filter.search) this.problem = ""; // it may be over
    if (!this.filtered && this.known && !this.wanted.tail && total > this.total) this.total = total;
    this.schedule();
  }

  set(filter: Filter): void {
    this.filter = filter;
    this.forget();
    this.looked = -PACE;
    this.total = this.answered = 0;
    this.known = false;
    this.searched = 1;
    this.problem = "";
    this.askAnew(0);
  }

  /** Mark something else in the lines that are shown. */
  mark(search: string, regex: boolean): void {
    this.marking = { search, regex };
    if (this.filter.search) return; // its hits are marked
    for (const [row, record] of this.rows) this.unmarked.set(row, { ...record, marks: [] });
    bound(this.unmarked);
    this.rows.clear();
    if (!search) [this.rows, this.unmarked] = [this.unmarked, this.rows];
    this.askAnew(this.wanted.first);
  }

  at(row: number): LogRecord | undefined {
    return this.rows.get(row) ?? this.unmarked.get(row);
  }

  /** The view shows these lines; `tail` is for the last ones, however many there come to be. */
  want(first: number, count: number, tail: boolean): void {
    this.before = this.wanted.first;
    this.wanted = { first, count, tail };
    this.schedule();
  }

  /** One line with all of its text, in place of its short form; several come one after the other. */
  whole(row: number): void {
    const n = this.at(row)?.n;
    this.opening = this.opening.then(() => this.open(row, n));
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.generation += 1;
    this.forget();
  }

  private async open(row: number, n: number | undefined): Promise<void> {
    while (n !== undefined && this.at(row)?.n === n) {
      const { generation } = this;
      const body = { start: row, count: 1, whole: true, ...this.question };
      const { ok, result } = await this.channel.request("log", body);
      if (generation !== this.generation) continue; // its marks may be of an older search
      const [record] = ok ? records(result as Page) : [];
      if (record?.n === n) this.rows.set(row, record);
      this.changed();
      return;
    }
  }

  /** What is under way is not used. */
  private askAnew(first: number): void {
    this.generation += 1;
    this.asking = 0;
    this.wanted = { ...this.wanted, first, count: Math.max(this.wanted.count, 30) };
    this.ask();
    this.changed();
  }

  /** Which lines are asked for, and what is marked in them. */
  private get question() {
    if (this.filter.search) return question(this.filter);
    return { ...question({ ...this.filter, ...this.marking }), all: true };
  }

  private schedule(): void {
    if (this.asking || this.problem || !this.missing()) return;
    const now = performance.now();
    let wait = 0;
    if (this.wanted.tail) wait = Math.max(0, this.looked + PACE - now);
    else if (Math.abs(this.wanted.first - this.before) > this.wanted.count) {
      // a thumb that is dragged passes many places: ask where it rests
      this.since ||= now;
      wait = Math.min(SETTLE, Math.max(0, this.since + LONGEST - now));
    }
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.ask(), wait);
  }

  /** What has to be asked for, if anything. */
  private missing(): { start: number; count: number } | null {
    const { first, count, tail } = this.wanted;
    if (count <= 0) return null;
    if (tail) {
      const here = this.gap(this.total - count, this.total) === null;
      if (this.known && !this.stale && here && this.searched === 1) return null;
      return { start: -count, count };
    }
    if (!this.known || this.searched < 1) return { start: first, count: Math.min(count, MOST) };
    const gap = this.gap(first, first + count);
    if (!gap) return this.stale && this.filtered ? { start: this.total, count: 0 } : null;
    const near = Math.abs(first - this.before) <= count;
    const down = near && first > this.before ? AHEAD : AROUND;
    const up = near && first < this.before ? AHEAD : AROUND;
    const start = Math.max(0, gap[0] - up);
    return { start, count: Math.min(MOST, gap[1] + down - start) };
  }

  /** The first and last of these lines that are not here. */
  private gap(first: number, end: number): [number, number] | null {
    let low = Math.max(0, first);
    let high = Math.min(end, this.total);
    while (low < high && this.rows.has(low)) low += 1;
    while (high > low && this.rows.has(high - 1)) high -= 1;
    return low < high ? [low, high] : null;
  }

  private ask(): void {
    window.clearTimeout(this.timer);
    const range = this.missing();
    if (this.asking || !range) return;
    const { generation } = this;
    this.asking = generation + 1;
    this.stale = false;
    this.since = 0;
    this.looked = performance.now();
    const body = { ...range, ...this.question };
    void this.channel.request("log", body).then(({ ok, result, error }) => {
      if (generation !== this.generation) return;
      this.asking = 0;
      if (ok) this.keep(result as Page);
      else if (error !== "superseded") this.problem = error ?? "";
      this.changed();
      const left = this.missing();
      const same = left?.start === range.start && left?.count === range.count;
      const going = this.stale || this.searched < 1 || error === "superseded";
      if (!same || going) this.schedule(); // what an answer did not bring is not asked for again
    });
  }

  private keep(page: Page): void {
    const moved =
      page.total < this.answered ||
      page.rows.some(([n], at) => (this.at(page.start + at)?.n ?? n) !== n);
    if (moved) {
      this.forget(); // the middle of the log went, so rows behind it have other numbers
      this.onMoved();
    }
    this.problem = "";
    this.known = true;
    this.total = this.answered = page.total;
    this.counts = page.counts;
    this.searched = page.searched;
    this.put(page.start, records(page));
  }

  private put(start: number, lines: LogRecord[]): void {
    lines.forEach((record, at) => {
      const row = start + at;
      const old = this.at(row);
      const isOpen = old !== undefined && record.cut && !old.cut;
      if (isOpen && !this.rows.has(row)) this.whole(row); // with its marks
      this.rows.delete(row);
      this.rows.set(row, isOpen ? { ...old, repeat: record.repeat } : record);
      this.unmarked.delete(row);
    });
    bound(this.rows);
  }

  private forget(): void {
    this.rows.clear();
    this.unmarked.clear();
  }
}

/** Forget the oldest of too many lines. */
function bound(lines: Map<number, LogRecord>): void {
  for (const row of lines.keys()) {
    if (lines.size <= KEPT) break;
    lines.delete(row);
  }
}

/** A filter as the kernel is asked. */
export function question({ levels, worker, chunk, logger, search, regex }: Filter) {
  return {
    levels,
    worker,
    chunk: chunk || null,
    logger: logger || null,
    search: search || null,
    regex,
  };
}
