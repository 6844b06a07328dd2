// A search that walks from hit to hit: which is shown, and how many there are. The kernel searches
// in slices, so an answer may be of the part that was searched so far; then it is asked again.

import type { Channel } from "./channel";
import { type Filter, question } from "./log_source";

interface Found {
  total: number;
  searched: number;
  hit: number | null;
  n: number | null;
  row: number | null;
}

const LAST = Number.MAX_SAFE_INTEGER;
const RECOUNT = 2000; // ms between two counts of a log that grows

export class LogSearch {
  text = "";
  regex = false;
  total = 0;
  searched = 1;
  /** Which hit is shown, from 0 on. */
  hit: number | null = null;
  /** The number of its record, and its row. */
  n: number | null = null;
  row = -1;
  problem = "";
  private generation = 0;
  private counted = 0;
  private asking = false;

  constructor(
    private readonly channel: Channel,
    private readonly filter: () => Filter,
    private readonly changed: () => void,
    private readonly jump: (row: number) => void,
  ) {}

  get active(): boolean {
    return this.text !== "";
  }

  /** Look for something else, or in other lines: count it, and stay where we are. */
  set(text: string, regex: boolean): void {
    this.text = text;
    this.regex = regex;
    this.generation += 1;
    this.asking = false;
    this.total = 0;
    this.hit = this.n = null;
    this.row = -1;
    this.problem = "";
    this.searched = this.active ? 0 : 1;
    this.changed();
    if (this.active) void this.count();
  }

  /** There are more lines now. */
  grown(): void {
    const due = performance.now() - this.counted > RECOUNT;
    if (this.active && due && !this.asking && !this.problem) void this.count();
  }

  /** To the next hit after a record (before it if `back`), and round at the ends. */
  async step(back: boolean, near: number | null): Promise<void> {
    if (!this.active || this.problem) return;
    const start = back ? LAST : -1;
    const from = near ?? this.n ?? start;
    let found = await this.ask(from, back);
    if (found && found.n === null && found.total > 0 && from !== start)
      found = await this.ask(start, back);
    if (!found || found.n === null || found.row === null) return;
    this.hit = found.hit;
    this.n = found.n;
    this.row = found.row;
    this.changed();
    this.jump(found.row);
  }

  close(): void {
    this.generation += 1;
  }

  private async count(): Promise<void> {
    await this.ask(LAST, false);
    this.counted = performance.now();
  }

  /** Ask until there is an answer that stands; undefined when another search was set meanwhile. */
  private async ask(near: number, back: boolean): Promise<Found | undefined> {
    const { generation } = this;
    const body = { ...question(this.filter()), search: this.text, regex: this.regex, near, back };
    this.asking = true;
    for (;;) {
      const { ok, result, error } = await this.channel.request("log_find", body);
      if (generation !== this.generation) return undefined;
      if (!ok && error !== "superseded") this.problem = error ?? "";
      const found = ok ? (result as Found) : undefined;
      if (found) {
        this.total = found.total;
        this.searched = found.searched;
      }
      this.changed();
      // backwards the last hit is only known when all was searched
      const stands = found && (found.searched === 1 || (found.n !== null && !back));
      if (stands || !found) {
        this.asking = false;
        return found;
      }
    }
  }
}

/** What is said of a search: where one is among how many. */
export function told({ active, problem, searched, hit, total }: LogSearch): string {
  if (!active) return "";
  if (problem) return problem;
  const done = searched < 1 ? ` so far (${Math.floor(searched * 100)} % searched)` : "";
  if (total === 0) return searched < 1 ? `searching … ${Math.floor(searched * 100)} %` : "no hit";
  if (hit === null) return `${total} hit${total === 1 ? "" : "s"}${done}`;
  return `${hit + 1} of ${total}${done}`;
}
