// Paths of a histogram, in pixels. Very many bins become one span per pixel column.

export const MOST_STEPS = 1000;

type Numbers = ArrayLike<number>;

/** The outline: up at the first edge, along each bin, down at the last. */
export function stepPath(xs: Numbers, ys: Numbers, base: number): string {
  if (ys.length === 0) return "";
  const out = [`M${at(xs[0])} ${at(base)}`];
  for (let i = 0; i < ys.length; i += 1) out.push(`V${at(ys[i])}H${at(xs[i + 1])}`);
  out.push(`V${at(base)}`);
  return out.join("");
}

/** The area between two lines of steps. */
export function areaPath(xs: Numbers, tops: Numbers, bottoms: Numbers): string {
  const n = tops.length;
  if (n === 0) return "";
  const out = [`M${at(xs[0])} ${at(bottoms[0])}`];
  for (let i = 0; i < n; i += 1) out.push(`V${at(tops[i])}H${at(xs[i + 1])}`);
  for (let i = n - 1; i >= 0; i -= 1) out.push(`V${at(bottoms[i])}H${at(xs[i])}`);
  return `${out.join("")}Z`;
}

/** A box for each bin that has both ends, such as the error band of a ratio. */
export function boxPath(xs: Numbers, tops: Numbers, bottoms: Numbers): string {
  const out: string[] = [];
  for (let i = 0; i < tops.length; i += 1) {
    if (!known(tops[i]) || !known(bottoms[i])) continue;
    out.push(`M${at(xs[i])} ${at(bottoms[i])}V${at(tops[i])}H${at(xs[i + 1])}V${at(bottoms[i])}Z`);
  }
  return out.join("");
}

/** One vertical span per pixel column, from its lowest to its highest bin, joined along the way. */
export function columnPath(xs: Numbers, lows: Numbers, highs: Numbers): string {
  const columns = new Map<number, [number, number]>();
  for (let i = 0; i < lows.length; i += 1) {
    if (!known(lows[i]) || !known(highs[i])) continue;
    const from = Math.floor(xs[i] ?? 0);
    const to = Math.max(from, Math.ceil(xs[i + 1] ?? 0) - 1);
    const low = Math.max(lows[i] ?? 0, highs[i] ?? 0);
    const high = Math.min(lows[i] ?? 0, highs[i] ?? 0);
    for (let column = from; column <= to; column += 1) {
      const span = columns.get(column);
      if (span) {
        span[0] = Math.max(span[0], low);
        span[1] = Math.min(span[1], high);
      } else columns.set(column, [low, high]);
    }
  }
  const out: string[] = [];
  let before: [number, number] | undefined;
  for (const [column, span] of [...columns].sort(([a], [b]) => a - b)) {
    // reach to the neighbouring column, so that a steep flank has no gap
    const bottom = before ? Math.max(span[0], before[1]) : span[0];
    const top = before ? Math.min(span[1], before[0]) : span[1];
    out.push(`M${column + 0.5} ${at(bottom)}V${at(Math.min(top, bottom - 1))}`);
    before = span;
  }
  return out.join("");
}

/** Error bars at the middle of each bin. */
export function errorPath(xs: Numbers, tops: Numbers, bottoms: Numbers): string {
  const out: string[] = [];
  for (let i = 0; i < tops.length; i += 1) {
    if (!known(tops[i]) || !known(bottoms[i]) || tops[i] === bottoms[i]) continue;
    out.push(`M${at(middle(xs, i))} ${at(bottoms[i])}V${at(tops[i])}`);
  }
  return out.join("");
}

/** A line across each bin. */
export function acrossPath(xs: Numbers, ys: Numbers): string {
  const out: string[] = [];
  for (let i = 0; i < ys.length; i += 1) {
    if (known(ys[i])) out.push(`M${at(xs[i])} ${at(ys[i])}H${at(xs[i + 1])}`);
  }
  return out.join("");
}

/** A mark in the middle of each bin: disc, square, triangle or diamond, by number. */
export function markPath(xs: Numbers, ys: Numbers, shape: number, size: number): string {
  const out: string[] = [];
  for (let i = 0; i < ys.length; i += 1) {
    if (known(ys[i])) out.push(mark(middle(xs, i), ys[i] ?? 0, shape, size));
  }
  return out.join("");
}

export function mark(x: number, y: number, shape: number, r: number): string {
  const corner = (dx: number, dy: number) => `${at(x + dx * r)} ${at(y + dy * r)}`;
  if (shape % 4 === 1)
    return `M${corner(-1, -1)}L${corner(1, -1)}L${corner(1, 1)}L${corner(-1, 1)}Z`;
  if (shape % 4 === 2) return `M${corner(0, -1.3)}L${corner(1.2, 0.9)}L${corner(-1.2, 0.9)}Z`;
  if (shape % 4 === 3) {
    return `M${corner(0, -1.4)}L${corner(1.4, 0)}L${corner(0, 1.4)}L${corner(-1.4, 0)}Z`;
  }
  const k = 0.5523; // of a circle as four cubic curves
  return (
    `M${corner(1, 0)}C${corner(1, k)} ${corner(k, 1)} ${corner(0, 1)}` +
    `C${corner(-k, 1)} ${corner(-1, k)} ${corner(-1, 0)}` +
    `C${corner(-1, -k)} ${corner(-k, -1)} ${corner(0, -1)}` +
    `C${corner(k, -1)} ${corner(1, -k)} ${corner(1, 0)}Z`
  );
}

function middle(xs: Numbers, i: number): number {
  return ((xs[i] ?? 0) + (xs[i + 1] ?? 0)) / 2;
}

function known(value: number | undefined): boolean {
  return value !== undefined && Number.isFinite(value);
}

function at(value: number | undefined): string {
  return String(Math.round((value ?? 0) * 10) / 10);
}
