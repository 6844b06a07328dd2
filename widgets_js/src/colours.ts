// Contents to colours: cividis (Nuñez, Anderton, Renslow, PLoS ONE 13 (2018) e0199239), which rises
// evenly in lightness and reads alike with and without a deficiency of colour vision.

const ANCHORS =
  "00224e 003170 2a3f6d 434e6c 575d6d 6a6c71 7d7c78 918b78 a59c74 bbad6d d1bf61 e9d34e fee838"
    .split(" ")
    .map((text) => [0, 2, 4].map((at) => Number.parseInt(text.slice(at, at + 2), 16)));

export const SHADES = 256;

/** Red, green and blue of each shade, one after the other. */
export const TABLE = Uint8ClampedArray.from({ length: SHADES * 3 }, (_, i) => {
  const place = (Math.floor(i / 3) / (SHADES - 1)) * (ANCHORS.length - 1);
  const low = Math.min(ANCHORS.length - 2, Math.floor(place));
  const [from, to] = [ANCHORS[low]?.[i % 3] ?? 0, ANCHORS[low + 1]?.[i % 3] ?? 0];
  return from + (place - low) * (to - from);
});

/** What the colours span: from zero or the lowest content; positive contents if logarithmic. */
export function zDomain(values: Float64Array, log: boolean): [number, number] {
  let [low, high, least] = [0, 0, Number.POSITIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    if (value > 0 && value < least) least = value;
  }
  if (!log) return [low, high > low ? high : low + 1];
  return high > 0 ? [least, high > least ? high : least * 10] : [0.1, 1];
}

/** The shade of a content, or -1 for none: empty bins stay blank. */
export function shade(value: number, [low, high]: [number, number], log: boolean): number {
  if (!Number.isFinite(value) || value === 0 || (log && value < 0)) return -1;
  const part = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.round(Math.min(1, Math.max(0, part)) * (SHADES - 1));
}
