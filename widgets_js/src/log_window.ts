// Which lines of a long log are on the screen, and which pages hold them. Pure arithmetic.

export const ROW = 20; // px
export const PAGE = 200; // lines
const TALLEST = 15_000_000; // px; browsers stop making taller elements at about twice this

export interface Window {
  /** First line to draw and how many. */
  first: number;
  count: number;
  /** Where the first drawn line stands, in px from the top of the spacer. */
  offset: number;
}

export function height(total: number): number {
  return Math.min(total * ROW, TALLEST);
}

/** Lines to draw for a scroll position; a very long log is scrolled in proportion. */
export function visible(scrollTop: number, viewport: number, total: number): Window {
  const rows = Math.ceil(viewport / ROW) + 1;
  const full = total * ROW;
  const tall = height(total);
  if (full <= tall) {
    const first = clamp(Math.floor(scrollTop / ROW), 0, Math.max(0, total - 1));
    return { first, count: Math.min(rows, total - first), offset: first * ROW };
  }
  const share = scrollTop / Math.max(1, tall - viewport);
  const first = clamp(Math.round(share * (total - rows + 1)), 0, Math.max(0, total - rows + 1));
  return { first, count: Math.min(rows, total - first), offset: scrollTop };
}

/** Pages (numbered from 0) that hold the lines `first` to `first + count`. */
export function pagesFor(first: number, count: number): number[] {
  if (count <= 0) return [];
  const out: number[] = [];
  for (let p = Math.floor(first / PAGE); p <= Math.floor((first + count - 1) / PAGE); p += 1)
    out.push(p);
  return out;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
