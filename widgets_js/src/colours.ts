// Contents to colours: cividis (Nuñez, Anderton, Renslow, PLoS ONE 13 (2018) e0199239), which rises
// evenly in lightness and reads alike with and without a deficiency of colour vision.

const ANCHORS =
  "00224e 003170 2a3f6d 434e6c 575d6d 6a6c71 7d7c78 918b78 a59c74 bbad6d d1bf61 e9d34e fee838"
    .split(" ")
    .map((text) => [0, 2, 4].map((at) => Number.parseInt(text.slice(at, at + 2), 16)));

export const SHADES = 256;

/** The shades as pixels of an image. */
export const PIXELS = new Uint32Array(
  Uint8Array.from({ length: SHADES * 4 }, (_, i) => {
    if (i % 4 === 3) return 255;
    const place = (Math.floor(i / 4) / (SHADES - 1)) * (ANCHORS.length - 1);
    const low = Math.min(ANCHORS.length - 2, Math.floor(place));
    const [from, to] = [ANCHORS[low]?.[i % 4] ?? 0, ANCHORS[low + 1]?.[i % 4] ?? 0];
    return Math.round(from + (place - low) * (to - from));
  }).buffer,
);

/** What the colours span: from zero or the lowest content; positive contents if logarithmic. */
export function zDomain(values: Float64Array, log: boolean): [number, number] {
  let [low, high, least] = [0, 0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    if (value > high && value < Number.POSITIVE_INFINITY) high = value;
    if (value < low && value > Number.NEGATIVE_INFINITY) low = value;
    if (value < least && value > 0) least = value;
  }
  if (!log) return [low, high > low ? high : low + 1];
  return high > 0 ? [least, high > least ? high : least * 10] : [0.1, 1];
}

/** The shade of a content, or -1 for none: empty bins stay blank. */
export function shader([low, high]: [number, number], log: boolean): (value: number) => number {
  const span = log ? Math.log(high / low) : high - low;
  return (value) => {
    if (!Number.isFinite(value) || value === 0 || (log && value < 0)) return -1;
    const part = (log ? Math.log(value / low) : value - low) / span;
    return Math.round(Math.min(1, Math.max(0, part)) * (SHADES - 1));
  };
}
