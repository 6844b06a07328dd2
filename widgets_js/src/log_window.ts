// Which lines of a long log are on the screen. Pure arithmetic, in px; "virtual" is where a line
// would be if an element could be as tall as the log is long.

export const ROW = 20;
export const MOST_ROWS = 160;
const AROUND = 6; // rows drawn above and below what is seen
const TALLEST = 15_000_000; // Firefox makes no taller elements than 17.9 M px, Chromium 33.5 M

export interface Window {
  /** First line to draw and how many. */
  first: number;
  count: number;
}

/** How tall each line is: one row, but for those that are opened. */
export class Heights {
  private opened: [row: number, extra: number][] = [];

  has(row: number): boolean {
    return this.opened.some(([at]) => at === row);
  }

  /** Open a line, or say how much taller than a row it turned out to be; whether that is news. */
  open(row: number, extra: number): boolean {
    const known = this.opened.find(([at]) => at === row);
    if (known && known[1] === extra) return false;
    if (known) known[1] = extra;
    else this.opened = [...this.opened, [row, extra] as [number, number]].sort(([a], [b]) => a - b);
    return true;
  }

  shut(row: number): void {
    this.opened = this.opened.filter(([at]) => at !== row);
  }

  clear(): void {
    this.opened = [];
  }

  /** Where a line begins; of the one after the last, where all ends. */
  top(row: number): number {
    let top = row * ROW;
    for (const [at, extra] of this.opened) if (at < row) top += extra;
    return top;
  }

  /** The line at a height. */
  rowAt(y: number): number {
    let above = 0;
    for (const [at, extra] of this.opened) {
      const top = at * ROW + above;
      if (y < top + ROW) break;
      if (y < top + ROW + extra) return at;
      above += extra;
    }
    return Math.max(0, Math.floor((y - above) / ROW));
  }

  /** The lines to draw, some more than are seen. */
  window(top: number, viewport: number, total: number): Window {
    const seen = Math.min(this.rowAt(top), Math.max(0, total - 1));
    const first = Math.max(0, seen - AROUND);
    const last = Math.min(total, this.rowAt(top + viewport) + 1 + AROUND);
    return { first, count: clamp(last - first, 0, MOST_ROWS) };
  }
}

/** The scroll bar of something that may be taller than an element can be.

 Small moves (a wheel, a finger) are followed px by px, large ones (the thumb is dragged) in
 proportion. `bar` is where the thumb belongs; it is put there when the moving has stopped. */
export class Track {
  top = 0;
  private full = 0;
  private viewport = 0;
  private last = 0;

  /** The height of the element that is scrolled. */
  get tall(): number {
    return Math.min(this.full, TALLEST);
  }

  get end(): number {
    return Math.max(0, this.full - this.viewport);
  }

  get bar(): number {
    const room = Math.max(0, this.tall - this.viewport);
    return this.full <= TALLEST || this.end === 0 ? this.top : (this.top / this.end) * room;
  }

  resize(full: number, viewport: number): void {
    this.full = full;
    this.viewport = viewport;
    this.top = clamp(this.top, 0, this.end);
  }

  /** The thumb was put where `bar` is; this is what the browser made of it. */
  placed(scrollTop: number): void {
    this.last = scrollTop;
  }

  /** The browser has scrolled; by how much, in virtual px. */
  scrolled(scrollTop: number): number {
    const before = this.top;
    const delta = scrollTop - this.last;
    if (Math.abs(delta) < 1.5 && scrollTop > 0) return 0;
    const room = Math.max(0, this.tall - this.viewport);
    if (this.full <= TALLEST) this.top = scrollTop;
    else if (scrollTop <= 0) this.top = 0;
    else if (scrollTop >= room - 1) this.top = this.end;
    else if (Math.abs(delta) > 3 * this.viewport) this.top = (scrollTop / room) * this.end;
    else {
      // towards an end that is near, both arrive there together
      const left = delta < 0 ? this.last : room - this.last;
      const leftVirtual = delta < 0 ? this.top : this.end - this.top;
      this.top += left < 4 * this.viewport ? (delta * leftVirtual) / Math.max(1, left) : delta;
    }
    this.top = clamp(this.top, 0, this.end);
    this.last = scrollTop;
    return this.top - before;
  }
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
