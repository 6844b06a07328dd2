// Paths of a step histogram, in pixels. Very many bins become one span per pixel column.

export const MOST_STEPS = 1000;

/** The outline: up at the first edge, along each bin, down at the last. */
export function stepPath(xs: ArrayLike<number>, ys: ArrayLike<number>, base: number): string {
  if (ys.length === 0) return "";
  const out = [`M${at(xs[0])} ${at(base)}`];
  for (let i = 0; i < ys.length; i += 1) out.push(`V${at(ys[i])}H${at(xs[i + 1])}`);
  out.push(`V${at(base)}`);
  return out.join("");
}

/** One vertical span per pixel column, from its lowest to its highest bin, joined along the way. */
export function columnPath(
  xs: ArrayLike<number>,
  lows: ArrayLike<number>,
  highs: ArrayLike<number>,
): string {
  const columns = new Map<number, [number, number]>();
  for (let i = 0; i < lows.length; i += 1) {
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
export function errorPath(
  xs: ArrayLike<number>,
  tops: ArrayLike<number>,
  bottoms: ArrayLike<number>,
): string {
  const out: string[] = [];
  for (let i = 0; i < tops.length; i += 1) {
    if (tops[i] === bottoms[i]) continue;
    const middle = ((xs[i] ?? 0) + (xs[i + 1] ?? 0)) / 2;
    out.push(`M${at(middle)} ${at(bottoms[i])}V${at(tops[i])}`);
  }
  return out.join("");
}

function at(value: number | undefined): string {
  return String(Math.round((value ?? 0) * 10) / 10);
}
