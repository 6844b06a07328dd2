// The lines of a log as the view asks for them: the live tail, and pages from the kernel.
// A page that is not here yet gives undefined lines and is asked for once.

import type { Channel } from "./channel";
import { PAGE, pagesFor } from "./log_window";
import type { LogRecord, LogState } from "./snapshot";

export interface Filter {
  levels: string[] | null;
  search: string;
}

const KEPT = 20; // pages

export class LogSource {
  total = 0;
  /** Whether `total` is the answer to the filter that is set. */
  known = true;
  problem = "";
  private wanted: Filter = { levels: null, search: "" };
  private tail: LogRecord[] = [];
  private pages = new Map<number, LogRecord[]>();
  private asking = false;
  private again: number | null = null;
  private generation = 0;
  private counted = -1;

  constructor(
    private readonly channel: Channel,
    private readonly changed: () => void,
  ) {}

  get filtered(): boolean {
    return this.wanted.levels !== null || this.wanted.search !== "";
  }

  /** A new state of the run: the tail and how many lines there are. */
  update({ total, tail }: LogState): void {
    this.tail = tail;
    if (!this.filtered) {
      this.total = total;
    } else if (total !== this.counted) {
      this.ask(Math.max(0, Math.ceil(this.total / PAGE) - 1)); // there may be more that match
    }
    this.counted = total;
  }

  filter(change: Partial<Filter>): void {
    this.wanted = { ...this.wanted, ...change };
    this.generation += 1;
    this.pages.clear();
    this.problem = "";
    if (this.filtered) {
      this.known = false;
      this.total = 0;
      this.ask(0);
    } else {
      this.total = Math.max(0, this.counted);
    }
    this.changed();
  }

  /** Lines `first` to `first + count`; those that are not here are asked for. */
  lines(first: number, count: number): (LogRecord | undefined)[] {
    const out: (LogRecord | undefined)[] = [];
    for (let line = first; line < first + count; line += 1) out.push(this.at(line));
    const missing = pagesFor(first, count).find((page) =>
      out.some((record, at) => !record && Math.floor((first + at) / PAGE) === page),
    );
    if (missing !== undefined) this.ask(missing);
    return out;
  }

  at(line: number): LogRecord | undefined {
    const back = line - (this.total - this.tail.length);
    if (!this.filtered && back >= 0) return this.tail[back];
    return this.pages.get(Math.floor(line / PAGE))?.[line % PAGE];
  }

  private ask(page: number): void {
    if (this.asking) {
      this.again = page;
      return;
    }
    this.asking = true;
    const generation = this.generation;
    const { levels, search } = this.wanted;
    const body = { start: page * PAGE, count: PAGE, levels, search: search || null };
    void this.channel.request("log", body).then(({ ok, result, error }) => {
      this.asking = false;
      const next = this.again;
      this.again = null;
      if (generation === this.generation) {
        if (ok) this.keep(page, result as { total: number; records: LogRecord[] });
        else if (error !== "superseded") this.problem = error ?? "";
        this.changed();
      }
      if (next !== null) this.ask(next);
      else if (generation !== this.generation && this.filtered) this.ask(0);
    });
  }

  private keep(page: number, answer: { total: number; records: LogRecord[] }): void {
    this.problem = "";
    this.known = true;
    if (this.filtered) this.total = answer.total;
    this.pages.delete(page);
    this.pages.set(page, answer.records);
    for (const old of this.pages.keys()) {
      if (this.pages.size <= KEPT) break;
      this.pages.delete(old);
    }
  }
}
