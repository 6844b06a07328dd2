// The log: its tail as it comes, and any other place of it. A screenful of rows exists at a time;
// arrows move, Enter opens a long message, `/` goes to the search.

import type { Channel } from "./channel";
import { button, el, setAttribute, setText } from "./dom";
import { number } from "./format";
import { LogBar, pressed } from "./log_bar";
import { LogExport } from "./log_export";
import { folds } from "./log_record";
import { LogRows } from "./log_rows";
import { LogSearch, told } from "./log_search";
import { LogSource } from "./log_source";
import { clamp, Heights, ROW, Track } from "./log_window";
import type { Part, Snapshot } from "./snapshot";

const STILL = 150; // ms without scrolling after which the thumb is put where it belongs
const SCREEN = 320; // px, before the browser has said how tall the box is

export function logPart(channel: Channel): Part {
  const view = new LogPart(channel);
  return { node: view.node, update: (s) => view.update(s), close: () => view.close() };
}

class LogPart {
  readonly node: HTMLElement;
  private readonly source: LogSource;
  private readonly search: LogSearch;
  private readonly bar: LogBar;
  private readonly saving: LogExport;
  private readonly rows = new LogRows();
  private readonly heights = new Heights();
  private readonly track = new Track();
  private readonly space = el(
    "div",
    { class: "hepnb-logspace", role: "presentation" },
    this.rows.node,
  );
  private readonly scroller = el(
    "div",
    {
      class: "hepnb-log",
      tabindex: "0",
      role: "grid",
      "aria-label": "Log lines",
      "aria-multiselectable": "true",
      "aria-readonly": "true",
    },
    this.space,
  );
  private readonly tail = el(
    "button",
    { type: "button", class: "hepnb-toggle", "aria-pressed": "true", title: "keep to the end" },
    "follow",
  );
  private readonly back = button("↓ follow the end", { class: "hepnb-button hepnb-tofollow" });
  private readonly lines = el("span", { class: "hepnb-faint", role: "status" });
  private readonly watcher: ResizeObserver;
  private readonly sight: IntersectionObserver;
  private active = -1;
  private anchor = -1;
  private seen = true;
  private still = 0;
  private latest: Snapshot | undefined;

  constructor(channel: Channel) {
    this.source = new LogSource(channel, () => this.draw());
    this.source.onMoved = () => this.reset();
    this.search = new LogSearch(
      channel,
      () => ({ ...this.source.filter, search: "", regex: false }),
      () => this.tell(),
      (row) => this.go(row, false),
    );
    this.bar = new LogBar(channel, {
      filtered: (filter) => {
        if (JSON.stringify(filter) === JSON.stringify(this.source.filter)) return;
        this.reset();
        this.source.set(filter);
        this.search.set(this.search.text, this.search.regex);
        if (!this.following) this.scrollTo(0);
      },
      searched: (text, regex) => {
        if (text === this.search.text && regex === this.search.regex) return;
        this.source.mark(text, regex);
        this.search.set(text, regex);
      },
      stepped: (back) => this.step(back),
      left: () => this.scroller.focus(),
    });
    this.saving = new LogExport(channel, () => ({
      filter: this.source.filter,
      total: this.source.total,
      selected: this.selection,
      id: this.latest?.id ?? "",
      directory: this.latest?.directory ?? "",
    }));
    const foot = el("div", { class: "hepnb-row" }, this.tail, this.saving.node, this.lines);
    const box = el("div", { class: "hepnb-logbox" }, this.scroller, this.back);
    this.node = el("div", { class: "hepnb-logpart" }, this.bar.node, box, foot);
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.scroller);
    this.sight = new IntersectionObserver((entries) => {
      this.seen = entries.at(-1)?.isIntersecting ?? true;
      if (this.seen) this.draw();
    });
    this.sight.observe(this.scroller);
    this.listen();
  }

  update(snapshot: Snapshot): void {
    this.latest = snapshot;
    const { log } = snapshot;
    if (log.last) this.source.begin(log.total, log.last);
    if (!this.source.known) this.bar.count(log.counts);
    this.source.grown(log.total);
    this.search.grown();
    this.draw();
  }

  close(): void {
    window.clearTimeout(this.still);
    document.removeEventListener("visibilitychange", this.turned);
    this.watcher.disconnect();
    this.sight.disconnect();
    this.source.close();
    this.search.close();
    this.bar.close();
  }

  private get following(): boolean {
    return pressed(this.tail);
  }

  private get selection(): [number, number] | null {
    if (this.anchor < 0 || this.active < 0) return null;
    return [Math.min(this.anchor, this.active), Math.max(this.anchor, this.active) + 1];
  }

  private readonly turned = (): void => {
    if (!document.hidden) this.draw();
  };

  private listen(): void {
    this.scroller.addEventListener("scroll", () => this.scrolled());
    this.scroller.addEventListener("keydown", (event) => this.key(event));
    this.rows.node.addEventListener("click", (event) => this.clicked(event));
    this.rows.node.addEventListener("dblclick", (event) =>
      this.toggle(this.rows.rowOf(event.target)),
    );
    for (const press of [this.tail, this.back])
      press.addEventListener("click", () => this.follow(press === this.back || !this.following));
    this.node.addEventListener("hepnb-shown", () => this.draw());
    this.node.addEventListener("keydown", (event) => {
      const typing = event.target instanceof HTMLElement && event.target.matches("input, select");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.bar.search.focus();
    });
    document.addEventListener("visibilitychange", this.turned);
  }

  // -- drawing --------------------------------------------------------------------------------

  private draw(): void {
    const { total } = this.source;
    const viewport = this.scroller.clientHeight || SCREEN;
    this.place(viewport);
    let { first, count } = this.heights.window(this.track.top, viewport, total);
    const tall = this.rows.show(first, this.records(first, count), this.look);
    let grew = false;
    for (const [row, height] of tall)
      if (height > 0) grew = this.heights.open(row, Math.max(0, height - ROW)) || grew;
    if (grew) {
      this.place(viewport);
      ({ first, count } = this.heights.window(this.track.top, viewport, total));
      this.rows.show(first, this.records(first, count), this.look);
    }
    const offset = this.scroller.scrollTop + this.heights.top(first) - this.track.top;
    this.rows.node.style.transform = `translateY(${Math.round(offset)}px)`;
    const drawn = this.active >= first && this.active < first + count;
    setAttribute(
      this.scroller,
      "aria-activedescendant",
      drawn ? this.rows.idOf(this.active) : null,
    );
    setAttribute(this.scroller, "aria-rowcount", String(this.source.known ? total : -1));
    this.back.hidden = this.following || this.track.top >= this.track.end - ROW;
    const shown = this.scroller.clientHeight > 0 && this.seen && !document.hidden;
    const screen = Math.ceil(viewport / ROW) + 1;
    if (shown) this.source.want(first, this.following ? screen : count, this.following);
    this.tell();
  }

  /** The height of it all, and where in it the view stands. */
  private place(viewport: number): void {
    this.track.resize(this.heights.top(this.source.total), viewport);
    const tall = `${this.track.tall}px`;
    if (this.space.style.height !== tall) this.space.style.height = tall;
    if (!this.following) return;
    this.track.top = this.track.end;
    this.thumb();
  }

  private readonly look = (row: number) => {
    const [from, end] = this.selection ?? [0, 0];
    return {
      opened: this.heights.has(row),
      active: row === this.active,
      selected: row >= from && row < end,
      hit: this.source.at(row)?.n === this.search.n && this.search.n !== null,
    };
  };

  private records(first: number, count: number) {
    return Array.from({ length: count }, (_, at) => this.source.at(first + at));
  }

  private tell(): void {
    const { source, search } = this;
    if (source.known) this.bar.count(source.counts);
    const wrong = source.problem || search.problem;
    this.bar.say(wrong || told(search), wrong !== "");
    setText(this.lines, describe(source));
  }

  // -- moving ---------------------------------------------------------------------------------

  private scrolled(): void {
    const moved = this.track.scrolled(this.scroller.scrollTop);
    if (moved < 0) this.setFollow(false);
    else if (moved > 0 && this.track.top >= this.track.end - 1) this.setFollow(true);
    window.clearTimeout(this.still);
    this.still = window.setTimeout(() => this.settle(), STILL);
    this.draw();
  }

  /** The moving has stopped: the thumb goes where it belongs. */
  private settle(): void {
    if (Math.abs(this.track.bar - this.scroller.scrollTop) < 1.5) return;
    this.thumb();
    this.draw();
  }

  private thumb(): void {
    const { bar } = this.track;
    if (Math.abs(this.scroller.scrollTop - bar) >= 1) this.scroller.scrollTop = bar;
    this.track.placed(this.scroller.scrollTop);
  }

  private scrollTo(top: number): void {
    this.track.top = clamp(top, 0, this.track.end);
    this.thumb();
    this.draw();
  }

  private follow(on: boolean): void {
    this.setFollow(on);
    this.draw();
  }

  private setFollow(on: boolean): void {
    this.tail.setAttribute("aria-pressed", String(on));
  }

  private step(back: boolean): void {
    if (this.bar.isOnly) {
      const { total } = this.source;
      if (total > 0)
        this.go((Math.max(this.active, back ? 0 : -1) + (back ? -1 : 1) + total) % total, false);
      return;
    }
    const near = this.source.at(this.active)?.n ?? null;
    void this.search.step(back, near);
  }

  /** Make a line the active one, and bring it into view. */
  private go(row: number, extend: boolean): void {
    const { total } = this.source;
    if (total === 0) return;
    const at = clamp(row, 0, total - 1);
    this.active = at;
    if (!extend || this.anchor < 0) this.anchor = at;
    this.setFollow(at === total - 1 && this.following);
    const viewport = this.scroller.clientHeight || SCREEN;
    const top = this.heights.top(at);
    const bottom = this.heights.top(at + 1);
    const far = Math.abs(top - this.track.top) > 2 * viewport;
    if (far) this.scrollTo(top - viewport / 3);
    else if (top < this.track.top) this.scrollTo(top);
    else if (bottom > this.track.top + viewport) this.scrollTo(Math.min(top, bottom - viewport));
    else this.draw();
  }

  private key(event: KeyboardEvent): void {
    const { total } = this.source;
    const page = Math.max(1, Math.floor((this.scroller.clientHeight || SCREEN) / ROW) - 1);
    const here = this.active < 0 ? this.heights.rowAt(this.track.top) : this.active;
    const moves: Record<string, number> = {
      ArrowDown: this.active < 0 ? here : here + 1,
      ArrowUp: here - 1,
      PageDown: here + page,
      PageUp: here - page,
      Home: 0,
      End: total - 1,
    };
    const target = moves[event.key];
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (target !== undefined && plain) {
      if (event.key === "End" && !event.shiftKey) this.setFollow(true);
      this.go(target, event.shiftKey);
    } else if ((event.key === "Enter" || event.key === " ") && plain) this.toggle(this.active);
    else if (event.key === "ArrowRight" && plain) this.toggle(this.active, true);
    else if (event.key === "ArrowLeft" && plain) this.toggle(this.active, false);
    else if (event.key === "Escape") this.select(-1, false);
    else if (event.key === "c" && (event.ctrlKey || event.metaKey)) {
      if (!this.selection || window.getSelection()?.toString()) return; // the browser copies
      void this.saving.copy();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private clicked(event: MouseEvent): void {
    const row = this.rows.rowOf(event.target);
    if (row < 0 || row >= this.source.total) return;
    if ((event.target as Element).closest(".hepnb-disclose")) this.toggle(row);
    else if (window.getSelection()?.toString() && !event.shiftKey)
      return; // text was selected
    else this.select(row, event.shiftKey);
  }

  private select(row: number, extend: boolean): void {
    this.active = row;
    if (!extend || this.anchor < 0) this.anchor = row;
    this.draw();
  }

  /** Open a message, or fold it. */
  private toggle(row: number, open = !this.heights.has(row)): void {
    const record = this.source.at(row);
    if (!record || !folds(record) || open === this.heights.has(row)) return;
    if (open) {
      this.setFollow(false);
      this.heights.open(row, 0);
      if (record.cut) this.source.whole(row);
    } else this.heights.shut(row);
    this.draw();
  }

  /** Rows mean other lines now. */
  private reset(): void {
    this.heights.clear();
    this.active = this.anchor = -1;
  }
}

/** What the view shows, in words. */
export function describe(source: LogSource): string {
  const { total, known, searched, filtered } = source;
  const lines = `${number(total)} line${total === 1 ? "" : "s"}`;
  if (!known) return total > 0 ? lines : "reading …";
  if (searched < 1) return `${lines} so far, ${Math.floor(100 * searched)} % searched`;
  if (total === 0) return filtered ? "no line is like this" : "nothing was logged yet";
  if (!filtered) return lines;
  const all = Object.values(source.counts).reduce((sum, n) => sum + n, 0);
  return `${lines} of ${number(all)}`;
}
